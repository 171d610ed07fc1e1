//! `webhook`: events to an address that takes them by HTTP.

mod sender;
mod signature;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use schemars::JsonSchema;
use serde::Deserialize;

use self::sender::Receiver;
use crate::media::clock::Time;
use crate::media::events::Event;
use crate::media::packet::Nothing;
use crate::nodes::parts::outbox::post::{Closing, Post};
use crate::nodes::parts::outbox::record;
use crate::nodes::parts::remote::{Access, Address, Scheme, Secret};
use crate::pipeline::contract::blocking::{Blocking, Next};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};
use crate::pipeline::contract::uri::Uri;

const SCHEMES: [Scheme; 2] = [
    Scheme {
        name: "http",
        tls: false,
        port: 80,
    },
    Scheme {
        name: "https",
        tls: true,
        port: 443,
    },
];
/// So long a request that is under way is waited for in the end.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// Options of `webhook`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// The address: events are posted there as a list in JSON, and nowhere else. Each has a `delivery`; one that comes twice,
    /// after a crash or a broken connection, has the same. A proxy is used if the environment names one.
    pub uri: Uri,
    /// Who we are to it.
    #[serde(flatten)]
    pub access: Access,
    /// A token, instead of user and password: `Authorization: Bearer TOKEN`.
    pub token: Option<Secret>,
    /// A key for signatures: then `Otus-Signature` is `sha256=` and the HMAC-SHA256 of the body in hexadecimal digits.
    pub secret: Option<Secret>,
    /// A folder of its own, in which waits what has not been taken yet. It is made if need be.
    pub folder: PathBuf,
    /// So much may wait. What is more than that takes the place of the oldest, which is counted as lost in `/status`.
    #[serde(default = "default_max_mb")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_mb: u64,
    /// No request carries more events.
    #[serde(default = "default_batch")]
    #[schemars(range(min = 1, max = 10_000))]
    pub batch: usize,
    /// How long an answer may take.
    #[serde(default = "default_timeout_ms")]
    #[schemars(range(min = 100, max = 600_000))]
    pub timeout_ms: u64,
}

fn default_max_mb() -> u64 {
    64
}

fn default_batch() -> usize {
    200
}

fn default_timeout_ms() -> u64 {
    20_000
}

/// Events on their way to an address.
pub struct Webhook {
    post: Arc<Post>,
    news: Sender<()>,
    thread: Blocking<()>,
    /// Dropped after the thread.
    _closing: Closing,
}

impl Node for Webhook {
    const NAME: &'static str = "webhook";
    const ALSO: &'static [&'static str] = &["http", "https", "post", "hook", "rest", "url"];
    const ABOUT: &'static str = "Posts events to an address, several at a time.";
    const EXAMPLE: &'static str = "uri = \"https://example.org/events\"\nfolder = \"outbox\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let mut wrong = config.access.check(&config.uri, &SCHEMES);
        let Some(_) = &config.token else { return wrong };
        let Ok(address) = Address::of(&config.uri, &config.access, &SCHEMES) else {
            return wrong;
        };
        if address.login.is_some() {
            let help = "leave out the token, or user and password";
            wrong.push(Misuse::new("token", "there is a user too", help));
        }
        if !address.tls && !address.is_loopback() && !config.access.unencrypted {
            wrong.push(Misuse::new(
                "token",
                format!("goes to {} without TLS", address.host),
                "write `https://`; or, where nobody else is in that network, `unencrypted = true`",
            ));
        }
        wrong
    }

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.folder).into_iter().collect()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        config.access.at_hand(base)
    }

    fn open(config: &Config, context: &Context) -> Result<Webhook> {
        let receiver = Receiver::new(config, context)?;
        let post = Post::open(&config.folder, config.max_mb, context)?;
        let (news, noted) = bounded(1);
        let theirs = Arc::clone(&post);
        let name = format!("{}-post", context.id);
        let thread = Blocking::start(
            &name,
            || Ok(receiver),
            move |receiver| {
                sender::keep(receiver, &theirs, &noted);
                Ok(None)
            },
        );
        Ok(Webhook {
            _closing: Closing(Arc::clone(&post)),
            post,
            news,
            thread,
        })
    }
}

impl Sink for Webhook {
    type In = Arc<Event>;
    type Out = Nothing;
    /// Several events are written to the disk together, if it comes to that.
    const BATCH: usize = 256;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        self.look()?;
        self.post.outbox.push(record::of(&event));
        // One note is as good as several.
        let _ = self.news.try_send(());
        Ok(())
    }

    fn pass(&mut self, _to: Time, _: &mut Emit<Nothing>) -> Result<()> {
        self.look()
    }

    fn settle(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        self.post.settle()
    }

    fn finish(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        let outbox = &self.post.outbox;
        self.post.finish(|| outbox.counts().queued == 0)?;
        let _ = self.news.try_send(());
        let _ = self.thread.next(LAST_PATIENCE);
        Ok(())
    }
}

impl Webhook {
    /// Sees that the thread is there.
    fn look(&mut self) -> Result<()> {
        match self.thread.next(Duration::ZERO)? {
            Next::Item(()) | Next::Nothing => Ok(()),
            Next::End => Err(Error::retry("the thread that posts has ended")),
        }
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.post.stop();
        let _ = self.news.try_send(());
    }
}

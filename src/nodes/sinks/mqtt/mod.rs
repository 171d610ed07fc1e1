//! `mqtt`: events at a broker, and entities in Home Assistant.

mod book;
mod home;
mod link;
mod options;
mod session;
mod shared;
#[cfg(test)]
mod tests;
mod topics;
mod waiting;

use std::path::Path;
use std::sync::Arc;

use self::home::Home;
use self::link::Link;
pub use self::options::Config;
use crate::media::clock::Time;
use crate::media::events::Event;
use crate::media::packet::Nothing;
use crate::nodes::parts::outbox::post::Post;
use crate::nodes::parts::outbox::record;
use crate::pipeline::contract::around::{Around, File};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};

/// What goes to a broker.
pub struct Mqtt {
    link: Link,
    events: bool,
    around: Around,
    /// The pipeline file as it was last looked at.
    file: Arc<File>,
}

impl Node for Mqtt {
    const NAME: &'static str = "mqtt";
    const ALSO: &'static [&'static str] = &[
        "broker",
        "mosquitto",
        "home_assistant",
        "homeassistant",
        "hass",
        "publish",
    ];
    const ABOUT: &'static str =
        "Publishes events at an MQTT broker, and makes entities of them in Home Assistant.";
    const EXAMPLE: &'static str = "uri = \"mqtts://broker.lan\"\nfolder = \"outbox\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        config.check()
    }

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        let named = config.client_id.iter();
        let client = named.map(|id| Claim::Client(format!("{id} at {}", config.uri)));
        client.chain(Claim::file(base, &config.folder)).collect()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        config.access.at_hand(base)
    }

    fn open(config: &Config, context: &Context) -> Result<Mqtt> {
        let broker = config.broker(context)?;
        let post = Post::open(&config.folder, config.max_mb, context)?;
        let home = config.home_assistant.then(|| {
            let topics = broker.topics.clone();
            Home::open(topics, post.outbox.folder(), config.off_after_s)
        });
        let home = home.transpose().map_err(|error| post.trouble(&error))?;
        Ok(Mqtt {
            link: Link::start(broker, post, home, context),
            events: config.events,
            around: context.around.clone(),
            file: Arc::default(),
        })
    }
}

impl Sink for Mqtt {
    type In = Arc<Event>;
    type Out = Nothing;
    /// Several events are written to the disk together, if it comes to that.
    const BATCH: usize = 256;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        self.look()?;
        if self.events {
            self.link.shared.post.outbox.push(record::of(&event));
        }
        self.link.hear(&event)
    }

    fn pass(&mut self, _to: Time, _: &mut Emit<Nothing>) -> Result<()> {
        self.look()
    }

    fn settle(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        self.link.shared.post.settle()
    }

    fn finish(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        self.link.finish()
    }
}

impl Mqtt {
    /// Sees that the thread is there, and whether the pipeline file is another.
    fn look(&mut self) -> Result<()> {
        self.link.look()?;
        let file = self.around.file();
        if file.sha256 != self.file.sha256 {
            self.link.keep_to(&file)?;
            self.file = file;
        }
        Ok(())
    }
}

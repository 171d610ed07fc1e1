//! `socket`: events as lines of JSON for other programs of this machine, which come and go.

mod client;
mod listener;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use self::client::Client;
use self::listener::{Listener, Place};
use crate::media::clock::Time;
use crate::media::events::Event;
use crate::media::packet::Nothing;
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};

/// So long programs get in the end to read the rest.
const LAST_PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked for then.
const LOOK: Duration = Duration::from_millis(10);

/// Options of `socket`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where programs connect: `unix:/path/to/socket`, for the owner and the group, or `127.0.0.1:PORT`, for whoever is on
    /// this machine. What happens from then on is told, a line of JSON each.
    pub listen: String,
    /// So many programs may listen at a time.
    #[serde(default = "default_clients")]
    #[schemars(range(min = 1, max = 1_000))]
    pub clients: usize,
    /// A program that reads so slowly that more than this waits for it is cut off, and counted in `/status`.
    #[serde(default = "default_buffer_kb")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub buffer_kb: usize,
}

fn default_clients() -> usize {
    16
}

fn default_buffer_kb() -> usize {
    1_024
}

/// A place to listen at, and who does.
pub struct Socket {
    listener: Listener,
    clients: Vec<Client>,
    counts: Arc<Counts>,
    most: usize,
    buffer: usize,
}

/// What is shown of them.
#[derive(Default)]
struct Counts {
    clients: AtomicU64,
    cut: AtomicU64,
}

impl Node for Socket {
    const NAME: &'static str = "socket";
    const ALSO: &'static [&'static str] = &["unix", "tcp", "listen", "server", "pipe"];
    const ABOUT: &'static str =
        "Gives events to other programs of this machine, one line of JSON each.";
    const EXAMPLE: &'static str = "listen = \"unix:/run/otus/events.sock\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        Place::of(&config.listen).err().into_iter().collect()
    }

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        match Place::of(&config.listen) {
            Ok(Place::Unix(path)) => Claim::file(base, &path).into_iter().collect(),
            Ok(Place::Tcp(address)) => vec![Claim::Address(address.to_string())],
            Err(_) => Vec::new(),
        }
    }

    fn open(config: &Config, context: &Context) -> Result<Socket> {
        let counts = Arc::new(Counts::default());
        for (what, of) in [("clients", 0), ("cut_off", 1)] {
            let counts = Arc::clone(&counts);
            context.describe_live(what, move || {
                let count = [&counts.clients, &counts.cut][of].load(Relaxed);
                Some(count.to_string())
            });
        }
        Ok(Socket {
            listener: Listener::open(&config.listen, context)?,
            clients: Vec::new(),
            counts,
            most: config.clients,
            buffer: config.buffer_kb << 10,
        })
    }
}

impl Sink for Socket {
    type In = Arc<Event>;
    type Out = Nothing;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        self.meet();
        if !self.clients.is_empty() {
            let line = event.to_json() + "\n";
            self.clients
                .iter_mut()
                .for_each(|it| it.tell(line.as_bytes()));
        }
        self.serve();
        Ok(())
    }

    fn pass(&mut self, _to: Time, _: &mut Emit<Nothing>) -> Result<()> {
        self.meet();
        self.serve();
        Ok(())
    }

    fn finish(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        let end = Instant::now() + LAST_PATIENCE;
        self.serve();
        while self.clients.iter().any(Client::waits) && Instant::now() < end {
            std::thread::sleep(LOOK);
            self.serve();
        }
        Ok(())
    }
}

impl Socket {
    /// Lets in who has come since.
    fn meet(&mut self) {
        while let Some(stream) = self.listener.next() {
            match self.clients.len() < self.most {
                true => self.clients.push(Client::new(stream)),
                false => drop(self.counts.cut.fetch_add(1, Relaxed)),
            }
        }
    }

    /// Gives everybody what they take, and cuts off who takes too little.
    fn serve(&mut self) {
        self.clients.retain_mut(|client| {
            let is_there = client.serve();
            let is_slow = is_there && client.is_behind(self.buffer);
            self.counts.cut.fetch_add(is_slow.into(), Relaxed);
            is_there && !is_slow
        });
        let count = self.clients.len() as u64;
        self.counts.clients.store(count, Relaxed);
    }
}

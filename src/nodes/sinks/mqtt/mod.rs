//! `mqtt`: events at a broker, and entities in Home Assistant.

mod book;
mod home;
mod link;
mod options;
mod record;
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
use crate::media::events::Event;
use crate::media::packet::Nothing;
use crate::nodes::parts::disk;
use crate::nodes::parts::outbox::Outbox;
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};

/// What goes to a broker.
pub struct Mqtt {
    link: Link,
    events: bool,
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
    const EXAMPLE: &'static str =
        "uri = \"mqtts://otus:${MQTT_PASSWORD}@broker.lan\"\nfolder = \"outbox\"";
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
        let folder = context.resolve(&config.folder);
        let broker = config.broker(context)?;
        let outbox = Outbox::open(folder.clone(), config.max_mb << 20);
        let outbox = outbox.map_err(|error| disk::trouble(&folder, "folder", &error))?;
        let home = config.home_assistant.then(|| {
            let topics = broker.topics.clone();
            Home::open(topics, &folder, config.off_after_s)
        });
        let home = home.transpose();
        let home = home.map_err(|error| disk::trouble(&folder, "folder", &error))?;
        Ok(Mqtt {
            link: Link::start(broker, outbox, home, context)?,
            events: config.events,
        })
    }
}

impl Sink for Mqtt {
    type In = Arc<Event>;
    type Out = Nothing;
    /// Several events are written to the disk together, if it comes to that.
    const BATCH: usize = 256;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        self.link.look()?;
        if self.events {
            self.link.shared.outbox.push(record::of(&event));
        }
        self.link.hear(&event)
    }

    fn settle(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        self.link.settle()
    }

    fn finish(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        self.link.finish()
    }
}

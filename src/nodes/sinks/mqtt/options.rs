//! The options of `mqtt`, and what becomes of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tokio_rustls::rustls::ClientConfig;

use super::topics::Topics;
use crate::inference::store::sum;
use crate::nodes::parts::remote::{Access, Address, Scheme, tls};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::uri::Uri;

const SCHEMES: [Scheme; 2] = [
    Scheme {
        name: "mqtt",
        tls: false,
        port: 1883,
    },
    Scheme {
        name: "mqtts",
        tls: true,
        port: 8883,
    },
];
/// MQTT's own limit.
const LONGEST_TOPIC: usize = 65_535;

/// Options of `mqtt`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// The broker: `mqtt://HOST`, or with TLS `mqtts://HOST`. Ports are 1883 and 8883 unless one is named.
    pub uri: Uri,
    /// Who we are to it.
    #[serde(flatten)]
    pub access: Access,
    /// A folder of its own, in which waits what the broker has not taken yet. It is made if need be.
    pub folder: PathBuf,
    /// So much may wait. What is more than that takes the place of the oldest, which is counted as lost in `/status`.
    #[serde(default = "default_max_mb")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_mb: u64,
    /// What all topics begin with: events go to `TOPIC/events/KIND`, and `TOPIC/availability` says `online` or `offline`.
    /// Default: `otus/` and the name of this machine.
    pub topic: Option<String>,
    /// The name under which the broker knows this client; two with the same name cut each other off. Default: made of the
    /// names of machine and folder.
    pub client_id: Option<String>,
    /// Whether events are published as lines of JSON. Each has a `delivery`: one that comes twice, after a crash, has the same.
    #[serde(default = "yes")]
    pub events: bool,
    /// When nothing comes of this machine for half as long again, the broker says that it is `offline`.
    #[serde(default = "default_keep_alive_s")]
    #[schemars(range(min = 2, max = 3_600))]
    pub keep_alive_s: u16,
    /// Whether Home Assistant is told of what there is to see: people and things by source and zone, how many they are, last
    /// words, motion, sounds, pictures, and cameras that are away or frozen. Entities of a
    /// source or zone that the file no longer names go; others stay until their topics at the broker are emptied.
    #[serde(default)]
    pub home_assistant: bool,
    /// The prefix under which Home Assistant looks for devices.
    #[serde(default = "default_discovery_prefix")]
    pub discovery_prefix: String,
    /// Without `track`, something counts as gone when it was not detected for so long.
    #[serde(default = "default_off_after_s")]
    #[schemars(range(min = 1, max = 86_400))]
    pub off_after_s: u64,
}

fn default_max_mb() -> u64 {
    64
}

fn yes() -> bool {
    true
}

fn default_keep_alive_s() -> u16 {
    15
}

fn default_discovery_prefix() -> String {
    "homeassistant".to_owned()
}

fn default_off_after_s() -> u64 {
    10
}

/// A broker and who we are to it.
pub struct Broker {
    /// Where it is.
    pub address: Address,
    /// What encrypts the way there, if anything.
    pub tls: Option<Arc<ClientConfig>>,
    /// Our name there.
    pub client_id: String,
    /// What our topics begin with.
    pub topics: Topics,
    /// How often it hears of us.
    pub keep_alive: Duration,
}

impl Config {
    /// What is wrong with the options.
    pub fn check(&self) -> Vec<Misuse> {
        let mut wrong = self.access.check(&self.uri, &SCHEMES);
        if let Some(topic) = &self.topic {
            wrong.extend(check_topic("topic", topic));
        }
        wrong.extend(check_topic("discovery_prefix", &self.discovery_prefix));
        if self
            .client_id
            .as_ref()
            .is_some_and(|it| it.trim().is_empty())
        {
            let help = "leave it out, or name it as no other client is named";
            wrong.push(Misuse::new("client_id", "is empty", help));
        }
        if !self.events && !self.home_assistant {
            let help = "leave out `events = false`, or write `home_assistant = true`";
            wrong.push(Misuse::new("events", "nothing would be published", help));
        }
        wrong
    }

    /// The broker that they name.
    ///
    /// # Errors
    /// `Fatal` if a certificate is not what it should be.
    pub fn broker(&self, context: &Context) -> Result<Broker> {
        let address = Address::of(&self.uri, &self.access, &SCHEMES);
        let address = address.map_err(|it| Error::fatal(it.message))?;
        let tls = address
            .tls
            .then(|| tls::config(&self.access, &context.base));
        let folder = std::path::absolute(context.resolve(&self.folder)).map_err(Error::fatal)?;
        let machine = machine();
        let own = || {
            let folder = sum::sum(folder.as_os_str().as_encoded_bytes());
            format!("otus-{machine}-{}", &folder[..6])
        };
        Ok(Broker {
            tls: tls.transpose()?,
            address,
            client_id: self.client_id.clone().unwrap_or_else(own),
            topics: Topics {
                own: self
                    .topic
                    .clone()
                    .unwrap_or_else(|| format!("otus/{machine}")),
                discovery: self.discovery_prefix.clone(),
            },
            keep_alive: Duration::from_secs(self.keep_alive_s.into()),
        })
    }
}

fn check_topic(option: &'static str, topic: &str) -> Option<Misuse> {
    let why = match topic {
        "" => "is empty",
        it if it.contains(['#', '+']) => "has a wildcard: `#` and `+` are for those who listen",
        it if it.starts_with('$') => "begins with `$`, which is for the broker",
        it if it.starts_with('/') || it.ends_with('/') => "begins or ends with `/`",
        it if it.contains(char::is_control) => "has a character that is none",
        it if it.len() > LONGEST_TOPIC / 2 => "is too long",
        _ => return None,
    };
    Some(Misuse::new(
        option,
        why,
        "write a topic such as `otus/porch`",
    ))
}

/// The name of this machine, as it can stand in a topic.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let fits = |it: &char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    let name: String = name.chars().filter(fits).collect();
    match name.is_empty() {
        true => "local".to_owned(),
        false => name,
    }
}

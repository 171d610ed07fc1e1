//! `zenoh`: frames, sound, objects and events for another machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::audio::Audio;
use crate::media::clock::Clock;
use crate::media::events::Event;
use crate::media::frame::Frame;
use crate::media::kind::Lane;
use crate::media::objects::Objects;
use crate::media::packet::{Nothing, Packet};
use crate::nodes::parts::far::letter::{self, Header, What};
use crate::nodes::parts::far::line::{Line, Outgoing};
use crate::nodes::parts::far::scene::Scene;
use crate::nodes::parts::far::{self, Network};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};
use crate::ports;

/// Options of `zenoh`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// What the keys of everything begin with: that of a source `porch` is `KEY/porch`, and the other machine asks for that.
    pub key: String,
    /// Where the other machines are.
    #[serde(flatten)]
    pub network: Network,
    /// Whether the sound of cameras goes too: a camera that has none fails then. That of microphones goes anyway.
    #[serde(default)]
    pub sound: bool,
    /// Of the JPEG that a frame becomes, 1 to 100.
    #[serde(default = "default_quality")]
    #[schemars(range(min = 1, max = 100))]
    pub quality: u8,
}

fn default_quality() -> u8 {
    90
}

ports! {
    /// What another machine can be given.
    pub enum Given {
        Frame(Arc<Frame>),
        Objects(Arc<Objects>),
        Audio(Arc<Audio>),
        Event(Arc<Event>),
    }
}

/// A session, and the ways of all that has been given so far.
pub struct Zenoh {
    line: Arc<Line>,
    config: Config,
    id: Arc<str>,
    clock: Clock,
    /// Tells this run from others.
    run: u64,
    ways: BTreeMap<(Arc<str>, Lane), Outgoing>,
    counts: Arc<Counts>,
}

/// What has become of what was given.
#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    not_asked_for: AtomicU64,
    refused: AtomicU64,
}

impl Node for Zenoh {
    const NAME: &'static str = "zenoh";
    const ALSO: &'static [&'static str] = &[];
    const ABOUT: &'static str = "Gives frames (as JPEG), sound, objects and events to otus on other machines, which take them with the source `zenoh`. \
        Nothing is coded or sent that nobody takes, and nothing waits for a machine that is away.";
    const EXAMPLE: &'static str = "key = \"yard\"\nlisten = [\"tcp/10.0.0.5:7447\"]";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        far::check(&config.network, &config.key)
    }

    fn claims(config: &Config, _: &Path) -> Vec<Claim> {
        vec![Claim::Client(format!("the key {}", config.key))]
    }

    fn open(config: &Config, context: &Context) -> Result<Zenoh> {
        let counts = Arc::new(Counts::default());
        for (what, of) in [("sent", 0), ("not_asked_for", 1), ("refused", 2)] {
            let counts = Arc::clone(&counts);
            context.describe_live(what, move || {
                let all = [&counts.sent, &counts.not_asked_for, &counts.refused];
                Some(all[of].load(Relaxed).to_string())
            });
        }
        Ok(Zenoh {
            line: Line::open(&config.network)?,
            config: config.clone(),
            id: Arc::clone(&context.id),
            clock: context.clock.clone(),
            run: fastrand::u64(..),
            ways: BTreeMap::new(),
            counts,
        })
    }
}

impl Sink for Zenoh {
    type In = Given;
    type Out = Nothing;

    fn hears(config: &Config) -> bool {
        config.sound
    }

    fn write(&mut self, given: Given, _: &mut Emit<Nothing>) -> Result<()> {
        let packet: Packet = given.into();
        let way = (Arc::clone(packet.source()), packet.lane());
        if !self.ways.contains_key(&way) {
            let key = format!("{}/{}", self.config.key, way.0);
            let opened = self.line.outgoing(&key, way.1)?;
            self.ways.insert(way.clone(), opened);
        }
        let outgoing = self.ways.get_mut(&way).expect("it was just opened");
        if !outgoing.is_wanted() {
            self.counts.not_asked_for.fetch_add(1, Relaxed);
            return Ok(());
        }
        let wall = self.clock.wall(packet.at()).as_nanosecond();
        match packed(&packet, self.config.quality) {
            Ok((what, payload)) => {
                let number = outgoing.next();
                let wall_ns = i64::try_from(wall).unwrap_or_default();
                let header = Header::new(self.run, number, wall_ns, what);
                outgoing.send(&header, payload)?;
                self.counts.sent.fetch_add(1, Relaxed);
            }
            Err(why) => {
                if self.counts.refused.fetch_add(1, Relaxed) == 0 {
                    tracing::warn!(node = %self.id, "left out, and all that is like it: {why}");
                }
            }
        }
        Ok(())
    }
}

/// The form in which it goes over the line.
fn packed(packet: &Packet, quality: u8) -> Result<(What, Vec<u8>), String> {
    Ok(match packet {
        Packet::Frame(frame) => {
            let what = What::Frame { seq: frame.seq };
            (what, letter::coded(frame, quality)?)
        }
        Packet::Objects(objects) => {
            let picture = objects.frame.as_ref();
            let picture = picture.map(|it| letter::coded(it, quality)).transpose()?;
            let scene = Scene::from(&**objects);
            (What::Objects(scene), picture.unwrap_or_default())
        }
        Packet::Audio(audio) => {
            let samples = audio.samples.iter().flat_map(|it| it.to_le_bytes());
            let first_sample = audio.first_sample;
            (What::Audio { first_sample }, samples.collect())
        }
        Packet::Event(event) => {
            let at = event.head.at.as_nanos();
            (What::Event { at }, event.to_json().into_bytes())
        }
        other => return Err(format!("{} are not taken", other.lane().plural())),
    })
}

//! The three roles a node can play. Implement one; the runtime does the rest.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::media::clock::Time;
use crate::media::kind::Lane;
use crate::media::packet::{FromPacket, Packet, Payload};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
pub use crate::pipeline::contract::emit::Emit;
use crate::pipeline::contract::error::{Misuse, Result};

/// Whether a source has more to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Call again.
    More,
    /// The medium has ended; this is not a failure.
    Done,
}

/// What every node has: a name, options, and a way to open it.
pub trait Node: Sized + Send + 'static {
    /// Name in pipeline files; lower_snake_case.
    const NAME: &'static str;
    /// Words that people try instead of the name; whoever does is told the name.
    const ALSO: &'static [&'static str] = &[];
    /// One sentence for the reference.
    const ABOUT: &'static str;
    /// Minimal working options, shown in the reference and parsed by the tests.
    const EXAMPLE: &'static str;
    /// The options. Doc comments become the reference; `range` attributes are enforced.
    type Config: DeserializeOwned + JsonSchema + Clone + Send + Sync + 'static;

    /// Finds wrong options that types and ranges cannot express. Touches nothing.
    fn check(_config: &Self::Config) -> Vec<Misuse> {
        Vec::new()
    }

    /// What only one node may have: two that claim the same are refused. `base` is where relative paths start.
    fn claims(_config: &Self::Config, _base: &Path) -> Vec<Claim> {
        Vec::new()
    }

    /// Sources that its options name, each with the option that does: one that the node sees nothing of is refused.
    fn sources(_config: &Self::Config) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Labels of objects that its options name, each with the option that does: one that nothing the node is given can
    /// have is refused.
    fn labels(_config: &Self::Config) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Parts of pictures that its options name, and that its events are about.
    fn areas(_config: &Self::Config) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// A kind of event that it can do nothing without, after the option that says so: where no input gives any it is refused.
    fn awaits(_config: &Self::Config) -> Option<(&'static str, &'static str)> {
        None
    }

    /// All that it calls what it finds, as far as its options say so without a look at a file.
    fn names(_config: &Self::Config) -> Option<Vec<Arc<str>>> {
        None
    }

    /// The same by what its files say, if they are at hand. Reads as `at_hand` does.
    fn names_at_hand(_config: &Self::Config, _base: &Path) -> Option<Vec<Arc<str>>> {
        None
    }

    /// Finds what is missing or does not fit among the files that its options name. Reads what is at hand, and
    /// touches no device and no network. `base` is where relative paths start.
    fn at_hand(_config: &Self::Config, _base: &Path) -> Vec<Misuse> {
        Vec::new()
    }

    /// Opens devices, files and models: the only place, beside `next` and `write`, that may.
    ///
    /// # Errors
    /// `Retry` if waiting can help, `Fatal` if a person has to do something.
    fn open(config: &Self::Config, context: &Context) -> Result<Self>;
}

/// Makes packets from the outside world.
pub trait Source: Node {
    /// What it makes.
    type Out: Payload + Into<Packet>;

    /// Whether it is a device that will not wait: downstream of it, late frames are dropped.
    fn is_live(config: &Self::Config) -> bool;

    /// Loads what `open` needs beside the medium, such as a library, while the nodes downstream load
    /// their models. A device is opened only when they have: what it gives meanwhile would be old.
    fn prepare(_config: &Self::Config) {}

    /// Whether the medium is there, as far as can be found out within half a second. While a
    /// source waits to be reopened, an answer that turns from no to yes ends the wait.
    fn is_there(_config: &Self::Config) -> Option<bool> {
        None
    }

    /// Why, with these options, it makes nothing of this lane, and what to do; none if it does.
    fn lacks(_config: &Self::Config, _lane: Lane) -> Option<(&'static str, &'static str)> {
        None
    }

    /// Gives what has arrived. Returns within 250 ms, so that a stop is prompt.
    ///
    /// # Errors
    /// `Retry` if the medium is lost; the runtime reopens the node.
    fn next(&mut self, out: &mut Emit<Self::Out>) -> Result<Flow>;
}

/// Makes packets from packets.
pub trait Transform: Node {
    /// What it takes.
    type In: FromPacket;
    /// What it makes.
    type Out: Payload + Into<Packet>;
    /// Whether packets can be handled in any order by several instances (`workers`).
    const STATELESS: bool = false;
    /// Whether it runs a model. Then `open` ends with an inference on nothing: the service counts as
    /// ready when that has succeeded, as nobody may talk or come into view for hours.
    const INFERS: bool = false;
    /// For nodes that decide by time: how many milliseconds `pass` waits at most for producers that tell
    /// nothing, downstream of a device. What comes later than that is dropped. The option `wait_ms`
    /// changes it.
    const WAIT_MS: Option<u64> = None;
    /// Whether it only passes on: of the kinds that it can make, it makes those that come in.
    const PASSES: bool = false;
    /// Whether it follows one stream: what comes of a second source would be taken for the same.
    const SINGLE: bool = false;
    /// Whether each input must give every kind that it takes, as one says too little without the others.
    const TOGETHER: bool = false;
    /// Whether what it makes of what people say or look like may be shown and kept where the pipeline file asks for privacy.
    const REDACTS: bool = false;

    /// Whether with these options it takes nothing of a lane that it could take.
    fn ignores(_config: &Self::Config, _lane: Lane) -> bool {
        false
    }

    /// Handles one packet.
    ///
    /// # Errors
    /// The packet counts as dropped; after `Retry` the node is reopened.
    fn apply(&mut self, item: Self::In, out: &mut Emit<Self::Out>) -> Result<()>;

    /// Time has passed: nothing that is still to come in is about anything earlier than `to`, which only
    /// grows. Here ends what ends without a packet. One call with a later time must do what several
    /// with times between would: how often it is called says nothing.
    ///
    /// # Errors
    /// As `apply`.
    fn pass(&mut self, _to: Time, _out: &mut Emit<Self::Out>) -> Result<()> {
        Ok(())
    }

    /// Nothing waits to be handled, downstream of a device: called some ten times a second, as long as that is so.
    /// Here goes on what was put off while more was coming. Never called downstream of files, where it would be
    /// chance.
    ///
    /// # Errors
    /// As `apply`.
    fn idle(&mut self, _out: &mut Emit<Self::Out>) -> Result<()> {
        Ok(())
    }

    /// The earliest capture time that the node may still tell of, of what it has taken in: the start
    /// of what is not over yet. None if it has told all.
    fn holds(&self) -> Option<Time> {
        None
    }

    /// Gives what is still held back when the input has ended; `pass` was called for the end of time.
    ///
    /// # Errors
    /// As `apply`.
    fn finish(&mut self, _out: &mut Emit<Self::Out>) -> Result<()> {
        Ok(())
    }
}

/// Takes packets out of the pipeline.
pub trait Sink: Node {
    /// What it takes.
    type In: FromPacket;
    /// What it tells of what it has written; `Nothing` if it does not.
    type Out: Payload + Into<Packet>;

    /// Lanes of which at least one input must give something, as it can do nothing without.
    const NEEDS: &'static [Lane] = &[];
    /// So many packets are written before they must be settled: those of a transaction, or between two
    /// writes to a disk.
    const BATCH: usize = 1;

    /// Whether with these options it takes the sound of a camera beside its pictures. A camera that has none fails then, so it has
    /// to be asked for.
    fn hears(_config: &Self::Config) -> bool {
        false
    }

    /// Writes one packet. After `Retry` the node is reopened and given again what was not settled, in
    /// the same order.
    ///
    /// # Errors
    /// `Retry` if the place may have room again, `Fatal` if not.
    fn write(&mut self, item: Self::In, out: &mut Emit<Self::Out>) -> Result<()>;

    /// Makes sure of all that was written since the last time: after this it counts as delivered. Called
    /// after `BATCH` packets, a second after the first of them, and before the end.
    ///
    /// # Errors
    /// As `write`: then nothing of the batch counts as delivered.
    fn settle(&mut self, _out: &mut Emit<Self::Out>) -> Result<()> {
        Ok(())
    }

    /// As `Transform::pass`.
    ///
    /// # Errors
    /// As `write`.
    fn pass(&mut self, _to: Time, _out: &mut Emit<Self::Out>) -> Result<()> {
        Ok(())
    }

    /// As `Transform::idle`.
    ///
    /// # Errors
    /// As `write`.
    fn idle(&mut self, _out: &mut Emit<Self::Out>) -> Result<()> {
        Ok(())
    }

    /// As `Transform::holds`.
    fn holds(&self) -> Option<Time> {
        None
    }

    /// Completes what has been written.
    ///
    /// # Errors
    /// As `write`.
    fn finish(&mut self, _out: &mut Emit<Self::Out>) -> Result<()> {
        Ok(())
    }
}

/// The entries of a list, each after the option that names it: `labels[0]`.
pub fn numbered(option: &str, list: &[String]) -> Vec<(String, String)> {
    let numbered = list.iter().enumerate();
    numbered
        .map(|(at, it)| (format!("{option}[{at}]"), it.clone()))
        .collect()
}

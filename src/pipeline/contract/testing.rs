//! Drives one node without threads: options and packets in, packets out.

use std::path::PathBuf;
use std::sync::Arc;

use toml::de::DeTable;

use crate::media::clock::Clock;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::{Configured, NodeType, Role};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::Flow;
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::metrics::NodeStats;

/// A context as the runtime would give it, for the node `test` and paths relative to the crate.
pub fn context() -> Context {
    Context {
        id: Arc::from("test"),
        clock: Clock::start(),
        stop: Stop::default(),
        base: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
        runtime: Arc::new(Runtime::default()),
        captured: Arc::default(),
        stats: Arc::new(NodeStats::default()),
    }
}

/// Parses a node's options.
///
/// # Errors
/// In words, what is wrong with them.
pub fn configure(ty: &NodeType, options: &str) -> Result<Configured, String> {
    let table = DeTable::parse(options).map_err(|error| error.to_string())?;
    let configured = (ty.configure)(table).map_err(|error| error.to_string())?;
    match configured.misuses.first() {
        Some(misuse) => Err(misuse.message.clone()),
        None => Ok(configured),
    }
}

/// Opens a node, gives it `inputs` (a source is asked until it is done) and finishes it.
///
/// # Errors
/// What the node returned; wrong options are `Fatal`.
pub fn drive(
    ty: &NodeType,
    options: &str,
    inputs: impl IntoIterator<Item = Packet>,
) -> Result<Vec<Packet>> {
    let configured = configure(ty, options).map_err(Error::Fatal)?;
    let mut node = (configured.open)(&context())?;
    let mut out = Vec::new();
    let mut emit = |packet| out.push(packet);
    if ty.role == Role::Source {
        while node.step(None, &mut emit)? == Flow::More {}
    }
    for packet in inputs {
        node.step(Some(packet), &mut emit)?;
    }
    node.finish(&mut emit)?;
    Ok(out)
}

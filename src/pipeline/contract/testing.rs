//! Drives one node without threads: options and packets in, packets out.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use toml::de::DeTable;

use crate::media::clock::Time;
use crate::media::events::{Body, Event, Gap, Head};
use crate::media::kind::Lane;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::{Configured, NodeType, Role};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Flow};
use crate::pipeline::contract::runtime_options::Runtime;

/// A context as the runtime would give it, for the node `test` and paths relative to the crate.
pub fn context() -> Context {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"));
    Context::new("test", base, Runtime::default())
}

/// An event of the source `name` at this second.
pub fn gap(name: &str, second: u64) -> Packet {
    let at = Time::from_secs_f64(second as f64);
    let gap = Gap::new(at, at, "test");
    context().event(&Arc::from(name), at, None, gap).into()
}

/// What the node `teller` tells about `source` at this second, which was `time`.
pub fn told(source: &str, second: f64, time: Timestamp, body: impl Into<Body>) -> Packet {
    let (body, at) = (body.into(), Time::from_secs_f64(second));
    let head = Head {
        id: body.id("teller", source, at),
        node: Arc::from("teller"),
        source: Arc::from(source),
        seq: None,
        time,
        t: second,
        at,
    };
    Packet::Event(Arc::new(Event { head, body }))
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

/// Opens a node of which everything is wanted, gives it `inputs` (a source is asked until it is done) and
/// finishes it.
///
/// # Errors
/// What the node returned; wrong options are `Fatal`.
pub fn drive(
    ty: &NodeType,
    options: &str,
    inputs: impl IntoIterator<Item = Packet>,
) -> Result<Vec<Packet>> {
    let configured = configure(ty, options).map_err(Error::Fatal)?;
    let context = context();
    context.wanted.set(Lane::ALL.iter().copied());
    let mut node = (configured.open)(&context)?;
    let mut out = Vec::new();
    let mut sink = |packet| out.push(packet);
    let mut emit = Emit::new(&context, &mut sink);
    if ty.role == Role::Source {
        while node.step(None, &mut emit)? == Flow::More {}
    }
    for packet in inputs {
        node.step(Some(packet), &mut emit)?;
    }
    node.pass(Time::END, &mut emit)?;
    node.settle(&mut emit)?;
    node.finish(&mut emit)?;
    Ok(out)
}

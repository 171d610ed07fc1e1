//! Plays recordings through a pipeline, at full speed and on their own clock, and tells every event that comes of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::bounded;
use jiff::Timestamp;
use toml::{Table, Value};

use super::listener::listener;
use super::stage::{KEPT, Part, Stage};
use crate::cli::limits;
use crate::media::events::Event;
use crate::nodes::NODES;
use crate::pipeline::contract::secret::redact;
use crate::pipeline::count::metrics::State;
use crate::pipeline::file::{self, Remarks, Replacement};
use crate::pipeline::run::{self, Outcome};

/// Events that wait for whoever hears them.
const WAITING: usize = 256;

/// Why nothing was played, or not all.
pub enum Trouble {
    /// The pipeline file is wrong, or what is to be otherwise does not fit it.
    Wrong(Remarks),
    /// In words.
    Failed(String),
}

/// Plays what its sources are given, with options that are otherwise than in the file, and gives when the recording began, if
/// it tells. The pipeline's own sinks are left out.
///
/// # Errors
/// That the file is wrong, that something of a recording could not be played, or what `tell` returned.
pub fn play(
    file: &Path,
    parts: &BTreeMap<String, Part>,
    options: Table,
    mut tell: impl FnMut(&Event) -> Result<(), String> + Send,
) -> Result<Option<Timestamp>, Trouble> {
    let mut stage = Stage::set(parts).map_err(Trouble::Failed)?;
    put_over(&mut stage.options, options);
    let (sender, events) = bounded::<Arc<Event>>(WAITING);
    let replacement = Replacement {
        options: toml::to_string(&stage.options).map_err(|it| Trouble::Failed(it.to_string()))?,
        kept: KEPT,
        place: None,
        listener: Some(listener(sender)),
    };
    let plan = file::load_with(file, NODES, &replacement).map_err(Trouble::Wrong)?;
    drop(replacement);
    limits::of_a_pipeline(plan.nodes.len()).map_err(Trouble::Failed)?;
    let began = stage.began.unwrap_or(Timestamp::UNIX_EPOCH);
    let (outcome, told) = std::thread::scope(|scope| {
        let hearing = scope.spawn(move || events.iter().try_for_each(|event| tell(&event)));
        let outcome = run::start_recorded(plan, began).wait();
        (outcome, hearing.join())
    });
    let told = told.unwrap_or_else(|_| Err("what hears the events has failed".to_owned()));
    let failed = failure(&outcome).map_or(Ok(()), Err);
    told.and(failed).map_err(Trouble::Failed)?;
    Ok(stage.began)
}

/// Puts tables over others.
fn put_over(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => put_over(under, over),
            (_, value) => drop(under.insert(key, value)),
        }
    }
}

/// Why not all was decided that was to be, if so.
fn failure(outcome: &Outcome) -> Option<String> {
    let nodes = &outcome.snapshot.nodes;
    let failed = outcome.failures.first();
    let failed = failed.map(|(id, error)| format!("`{id}`: {error}"));
    let broken = |state| matches!(state, State::Failed | State::Retrying | State::Degraded);
    let lame = || {
        let node = nodes.iter().find(|it| broken(it.counts.state))?;
        let why = node.counts.last_error.as_deref().unwrap_or("it failed");
        Some(format!("`{}`: {why}", node.id))
    };
    let lost = || {
        let edge = outcome
            .snapshot
            .edges
            .iter()
            .find(|it| it.counts.dropped > 0)?;
        let node = nodes.iter().find(|it| it.id == edge.to);
        let why = node.and_then(|it| it.counts.last_error.as_deref());
        Some(format!(
            "`{}` could not handle {} of what `{}` gave: {}",
            edge.to,
            edge.counts.dropped,
            edge.from,
            why.unwrap_or("it came too late")
        ))
    };
    let why = failed.or_else(lame).or_else(lost)?;
    Some(redact(&why))
}

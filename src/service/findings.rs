//! What is wrong with a running pipeline, in words.

use std::sync::Arc;

use serde::Serialize;

use crate::pipeline::contract::pressure::Relief;
use crate::pipeline::contract::secret::redact;
use crate::pipeline::count::metrics::State;
use crate::pipeline::run::snapshot::Reload;
use crate::pipeline::run::snapshot::{LinkReport, NodeReport, Snapshot};

/// A source that gives nothing for so long is missed.
const SILENCE_SECONDS: f64 = 5.0;
/// Opening a model takes this long at most, unless it must be fetched or compiled.
const OPENING_SECONDS: f64 = 30.0;
/// A sink that takes longer for one event waits for a disk or a server that does not answer.
const WRITING_SECONDS: f64 = 5.0;
/// Losing less than this share of what arrives is nothing to talk about.
const NOTABLE_LOSS: f64 = 0.01;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something does not work.
    Error,
    /// Something is not as it should be.
    Warning,
    /// It works as designed, but not as one might think.
    Note,
}

/// One thing to know.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The node that it is about.
    pub node: Arc<str>,
    /// What it is.
    pub text: String,
}

/// Everything worth telling, the worst first.
pub fn of(snapshot: &Snapshot) -> Vec<Finding> {
    let uptime = snapshot.uptime_seconds;
    let nodes = snapshot.nodes.iter().filter_map(|it| of_node(it, uptime));
    let edges = snapshot.edges.iter().filter_map(of_edge);
    let reload = snapshot.reload.iter().filter_map(of_reload);
    let pressure = snapshot.pressure.iter().map(of_pressure);
    let mut findings: Vec<Finding> = nodes.chain(edges).chain(reload).chain(pressure).collect();
    findings.sort_by_key(|it| it.severity);
    findings
}

fn of_pressure(relief: &Relief) -> Finding {
    let (why, what) = (&relief.reason, relief.gives_way.join(", "));
    Finding {
        severity: Severity::Warning,
        node: Arc::from("machine"),
        text: format!("is short: {why}; until that is over: {what}"),
    }
}

fn of_reload(reload: &Reload) -> Option<Finding> {
    let why = redact(reload.error.as_deref()?);
    Some(Finding {
        severity: Severity::Warning,
        node: Arc::from("reload"),
        text: format!("was refused, and the old graph runs on: {why}"),
    })
}

fn of_node(node: &NodeReport, uptime: f64) -> Option<Finding> {
    let counts = &node.counts;
    let error = || redact(counts.last_error.as_deref().unwrap_or("no reason given"));
    let silent = uptime - counts.media_seconds;
    let (severity, text) = match counts.state {
        State::Failed if node.optional => {
            let text = format!(
                "failed for good, and the run goes on without it: {}",
                error()
            );
            (Severity::Warning, text)
        }
        State::Failed => (Severity::Error, format!("failed for good: {}", error())),
        State::Retrying | State::Degraded => {
            let (times, error) = (times(counts.failures), error());
            (
                Severity::Error,
                format!("failed {times} and is being reopened: {error}"),
            )
        }
        State::Opening if uptime > OPENING_SECONDS => {
            let text = format!("has been opening for {uptime:.0} s");
            (Severity::Warning, text)
        }
        State::Running if let Some(seconds) = hangs(node) => {
            let text = format!(
                "has been writing one event for {seconds:.0} s; does its disk or server answer?"
            );
            (Severity::Error, text)
        }
        State::Running if node.live && node.role == "source" && silent > SILENCE_SECONDS => (
            Severity::Error,
            format!("has given nothing for {silent:.0} s"),
        ),
        _ => return None,
    };
    let node = Arc::clone(&node.id);
    Some(Finding {
        severity,
        node,
        text,
    })
}

/// For how many seconds a sink has been at one event, if that is too long.
pub fn hangs(node: &NodeReport) -> Option<f64> {
    let working = node.counts.calls.working_for.map(|it| it.as_secs_f64());
    working.filter(|seconds| node.role == "sink" && *seconds > WRITING_SECONDS)
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        _ => format!("{count} times"),
    }
}

fn of_edge(edge: &LinkReport) -> Option<Finding> {
    let (counts, kind) = (&edge.counts, edge.kind);
    let share = counts.dropped as f64 / counts.received.max(1) as f64;
    if share < NOTABLE_LOSS {
        return None;
    }
    let percent = (100.0 * share).ceil();
    let (node, from) = (Arc::clone(&edge.to), &edge.from);
    let full = counts.reasons.get("full").copied().unwrap_or(0);
    // Frames that a slow model does not see are the price of seeing fresh ones.
    let (severity, text) = match kind {
        "frame" if 2 * full > counts.dropped => (
            Severity::Note,
            format!("is slower than {from}, so it does not see {percent} % of its frames"),
        ),
        _ => (
            Severity::Warning,
            format!("has lost {percent} % of the {kind} packets of {from}"),
        ),
    };
    Some(Finding {
        severity,
        node,
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::kind::WhenFull;
    use crate::pipeline::contract::stop::Stop;
    use crate::pipeline::count::metrics::{DropReason, NodeStats};
    use crate::pipeline::flow::link::link;

    fn node(id: &str, tell: impl FnOnce(&NodeStats)) -> NodeReport {
        let stats = NodeStats::default();
        tell(&stats);
        NodeReport {
            infers: false,
            id: Arc::from(id),
            type_name: "camera",
            role: "source",
            live: true,
            optional: false,
            pictures: true,
            counts: stats.read(),
        }
    }

    #[test]
    fn the_worst_comes_first_and_in_words() {
        let (outlet, _inlet) = link(1, WhenFull::DropOldest, false, Stop::default());
        let stats = outlet.watch().stats;
        (0..4).for_each(|_| stats.count_received());
        (0..3).for_each(|_| stats.count_dropped(DropReason::Full));
        let edge = LinkReport {
            from: Arc::from("porch"),
            to: Arc::from("people"),
            kind: "frame",
            capacity: 1,
            depth: 1,
            counts: stats.read(),
        };
        let snapshot = Snapshot {
            uptime_seconds: 12.0,
            nodes: vec![
                node("garden", |it| it.set_state(State::Running)),
                node("porch", |it| {
                    it.fail(State::Retrying, "no route".to_owned())
                }),
            ],
            edges: vec![edge],
            ..Snapshot::default()
        };
        let told = of(&snapshot);
        let told: Vec<String> = told
            .iter()
            .map(|it| format!("{:?} {} {}", it.severity, it.node, it.text))
            .collect();
        assert_eq!(
            told,
            [
                "Error garden has given nothing for 12 s",
                "Error porch failed once and is being reopened: no route",
                "Note people is slower than porch, so it does not see 75 % of its frames",
            ]
        );
    }
}

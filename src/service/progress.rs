//! Is the pipeline ready, and does it get on? Judged from a snapshot alone.
//!
//! Ready: no required node is still at its first attempt to open, and every required node that runs
//! a model has opened, which includes an inference. A camera that is not plugged in has had its
//! first attempt, and a transcriber needs nobody to talk, so neither holds up the start.
//!
//! Getting on: no call hangs, and no model has only failed or left its input lying for the whole of
//! the patience. A device that is looked for again and again, and a sink that waits for room, are
//! being dealt with: a restart of the process would mend neither.

use std::time::Duration;

use crate::pipeline::count::metrics::State;
use crate::pipeline::run::snapshot::{LinkReport, NodeReport, Snapshot};

/// The longest that opening a model may take: engines for a GPU are built in it.
const LONGEST_OPENING: Duration = Duration::from_secs(30 * 60);

/// Whether everything that the run cannot do without has come up.
pub fn is_ready(snapshot: &Snapshot) -> bool {
    awaited(snapshot).next().is_none()
}

/// The nodes that the run cannot do without and that have not come up.
pub fn awaited(snapshot: &Snapshot) -> impl Iterator<Item = &NodeReport> {
    let up = |node: &NodeReport| match node.counts.state {
        State::Opening => false,
        State::Retrying | State::Degraded | State::Failed => !node.infers,
        State::Running | State::Ended => true,
    };
    let mut nodes = snapshot.nodes.iter();
    std::iter::from_fn(move || nodes.find(|node| !node.optional && !up(node)))
}

/// Whether models are being opened and have not taken too long.
pub fn is_opening(snapshot: &Snapshot) -> bool {
    let opening = |node: &&NodeReport| node.infers && node.counts.calls.opening_for.is_some();
    let mut nodes = snapshot.nodes.iter().filter(opening).peekable();
    nodes.peek().is_some()
        && nodes.all(|node| node.counts.calls.opening_for < Some(LONGEST_OPENING))
}

/// What has made no progress for longer than `patience`, in words; none if all goes well.
pub fn stuck(snapshot: &Snapshot, patience: Duration) -> Option<String> {
    let mut nodes = snapshot.nodes.iter();
    nodes.find_map(|node| {
        let why = trouble(node, snapshot, patience)?;
        Some(format!("{} {why}", node.id))
    })
}

fn trouble(node: &NodeReport, snapshot: &Snapshot, patience: Duration) -> Option<&'static str> {
    let calls = &node.counts.calls;
    let longer = |time: Option<Duration>, limit| time.is_some_and(|time| time > limit);
    // A node that has failed for good has ended the run, or was optional.
    if matches!(node.counts.state, State::Ended | State::Failed) {
        return None;
    }
    if longer(calls.working_for, patience) {
        return Some("hangs in a call");
    }
    if !node.infers {
        return None;
    }
    if longer(calls.opening_for, LONGEST_OPENING) {
        return Some("hangs while it opens its model");
    }
    if longer(calls.failing_for, patience) && calls.opening_for.is_none() {
        return Some("only fails");
    }
    let idle = longer(calls.last_success, patience) && calls.opening_for.is_none();
    (idle && has_input(node, snapshot) && !is_held_back(node, snapshot))
        .then_some("leaves its input lying")
}

/// Whether something waits on every input. One that is empty may be what the others wait for.
fn has_input(node: &NodeReport, snapshot: &Snapshot) -> bool {
    let inputs = snapshot.edges.iter().filter(|edge| edge.to == node.id);
    let mut waiting = inputs.map(|edge| edge.counts.in_flight).peekable();
    waiting.peek().is_some() && waiting.all(|count| count > 0)
}

/// Whether a consumer has no room. What it waits for, such as a disk, is its own matter.
fn is_held_back(node: &NodeReport, snapshot: &Snapshot) -> bool {
    let full = |edge: &LinkReport| edge.depth >= edge.capacity;
    let mut edges = snapshot.edges.iter();
    edges.any(|edge| edge.from == node.id && full(edge))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::count::calls::{CallCounts, Calls, Purpose};
    use crate::pipeline::count::metrics::{LinkStats, NodeStats};

    const PATIENCE: Duration = Duration::from_secs(10);
    const LONG: Option<Duration> = Some(Duration::from_secs(11));

    fn node(id: &str, infers: bool, state: State, calls: CallCounts) -> NodeReport {
        let stats = NodeStats::default();
        stats.set_state(state);
        let mut counts = stats.read();
        counts.calls = calls;
        NodeReport {
            live: true,
            pictures: false,
            id: id.into(),
            type_name: "test",
            role: "transform",
            infers,
            optional: false,
            counts,
        }
    }

    /// `waiting` packets on the way from one node to another.
    fn edge(from: &str, to: &str, waiting: usize) -> LinkReport {
        let stats = LinkStats::default();
        (0..waiting).for_each(|_| stats.count_received());
        LinkReport {
            from: from.into(),
            to: to.into(),
            kind: "frame",
            capacity: 2,
            depth: waiting,
            counts: stats.read(),
        }
    }

    #[track_caller]
    fn check(model: CallCounts, sink: CallCounts, waiting: [usize; 2], expect: Option<&str>) {
        let snapshot = Snapshot {
            uptime_seconds: 100.0,
            nodes: vec![
                node("cam", false, State::Retrying, CallCounts::default()),
                node("people", true, State::Running, model),
                node("log", false, State::Retrying, sink),
            ],
            edges: vec![
                edge("cam", "people", waiting[0]),
                edge("people", "log", waiting[1]),
            ],
            ..Snapshot::default()
        };
        assert_eq!(stuck(&snapshot, PATIENCE).as_deref(), expect);
    }

    #[test]
    fn hanging_failing_and_idling_are_told_from_waiting() {
        let fine = CallCounts::default();
        let hangs = CallCounts {
            working_for: LONG,
            ..fine
        };
        let fails = CallCounts {
            failing_for: LONG,
            ..fine
        };
        let idle = CallCounts {
            last_success: LONG,
            ..fine
        };
        // The camera is being looked for all the while.
        check(fine, fine, [0, 0], None);
        check(hangs, fine, [0, 0], Some("people hangs in a call"));
        check(fine, hangs, [0, 0], Some("log hangs in a call"));
        check(fails, fine, [0, 0], Some("people only fails"));
        check(fine, fails, [0, 0], None);
        // Nothing to do, something to do, and no room for the result.
        check(idle, fine, [0, 0], None);
        check(idle, fine, [1, 0], Some("people leaves its input lying"));
        check(idle, fine, [1, 2], None);
    }

    #[test]
    fn a_lost_camera_does_not_hold_up_the_start_and_a_model_does() {
        let ready = |camera, model| {
            is_ready(&Snapshot {
                uptime_seconds: 1.0,
                nodes: vec![
                    node("cam", false, camera, CallCounts::default()),
                    node("people", true, model, CallCounts::default()),
                ],
                ..Snapshot::default()
            })
        };
        assert!(ready(State::Retrying, State::Running));
        assert!(!ready(State::Opening, State::Running));
        assert!(!ready(State::Running, State::Opening));
        assert!(!ready(State::Running, State::Retrying));
    }

    #[test]
    fn the_start_is_extended_while_a_model_opens() {
        let calls = Calls::default();
        let opening = || {
            is_opening(&Snapshot {
                uptime_seconds: 1.0,
                nodes: vec![node("people", true, State::Opening, calls.read())],
                ..Snapshot::default()
            })
        };
        let call = calls.begin(Purpose::Open);
        assert!(opening());
        call.succeed();
        assert!(!opening());
    }
}

//! While the machine is short, frames are left out in the order that is documented, counted, and that is told.

use std::path::Path;

use super::NODES;
use crate::pipeline::run::Outcome;
use crate::pipeline::{file, run};

/// A run under pressure from its beginning on.
fn run_at(level: u8, sources: &str) -> Outcome {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let book = directory.path().join("book");
    let text = format!(
        "{sources}[transforms.work]\ntype='work'\ninputs=['near', 'far']\n\
         [sinks.book]\ntype='sequences'\ninputs=['work']\npath='{}'\n",
        book.display()
    );
    let plan = file::parse(&text, Path::new("."), NODES).unwrap_or_else(|it| panic!("{it:?}"));
    let pipeline = run::start(plan);
    pipeline.view().pressure().set(level, "it is hot");
    pipeline.wait()
}

/// Packets from a source to the detector: offered, and left out.
fn left_out(outcome: &Outcome, from: &str) -> (u64, u64) {
    let mut edges = outcome.snapshot.edges.iter();
    let edge = edges.find(|edge| *edge.from == *from).expect("it is there");
    let left_out = edge.counts.reasons.get("pressure").copied();
    (edge.counts.received, left_out.unwrap_or(0))
}

const LIVE: &str = "[sources.near]\ntype='ticks'\nframes=200\nlive=true\nevery_ms=1\n\
                    [sources.far]\ntype='ticks'\nframes=200\nlive=true\nevery_ms=1\nleast_needed=true\n";

#[test]
fn frames_of_the_least_needed_are_left_out_first() {
    let outcome = run_at(4, LIVE);
    assert_eq!(left_out(&outcome, "near"), (200, 0));
    let (offered, lost) = left_out(&outcome, "far");
    // The first frames may have come before the pressure.
    assert!(offered == 200 && (100..=150).contains(&lost), "{lost}");
    let relief = outcome.snapshot.pressure.expect("it is still short");
    assert_eq!((relief.level, relief.gives_way.len()), (4, 4));
    for node in &outcome.snapshot.nodes[..2] {
        let told = node.counts.events.get("health");
        assert_eq!(told, Some(&1), "{}", node.id);
    }
    let outcome = run_at(5, LIVE);
    let (_, lost) = left_out(&outcome, "near");
    assert!((60..=100).contains(&lost), "{lost}");
}

#[test]
fn of_files_nothing_is_left_out() {
    let outcome = run_at(5, &LIVE.replace("live=true", "live=false"));
    assert_eq!(left_out(&outcome, "near"), (200, 0));
    assert_eq!(left_out(&outcome, "far"), (200, 0));
    assert!(
        outcome
            .snapshot
            .nodes
            .iter()
            .all(|it| !it.counts.events.contains_key("health"))
    );
}

//! One graph put in the place of another.

use std::path::Path;
use std::time::Duration;

use super::{NODES, numbers};
use crate::pipeline::contract::catalogue::Entry;
use crate::pipeline::file;
use crate::pipeline::run::snapshot::{Reload, ReloadOutcome};
use crate::pipeline::run::{self, Outcome};

/// A pipeline that is replaced while it runs.
pub struct Reloading {
    nodes: &'static [Entry],
    directory: tempfile::TempDir,
    pipeline: run::Pipeline,
}

impl Reloading {
    pub fn start(nodes: &'static [Entry], pipeline: &str) -> Reloading {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let pipeline = run::start(Reloading::plan(nodes, &directory, pipeline));
        Reloading {
            nodes,
            directory,
            pipeline,
        }
    }

    fn plan(nodes: &'static [Entry], directory: &tempfile::TempDir, pipeline: &str) -> file::Plan {
        let path = directory.path().to_str().expect("a plain path");
        let pipeline = pipeline.replace("DIR", path);
        file::parse(&pipeline, Path::new("."), nodes).unwrap_or_else(|it| panic!("{it:?}"))
    }

    /// Runs it, puts `next` in its place after 200 ms, and gives what came of that and the end.
    pub fn replace(self, next: &str) -> (Reload, Outcome, tempfile::TempDir) {
        let plan = Reloading::plan(self.nodes, &self.directory, next);
        let (reloader, view) = (self.pipeline.reloader(), self.pipeline.view());
        let asking = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            reloader.replace(plan);
        });
        let outcome = self.pipeline.wait();
        asking.join().expect("it has asked");
        (
            view.reload().expect("it was asked for"),
            outcome,
            self.directory,
        )
    }
}

fn book(directory: &tempfile::TempDir, name: &str) -> String {
    let text = std::fs::read_to_string(directory.path().join(name)).unwrap_or_default();
    text.trim().to_owned()
}

const CAMERA: &str = "[sources.cam]\ntype='ticks'\nframes=100\nlive=true\nevery_ms=5\n";
const SEE: &str = "[transforms.see]\ntype='work'\ninputs=['cam']\n";
const BOOK: &str = "[sinks.book]\ntype='sequences'\ninputs=['see']\npath='DIR/book'\n";

#[test]
fn a_reload_adds_nodes_and_those_that_stay_lose_nothing() {
    let running = Reloading::start(NODES, &format!("{CAMERA}{SEE}{BOOK}"));
    let more = "[transforms.look]\ntype='work'\ninputs=['cam']\n\
                [sinks.other]\ntype='sequences'\ninputs=['look']\npath='DIR/other'\n";
    let (reload, outcome, directory) = running.replace(&format!("{CAMERA}{SEE}{BOOK}{more}"));
    assert_eq!((reload.number, reload.outcome), (1, ReloadOutcome::Done));
    assert_eq!(book(&directory, "book"), numbers(100));
    let other = book(&directory, "other");
    assert!(other.ends_with("99") && !other.starts_with("0 "), "{other}");
    assert_eq!(outcome.snapshot.nodes.len(), 5);
}

#[test]
fn a_reload_replaces_a_node_without_a_gap_and_removes_another() {
    let running = Reloading::start(
        NODES,
        &format!(
            "{CAMERA}{SEE}{BOOK}[sinks.other]\ntype='sequences'\ninputs=['see']\npath='DIR/other'\n"
        ),
    );
    let see = "[transforms.see]\ntype='work'\ninputs=['cam']\nmost_ms=1\n";
    let (reload, outcome, directory) = running.replace(&format!("{CAMERA}{see}{BOOK}"));
    assert_eq!(reload.outcome, ReloadOutcome::Done);
    assert!(outcome.failures.is_empty());
    let mut seen: Vec<u64> = book(&directory, "book")
        .split(' ')
        .map(|it| it.parse().expect("a number"))
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..100).collect::<Vec<u64>>());
    let other = book(&directory, "other");
    assert!(other.starts_with("0 ") && !other.ends_with("99"), "{other}");
}

#[test]
fn a_source_is_replaced_and_its_frames_are_numbered_on() {
    let running = Reloading::start(NODES, &format!("{CAMERA}{SEE}{BOOK}"));
    let faster = CAMERA.replace("every_ms=5", "every_ms=4");
    let (reload, outcome, directory) = running.replace(&format!("{faster}{SEE}{BOOK}"));
    assert_eq!(reload.outcome, ReloadOutcome::Done);
    assert!(outcome.failures.is_empty());
    let written = book(&directory, "book");
    assert!(written.ends_with("99"), "{written}");
    assert!(written.split(' ').count() >= 98, "{written}");
}

#[test]
fn a_graph_that_cannot_be_built_changes_nothing() {
    let running = Reloading::start(NODES, &format!("{CAMERA}{SEE}{BOOK}"));
    let broken = "[transforms.look]\ntype='work'\ninputs=['cam']\nbroken=true\n\
                  [sinks.other]\ntype='sequences'\ninputs=['look']\npath='DIR/other'\n";
    let (reload, outcome, directory) = running.replace(&format!("{CAMERA}{SEE}{BOOK}{broken}"));
    assert_eq!(reload.outcome, ReloadOutcome::Refused);
    assert_eq!(
        reload.error.as_deref(),
        Some("look: there is no such model")
    );
    assert_eq!(book(&directory, "book"), numbers(100));
    assert_eq!(
        (outcome.snapshot.nodes.len(), outcome.failures.len()),
        (3, 0)
    );
}

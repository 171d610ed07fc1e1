//! Nodes that pass on what comes in make no more than that, and are given no more than is taken of them.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Sequences, Ticks, Work};
use crate::media::events::Event;
use crate::media::frame::Frame;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::pipeline::file;
use crate::ports;

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Ticks>()),
    Entry::Present(catalogue::transform::<Work>()),
    Entry::Present(catalogue::transform::<Relay>()),
    Entry::Present(catalogue::transform::<Gate>()),
    Entry::Present(catalogue::sink::<Sequences>()),
];

#[derive(Clone, Deserialize, JsonSchema)]
struct Nothing {}

/// Frames and nothing else.
struct Relay;

impl Node for Relay {
    const NAME: &'static str = "relay";
    const ABOUT: &'static str = "Frames as they are.";
    const EXAMPLE: &'static str = "";
    type Config = Nothing;

    fn open(_: &Nothing, _: &Context) -> Result<Relay> {
        Ok(Relay)
    }
}

impl Transform for Relay {
    type In = Arc<Frame>;
    type Out = Arc<Frame>;

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Arc<Frame>>) -> Result<()> {
        out.send(frame);
        Ok(())
    }
}

ports! {
    enum Anything {
        Frame(Arc<Frame>),
        Event(Arc<Event>),
    }
}

/// Lets everything through.
struct Gate;

impl Node for Gate {
    const NAME: &'static str = "gate";
    const ABOUT: &'static str = "Frames and events as they are.";
    const EXAMPLE: &'static str = "";
    type Config = Nothing;

    fn open(_: &Nothing, _: &Context) -> Result<Gate> {
        Ok(Gate)
    }
}

impl Transform for Gate {
    type In = Anything;
    type Out = Anything;
    const PASSES: bool = true;

    fn apply(&mut self, it: Anything, out: &mut Emit<Anything>) -> Result<()> {
        out.send(it);
        Ok(())
    }
}

fn parsed(gates: &str) -> std::result::Result<file::Plan, Vec<file::problem::Problem>> {
    let text = format!(
        "[sources.cam]\ntype='ticks'\nframes=1\n[transforms.still]\ntype='relay'\ninputs=['cam']\n\
         [transforms.see]\ntype='work'\ninputs=['still']\n{gates}\
         [sinks.book]\ntype='sequences'\ninputs=['last']\npath='book'\n"
    );
    file::parse(&text, Path::new("/"), NODES)
}

#[test]
fn an_input_of_which_nothing_is_taken_is_told() {
    let first = "[transforms.first]\ntype='gate'\ninputs=['see', 'still']\n";
    let last = "[transforms.last]\ntype='gate'\ninputs=['first']\n";
    let problems = parsed(&format!("{first}{last}"))
        .err()
        .expect("it is wrong");
    let told: Vec<&str> = problems.iter().map(|it| &*it.message).collect();
    assert_eq!(told, ["nothing that takes `first` takes frames of `still`"]);
}

#[test]
fn what_comes_in_is_what_is_made() {
    let plan = parsed("[transforms.last]\ntype='gate'\ninputs=['see']\n");
    let plan = plan.unwrap_or_else(|it| panic!("{it:?}"));
    let last = plan.nodes.iter().find(|it| &*it.id == "last");
    let makes = last.map(|it| it.makes.iter().map(|kind| kind.name).collect::<Vec<_>>());
    assert_eq!(makes, Some(vec!["gap"]));
}

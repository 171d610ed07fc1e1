//! A checked pipeline, ready to start.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::media::kind::{Kind, Lane, Private};
use crate::pipeline::contract::around;
use crate::pipeline::contract::catalogue::{
    AtHand, Configured, NamesAtHand, NodeType, Opener, Prepare, Probe, Role,
};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::file::input::Input;
use crate::pipeline::file::own_tests::PlannedTest;
use crate::pipeline::file::path::place_of;
use crate::pipeline::file::problem::Problem;
use crate::pipeline::file::status::Status;

/// A checked pipeline, ready to start.
#[derive(Clone)]
pub struct Plan {
    /// Nodes in the order of the file.
    pub nodes: Vec<PlannedNode>,
    /// `[runtime]`.
    pub runtime: Runtime,
    /// `[status]`.
    pub status: Status,
    /// What it is tested by.
    pub tests: Vec<PlannedTest>,
    /// Where relative paths start.
    pub base: PathBuf,
    /// SHA-256 of its file, in hexadecimal digits.
    pub sha256: Arc<str>,
}

/// A node of the plan.
#[derive(Clone)]
pub struct PlannedNode {
    /// Its name in the file.
    pub id: Arc<str>,
    /// Where its name stands in the file.
    pub span: Range<usize>,
    /// Its type.
    pub ty: &'static NodeType,
    /// Its producers, and where they stand in the file.
    pub inputs: Vec<(Input, Range<usize>)>,
    /// The kinds it makes, where it stands in the pipeline.
    pub makes: Vec<Kind>,
    /// The kinds it takes, where it stands in the pipeline.
    pub takes: Vec<Kind>,
    /// How many instances share the work.
    pub workers: usize,
    /// Whether the run goes on without it.
    pub optional: bool,
    /// Whether its frames are left out before those of others.
    pub least_needed: bool,
    /// How long it waits for producers that tell nothing, if it decides by time.
    pub wait: Option<Duration>,
    /// Whether it, or anything upstream of it, is a device that will not wait.
    pub live: bool,
    /// What of people its results can hold that no node has redacted.
    pub raw: Vec<Private>,
    /// Loads what it needs before its medium is opened, for sources.
    pub prepare: Option<Prepare>,
    /// Tells whether its medium is there, for sources.
    pub probe: Option<Probe>,
    /// Lanes of its type that it makes nothing of, why, and what to do.
    pub lacks: Vec<(Lane, &'static str, &'static str)>,
    /// Whether it takes the sound of a camera beside its pictures.
    pub hears: bool,
    /// Sources that its options name, each after the option that does.
    pub sources: Vec<(String, String)>,
    /// Labels of objects that its options name, each after the option that does.
    pub labels: Vec<(String, String)>,
    /// Parts of pictures that its options name.
    pub areas: Vec<Arc<str>>,
    /// A kind of event that it can do nothing without, after the option that says so.
    pub awaits: Option<(&'static str, &'static str)>,
    /// All that it calls what it finds, where its options say so.
    pub names: Option<Vec<Arc<str>>>,
    /// The same by the files that it names.
    pub names_at_hand: NamesAtHand,
    /// What only it may have.
    pub claims: Vec<Claim>,
    /// Where the values of its options stand in the file.
    pub places: Vec<(String, Range<usize>)>,
    /// What is wrong with the files that it names.
    pub at_hand: AtHand,
    /// Its options as the file gives them. They may hold secrets: print them through `redact` only.
    pub options: toml::Table,
    /// Opens it.
    pub open: Opener,
}

impl Plan {
    /// What its nodes may know of it.
    pub fn told(&self) -> around::File {
        let sources = self.nodes.iter().filter(|it| it.ty.role == Role::Source);
        let areas = self.nodes.iter().flat_map(|it| &it.areas);
        around::File {
            sha256: Arc::clone(&self.sha256),
            sources: sources.map(|it| Arc::clone(&it.id)).collect(),
            areas: areas.cloned().collect(),
        }
    }

    /// What is missing or does not fit among the files that it names. Touches no device and no network.
    pub fn at_hand(&self) -> Vec<Problem> {
        let of_node = |node: &PlannedNode| {
            let wrong = (node.at_hand)(&self.base).into_iter();
            let told = wrong.map(|it| {
                let place = place_of(&it.option, &node.places).unwrap_or(&node.span);
                Problem::new(place.clone(), it.message, it.help)
            });
            told.collect::<Vec<_>>()
        };
        let of_nodes = self.nodes.iter().flat_map(of_node);
        let of_tests = self.tests.iter().flat_map(|it| it.at_hand(&self.base));
        of_nodes.chain(of_tests).collect()
    }
}

impl PlannedNode {
    /// A node that stands in no file.
    pub fn alone(
        id: &str,
        ty: &'static NodeType,
        inputs: Vec<(Input, Range<usize>)>,
        open: Opener,
    ) -> PlannedNode {
        let unknown = Configured::wrong();
        PlannedNode {
            id: Arc::from(id),
            span: 0..0,
            ty,
            inputs,
            makes: ty.produces.to_vec(),
            takes: ty.accepts.to_vec(),
            workers: 1,
            optional: false,
            least_needed: false,
            wait: ty.wait_ms.map(Duration::from_millis),
            live: false,
            raw: Vec::new(),
            prepare: None,
            probe: None,
            lacks: Vec::new(),
            hears: false,
            sources: Vec::new(),
            labels: Vec::new(),
            areas: Vec::new(),
            awaits: None,
            names: None,
            names_at_hand: unknown.names_at_hand,
            claims: Vec::new(),
            places: Vec::new(),
            at_hand: unknown.at_hand,
            options: toml::Table::new(),
            open,
        }
    }

    /// The kinds that an edge to another node carries. Who looks at frames, or else at objects in them, gets the frames of
    /// a node that makes both: one of the two is enough. Nor does such a one, which takes whatever there is, get the sound of
    /// a camera, which would fail if it had none, unless its options ask for it. Who needs coded packets has the sound of a camera in
    /// them.
    pub fn gives(&self, to: &PlannedNode) -> Vec<Kind> {
        let taken = |kind: &Kind| to.takes.contains(kind);
        let mut given: Vec<Kind> = self.makes.iter().copied().filter(taken).collect();
        let looks = |lane| to.takes.iter().any(|it| it.lane == lane);
        if given.iter().any(|it| it.lane == Lane::Frame) && looks(Lane::Objects) {
            given.retain(|it| it.lane != Lane::Objects && (it.lane != Lane::Audio || to.hears));
        }
        let is_coded = given.iter().any(|it| it.lane == Lane::Coded);
        if is_coded && to.ty.needs.contains(&Lane::Coded) {
            given.retain(|it| it.lane != Lane::Audio);
        }
        given
    }
}

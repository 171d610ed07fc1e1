//! Node types with their generics erased. Everything here is derived from the role traits.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use crate::media::clock::Time;
use crate::media::kind::{Kind, Lane};
use crate::media::packet::{FromPacket, Packet, Payload};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Sink, Source, Transform};
pub use crate::pipeline::contract::role::Role;

/// What is known about a node type without opening a node.
pub struct NodeType {
    /// Name in pipeline files.
    pub name: &'static str,
    /// Words that people try instead of the name.
    pub also: &'static [&'static str],
    /// One sentence.
    pub about: &'static str,
    /// Minimal working options.
    pub example: &'static str,
    /// What part it plays.
    pub role: Role,
    /// Kinds it takes.
    pub accepts: &'static [Kind],
    /// Kinds it makes.
    pub produces: &'static [Kind],
    /// Whether it may have several `workers`.
    pub stateless: bool,
    /// Whether it runs a model: opening it then includes an inference.
    pub infers: bool,
    /// How long it waits for producers that tell nothing, if it decides by time.
    pub wait_ms: Option<u64>,
    /// Whether of what it can make it makes only what comes in.
    pub passes: bool,
    /// Whether it follows one stream.
    pub single: bool,
    /// Whether each of its inputs must give every kind that it takes.
    pub together: bool,
    /// Lanes of which at least one of its inputs must give something.
    pub needs: &'static [Lane],
    /// Whether what it makes of what people say or look like may be shown and kept where privacy is asked for.
    pub redacts: bool,
    /// Packets that it writes before they must be settled.
    pub batch: usize,
    /// JSON Schema of its options.
    pub schema: fn() -> schemars::Schema,
    /// Parses options. The error carries the span of what is wrong.
    pub configure: fn(Spanned<DeTable<'_>>) -> Result<Configured, toml::de::Error>,
}

/// A node with its options, ready to be opened.
pub struct Configured {
    /// Opens it; called again when it is reopened, and once for each worker.
    pub open: Opener,
    /// Whether it is a device that will not wait.
    pub live: bool,
    /// Loads what it needs before its medium is opened, for sources.
    pub prepare: Option<Prepare>,
    /// Tells whether its medium is there, for sources.
    pub probe: Option<Probe>,
    /// Lanes of its type that it makes nothing of, why, and what to do, for sources.
    pub lacks: Vec<(Lane, &'static str, &'static str)>,
    /// Lanes of its type that it takes nothing of, for transforms.
    pub ignores: Vec<Lane>,
    /// Whether it takes the sound of a camera beside its pictures, for sinks.
    pub hears: bool,
    /// What is wrong with its options beyond types and ranges.
    pub misuses: Vec<Misuse>,
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
    /// The same by the files that it names, where relative paths start at the given one.
    pub names_at_hand: NamesAtHand,
    /// What only it may have, where relative paths start at the given one.
    pub claims: Claims,
    /// What is wrong with the files that it names, where relative paths start at the given one.
    pub at_hand: AtHand,
}

impl Configured {
    /// Of a node whose options are wrong: nothing is known of it, and it is not opened.
    pub fn wrong() -> Configured {
        Configured {
            open: Arc::new(|_| unreachable!("a plan with a problem is not opened")),
            live: false,
            prepare: None,
            probe: None,
            lacks: Vec::new(),
            ignores: Vec::new(),
            hears: false,
            misuses: Vec::new(),
            sources: Vec::new(),
            labels: Vec::new(),
            areas: Vec::new(),
            awaits: None,
            names: None,
            names_at_hand: Arc::new(|_| None),
            claims: Arc::new(|_| Vec::new()),
            at_hand: Arc::new(|_| Vec::new()),
        }
    }
}

/// What a node claims, by where relative paths start.
pub type Claims = Arc<dyn Fn(&Path) -> Vec<Claim> + Send + Sync>;

/// All that a node calls what it finds, as the files say that it names, by where relative paths start.
pub type NamesAtHand = Arc<dyn Fn(&Path) -> Option<Vec<Arc<str>>> + Send + Sync>;

/// What is wrong with the files that a node names, by where relative paths start.
pub type AtHand = Arc<dyn Fn(&Path) -> Vec<Misuse> + Send + Sync>;

/// Opens a node.
pub type Opener = Arc<dyn Fn(&Context) -> Result<Box<dyn Running>> + Send + Sync>;

/// Loads what a node needs before its medium is opened.
pub type Prepare = Arc<dyn Fn() + Send + Sync>;

/// Tells whether a node's medium is there; none if that cannot be told.
pub type Probe = Arc<dyn Fn() -> Option<bool> + Send + Sync>;

/// One line of the list of nodes: a node, or the feature that this build lacks.
pub enum Entry {
    /// This build has it.
    Present(NodeType),
    /// This build was made without it.
    Absent {
        /// Name in pipeline files.
        name: &'static str,
        /// The Cargo feature that brings it.
        feature: &'static str,
    },
}

impl fmt::Debug for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl NodeType {
    /// Lanes of what it makes.
    pub fn lanes(&self) -> Vec<Lane> {
        let makes = |lane: &Lane| self.produces.iter().any(|it| it.lane == *lane);
        Lane::ALL.iter().copied().filter(makes).collect()
    }

    /// Whether it brings frames in.
    pub fn is_camera(&self) -> bool {
        self.role == Role::Source && self.lanes().contains(&Lane::Frame)
    }
}

impl Entry {
    /// Name in pipeline files.
    pub fn name(&self) -> &'static str {
        match self {
            Entry::Present(ty) => ty.name,
            Entry::Absent { name, .. } => name,
        }
    }
}

/// An open node as the runtime drives it; node authors never see it.
pub trait Running {
    /// Handles one packet; a source makes some instead.
    ///
    /// # Errors
    /// What the node returns.
    fn step(&mut self, input: Option<Packet>, out: &mut Emit<Packet>) -> Result<Flow>;

    /// Nothing that is still to come in is about anything earlier.
    ///
    /// # Errors
    /// What the node returns.
    fn pass(&mut self, _to: Time, _out: &mut Emit<Packet>) -> Result<()> {
        Ok(())
    }

    /// Nothing waits to be handled.
    ///
    /// # Errors
    /// What the node returns.
    fn idle(&mut self, _out: &mut Emit<Packet>) -> Result<()> {
        Ok(())
    }

    /// The earliest capture time that it may still tell of.
    fn holds(&self) -> Option<Time> {
        None
    }

    /// Makes sure of what was written.
    ///
    /// # Errors
    /// What the node returns.
    fn settle(&mut self, _out: &mut Emit<Packet>) -> Result<()> {
        Ok(())
    }

    /// The input has ended.
    ///
    /// # Errors
    /// What the node returns.
    fn finish(&mut self, out: &mut Emit<Packet>) -> Result<()>;
}

struct AsSource<N>(N);
struct AsTransform<N>(N);
struct AsSink<N>(N);

impl<N: Source> Running for AsSource<N> {
    fn step(&mut self, _: Option<Packet>, out: &mut Emit<Packet>) -> Result<Flow> {
        self.0.next(&mut out.only())
    }

    fn finish(&mut self, _: &mut Emit<Packet>) -> Result<()> {
        Ok(())
    }
}

impl<N: Transform> Running for AsTransform<N> {
    fn step(&mut self, input: Option<Packet>, out: &mut Emit<Packet>) -> Result<Flow> {
        let item = N::In::from_packet(input.expect("a transform is driven by packets"));
        self.0.apply(item, &mut out.only()).map(|()| Flow::More)
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Packet>) -> Result<()> {
        self.0.pass(to, &mut out.only())
    }

    fn idle(&mut self, out: &mut Emit<Packet>) -> Result<()> {
        self.0.idle(&mut out.only())
    }

    fn holds(&self) -> Option<Time> {
        self.0.holds()
    }

    fn finish(&mut self, out: &mut Emit<Packet>) -> Result<()> {
        self.0.finish(&mut out.only())
    }
}

impl<N: Sink> Running for AsSink<N> {
    fn step(&mut self, input: Option<Packet>, out: &mut Emit<Packet>) -> Result<Flow> {
        let item = N::In::from_packet(input.expect("a sink is driven by packets"));
        self.0.write(item, &mut out.only()).map(|()| Flow::More)
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Packet>) -> Result<()> {
        self.0.pass(to, &mut out.only())
    }

    fn idle(&mut self, out: &mut Emit<Packet>) -> Result<()> {
        self.0.idle(&mut out.only())
    }

    fn holds(&self) -> Option<Time> {
        self.0.holds()
    }

    fn settle(&mut self, out: &mut Emit<Packet>) -> Result<()> {
        self.0.settle(&mut out.only())
    }

    fn finish(&mut self, out: &mut Emit<Packet>) -> Result<()> {
        self.0.finish(&mut out.only())
    }
}

/// The catalogue entry of a source.
pub const fn source<N: Source>() -> NodeType {
    NodeType {
        produces: N::Out::KINDS,
        configure: |table| {
            let (config, mut configured) =
                configure::<N>(table, N::is_live, |node| Box::new(AsSource(node)))?;
            let lacks = |lane: &Lane| N::lacks(&config, *lane).map(|it| (*lane, it.0, it.1));
            configured.lacks = Lane::ALL.iter().filter_map(lacks).collect();
            let config = Arc::new(config);
            let same = Arc::clone(&config);
            configured.prepare = Some(Arc::new(move || N::prepare(&same)));
            configured.probe = Some(Arc::new(move || N::is_there(&config)));
            Ok(configured)
        },
        ..node_type::<N>(Role::Source)
    }
}

/// The catalogue entry of a transform.
pub const fn transform<N: Transform>() -> NodeType {
    NodeType {
        accepts: N::In::KINDS,
        produces: N::Out::KINDS,
        stateless: N::STATELESS,
        infers: N::INFERS,
        wait_ms: N::WAIT_MS,
        passes: N::PASSES,
        single: N::SINGLE,
        together: N::TOGETHER,
        redacts: N::REDACTS,
        configure: |table| {
            let wrap = |node| -> Box<dyn Running> { Box::new(AsTransform(node)) };
            let (config, mut configured) = configure::<N>(table, |_| false, wrap)?;
            let lanes = Lane::ALL.iter().copied();
            configured.ignores = lanes.filter(|it| N::ignores(&config, *it)).collect();
            Ok(configured)
        },
        ..node_type::<N>(Role::Transform)
    }
}

/// The catalogue entry of a sink.
pub const fn sink<N: Sink>() -> NodeType {
    NodeType {
        accepts: N::In::KINDS,
        produces: N::Out::KINDS,
        needs: N::NEEDS,
        batch: N::BATCH,
        configure: |table| {
            let wrap = |node| -> Box<dyn Running> { Box::new(AsSink(node)) };
            let (config, mut configured) = configure::<N>(table, |_| false, wrap)?;
            configured.hears = N::hears(&config);
            Ok(configured)
        },
        ..node_type::<N>(Role::Sink)
    }
}

const fn node_type<N: Node>(role: Role) -> NodeType {
    NodeType {
        name: N::NAME,
        also: N::ALSO,
        about: N::ABOUT,
        example: N::EXAMPLE,
        role,
        accepts: &[],
        produces: &[],
        stateless: false,
        infers: false,
        wait_ms: None,
        passes: false,
        single: false,
        together: false,
        needs: &[],
        redacts: false,
        batch: 1,
        schema: || schemars::schema_for!(N::Config),
        configure: |_| unreachable!("every role sets it"),
    }
}

fn configure<N: Node>(
    table: Spanned<DeTable<'_>>,
    is_live: fn(&N::Config) -> bool,
    wrap: fn(N) -> Box<dyn Running>,
) -> Result<(N::Config, Configured), toml::de::Error> {
    let config: N::Config = serde::Deserialize::deserialize(Deserializer::from(table))?;
    let (options, claiming, looking) = (config.clone(), config.clone(), config.clone());
    let naming = config.clone();
    let configured = Configured {
        live: is_live(&config),
        misuses: N::check(&config),
        sources: N::sources(&config),
        labels: N::labels(&config),
        areas: N::areas(&config),
        awaits: N::awaits(&config),
        names: N::names(&config),
        names_at_hand: Arc::new(move |base| N::names_at_hand(&naming, base)),
        claims: Arc::new(move |base| N::claims(&claiming, base)),
        at_hand: Arc::new(move |base| N::at_hand(&looking, base)),
        open: Arc::new(move |context| N::open(&options, context).map(wrap)),
        ..Configured::wrong()
    };
    Ok((config, configured))
}

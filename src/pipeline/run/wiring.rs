//! The links of a graph: which exist already, which are to be made.

use std::collections::HashMap;
use std::sync::Arc;

use crate::media::packet::Kind;
use crate::media::packet::WhenFull;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::file::graph::kinds_between;
use crate::pipeline::file::{Plan, PlannedNode};
use crate::pipeline::flow::link::{Inlet, Watch, link};
use crate::pipeline::flow::outlets::Lane;

/// A link from one node to another, as reports and reloads see it.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Producer.
    pub from: Arc<str>,
    /// Consumer.
    pub to: Arc<str>,
    /// What it carries.
    pub kind: Kind,
    /// Packets that can wait.
    pub capacity: usize,
    /// What happens when it is full.
    pub when_full: WhenFull,
    /// Its queue and counters.
    pub watch: Watch,
}

/// Links between the nodes of a plan, by producer and by consumer.
#[derive(Default)]
pub struct Wiring {
    /// Lanes to be added to producers.
    pub lanes: HashMap<Arc<str>, Vec<Lane>>,
    /// Inlets to be added to consumers.
    pub inlets: HashMap<Arc<str>, Vec<Inlet>>,
    /// All edges of the plan, old and new, in the order of the file.
    pub edges: Vec<Edge>,
}

impl Wiring {
    /// Makes a link for every kind on every edge of the plan, but for those of `old` edges whose
    /// ends both are `kept`. `abandon` gives the signal of a consumer that releases its producers.
    pub fn new(
        plan: &Plan,
        old: &[Edge],
        kept: &dyn Fn(&str) -> bool,
        abandon: &dyn Fn(&str) -> Stop,
    ) -> Wiring {
        let mut wiring = Wiring::default();
        for to in &plan.nodes {
            for (input, _) in &to.inputs {
                let from = plan.nodes.iter().find(|node| *node.id == *input.from());
                let from = from.expect("the graph was checked");
                for kind in kinds_between(from.ty, to.ty) {
                    let (capacity, when_full) = input.queue();
                    let capacity = capacity.unwrap_or(kind.default_capacity());
                    let when_full = when_full.unwrap_or(default_when_full(to.live, kind));
                    let same = |edge: &&Edge| {
                        (&edge.from, &edge.to, edge.kind) == (&from.id, &to.id, kind)
                            && (edge.capacity, edge.when_full) == (capacity, when_full)
                            && kept(&from.id)
                            && kept(&to.id)
                    };
                    match old.iter().find(same) {
                        Some(edge) => wiring.edges.push(edge.clone()),
                        None => wiring.add(from, to, kind, (capacity, when_full), abandon(&to.id)),
                    }
                }
            }
        }
        wiring
    }

    fn add(
        &mut self,
        from: &PlannedNode,
        to: &PlannedNode,
        kind: Kind,
        (capacity, when_full): (usize, WhenFull),
        abandon: Stop,
    ) {
        // Marks take places too, where there are any: one for each packet.
        let places = if to.live { capacity } else { 2 * capacity };
        let (outlet, inlet) = link(places, when_full, abandon);
        self.edges.push(Edge {
            from: Arc::clone(&from.id),
            to: Arc::clone(&to.id),
            kind,
            capacity,
            when_full,
            watch: outlet.watch(),
        });
        let lane = Lane {
            kind,
            outlet: Arc::new(outlet),
        };
        self.lanes
            .entry(Arc::clone(&from.id))
            .or_default()
            .push(lane);
        self.inlets
            .entry(Arc::clone(&to.id))
            .or_default()
            .push(inlet);
    }

    /// Whether a lane leads along one of the edges of the plan.
    pub fn has(&self, lane: &Lane) -> bool {
        let stats = lane.outlet.stats();
        self.edges
            .iter()
            .any(|edge| Arc::ptr_eq(&edge.watch.stats, stats))
    }
}

/// Files can wait, so nothing is lost; devices cannot, so the freshest media wins.
fn default_when_full(live: bool, kind: Kind) -> WhenFull {
    match kind {
        Kind::Frame | Kind::Audio if live => WhenFull::DropOldest,
        _ => WhenFull::Block,
    }
}

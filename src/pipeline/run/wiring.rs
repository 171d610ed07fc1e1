//! The links of a graph: which exist already, which are to be made.

use std::collections::HashMap;
use std::sync::Arc;

use crate::media::kind::{Kind, Lane, WhenFull};
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::file::Plan;
use crate::pipeline::flow::link::{Inlet, Watch, link};
use crate::pipeline::flow::outlets::Branch;

/// What is between two nodes, in one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Producer.
    pub from: Arc<str>,
    /// Consumer.
    pub to: Arc<str>,
    /// Where its packets wait.
    pub lane: Lane,
    /// What it carries.
    pub kinds: Vec<Kind>,
    /// Packets that can wait.
    pub capacity: usize,
    /// What happens when it is full.
    pub when_full: WhenFull,
    /// Whether events that are unsure come too.
    pub unsure: bool,
}

/// An edge at work, as reports and reloads see it.
#[derive(Clone, Debug)]
pub struct Link {
    /// What it is between.
    pub edge: Edge,
    /// Its queue and counters.
    pub watch: Watch,
}

/// Links between the nodes of a plan, by producer and by consumer.
#[derive(Default)]
pub struct Wiring {
    /// Branches to be added to producers.
    pub branches: HashMap<Arc<str>, Vec<Branch>>,
    /// Inlets to be added to consumers.
    pub inlets: HashMap<Arc<str>, Vec<Inlet>>,
    /// All edges of the plan, old and new, in the order of the file.
    pub links: Vec<Link>,
}

impl Wiring {
    /// Makes a link for every lane on every edge of the plan, but for those of `old` edges whose
    /// ends both are `kept`. `abandon` gives the signal of a consumer that releases its producers.
    pub fn new(
        plan: &Plan,
        old: &[Link],
        kept: &dyn Fn(&str) -> bool,
        abandon: &dyn Fn(&str) -> Stop,
    ) -> Wiring {
        let mut wiring = Wiring::default();
        for to in &plan.nodes {
            for (input, _) in &to.inputs {
                let from = plan.nodes.iter().find(|node| *node.id == *input.from());
                let from = from.expect("the graph was checked");
                for (lane, kinds) in by_lane(from.gives(to)) {
                    let (capacity, when_full) = input.queue();
                    let edge = Edge {
                        from: Arc::clone(&from.id),
                        to: Arc::clone(&to.id),
                        lane,
                        kinds,
                        capacity: capacity.unwrap_or(lane.default_capacity(to.live)),
                        when_full: when_full.unwrap_or(lane.default_when_full(to.live)),
                        unsure: input.takes_unsure(),
                    };
                    let same = |link: &&Link| link.edge == edge && kept(&from.id) && kept(&to.id);
                    match old.iter().find(same) {
                        Some(link) => wiring.links.push(link.clone()),
                        None => wiring.add(edge, to.live, abandon(&to.id)),
                    }
                }
            }
        }
        wiring
    }

    fn add(&mut self, edge: Edge, live: bool, abandon: Stop) {
        let (outlet, inlet) = link(edge.capacity, edge.when_full, !live, abandon);
        let watch = outlet.watch();
        let branch = Branch {
            lane: edge.lane,
            kinds: edge.kinds.clone(),
            unsure: edge.unsure,
            outlet: Arc::new(outlet),
        };
        let branches = self.branches.entry(Arc::clone(&edge.from)).or_default();
        branches.push(branch);
        let inlets = self.inlets.entry(Arc::clone(&edge.to)).or_default();
        inlets.push(inlet);
        self.links.push(Link { edge, watch });
    }

    /// Whether a branch leads along one of the edges of the plan.
    pub fn has(&self, branch: &Branch) -> bool {
        let stats = branch.outlet.stats();
        self.links
            .iter()
            .any(|link| Arc::ptr_eq(&link.watch.stats, stats))
    }
}

/// Kinds that wait together.
fn by_lane(kinds: Vec<Kind>) -> Vec<(Lane, Vec<Kind>)> {
    let of_lane = |lane: Lane| {
        let kinds = kinds.iter().copied().filter(|it| it.lane == lane);
        (lane, kinds.collect::<Vec<_>>())
    };
    let lanes = Lane::ALL.iter().copied().map(of_lane);
    lanes.filter(|(_, kinds)| !kinds.is_empty()).collect()
}

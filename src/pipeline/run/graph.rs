//! The running graph: its nodes, edges and threads, and how one graph takes the place of another.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::pipeline::contract::catalogue::Role;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::runtime_options::Privacy;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::metrics::State;
use crate::pipeline::file::{Plan, PlannedNode};
use crate::pipeline::flow::lane::Lane;
use crate::pipeline::flow::link::Inlet;
use crate::pipeline::flow::outlets::Branch;
use crate::pipeline::run::member::{Exit, Member, Thread};
use crate::pipeline::run::view::View;
use crate::pipeline::run::wiring::{Link, Wiring};
use crate::pipeline::run::worker::{Gates, Opened};

/// So many threads of one node may hang before no more are started.
const MOST_LEFT_BEHIND: usize = 3;

/// The nodes that run, those that are leaving, and their threads.
pub struct Graph {
    pub members: Vec<Member>,
    /// Replaced or removed, and still ending.
    pub leaving: Vec<(Member, Instant)>,
    pub threads: Vec<Thread>,
    links: Vec<Link>,
    /// Edges that are no more, until their books balance.
    pub retired: Vec<Link>,
    /// What all nodes have in common.
    context: Context,
    exit: Sender<Exit>,
    /// Where threads say that they end.
    pub exits: Receiver<Exit>,
    started: u64,
    view: View,
}

/// A graph that is being built beside the one that runs.
pub struct Building {
    plan: Plan,
    /// New nodes, opening or open; their sources hold still.
    pub members: Vec<Member>,
    wiring: Wiring,
    /// Dropped to let the new sources go.
    go: Sender<()>,
    /// How many of the new nodes are being opened; the last ones wait for others to let go.
    pub begun: usize,
    pub held: Receiver<()>,
    /// Each new thread says here how opening went.
    opened: Receiver<Opened>,
    pub report: Sender<Opened>,
    /// Threads that have not said so yet.
    pub awaited: usize,
    /// When the old holders must have let go.
    pub handover: Instant,
    deadline: Instant,
}

impl Graph {
    /// A graph without nodes.
    pub fn new(context: Context, view: View) -> Graph {
        let (exit, exits) = unbounded();
        Graph {
            members: Vec::new(),
            leaving: Vec::new(),
            threads: Vec::new(),
            links: Vec::new(),
            retired: Vec::new(),
            context,
            exit,
            exits,
            started: 0,
            view,
        }
    }

    /// Starts the nodes that are new in a plan; those that are the same go on as they are.
    pub fn build(&mut self, plan: Plan, patience: Duration) -> Building {
        let same_runtime = plan.runtime.same_for_models(&self.context.runtime);
        // The one that runs keeps its own until this one takes its place.
        let runtime = Arc::new(plan.runtime.clone());
        let kept: Vec<Arc<str>> = plan
            .nodes
            .iter()
            .filter(|node| self.keeps(node, same_runtime))
            .map(|node| Arc::clone(&node.id))
            .collect();
        let is_kept = |id: &str| kept.iter().any(|it| **it == *id);
        let mut abandons: HashMap<Arc<str>, Stop> = HashMap::new();
        for node in &plan.nodes {
            let old = self
                .members
                .iter()
                .find(|it| is_kept(&node.id) && it.planned.id == node.id);
            let abandon = old.map_or_else(Stop::default, |it| it.abandon.clone());
            abandons.insert(Arc::clone(&node.id), abandon);
        }
        let mut wiring = Wiring::new(&plan, &self.links, &is_kept, &|id| abandons[id].clone());
        let members: Vec<Member> = plan
            .nodes
            .iter()
            .filter(|node| !is_kept(&node.id))
            .map(|node| {
                let context = Context {
                    runtime: Arc::clone(&runtime),
                    live: node.live,
                    ..self.context.clone()
                };
                self.member(node, context, &mut wiring, abandons[&node.id].clone())
            })
            .collect();
        let (go, held) = bounded(0);
        let (report, opened) = unbounded();
        let drain = Duration::from_millis(self.context.runtime.drain_ms);
        let mut building = Building {
            plan,
            members,
            wiring,
            go,
            begun: 0,
            held,
            opened,
            report,
            awaited: 0,
            handover: Instant::now() + drain,
            deadline: Instant::now() + patience,
        };
        let waiting = self.make_way(&mut building.members);
        let free = building.members.len() - waiting;
        self.open(&mut building, free);
        building
    }

    fn keeps(&self, node: &PlannedNode, same_runtime: bool) -> bool {
        let same = |old: &PlannedNode| {
            (&old.id, old.ty.name, &old.options) == (&node.id, node.ty.name, &node.options)
                && (old.workers, old.optional, old.wait) == (node.workers, node.optional, node.wait)
                && (old.live, &old.raw) == (node.live, &node.raw)
                && old.least_needed == node.least_needed
        };
        let independent = same_runtime || node.ty.role != Role::Transform;
        independent && self.members.iter().any(|it| same(&it.planned))
    }

    fn member(
        &self,
        node: &PlannedNode,
        context: Context,
        wiring: &mut Wiring,
        abandon: Stop,
    ) -> Member {
        let old = self.members.iter().find(|it| it.planned.id == node.id);
        // What the node's predecessor has learnt is not lost.
        let old = old.filter(|it| it.planned.ty.name == node.ty.name);
        let memory = old.map(|it| it.worker.context.memory.clone());
        let inlets = match node.ty.role {
            Role::Source => None,
            _ => Some(wiring.inlets.remove(&node.id).unwrap_or_default()),
        };
        let member = Member::new(
            node.clone(),
            inlets,
            context,
            memory.unwrap_or_default(),
            Arc::clone(self.view.feed()),
            abandon,
        );
        let branches = wiring.branches.remove(&node.id).unwrap_or_default();
        member.worker.outlets.replace(branches);
        member
    }

    /// Starts the threads of nodes.
    pub fn spawn(&mut self, members: &[Member], go: &Receiver<()>, report: &Sender<Opened>) {
        let (ready, everyone) = bounded(0);
        for member in members {
            for _ in 0..member.planned.workers {
                let gates = Gates {
                    opened: Some(report.clone()),
                    ready: (member.planned.ty.role != Role::Source).then(|| ready.clone()),
                    everyone: Some(everyone.clone()),
                    go: Some(go.clone()),
                };
                self.started += 1;
                let thread = member.spawn(self.started, gates, self.exit.clone());
                self.threads.push(thread);
            }
        }
    }

    /// Puts the new graph in the place of the old one. New lanes are there before old ones close,
    /// so nothing falls between two graphs.
    pub fn adopt(&mut self, mut building: Building) {
        let private = building.plan.runtime.privacy == Privacy::Required;
        self.view.feed().keep_private(private);
        let is_new = |id: &str| building.members.iter().any(|it| *it.planned.id == *id);
        let planned = |id: &str| building.plan.nodes.iter().find(|it| *it.id == *id);
        let stays =
            |member: &Member| !is_new(&member.planned.id) && planned(&member.planned.id).is_some();
        let (kept, replaced): (Vec<_>, Vec<_>) = std::mem::take(&mut self.members)
            .into_iter()
            .partition(stays);
        // Before anything can come to the new ones by themselves.
        for old in &replaced {
            let successor = building.members.iter().find(|it| it.contends_with(old));
            successor.into_iter().for_each(|it| old.hand_over(it));
        }
        for member in &kept {
            let inlets: Vec<Inlet> = building
                .wiring
                .inlets
                .remove(&member.planned.id)
                .unwrap_or_default();
            inlets
                .into_iter()
                .for_each(|inlet| drop(member.joining.send(Lane::new(inlet))));
        }
        for member in &kept {
            let outlets = &member.worker.outlets;
            let mut branches: Vec<Branch> = outlets.branches().to_vec();
            branches.retain(|branch| building.wiring.has(branch));
            branches.extend(
                building
                    .wiring
                    .branches
                    .remove(&member.planned.id)
                    .unwrap_or_default(),
            );
            outlets.replace(branches);
        }
        drop(building.go);
        self.context.runtime = Arc::new(building.plan.runtime.clone());
        self.context.around.runs_by(building.plan.told());
        let drain = Duration::from_millis(self.context.runtime.drain_ms);
        for mut member in replaced {
            member.gives_way = false;
            member.stop.set();
            self.leaving.push((member, Instant::now() + drain));
        }
        let mut all: Vec<Member> = kept.into_iter().chain(building.members).collect();
        for node in &building.plan.nodes {
            let at = all.iter().position(|it| it.planned.id == node.id);
            let mut member = all.swap_remove(at.expect("every planned node is kept or new"));
            member.planned = node.clone();
            self.members.push(member);
        }
        let remains = |link: &Link| {
            let same = |it: &Link| Arc::ptr_eq(&it.watch.stats, &link.watch.stats);
            building.wiring.links.iter().any(same)
        };
        self.retired
            .extend(self.links.iter().filter(|it| !remains(it)).cloned());
        self.links = building.wiring.links;
        self.view.change(|shown| {
            shown.nodes = self.members.iter().map(Member::watched).collect();
            shown.links.clone_from(&self.links);
        });
        self.close_ended();
    }

    /// Gives up a graph that cannot run; nothing of it has touched the one that does.
    pub fn discard(&mut self, building: Building) {
        for member in building.members {
            member.stop.set();
            member.abandon.set();
            self.leaving.push((member, Instant::now()));
        }
        self.bring_back();
        self.close_ended();
    }

    /// Lets nodes of former graphs drain, for as long as a stop would.
    pub fn see_off(&mut self) {
        let Graph {
            leaving,
            threads,
            retired,
            ..
        } = self;
        leaving.retain(|(member, deadline)| {
            let works = threads.iter().any(|thread| thread.is_of(member));
            if works && Instant::now() > *deadline {
                member.abandon.set();
            }
            works
        });
        retired.retain(|link| {
            if link.watch.is_closed() {
                link.watch.sweep();
            }
            !link.watch.is_closed() || link.watch.stats.read().in_flight > 0
        });
    }

    /// Closes what led to and from nodes that have no thread any more.
    pub fn close_ended(&mut self) {
        let leaving = self.leaving.iter_mut().map(|(member, _)| member);
        for member in self.members.iter_mut().chain(leaving) {
            let works = self.threads.iter().any(|it| it.is_of(member));
            if !works && !member.gives_way {
                member.worker.outlets.replace(Vec::new());
                member.worker.intake = None;
            }
        }
    }

    /// Leaves threads behind that do not come back from a call of their node, and starts others.
    pub fn replace_hanging(&mut self) {
        let limit = Duration::from_millis(self.context.runtime.hang_timeout_ms);
        let hanging = self.threads.iter().position(|it| it.pulse.hangs(limit));
        let Some(at) = hanging else { return };
        let thread = self.threads.swap_remove(at);
        let held = thread.pulse.leave_behind();
        if let (Some(ticket), Some(queue)) = (held.ticket, &thread.queue) {
            queue.skip(ticket);
        }
        held.entry
            .into_iter()
            .for_each(|it| thread.stats.calls.give_up(it));
        let message = format!("does not come back from a call for {} s", limit.as_secs());
        tracing::error!(node = %thread.id, "{message}; leaving its thread behind");
        let Some(member) = self.members.iter_mut().find(|it| thread.is_of(it)) else {
            return;
        };
        member.left_behind += 1;
        if member.left_behind >= MOST_LEFT_BEHIND {
            thread.stats.fail(State::Degraded, message);
            return self.close_ended();
        }
        thread.stats.fail(State::Retrying, message);
        self.started += 1;
        let again = member.spawn(self.started, Gates::default(), self.exit.clone());
        self.threads.push(again);
    }

    /// All edges, those of former graphs included, whose books are still open.
    pub fn open_links(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().chain(&self.retired)
    }
}

impl Building {
    /// Whether everything that is being opened is open: none while that is unknown, else what went wrong.
    pub fn opened(&mut self) -> Option<Result<(), String>> {
        for opened in self.opened.try_iter() {
            self.awaited -= 1;
            let expendable = self
                .members
                .iter()
                .any(|it| it.planned.id == opened.id && it.planned.optional);
            if let Err(error) = opened.result
                && !expendable
            {
                return Some(Err(format!("{}: {error}", opened.id)));
            }
        }
        match self.awaited {
            0 => Some(Ok(())),
            _ if Instant::now() > self.deadline => {
                Some(Err("opening the new nodes takes too long".to_owned()))
            }
            _ => None,
        }
    }
}

//! What only one node may have, handed from a node of the graph that runs to one of the next.
//!
//! The old holder closes what it has before the new one opens it. What flows to it meanwhile waits, and
//! goes to the new one; if that is refused, the old one opens it again and goes on.

use std::time::Instant;

use crossbeam_channel::{bounded, unbounded};

use crate::pipeline::contract::stop::Stop;
use crate::pipeline::run::graph::{Building, Graph};
use crate::pipeline::run::member::Member;

impl Graph {
    /// Whether everything of a graph that is being built is open: none while that is unknown, else what
    /// went wrong.
    pub fn outcome(&mut self, building: &mut Building) -> Option<Result<(), String>> {
        let waiting = building.members.len() - building.begun;
        if waiting > 0 {
            let mut holders = self.members.iter().filter(|it| it.gives_way);
            let holds = |member: &&Member| self.threads.iter().any(|it| it.is_of(member));
            match holders.find(holds) {
                None => self.open(building, waiting),
                Some(it) if Instant::now() > building.handover => {
                    let id = &it.planned.id;
                    return Some(Err(format!(
                        "`{id}`, as it runs, does not let go of what it has"
                    )));
                }
                Some(_) => return None,
            }
        }
        building.opened()
    }

    /// Has those of the old nodes let go of what new ones claim; these are put last. Gives how many.
    pub fn make_way(&mut self, new: &mut [Member]) -> usize {
        let contested = |old: &&mut Member| new.iter().any(|it| it.contends_with(old));
        let holders: Vec<&mut Member> = self.members.iter_mut().filter(contested).collect();
        let waits = |it: &Member| holders.iter().any(|old| it.contends_with(old));
        new.sort_by_key(waits);
        let waiting = new.iter().filter(|it| waits(it)).count();
        holders.into_iter().for_each(Member::give_way);
        waiting
    }

    /// Begins to open so many more of the new nodes.
    pub fn open(&mut self, building: &mut Building, count: usize) {
        let (begun, before) = (building.begun, self.threads.len());
        let members = &building.members[begun..begun + count];
        self.spawn(members, &building.held, &building.report);
        building.begun += count;
        building.awaited += self.threads.len() - before;
    }

    /// Starts again the nodes that have let go for others in vain.
    pub fn bring_back(&mut self) {
        let mut members = std::mem::take(&mut self.members);
        let (nobody, everyone) = (bounded(0).1, unbounded().0);
        for member in members.iter_mut().filter(|it| it.gives_way) {
            member.come_back();
            self.spawn(std::slice::from_ref(member), &nobody, &everyone);
        }
        self.members = members;
    }
}

impl Member {
    /// Whether both claim the same thing.
    pub fn contends_with(&self, other: &Member) -> bool {
        let claims = &other.planned.claims;
        self.planned.claims.iter().any(|it| claims.contains(it))
    }

    /// Closes what it has, and keeps its place in the graph.
    pub fn give_way(&mut self) {
        self.gives_way = true;
        match &self.worker.intake {
            Some(queue) => queue.pause(true),
            None => self.stop.set(),
        }
    }

    /// Takes its place again; its thread is to be started.
    pub fn come_back(&mut self) {
        self.gives_way = false;
        match &self.worker.intake {
            Some(queue) => queue.pause(false),
            None => {
                self.stop = Stop::default();
                self.worker.context.stop = self.stop.clone();
            }
        }
    }

    /// Gives what waits for it to a node of the same type that takes its place.
    pub fn hand_over(&self, successor: &Member) {
        if self.planned.ty.name != successor.planned.ty.name {
            return;
        }
        let lanes = self.worker.intake.iter().flat_map(|queue| queue.leave());
        for lane in lanes {
            // It is there until it has ended, and then nobody needs them.
            let _ = successor.joining.send(lane.inherited());
        }
    }
}

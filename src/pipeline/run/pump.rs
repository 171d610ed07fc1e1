//! Feeds one open transform or sink with what comes in, and hands on what comes out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::media::clock::Time;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::{Role, Running};
use crate::pipeline::contract::node::Emit;
use crate::pipeline::count::calls::Purpose;
use crate::pipeline::count::metrics::{DropReason, State};
use crate::pipeline::flow::intake::Input;
use crate::pipeline::flow::progress::Progress;
use crate::pipeline::flow::turns::{Queue, Ticket};
use crate::pipeline::run::worker::{Failure, Memory, Worker, panicked};

/// What was written waits no longer for the rest of its batch.
const SETTLE_AFTER: Duration = Duration::from_secs(1);

/// What came of one input.
struct Outcome {
    made: Vec<Packet>,
    /// Whether the packet has been dealt with, whatever came after.
    handled: bool,
    /// Up to where the node has told all.
    told: Result<Time, Failure>,
}

impl Worker {
    /// Feeds the node until its producers have ended.
    pub fn pump(
        &self,
        node: &mut dyn Running,
        queue: &Queue,
        memory: &mut Memory,
    ) -> Result<(), Failure> {
        self.context.stats.set_state(State::Running);
        while let Some(input) = memory.again.pop_front() {
            self.handle(node, input, None, memory)?;
        }
        while let Some((input, ticket)) = queue.take() {
            self.handle(node, input, Some(ticket), memory)?;
            if self.pulse.is_left_behind() {
                return Ok(());
            }
        }
        let mut made = Vec::new();
        let mut sink = |packet| made.push(packet);
        let mut out = Emit::new(&self.context, &mut sink);
        if !queue.is_paused() {
            node.pass(Time::END, &mut out)?;
        }
        self.settle(node, &mut made, memory)?;
        node.finish(&mut Emit::new(&self.context, &mut |packet| {
            made.push(packet)
        }))?;
        // That nothing more comes of it is told when the last of its workers has ended.
        self.outlets
            .put(&made, Progress::new(memory.at, Time::ZERO));
        Ok(())
    }

    fn handle(
        &self,
        node: &mut dyn Running,
        mut input: Input,
        ticket: Option<Ticket<'_>>,
        memory: &mut Memory,
    ) -> Result<(), Failure> {
        self.drop_if_late(&mut input, memory);
        let to = self.passes_to(&input);
        let number = ticket.as_ref().map(|it| it.number);
        let outcome = self.call(node, &input, to, number, memory);
        memory.passed = memory.passed.max(to);
        let (at, made) = (input.at, outcome.made);
        memory.at = at;
        let booked = self.book(outcome.handled, outcome.told, input, memory);
        // What was made of a packet is not lost if only what came after it has failed.
        let bound = match (&booked, outcome.handled) {
            (Ok(bound), _) => *bound,
            (Err(_), true) => Time::ZERO,
            (Err(_), false) => return booked.map(drop),
        };
        let put = || self.outlets.put(&made, Progress::new(at, bound));
        match ticket {
            None => put(),
            // The results of a call that was given up come too late.
            Some(ticket) => ticket.put(put, |it| {
                self.outlets.put(&[], Progress::new(it.at, it.bound));
            }),
        }
        booked?;
        if self.is_due(memory) {
            let mut made = Vec::new();
            let settled = self.settle(node, &mut made, memory);
            self.outlets
                .put(&made, Progress::new(memory.at, Time::ZERO));
            settled?;
        }
        Ok(())
    }

    /// What comes later than the node waits has been decided about already.
    fn drop_if_late(&self, input: &mut Input, memory: &Memory) {
        let is_late = |packet: &Packet| self.wait.is_some() && packet.at() < memory.passed;
        if let Some((_, link)) = input.packet.take_if(|(packet, _)| is_late(packet)) {
            link.count_dropped(DropReason::Late);
        }
    }

    /// Up to where nothing is still to come, or is not waited for.
    fn passes_to(&self, input: &Input) -> Time {
        match self.wait {
            Some(wait) if self.live => input.bound.max(self.context.clock.now().before(wait)),
            _ => input.bound,
        }
    }

    /// Calls the node for a packet, and for time that has passed.
    fn call(
        &self,
        node: &mut dyn Running,
        input: &Input,
        to: Time,
        ticket: Option<u64>,
        memory: &Memory,
    ) -> Outcome {
        let (mut made, mut handled) = (Vec::new(), false);
        let packet = input.packet.as_ref().map(|(packet, _)| packet.clone());
        // Downstream of a device, no packet means that none waits.
        let idle = packet.is_none() && self.live;
        if packet.is_none() && to <= memory.passed && !idle {
            let told = Ok(node.holds().map_or(to, |it| it.min(to)));
            return Outcome {
                made,
                handled,
                told,
            };
        }
        let call = packet
            .is_some()
            .then(|| self.context.stats.calls.begin(Purpose::Work));
        self.pulse
            .enter(ticket, call.as_ref().map(|it| it.number()));
        let told = catch_unwind(AssertUnwindSafe(|| {
            let mut sink = |packet| made.push(packet);
            let mut out = Emit::new(&self.context, &mut sink);
            let mut passed = memory.passed;
            if let Some(packet) = packet {
                // What ended before it ends before it is looked at.
                pass(node, to.min(packet.at()), &mut passed, &mut out)?;
                node.step(Some(packet), &mut out)?;
                handled = true;
            }
            pass(node, to, &mut passed, &mut out)?;
            if idle {
                node.idle(&mut out)?;
            }
            Ok(node.holds().map_or(to, |it| it.min(to)))
        }));
        self.context.stats.count_call(self.pulse.leave());
        let told = told.unwrap_or_else(|panic| Err(panicked(&*panic)));
        if let Some(call) = call
            && told.is_ok()
        {
            call.succeed();
        }
        Outcome {
            made,
            handled,
            told,
        }
    }

    /// Books what came of an input; gives how far the node has come with it.
    fn book(
        &self,
        handled: bool,
        told: Result<Time, Failure>,
        input: Input,
        memory: &mut Memory,
    ) -> Result<Time, Failure> {
        match (&input.packet, handled) {
            (None, _) => {}
            (Some(_), true) if self.role == Role::Sink => {
                memory.unsettled_since.get_or_insert_with(Instant::now);
                memory.unsettled.push(input);
            }
            (Some((packet, link)), true) => {
                link.count_forwarded();
                self.outlets.count_age(packet);
            }
            // Nothing is lost by a sink that waits for room: it gets the same packets again.
            (Some(_), false) if self.keeps(&told) => memory.again.push_front(input),
            (Some((_, link)), false) => link.count_dropped(DropReason::Failed),
        }
        match &told {
            Ok(_) if handled => memory.restarts.worked(),
            Err(_) => self.unsettle(self.keeps(&told), memory),
            Ok(_) => {}
        }
        told
    }

    fn is_due(&self, memory: &Memory) -> bool {
        let waited = memory
            .unsettled_since
            .is_some_and(|it| it.elapsed() >= SETTLE_AFTER);
        waited || memory.unsettled.len() >= self.batch
    }

    /// Makes sure of what a sink has written, which counts as forwarded then.
    fn settle(
        &self,
        node: &mut dyn Running,
        made: &mut Vec<Packet>,
        memory: &mut Memory,
    ) -> Result<(), Failure> {
        if memory.unsettled.is_empty() {
            return Ok(());
        }
        self.pulse.enter(None, None);
        let settled = catch_unwind(AssertUnwindSafe(|| {
            let mut sink = |packet| made.push(packet);
            Ok(node.settle(&mut Emit::new(&self.context, &mut sink))?)
        }));
        self.context.stats.count_call(self.pulse.leave());
        let settled = settled.unwrap_or_else(|panic| Err(panicked(&*panic)));
        if settled.is_err() {
            self.unsettle(self.keeps(&settled), memory);
            return settled;
        }
        for (packet, link) in memory.unsettled.drain(..).filter_map(|it| it.packet) {
            link.count_forwarded();
            self.outlets.count_age(&packet);
        }
        memory.unsettled_since = None;
        Ok(())
    }

    /// What was written and not settled is written again by the next instance, or lost.
    fn unsettle(&self, again: bool, memory: &mut Memory) {
        memory.unsettled_since = None;
        if again {
            let unsettled = memory.unsettled.drain(..);
            memory.again = unsettled.chain(memory.again.drain(..)).collect();
        }
        memory.unsettled.drain(..).for_each(lose);
    }

    /// What a worker that ends had taken and could not deliver.
    pub fn lose(&self, memory: &mut Memory) {
        memory.again.drain(..).for_each(lose);
        memory.unsettled.drain(..).for_each(lose);
    }

    /// Whether a sink will be given the same packets again after this.
    fn keeps<T>(&self, result: &Result<T, Failure>) -> bool {
        let Err(failure) = result else { return false };
        let reopened = self.live || failure.error.may_pass();
        self.role == Role::Sink && !failure.panicked && reopened
    }
}

fn lose(input: Input) {
    if let Some((_, link)) = input.packet {
        link.count_dropped(DropReason::Failed);
    }
}

/// Tells a node of time that has passed, if that is news.
fn pass(
    node: &mut dyn Running,
    to: Time,
    passed: &mut Time,
    out: &mut Emit<Packet>,
) -> Result<(), Failure> {
    if to > *passed {
        *passed = to;
        node.pass(to, out)?;
    }
    Ok(())
}

//! What is told of zones and lines.

use std::sync::Arc;

use super::Placed;
use super::memory::Evicted;
use super::options::Line;
use super::stay::{Change, Sight};
use crate::media::events::{self, Action, Direction, Reason};
use crate::pipeline::contract::node::Emit;

/// Tells what somebody did in a zone, and counts it.
pub fn tell_zone(
    zone: &Arc<str>,
    who: (u64, &Arc<str>),
    change: Change,
    inside: &mut u64,
    source: &Arc<str>,
    out: &mut Emit<Placed>,
) {
    let (action, sight, stayed, reason) = match change {
        Change::Enter(sight) => (Action::Enter, sight, None, None),
        Change::Exit(sight, stayed) => (Action::Exit, sight, Some(stayed), Some(Reason::Left)),
        Change::Gone(sight, stayed) => (Action::Exit, sight, Some(stayed), Some(Reason::Gone)),
        Change::Evicted(sight, stayed) => {
            (Action::Exit, sight, Some(stayed), Some(Reason::Removed))
        }
        Change::Loiter(sight, stayed) => (Action::Loiter, sight, Some(stayed), None),
    };
    *inside = match action {
        Action::Enter => *inside + 1,
        Action::Exit => inside.saturating_sub(1),
        Action::Loiter | Action::Cross => *inside,
    };
    let event = events::Zone {
        action,
        zone: Arc::clone(zone),
        track: who.0,
        label: Arc::clone(who.1),
        bounds: sight.bounds,
        count: *inside,
        seconds: stayed.map(|it| it.as_secs_f64()),
        direction: None,
        reason,
    };
    out.event(source, sight.frame.0, Some(sight.frame.1), event);
}

/// Tells that somebody was in a zone that is no more.
pub fn tell_evicted(evicted: Evicted, out: &mut Emit<Placed>) {
    let Evicted {
        source,
        who,
        zone,
        change,
        count,
    } = evicted;
    let who = (who.0, &who.1);
    tell_zone(&zone, who, change, &mut (count + 1), &source, out);
}

/// Tells that somebody has crossed a line, for the so-manieth time.
pub fn tell_line(
    line: &Line,
    who: (u64, &Arc<str>),
    (sight, to): (Sight, Direction),
    count: u64,
    source: &Arc<str>,
    out: &mut Emit<Placed>,
) {
    let event = events::Zone {
        action: Action::Cross,
        zone: Arc::clone(&line.name),
        track: who.0,
        label: Arc::clone(who.1),
        bounds: sight.bounds,
        count,
        seconds: None,
        direction: Some(to),
        reason: None,
    };
    out.event(source, sight.frame.0, Some(sight.frame.1), event);
}

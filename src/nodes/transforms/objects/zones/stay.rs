//! Whether one thing is in one zone, from sight to sight.

use std::time::Duration;

use crate::media::clock::Time;

/// One frame's sight of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// Capture time and sequence number of the frame.
    pub frame: (Time, u64),
    /// `[x, y, width, height]` in pixels of the frame.
    pub bounds: [f32; 4],
}

/// What is to be told of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// It is in since this sight.
    Enter(Sight),
    /// It is out since this sight, after so long.
    Exit(Sight, Duration),
    /// It was seen in it for the last time here, after so long, and has ended.
    Gone(Sight, Duration),
    /// It was in it, after so long, when the zone was taken away.
    Evicted(Sight, Duration),
    /// At this sight it has stayed so long.
    Loiter(Sight, Duration),
}

impl Change {
    /// The same where it is not that it is seen no more, but that the zone is no more.
    pub fn of_no_zone(self) -> Change {
        match self {
            Change::Gone(sight, stayed) => Change::Evicted(sight, stayed),
            other => other,
        }
    }
}

/// How long things must last.
#[derive(Clone, Copy, Debug)]
pub struct Lasting {
    /// Before somebody is in or out.
    pub least: Duration,
    /// Before somebody loiters; none: nobody does.
    pub loiter: Option<Duration>,
}

/// Whether it is in, and what was told of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stay {
    /// Whether it is seen inside, and since when.
    seen: Option<(bool, Sight)>,
    /// Since when it is in, if that was told.
    entered: Option<Time>,
    loiters: bool,
}

impl Stay {
    /// Whether it is in, as was told.
    pub fn is_in(&self) -> bool {
        self.entered.is_some()
    }

    /// Whether it was seen inside last; none before the first sight.
    pub fn is_inside(&self) -> Option<bool> {
        self.seen.map(|it| it.0)
    }

    /// It is seen again. What was seen before holds until now, so that few frames a second lose nobody who is quick.
    pub fn see(
        &mut self,
        sight: Sight,
        is_inside: bool,
        lasting: &Lasting,
        tell: &mut impl FnMut(Change),
    ) {
        self.settle(sight.frame.0, lasting.least, tell);
        if self.is_inside() != Some(is_inside) {
            self.seen = Some((is_inside, sight));
            self.settle(sight.frame.0, lasting.least, tell);
        }
        let (Some(entered), Some(loiter)) = (self.entered, lasting.loiter) else {
            return;
        };
        let stayed = sight.frame.0.since(entered);
        if is_inside && !self.loiters && stayed >= loiter {
            self.loiters = true;
            tell(Change::Loiter(sight, stayed));
        }
    }

    /// It was seen for the last time.
    pub fn end(&mut self, last: Sight, tell: &mut impl FnMut(Change)) {
        let Some(entered) = self.entered.take() else {
            return;
        };
        tell(match self.seen {
            Some((false, since)) => Change::Exit(since, since.frame.0.since(entered)),
            _ => Change::Gone(last, last.frame.0.since(entered)),
        });
    }

    /// The earliest time that may still be told.
    pub fn holds(&self) -> Option<Time> {
        let (is_inside, since) = self.seen?;
        (is_inside != self.is_in()).then_some(since.frame.0)
    }

    fn settle(&mut self, at: Time, least: Duration, tell: &mut impl FnMut(Change)) {
        let Some((is_inside, since)) = self.seen else {
            return;
        };
        let time = since.frame.0;
        if at.since(time) < least {
            return;
        }
        match (is_inside, self.entered) {
            (true, None) => {
                (self.entered, self.loiters) = (Some(time), false);
                tell(Change::Enter(since));
            }
            (false, Some(entered)) => {
                self.entered = None;
                tell(Change::Exit(since, time.since(entered)));
            }
            _ => {}
        }
    }
}

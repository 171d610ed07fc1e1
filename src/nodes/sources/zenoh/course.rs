//! Puts what another machine has sent into this run: its times upon this clock, its numbers behind those before.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::media::audio::{SAMPLE_RATE, duration_of};
use crate::media::clock::{Clock, Time};
use crate::media::events::Gap;
use crate::media::kind::Lane;
use crate::nodes::parts::far::letter::Header;

/// A source whose times go back by more nanoseconds has had its wall clock set.
const STEP_NS: i128 = 500_000_000;
/// No source has counted so far.
const MOST: u64 = 1 << 60;

/// What has come so far.
#[derive(Default)]
pub struct Course {
    run: Option<u64>,
    /// How much later its times are taken, in nanoseconds: less than none where its clock is ahead of ours.
    shift: i128,
    lanes: BTreeMap<Lane, Lately>,
    /// What is added to numbers of frames.
    frames_before: u64,
    sound: Option<Sound>,
    /// Whether an outage was told, which need not be told again as lost sound.
    is_told: bool,
    missed: u64,
}

/// What came last in a lane.
#[derive(Default)]
struct Lately {
    at: Time,
    /// The number of what comes next; none in a new run.
    next: Option<u64>,
    frame: Option<u64>,
}

/// Where sound goes on.
struct Sound {
    theirs: u64,
    ours: u64,
    at: Time,
}

impl Course {
    /// There was an outage, which is told by others.
    pub fn after_an_outage(&mut self) {
        self.is_told = true;
    }

    /// How many numbers were missing in what came.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// How far the sender's clock was ahead of ours at least.
    pub fn ahead(&self) -> Duration {
        let ahead = u64::try_from(-self.shift).unwrap_or_default();
        Duration::from_nanos(ahead)
    }

    /// The capture time of this in our run.
    ///
    /// # Errors
    /// Why it has none.
    pub fn place(&mut self, header: &Header, clock: &Clock) -> Result<Time, &'static str> {
        self.count(header)?;
        let wall = Timestamp::from_nanosecond(header.wall_ns.into());
        let wall = wall.map_err(|_| "its time is none")?;
        let now = i128::from(clock.now().as_nanos());
        let then = clock.since_start(wall) + self.shift;
        // What has come was captured before.
        let early = (then - now).max(0);
        self.shift -= early;
        let mut then = then - early;
        let lane = header.what.lane();
        // What several nodes tell goes back and forth.
        let mut none = Time::ZERO;
        let last = match lane {
            Lane::Event => &mut none,
            lane => &mut self.lanes.entry(lane).or_default().at,
        };
        let back = i128::from(last.as_nanos()) - then;
        if *last > Time::ZERO && back > STEP_NS {
            self.shift += back;
            then += back;
        }
        let at = u64::try_from(then).map_err(|_| "it was captured before this run began")?;
        *last = Time::from_nanos(at).max(*last);
        Ok(*last)
    }

    fn count(&mut self, header: &Header) -> Result<(), &'static str> {
        if header.number > MOST {
            return Err("nobody has sent so much");
        }
        if self.run != Some(header.run) {
            self.run = Some(header.run);
            self.shift = 0;
            self.lanes.values_mut().for_each(|it| it.next = None);
            if let Some(sound) = &mut self.sound {
                sound.theirs = u64::MAX;
            }
        }
        let lately = self.lanes.entry(header.what.lane()).or_default();
        let missing = lately.next.map_or(0, |it| header.number.saturating_sub(it));
        self.missed = self.missed.saturating_add(missing);
        lately.next = Some(header.number + 1);
        Ok(())
    }

    /// The number of a frame in our run: numbers never go back.
    ///
    /// # Errors
    /// That nobody has counted so far.
    pub fn frame(&mut self, lane: Lane, theirs: u64) -> Result<u64, &'static str> {
        if theirs > MOST {
            return Err("no camera has taken so many frames");
        }
        let lately = self.lanes.entry(lane).or_default();
        let least = lately.frame.map_or(0, |it| it.saturating_add(1));
        let ours = theirs.saturating_add(self.frames_before);
        if ours < least {
            self.frames_before = least - theirs.min(least);
        }
        lately.frame = Some(ours.max(least));
        Ok(ours.max(least))
    }

    /// The index of the first of so many samples in our run, and what is missing before, if anything is.
    ///
    /// # Errors
    /// That nobody has counted so far.
    pub fn sound(
        &mut self,
        theirs: u64,
        count: usize,
        at: Time,
    ) -> Result<(u64, Option<Gap>), &'static str> {
        if theirs > MOST {
            return Err("no microphone has heard so much");
        }
        let was_told = std::mem::take(&mut self.is_told);
        let index = u128::from(at.as_nanos()) * u128::from(SAMPLE_RATE) / 1_000_000_000;
        let index = u64::try_from(index).unwrap_or(MOST);
        let (ours, gap) = match &self.sound {
            None => (index, None),
            Some(before) if before.theirs == theirs => (before.ours, None),
            // One at least is left out, or what comes next would pass for what follows.
            Some(before) => {
                let reason = "sound was lost on the way from the other machine";
                let gap = Gap::new(before.at, at.max(before.at), reason);
                (index.max(before.ours.saturating_add(1)), Some(gap))
            }
        };
        let count = count as u64;
        self.sound = Some(Sound {
            theirs: theirs + count,
            ours: ours.saturating_add(count),
            at: at.after(duration_of(count)),
        });
        Ok((ours, gap.filter(|_| !was_told)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::parts::far::letter::What;

    /// Sent by a clock that is so many seconds ahead of ours.
    fn frame(run: u64, number: u64, clock: &Clock, ahead: f64) -> Header {
        let wall = clock.wall(clock.now()).as_nanosecond() + (ahead * 1e9) as i128;
        let wall = i64::try_from(wall).expect("it is not so late");
        Header::new(run, number, wall, What::Frame { seq: number })
    }

    #[test]
    fn times_are_kept_and_those_of_a_clock_that_is_ahead_are_set_back() {
        let (clock, mut course) = (Clock::start(), Course::default());
        std::thread::sleep(Duration::from_millis(300));
        let at = course.place(&frame(1, 0, &clock, -0.2), &clock);
        let off = clock.now().since(at.expect("it is not too early"));
        assert!((0.2..0.3).contains(&off.as_secs_f64()), "{off:?}");
        assert_eq!(course.ahead(), Duration::ZERO);
        for number in 1..4 {
            let at = course.place(&frame(1, number, &clock, 3.0), &clock);
            let off = clock.now().since(at.expect("it is not too early"));
            assert!(off < Duration::from_millis(100), "{off:?}");
        }
        let ahead = course.ahead().as_secs_f64();
        assert!((2.9..3.1).contains(&ahead), "{ahead}");
        // Its clock was set right again: its times go on.
        let before = course.lanes[&Lane::Frame].at;
        let at = course.place(&frame(1, 4, &clock, 0.0), &clock);
        assert_eq!(at, Ok(before));
        let early = Course::default().place(&frame(2, 0, &clock, -5.0), &clock);
        assert_eq!(early, Err("it was captured before this run began"));
        let mut never = frame(2, 1, &clock, 0.0);
        never.number = u64::MAX;
        assert!(course.place(&never, &clock).is_err());
    }

    #[test]
    fn what_is_missing_is_counted() {
        let (clock, mut course) = (Clock::start(), Course::default());
        for (run, number) in [(1, 5), (1, 6), (1, 9), (2, 0), (2, 1)] {
            let placed = course.place(&frame(run, number, &clock, 0.0), &clock);
            assert!(placed.is_ok());
        }
        assert_eq!(course.missed(), 2);
    }

    #[test]
    fn numbers_of_frames_go_on_when_the_sender_begins_anew() {
        let mut course = Course::default();
        let numbers = [7, 8, 0, 1, 2].map(|it| course.frame(Lane::Frame, it));
        assert_eq!(numbers, [7, 8, 9, 10, 11].map(Ok));
        assert_eq!(course.frame(Lane::Objects, 2), Ok(11));
        assert!(course.frame(Lane::Frame, u64::MAX).is_err());
    }

    #[test]
    fn sound_goes_on_and_what_is_missing_is_told() {
        let mut course = Course::default();
        let second = |it: f64| Time::from_secs_f64(it);
        let plain = |course: &mut Course, theirs, at| {
            let told = course.sound(theirs, 1_600, second(at)).expect("in bounds");
            (told.0, told.1.map(|it| (it.start, it.end)))
        };
        assert_eq!(plain(&mut course, 500, 1.0), (16_000, None));
        assert_eq!(plain(&mut course, 2_100, 1.1), (17_600, None));
        let lost = plain(&mut course, 9_000, 2.0);
        assert_eq!(lost, (32_000, Some((1.2, 2.0))));
        course.after_an_outage();
        assert_eq!(plain(&mut course, 0, 5.0), (80_000, None));
        assert_eq!(plain(&mut course, 0, 5.0), (81_601, Some((5.1, 5.1))));
        assert!(course.sound(u64::MAX, 1, second(6.0)).is_err());
    }
}

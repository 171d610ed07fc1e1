//! What was found a moment ago and may still be there, though the detector has missed it.

use std::sync::Arc;
use std::time::Duration;

use crate::inference::sight::nms::iou;
use crate::media::clock::Time;
use crate::media::objects::Object;

/// Boxes that overlap by as much may be of the same thing.
const SAME: f32 = 0.3;
/// On each side a box grows by this share of it for each second since it was seen.
const GROWTH: f32 = 0.5;
/// More than so many are not told apart any more: all of the picture is covered.
const MOST: usize = 4096;

type Bounds = [f32; 4];

/// A frame that has no end: all of a picture lies within.
const EVERYWHERE: Bounds = [0.0, 0.0, f32::INFINITY, f32::INFINITY];

/// Something that is to be covered, where it was seen.
#[derive(Clone, Debug)]
pub struct Sighting {
    track: Option<u64>,
    label: Arc<str>,
    /// `[x, y, width, height]` in pixels.
    pub bounds: Bounds,
}

impl Sighting {
    /// Of what was found.
    pub fn of(object: &Object) -> Sighting {
        Sighting {
            track: object.more.as_ref().and_then(|it| it.track),
            label: Arc::clone(&object.label),
            bounds: object.bounds,
        }
    }

    /// How likely both are the same thing, from 0 on; none if they are not.
    fn likeness(&self, other: &Sighting) -> Option<f32> {
        match (self.track, other.track) {
            (Some(one), Some(other)) => (one == other).then_some(f32::INFINITY),
            _ if self.label != other.label => None,
            _ => Some(iou(corners(self.bounds), corners(other.bounds))).filter(|it| *it >= SAME),
        }
    }
}

/// Something that was seen, when, and where to it went, in pixels a second.
#[derive(Debug)]
struct Last {
    seen: Sighting,
    at: Time,
    speed: [f32; 2],
}

/// What was seen of one source.
#[derive(Debug, Default)]
pub struct Held {
    last: Vec<Last>,
}

impl Held {
    /// Remembers what is seen at this time, and tells where what was seen not longer than `hold` ago and is not now may be.
    pub fn see(&mut self, at: Time, seen: &[Sighting], hold: Duration) -> Vec<Bounds> {
        self.last.retain(|it| at.since(it.at) <= hold);
        let mut missed = std::mem::take(&mut self.last);
        for sighting in seen {
            let before = closest(&missed, sighting).map(|it| missed.swap_remove(it));
            self.last.push(Last {
                speed: before.map_or([0.0; 2], |it| it.speed_to(sighting, at)),
                seen: sighting.clone(),
                at,
            });
        }
        let mut places: Vec<Bounds> = missed.iter().map(|it| it.place(at)).collect();
        if self.last.len() + missed.len() > MOST {
            places.push(EVERYWHERE);
            missed.truncate(MOST.saturating_sub(self.last.len()));
            self.last.truncate(MOST);
        }
        self.last.append(&mut missed);
        places
    }
}

fn closest(missed: &[Last], sighting: &Sighting) -> Option<usize> {
    let likeness = |it: usize| Some((it, missed[it].seen.likeness(sighting)?));
    let like = (0..missed.len()).filter_map(likeness);
    like.max_by(|a, b| a.1.total_cmp(&b.1)).map(|it| it.0)
}

impl Last {
    fn speed_to(&self, now: &Sighting, at: Time) -> [f32; 2] {
        let seconds = at.since(self.at).as_secs_f32();
        let (from, to) = (middle(self.seen.bounds), middle(now.bounds));
        match seconds > 0.0 {
            true => [0, 1].map(|it| (to[it] - from[it]) / seconds),
            false => self.speed,
        }
    }

    /// Where it may be: from where it was to where it was going, and a little around that.
    fn place(&self, at: Time) -> Bounds {
        let seconds = at.since(self.at).as_secs_f32();
        let [x, y, width, height] = self.seen.bounds;
        let axis = |start: f32, side: f32, speed: f32| {
            let (far, more) = (speed * seconds, side * GROWTH * seconds);
            let from = start + far.min(0.0) - more;
            (from, side + far.abs() + 2.0 * more)
        };
        let ((x, width), (y, height)) = (
            axis(x, width, self.speed[0]),
            axis(y, height, self.speed[1]),
        );
        [x, y, width, height]
    }
}

fn middle([x, y, width, height]: Bounds) -> [f32; 2] {
    [x + width / 2.0, y + height / 2.0]
}

fn corners([x, y, width, height]: Bounds) -> Bounds {
    [x, y, x + width, y + height]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_millis(500);

    fn face(track: Option<u64>, bounds: Bounds) -> Sighting {
        let label = Arc::from("face");
        Sighting {
            track,
            label,
            bounds,
        }
    }

    fn at(seconds: f64) -> Time {
        Time::from_secs_f64(seconds)
    }

    #[test]
    fn what_is_missed_is_held_where_it_was_and_was_going_until_it_is_seen_again() {
        let mut held = Held::default();
        assert!(
            held.see(at(0.0), &[face(None, [100.0, 50.0, 20.0, 40.0])], HOLD)
                .is_empty()
        );
        // It goes 100 pixels a second to the right.
        assert!(
            held.see(at(0.1), &[face(None, [110.0, 50.0, 20.0, 40.0])], HOLD)
                .is_empty()
        );
        let missed = held.see(at(0.3), &[], HOLD);
        let [x, y, width, height] = missed[0];
        let is = |a: f32, b: f32| (a - b).abs() < 0.01;
        assert!(
            is(x, 108.0) && is(y, 46.0) && is(width, 44.0) && is(height, 48.0),
            "{missed:?}"
        );
        assert!(
            held.see(at(0.4), &[face(None, [120.0, 50.0, 20.0, 40.0])], HOLD)
                .is_empty()
        );
        assert_eq!(held.see(at(0.9), &[], HOLD).len(), 1);
        assert!(held.see(at(0.91), &[], HOLD).is_empty());
    }

    #[test]
    fn who_stands_beside_somebody_who_is_missed_does_not_pass_for_him() {
        let mut held = Held::default();
        let (left, right) = ([0.0, 0.0, 20.0, 20.0], [15.0, 0.0, 20.0, 20.0]);
        held.see(at(0.0), &[face(None, left), face(None, right)], HOLD);
        let missed = held.see(at(0.0), &[face(None, right)], HOLD);
        assert_eq!(missed, [left]);
        let mut held = Held::default();
        held.see(at(0.0), &[face(Some(1), left)], HOLD);
        assert_eq!(held.see(at(0.0), &[face(Some(2), left)], HOLD), [left]);
        let far = face(Some(1), [400.0, 0.0, 20.0, 20.0]);
        assert_eq!(
            held.see(at(0.0), &[far], HOLD).len(),
            1,
            "the other is held"
        );
    }

    #[test]
    fn what_cannot_be_told_apart_any_more_covers_all() {
        let mut held = Held::default();
        let crowd = |from: usize| -> Vec<Sighting> {
            let face_at = |it: usize| face(None, [(from + it) as f32 * 30.0, 0.0, 20.0, 20.0]);
            (0..3000).map(face_at).collect()
        };
        assert!(held.see(at(0.0), &crowd(0), HOLD).is_empty());
        let places = held.see(at(0.1), &crowd(3000), HOLD);
        assert_eq!(places.last(), Some(&EVERYWHERE));
        assert_eq!(held.last.len(), MOST);
    }
}

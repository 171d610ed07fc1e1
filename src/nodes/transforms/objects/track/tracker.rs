//! Follows the objects of one source: who of a frame is who of those before it (after ByteTrack, Zhang et al., 2022).
//!
//! What is surely seen is paired with everybody who is known, then what is hardly seen with those who were there a
//! moment ago and are not seen otherwise. At few frames a second boxes do not overlap any more: then they are taken
//! for larger, the longer ago somebody was seen (after C-BIoU, Yang et al., 2023). Who is hidden gives way to those who are
//! not, the more so the longer: where he goes is a guess.

use std::sync::Arc;
use std::time::Duration;

use super::assign::assign;
use super::course::Course;
use crate::media::clock::Time;
use crate::media::events::Sight;
use crate::media::objects::Object;
use crate::nodes::parts::worth;

/// Objects of a frame that are followed at most, the surest ones: pairing takes cubic time.
const MOST: usize = 256;
/// So many are followed at most, those who are hidden too: nobody else comes until somebody has left.
const MOST_TRACKS: usize = 512;
/// What is surely seen must overlap so much what is expected.
const LEAST: f32 = 0.15;
/// What has been seen but once may be a mistake, and it is not known yet where it goes.
const LEAST_NEW: f32 = 0.25;
/// What is hardly seen must overlap more.
const LEAST_DOUBTED: f32 = 0.5;
/// Boxes grow on each side by this share of their size for each second from frame to frame, by that for each in which somebody
/// is hidden, and at most so much.
const GROWTH: f32 = 0.5;
const HIDDEN_GROWTH: f32 = 0.2;
const MOST_GROWTH: f32 = 0.6;
/// Somebody who is missed in so many frames in a row is hidden.
const MISSED: u32 = 5;
/// Each second in which somebody is hidden costs as much as so much less overlap, and all of them at most so much.
const HIDDEN_COST: f32 = 0.3;
const MOST_HIDDEN_COST: f32 = 0.5;

/// What counts.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// From this score on something is surely seen.
    pub sure: f32,
    /// In how many frames something must be seen before it has come.
    pub frames: u64,
    /// How long it may be hidden.
    pub lost: Duration,
}

/// One that is followed.
#[derive(Clone, Debug)]
pub struct Track {
    /// Which one it is; none as long as it may be a mistake.
    pub id: Option<u64>,
    /// What it is.
    pub label: Arc<str>,
    /// When it was first seen, and in which frame.
    pub first: (Time, u64),
    /// The same of the last time.
    pub last: (Time, u64),
    /// How it was last seen.
    pub object: (f32, [f32; 4]),
    /// In how many frames.
    pub frames: u64,
    /// In which it is surest and largest.
    pub best: Sight,
    /// When it was last told of.
    pub told: Time,
    course: Course,
}

/// Who is known of a source.
#[derive(Debug, Default)]
pub struct Tracker {
    tracks: Vec<Track>,
    at: Time,
    /// From the frame before to this one.
    passed: Duration,
}

/// What a frame has changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Which one each object of the frame is.
    pub ids: Vec<Option<u64>>,
    /// Those who have come.
    pub come: Vec<Track>,
    /// Those who have left.
    pub left: Vec<Track>,
}

impl Tracker {
    /// Those who are followed now.
    pub fn tracks(&mut self) -> impl Iterator<Item = &mut Track> {
        self.tracks.iter_mut().filter(|it| it.id.is_some())
    }

    /// Nothing that is yet to be told is about anything earlier.
    pub fn holds(&self) -> Option<Time> {
        let of = |it: &Track| {
            if it.id.is_some() {
                it.last.0
            } else {
                it.first.0
            }
        };
        self.tracks.iter().map(of).min()
    }

    /// Those who have not been seen for too long at this time.
    pub fn leave(&mut self, to: Time, rules: &Rules) -> Vec<Track> {
        let is_gone = |it: &Track| to.since(it.last.0) > rules.lost;
        let gone = self.tracks.extract_if(.., |it| is_gone(it));
        gone.filter(|it| it.id.is_some()).collect()
    }

    /// Looks at the objects of a frame. `name` gives a new one its number.
    pub fn see(
        &mut self,
        (at, seq): (Time, u64),
        objects: &[Object],
        rules: &Rules,
        mut name: impl FnMut() -> u64,
    ) -> Changes {
        let mut changes = Changes {
            left: self.leave(at, rules),
            ids: vec![None; objects.len()],
            ..Changes::default()
        };
        self.passed = at.since(self.at);
        self.at = self.at.max(at);
        let passed = self.passed;
        self.tracks
            .iter_mut()
            .for_each(|it| it.course.go_on(passed));
        let objects = &objects[..objects.len().min(MOST)];
        let is_sure = |it: &usize| objects[*it].score >= rules.sure;
        let (sure, doubted): (Vec<_>, Vec<_>) = (0..objects.len()).partition(is_sure);
        let known = self.places(|it| it.id.is_some());
        let mut pairs = self.pair(&known, &sure, objects, LEAST);
        let is_free = |pairs: &[(usize, usize)], it: &usize| pairs.iter().all(|pair| pair.0 != *it);
        let before = self.seen_last();
        let just_seen = |it: &usize| is_free(&pairs, it) && self.tracks[*it].last.0 == before;
        let waiting: Vec<usize> = known.iter().copied().filter(just_seen).collect();
        pairs.extend(self.pair(&waiting, &doubted, objects, LEAST_DOUBTED));
        let new = self.places(|it| it.id.is_none());
        let rest = |it: &&usize| pairs.iter().all(|pair| pair.1 != **it);
        let rest: Vec<usize> = sure.iter().filter(rest).copied().collect();
        let again = self.pair(&new, &rest, objects, LEAST_NEW);
        let rest: Vec<usize> = rest
            .into_iter()
            .filter(|it| again.iter().all(|pair| pair.1 != *it))
            .collect();
        pairs.extend(again);
        self.update(&pairs, (at, seq), objects);
        for (place, object) in &pairs {
            let track = &mut self.tracks[*place];
            if track.id.is_none() && track.frames >= rules.frames {
                (track.id, track.told) = (Some(name()), at);
                changes.come.push(track.clone());
            }
            changes.ids[*object] = track.id;
        }
        // What was seen but once and is not seen again was a mistake.
        self.tracks.retain(|it| it.id.is_some() || it.last.0 == at);
        let room = MOST_TRACKS.saturating_sub(self.tracks.len());
        for object in rest.into_iter().take(room) {
            let mut track = Track::new((at, seq), &objects[object]);
            if rules.frames <= 1 {
                (track.id, track.told) = (Some(name()), at);
                changes.come.push(track.clone());
            }
            changes.ids[object] = track.id;
            self.tracks.push(track);
        }
        changes
    }

    /// When anybody was seen last.
    fn seen_last(&self) -> Time {
        let seen = self.tracks.iter().map(|it| it.last.0);
        seen.max().unwrap_or_default()
    }

    fn places(&self, which: impl Fn(&Track) -> bool) -> Vec<usize> {
        (0..self.tracks.len())
            .filter(|it| which(&self.tracks[*it]))
            .collect()
    }

    /// Pairs of tracks and objects that overlap by more than `least`, all in all as much as can be.
    fn pair(
        &self,
        tracks: &[usize],
        seen: &[usize],
        objects: &[Object],
        least: f32,
    ) -> Vec<(usize, usize)> {
        let cost = |track: &Track, object: &Object| {
            let since = self.at.since(track.last.0);
            let hidden = since.saturating_sub(MISSED * self.passed).as_secs_f32();
            let growth =
                GROWTH * since.min(MISSED * self.passed).as_secs_f32() + HIDDEN_GROWTH * hidden;
            let growth = growth.min(MOST_GROWTH);
            let overlap = overlap(
                grown(track.course.bounds(), growth),
                grown(object.bounds, growth),
            );
            match track.label == object.label {
                true => 1.0 - overlap + (HIDDEN_COST * hidden).min(MOST_HIDDEN_COST),
                false => 1.0,
            }
        };
        let line = |track: &usize| {
            let costs = seen
                .iter()
                .map(|it| cost(&self.tracks[*track], &objects[*it]));
            costs.collect::<Vec<f32>>()
        };
        let costs: Vec<Vec<f32>> = tracks.iter().map(line).collect();
        let of_track = assign(&costs, 1.0 - least);
        let pairs = tracks.iter().zip(of_track);
        pairs
            .filter_map(|(track, found)| Some((*track, seen[found?])))
            .collect()
    }

    fn update(&mut self, pairs: &[(usize, usize)], (at, seq): (Time, u64), objects: &[Object]) {
        for (place, track) in self.tracks.iter_mut().enumerate() {
            if pairs.iter().all(|pair| pair.0 != place) {
                track.course.keep_size();
            }
        }
        for (place, object) in pairs {
            let (track, object) = (&mut self.tracks[*place], &objects[*object]);
            track.course.correct(object.bounds);
            (track.last, track.object) = ((at, seq), (object.score, object.bounds));
            track.frames += 1;
            let sight = sight((at, seq), object);
            if worth(&sight) > worth(&track.best) {
                track.best = sight;
            }
        }
    }
}

impl Track {
    fn new((at, seq): (Time, u64), object: &Object) -> Track {
        Track {
            id: None,
            label: Arc::clone(&object.label),
            first: (at, seq),
            last: (at, seq),
            object: (object.score, object.bounds),
            frames: 1,
            best: sight((at, seq), object),
            told: at,
            course: Course::new(object.bounds),
        }
    }
}

fn sight((at, seq): (Time, u64), object: &Object) -> Sight {
    Sight {
        t: at.as_secs_f64(),
        seq,
        score: object.score,
        bounds: object.bounds,
    }
}

fn worth(sight: &Sight) -> f32 {
    worth::worth(sight.score, sight.bounds)
}

fn grown([x, y, width, height]: [f32; 4], by: f32) -> [f32; 4] {
    let (more_width, more_height) = (width * by, height * by);
    [
        x - more_width,
        y - more_height,
        width + 2.0 * more_width,
        height + 2.0 * more_height,
    ]
}

/// Intersection over union.
pub fn overlap(one: [f32; 4], other: [f32; 4]) -> f32 {
    let side = |at: usize| {
        let end = (one[at] + one[at + 2]).min(other[at] + other[at + 2]);
        (end - one[at].max(other[at])).max(0.0)
    };
    let both = side(0) * side(1);
    let all = one[2] * one[3] + other[2] * other[3] - both;
    if all > 0.0 { both / all } else { 0.0 }
}

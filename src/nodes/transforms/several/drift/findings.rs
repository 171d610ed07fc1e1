//! Whether a model finds as much in a camera's pictures, and is as sure of it, as is usual at these hours.

use std::time::Duration;

use super::hours::{self, HOUR, Hours};
use crate::media::clock::Time;
use crate::media::events::{Condition, Health};
use crate::media::objects::Objects;

/// An hour counts of which at least so much was seen, in at least so many pictures.
const MOST_OF_IT: Duration = Duration::from_secs(2_700);
const PICTURES: u32 = 20;
/// Fewer objects than this, seen or expected, say nothing.
const OBJECTS: f32 = 5.0;
/// Fewer scores than this have no mean.
const SCORES: u32 = 20;
/// Figures differ from day to day by at least this part, and scores by so much.
const BY_CHANCE: f32 = 0.15;
const SCORES_BY_CHANCE: f32 = 0.02;
/// What one model has found in one camera's pictures.
#[derive(Default)]
pub struct Findings {
    hour: Hour,
    /// Roots of objects in a picture, which differ by as much where there are many as where there are few.
    objects: Hours,
    scores: Hours,
    /// What has been told, and when.
    told: Vec<(Condition, Time)>,
}

/// What there was in an hour so far.
#[derive(Default)]
struct Hour {
    number: u64,
    first: Time,
    latest: Option<Time>,
    pictures: u32,
    objects: u32,
    scores: f32,
}

impl Findings {
    /// Takes what was found in a picture; gives what there is to tell. The same picture counts once, however many tell
    /// of it.
    pub fn take(&mut self, found: &Objects) -> Vec<Health> {
        if self.hour.latest.is_some_and(|it| found.at <= it) {
            return Vec::new();
        }
        let number = hours::of(found.at);
        let mut told = Vec::new();
        if self.hour.latest.is_none() || number != self.hour.number {
            let over = std::mem::take(&mut self.hour);
            told = self.close(&over, &found.model, found.at);
            self.hour.number = number;
            self.hour.first = found.at;
        }
        let hour = &mut self.hour;
        hour.latest = Some(found.at);
        hour.pictures += 1;
        hour.objects += found.found.len() as u32;
        hour.scores += found.found.iter().map(|it| it.score).sum::<f32>();
        told
    }

    fn close(&mut self, hour: &Hour, model: &str, now: Time) -> Vec<Health> {
        let lasted = hour.latest.map(|it| it.since(hour.first));
        if lasted.is_none_or(|it| it < MOST_OF_IT) || hour.pictures < PICTURES {
            return Vec::new();
        }
        let in_a_picture = hour.objects as f32 / hour.pictures as f32;
        let usual = self.objects.usual(hour.number).unwrap_or_default();
        let expected = usual * usual * hour.pictures as f32;
        let counts = expected.max(hour.objects as f32) >= OBJECTS;
        let floor = (BY_CHANCE * usual).max(0.5 / (hour.pictures as f32).sqrt());
        self.objects
            .close(hour.number, in_a_picture.sqrt(), floor, counts);
        if hour.objects >= SCORES {
            let mean = hour.scores / hour.objects as f32;
            self.scores.close(hour.number, mean, SCORES_BY_CHANCE, true);
        }
        let usual = usual * usual;
        let count = || {
            format!(
                "{model} finds {in_a_picture:.2} objects in a picture in the last hour, usually {usual:.2} at this hour"
            )
        };
        let mean = hour.scores / hour.objects.max(1) as f32;
        let usual_score = self.scores.usual(hour.number).unwrap_or_default();
        let score = || {
            format!(
                "the scores of {model} are {mean:.2} in the last hour, usually {usual_score:.2} at this hour"
            )
        };
        let (objects, scores) = (&self.objects, &self.scores);
        let all = [
            (
                Condition::Fewer,
                objects.is_low(),
                objects.is_usual(),
                &count as &dyn Fn() -> String,
            ),
            (
                Condition::More,
                objects.is_high(),
                objects.is_usual(),
                &count,
            ),
            (
                Condition::Unsure,
                scores.is_low(),
                scores.is_usual(),
                &score,
            ),
        ];
        let turns = all.map(|(condition, is_so, is_over, reason)| {
            let at = self.told.iter().position(|it| it.0 == condition);
            let (active, since) = match at {
                None if is_so => (true, now),
                Some(at) if is_over => (false, self.told.swap_remove(at).1),
                _ => return None,
            };
            if active {
                self.told.push((condition, now));
            }
            // It had been so for some hours when it was told.
            let lasted = now.since(since) + HOUR * hours::LEAST;
            Some(Health::new(condition, active, lasted).because(reason()))
        });
        turns.into_iter().flatten().collect()
    }
}

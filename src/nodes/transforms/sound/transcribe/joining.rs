//! Utterances that are heard together: a sentence is cut where somebody takes breath, and is heard better whole.

use std::sync::Arc;
use std::time::Duration;

use crate::media::audio::{SAMPLE_RATE, Utterance, duration_of};
use crate::media::clock::Time;

/// What Whisper hears at once. A model that hears less is made for single utterances.
const WINDOW: usize = 30 * SAMPLE_RATE as usize;
/// What is joined fits into the shortest window that Whisper hears well: in longer ones the decoder skips more, and a
/// doubt takes more with it.
const LONGEST: usize = 14 * SAMPLE_RATE as usize;
/// A pause between utterances is heard as at most so much silence beside their padding.
const PAUSE: usize = SAMPLE_RATE as usize / 5;

/// One or more utterances of a source.
pub struct Joined {
    /// The source node whose sound it is.
    pub source: Arc<str>,
    /// Whether it comes from a device.
    pub live: bool,
    /// Capture time at which speech begins.
    pub start: Time,
    /// Capture time at which the first of the utterances ends.
    pub first_end: Time,
    /// Capture time at which speech ends.
    pub end: Time,
    /// The sound of all, with short silences between them.
    pub samples: Vec<f32>,
    /// Seconds of speech, and of them those in which the VAD hears a voice.
    speech: (f32, f32),
    /// First sample of each utterance, and its capture time.
    pieces: Vec<(usize, Time)>,
}

impl Joined {
    /// One utterance by itself.
    pub fn of(utterance: &Utterance) -> Joined {
        let mut joined = Joined {
            source: Arc::clone(&utterance.source),
            live: utterance.live,
            start: utterance.start,
            first_end: utterance.end,
            end: utterance.end,
            samples: Vec::new(),
            speech: (0.0, 0.0),
            pieces: Vec::new(),
        };
        joined.add(utterance);
        joined
    }

    /// Share of speech in which the VAD hears a voice.
    pub fn voiced(&self) -> f32 {
        self.speech.1 / self.speech.0.max(0.001)
    }

    /// Capture time of so many seconds of `samples`.
    pub fn time_of(&self, seconds: f64) -> f64 {
        let sample = (seconds.max(0.0) * f64::from(SAMPLE_RATE)) as usize;
        let after = self.pieces.partition_point(|piece| piece.0 <= sample);
        let (first, at) = self.pieces[after.max(1) - 1];
        at.as_secs_f64() + seconds - first as f64 / f64::from(SAMPLE_RATE)
    }

    /// Whether another utterance can be heard with it.
    fn has_room_for(&self, next: &Utterance, pause: Duration, longest: usize) -> bool {
        self.source == next.source
            && self.live == next.live
            && next.start.since(self.end) <= pause
            && self.samples.len() + PAUSE + next.samples.len() <= longest
    }

    fn add(&mut self, next: &Utterance) {
        let mut fresh = &next.samples[..];
        if let Some((first, at)) = self.pieces.last() {
            let heard_to = at.after(duration_of((self.samples.len() - first) as u64));
            // The padding of one may be the sound of the other.
            let twice = samples_in(heard_to.since(next.at)).min(fresh.len());
            fresh = &fresh[twice..];
            let pause = samples_in(next.at.since(heard_to)).min(PAUSE);
            self.samples.resize(self.samples.len() + pause, 0.0);
        }
        let at = next
            .at
            .after(duration_of((next.samples.len() - fresh.len()) as u64));
        self.pieces.push((self.samples.len(), at));
        self.samples.extend_from_slice(fresh);
        let seconds = next.end.since(next.start).as_secs_f32();
        self.speech.0 += seconds;
        self.speech.1 += seconds * next.voiced;
        self.end = next.end;
    }
}

fn samples_in(time: Duration) -> usize {
    (time.as_secs_f64() * f64::from(SAMPLE_RATE)).round() as usize
}

/// What waits for more of the same source.
pub struct Joiner {
    waiting: Vec<Joined>,
    longest: usize,
}

impl Joiner {
    /// For a model that hears so many samples at once.
    pub fn new(window: usize) -> Joiner {
        let longest = if window < WINDOW { 0 } else { LONGEST };
        Joiner {
            waiting: Vec::new(),
            longest,
        }
    }

    /// Takes an utterance; gives what waited and cannot be joined with it.
    pub fn push(&mut self, next: &Utterance, pause: Duration) -> Option<Joined> {
        let same = self.waiting.iter().position(|it| it.source == next.source);
        match same {
            Some(at) if self.waiting[at].has_room_for(next, pause, self.longest) => {
                self.waiting[at].add(next);
                None
            }
            Some(at) => Some(std::mem::replace(&mut self.waiting[at], Joined::of(next))),
            None => {
                self.waiting.push(Joined::of(next));
                None
            }
        }
    }

    /// All that waits.
    pub fn waiting(&self) -> impl Iterator<Item = &Joined> {
        self.waiting.iter()
    }

    /// Gives what waits at a place among the others.
    pub fn take(&mut self, at: usize) -> Joined {
        self.waiting.remove(at)
    }

    /// The earliest start of what waits.
    pub fn start(&self) -> Option<Time> {
        self.waiting.iter().map(|it| it.start).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = SAMPLE_RATE as f64;

    /// Speech between two seconds, with 0.2 s of padding on both sides.
    fn utterance(start: f64, end: f64) -> Utterance {
        let at = Time::from_secs_f64(start - 0.2);
        Utterance {
            source: "mic".into(),
            live: false,
            at,
            start: Time::from_secs_f64(start),
            end: Time::from_secs_f64(end),
            probability: 0.9,
            voiced: 0.5,
            complete: true,
            samples: vec![start as f32; ((end - start + 0.4) * RATE).round() as usize],
        }
    }

    fn seconds(joined: &Joined) -> f64 {
        joined.samples.len() as f64 / RATE
    }

    #[test]
    fn no_sound_is_heard_twice_and_pauses_are_short() {
        let pause = Duration::from_secs(5);
        let mut joiner = Joiner::new(WINDOW);
        // Padding of the second begins before that of the first ends; the third comes 3 s later.
        for it in [
            utterance(1.0, 2.0),
            utterance(2.3, 3.0),
            utterance(6.0, 7.0),
        ] {
            assert!(joiner.push(&it, pause).is_none());
        }
        assert_eq!(joiner.start(), Some(Time::from_secs_f64(1.0)));
        let joined = joiner.take(0);
        assert!((seconds(&joined) - (2.4 + 0.2 + 1.4)).abs() < 0.001);
        assert_eq!(joined.end, Time::from_secs_f64(7.0));
        assert!((joined.voiced() - 0.5).abs() < 0.001);
        let near = |seconds: f64, time: f64| {
            let found = joined.time_of(seconds);
            assert!(
                (found - time).abs() < 0.001,
                "{seconds} s: {found}, not {time}"
            );
        };
        near(0.0, 0.8);
        near(1.5, 2.3);
        near(2.6, 5.8);
        near(3.8, 7.0);
        assert!(joiner.start().is_none());
    }

    #[test]
    fn what_does_not_fit_begins_anew() {
        let mut joiner = Joiner::new(WINDOW);
        assert!(joiner.push(&utterance(1.0, 10.0), Duration::MAX).is_none());
        let long = joiner.push(&utterance(21.0, 30.0), Duration::MAX);
        assert_eq!(long.map(|it| it.end), Some(Time::from_secs_f64(10.0)));
        let far = joiner.push(&utterance(32.0, 33.0), Duration::from_secs(1));
        assert_eq!(far.map(|it| it.end), Some(Time::from_secs_f64(30.0)));
        let other = Utterance {
            source: "door".into(),
            ..utterance(33.5, 34.0)
        };
        assert!(joiner.push(&other, Duration::MAX).is_none());
        assert_eq!(joiner.waiting.len(), 2);
        let mut joiner = Joiner::new(WINDOW / 6);
        assert!(joiner.push(&utterance(1.0, 1.5), Duration::MAX).is_none());
        assert!(joiner.push(&utterance(1.6, 2.0), Duration::MAX).is_some());
    }
}

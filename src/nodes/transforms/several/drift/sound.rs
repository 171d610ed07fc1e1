//! What is other than usual in what a microphone hears.

use std::collections::VecDeque;
use std::time::Duration;

use super::lasting::{Lasting, Turn};
use super::levels::{Level, Meter};
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::events::{Condition, Health};

/// It is judged by so many tenths of a second, once every so many.
const WINDOW: usize = 200;
const STEP: u32 = 50;
/// One tenth of what is heard is no louder than the noise floor.
const FLOOR: f32 = 0.1;
/// Something is heard where it is so many decibels above the floor, in so many tenths of the window.
const HEARD: f32 = 10.0;
const HEARD_TENTHS: usize = 30;
/// So many windows say what is usual: the first soon, the others from several hours.
const MOST_USUAL: usize = 64;
const FIRST_USUAL: usize = 12;
const LEAST_USUAL: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(300);
/// Behind cloth high tones lose so many decibels against low ones, and so many of their own. Where what is heard differs
/// much, such as music, it must be more than this many times that.
const AGAINST_LOW: f32 = 8.0;
const OF_THEIR_OWN: f32 = 6.0;
const SPREADS: f32 = 3.0;
/// And the noise among high tones falls too, or at least does not grow, as it would with an engine.
const FALLEN: f32 = 3.0;
const NOT_GROWN: f32 = 1.0;
/// Where it does not fall, it must last so many times longer: it may be music next door.
const LONGER_IF_SAME: u32 = 5;
/// The noise floor falls by so many decibels below all that it ever was if a microphone is broken or covered well.
const DEAF: f32 = 20.0;
/// Noise has grown if its floor is so many decibels higher, for so many times longer.
const GROWN: f32 = 12.0;
const LONGER_IF_GROWN: u32 = 20;

/// What a window of sound is like, in decibels.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// Noise floors.
    floor: Level,
    /// What is louder than that, if enough is.
    loud: Option<Level>,
}

/// What is known of one microphone.
#[derive(Default)]
pub struct Sound {
    meter: Meter,
    tenths: VecDeque<Level>,
    fresh: u32,
    latest: Time,
    floors: Usual,
    loud: Usual,
    muffled: Lasting,
    /// Whether next to nothing was heard.
    deaf: bool,
    noisy: Lasting,
}

/// What was usual, over some hours.
#[derive(Default)]
struct Usual {
    all: VecDeque<Level>,
    learnt: Time,
}

impl Usual {
    fn learn(&mut self, level: Level, at: Time) {
        let is_new = self.all.len() < FIRST_USUAL;
        let pause = if is_new { FIRST_PAUSE } else { PAUSE };
        if !self.all.is_empty() && at.since(self.learnt) < pause {
            return;
        }
        self.learnt = at;
        self.all.truncate(MOST_USUAL - 1);
        self.all.push_front(level);
    }

    fn is_known(&self) -> bool {
        self.all.len() >= LEAST_USUAL
    }

    /// What this part of what was usual is not higher than.
    fn quantile(&self, part: f32, figure: impl Fn(&Level) -> f32) -> f32 {
        quantile(self.all.iter().map(figure).collect(), part)
    }
}

impl Sound {
    /// Listens; gives what there is to tell.
    pub fn hear(&mut self, audio: &Audio, after: Duration) -> Vec<Health> {
        if audio.at.since(self.latest) > Duration::from_secs(1) {
            self.tenths.clear();
        }
        self.latest = audio.end();
        let (tenths, fresh) = (&mut self.tenths, &mut self.fresh);
        self.meter.take(&audio.samples, |level| {
            tenths.truncate(WINDOW - 1);
            tenths.push_front(level);
            *fresh += 1;
        });
        if self.fresh < STEP || self.tenths.len() < WINDOW {
            return Vec::new();
        }
        self.fresh = 0;
        let heard = self.heard();
        self.judge(&heard, audio.end(), after / 2)
    }

    fn heard(&self) -> Heard {
        let floor =
            |figure: fn(&Level) -> f32| quantile(self.tenths.iter().map(figure).collect(), FLOOR);
        let floor = Level {
            low: floor(|it| it.low),
            high: floor(|it| it.high),
        };
        let loud = self.tenths.iter().filter(|it| it.low > floor.low + HEARD);
        let (count, low, high) = loud.fold((0, 0.0, 0.0), |sum, it| {
            (sum.0 + 1, sum.1 + it.low, sum.2 + it.high)
        });
        let loud = (count >= HEARD_TENTHS).then(|| Level {
            low: low / count as f32,
            high: high / count as f32,
        });
        Heard { floor, loud }
    }

    /// Judges a window that ends at this time; gives what there is to tell.
    fn judge(&mut self, heard: &Heard, at: Time, after: Duration) -> Vec<Health> {
        let mut told = Vec::new();
        let usual = Level {
            low: self.floors.quantile(0.5, |it| it.low),
            high: self.floors.quantile(0.5, |it| it.high),
        };
        if self.floors.is_known() {
            let grown = heard.floor.loudest() - usual.loudest();
            let turn = self
                .noisy
                .note(Some(grown > GROWN), at, after * LONGER_IF_GROWN);
            told.extend(health(Condition::Noisy, turn, || {
                format!(
                    "the noise floor is at {:.0} dB, {grown:.0} dB above the usual",
                    heard.floor.loudest()
                )
            }));
            let has_fallen = heard.floor.high < usual.high - FALLEN;
            let after = if has_fallen {
                after
            } else {
                after * LONGER_IF_SAME
            };
            let is_muffled = self.is_muffled(heard, usual.high);
            let turn = self.muffled.note(is_muffled, at, after);
            told.extend(health(Condition::Muffled, turn, || self.reason(heard)));
        }
        if !self.muffled.is_open() {
            self.floors.learn(heard.floor, at);
            if let Some(loud) = heard.loud {
                self.loud.learn(loud, at);
            }
        }
        told
    }

    /// Whether high tones are missing, or everything; none if there is too little to say.
    fn is_muffled(&mut self, heard: &Heard, usual_floor: f32) -> Option<bool> {
        let least = |figure: fn(&Level) -> f32| self.floors.quantile(0.0, figure);
        let is_deaf = heard.floor.low < least(|it| it.low) - DEAF
            && heard.floor.high < least(|it| it.high) - DEAF;
        let was_deaf = std::mem::replace(&mut self.deaf, is_deaf);
        let loud = match heard.loud {
            _ if is_deaf => return Some(true),
            Some(loud) if self.loud.is_known() => loud,
            _ if was_deaf => return Some(false),
            _ => return None,
        };
        let off = |part| self.loud.quantile(part, |it| it.high - it.low);
        let (median, spread) = (off(0.5), off(0.75) - off(0.25));
        let limit = median - AGAINST_LOW.max(spread * SPREADS);
        let usual = self.loud.quantile(0.25, |it| it.high);
        Some(
            loud.high - loud.low < limit
                && loud.high < usual - OF_THEIR_OWN
                && heard.floor.high <= usual_floor + NOT_GROWN,
        )
    }

    fn reason(&self, heard: &Heard) -> String {
        let Some(loud) = heard.loud.filter(|_| !self.deaf) else {
            let floor = heard.floor.loudest();
            return format!(
                "next to nothing is heard: the noise floor has fallen to {floor:.0} dB"
            );
        };
        let usual = self.loud.quantile(0.5, |it| it.high - it.low);
        let fallen = usual - (loud.high - loud.low);
        format!("tones above 2 kHz are {fallen:.0} dB fainter against those below than usual")
    }

    /// What is heard, in words.
    pub fn says(&self) -> Option<String> {
        let heard = (self.tenths.len() == WINDOW).then(|| self.heard())?;
        let Level { low, high } = heard.floor;
        Some(format!("noise floor {low:.0} dB, {high:.0} dB above 2 kHz"))
    }
}

impl Level {
    fn loudest(self) -> f32 {
        self.low.max(self.high)
    }
}

fn health(condition: Condition, turn: Option<Turn>, reason: impl Fn() -> String) -> Option<Health> {
    Some(match turn? {
        Turn::Begins(lasted) => Health::new(condition, true, lasted).because(reason()),
        Turn::Ends(lasted) => Health::new(condition, false, lasted),
    })
}

/// What this part of the figures is not higher than.
fn quantile(mut figures: Vec<f32>, part: f32) -> f32 {
    let last = figures.len().saturating_sub(1);
    figures.sort_by(f32::total_cmp);
    let at = (last as f32 * part).round() as usize;
    figures.get(at).copied().unwrap_or_default()
}

//! What is other than usual in what a camera shows.

use std::time::Duration;

use super::lasting::{Lasting, Turn};
use super::nights::Nights;
use super::sampler::Seen;
use super::scene::{ALIKE, Views, shows_something};
use crate::media::clock::Time;
use crate::media::events::{Condition, Health};

/// So long something must have been seen before anything can be other than usual.
const LEARNT: Duration = Duration::from_secs(60);
/// What is usual is learnt in about this time.
const MEMORY: Duration = Duration::from_secs(1_800);
/// The brightness of just now is that of about so long.
const LATELY: Duration = Duration::from_secs(60);
/// By so many steps brightness differs that has changed at once, and not as it gets dark.
const AT_ONCE: f32 = 15.0;
/// Pictures darker and brighter than this, without details, are black and white.
const BLACK: f32 = 40.0;
const WHITE: f32 = 200.0;
/// A plain picture has less than this part of the usual details.
const PLAIN: f32 = 0.3;
/// A blurred one has less than this part of the usual details for its contrast.
const BLURRED: f32 = 0.4;
/// With less than this part of the usual contrast, or light, it is dusk or fog; without details at all it is not.
const LIT: f32 = 0.6;
const NO_DETAILS: f32 = 0.15;
/// Details weaker than this are too few to say when they are gone.
const DETAILED: f32 = 0.5;
/// What has set in is over only when it has got better by so much.
const BETTER: f32 = 1.25;
/// Colours nearer to each other than this are none; those farther apart are some.
const GREY: f32 = 2.0;
const COLOURED: f32 = 4.0;
/// A camera has switched to its night vision when it shows no colours for so long.
const SWITCHED: Duration = Duration::from_secs(10);
/// Another scene that is seen for so long is a usual one.
const ACCEPTED: Duration = Duration::from_secs(3_600);
/// What can be wrong with a picture, one of them at a time.
const TROUBLES: [Condition; 5] = [
    Condition::Covered,
    Condition::Turned,
    Condition::Blurred,
    Condition::Dark,
    Condition::Bright,
];

/// What was usual with colours, or without.
#[derive(Clone, Copy, Default)]
struct Usual {
    looks: f32,
    luma: f32,
    contrast: f32,
    detail: f32,
    sharpness: f32,
}

/// What is known of one camera.
#[derive(Default)]
pub struct Picture {
    views: Views,
    /// By day, and without colours.
    usual: [Option<Usual>; 2],
    is_grey: bool,
    /// Since when it shows colours, or none, other than before.
    switching: Option<Time>,
    /// Since when it shows none any more.
    without_colours: Option<Time>,
    learnt: Duration,
    latest: Option<Time>,
    nights: Nights,
    /// How bright it was lately, or before what is wrong began.
    lately: f32,
    trouble: Lasting,
    /// How often each of what can be wrong was the case since it began.
    times: [u32; TROUBLES.len()],
    told: Option<Condition>,
    /// Since when another scene is seen.
    turned: Option<Time>,
    likeness: f32,
}

impl Picture {
    /// Looks at what is seen; gives what there is to tell.
    pub fn look(&mut self, seen: &Seen, after: Duration) -> Vec<Health> {
        let passed = self.latest.map_or(Duration::ZERO, |it| seen.at.since(it));
        self.latest = Some(seen.at);
        self.likeness = self.views.likeness(&seen.scene);
        let mut told = Vec::new();
        if self.learnt < LEARNT {
            self.is_grey = seen.chroma < GREY;
            self.learn(seen, passed);
            return told;
        }
        told.extend(self.colours(seen));
        let wrong = self.wrong(seen);
        if !self.trouble.is_open() && wrong.is_none() {
            self.learn(seen, passed);
        }
        told.extend(self.follow(wrong, seen, after));
        if !self.trouble.is_open() {
            let share = (passed.as_secs_f32() / LATELY.as_secs_f32()).min(1.0);
            self.lately += (seen.luma - self.lately) * share;
        }
        told
    }

    /// Forgets all, as another camera could be seen.
    pub fn begin_anew(&mut self) -> Option<Health> {
        let turn = self.trouble.give_up(self.latest?);
        let ended = self.ended(turn);
        *self = Picture::default();
        Some(ended?.because("its pictures have another size now"))
    }

    /// Brightness, details and scene, in words.
    pub fn says(&self, seen: &Seen) -> String {
        let details = match self.known().filter(|it| it.detail > DETAILED) {
            Some(usual) => percent(seen.detail / usual.detail),
            None => "unknown".to_owned(),
        };
        let (luma, likeness) = (seen.luma, self.likeness);
        format!("brightness {luma:.0}, details {details} of usual, likeness {likeness:.2}")
    }

    /// What is usual in this light, or else in the other.
    fn known(&self) -> Option<Usual> {
        let [own, other] = [self.is_grey, !self.is_grey].map(|it| self.usual[usize::from(it)]);
        own.or(other)
    }

    fn learn(&mut self, seen: &Seen, passed: Duration) {
        if seen.detail < DETAILED || !shows_something(&seen.scene) {
            return;
        }
        // A pause of the camera is no time to learn.
        self.learnt = self.learnt.saturating_add(passed.min(LATELY));
        self.views.learn(&seen.scene, self.is_grey, seen.at, passed);
        let usual = self.usual[usize::from(self.is_grey)].get_or_insert_default();
        usual.looks += 1.0;
        let share = passed.as_secs_f32() / MEMORY.as_secs_f32();
        let share = share.max(1.0 / usual.looks).min(1.0);
        usual.luma += (seen.luma - usual.luma) * share;
        usual.contrast += (seen.contrast - usual.contrast) * share;
        usual.detail += (seen.detail - usual.detail) * share;
        usual.sharpness += (sharpness(seen) - usual.sharpness) * share;
        if self.learnt < LEARNT {
            self.lately = seen.luma;
        }
    }

    fn is_plain(&self, seen: &Seen) -> bool {
        let usual = self.known().map_or(0.0, |it| it.detail);
        seen.detail < usual * PLAIN || !shows_something(&seen.scene)
    }

    /// What is wrong with what is seen now.
    fn wrong(&mut self, seen: &Seen) -> Option<Condition> {
        let better = if self.trouble.is_open() { BETTER } else { 1.0 };
        let is_plain = self.is_plain(seen);
        let is_black = is_plain && seen.luma < BLACK;
        self.nights.note(is_black, seen.at);
        if self.likeness >= ALIKE * better {
            let usual = self.usual[usize::from(self.is_grey)];
            let usual = usual.filter(|it| it.detail > DETAILED)?;
            let is_soft = sharpness(seen) < usual.sharpness * BLURRED * better;
            let has_contrast = seen.contrast > usual.contrast * LIT;
            let is_gone = seen.detail < usual.detail * NO_DETAILS * better;
            let is_lit = seen.luma > usual.luma * LIT;
            let is_blurred = is_soft && (has_contrast || is_gone && is_lit);
            return is_blurred.then_some(Condition::Blurred);
        }
        if !is_plain {
            // What night vision shows for the first time need not be like the day.
            return self.views.has(self.is_grey).then_some(Condition::Turned);
        }
        let is_slow = (seen.luma - self.lately).abs() < AT_ONCE;
        Some(match () {
            () if is_black && (is_slow || self.nights.is_usual(seen.at)) => Condition::Dark,
            () if seen.luma > WHITE && is_slow => Condition::Bright,
            () => Condition::Covered,
        })
    }

    /// Tells what is wrong when it has lasted, and when it is over.
    fn follow(&mut self, wrong: Option<Condition>, seen: &Seen, after: Duration) -> Option<Health> {
        if let Some(at) = TROUBLES.iter().position(|it| Some(*it) == wrong) {
            self.times[at] += 1;
        }
        if wrong == Some(Condition::Turned) {
            let since = *self.turned.get_or_insert(seen.at);
            if seen.at.since(since) >= ACCEPTED {
                return self.accept(seen);
            }
        } else {
            self.turned = None;
        }
        let turn = self.trouble.note(Some(wrong.is_some()), seen.at, after);
        if turn.is_none() && !self.trouble.is_open() {
            self.times = Default::default();
        }
        match turn? {
            Turn::Begins(lasted) => {
                let most = (0..TROUBLES.len()).rev().max_by_key(|it| self.times[*it]);
                let condition = TROUBLES[most.unwrap_or_default()];
                self.told = Some(condition);
                let health = Health::new(condition, true, lasted);
                Some(health.because(self.reason(condition, seen)))
            }
            ends => self.ended(Some(ends)),
        }
    }

    fn ended(&mut self, turn: Option<Turn>) -> Option<Health> {
        self.times = Default::default();
        self.turned = None;
        let Turn::Ends(lasted) = turn? else {
            return None;
        };
        Some(Health::new(self.told.take()?, false, lasted))
    }

    /// Whoever has turned a camera wants that to be its scene, sooner or later.
    fn accept(&mut self, seen: &Seen) -> Option<Health> {
        let is_grey = self.is_grey;
        self.views
            .learn(&seen.scene, is_grey, seen.at, Duration::ZERO);
        self.usual[usize::from(is_grey)] = None;
        let turn = self.trouble.give_up(seen.at);
        let ended = self.ended(turn);
        Some(ended?.because("this has been its scene for an hour"))
    }

    /// Tells when night vision has begun and is over.
    fn colours(&mut self, seen: &Seen) -> Option<Health> {
        let is_grey = match seen.chroma {
            it if it < GREY => true,
            it if it > COLOURED => false,
            _ => self.is_grey,
        };
        // What covers a camera has no colours either.
        if is_grey == self.is_grey || self.is_plain(seen) {
            self.switching = None;
            return None;
        }
        let since = *self.switching.get_or_insert(seen.at);
        if seen.at.since(since) < SWITCHED {
            return None;
        }
        self.switching = None;
        self.is_grey = is_grey;
        let lasted = seen.at.since(since);
        if is_grey {
            self.without_colours = Some(since);
            let health = Health::new(Condition::Infrared, true, lasted);
            return Some(health.because("the picture has no colours any more"));
        }
        let lasted = since.since(self.without_colours.take()?);
        Some(Health::new(Condition::Infrared, false, lasted))
    }

    fn reason(&self, condition: Condition, seen: &Seen) -> String {
        let usual = self.known().unwrap_or_default();
        let luma = seen.luma;
        let details = percent(seen.detail / usual.detail.max(f32::MIN_POSITIVE));
        match condition {
            Condition::Turned => {
                let likeness = self.likeness;
                format!("its likeness to the usual scene is {likeness:.2} of 1")
            }
            Condition::Blurred => {
                let left = sharpness(seen) / usual.sharpness.max(f32::MIN_POSITIVE);
                format!("{} of the usual sharpness are left", percent(left))
            }
            _ => format!(
                "brightness {luma:.0} of 255, usually {:.0}; {details} of the usual details are left",
                usual.luma
            ),
        }
    }
}

/// Details for the contrast there is: less light leaves it as it is, a lens that blurs does not.
fn sharpness(seen: &Seen) -> f32 {
    seen.detail / (seen.contrast + 2.0)
}

fn percent(part: f32) -> String {
    format!("{:.0} %", part * 100.0)
}

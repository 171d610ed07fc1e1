//! `tag_sound`: names sounds that are no words, with YAMNet, and tells when they begin and end.

mod options;

use std::path::Path;
use std::sync::Arc;

use self::options::{Config, Watched};
use crate::inference::onnx::{declared, session};
use crate::inference::sound::course::{Stretch, Turn};
use crate::inference::sound::yamnet::{Places, WINDOW, Yamnet};
use crate::inference::speech::memory::Memory;
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::events::{Of, Phase, Sound};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::pipeline::contract::pressure::Way;

/// One stream of audio.
pub struct TagSound {
    yamnet: Yamnet,
    heard: Heard,
    /// Samples between two windows.
    step: u64,
    memory: Memory,
    /// First sample of the next window.
    next: u64,
    /// First sample that no window has held.
    heard_to: u64,
    context: Context,
}

/// What is listened for, and up to which sample it was.
struct Heard {
    watched: Vec<Watched>,
    to: u64,
}

impl Node for TagSound {
    const NAME: &'static str = "tag_sound";
    const ALSO: &'static [&'static str] = &[
        "yamnet",
        "sound",
        "sounds",
        "audioset",
        "audio_tagging",
        "sound_events",
        "classify_sound",
    ];
    const ABOUT: &'static str =
        "Names sounds that are no words, such as breaking glass, alarms and dogs (YAMNet).";
    const EXAMPLE: &'static str = "labels = [\"Glass\", \"Dog\"]\nthresholds = { Dog = 0.4 }";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        config.check()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let declared = declared::at_hand(&config.model.name, config.model.sha256(), base);
        let places = declared.and_then(|it| {
            Places::of(&it.about).map_err(|why| Misuse::new("model", why, "`yamnet` is one"))
        });
        places.err().into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<TagSound> {
        let session = session::open(&config.model.name, config.model.sha256(), context)?;
        let mut yamnet = Yamnet::new(session)?;
        yamnet.scores(&[0.0; WINDOW])?;
        Ok(TagSound {
            yamnet,
            heard: Heard {
                watched: config.watched(),
                to: 0,
            },
            step: config.step(),
            memory: Memory::default(),
            next: 0,
            heard_to: 0,
            context: context.clone(),
        })
    }
}

impl Transform for TagSound {
    type In = Arc<Audio>;
    type Out = Of<Sound>;
    const SINGLE: bool = true;
    const INFERS: bool = true;

    fn apply(&mut self, audio: Arc<Audio>, out: &mut Emit<Self::Out>) -> Result<()> {
        if !self.memory.continues_with(&audio) {
            // Sound was lost. What comes next has nothing to do with what came before.
            self.finish(out)?;
            self.start_at(audio.first_sample);
        }
        self.memory.add(audio);
        let step = self.step_now();
        while let Some(window) = self.memory.after(self.next).get(..WINDOW) {
            // A window stands for a step in its middle.
            let to = self.next + (WINDOW as u64 + step) / 2;
            let scores = self.yamnet.scores(window)?;
            self.heard.hear(scores, to, &self.memory, out);
            self.heard_to = self.next + WINDOW as u64;
            self.next += step;
        }
        self.memory.forget_before(self.next);
        Ok(())
    }

    /// The next window, or what is to be told of the sounds that are open.
    fn holds(&self) -> Option<Time> {
        let open = self.heard.watched.iter().filter_map(|it| it.course.holds());
        self.memory.time_of(open.fold(self.next, u64::min))
    }

    fn finish(&mut self, out: &mut Emit<Self::Out>) -> Result<()> {
        let end = self.memory.end();
        if self.heard_to < end {
            let rest = self.memory.after(self.next);
            let mut window = [0.0; WINDOW];
            window[..rest.len()].copy_from_slice(rest);
            let scores = self.yamnet.scores(&window)?;
            self.heard.hear(scores, end, &self.memory, out);
            self.heard_to = end;
        }
        self.heard.finish(&self.memory, out);
        Ok(())
    }
}

impl TagSound {
    /// Twice as long while the machine is short, as long as nothing is skipped.
    fn step_now(&self) -> u64 {
        match self.context.yields(Way::Sounds) {
            true => (2 * self.step).min(WINDOW as u64).max(self.step),
            false => self.step,
        }
    }

    fn start_at(&mut self, sample: u64) {
        self.memory.begin_at(sample);
        (self.next, self.heard_to, self.heard.to) = (sample, sample, sample);
    }
}

impl Heard {
    /// Takes the scores of what comes next, up to a sample.
    fn hear(&mut self, scores: &[f32], to: u64, memory: &Memory, out: &mut Emit<Of<Sound>>) {
        for Watched {
            class,
            label,
            course,
        } in &mut self.watched
        {
            if let Some(turn) = course.push(scores[*class], self.to, to) {
                tell(memory, label, turn, out);
            }
        }
        self.to = to;
    }

    fn finish(&mut self, memory: &Memory, out: &mut Emit<Of<Sound>>) {
        for Watched { label, course, .. } in &mut self.watched {
            if let Some(turn) = course.finish() {
                tell(memory, label, turn, out);
            }
        }
    }
}

fn tell(memory: &Memory, label: &Arc<str>, turn: Turn, out: &mut Emit<Of<Sound>>) {
    let (phase, Stretch { start, end, score }) = match turn {
        Turn::Start(stretch) => (Phase::Start, stretch),
        Turn::End(stretch) => (Phase::End, stretch),
    };
    let latest = memory.latest();
    let latest = latest.expect("there is no sound without audio");
    let [start, end] = [start, end].map(|it| {
        let time = memory.time_of(it);
        time.expect("there is no sound without audio")
    });
    let at = if phase == Phase::Start { start } else { end };
    let sound = Sound {
        phase,
        label: Arc::clone(label),
        score,
        start: start.as_secs_f64(),
        end: end.as_secs_f64(),
    };
    out.event(&latest.source, at, None, sound);
}

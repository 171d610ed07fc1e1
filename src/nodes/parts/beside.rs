//! The sound of a microphone that stands beside cameras: as packets of theirs, in step with their pictures.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::media::audio::{Audio, SAMPLE_RATE, duration_of};
use crate::media::clock::Time;
use crate::media::coded::{Coded, Medium, Stream};

/// No camera has so many streams.
const INDEX: u32 = 1_000;
/// So much sound waits for pictures, which come later than it.
const MOST: Duration = Duration::from_secs(10);
/// What was not heard for so long may not come again.
const AWAY: Duration = Duration::from_secs(5);

/// What is heard of each camera, by itself or beside it.
#[derive(Default)]
pub struct Sounds {
    microphone: Option<Microphone>,
    cameras: BTreeMap<Arc<str>, Camera>,
}

struct Microphone {
    source: Arc<str>,
    stream: Arc<Stream>,
}

#[derive(Default)]
struct Camera {
    /// Whether it has sound of its own.
    hears: bool,
    /// What was heard beside it later than its latest picture.
    waiting: VecDeque<Arc<Coded>>,
    /// The latest sound that was given.
    last: Option<Arc<Coded>>,
}

/// Whether a packet is a microphone's.
pub fn is_beside(unit: &Coded) -> bool {
    unit.stream.index == INDEX
}

impl Sounds {
    /// Takes what a microphone hears; of several, the one that was heard first.
    pub fn hear(&mut self, audio: &Audio) {
        let microphone = self.microphone.get_or_insert_with(|| Microphone {
            source: Arc::clone(&audio.source),
            stream: Arc::new(stream()),
        });
        if microphone.source != audio.source {
            return;
        }
        let deaf = self.cameras.iter_mut().filter(|it| !it.1.hears);
        for (source, camera) in deaf {
            let unit = packet(audio, source, &microphone.stream);
            camera.waiting.push_back(Arc::new(unit));
            let old = |it: &mut Arc<Coded>| audio.at.since(it.at) > MOST;
            while camera.waiting.pop_front_if(old).is_some() {}
        }
    }

    /// A packet of a camera, after what was heard beside it until then.
    pub fn in_step(&mut self, unit: &Arc<Coded>) -> Vec<Arc<Coded>> {
        let camera = self.cameras.entry(Arc::clone(&unit.source)).or_default();
        if matches!(unit.stream.medium, Medium::Sound { .. }) {
            camera.hears = true;
            camera.waiting.clear();
            camera.last = Some(Arc::clone(unit));
            return vec![Arc::clone(unit)];
        }
        let mut units = Vec::new();
        while let Some(before) = camera.waiting.pop_front_if(|it| it.at <= unit.at) {
            units.push(before);
        }
        camera.last = units.last().cloned().or(camera.last.take());
        units.push(Arc::clone(unit));
        units
    }

    /// A packet of the sound that goes with the pictures of a camera at this time, if any does.
    pub fn of(&self, source: &str, at: Time) -> Option<&Arc<Coded>> {
        let camera = self.cameras.get(source)?;
        let last = camera.last.as_ref().or(camera.waiting.front());
        last.filter(|it| at.since(it.at) < AWAY)
    }
}

fn stream() -> Stream {
    Stream {
        index: INDEX,
        medium: Medium::Sound {
            rate: SAMPLE_RATE,
            channels: 1,
        },
        codec: "pcm_s16le".to_owned(),
        parameters: Vec::new(),
    }
}

fn packet(audio: &Audio, camera: &Arc<str>, stream: &Arc<Stream>) -> Coded {
    // What had 16 bits has the same again.
    let whole = |it: &f32| (it * 32_768.0).round() as i16;
    let bytes = audio.samples.iter().flat_map(|it| whole(it).to_le_bytes());
    Coded {
        source: Arc::clone(camera),
        live: audio.live,
        stream: Arc::clone(stream),
        at: audio.at,
        duration: duration_of(audio.samples.len() as u64),
        key: true,
        data: bytes.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(source: &str, second: f64) -> Audio {
        Audio {
            source: source.into(),
            live: true,
            first_sample: 0,
            at: Time::from_secs_f64(second),
            samples: vec![0.5; 1600],
        }
    }

    fn sent(second: f64, medium: Medium) -> Arc<Coded> {
        let stream = Stream {
            index: 0,
            medium,
            ..stream()
        };
        Arc::new(Coded {
            key: false,
            ..packet(&heard("cam", second), &"cam".into(), &Arc::new(stream))
        })
    }

    const PICTURE: Medium = Medium::Picture {
        width: 4,
        height: 4,
    };

    fn given(sounds: &mut Sounds, second: f64) -> Vec<f64> {
        let units = sounds.in_step(&sent(second, PICTURE)).into_iter();
        units
            .filter(|it| is_beside(it))
            .map(|it| it.at.as_secs_f64())
            .collect()
    }

    #[test]
    fn sound_waits_for_the_pictures_of_its_time() {
        let mut sounds = Sounds::default();
        assert_eq!(given(&mut sounds, 0.0), [0.0; 0]);
        for second in [0.1, 0.2, 0.3] {
            sounds.hear(&heard("mic", second));
            sounds.hear(&heard("other", second));
        }
        assert_eq!(given(&mut sounds, 0.2), [0.1, 0.2]);
        assert!(sounds.of("cam", Time::from_secs_f64(1.0)).is_some());
        assert!(sounds.of("cam", Time::from_secs_f64(9.0)).is_none());
        // The camera is away, and only the latest is kept for it.
        (10..300).for_each(|it| sounds.hear(&heard("mic", f64::from(it) / 10.0)));
        let late = given(&mut sounds, 40.0);
        assert!(late.len() <= 101 && late[0] > 19.0, "{late:?}");
    }

    #[test]
    fn a_camera_that_hears_needs_no_other() {
        let mut sounds = Sounds::default();
        given(&mut sounds, 0.0);
        sounds.hear(&heard("mic", 0.1));
        let own = Medium::Sound {
            rate: 8_000,
            channels: 1,
        };
        assert_eq!(sounds.in_step(&sent(0.1, own)).len(), 1);
        sounds.hear(&heard("mic", 0.2));
        assert_eq!(given(&mut sounds, 0.3), [0.0; 0]);
        let last = sounds.of("cam", Time::from_secs_f64(0.3));
        assert!(last.is_some_and(|it| !is_beside(it)));
    }
}

//! What is told of sound.

use std::sync::Arc;

use super::{Chance, told};
use crate::media::audio::{Audio, SAMPLE_RATE};
use crate::media::clock::Time;
use crate::media::events::Condition;
use crate::media::events::Condition::{Muffled, Noisy};

/// How a room sounds.
#[derive(Clone, Copy)]
struct Room {
    /// How loud the noise in it is.
    noise: f32,
    /// Somebody speaks, so loud: deep and sharp tones, word by word.
    deep: f32,
    sharp: f32,
    /// How much of high tones cloth takes away: each sample is the mean with the one before, so often.
    cloth: usize,
    /// How loud all of it is.
    gain: f32,
}

const TALK: Room = Room {
    noise: 0.003,
    deep: 0.1,
    sharp: 0.05,
    cloth: 0,
    gain: 1.0,
};

/// What is told of so many seconds of a room.
fn listen(seconds: u64, room: impl Fn(u64) -> Room) -> Vec<(Condition, bool, u64)> {
    let mut chance = Chance(3);
    let mut before = [0.0; 12];
    let chunks = (0..seconds * 2).map(|half| {
        let room = room(half / 2);
        let first = half * u64::from(SAMPLE_RATE) / 2;
        let sample = |it: u64| {
            let second = it as f32 / SAMPLE_RATE as f32;
            let wave = |hertz: f32| (second * hertz % 1.0 * std::f32::consts::TAU).sin();
            let speaks = f32::from(u8::from(second % 0.7 < 0.4 && second % 5.0 < 4.0));
            let voice = room.deep * wave(220.0) + room.sharp * wave(3_100.0);
            let mut sample = speaks * voice + chance.around(room.noise);
            for before in &mut before[..room.cloth] {
                let mean = (sample + *before) / 2.0;
                *before = sample;
                sample = mean;
            }
            sample * room.gain
        };
        let audio = Audio {
            source: "mic".into(),
            live: false,
            first_sample: first,
            at: Time::from_secs_f64(half as f64 / 2.0),
            samples: (first..first + u64::from(SAMPLE_RATE) / 2)
                .map(sample)
                .collect(),
        };
        Arc::new(audio).into()
    });
    told("", chunks)
}

#[test]
fn a_microphone_that_is_muffled_is_found_within_a_minute() {
    for muffled in [Room { cloth: 12, ..TALK }, Room { gain: 0.01, ..TALK }] {
        let told = listen(260, |second| match second {
            100..180 => muffled,
            _ => TALK,
        });
        assert!(
            matches!(
                told[..],
                [(Muffled, true, 110..160), (Muffled, false, 185..225)]
            ),
            "{told:?}"
        );
    }
}

#[test]
fn silence_rain_and_an_engine_are_no_alarm() {
    let quiet = Room {
        deep: 0.0,
        sharp: 0.0,
        ..TALK
    };
    let rain = Room {
        noise: 0.05,
        ..TALK
    };
    // Deep, with little noise among high tones.
    let engine = Room {
        deep: 0.3,
        sharp: 0.002,
        noise: 0.004,
        ..TALK
    };
    let told = listen(520, |second| match second {
        90..150 => quiet,
        180..360 => rain,
        400..460 => engine,
        _ => TALK,
    });
    assert!(told.iter().all(|it| !it.0.is_alarm()), "{told:?}");
    let told = listen(540, |second| if second < 90 { TALK } else { rain });
    assert!(matches!(told[..], [(Noisy, true, 490..530)]), "{told:?}");
    assert!(!Noisy.is_alarm() && Muffled.is_alarm());
}

//! Sound in every format, rate and channel count comes in as the same 16 kHz mono.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use otus::media::packet::Packet;
use otus::pipeline::contract::testing;

use crate::scratch::{Scratch, skipped};

const SPOKEN: &str = "/usr/share/sounds/alsa/Front_Center.wav";

/// What `audio_file` makes of a file, and whether its chunks follow each other without a gap.
pub fn samples(file: &Path) -> Vec<f32> {
    let ty = otus::nodes::find("audio_file").expect("it is always there");
    let packets = testing::drive(ty, &format!("path = {file:?}"), []).expect("a sound file");
    let mut samples = Vec::new();
    for packet in packets {
        let Packet::Audio(audio) = packet else {
            panic!("unexpected {}", packet.kind());
        };
        assert_eq!(audio.first_sample, samples.len() as u64);
        samples.extend_from_slice(&Arc::unwrap_or_clone(audio).samples);
    }
    samples
}

/// Likeness of two recordings at their best alignment within 60 ms: 1 is the same.
fn likeness(one: &[f32], other: &[f32]) -> f32 {
    let at = |samples: &[f32], index: i64| {
        usize::try_from(index)
            .ok()
            .and_then(|it| samples.get(it).copied())
            .unwrap_or(0.0)
    };
    let energy = |samples: &[f32]| samples.iter().map(|it| it * it).sum::<f32>().sqrt();
    let shifts = (-960..=960).step_by(2);
    let product = |shift: i64| -> f32 {
        let pairs = one.iter().enumerate().step_by(7);
        7.0 * pairs
            .map(|(index, sample)| sample * at(other, index as i64 + shift))
            .sum::<f32>()
    };
    let best = shifts.map(product).fold(0.0, f32::max);
    best / (energy(one) * energy(other))
}

#[test]
fn every_format_sounds_like_the_original() {
    let convert = |scratch: &Scratch, name: &str, options: &[&str]| -> Option<PathBuf> {
        let path = scratch.path(name);
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg
            .args(["-v", "error", "-i", SPOKEN])
            .args(options)
            .arg(&path);
        ffmpeg
            .status()
            .is_ok_and(|status| status.success())
            .then_some(path)
    };
    if !Path::new(SPOKEN).exists() {
        return skipped("the package alsa-utils is not installed");
    }
    let scratch = Scratch::new();
    let original = samples(Path::new(SPOKEN));
    assert!(
        original.len() > 16_000,
        "the recording is longer than a second"
    );
    for (name, options) in [
        ("a.flac", &[][..]),
        ("b.mp3", &["-b:a", "128k"]),
        ("c.ogg", &["-c:a", "libvorbis"]),
        ("d.wav", &["-ar", "22050", "-ac", "2"]),
        ("e.wav", &["-ar", "8000", "-c:a", "pcm_s16le"]),
        ("f.wav", &["-ar", "96000", "-ac", "6", "-c:a", "pcm_f32le"]),
        ("g.wav", &["-ar", "44100", "-c:a", "pcm_s24le"]),
    ] {
        let Some(path) = convert(&scratch, name, options) else {
            return skipped("the package ffmpeg is not installed");
        };
        let heard = samples(&path);
        let difference = heard.len().abs_diff(original.len());
        // MP3 encoders pad with up to 0.1 s.
        assert!(
            difference < 2_000,
            "{name}: {} of {} samples",
            heard.len(),
            original.len()
        );
        let likeness = likeness(&original, &heard);
        assert!(likeness > 0.95, "{name} {options:?}: likeness {likeness}");
    }
}

#[test]
fn several_files_are_played_after_each_other_with_a_pause() {
    let scratch = Scratch::new();
    for (name, level) in [("a.wav", 1000i16), ("b.wav", 2000)] {
        let data: Vec<u8> = std::iter::repeat_n(level.to_le_bytes(), 1600)
            .flatten()
            .collect();
        let mut wav =
            b"RIFF\xa4\x0c\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data"
                .to_vec();
        wav.extend_from_slice(&(data.len() as u32).to_le_bytes());
        wav.extend_from_slice(&data);
        scratch.write(name, wav);
    }
    let heard = samples(&scratch.path("*.wav"));
    assert_eq!(heard.len(), 1600 + 16_000 + 1600);
    let levels =
        [heard[800], heard[8000], heard[1600 + 16_000 + 800]].map(|it| (it * 32_768.0).round());
    assert_eq!(levels, [1000.0, 0.0, 2000.0]);
}

/// Found by `make fuzz`: a header that makes the decoder's library panic.
#[test]
fn a_sample_rate_of_zero_is_damage() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fuzz/corpus/sound/rate-zero.wav"
    );
    let pipeline = format!(
        "[sources.clip]\ntype = 'audio_file'\npath = '{file}'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['clip']\npath = 'log.jsonl'\n"
    );
    let ended = Scratch::new().run(&pipeline, &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let said = "rate-zero.wav is too damaged to be read";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

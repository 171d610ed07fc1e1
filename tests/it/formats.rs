//! Sound in every format, rate and channel count comes in as the same 16 kHz mono.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use otus::media::packet::Packet;
use otus::pipeline::contract::testing;

use crate::bad_input::check;
use crate::samples::{wav, world};
use crate::scratch::{Ended, Running, Scratch, skipped};

const SPOKEN: &str = "/usr/share/sounds/alsa/Front_Center.wav";

/// What `audio_file` makes of a file, and whether its chunks follow each other without a gap.
pub fn samples(file: &Path) -> Vec<f32> {
    samples_with(file, "")
}

fn samples_with(file: &Path, options: &str) -> Vec<f32> {
    let ty = otus::nodes::find("audio_file").expect("it is always there");
    let options = format!("path = {file:?}\n{options}");
    let packets = testing::drive(ty, &options, []).expect("a sound file");
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
        ("h.wav", &["-c:a", "adpcm_ima_wav"]),
        ("i.aiff", &[]),
        ("k.m4a", &["-c:a", "aac", "-b:a", "128k"]),
        ("l.m4a", &["-c:a", "alac"]),
        ("m.aac", &["-c:a", "aac", "-b:a", "128k"]),
        ("n.mp4", &["-c:a", "aac", "-b:a", "128k", "-ac", "6"]),
        // By FFmpeg.
        ("j.caf", &["-c:a", "pcm_s16le"]),
        ("o.opus", &["-c:a", "libopus"]),
        ("p.webm", &["-c:a", "libopus", "-ac", "2"]),
        ("q.wav", &["-rf64", "always"]),
        ("r.ts", &["-c:a", "mp2"]),
        ("s.avi", &["-c:a", "libmp3lame", "-b:a", "128k"]),
        ("t.mkv", &["-c:a", "ac3", "-b:a", "192k"]),
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

/// What programs write into a pipe, whose length they cannot know, or what is cut short although it is known.
#[test]
fn a_wav_file_of_unknown_length_is_read_to_its_end() {
    let scratch = Scratch::new();
    for (name, riff, data) in [
        ("ffmpeg.wav", u32::MAX, u32::MAX),
        ("gstreamer.wav", 36, 0),
        ("nothing.wav", 0, 0),
        ("sox.wav", 0x7fff_fffb, 0x7fff_ffd7),
        ("arecord.wav", 0x8000_0024, 0x8000_0000),
    ] {
        let mut bytes = wav(16_000, 16_000);
        bytes[4..8].copy_from_slice(&u32::to_le_bytes(riff));
        bytes[40..44].copy_from_slice(&u32::to_le_bytes(data));
        scratch.write(name, bytes);
        let ended = hear(&scratch, name, "");
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        assert!(!ended.stderr.contains("cut off"), "{}", ended.stderr);
        assert_eq!(samples(&scratch.path(name)).len(), 16_000, "{name}");
    }
}

#[test]
fn a_film_that_is_cut_off_is_heard_as_far_as_it_goes_and_told() {
    let scratch = Scratch::new();
    for (name, options) in [
        ("a.m4a", &["-c:a", "aac", "-movflags", "+faststart"][..]),
        ("b.mkv", &["-c:a", "aac"]),
    ] {
        let path = scratch.path(name);
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-f", "lavfi", "-i", "anoisesrc=d=20:r=16000"]);
        if !ffmpeg
            .args(options)
            .arg(&path)
            .status()
            .is_ok_and(|it| it.success())
        {
            return skipped("the package ffmpeg is not installed");
        }
        let whole = std::fs::read(&path).expect("it was written just now");
        scratch.write(name, &whole[..whole.len() / 2]);
        let ended = hear(&scratch, name, "");
        check(&ended, 1, &format!("{name} is cut off: "));
        let heard = ended.stdout + &ended.stderr;
        assert!(!heard.contains("holds no sound"), "{heard}");
    }
}

fn hear(scratch: &Scratch, file: &str, options: &str) -> Ended {
    let pipeline = format!(
        "[sources.clip]\ntype = 'audio_file'\npath = '{file}'\n{options}\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['clip']\npath = 'log.jsonl'\n"
    );
    scratch.run(&pipeline, &[])
}

#[test]
fn what_holds_no_sound_is_told_what_it_is() {
    let scratch = world();
    scratch.write("list.wav", "#EXTM3U\n#EXTINF:3,\nclip.wav\n");
    scratch.write("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0");
    scratch.write(
        "noise.bin",
        (0..9000u32)
            .flat_map(|it| (it * it).to_le_bytes())
            .collect::<Vec<_>>(),
    );
    std::fs::create_dir(scratch.path("folder")).expect("the scratch directory is writable");
    for (file, said) in [
        ("a.jpg", "a.jpg is a JPEG picture and holds no sound"),
        ("picture.bmp", "is a BMP picture and holds no sound"),
        ("text.mp4", "text.mp4 is text and holds no sound"),
        ("list.wav", "list.wav is a playlist and holds no sound"),
        ("folder", "folder is a folder; "),
        ("noise.bin", "noise.bin is nothing that is known here"),
    ] {
        check(&hear(&scratch, file, ""), 1, said);
    }
    let film = scratch.path("silent.mp4");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-f", "lavfi", "-i", "color=s=64x64:d=1"]);
    if !ffmpeg.arg(&film).status().is_ok_and(|it| it.success()) {
        return skipped("the package ffmpeg is not installed");
    }
    let said = "silent.mp4 holds no sound; it is an MP4 or MOV film";
    check(&hear(&scratch, "silent.mp4", ""), 1, said);
}

/// What only FFmpeg can read is told so where it is not installed, and what it is.
#[test]
fn without_ffmpeg_its_package_is_told() {
    let scratch = world();
    let mut stream = [0; 188 * 20];
    stream.iter_mut().step_by(188).for_each(|it| *it = 0x47);
    scratch.write("film.ts", stream);
    let opus = [&b"OggS"[..], &[0; 24], b"OpusHead"].concat();
    scratch.write("a.ogg", opus);
    let mut gsm = wav(100, 100);
    gsm[20] = 0x31;
    scratch.write("gsm.wav", gsm);
    for (file, said) in [
        (
            "film.ts",
            "is an MPEG transport stream, … `apt install ffmpeg`",
        ),
        ("a.ogg", "is an Ogg Opus file, … `apt install ffmpeg`"),
        (
            "gsm.wav",
            "is a WAV file, … unsupported … `apt install ffmpeg`",
        ),
    ] {
        let pipeline = format!(
            "[sources.clip]\ntype = 'audio_file'\npath = '{file}'\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['clip']\npath = 'log.jsonl'\n\
             [status]\nlisten = 'off'\n"
        );
        scratch.write("pipeline.toml", pipeline);
        let mut otus = scratch.otus(&["run", "pipeline.toml"]);
        otus.env("PATH", "/nowhere");
        check(&Running::start(otus).wait(), 1, said);
    }
}

/// A header that claims so much or so little that it is no sound.
#[test]
fn numbers_that_no_sound_has_are_named() {
    let scratch = Scratch::new();
    for (at, number, said) in [
        (24, &0u32.to_le_bytes()[..], "a sample rate of 0 Hz"),
        (24, &1u32.to_le_bytes(), "1 Hz is no sound"),
        (24, &10_000_000u32.to_le_bytes(), "10000000 Hz is no sound"),
        (22, &0u16.to_le_bytes(), "0 channels"),
        (22, &255u16.to_le_bytes(), "255 channels"),
        (34, &0u16.to_le_bytes(), "samples of 0 bits"),
    ] {
        let mut bytes = wav(16_000, 16_000);
        bytes[at..at + number.len()].copy_from_slice(number);
        scratch.write("a.wav", bytes);
        check(&hear(&scratch, "a.wav", ""), 1, said);
    }
}

/// Two channels: a tone of 441 Hz, and what `second` makes of its samples.
fn stereo(second: impl Fn(i16) -> i16) -> Vec<u8> {
    let tone =
        |n: u32| ((f64::from(n) * 441.0 * std::f64::consts::TAU / 16_000.0).sin() * 9000.0) as i16;
    let mut bytes = wav(0, 4 * 16_000);
    bytes[22] = 2;
    bytes[32] = 4;
    bytes.extend(
        (0..2 * 16_000)
            .flat_map(|n| [tone(n), second(tone(n))])
            .flat_map(i16::to_le_bytes),
    );
    bytes
}

fn loudness(samples: &[f32]) -> f32 {
    (samples.iter().map(|it| it * it).sum::<f32>() / samples.len() as f32).sqrt() * 32_768.0
}

#[test]
fn a_channel_can_be_chosen() {
    let scratch = Scratch::new();
    let file = scratch.write("stereo.wav", stereo(|it| it / 3));
    let level =
        |channel: &str| loudness(&samples_with(&file, &format!("channel = {channel}"))[8_000..]);
    // The root of two is between the height of a tone and its mean.
    for (channel, expected) in [
        ("0", 6364.0),
        ("1", 2121.0),
        ("'mix'", 4243.0),
        ("'loudest'", 6364.0),
    ] {
        let level = level(channel);
        assert!((level - expected).abs() < 30.0, "{channel}: {level}");
    }
    let said = "there is no `channel` 2: it has 2 channels, 0 to 1";
    check(&hear(&scratch, "stereo.wav", "channel = 2"), 1, said);
    let said = "the number of a channel, counted from 0, or";
    check(&hear(&scratch, "stereo.wav", "channel = 'left'"), 78, said);
}

#[test]
fn channels_that_cancel_each_other_are_told_once_and_heard() {
    let scratch = Scratch::new();
    let file = scratch.write("balanced.wav", stereo(|it| -it));
    assert!(loudness(&samples(&file)[4_000..]) > 6000.0);
    let ended = hear(&scratch, "balanced.wav", "");
    check(&ended, 0, "WARN … cancel each other out");
    assert_eq!(ended.stderr.matches("WARN").count(), 1, "{}", ended.stderr);
}

/// Found by `make fuzz`: a header that makes the decoder's library panic.
#[test]
fn a_sample_rate_of_zero_is_named() {
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
    let said = "rate-zero.wav: its header claims a sample rate of 0 Hz";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

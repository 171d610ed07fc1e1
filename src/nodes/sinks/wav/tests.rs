//! Utterances and their words, as files.

use std::fs;

use symphonia::core::formats::FormatReader;
use symphonia::core::io::MediaSourceStream;
use symphonia::default::formats::WavReader;

use super::*;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::sink;
use crate::pipeline::contract::testing::{context, drive};

/// Speech from this second on, two seconds long, of which one is spoken.
fn utterance(second: f64, complete: bool) -> Packet {
    let samples = (0..32_000)
        .map(|it| (it as f32 * 0.05).sin() * 0.5)
        .collect();
    let at = Time::from_secs_f64;
    Packet::Utterance(Arc::new(Utterance {
        source: "mic".into(),
        live: true,
        at: at(second),
        start: at(second + 0.5),
        end: at(second + 1.5),
        probability: 0.9,
        voiced: 0.9,
        complete,
        samples,
    }))
}

fn words(second: f64, text: &str, accepted: bool) -> Packet {
    let transcript = Transcript {
        text: text.to_owned(),
        accepted,
        ..Transcript::default()
    };
    let at = Time::from_secs_f64(second);
    context().event(&"mic".into(), at, None, transcript).into()
}

#[test]
fn each_utterance_is_a_file_with_its_words_beside_it() {
    let scratch = tempfile::tempdir().expect("a directory");
    let options = format!("folder = '{}'\nmin_free_mb = 0", scratch.path().display());
    let inputs = [
        utterance(1.0, false),
        utterance(1.0, true),
        utterance(5.0, true),
        words(1.5, "Turn on", true),
        words(1.9, "the lamp.", true),
        words(5.5, "Thank you for watching!", false),
        words(9.0, "Nobody's words.", true),
    ];
    let made = drive(&sink::<Wav>(), &options, inputs).expect("it is writable");
    let files = fs::read_dir(scratch.path()).expect("it is there").flatten();
    let mut files: Vec<PathBuf> = files.map(|it| it.path()).collect();
    files.sort();
    let [text, first, second] = &files[..] else {
        panic!("three files: {files:?}")
    };
    assert_eq!(text.with_extension(SOUND), *first);
    assert_eq!(
        fs::read_to_string(text).expect("text"),
        "Turn on\nthe lamp.\n"
    );
    let told = made.iter().filter_map(|it| match it {
        Packet::Event(event) => Some(serde_json::to_value(&event.body).expect("JSON")),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[1]["path"], second.to_str().expect("a plain path"));
    assert_eq!(
        (&told[1]["start"], &told[1]["end"]),
        (&5.0.into(), &7.0.into())
    );
    let file = fs::File::open(first).expect("it is there");
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let reader = WavReader::try_new(stream, Default::default()).expect("a WAV file");
    let track = &reader.tracks()[0];
    let about = track.codec_params.as_ref().and_then(|it| it.audio());
    assert_eq!(
        (about.and_then(|it| it.sample_rate), track.num_frames),
        (Some(16_000), Some(32_000))
    );
}

//! Utterances that no microphone makes: what is in them must neither end the process nor make more than words of them.

use std::process::Command;

use otus::inference::speech::whisper::Whisper;
use otus::inference::speech::whisper::heard::{About, Heard, Wanted};
use otus::pipeline::contract::testing::context;

use crate::scratch::most_memory;

/// Set in the process that hears a long utterance, so that its memory is its own.
const ALONE: &str = "OTUS_TEST_ALONE";
const SECOND: usize = 16_000;

fn open() -> Whisper {
    let wanted = Wanted {
        model: "otus-words".to_owned(),
        sha256: None,
        language: "en".to_owned(),
        prompt: String::new(),
        words: false,
    };
    Whisper::open(&wanted, &context()).expect("it is built in")
}

fn tone(at: usize) -> f32 {
    (at as f32 * 0.2).sin() * 0.3
}

/// What is heard must be fit for an event: JSON has no numbers beyond all bounds.
fn fit(heard: &Heard) -> bool {
    heard.avg_logprob.is_finite() && (0.0..=1.0).contains(&heard.no_speech_prob)
}

#[test]
fn whatever_the_samples_are_the_answer_is_one() {
    let mut whisper = open();
    let made = |of: fn(usize) -> f32| (0..SECOND).map(of).collect::<Vec<f32>>();
    let cases = [
        ("empty", Vec::new()),
        ("one sample", vec![0.5]),
        ("one that is no number", vec![f32::NAN]),
        ("silence", made(|_| 0.0)),
        ("no numbers", made(|_| f32::NAN)),
        (
            "without bounds",
            made(|at| [f32::INFINITY, f32::NEG_INFINITY][at % 2]),
        ),
        (
            "a tone with holes",
            made(|at| if at % 100 == 0 { f32::NAN } else { tone(at) }),
        ),
        ("far beyond full scale", made(|at| tone(at) * 1e30)),
        (
            "the largest numbers",
            made(|at| [f32::MAX, f32::MIN][at % 2]),
        ),
        ("the smallest numbers", made(|_| f32::MIN_POSITIVE / 2.0)),
        ("a constant", made(|_| 1.0)),
        ("a tone off the middle", made(|at| tone(at) + 0.9)),
        ("clipped", made(|at| (tone(at) * 100.0).clamp(-1.0, 1.0))),
    ];
    for (name, samples) in cases {
        let heard = whisper.transcribe(&samples, &About::default());
        let heard = heard.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(fit(&heard), "{name}: {heard:?}");
    }
}

/// The same tone is heard the same after all that: nothing of it stays.
#[test]
fn what_was_no_sound_leaves_nothing_behind() {
    let tone: Vec<f32> = (0..SECOND).map(tone).collect();
    let mut whisper = open();
    let before = whisper
        .transcribe(&tone, &About::default())
        .expect("it hears");
    whisper
        .transcribe(&vec![f32::NAN; 10 * SECOND], &About::default())
        .expect("it hears");
    assert_eq!(
        whisper
            .transcribe(&tone, &About::default())
            .expect("it hears"),
        before
    );
}

#[test]
fn a_long_utterance_takes_no_more_memory_than_a_short_one() {
    if std::env::var_os(ALONE).is_none() {
        let name = "utterances::a_long_utterance_takes_no_more_memory_than_a_short_one";
        let myself = std::env::current_exe().expect("it is known");
        let mut alone = Command::new(myself);
        alone.args([name, "--exact", "--nocapture"]).env(ALONE, "1");
        let ended = alone.output().expect("it starts");
        assert!(ended.status.success(), "{ended:?}");
        return;
    }
    // Zeros and noise in turn, of four minutes; made before anything is measured.
    let mut noise = fastrand::Rng::with_seed(1);
    let sample = |at: usize| match at / (7 * SECOND) % 2 {
        0 => 0.0,
        _ => noise.f32() * 0.2 - 0.1,
    };
    let samples: Vec<f32> = (0..4 * 60 * SECOND).map(sample).collect();
    let mut whisper = open();
    whisper
        .transcribe(&samples[..20 * SECOND], &About::default())
        .expect("it hears");
    let before = most_memory(std::process::id()).expect("Linux tells");
    let heard = whisper
        .transcribe(&samples, &About::default())
        .expect("it hears");
    assert!(fit(&heard), "{heard:?}");
    let more = most_memory(std::process::id()).expect("Linux tells") - before;
    assert!(more < 8 << 20, "{more} bytes more");
}

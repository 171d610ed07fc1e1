//! What `vad` makes of sound, call by call: where speech lies, how soon that is told, and what is sent meanwhile.

use std::path::Path;
use std::sync::Arc;

use otus::inference::onnx::session;
use otus::inference::speech::silero::{Silero, WINDOW};
use otus::media::audio::{Audio, Utterance, duration_of};
use otus::media::clock::Time;
use otus::media::events::{InBody, Speech, SpeechStart};
use otus::media::kind::Lane;
use otus::media::packet::Packet;
use otus::pipeline::contract::node::Emit;
use otus::pipeline::contract::testing;
use serde_json::Value;

use crate::formats::samples;
use crate::scratch::shared;

const BOUNDARIES: &str = include_str!("../golden/vad_boundaries.jsonl");
/// Of `silero_vad.onnx`.
const SUM: &str = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3";
/// Samples of a chunk: 10 ms, as sound cards give them.
const CHUNK: usize = 160;

/// What came out, and how many samples had gone in by then.
type Told = Vec<(u64, Packet)>;

/// Gives `vad` the samples, of which the first has this number.
fn hear(shared: &Path, options: &str, samples: &[f32], from: u64) -> Told {
    let ty = otus::nodes::find("vad").expect("it is always there");
    let model = shared.join("models/silero_vad.onnx");
    let options = format!("model = {model:?}\nsha256 = '{SUM}'\n{options}");
    let configured = testing::configure(ty, &options).expect("the options are right");
    let context = testing::context();
    context.wanted.set(Lane::ALL.iter().copied());
    let mut node = (configured.open)(&context).expect("it opens");
    let (mut told, mut given) = (Vec::new(), from);
    for chunk in samples.chunks(CHUNK) {
        let packet = Packet::Audio(Arc::new(Audio {
            source: Arc::from("mic"),
            live: true,
            first_sample: given,
            at: Time::ZERO.after(duration_of(given)),
            samples: chunk.to_vec(),
        }));
        given += chunk.len() as u64;
        let mut sink = |packet| told.push((given - from, packet));
        node.step(Some(packet), &mut Emit::new(&context, &mut sink))
            .expect("it hears");
    }
    let mut sink = |packet| told.push((given - from, packet));
    node.finish(&mut Emit::new(&context, &mut sink))
        .expect("it ends");
    told
}

fn sample(seconds: f64) -> u64 {
    (seconds * 16_000.0).round() as u64
}

/// The events of one kind, each with the number of samples that had gone in by then.
fn events<B: InBody>(told: &Told) -> Vec<(u64, &B)> {
    let events = told.iter().filter_map(|(given, packet)| match packet {
        Packet::Event(event) => Some((*given, B::of(&event.body)?)),
        _ => None,
    });
    events.collect()
}

fn utterances(told: &Told) -> Vec<(u64, &Utterance)> {
    let utterances = told.iter().filter_map(|(given, packet)| match packet {
        Packet::Utterance(utterance) => Some((*given, &**utterance)),
        _ => None,
    });
    utterances.collect()
}

/// Where `vad` and Silero's own package differ by more than a window; `golden` are that one's answers about a file.
fn differences(shared: &Path, golden: &[Value]) -> Vec<String> {
    let sound = samples(&shared.join(golden[0]["file"].as_str().expect("a name")));
    let mut differ = Vec::new();
    for golden in golden {
        let option = |name: &str| format!("{name} = {}\n", golden[name]);
        let options = ["threshold", "min_speech_ms", "min_silence_ms"].map(option);
        let told = hear(shared, &options.concat(), &sound, 0);
        let speech = events::<Speech>(&told);
        let bounds = |(_, it): &(u64, &Speech)| [sample(it.start), sample(it.end)];
        let found: Vec<[u64; 2]> = speech.iter().map(bounds).collect();
        let expected: Vec<[u64; 2]> =
            serde_json::from_value(golden["speech"].clone()).expect("pairs");
        let near = |(one, other): (&u64, &u64)| one.abs_diff(*other) <= WINDOW as u64;
        let mut pairs = found.as_flattened().iter().zip(expected.as_flattened());
        if found.len() != expected.len() || !pairs.all(near) {
            let file = &golden["file"];
            differ.push(format!(
                "{file} {options:?}: {found:?} instead of {expected:?}"
            ));
        }
    }
    differ
}

/// `tests/reference/speech.py` has asked Silero's own package.
#[test]
fn speech_lies_where_silero_s_own_package_says() {
    let Some(shared) = shared() else { return };
    let golden: Vec<Value> = BOUNDARIES
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let files: Vec<&[Value]> = golden
        .chunk_by(|one, other| one["file"] == other["file"])
        .collect();
    assert!(files.len() > 15);
    let shared = &shared;
    let differ: Vec<String> = std::thread::scope(|scope| {
        let of = |file| scope.spawn(move || differences(shared, file));
        let files: Vec<_> = files.into_iter().map(of).collect();
        let differ = files.into_iter().map(|it| it.join().expect("it compares"));
        differ.flatten().collect()
    });
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// The words of a president: several stretches of speech.
fn president(shared: &Path) -> Vec<f32> {
    samples(&shared.join("media/jfk.wav"))
}

#[test]
fn the_start_of_speech_is_told_within_a_tenth_of_a_second() {
    let Some(shared) = shared() else { return };
    let told = hear(&shared, "", &president(&shared), 0);
    let (starts, speech) = (events::<SpeechStart>(&told), events::<Speech>(&told));
    for (given, start) in &starts {
        assert!((0.5..=1.0).contains(&start.probability), "{start:?}");
        let late = given - sample(start.start);
        println!("{start:?}: told after {} ms", late / 16);
        assert!(late <= 1_600 && late <= 2 * WINDOW as u64 + CHUNK as u64);
    }
    assert!(speech.len() > 1);
    for (given, speech) in speech {
        let start = starts.iter().find(|(_, it)| it.start == speech.start);
        assert!(start.is_some_and(|it| it.0 < given), "{speech:?}");
    }
}

#[test]
fn a_start_that_was_too_short_is_told_and_no_speech() {
    let Some(shared) = shared() else { return };
    let told = hear(&shared, "min_speech_ms = 10000", &president(&shared), 0);
    assert!(!events::<SpeechStart>(&told).is_empty());
    assert!(events::<Speech>(&told).is_empty() && utterances(&told).is_empty());
}

#[test]
fn speech_is_sent_while_it_goes_on() {
    let Some(shared) = shared() else { return };
    let told = hear(&shared, "partial_ms = 500", &president(&shared), 0);
    let padding = 3_200;
    let mut partial = Vec::new();
    let mut seen = 0;
    for (given, utterance) in utterances(&told) {
        assert!((0.3..=1.0).contains(&utterance.voiced), "{utterance:?}");
        let start = sample(utterance.start.as_secs_f64());
        if utterance.complete {
            let length = sample(utterance.end.as_secs_f64()) - start;
            assert!(partial.len() as u64 * 8_000 >= length.saturating_sub(8_000));
            let is_prefix = |it: &&Utterance| utterance.samples.starts_with(&it.samples);
            // Those of the pause after it are longer than it, if padding is shorter than the pause.
            seen += partial.drain(..).filter(is_prefix).count();
            continue;
        }
        let end = sample(utterance.end.as_secs_f64());
        let length = (end - start) as usize;
        assert_eq!(length / 8_000, partial.len() + 1, "every half second");
        assert!(length % 8_000 < WINDOW && given - end < CHUNK as u64);
        assert_eq!(
            utterance.samples.len(),
            length + padding.min(start as usize)
        );
        partial.push(utterance);
    }
    assert!(seen > 8, "{seen}");
    let none = hear(&shared, "", &president(&shared), 0);
    assert!(utterances(&none).iter().all(|(_, it)| it.complete));
}

#[test]
fn partials_that_come_too_often_are_refused() {
    let ty = otus::nodes::find("vad").expect("it is always there");
    let wrong = testing::configure(ty, "partial_ms = 100").err();
    assert_eq!(wrong.as_deref(), Some("100 ms is too often"));
}

/// Nothing changes where the number of a sample no longer fits 31, 32 or 34 bits, nor after 40 days.
#[test]
fn weeks_later_speech_lies_where_it_would_at_the_beginning() {
    let Some(shared) = shared() else { return };
    let sound = president(&shared);
    let of = |from: u64| {
        let begin = Time::ZERO.after(duration_of(from));
        let told = hear(&shared, "partial_ms = 1000", &sound, from);
        let utterances = utterances(&told);
        let relative = utterances.iter().map(|(given, it)| {
            let times = [it.start, it.end].map(|it| it.since(begin));
            (*given, times, it.samples.clone())
        });
        relative.collect::<Vec<_>>()
    };
    let expected = of(0);
    assert!(expected.len() > 5);
    for from in [
        (1 << 31) - 50_000,
        (1 << 32) - 50_000,
        (1 << 34) - 50_000,
        40 * 86_400 * 16_000,
    ] {
        assert!(of(from) == expected, "from {from}");
    }
    // A year, to the nanosecond.
    let year = 365 * 86_400;
    assert_eq!(
        duration_of(year * 16_000 + 1).as_nanos(),
        u128::from(year) * 1_000_000_000 + 62_500
    );
}

/// Streams that go through the model together are told what each is told alone.
#[test]
fn many_streams_hear_what_one_hears() {
    let Some(shared) = shared() else { return };
    let sound = president(&shared);
    let (windows, _) = sound.as_chunks::<WINDOW>();
    let model = shared.join("models/silero_vad.onnx");
    // Each hears something else, in pieces of its own length.
    let of = |stream: usize| -> Vec<f32> {
        let session = session::open(&model.to_string_lossy(), Some(SUM), &testing::context());
        let mut silero = Silero::new(session.expect("it opens")).expect("it is Silero");
        let pieces = windows[stream * 7..][..200].chunks(stream % 3 + 1);
        let heard = pieces.map(|it| silero.probabilities(it).expect("it hears").to_vec());
        heard.flatten().collect()
    };
    let alone: Vec<_> = (0..8).map(of).collect();
    let of = &of;
    let together: Vec<Vec<f32>> = std::thread::scope(|scope| {
        let streams: Vec<_> = (0..8).map(|it| scope.spawn(move || of(it))).collect();
        let heard = streams.into_iter().map(|it| it.join());
        heard.map(|it| it.expect("nobody panics")).collect()
    });
    let pairs = alone.iter().flatten().zip(together.iter().flatten());
    let off = pairs
        .map(|(one, other)| (one - other).abs())
        .fold(0.0, f32::max);
    println!("off by {off}");
    assert!(off <= 1e-5 && together.iter().flatten().any(|it| *it > 0.9));
}

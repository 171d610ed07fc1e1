//! What `transcribe` hears together, what it leaves out when it is behind, and what it tells of speech that goes on;
//! call by call.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use otus::media::audio::Utterance;
use otus::media::clock::Time;
use otus::media::events::{Event, Gap, InBody, Transcript};
use otus::media::packet::Packet;
use otus::pipeline::contract::catalogue::Running;
use otus::pipeline::contract::context::Context;
use otus::pipeline::contract::node::Emit;
use otus::pipeline::contract::testing;

use crate::formats::samples;
use crate::scratch::Scratch;
use crate::whisper::pulled;

/// A node at work.
struct Node {
    context: Context,
    node: Box<dyn Running>,
    told: Vec<Arc<Event>>,
}

impl Node {
    fn open(model: &str, options: &str) -> Node {
        let ty = otus::nodes::find("transcribe").expect("it is always there");
        let options = format!("model = '{model}'\n{options}");
        let configured = testing::configure(ty, &options).expect("the options are right");
        let context = testing::context();
        let node = (configured.open)(&context).expect("it opens");
        let told = Vec::new();
        Node {
            context,
            node,
            told,
        }
    }

    fn call(&mut self, call: impl FnOnce(&mut dyn Running, &mut Emit<Packet>)) {
        let mut sink = |packet| match packet {
            Packet::Event(event) => self.told.push(event),
            other => panic!("it makes {}", other.kind()),
        };
        call(&mut *self.node, &mut Emit::new(&self.context, &mut sink));
    }

    fn give(&mut self, it: Utterance) {
        let packet = Packet::Utterance(Arc::new(it));
        self.call(|node, out| {
            node.step(Some(packet), out).expect("it hears");
        });
    }

    fn pass(&mut self, second: f64) {
        self.call(|node, out| {
            node.pass(Time::from_secs_f64(second), out)
                .expect("it hears");
        });
    }

    /// What was told since the last time, of one kind.
    fn told<B: InBody + Clone>(&mut self) -> Vec<B> {
        let told = std::mem::take(&mut self.told);
        told.iter()
            .filter_map(|it| B::of(&it.body).cloned())
            .collect()
    }
}

/// A model that hears 30 s at once, as only such hear utterances together; none where there is no network.
fn whole_model() -> Option<&'static str> {
    pulled("whisper-tiny.en-q5_1")
}

/// Noise that counts as speech between two seconds.
fn said(start: f64, end: f64) -> Utterance {
    let mut random = fastrand::Rng::with_seed(1);
    let count = ((end - start) * 16_000.0) as usize;
    Utterance {
        source: "mic".into(),
        live: false,
        at: Time::from_secs_f64(start),
        start: Time::from_secs_f64(start),
        end: Time::from_secs_f64(end),
        probability: 0.9,
        voiced: 0.8,
        complete: true,
        samples: (0..count).map(|_| random.f32() - 0.5).collect(),
    }
}

fn live(utterance: Utterance) -> Utterance {
    Utterance {
        live: true,
        ..utterance
    }
}

fn spans(told: &[Transcript]) -> Vec<(f64, f64)> {
    told.iter().map(|it| (it.start, it.end)).collect()
}

#[test]
fn utterances_of_a_file_are_heard_together_across_short_pauses() {
    let Some(model) = whole_model() else { return };
    let mut node = Node::open(model, "join_ms = 1000");
    node.give(said(1.0, 2.0));
    node.give(said(2.5, 3.0));
    assert_eq!(node.node.holds(), Some(Time::from_secs_f64(1.0)));
    node.pass(3.9);
    assert!(node.told::<Transcript>().is_empty());
    node.pass(4.5);
    assert_eq!(spans(&node.told()), [(1.0, 3.0)]);
    assert_eq!(node.node.holds(), None);
    node.give(said(10.0, 11.0));
    node.give(said(13.0, 14.0));
    assert_eq!(spans(&node.told()), [(10.0, 11.0)]);
    node.call(|node, out| node.finish(out).expect("it hears"));
    let told: Vec<Transcript> = node.told();
    assert_eq!(spans(&told), [(13.0, 14.0)]);
    assert!(told[0].lag_ms.is_none() && (told[0].voiced - 0.8).abs() < 0.001);
}

#[test]
fn who_is_behind_hears_together_then_skips_and_says_so() {
    let Some(model) = whole_model() else { return };
    let mut node = Node::open(model, "max_lag_ms = 16000");
    let now = node.context.clock.now().as_secs_f64();
    node.give(live(said(now, now + 0.1)));
    assert_eq!(node.told::<Transcript>().len(), 1, "nothing is waited for");
    // More than a quarter of the lag that is allowed, and far less than all of it on a busy machine too.
    while node.context.clock.now().as_secs_f64() < now + 4.5 {
        std::thread::sleep(Duration::from_millis(50));
    }
    node.give(live(said(now + 0.1, now + 0.2)));
    node.give(live(said(now + 0.21, now + 0.25)));
    assert!(node.told.is_empty(), "more may wait");
    node.call(|node, out| node.idle(out).expect("it hears"));
    let told: Vec<Transcript> = node.told();
    assert!((told[0].start - now - 0.1).abs() < 1e-6, "{told:?}");
    assert!((told[0].end - now - 0.25).abs() < 1e-6, "{told:?}");
    assert!(told[0].lag_ms >= Some(4_000), "{told:?}");

    let mut node = Node::open("otus-words", "max_lag_ms = 1000");
    std::thread::sleep(Duration::from_millis(1_300));
    node.give(live(said(0.0, 0.1)));
    let told: Vec<Gap> = node.told();
    assert!(told[0].reason.contains("s behind"), "{told:?}");
    assert_eq!((told[0].start, told[0].end), (0.0, 0.1));
}

#[test]
fn what_is_said_so_far_is_told_as_such_unless_it_is_late() {
    let mut node = Node::open("otus-words", "");
    let now = node.context.clock.now().as_secs_f64();
    let open = Utterance {
        complete: false,
        ..live(said(now, now + 0.2))
    };
    node.give(open.clone());
    assert!(node.told::<Transcript>()[0].partial);
    std::thread::sleep(Duration::from_millis(1_300));
    node.give(open);
    assert!(node.told.is_empty());
}

#[test]
fn a_language_is_found_out_and_told_with_its_probability() {
    let Some(model) = pulled("whisper-base-q5_1") else {
        return;
    };
    let mut node = Node::open(model, "language = \"auto\"");
    let scratch = Scratch::new();
    let sentences = [
        (
            "de",
            "Guten Morgen, heute scheint die Sonne und wir gehen zusammen in den Garten.",
        ),
        (
            "fr",
            "Bonjour, je voudrais acheter du pain et un kilo de pommes, merci beaucoup.",
        ),
    ];
    for (at, (language, text)) in sentences.into_iter().enumerate() {
        let path = scratch.path("said.wav");
        let mut say = Command::new("espeak-ng");
        say.args(["-v", language, "-w"]).arg(&path).arg(text);
        let made = say.output().expect("the package espeak-ng is installed");
        assert!(made.status.success(), "{made:?}");
        let samples = samples(&path);
        let start = 100.0 * at as f64;
        let end = start + samples.len() as f64 / 16_000.0;
        node.give(Utterance {
            source: format!("mic{at}").into(),
            samples,
            ..live(said(start, end))
        });
        let told: Vec<Transcript> = node.told();
        assert_eq!(&*told[0].language, language, "{told:?}");
        assert!(told[0].language_prob > Some(0.5), "{told:?}");
    }
}

/// Words said one by one by a voice of espeak-ng, 60 ms apart, and the second at which each begins.
fn one_by_one(words: &[&str]) -> (Vec<f32>, Vec<f64>) {
    let scratch = Scratch::new();
    let (mut sound, mut starts) = (vec![0.0; 8_000], Vec::new());
    for word in words {
        let path = scratch.path("word.wav");
        let mut say = Command::new("espeak-ng");
        say.args(["-v", "en-us", "-w"]).arg(&path).arg(word);
        let made = say.output().expect("the package espeak-ng is installed");
        assert!(made.status.success(), "{made:?}");
        let word = samples(&path);
        let loud = |it: &f32| it.abs() > 0.0025;
        let first = word.iter().position(loud).expect("a word is heard");
        let last = word.iter().rposition(loud).expect("a word is heard");
        starts.push(sound.len() as f64 / 16_000.0);
        sound.extend_from_slice(&word[first..=last]);
        sound.resize(sound.len() + 960, 0.0);
    }
    sound.resize(sound.len() + 8_000, 0.0);
    (sound, starts)
}

#[test]
fn words_begin_where_they_were_said() {
    let Some(model) = whole_model() else { return };
    let mut node = Node::open(model, "words = true");
    let (mut near, mut all) = (0, 0);
    for sentence in [
        "please open the front door and wait outside",
        "nine people crossed the street before the light changed",
        "my brother never drinks coffee after dinner",
    ] {
        let (samples, starts) = one_by_one(&sentence.split(' ').collect::<Vec<_>>());
        let seconds = samples.len() as f64 / 16_000.0;
        node.give(Utterance {
            samples,
            ..said(0.0, seconds)
        });
        node.call(|node, out| node.finish(out).expect("it hears"));
        let told: Vec<Transcript> = node.told();
        let words: Vec<_> = told.iter().flat_map(|it| &it.words).collect();
        assert_eq!(words.len(), starts.len(), "{words:?}");
        let spelt = |it: char| it.is_alphanumeric() || it == '.';
        assert!(
            words.iter().all(|it| it.word.chars().all(spelt)),
            "{words:?}"
        );
        let right = words.iter().zip(&starts);
        near += right
            .filter(|(it, start)| (it.start - **start).abs() <= 0.1)
            .count();
        all += starts.len();
    }
    assert!(10 * near >= 8 * all, "{near} of {all} begin within 0.1 s");
}

//! What is found in transcripts, where, and how often it is told.

use super::*;
use crate::media::events::{Event, Hidden, Mode, Redaction, Span, Word};
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::transform;
use crate::pipeline::contract::testing::{configure, context, drive};

/// What is said between two seconds.
fn said(start: f64, end: f64, text: &str) -> Transcript {
    Transcript {
        start,
        end,
        text: text.to_owned(),
        accepted: true,
        ..Transcript::default()
    }
}

fn of(source: &str, transcript: Transcript) -> Packet {
    let at = Time::from_secs_f64(transcript.start);
    context().event(&source.into(), at, None, transcript).into()
}

fn found(options: &str, said: Vec<Packet>) -> Vec<Arc<Event>> {
    let out = drive(&transform::<MatchWords>(), options, said).expect("it runs");
    let event = |it| match it {
        Packet::Event(event) => event,
        other => unreachable!("it makes no {}", other.kind()),
    };
    out.into_iter().map(event).collect()
}

fn bodies(events: Vec<Arc<Event>>) -> Vec<Found> {
    let found = events.into_iter().filter_map(Of::<Found>::new);
    found.map(|it| it.body().clone()).collect()
}

fn mic(options: &str, all: Vec<Transcript>) -> Vec<Found> {
    let packets = all.into_iter().map(|it| of("mic", it));
    bodies(found(options, packets.collect()))
}

/// Phrase, what was heard, start and end.
fn brief(found: &[Found]) -> Vec<(&str, &str, f64, f64)> {
    let brief = found.iter();
    brief
        .map(|it| (&*it.phrase, &*it.heard, it.start, it.end))
        .collect()
}

fn timed(start: f64, text: &str) -> Transcript {
    let words: Vec<Word> = (text.split(' ').enumerate())
        .map(|(at, word)| Word {
            word: word.to_owned(),
            start: start + at as f64,
            end: start + at as f64 + 0.5,
            probability: 0.9,
        })
        .collect();
    let end = start + words.len() as f64;
    Transcript {
        words,
        ..said(start, end, text)
    }
}

fn partial(transcript: Transcript) -> Transcript {
    Transcript {
        partial: true,
        ..transcript
    }
}

#[test]
fn a_phrase_is_found_with_the_times_of_its_words() {
    let options = "phrases = ['Turn on the light!', 'help']";
    let all = vec![
        timed(10.0, "Please turn on the Light. Help, help!"),
        said(30.0, 32.0, "help me"),
    ];
    let found = mic(options, all);
    assert_eq!(
        brief(&found),
        [
            ("Turn on the light!", "turn on the Light", 11.0, 14.5),
            ("help", "Help", 15.0, 15.5),
            ("help", "help", 16.0, 16.5),
            ("help", "help", 30.0, 32.0)
        ]
    );
    let facts: Vec<_> = found
        .iter()
        .map(|it| (it.by_words, it.distance, it.accepted))
        .collect();
    assert_eq!(
        facts,
        [
            (true, 0, true),
            (true, 0, true),
            (true, 0, true),
            (false, 0, true)
        ]
    );
}

#[test]
fn the_event_reads_as_documented() {
    let told = found(
        "phrases = ['lights off']\nspelling = 1",
        vec![of("kitchen", timed(2.0, "Light off!"))],
    );
    let line = told[0].to_json();
    let expected = concat!(
        r#""t":2.0,"start":2.0,"end":3.5,"by_words":true,"phrase":"lights off","heard":"Light off","#,
        r#""distance":1,"accepted":true}"#
    );
    assert!(
        line.starts_with(r#"{"v":1,"kind":"match","id":""#)
            && line.contains(r#"","node":"test","source":"kitchen","time":"#),
        "{line}"
    );
    assert!(line.ends_with(expected), "{line}");
    assert_eq!(
        told[0].sentence().to_string(),
        "\"lights off\", as \"Light off\""
    );
    assert_eq!(told[0].body.unsure(), None);
}

#[test]
fn a_phrase_goes_on_in_the_next_transcript_of_its_source() {
    let options = "phrases = ['turn on the light', 'turn on']";
    let two = |pause: f64| {
        let second = timed(2.0 + pause, "the light now");
        mic(options, vec![timed(0.0, "turn on"), second])
    };
    let near = two(1.0);
    assert_eq!(
        brief(&near),
        [
            ("turn on", "turn on", 0.0, 1.5),
            ("turn on the light", "turn on the light", 0.0, 4.5)
        ]
    );
    assert_eq!(two(1.6).len(), 1, "too long a pause");
    let three = vec![
        timed(0.0, "turn"),
        timed(1.5, "on the"),
        timed(4.0, "light"),
    ];
    assert_eq!(
        mic("phrases = ['turn on the light']", three.clone()).len(),
        1
    );
    assert_eq!(
        mic("phrases = ['turn on the light']\nacross_ms = 0", three).len(),
        0
    );

    let other = [("a", timed(0.0, "turn on")), ("b", timed(2.0, "the light"))];
    let other = other.map(|(source, it)| of(source, it)).to_vec();
    assert_eq!(found("phrases = ['turn on the light']", other).len(), 0);
    // The event comes with the transcript that completes it.
    let packets = vec![
        of("mic", timed(0.0, "turn on")),
        of("mic", timed(3.0, "the light")),
    ];
    let told = found("phrases = ['turn on the light']", packets);
    assert_eq!(
        (told[0].head.t, told[0].end()),
        (3.0, Time::from_secs_f64(4.5))
    );
}

#[test]
fn no_word_belongs_to_two_matches_of_a_phrase() {
    let help = |count: usize, start: f64| timed(start, &["help"; 8][..count].join(" "));
    let found = |all| mic("phrases = ['help help']", all).len();
    assert_eq!(found(vec![help(5, 0.0)]), 2);
    assert_eq!(found(vec![help(2, 0.0), help(1, 2.5)]), 1);
    assert_eq!(found(vec![help(2, 0.0), help(2, 2.5)]), 2);
    assert_eq!(
        found(vec![help(1, 0.0), help(1, 1.5), help(1, 3.0), help(1, 4.5)]),
        2
    );
}

#[test]
fn what_was_told_of_speech_that_goes_on_is_not_told_again() {
    let options = "phrases = ['help', 'turn on the light']";
    let all = vec![
        timed(0.0, "turn on"),
        partial(said(2.5, 3.0, "the")),
        partial(said(2.5, 4.0, "the light help")),
        partial(said(2.5, 5.0, "the light help me help")),
        said(2.5, 6.0, "The light. Help me, help, help."),
        said(7.0, 8.0, "Help."),
    ];
    let found = mic(options, all);
    let told: Vec<_> = found
        .iter()
        .map(|it| (&*it.phrase, it.end, it.partial))
        .collect();
    assert_eq!(
        told,
        [
            ("turn on the light", 4.0, true),
            ("help", 4.0, true),
            ("help", 5.0, true),
            ("help", 6.0, false),
            ("help", 8.0, false)
        ]
    );
    // The next utterance begins before the first has been heard as a whole.
    let all = vec![
        partial(said(0.0, 1.0, "help")),
        partial(said(2.0, 3.0, "help")),
        said(0.0, 1.5, "help"),
        said(2.0, 3.5, "help"),
    ];
    assert_eq!(mic(options, all).len(), 2);
}

#[test]
fn patterns_are_found_in_the_text() {
    let options = "patterns = ['\\b\\d{4}\\b', 'colou?r', '.+x']";
    let found = mic(
        options,
        vec![timed(0.0, "Colour 1234, and 12345 COLOR 9999!")],
    );
    assert_eq!(
        brief(&found),
        [
            ("colou?r", "Colour", 0.0, 0.5),
            ("\\b\\d{4}\\b", "1234", 1.0, 1.5),
            ("colou?r", "COLOR", 4.0, 4.5),
            ("\\b\\d{4}\\b", "9999", 5.0, 5.5)
        ]
    );
    assert!(found.iter().all(|it| it.by_words && it.distance == 0));
}

#[test]
fn what_was_taken_out_is_not_found() {
    let spans = vec![Span {
        kind: Hidden::Number,
        start: 5,
        end: 13,
    }];
    let redaction = Some(Redaction {
        mode: Mode::Redacted,
        spans,
    });
    let redacted = Transcript {
        redaction,
        ..said(0.0, 1.0, "call [number] now, the number")
    };
    let options = "phrases = ['call now', 'number', 'number now']\npatterns = ['call.*now', 'num']";
    let found = mic(options, vec![redacted]);
    assert_eq!(
        brief(&found),
        [("number", "number", 0.0, 1.0), ("num", "num", 0.0, 1.0)]
    );
}

#[test]
fn only_so_much_is_remembered() {
    let mut memory = Memory::default();
    let config: Config = toml::from_str("phrases = ['one two three', 'x']").expect("options");
    let search = config.search().expect("phrases");
    for second in 0..10_000 {
        let start = f64::from(second);
        let said = said(start, start + 0.9, "x x x x");
        memory.wait_for(&said, Duration::from_secs(1));
        let (words, hits) = search.hits(&said, &memory);
        memory.tell(&partial(said.clone()), &hits);
        memory.keep(&said, words, 2, &hits);
    }
    assert_eq!(memory.sizes(), (2, 0, 1));
    let open = partial(said(20_000.0, 20_001.0, "x"));
    for _ in 0..1000 {
        let hits = search.hits(&open, &memory).1;
        memory.tell(&open, &hits);
    }
    assert_eq!(memory.sizes(), (2, 100, 1));
}

#[test]
fn wrong_options_are_told_with_their_place() {
    let ty = transform::<MatchWords>();
    for (options, option, said) in [
        ("", "phrases", "there is nothing to look for"),
        ("phrases = []", "phrases", "there is nothing to look for"),
        ("phrases = ['a', '']", "phrases[1]", "it is empty"),
        (
            "phrases = ['a', '…']",
            "phrases[1]",
            "there is no letter or digit in `…`",
        ),
        (
            "phrases = ['two', '2']",
            "phrases[1]",
            "it sounds the same as `two`",
        ),
        (
            "patterns = ['a', '(b']",
            "patterns[1]",
            "this is no pattern: unclosed group",
        ),
        (
            "patterns = ['a*']",
            "patterns[0]",
            "it matches where nothing is said",
        ),
        (
            "patterns = ['(\\w{1000}){1000}']",
            "patterns[0]",
            "this is no pattern: it is too large",
        ),
    ] {
        let table = toml::de::DeTable::parse(options).expect("it is TOML");
        let configured = (ty.configure)(table).expect("the types are right");
        let misuse = &configured.misuses[0];
        assert_eq!(
            (&*misuse.option, &*misuse.message),
            (option, said),
            "{options}"
        );
        assert!(configure(&ty, options).is_err());
    }
}

#[test]
fn nonsense_breaks_nothing() {
    let pieces = [
        "turn",
        "Turn",
        "on",
        "the",
        "ligh\u{301}t",
        "light",
        "2",
        "two",
        "é",
        "打",
        "’s",
        "?",
        "\u{0}",
        "🦉",
    ];
    let options = "phrases = ['turn on', 'the light', 'two', '打 打']\npatterns = ['t.n', 'é?l']";
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..500 {
        let mut all = Vec::new();
        for second in 0..5 {
            let pieces = (0..random.usize(..9)).map(|_| pieces[random.usize(..pieces.len())]);
            let text = pieces
                .collect::<Vec<_>>()
                .join([" ", "", "  "][random.usize(..3)]);
            let start = f64::from(second) + random.f64() / 2.0;
            let whole = [said(start, start + 0.4, &text), timed(start, &text)];
            let one = whole[random.usize(..2)].clone();
            all.push(if random.bool() { partial(one) } else { one });
        }
        for found in mic(options, all.clone()) {
            let has = |it: &Transcript| {
                it.text
                    .contains(found.heard.split(' ').next_back().unwrap_or_default())
            };
            assert!(all.iter().any(has), "{found:?}: {all:?}");
            assert!(found.start <= found.end, "{found:?}: {all:?}");
        }
    }
}

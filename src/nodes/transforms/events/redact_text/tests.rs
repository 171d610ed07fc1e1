//! What is gone in every mode, and what stays.

use std::sync::Arc;

use super::sentences::SAID;
use super::*;
use crate::media::clock::Time;
use crate::media::events::{Event, Hidden, Word};
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::transform;
use crate::pipeline::contract::testing::{configure, context, drive, gap};

pub const LIST: &str = "words = ['alice', 'acme corp', 'René']";

fn transcript(text: &str) -> Transcript {
    Transcript {
        end: 1.0,
        text: text.to_owned(),
        language: "en".into(),
        accepted: true,
        lag_ms: Some(7),
        model: "a-model@0123456789ab".into(),
        ..Transcript::default()
    }
}

fn said_at(second: f64, transcript: Transcript) -> Packet {
    let at = Time::from_secs_f64(second);
    let (start, end) = (second, second + 1.0);
    let transcript = Transcript {
        start,
        end,
        ..transcript
    };
    context().event(&"mic".into(), at, None, transcript).into()
}

fn told(options: &str, said: Vec<Packet>) -> Vec<Arc<Event>> {
    let out = drive(&transform::<RedactText>(), options, said).expect("it runs");
    let event = |it| match it {
        Packet::Event(event) => event,
        other => unreachable!("no {} went in", other.kind()),
    };
    out.into_iter().map(event).collect()
}

pub fn redacted(options: &str, said: Transcript) -> Transcript {
    let told = told(options, vec![said_at(0.0, said)]);
    let of = told.into_iter().next().and_then(Of::<Transcript>::new);
    of.expect("a transcript for a transcript").body().clone()
}

#[test]
fn what_identifies_people_is_gone_and_the_rest_stays() {
    for (said, expected) in SAID {
        let told = redacted(LIST, transcript(said));
        assert_eq!(told.text, expected, "{said}");
        let redaction = told.redaction.expect("it says that it was redacted");
        let letters: Vec<char> = told.text.chars().collect();
        let marked = redaction
            .spans
            .iter()
            .map(|it| letters[it.start..it.end].iter().collect::<String>());
        let markers = redaction.spans.iter().map(|it| it.kind.marker().to_owned());
        assert_eq!(
            marked.collect::<Vec<_>>(),
            markers.collect::<Vec<_>>(),
            "{said}"
        );
        assert_eq!(
            expected.matches('[').count(),
            redaction.spans.len(),
            "{said}"
        );
    }
}

#[test]
fn in_the_other_modes_nothing_else_is_left() {
    for (said, _) in SAID {
        let options = "mode = 'keywords_only'\nwords = ['please', 'alice', 'one second']";
        let told = redacted(options, transcript(said));
        let rest = told.text.to_lowercase();
        let rest = ["one second", "please", "alice"]
            .iter()
            .fold(rest, |it, word| it.replace(word, ""));
        assert_eq!(rest.trim(), "", "{said}");
        let has =
            |it: &str| said.to_lowercase().contains(it) && !said.to_lowercase().contains("malice");
        assert_eq!(
            told.text.is_empty(),
            !has("please") && !has("alice"),
            "{said}"
        );

        let told = redacted("mode = 'presence_only'", transcript(said));
        assert_eq!((told.text.as_str(), told.words.len()), ("", 0));
        assert_eq!(
            (&*told.language, told.accepted, told.lag_ms),
            ("en", true, Some(7))
        );
        assert_eq!(&*told.model, "a-model@0123456789ab");
    }
    let said = transcript("Help! One second, please. My code is 4291, help.");
    let told = redacted(
        "mode = 'keywords_only'\nwords = ['help', 'one second']",
        said,
    );
    assert_eq!(told.text, "Help One second help");
}

pub fn spoken(text: &str) -> Transcript {
    let words = text.split(' ').enumerate().map(|(at, word)| Word {
        word: word.to_owned(),
        start: at as f64,
        end: at as f64 + 0.5,
        probability: 1.0 - at as f32 / 100.0,
    });
    Transcript {
        words: words.collect(),
        ..transcript(text)
    }
}

fn words(told: &Transcript) -> Vec<(&str, f64, f64)> {
    told.words
        .iter()
        .map(|it| (&*it.word, it.start, it.end))
        .collect()
}

#[test]
fn words_with_times_are_redacted_as_the_text_is() {
    let told = redacted("", spoken("Is it four, two 9? Yes, (21 Elm Street)."));
    assert_eq!(told.text, "Is it [number]? Yes, ([address]).");
    assert_eq!(
        words(&told),
        [
            ("Is", 0.0, 0.5),
            ("it", 1.0, 1.5),
            ("[number]?", 2.0, 4.5),
            ("Yes,", 5.0, 5.5),
            ("([address]).", 6.0, 8.5)
        ]
    );
    assert!(
        (told.words[2].probability - 0.96).abs() < 1e-6,
        "the least of them"
    );
    let told = redacted(
        "mode = 'keywords_only'\nwords = ['yes', 'elm street']",
        spoken("Yes, 4 Elm Street."),
    );
    assert_eq!(
        words(&told),
        [("Yes", 0.0, 0.5), ("Elm", 2.0, 2.5), ("Street", 3.0, 3.5)]
    );
    // Nothing is told that is not in the text.
    let mut said = spoken("My code is 4291 okay");
    said.words[3].word = "42 91".to_owned();
    said.words[4].word = "okay.<|end|>".to_owned();
    assert_eq!(
        words(&redacted("", said)),
        [("My", 0.0, 0.5), ("code", 1.0, 1.5), ("is", 2.0, 2.5)]
    );
}

#[test]
fn a_number_goes_on_in_the_next_transcript() {
    let said = |second, text: &str| said_at(second, transcript(text));
    let texts = |said| {
        let told = told("", said).into_iter().filter_map(Of::<Transcript>::new);
        told.map(|it| it.body().text.clone()).collect::<Vec<_>>()
    };
    let near = vec![
        said(0.0, "My code is four"),
        said(3.0, "two and"),
        said(6.0, "nine dogs"),
    ];
    assert_eq!(
        texts(near),
        ["My code is [number]", "[number] and", "nine dogs"]
    );
    let far = vec![said(0.0, "My code is four"), said(7.0, "two dogs here")];
    assert_eq!(texts(far), ["My code is [number]", "two dogs here"]);
}

#[test]
fn of_what_is_said_so_far_the_end_is_not_told() {
    let partial = |text: &str| Transcript {
        partial: true,
        ..spoken(text)
    };
    let so_far = "Hello there, my code is 42 and you can write to john dot smith at";
    let told = redacted("", partial(so_far));
    assert_eq!(
        (told.text.as_str(), told.partial),
        ("Hello there, my code is [number] and", true)
    );
    assert_eq!(told.words.last().map(|it| &*it.word), Some("and"));
    assert_eq!(redacted("", partial("john dot smith at")).text, "");
}

#[test]
fn redacted_twice_is_redacted_once() {
    let once = redacted(LIST, transcript("Alice, dial 5551234567"));
    let twice = redacted("words = ['number', 'dial']", once.clone());
    assert_eq!(once.text, "[word], dial [phone]");
    assert_eq!(twice.text, "[word], [word] [phone]");
    let kinds = twice
        .redaction
        .map(|it| it.spans.iter().map(|it| it.kind).collect::<Vec<_>>());
    assert_eq!(kinds, Some(vec![Hidden::Word, Hidden::Word, Hidden::Phone]));
    let none = redacted("mode = 'keywords_only'\nwords = ['phone', 'word']", once);
    assert_eq!(none.text, "");
}

#[test]
fn the_event_is_its_own_and_gaps_go_on() {
    let told = told("", vec![said_at(2.0, transcript("Call 42")), gap("mic", 3)]);
    assert_eq!(told.len(), 2);
    assert_eq!(
        (&*told[0].head.node, &*told[0].head.source, told[0].head.t),
        ("test", "mic", 2.0)
    );
    assert_eq!(told[1].body.kind().name, "gap");
    let line = told[0].to_json();
    let expected = r#""text":"Call [number]","redaction":{"mode":"redacted","spans":[{"kind":"number","start":5,"end":13}]}"#;
    assert!(line.contains(expected), "{line}");
    assert_eq!(told[0].sentence().to_string(), "\"Call [number]\"");
    let none = super::tests::told(
        "mode = 'presence_only'",
        vec![said_at(2.0, transcript("Call 42"))],
    );
    assert_eq!(none[0].sentence().to_string(), "something was said");
}

#[test]
fn a_list_can_come_from_a_file_and_wrong_lists_are_told() {
    let mut file = tempfile::NamedTempFile::new().expect("a scratch file");
    let list = "# our people\n\nAlice\n  Acme Corp  \n";
    std::io::Write::write_all(&mut file, list.as_bytes()).expect("it is writable");
    let options = format!("words_file = {:?}", file.path());
    let told = redacted(&options, transcript("alice at ACME corp"));
    assert_eq!(told.text, "[word] at [word]");
    let ty = transform::<RedactText>();
    let gone = configure(&ty, "words_file = '/nowhere'").expect("it is well written");
    let wrong = (gone.at_hand)(Path::new("/"));
    assert!(
        wrong[0].message.contains("/nowhere: No such file"),
        "{wrong:?}"
    );
    for (options, said) in [
        ("words = ['a', '']", "it is empty"),
        ("words = ['?!']", "there is no letter or digit in `?!`"),
        ("words = ['René', 'RENE']", "it sounds the same as `René`"),
        (
            "mode = 'keywords_only'",
            "without `words` or `words_file` nothing would be left",
        ),
        (
            "mode = 'presence_only'\nwords = ['a']",
            "with `mode = \"presence_only\"` no word is told",
        ),
    ] {
        let wrong = configure(&ty, options).err();
        assert_eq!(wrong.as_deref(), Some(said), "{options}");
    }
}

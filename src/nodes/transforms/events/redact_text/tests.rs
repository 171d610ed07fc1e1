//! What is gone in every mode, and what stays.

use std::sync::Arc;

use super::*;
use crate::media::events::Event;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::transform;
use crate::pipeline::contract::testing::{configure, context, drive, gap};

/// What was said, and what is told of it: all names, numbers and addresses are made up.
const SAID: [(&str, &str); 58] = [
    // Numbers, in digits and in words.
    ("My code is 4291.", "My code is [number]."),
    ("the pin is four two nine one", "the pin is [number]"),
    (
        "The pin is four, two, nine, one. Thanks.",
        "The pin is [number]. Thanks.",
    ),
    (
        "It is four double two nine, please.",
        "It is [number], please.",
    ),
    ("double seven please", "[number] please"),
    ("oh four two nine please", "[number] please"),
    ("I am forty-three years old.", "I am [number] years old."),
    ("He is forty.", "He is [number]."),
    (
        "She was born in nineteen eighty four.",
        "She was born in [number].",
    ),
    ("on the twenty second of March", "on the [number] of March"),
    (
        "It costs two hundred and five euros",
        "It costs [number] euros",
    ),
    ("three point five percent more", "[number] percent more"),
    ("Born 12/05/1980, at 10:30.", "Born [number], at [number]."),
    ("It cost $1,250.50 today", "It cost $[number] today"),
    ("licence plate AB12 CDE", "licence plate [number] CDE"),
    ("post code SW1A 1AA please", "post code [number] please"),
    ("The number is ४२९१ here", "The number is [number] here"),
    ("on the 3rd floor", "on the [number] floor"),
    ("My pin starts with four", "My pin starts with [number]"),
    ("Seven", "[number]"),
    ("2 dogs", "[number] dogs"),
    ("seventy people came", "[number] people came"),
    ("4 two nine 1 is it", "[number] is it"),
    // Telephone and card numbers.
    ("Call 555-123-4567 now.", "Call [phone] now."),
    ("Call +44 (0)20 7946 0958 now.", "Call +[phone] now."),
    ("five five five one two three four please", "[phone] please"),
    ("triple five, oh one, double two, four", "[phone]"),
    ("card 4111 1111 1111 1111 ends", "card [number] ends"),
    // E-mail addresses.
    (
        "Write to john.smith@example.com, please.",
        "Write to [email], please.",
    ),
    ("john dot smith at example dot com", "[email]"),
    (
        "It is john underscore smith at mail dot example dot org thanks",
        "It is [email] thanks",
    ),
    (
        "write john dot smith at example.com please",
        "write [email] please",
    ),
    ("j s m i t h at example dot com", "[email]"),
    (
        "my mail is anna four two at example dot net okay",
        "my mail is anna [email] okay",
    ),
    ("john at sign example dot com", "[email]"),
    ("mail Bob @ example.com", "mail [email]"),
    // Postal addresses.
    ("I live at 12 Elm Street.", "I live at [address]."),
    (
        "I live at twelve elm street in town",
        "I live at [address] in town",
    ),
    (
        "Send it to four two nine old mill road, please",
        "Send it to [address], please",
    ),
    ("We are at 7 Oak Close now", "We are at [address] now"),
    ("221b Baker Street, flat 3", "[address], flat [number]"),
    (
        "He lives at 5 Saint Martin's Lane.",
        "He lives at [address].",
    ),
    // Words of the list.
    ("Alice Brown called.", "[word] Brown called."),
    ("this is ALICE's phone", "this is [word]'s phone"),
    ("the Acme-Corp, you know", "the [word], you know"),
    ("Rene called René", "[word] called [word]"),
    // What stays.
    ("One moment please.", "One moment please."),
    ("I have two dogs here.", "I have two dogs here."),
    ("One second please.", "One second please."),
    ("oh one more thing", "oh one more thing"),
    (
        "No one was there, not that one.",
        "No one was there, not that one.",
    ),
    (
        "One or two of the people here",
        "One or two of the people here",
    ),
    (
        "The first one, then the second half",
        "The first one, then the second half",
    ),
    ("Two dogs crossed the road.", "Two dogs crossed the road."),
    ("a ten minute drive away", "a ten minute drive away"),
    (
        "One long road ahead, on Elm Street",
        "One long road ahead, on Elm Street",
    ),
    (
        "We meet at noon. Dot is here.",
        "We meet at noon. Dot is here.",
    ),
    ("Malice aforethought, alices", "Malice aforethought, alices"),
];

const LIST: &str = "words = ['alice', 'acme corp', 'René']";

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

fn redacted(options: &str, said: Transcript) -> Transcript {
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

fn spoken(text: &str) -> Transcript {
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
    // Where words are not those of the text nothing is known of them.
    let mut said = spoken("My code is 4291");
    said.words[3].word = "42 91".to_owned();
    assert_eq!(redacted("", said).words, []);
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

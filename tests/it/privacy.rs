//! What is said and may not be told, from sound to all that a running pipeline writes, prints, logs and shows.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::bad_input::refused;
use crate::samples::wav;
use crate::scratch::{Running, Scratch, wait_for};
use crate::status::{free_port, get};

const PATIENCE: Duration = Duration::from_secs(60);

/// A microphone, what is said, and sinks that take of these.
fn pipeline(sinks: &str) -> String {
    format!(
        "[sources.mic]
         type = 'audio_file'
         path = 'clip.wav'
         [transforms.speech]
         type = 'vad'
         inputs = ['mic']
         [transforms.words]
         type = 'transcribe'
         model = 'otus-words'
         inputs = ['speech']
         {sinks}
         [runtime]
         privacy = 'required'"
    )
}

#[test]
fn a_way_around_is_shown_where_it_reaches_a_sink() {
    refused(
        pipeline("[sinks.log]\ntype = 'jsonl'\ninputs = ['mic', 'words']\npath = 'x.jsonl'"),
        "`transcript` events must not reach `log` as they were said: mic → speech → words → log … pipeline.toml:13:18 \
         … inputs = ['mic', 'words'] … ^^^^^^^ … put a `redact_text` between `words` and `log`",
    );
    let matches = "[transforms.orders]\ntype = 'match_words'\ninputs = ['words']\nphrases = ['stop']\n\
         [transforms.calm]\ntype = 'filter'\ninputs = ['orders']\ncooldown_ms = 10\n\
         [sinks.log]\ntype = 'console'\ninputs = ['calm']";
    refused(
        pipeline(matches),
        "`match` events must not reach `log` as they were said: mic → speech → words → orders → calm → log … \
         put a `redact_text` between `words` and `orders`",
    );
    refused(
        pipeline("[sinks.log]\ntype = 'console'\ninputs = ['words']")
            .replace("'required'", "'requird'"),
        "unknown variant `requird`, expected `off` or `required` … pipeline.toml:15:20",
    );
}

const RUN: &str = "[sources.voice]
type = 'audio_file'
path = 'voice*.wav'
pace = 'realtime'
[transforms.speech]
type = 'vad'
inputs = ['voice']
[transforms.words]
type = 'transcribe'
model = 'otus-words'
inputs = ['speech']
[transforms.told]
type = 'redact_text'
inputs = [{ from = 'words', unsure = true }]
words = ['rear']
[transforms.orders]
type = 'match_words'
inputs = [{ from = 'told', unsure = true }]
phrases = ['front left', 'right', 'rear']
[sinks.log]
type = 'jsonl'
inputs = ['voice', 'speech', 'orders', { from = 'told', unsure = true }]
path = 'log.jsonl'
[sinks.screen]
type = 'console'
inputs = ['speech', 'orders', { from = 'told', unsure = true }]
";

/// All that can be seen of a run but its log file: what it prints and logs, and what the endpoint shows.
struct Seen {
    printed: String,
    events: String,
    pages: Vec<String>,
}

/// A voice says `front left` and `rear right`, while the endpoint is asked for everything.
fn run(scratch: &Scratch, privacy: &str) -> Seen {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo");
    for (at, name) in ["Front_Left", "Rear_Right"].iter().enumerate() {
        let sound = std::fs::read(format!("{demo}/{name}.wav")).expect("`make setup-demo` was run");
        scratch.write(&format!("voice{at}.wav"), sound);
    }
    // Time to look.
    let mut silence = wav(16_000 * 30, 16_000 * 30);
    silence[44..].fill(0);
    scratch.write("voice2.wav", silence);
    let port = free_port();
    let more = format!("[runtime]\nprivacy = '{privacy}'\n[status]\nlisten = '127.0.0.1:{port}'\n");
    scratch.write("pipeline.toml", format!("{RUN}{more}"));
    let mut otus = scratch.otus(&["run", "pipeline.toml"]);
    // More than a pipe holds that nobody reads.
    let printed = std::fs::File::create(scratch.path("printed")).expect("it is writable");
    let logged = printed.try_clone().expect("one more descriptor");
    otus.env("OTUS_LOG", "trace").stdout(printed).stderr(logged);
    let running = Running::start(otus);
    let mut events = wait_for("the endpoint", PATIENCE, || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    let asked = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    events.write_all(asked).expect("it listens");
    let events = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = events.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    wait_for("what is said", PATIENCE, || {
        let said = scratch.events("log.jsonl").into_iter();
        let said = said.filter(|it| it["kind"] == "transcript" && it["accepted"] == true);
        (said.count() == 2).then_some(())
    });
    let page = |path: &&str| {
        let (code, text) = get(&format!("http://127.0.0.1:{port}{path}"), &[]).expect("it answers");
        assert_eq!(code, 200, "{path}");
        text
    };
    let pages = ["/", "/status", "/metrics", "/graph", "/healthz", "/readyz"];
    let pages = pages.iter().map(page).collect();
    running.signal(libc::SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0));
    Seen {
        printed: std::fs::read_to_string(scratch.path("printed")).expect("it is text"),
        events: events.join().expect("it reads"),
        pages,
    }
}

/// Whether the word that must not be told stands in a text.
fn tells(text: &str) -> bool {
    let mut words = text.split(|it: char| !it.is_alphanumeric());
    words.any(|it| it.eq_ignore_ascii_case("rear"))
}

#[test]
fn a_word_that_must_not_be_told_is_nowhere() {
    let scratch = Scratch::new();
    let seen = run(&scratch, "required");
    let log = std::fs::read_to_string(scratch.path("log.jsonl")).expect("it was written");
    assert!(!tells(&log), "{log}");
    assert!(!tells(&seen.printed), "{}", seen.printed);
    assert!(!tells(&seen.events), "{}", seen.events);
    for page in &seen.pages {
        assert!(!tells(page), "{page}");
    }

    let told = scratch.events("log.jsonl");
    let of = |kind: &str| {
        told.iter()
            .filter(|it| it["kind"] == kind)
            .cloned()
            .collect::<Vec<_>>()
    };
    let (said, found) = (of("transcript"), of("match"));
    let texts: Vec<&Value> = said.iter().map(|it| &it["text"]).collect();
    assert_eq!(texts, ["front left", "[word] right"]);
    assert_eq!(said[1]["node"], "told");
    let phrases: Vec<&Value> = found.iter().map(|it| &it["heard"]).collect();
    assert_eq!(phrases, ["front left", "right"]);
    for text in ["front left", "[word] right", "\"kind\":\"match\""] {
        assert!(
            seen.events.contains(text),
            "{text} is not in {}",
            seen.events
        );
    }
    assert!(
        seen.printed.contains("\"[word] right\""),
        "{}",
        seen.printed
    );
    assert!(
        seen.printed.contains(" 2 transcripts in "),
        "told once, counted once: {}",
        seen.printed
    );
}

/// What the test above sees, where nobody asks for privacy.
#[test]
fn without_privacy_onlookers_see_all_that_is_made() {
    let scratch = Scratch::new();
    let seen = run(&scratch, "off");
    assert!(tells(&seen.events), "{}", seen.events);
    let log = std::fs::read_to_string(scratch.path("log.jsonl")).expect("it was written");
    assert!(
        !tells(&log) && !tells(&seen.printed),
        "{log}{}",
        seen.printed
    );
}

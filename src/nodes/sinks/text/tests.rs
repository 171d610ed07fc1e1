//! Texts: what is told to people, in which form, and in which file.

use std::fs;

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::media::events::{Body, Phase, Sound, Step, Track, Transcript};
use crate::media::packet::Packet;
use crate::nodes;
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::testing::{configure, told};

/// A folder with a text in it.
struct World(TempDir);

impl World {
    fn new() -> World {
        World(tempfile::tempdir().expect("a scratch directory"))
    }

    /// A run that tells these events; gives what the file holds then.
    fn run(&self, options: &str, events: &[Packet]) -> Result<String> {
        let ty = nodes::find("text").expect("it is always there");
        let configured = configure(ty, &format!("path = 'text'\n{options}"));
        let context = Context::new("text", self.0.path(), Runtime::default());
        let mut node = (configured.expect("they are right").open)(&context)?;
        let mut out = |_| panic!("a sink makes nothing");
        for event in events {
            node.step(Some(event.clone()), &mut Emit::new(&context, &mut out))?;
        }
        node.finish(&mut Emit::new(&context, &mut out))?;
        Ok(fs::read_to_string(self.0.path().join("text")).expect("it is there"))
    }
}

fn event(second: f64, body: impl Into<Body>) -> Packet {
    let time = Timestamp::from_second(1_000_000_000).expect("a time");
    told("porch", second, time, body)
}

fn said(text: &str, start: f64, end: f64) -> Packet {
    let said = Transcript {
        start,
        end,
        text: text.to_owned(),
        accepted: true,
        ..Transcript::default()
    };
    event(start, said)
}

fn visit(phase: Step) -> Packet {
    let visit = Track {
        phase,
        id: 7,
        label: Arc::from("person"),
        score: 0.9,
        bounds: [1.0; 4],
        start: 60.0,
        end: 72.25,
        frames: 3,
        best: None,
    };
    event(72.25, visit)
}

fn bell(phase: Phase) -> Packet {
    let bell = Sound {
        phase,
        label: Arc::from("Doorbell"),
        score: 0.8,
        start: 3700.0,
        end: 3701.5,
    };
    event(3701.5, bell)
}

fn day() -> Vec<Packet> {
    vec![
        said("Is <this> it?\n\u{1b}[2J Yes --> & no.", 1.5, 3.25),
        visit(Step::Start),
        visit(Step::Update),
        visit(Step::End),
        bell(Phase::Start),
        bell(Phase::End),
    ]
}

#[test]
fn a_visit_is_a_line_and_so_is_a_sentence() {
    let text = World::new().run("", &day()).expect("it is writable");
    let lines: Vec<&str> = text
        .lines()
        .map(|it| &it["2001-09-09 01:46:40".len()..])
        .collect();
    let expected = [
        "  porch  Is <this> it? [2J Yes --> & no.",
        "  porch  person 7 has left after 12.2 s",
        "  porch  Doorbell was heard for 1.5 s",
    ];
    assert_eq!(lines, expected);
    assert!(text.starts_with("2001-09-0"));
}

#[test]
fn subtitles_are_as_players_read_them() {
    let srt = World::new().run("format = 'srt'", &day());
    let expected = "1\n00:00:01,500 --> 00:00:03,250\nIs <this> it? [2J Yes --> & no.\n\n\
        2\n00:01:00,000 --> 00:01:12,250\nperson 7 has left after 12.2 s\n\n\
        3\n01:01:40,000 --> 01:01:41,500\nDoorbell was heard for 1.5 s\n\n";
    assert_eq!(srt.expect("it is writable"), expected);
    let vtt = World::new().run("format = 'vtt'", &day()[..1]);
    let expected = "WEBVTT\n\n00:00:01.500 --> 00:00:03.250\n\
        Is &lt;this&gt; it? [2J Yes --&gt; &amp; no.\n\n";
    assert_eq!(vtt.expect("it is writable"), expected);
}

#[test]
fn lines_go_on_and_subtitles_begin_anew_with_each_run() {
    let world = World::new();
    let once = world.run("", &day()).expect("it is writable");
    let twice = world.run("", &day()).expect("it is writable");
    assert_eq!(twice, once.repeat(2));
    let world = World::new();
    let once = world.run("format = 'srt'", &day()).expect("it is writable");
    let half = once.clone() + "4\n00:00:09,000 --> 00:0";
    fs::write(world.0.path().join("text"), half).expect("it is ours");
    let twice = world.run("format = 'srt'", &day()).expect("it is writable");
    assert_eq!(twice, once);
    let files = fs::read_dir(world.0.path()).expect("it is there").flatten();
    let closed = files.map(|it| it.path()).find(|it| !it.ends_with("text"));
    let closed = fs::read_to_string(closed.expect("it was closed")).expect("it is there");
    assert_eq!(closed, once);
}

#[test]
fn what_is_something_else_is_left_alone() {
    for format in ["txt", "srt", "vtt"] {
        let world = World::new();
        let path = world.0.path().join("text");
        fs::write(&path, "five years of notes").expect("writable");
        let error = world.run(&format!("format = '{format}'"), &day()).err();
        let is_told = |it: &Error| !it.may_pass() && it.to_string().contains("left alone");
        assert!(error.as_ref().is_some_and(is_told), "{error:?}");
        let text = fs::read_to_string(&path).expect("it is there");
        assert_eq!(text, "five years of notes");
    }
}

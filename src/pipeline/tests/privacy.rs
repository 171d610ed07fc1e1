//! Words that are asked to be kept private: who sees them while it runs, and after a reload.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::events::{Event, Found, Of, Transcript};
use crate::media::packet::Nothing;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Flow, Node, Sink, Source, Transform};
use crate::pipeline::file;
use crate::pipeline::run::{self, View};

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Mouth>()),
    Entry::Present(catalogue::transform::<Clean>()),
    Entry::Present(catalogue::transform::<Spot>()),
    Entry::Present(catalogue::sink::<Book>()),
];

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

/// Says a secret a hundred times a second.
struct Mouth(Context);

impl Node for Mouth {
    const NAME: &'static str = "mouth";
    const ABOUT: &'static str = "A secret.";
    const EXAMPLE: &'static str = "";
    type Config = NoOptions;

    fn open(_: &NoOptions, context: &Context) -> Result<Mouth> {
        Ok(Mouth(context.clone()))
    }
}

fn transcript(text: &str) -> Transcript {
    Transcript {
        text: text.to_owned(),
        accepted: true,
        ..Transcript::default()
    }
}

impl Source for Mouth {
    type Out = Of<Transcript>;

    fn is_live(_: &NoOptions) -> bool {
        true
    }

    fn next(&mut self, out: &mut Emit<Of<Transcript>>) -> Result<Flow> {
        std::thread::sleep(Duration::from_millis(10));
        let now = self.0.clock.now();
        out.event(&self.0.id, now, None, transcript("secret"));
        Ok(Flow::More)
    }
}

/// Takes the secret out.
struct Clean;

impl Node for Clean {
    const NAME: &'static str = "clean";
    const ABOUT: &'static str = "No secret.";
    const EXAMPLE: &'static str = "";
    type Config = NoOptions;

    fn open(_: &NoOptions, _: &Context) -> Result<Clean> {
        Ok(Clean)
    }
}

impl Transform for Clean {
    type In = Of<Transcript>;
    type Out = Of<Transcript>;
    const PASSES: bool = true;
    const REDACTS: bool = true;

    fn apply(&mut self, said: Of<Transcript>, out: &mut Emit<Of<Transcript>>) -> Result<()> {
        let head = said.head();
        out.event(&head.source, head.at, None, transcript("clean"));
        Ok(())
    }
}

/// Repeats what it takes.
struct Spot;

impl Node for Spot {
    const NAME: &'static str = "spot";
    const ABOUT: &'static str = "What was heard.";
    const EXAMPLE: &'static str = "";
    type Config = NoOptions;

    fn open(_: &NoOptions, _: &Context) -> Result<Spot> {
        Ok(Spot)
    }
}

impl Transform for Spot {
    type In = Of<Transcript>;
    type Out = Of<Found>;

    fn apply(&mut self, said: Of<Transcript>, out: &mut Emit<Of<Found>>) -> Result<()> {
        let head = said.head();
        let heard = said.body().text.clone();
        let found = Found {
            start: 0.0,
            end: 0.0,
            by_words: false,
            phrase: "x".into(),
            heard,
            distance: 0,
            accepted: true,
            partial: false,
        };
        out.event(&head.source, head.at, None, found);
        Ok(())
    }
}

struct Book;

impl Node for Book {
    const NAME: &'static str = "book";
    const ABOUT: &'static str = "Takes everything.";
    const EXAMPLE: &'static str = "";
    type Config = NoOptions;

    fn open(_: &NoOptions, _: &Context) -> Result<Book> {
        Ok(Book)
    }
}

impl Sink for Book {
    type In = Arc<Event>;
    type Out = Nothing;

    fn write(&mut self, _: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        Ok(())
    }
}

const OPEN: &str = "[sources.mouth]\ntype='mouth'\n\
     [transforms.clean]\ntype='clean'\ninputs=['mouth']\n\
     [transforms.spot]\ntype='spot'\ninputs=['clean']\n\
     [sinks.book]\ntype='book'\ninputs=['clean','spot']\n";

fn private(text: &str) -> String {
    format!("{text}\n[runtime]\nprivacy='required'\n")
}

fn plan(text: &str) -> file::Plan {
    file::parse(text, Path::new("."), NODES).unwrap_or_else(|it| panic!("{it:?}"))
}

/// What is wrong with a pipeline, and what to do about it.
fn wrong(text: &str) -> Vec<(String, String)> {
    let problems = file::parse(&private(text), Path::new("."), NODES).err();
    let problems = problems.into_iter().flatten();
    problems.map(|it| (it.message, it.help)).collect()
}

/// Waits until onlookers have been told something that holds, of what is remembered.
fn until(view: &View, holds: impl Fn(&[String]) -> bool) -> Vec<String> {
    for _ in 0..1_000 {
        let lines: Vec<String> = remembered(view);
        if holds(&lines) {
            return lines;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain: {:?}", remembered(view))
}

fn remembered(view: &View) -> Vec<String> {
    let recent = view.feed().listen(0).0;
    recent.iter().map(|it| it.event.to_json()).collect()
}

fn has(lines: &[String], word: &str) -> bool {
    lines.iter().any(|it| it.contains(word))
}

#[test]
fn onlookers_see_nothing_but_what_was_redacted() {
    for (text, shows) in [(OPEN.to_owned(), true), (private(OPEN), false)] {
        let pipeline = run::start(plan(&text));
        let (view, stop) = (pipeline.view(), pipeline.stop());
        let lines = until(&view, |it| has(it, "\"match\""));
        assert!(has(&lines, "\"text\":\"clean\"") && has(&lines, "\"heard\":\"clean\""));
        assert_eq!(has(&lines, "secret"), shows, "{text}: {lines:?}");
        stop.set();
        let mouth = &pipeline.wait().snapshot.nodes[0];
        assert!(mouth.counts.events["transcript"] > 0, "it is counted");
    }
}

#[test]
fn what_was_seen_before_a_reload_is_not_seen_after_it() {
    let pipeline = run::start(plan(OPEN));
    let (view, stop, reloader) = (pipeline.view(), pipeline.stop(), pipeline.reloader());
    let asking = std::thread::spawn(move || {
        until(&view, |it| has(it, "secret"));
        reloader.replace(plan(&private(OPEN)));
        until(&view, |it| !has(it, "secret") && has(it, "clean"));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!has(&remembered(&view), "secret"));
        reloader.replace(plan(OPEN));
        until(&view, |it| has(it, "secret"));
        stop.set();
    });
    let outcome = pipeline.wait();
    asking.join().expect("all is as it should be");
    assert!(outcome.failures.is_empty());
}

#[test]
fn every_way_to_a_sink_goes_through_who_redacts() {
    assert_eq!(wrong(OPEN), []);
    let twice = OPEN.replace("['clean','spot']", "['clean','spot','mouth']");
    let said = "`transcript` events must not reach `book` as they were said: mouth → book";
    let help = "let `book` take `clean` instead of `mouth`";
    assert_eq!(wrong(&twice), [(said.to_owned(), help.to_owned())]);

    let around = OPEN.replace(
        "inputs=['clean']\n[sinks",
        "inputs=['clean','mouth']\n[sinks",
    );
    let said = "`match` events must not reach `book` as they were said: mouth → spot → book";
    let help = "let `spot` take `clean` instead of `mouth`";
    assert_eq!(wrong(&around), [(said.to_owned(), help.to_owned())]);

    let none = "[sources.mouth]\ntype='mouth'\n[transforms.spot]\ntype='spot'\ninputs=['mouth']\n\
         [sinks.book]\ntype='book'\ninputs=['mouth','spot']\n[sinks.other]\ntype='book'\ninputs=['spot']\n";
    let helps: Vec<String> = wrong(none).into_iter().map(|it| it.1).collect();
    assert_eq!(
        helps,
        [
            "put a `clean` between `mouth` and `book`",
            "put a `clean` between `mouth` and `spot`",
            "put a `clean` between `mouth` and `spot`"
        ]
    );
    assert!(
        file::parse(none, Path::new("."), NODES).is_ok(),
        "nobody asks for privacy"
    );
}

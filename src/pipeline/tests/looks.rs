//! Pictures that are asked to be kept private: which ways they may go, and who sees them while it runs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::coded::Coded;
use crate::media::frame::{Frame, PixelFormat};
use crate::media::objects::Objects;
use crate::media::packet::Nothing;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Flow, Node, Sink, Source, Transform};
use crate::pipeline::file;
use crate::pipeline::run::{self, View};
use crate::ports;

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Eye>()),
    Entry::Present(catalogue::transform::<Find>()),
    Entry::Present(catalogue::transform::<Cover>()),
    Entry::Present(catalogue::sink::<Wall>()),
    Entry::Present(catalogue::sink::<Album>()),
    Entry::Present(catalogue::sink::<Tape>()),
];

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

/// A node without options, whose type is `$type`.
macro_rules! node {
    ($type:ident, $name:literal) => {
        struct $type(Context);

        impl Node for $type {
            const NAME: &'static str = $name;
            const ABOUT: &'static str = "For tests.";
            const EXAMPLE: &'static str = "";
            type Config = NoOptions;

            fn open(_: &NoOptions, context: &Context) -> Result<$type> {
                Ok($type(context.clone()))
            }
        }
    };
}

/// A sink that keeps nothing of what it takes.
macro_rules! takes {
    ($type:ident, $taken:ty) => {
        impl Sink for $type {
            type In = $taken;
            type Out = Nothing;

            fn write(&mut self, _: $taken, _: &mut Emit<Nothing>) -> Result<()> {
                let _ = &self.0;
                Ok(())
            }
        }
    };
}

node!(Eye, "eye");
node!(Find, "find");
node!(Cover, "cover");
node!(Wall, "wall");
node!(Album, "album");
node!(Tape, "tape");
takes!(Wall, Arc<Frame>);
takes!(Album, Arc<Objects>);
takes!(Tape, Arc<Coded>);

ports! {
    enum Sight {
        Frame(Arc<Frame>),
        Coded(Arc<Coded>),
    }
}

/// One pixel of this brightness.
fn pixel(of: u8) -> Frame {
    let mut frame = Frame::empty();
    frame.reshape(1, 1, PixelFormat::Rgb8).fill(of);
    frame.source = "eye".into();
    frame
}

impl Source for Eye {
    type Out = Sight;

    fn is_live(_: &NoOptions) -> bool {
        true
    }

    fn next(&mut self, out: &mut Emit<Sight>) -> Result<Flow> {
        std::thread::sleep(Duration::from_millis(5));
        let mut frame = pixel(200);
        frame.at = self.0.clock.now();
        out.send(Arc::new(frame));
        Ok(Flow::More)
    }
}

impl Transform for Find {
    type In = Arc<Frame>;
    type Out = Arc<Objects>;

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Arc<Objects>>) -> Result<()> {
        out.send(Arc::new(Objects {
            source: Arc::clone(&self.0.id),
            seq: frame.seq,
            at: frame.at,
            size: [1, 1],
            file: None,
            frame: Some(frame),
            complete: true,
            found: [].into(),
            model: "test".into(),
            provider: "cpu".into(),
            areas: Arc::default(),
        }));
        Ok(())
    }
}

impl Transform for Cover {
    type In = Arc<Objects>;
    type Out = Arc<Frame>;
    const REDACTS: bool = true;

    fn apply(&mut self, objects: Arc<Objects>, out: &mut Emit<Arc<Frame>>) -> Result<()> {
        let mut frame = pixel(0);
        frame.at = objects.at.max(self.0.clock.now());
        out.send(Arc::new(frame));
        Ok(())
    }
}

const OPEN: &str = "[sources.porch]\ntype='eye'\n\
     [transforms.faces]\ntype='find'\ninputs=['porch']\n\
     [transforms.calm]\ntype='cover'\ninputs=['faces']\n\
     [sinks.wall]\ntype='wall'\ninputs=['calm']\n";

fn private(text: &str) -> String {
    format!("{text}\n[runtime]\nprivacy='required'\n")
}

fn plan(text: &str) -> file::Plan {
    file::parse(text, Path::new("."), NODES).unwrap_or_else(|it| panic!("{it:?}"))
}

/// What is wrong with a pipeline of these nodes, and what to do about it.
fn wrong(text: &str) -> Vec<(String, String)> {
    let problems = file::parse(&private(text), Path::new("."), NODES).err();
    let problems = problems.into_iter().flatten();
    problems.map(|it| (it.message, it.help)).collect()
}

#[test]
fn every_way_of_a_picture_goes_through_who_redacts() {
    assert_eq!(wrong(OPEN), []);
    let said = |message: &str, help: &str| vec![(message.to_owned(), help.to_owned())];
    assert_eq!(
        wrong(&OPEN.replace("['calm']", "['calm','porch']")),
        said(
            "frames must not reach `wall` as they were seen: porch → wall",
            "let `wall` take `calm` instead of `porch`"
        )
    );
    assert_eq!(
        wrong("[sources.porch]\ntype='eye'\n[sinks.wall]\ntype='wall'\ninputs=['porch']\n"),
        said(
            "frames must not reach `wall` as they were seen: porch → wall",
            "put a `find` and a `cover` between `porch` and `wall`"
        )
    );
    let album = "[sinks.album]\ntype='album'\ninputs=['faces']\n";
    let (alone, _) = OPEN.split_once("[transforms.calm]").expect("it is there");
    assert_eq!(
        wrong(&format!("{alone}{album}")),
        said(
            "objects must not reach `album` as they were seen: porch → faces → album",
            "put a `cover` and a `find` between `faces` and `album`"
        )
    );
    let again = "[transforms.again]\ntype='find'\ninputs=['calm']\n";
    let behind = format!("{OPEN}{again}{}", album.replace("faces", "again"));
    assert_eq!(
        wrong(&behind),
        [],
        "what is found in covered pictures is covered"
    );
    let tape = "[sinks.tape]\ntype='tape'\ninputs=['porch']\n";
    assert_eq!(
        wrong(&format!("{OPEN}{tape}")),
        said(
            "coded packets must not reach `tape` as they were seen and heard: porch → tape",
            "no node makes of it what may be shown: remove this input"
        )
    );
    let none = format!("{OPEN}{tape}{album}");
    assert!(
        file::parse(&none, Path::new("."), NODES).is_ok(),
        "nobody asks for privacy"
    );
}

/// The brightness of the next picture of a node, if onlookers may see any.
fn look(view: &View, id: &str) -> Option<u8> {
    let mut asked = view.tap(id)?.next_frame();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if let Ok(frame) = asked.try_recv() {
            return Some(frame.pixels[0]);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("`{id}` gives no picture")
}

fn wait(view: &View, id: &str, wanted: Option<u8>) {
    let start = Instant::now();
    while look(view, id) != wanted {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn onlookers_see_pictures_that_were_redacted_and_no_others() {
    let pipeline = run::start(plan(OPEN));
    let (view, stop, reloader) = (pipeline.view(), pipeline.stop(), pipeline.reloader());
    let asking = std::thread::spawn(move || {
        wait(&view, "porch", Some(200));
        assert_eq!(look(&view, "calm"), Some(0));
        reloader.replace(plan(&private(OPEN)));
        wait(&view, "porch", None);
        assert_eq!(look(&view, "calm"), Some(0));
        let shows: Vec<bool> = view.snapshot().nodes.iter().map(|it| it.pictures).collect();
        assert_eq!(shows, [false, false, true, false], "what the page offers");
        reloader.replace(plan(OPEN));
        wait(&view, "porch", Some(200));
        stop.set();
    });
    let outcome = pipeline.wait();
    asking.join().expect("all is as it should be");
    assert!(outcome.failures.is_empty());
}

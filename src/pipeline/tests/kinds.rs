//! Two kinds of one source, in the order of their capture time.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::run_of;
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::events::{Gap, Of};
use crate::media::frame::Frame;
use crate::media::packet::Nothing;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Sink, Source};
use crate::pipeline::file;
use crate::ports;

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Film>()),
    Entry::Present(catalogue::sink::<Order>()),
    Entry::Present(catalogue::sink::<Vault>()),
];

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FilmConfig {
    /// Pictures, and pieces of sound that belong to them.
    seconds: u64,
    /// So many pictures come before their sound.
    ahead: u64,
    /// Bytes of a picture.
    #[serde(default)]
    bytes: u32,
}

/// Pictures that come in bursts before their sound, as from a file that is badly interleaved.
struct Film {
    config: FilmConfig,
    frames: u64,
    sounds: u64,
}

ports! {
    enum FilmParts {
        Frame(Arc<Frame>),
        Audio(Arc<Audio>),
        Gap(Of<Gap>),
    }
}

impl Node for Film {
    const NAME: &'static str = "film";
    const ABOUT: &'static str = "Pictures and sound.";
    const EXAMPLE: &'static str = "seconds = 1\nahead = 1";
    type Config = FilmConfig;

    fn open(config: &FilmConfig, _: &Context) -> Result<Film> {
        Ok(Film {
            config: config.clone(),
            frames: 0,
            sounds: 0,
        })
    }
}

impl Source for Film {
    type Out = FilmParts;

    fn is_live(_: &FilmConfig) -> bool {
        false
    }

    fn next(&mut self, out: &mut Emit<FilmParts>) -> Result<Flow> {
        let ahead = self.frames < self.sounds + self.config.ahead;
        if self.frames < self.config.seconds && ahead {
            let mut frame = Frame::empty();
            (frame.seq, frame.at) = (self.frames, second(self.frames));
            frame.pixels = vec![0; self.config.bytes as usize];
            out.send(Arc::new(frame));
            self.frames += 1;
        } else if self.sounds < self.config.seconds {
            out.send(Arc::new(Audio {
                source: Arc::from("film"),
                live: false,
                first_sample: 0,
                at: second(self.sounds),
                samples: vec![self.sounds as f32],
            }));
            self.sounds += 1;
        } else {
            return Ok(Flow::Done);
        }
        Ok(Flow::More)
    }
}

fn second(number: u64) -> Time {
    Time::from_secs_f64(number as f64)
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OrderConfig {
    /// File to write to.
    path: String,
}

/// Writes down in which order two kinds come.
struct Order(OrderConfig, Vec<String>);

ports! {
    enum Media {
        Frame(Arc<Frame>),
        Audio(Arc<Audio>),
    }
}

impl Node for Order {
    const NAME: &'static str = "order";
    const ABOUT: &'static str = "The order of two kinds into a file.";
    const EXAMPLE: &'static str = "path = \"order\"";
    type Config = OrderConfig;

    fn open(config: &OrderConfig, _: &Context) -> Result<Order> {
        Ok(Order(config.clone(), Vec::new()))
    }
}

impl Sink for Order {
    type In = Media;
    type Out = Nothing;

    fn write(&mut self, item: Media, _: &mut Emit<Nothing>) -> Result<()> {
        self.1.push(match item {
            Media::Frame(frame) => format!("f{}", frame.seq),
            Media::Audio(audio) => format!("a{}", audio.samples[0]),
        });
        Ok(())
    }

    fn finish(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        std::fs::write(&self.0.path, self.1.join(" ")).map_err(Error::fatal)
    }
}

/// Keeps what a camera has encoded.
struct Vault;

impl Node for Vault {
    const NAME: &'static str = "vault";
    const ABOUT: &'static str = "Coded packets, thrown away.";
    const EXAMPLE: &'static str = "path = \"vault\"";
    type Config = OrderConfig;

    fn open(_: &OrderConfig, _: &Context) -> Result<Vault> {
        Ok(Vault)
    }
}

impl Sink for Vault {
    type In = Arc<Coded>;
    type Out = Nothing;

    fn write(&mut self, _: Arc<Coded>, _: &mut Emit<Nothing>) -> Result<()> {
        Ok(())
    }
}

fn order(seconds: u64) -> String {
    let each = (0..seconds).map(|it| format!("f{it} a{it}"));
    each.collect::<Vec<_>>().join(" ")
}

#[test]
fn two_kinds_of_one_source_come_in_order_of_capture_time() {
    for ahead in [1, 10, 40] {
        let (written, outcome) = run_of(
            NODES,
            &format!(
                "[sources.film]\ntype='film'\nseconds=40\nahead={ahead}\n\
                 [sinks.book]\ntype='order'\ninputs=['film']\npath='BOOK'\n"
            ),
        );
        assert_eq!(written, order(40), "{ahead} ahead");
        let dropped = outcome.snapshot.edges.iter().map(|it| it.counts.dropped);
        assert_eq!(dropped.sum::<u64>(), 0);
    }
}

#[test]
fn a_source_of_three_kinds_is_not_asked_for_a_fourth() {
    let text = "[sources.film]\ntype='film'\nseconds=1\nahead=1\n\
                [sinks.vault]\ntype='vault'\ninputs=['film']\npath='x'\n";
    let problems = file::parse(text, Path::new("/"), NODES).err();
    let [problem] = &problems.expect("it is refused")[..] else {
        panic!("one thing is wrong");
    };
    assert_eq!(&text[problem.span.clone()], "'film'");
    assert_eq!(
        problem.message,
        "`vault` takes coded packets, but `film` makes frames, audio and `gap` events"
    );
    assert_eq!(problem.help, "`otus nodes vault` says what it takes");
}

/// 20 pictures of 16 MB come before their sound, which is more than a lane may stretch to.
#[test]
#[ignore = "takes half a minute"]
fn a_lane_that_stretches_has_a_limit_and_does_not_lock_up() {
    let (written, _) = run_of(
        NODES,
        "[sources.film]\ntype='film'\nseconds=24\nahead=20\nbytes=16000000\n\
         [sinks.book]\ntype='order'\ninputs=['film']\npath='BOOK'\n",
    );
    assert_eq!(written.split(' ').count(), 48, "{written}");
}

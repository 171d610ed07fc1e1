//! `console`: events for a person, one line each, on standard output.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _, stdout};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::event::{Event, Object};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Node, Sink};

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A sentence.
    #[default]
    Text,
    /// The same JSON as `jsonl`.
    Json,
}

/// Options of `console`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `text` or `json`.
    #[serde(default)]
    pub format: Format,
}

/// Standard output.
pub struct Console {
    format: Format,
    colour: bool,
}

impl Node for Console {
    const NAME: &'static str = "console";
    const ABOUT: &'static str = "Prints events as they come.";
    const EXAMPLE: &'static str = "";
    type Config = Config;

    fn open(config: &Config, _: &Context) -> Result<Console> {
        let colour = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Ok(Console {
            format: config.format,
            colour,
        })
    }
}

impl Sink for Console {
    type In = Arc<Event>;

    fn write(&mut self, event: Arc<Event>) -> Result<()> {
        let line = match self.format {
            Format::Json => event.to_json(),
            Format::Text => sentence(&event, self.colour),
        };
        writeln!(stdout(), "{line}").map_err(|error| Error::fatal(format!("cannot print: {error}")))
    }
}

/// What an event says, with its time and node in front.
fn sentence(event: &Event, colour: bool) -> String {
    let head = event.head();
    let (dim, bold, red, plain) = match colour {
        true => ("\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[0m"),
        false => ("", "", "", ""),
    };
    let mut line = format!("{dim}{:>9.3} s  {:<10}{plain} ", head.t, head.node);
    let _ = match event {
        Event::Detection { objects, .. } => write!(line, "{bold}{}{plain}", list(objects)),
        Event::Speech { start, end, .. } => write!(line, "speech, {:.1} s", end - start),
        Event::Transcript {
            text,
            accepted: true,
            ..
        } => write!(line, "{bold}\"{text}\"{plain}"),
        Event::Transcript { text, .. } if text.is_empty() => write!(line, "{dim}no words{plain}"),
        Event::Transcript { text, .. } => write!(line, "{dim}not sure: \"{text}\"{plain}"),
        Event::Gap {
            start, end, reason, ..
        } => {
            let seconds = end - start;
            write!(
                line,
                "{red}{} lost {seconds:.1} s: {reason}{plain}",
                head.source
            )
        }
        Event::Health {
            condition,
            active,
            seconds,
            ..
        } => {
            let (source, condition) = (&head.source, condition.name());
            match active {
                true => write!(
                    line,
                    "{red}{source} is {condition} for {seconds:.0} s{plain}"
                ),
                false => write!(
                    line,
                    "{source} is no longer {condition}, after {seconds:.0} s"
                ),
            }
        }
    };
    line
}

/// `person 0.91 at 412,188, 2 more`: the strongest and a count.
fn list(objects: &[Object]) -> String {
    const SHOWN: usize = 4;
    let shown = objects.iter().take(SHOWN).map(|object| {
        let [x, y, ..] = object.bounds;
        format!("{} {:.2} at {x:.0},{y:.0}", object.label, object.score)
    });
    let mut text = shown.collect::<Vec<_>>().join("; ");
    if objects.len() > SHOWN {
        let _ = write!(text, "; {} more", objects.len() - SHOWN);
    }
    text
}

//! `console`: events for a person, one line each, on standard output.

use std::io::{ErrorKind, IsTerminal, Write, stdout};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::events::{Event, Tone};
use crate::media::packet::Nothing;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};
use crate::pipeline::contract::stdout as standard;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    const ALSO: &'static [&'static str] = &[
        "stdout", "stderr", "print", "terminal", "screen", "display", "debug",
    ];
    const ABOUT: &'static str = "Prints events as they come.";
    const EXAMPLE: &'static str = "";
    type Config = Config;

    fn open(config: &Config, _: &Context) -> Result<Console> {
        if config.format == Format::Json {
            standard::give_to_programs();
        }
        let colour = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Ok(Console {
            format: config.format,
            colour,
        })
    }
}

impl Sink for Console {
    type In = Arc<Event>;
    type Out = Nothing;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        let line = match self.format {
            Format::Text if !standard::is_for_programs() => sentence(&event, self.colour),
            Format::Json | Format::Text => event.to_json(),
        };
        writeln!(stdout(), "{line}").map_err(|error| match error.kind() {
            // `otus run FILE | head` has seen enough.
            ErrorKind::BrokenPipe => Error::Over,
            _ => Error::fatal(format!("cannot print: {error}")),
        })
    }
}

/// The same without what a terminal obeys: names of files and words come from elsewhere.
fn printable(sentence: &str) -> String {
    let mut out = String::with_capacity(sentence.len());
    for c in sentence.chars() {
        match c.is_control() {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}

/// What an event says, with its time and node in front.
fn sentence(event: &Event, colour: bool) -> String {
    let head = &event.head;
    let (dim, plain) = if colour {
        ("\x1b[2m", "\x1b[0m")
    } else {
        ("", "")
    };
    let tone = match event.body.tone() {
        _ if !colour => "",
        Tone::Plain => "",
        Tone::Strong => "\x1b[1m",
        Tone::Faint => dim,
        Tone::Alarm => "\x1b[31m",
    };
    let (t, node, sentence) = (head.t, &head.node, printable(&event.sentence().to_string()));
    let end = if tone.is_empty() { "" } else { plain };
    format!("{dim}{t:>9.3} s  {node:<10}{plain} {tone}{sentence}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_and_words_are_not_touched() {
        assert_eq!(printable("fa\u{1b}[2Jce\r\n"), "fa\\u{1b}[2Jce\\r\\n");
        assert_eq!(printable("„Grüße“, 你好 🦉"), "„Grüße“, 你好 🦉");
    }
}

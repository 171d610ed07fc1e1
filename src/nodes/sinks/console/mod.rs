//! `console`: events for a person, one line each, on standard output.

mod fold;

use std::io::{self, ErrorKind, IsTerminal, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossterm::terminal::size;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::fold::{Fold, Line, cut};
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

/// Of a terminal that does not say how wide it is.
const USUAL_COLUMNS: u16 = 80;

/// Standard output.
pub struct Console {
    format: Format,
    colour: bool,
    /// On a terminal, the lines that change, and which are its own.
    fold: Option<(u64, Fold)>,
}

impl Node for Console {
    const NAME: &'static str = "console";
    const ALSO: &'static [&'static str] = &[
        "stdout", "stderr", "print", "terminal", "screen", "display", "debug",
    ];
    const ABOUT: &'static str = "Prints events as they come. On a terminal a stream of `detection` events, and of `track` events that \
        something is still there, is one line that changes, with how many there were.";
    const EXAMPLE: &'static str = "";
    type Config = Config;

    fn open(config: &Config, _: &Context) -> Result<Console> {
        if config.format == Format::Json {
            standard::give_to_programs();
        }
        let is_terminal = stdout().is_terminal();
        let can_change = is_terminal && std::env::var_os("TERM").is_some_and(|it| it != "dumb");
        static OPENED: AtomicU64 = AtomicU64::new(1);
        Ok(Console {
            format: config.format,
            colour: is_terminal && std::env::var_os("NO_COLOR").is_none(),
            fold: can_change.then(|| (OPENED.fetch_add(1, Relaxed), Fold::default())),
        })
    }
}

impl Sink for Console {
    type In = Arc<Event>;
    type Out = Nothing;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        let colour = self.colour;
        let is_text = self.format == Format::Text && !standard::is_for_programs();
        let written = match &mut self.fold {
            Some((own, fold)) if is_text => standard::to_rows(*own, |rows| {
                let columns = size().map_or(0, |it| it.0);
                let columns = if columns == 0 { USUAL_COLUMNS } else { columns };
                let columns = usize::from(columns);
                let text = fold.put(&event, rows, |count| {
                    Line::of(&event, count, colour, columns)
                });
                print(&text)
            }),
            _ if is_text => print(&(sentence(&event, "", colour, usize::MAX) + "\n")),
            _ => print(&(event.to_json() + "\n")),
        };
        written.map_err(|error| match error.kind() {
            // `otus run FILE | head` has seen enough.
            ErrorKind::BrokenPipe => Error::Over,
            _ => Error::fatal(format!("cannot print: {error}")),
        })
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

impl Line {
    /// Of an event that is the so-manieth in a row.
    fn of(event: &Event, count: u64, colour: bool, columns: usize) -> Line {
        let times = match count {
            1 => String::new(),
            count => format!(" ×{count}"),
        };
        Line {
            whole: sentence(event, &times, colour, usize::MAX),
            row: sentence(event, &times, colour, columns),
        }
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

/// What an event says, with its time and node in front and how often it was said behind, in so many columns.
fn sentence(event: &Event, times: &str, colour: bool, columns: usize) -> String {
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
    let front = format!("{:>9.3} s  {:<10}", head.t, head.node);
    let front = cut(&front, columns);
    let left = columns.saturating_sub(front.chars().count() + 1 + 2 * times.chars().count());
    let sentence = printable(&event.sentence().to_string());
    let sentence = cut(&sentence, left);
    let end = if tone.is_empty() { "" } else { plain };
    format!("{dim}{front}{plain} {tone}{sentence}{end}{times}")
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

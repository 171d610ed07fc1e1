//! Lines at the end of a terminal that change: one for each stream of events of which the next says what the last did.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::media::clock::Time;
use crate::media::events::Event;

/// So many streams have a line of their own.
const MOST: usize = 8;
/// A stream that has told nothing for so long is over: its line moves up to the others.
const OVER: Duration = Duration::from_secs(5);

/// Streams whose lines still change.
#[derive(Default)]
pub struct Fold {
    open: Vec<Stream>,
}

struct Stream {
    of: Key,
    at: Time,
    count: u64,
    line: Line,
}

type Key = (&'static str, Arc<str>, Arc<str>);

/// A line as it is written once, and as it fits into a row.
pub struct Line {
    /// All of it.
    pub whole: String,
    /// Of this event alone, cut where the terminal ends.
    pub row: String,
}

impl Fold {
    /// What is to be written when this event comes: it is given its line, and told how many such there were in a row.
    /// `rows` is how many of the lines that change are still the last on the terminal, and how many are then.
    pub fn put(&mut self, event: &Event, rows: &mut usize, line: impl Fn(u64) -> Line) -> String {
        let mut out = String::new();
        match *rows {
            // Somebody else has written since: what was told stays above that.
            0 => self.open.clear(),
            rows => {
                let _ = write!(out, "\x1b[{rows}A\r\x1b[J");
            }
        }
        self.settle(event.head.at, &mut out);
        if event.body.is_passing() {
            self.change(event, line, &mut out);
        } else {
            out.push_str(&line(1).whole);
            out.push('\n');
        }
        for stream in &self.open {
            out.push_str(&stream.line.row);
            out.push('\n');
        }
        *rows = self.open.len();
        out
    }

    /// Streams that are over leave their last line behind.
    fn settle(&mut self, now: Time, out: &mut String) {
        self.open.retain(|stream| {
            let goes_on = now.since(stream.at) < OVER;
            if !goes_on {
                out.push_str(&stream.line.whole);
                out.push('\n');
            }
            goes_on
        });
    }

    fn change(&mut self, event: &Event, line: impl Fn(u64) -> Line, out: &mut String) {
        let head = &event.head;
        let of = (
            event.body.kind().name,
            Arc::clone(&head.node),
            Arc::clone(&head.source),
        );
        if let Some(stream) = self.open.iter_mut().find(|it| it.of == of) {
            stream.count += 1;
            (stream.at, stream.line) = (head.at, line(stream.count));
            return;
        }
        if self.open.len() == MOST {
            out.push_str(&self.open.remove(0).line.whole);
            out.push('\n');
        }
        self.open.push(Stream {
            of,
            at: head.at,
            count: 1,
            line: line(1),
        });
    }
}

/// So much of a text as fits into this many columns; what is not ASCII may be two wide.
pub fn cut(text: &str, columns: usize) -> &str {
    let mut left = columns;
    let too_much = |c: char| {
        let wide = if c.is_ascii() { 1 } else { 2 };
        left.checked_sub(wide).map(|it| left = it).is_none()
    };
    let end = text.find(too_much).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::events::{Body, Detection, Motion, Phase};
    use crate::pipeline::contract::testing::context;

    /// What a terminal shows of what is written to it.
    #[derive(Default)]
    struct Terminal {
        lines: Vec<String>,
        rows: usize,
    }

    impl Terminal {
        fn write(&mut self, text: &str) {
            let mut text = text;
            if let Some((up, rest)) = text.strip_prefix("\x1b[").and_then(|it| it.split_once('A')) {
                let up: usize = up.parse().expect("a number");
                text = rest
                    .strip_prefix("\r\x1b[J")
                    .expect("it clears what follows");
                self.lines.truncate(self.lines.len() - up);
            }
            self.lines.extend(text.lines().map(str::to_owned));
        }

        fn put(&mut self, fold: &mut Fold, source: &str, at: f64, body: impl Into<Body>) {
            let at = Time::from_secs_f64(at);
            let event = context().event(&source.into(), at, None, body);
            let line = |count: u64| {
                let whole = format!("{source} {} ×{count}", event.body.kind().name);
                let row = cut(&whole, 60).to_owned();
                Line { whole, row }
            };
            let mut rows = self.rows;
            let text = fold.put(&event, &mut rows, line);
            self.rows = rows;
            self.write(&text);
        }
    }

    fn found() -> Detection {
        Detection {
            file: None,
            frame: [10, 10],
            objects: Arc::default(),
            model: "m".into(),
            provider: "cpu".into(),
        }
    }

    fn motion() -> Motion {
        Motion {
            phase: Phase::Start,
            start: 0.0,
            end: 0.0,
            area: 0.5,
        }
    }

    #[test]
    fn a_stream_is_one_line_that_changes_below_what_is_news() {
        let (mut fold, mut terminal) = (Fold::default(), Terminal::default());
        for at in 0..30 {
            let at = f64::from(at) / 10.0;
            terminal.put(&mut fold, "porch", at, found());
            terminal.put(&mut fold, "yard", at, found());
        }
        assert_eq!(
            terminal.lines,
            ["porch detection ×30", "yard detection ×30"]
        );
        terminal.put(&mut fold, "porch", 3.0, motion());
        terminal.put(&mut fold, "yard", 3.1, found());
        let expect = [
            "porch motion ×1",
            "porch detection ×30",
            "yard detection ×31",
        ];
        assert_eq!(terminal.lines, expect);
        // That of the porch is over; then the log is written, and what stands above it stays.
        terminal.put(&mut fold, "yard", 8.0, found());
        terminal.lines.push("log".to_owned());
        terminal.rows = 0;
        terminal.put(&mut fold, "yard", 8.1, found());
        let expect = [
            "porch motion ×1",
            "porch detection ×30",
            "yard detection ×32",
            "log",
            "yard detection ×1",
        ];
        assert_eq!(terminal.lines, expect);
    }

    #[test]
    fn more_streams_than_have_lines_leave_theirs_behind() {
        let (mut fold, mut terminal) = (Fold::default(), Terminal::default());
        for at in 0..10 {
            terminal.put(&mut fold, &at.to_string(), 1.0, found());
        }
        assert_eq!((terminal.lines.len(), terminal.rows), (10, MOST));
        assert_eq!(terminal.lines[0], "0 detection ×1");
    }

    #[test]
    fn a_row_is_cut_where_the_terminal_ends() {
        assert_eq!(cut("porch 12", 5), "porch");
        assert_eq!(cut("你好 ok", 5), "你好 ");
        assert_eq!(cut("porch", 80), "porch");
    }
}

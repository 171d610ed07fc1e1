//! Events as lines for people, as wide as their terminal.

use std::io::{IsTerminal, stdout};

use crossterm::terminal::size;
use jiff::Timestamp;

use crate::cli::output::printable;
use crate::nodes::history::Told;
use crate::pipeline::contract::local_time;

/// Names take no more room than this.
const WIDEST: usize = 20;
/// So much is left for what an event tells, however narrow the terminal.
const LEAST: usize = 20;
/// Letters of a time.
const TIME: usize = "2026-11-29 16:42:07".len();

/// Columns as wide as what is in them.
pub struct Table {
    source: usize,
    kind: usize,
    /// Room for what an event tells; none where no terminal is too narrow.
    says: Option<usize>,
}

impl Table {
    /// For these events, and others that come.
    pub fn of(told: &[Told]) -> Table {
        let widest = |least: &str, column: fn(&Told) -> &str| {
            let widths = told.iter().map(|it| column(it).chars().count());
            widths.max().unwrap_or(0).clamp(least.len(), WIDEST)
        };
        let (source, kind) = (
            widest("SOURCE", |it| &it.source),
            widest("transcript", |it| &it.kind),
        );
        let terminal = size().ok().filter(|_| stdout().is_terminal());
        let before = TIME + source + kind + 3 * "  ".len();
        let says =
            terminal.map(|(columns, _)| usize::from(columns).saturating_sub(before).max(LEAST));
        Table { source, kind, says }
    }

    /// The names of the columns.
    pub fn head(&self) -> String {
        let Table { source, kind, .. } = self;
        format!(
            "{:TIME$}  {:source$}  {:kind$}  WHAT",
            "TIME", "SOURCE", "KIND"
        )
    }

    /// Prints an event, for people or as it was told.
    pub fn print(&self, told: &Told, json: bool) {
        match json {
            true => println!("{}", told.json),
            false => println!("{}", self.line(told)),
        }
    }

    fn line(&self, told: &Told) -> String {
        let at = Timestamp::from_millisecond(told.t).unwrap_or(Timestamp::UNIX_EPOCH);
        let at = local_time::of(at).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let Table { source, kind, says } = *self;
        format!(
            "{at}  {:source$}  {:kind$}  {}",
            cut(&told.source, source),
            cut(&told.kind, kind),
            cut(&told.says, says.unwrap_or(usize::MAX))
        )
    }
}

/// So many letters of a text, with a sign where some are missing.
fn cut(text: &str, most: usize) -> String {
    let text = printable(text);
    match text.char_indices().nth(most) {
        None => text,
        Some(_) => {
            let kept = text.chars().take(most.saturating_sub(1));
            kept.chain(['\u{2026}']).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_and_a_terminal_obeys_nothing_in_it() {
        let told = Told {
            id: 1,
            t: 0,
            start: 0,
            end: 0,
            kind: "track".to_owned(),
            source: "the longest name of a camera".to_owned(),
            node: String::new(),
            label: None,
            zone: None,
            track: None,
            text: None,
            model: None,
            says: "person \u{1b}[2J 7 has come, and much more is to be told".to_owned(),
            json: String::new(),
        };
        let table = Table {
            says: Some(20),
            ..Table::of(std::slice::from_ref(&told))
        };
        let line = table.line(&told);
        let expected = "  the longest name of…  track       person  [2J 7 has c…";
        assert!(line.ends_with(expected), "{line}");
    }
}

//! `otus top`: a running instance, watched in the terminal.

use std::io::{IsTerminal, stdin, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{Event, KeyCode, KeyModifiers, poll, read};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState, Wrap};
use ratatui::{DefaultTerminal, Frame};
use serde_json::Value;

use super::client::Place;
use super::status::{self, render};
use crate::cli::output::{failed, print_json};

const EVERY: Duration = Duration::from_secs(1);
const KEYS: &str = "q quits, ↑ ↓ scroll";
/// The column of [`status::NODES`] with a node's state, and that of [`status::edges`] with what was dropped.
const STATE: usize = 2;
const DROPPED: usize = 5;
/// Columns of nothing between two of a table.
const SPACE: u16 = 2;

pub fn top(place: &Place, json: bool) -> ExitCode {
    let earlier = match place.status() {
        Ok(status) => status,
        Err(message) => return failed(message),
    };
    if !stdout().is_terminal() || !stdin().is_terminal() {
        return once(place, &earlier, json);
    }
    let watched = ratatui::try_init().and_then(|mut it| watch(&mut it, place, earlier));
    // The terminal is as it was, however the watch has ended.
    ratatui::restore();
    match watched {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(format!("cannot use this terminal: {error}")),
    }
}

/// A pipe gets one look, with the rates of one second.
fn once(place: &Place, earlier: &Value, json: bool) -> ExitCode {
    std::thread::sleep(EVERY);
    match place.status() {
        Err(message) => return failed(message),
        Ok(status) if json => print_json(&status),
        Ok(status) => print!("{}", render(&status, Some(earlier))),
    }
    ExitCode::SUCCESS
}

/// What is on the screen.
struct Screen {
    status: Value,
    earlier: Option<Value>,
    /// Why there is nothing newer.
    trouble: Option<String>,
    /// Rows of nodes that have been scrolled away.
    scrolled: usize,
}

fn watch(terminal: &mut DefaultTerminal, place: &Place, first: Value) -> std::io::Result<()> {
    let mut screen = Screen {
        status: first,
        earlier: None,
        trouble: None,
        scrolled: 0,
    };
    loop {
        let end = Instant::now() + EVERY;
        loop {
            terminal.draw(|frame| screen.draw(frame))?;
            let rest = end.saturating_duration_since(Instant::now());
            if !poll(rest)? {
                break;
            }
            if screen.quits_after(&read()?) {
                return Ok(());
            }
        }
        match place.status() {
            Ok(status) => {
                screen.earlier = Some(std::mem::replace(&mut screen.status, status));
                screen.trouble = None;
            }
            Err(message) => screen.trouble = Some(message.to_string()),
        }
    }
}

impl Screen {
    fn quits_after(&mut self, event: &Event) -> bool {
        let Event::Key(key) = event else {
            return false;
        };
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return true,
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return true,
            KeyCode::Down | KeyCode::Char('j') => self.scrolled += 1,
            KeyCode::Up | KeyCode::Char('k') => self.scrolled = self.scrolled.saturating_sub(1),
            _ => {}
        }
        false
    }

    fn draw(&mut self, frame: &mut Frame) {
        let head = self.head();
        let nodes = status::nodes(&self.status, self.earlier.as_ref());
        let edges = status::edges(&self.status, self.earlier.as_ref());
        let width = usize::from(frame.area().width.max(1));
        let tall = head.iter().map(|it| it.width().div_ceil(width).max(1));
        let tall = tall.sum::<usize>() as u16;
        let rows = |of: &[Vec<String>]| of.len() as u16 + 1;
        let areas = Layout::vertical([
            Constraint::Length(tall.min(frame.area().height / 2)),
            Constraint::Max(rows(&nodes)),
            Constraint::Length(1),
            Constraint::Max(rows(&edges)),
            Constraint::Fill(0),
            Constraint::Length(1),
        ]);
        let [top, upper, _, lower, _, bottom] = areas.areas(frame.area());
        self.scrolled = self.scrolled.min(nodes.len().saturating_sub(1));
        frame.render_widget(Paragraph::new(head).wrap(Wrap { trim: false }), top);
        show(
            frame,
            upper,
            &status::NODES,
            &nodes,
            (STATE, state),
            self.scrolled,
        );
        let head = status::edges_head(self.earlier.as_ref());
        show(frame, lower, &head, &edges, (DROPPED, dropped), 0);
        frame.render_widget(Line::from(KEYS).dim(), bottom);
    }

    fn head(&self) -> Text<'static> {
        let mut lines = vec![Line::from(status::summary(&self.status)).bold()];
        lines.extend(self.trouble.iter().map(|it| Line::from(it.clone()).red()));
        for (severity, what) in status::findings(&self.status) {
            let line = Line::from(format!("{severity}: {what}"));
            lines.push(if severity == "error" {
                line.red()
            } else {
                line.yellow()
            });
        }
        lines.push(Line::default());
        lines.into()
    }
}

fn state(cell: &str) -> Style {
    match cell {
        "running" | "ended" => Color::Green.into(),
        "failed" => Color::Red.into(),
        _ => Color::Yellow.into(),
    }
}

fn dropped(cell: &str) -> Style {
    if cell == "0" {
        Style::new()
    } else {
        Color::Yellow.into()
    }
}

/// A table with one column that is coloured by what is in it.
fn show(
    frame: &mut Frame,
    area: Rect,
    head: &[&'static str],
    rows: &[Vec<String>],
    (coloured, colour): (usize, fn(&str) -> Style),
    scrolled: usize,
) {
    let cell = |(at, text): (usize, &String)| {
        let style = if at == coloured {
            colour(text)
        } else {
            Style::new()
        };
        Cell::from(text.clone()).style(style)
    };
    let widest = |at: usize| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.max().unwrap_or(0).max(head[at].len()) as u16
    };
    // A narrow terminal shows the first columns whole, and no more than fit.
    let (mut widths, mut end) = (Vec::new(), 0);
    for width in (0..head.len()).map(widest) {
        if end + width > area.width && !widths.is_empty() {
            break;
        }
        end += width + SPACE;
        widths.push(Constraint::Length(width));
    }
    let shown = |row: &Vec<String>| Row::new(row.iter().enumerate().map(cell).take(widths.len()));
    let names = head.iter().take(widths.len()).copied();
    let table = Table::new(rows.iter().map(shown), widths.clone())
        .header(Row::new(names).style(Modifier::BOLD))
        .column_spacing(SPACE);
    let mut state = TableState::new().with_offset(scrolled);
    frame.render_stateful_widget(table, area, &mut state);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_small_screen_has_the_head_nodes_and_keys() {
        let nodes: Vec<Value> = (0..20)
            .map(|it| {
                json!({ "id": format!("camera{it}"), "type": "camera", "state": "running",
                    "busy_seconds": 1.0, "made": {}, "facts": {} })
            })
            .collect();
        let status = json!({
            "version": "1", "machine": { "resident_bytes": 12_000_000 },
            "findings": [{ "severity": "error", "node": "porch", "text": "has \u{1b}[2J gone" }],
            "pipeline": { "uptime_seconds": 10.0, "nodes": nodes, "edges": [] },
        });
        let mut screen = Screen {
            status,
            earlier: None,
            trouble: None,
            scrolled: 3,
        };
        let mut terminal = Terminal::new(TestBackend::new(40, 12)).expect("it is in memory");
        terminal
            .draw(|it| screen.draw(it))
            .expect("it is in memory");
        let shown = terminal.backend().to_string();
        println!("{shown}");
        for said in [
            "otus 1, running for 10 s",
            "error: porch has  [2J gone",
            "camera3",
            KEYS,
        ] {
            assert!(shown.contains(said), "{said}: {shown}");
        }
        assert!(!shown.contains("camera2 "), "{shown}");
    }
}

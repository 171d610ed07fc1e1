//! `otus top`: a running instance, watched in the terminal.

use std::io::{IsTerminal, Write, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyModifiers, poll, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode, size};
use serde_json::Value;

use super::client::Place;
use super::status::render;
use crate::cli::output::{failed, print_json};

const EVERY: Duration = Duration::from_secs(1);
/// The other screen of the terminal, without a cursor; and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

pub fn top(place: &Place, json: bool) -> ExitCode {
    let earlier = match place.status() {
        Ok(status) => status,
        Err(message) => return failed(message),
    };
    if !stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return once(place, &earlier, json);
    }
    match watch(place, earlier) {
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

/// Gives the terminal back as it was, however the watch ends.
struct Screen;

impl Screen {
    fn take() -> std::io::Result<Screen> {
        enable_raw_mode()?;
        let screen = Screen;
        write!(stdout(), "{ENTER}")?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = write!(stdout(), "{LEAVE}");
        let _ = stdout().flush();
        let _ = disable_raw_mode();
    }
}

fn watch(place: &Place, mut earlier: Value) -> std::io::Result<()> {
    let _screen = Screen::take()?;
    let mut text = render(&earlier, None);
    loop {
        show(&text)?;
        if quits_within(EVERY)? {
            return Ok(());
        }
        match place.status() {
            Ok(status) => {
                text = render(&status, Some(&earlier));
                earlier = status;
            }
            Err(message) => text = format!("{message}\n"),
        }
    }
}

/// As much as fits: a line that wraps would push the first ones out.
fn show(text: &str) -> std::io::Result<()> {
    let (columns, rows) = size()?;
    let mut screen = "\x1b[H".to_owned();
    let lines = text.lines().chain([""]).chain(["q quits"]);
    for line in lines.take(usize::from(rows)) {
        screen.extend(line.chars().take(usize::from(columns)));
        screen.push_str("\x1b[K\r\n");
    }
    let screen = screen.trim_end_matches("\r\n");
    write!(stdout(), "{screen}\x1b[J")?;
    stdout().flush()
}

/// Waits so long for q, Escape or Ctrl-C.
fn quits_within(time: Duration) -> std::io::Result<bool> {
    let end = Instant::now() + time;
    while poll(end.saturating_duration_since(Instant::now()))? {
        let Event::Key(key) = read()? else {
            continue;
        };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Ok(true),
            KeyCode::Char('c') if control => return Ok(true),
            _ => {}
        }
    }
    Ok(false)
}

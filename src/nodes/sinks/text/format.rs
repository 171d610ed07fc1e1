//! How events are written for people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::clock::Time;
use crate::media::events::{Body, Event, Phase, Step};
use crate::nodes::parts::log::Form;
use crate::pipeline::contract::local_time;

/// Subtitles are shown so long at least.
const SHORTEST: f64 = 1.0;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Lines.
    #[default]
    Txt,
    /// SubRip.
    Srt,
    /// WebVTT.
    Vtt,
}

impl Format {
    /// What such a file is made of.
    pub fn form(self) -> Form {
        match self {
            Format::Txt => Form {
                begins: |it| fits(it, b"0000-00-00 00:00"),
                ends: b"\n",
            },
            Format::Srt => Form {
                begins: |it| fits(it, b"1\n00:00:00,000 "),
                ends: b"\n\n",
            },
            Format::Vtt => Form {
                begins: |it| fits(it, b"WEBVTT"),
                ends: b"\n\n",
            },
        }
    }

    /// An event, after so many others in a file whose time begins at `origin`.
    pub fn entry(self, event: &Event, cues: u64, origin: Time) -> String {
        let text = one_line(&words(event));
        let (start, end) = (event.head.at, event.end());
        let (start, end) = (begins(event, start, end), end.since(origin).as_secs_f64());
        let start = start.since(origin).as_secs_f64();
        let end = end.max(start + SHORTEST);
        match self {
            Format::Txt => {
                let at = local_time::of(event.head.time).strftime("%Y-%m-%d %H:%M:%S");
                format!("{at}  {}  {text}\n", one_line(&event.head.source))
            }
            Format::Srt => {
                let (start, end) = (clock(start, ','), clock(end, ','));
                format!("{}\n{start} --> {end}\n{text}\n\n", cues + 1)
            }
            Format::Vtt => {
                let title = if cues == 0 { "WEBVTT\n\n" } else { "" };
                let (start, end) = (clock(start, '.'), clock(end, '.'));
                format!("{title}{start} --> {end}\n{}\n\n", escaped(&text))
            }
        }
    }
}

/// Whether an event tells of what is not over yet: it is told when it is.
pub fn is_told_again(event: &Event) -> bool {
    match &event.body {
        Body::Track(it) => it.phase != Step::End,
        Body::Sound(it) => it.phase == Phase::Start,
        Body::Motion(it) => it.phase == Phase::Start,
        Body::SpeechStart(_) => true,
        Body::Transcript(it) => it.partial || it.text.is_empty(),
        _ => false,
    }
}

fn words(event: &Event) -> String {
    match &event.body {
        Body::Transcript(it) if it.accepted => it.text.clone(),
        _ => event.sentence().to_string(),
    }
}

/// When what an event tells of began.
fn begins(event: &Event, at: Time, end: Time) -> Time {
    let start = match &event.body {
        Body::Transcript(it) => it.start,
        Body::Speech(it) => it.start,
        Body::Track(it) => it.start,
        Body::Sound(it) => it.start,
        Body::Motion(it) => it.start,
        Body::Found(it) => it.start,
        Body::Gap(it) => it.start,
        Body::Saved(it) => it.start,
        _ => return at,
    };
    Time::from_secs_f64(start).min(end)
}

/// The text without what would end the entry, or be obeyed by a terminal.
fn one_line(text: &str) -> String {
    let plain = text.replace(char::is_control, " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What begins a tag in WebVTT does not.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

/// Hours, minutes and seconds.
fn clock(seconds: f64, point: char) -> String {
    let milliseconds = (seconds * 1000.0).round() as u64;
    let (seconds, thousandths) = (milliseconds / 1000, milliseconds % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}")
}

/// Whether text is like a pattern, as far as it goes: `0` stands for any digit.
fn fits(text: &[u8], pattern: &[u8]) -> bool {
    let fits = |(it, wanted): (&u8, &u8)| match wanted {
        b'0' => it.is_ascii_digit(),
        _ => it == wanted,
    };
    text.iter().zip(pattern).all(fits)
}

//! What tests of recordings share: films that are made, and what other programs say of those that otus writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::scratch::{Scratch, skipped};

pub const PATIENCE: Duration = Duration::from_secs(60);
/// A square that comes at second 6, goes across, and is gone at second 9; a tone while it is there.
pub const CLAP: &str = "-f lavfi -i color=size=320x180:rate=25:color=gray:duration=14 \
     -f lavfi -i aevalsrc=exprs=if(between(t\\,6\\,9)\\,0.8*sin(2000*PI*t)\\,0):sample_rate=16000:duration=14 \
     -f lavfi -i color=size=60x60:rate=25:color=white:duration=14 \
     -filter_complex [0:v][2:v]overlay=x=20+(t-6)*60:y=60:enable=between(t\\,6\\,8.99)[v] -map [v] -map 1:a";

pub fn ffmpeg(arguments: &str, scratch: &Scratch) -> bool {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-y", "-v", "error"]);
    let made = command
        .args(arguments.split_whitespace())
        .current_dir(scratch.path("."))
        .status();
    let made = made.is_ok_and(|it| it.success());
    if !made {
        skipped(&format!("there is no ffmpeg that makes {arguments}"));
    }
    made
}

/// What a program says of a film, which must be no complaint.
pub fn say(program: &str, arguments: &str, film: &Path) -> String {
    let mut command = Command::new(program);
    command.args(["-hide_banner", "-v", "warning"]);
    if program == "ffmpeg" {
        command.arg("-nostdin");
    }
    let input: &[&str] = match program {
        "ffmpeg" => &["-guess_layout_max", "0", "-i"],
        _ => &[],
    };
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let done = command
        .args(input)
        .arg(film)
        .args(words)
        .output()
        .expect("ffmpeg is installed");
    let complaints = String::from_utf8_lossy(&done.stderr).into_owned();
    // FFmpeg says so of pictures that it has coded itself, and of a camera's first ones, which come at once where the
    // machine is busy.
    let known = ["EOI missing, emulating", "DTS discontinuity in stream 0"];
    let is_known = |it: &&str| known.iter().any(|known| it.contains(known));
    let first = complaints.lines().find(|it| !is_known(it));
    assert_eq!(first, None, "{}", film.display());
    String::from_utf8(done.stdout).expect("text")
}

/// A sum of each picture or piece of sound, as it is decoded.
pub fn decoded(film: &Path, stream: &str) -> Vec<String> {
    let said = say("ffmpeg", &format!("-map 0:{stream} -f framemd5 -"), film);
    let lines = said.lines().filter(|it| !it.starts_with('#'));
    lines
        .filter_map(|it| Some(it.rsplit(',').next()?.trim().to_owned()))
        .collect()
}

/// How many pictures are in a film that is still being written, and may end in the middle of one.
pub fn pictures_so_far(film: &Path) -> usize {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "quiet", "-i"]).arg(film);
    let done = command
        .args(["-map", "0:v", "-f", "framemd5", "-"])
        .output();
    let said = done.expect("ffmpeg is installed").stdout;
    String::from_utf8_lossy(&said)
        .lines()
        .filter(|it| !it.starts_with('#'))
        .count()
}

/// All samples of the sound.
pub fn sound(film: &Path) -> Vec<i16> {
    let mut command = Command::new("ffmpeg");
    let done = command
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(film)
        .args(["-f", "s16le", "-"])
        .output();
    let done = done.expect("ffmpeg is installed").stdout;
    done.chunks_exact(2)
        .map(|it| i16::from_le_bytes([it[0], it[1]]))
        .collect()
}

pub fn seconds(film: &Path, what: &str) -> f64 {
    let said = say(
        "ffprobe",
        &format!("-of csv=p=0 -show_entries {what}"),
        film,
    );
    said.lines()
        .next()
        .and_then(|it| it.trim_end_matches(',').parse().ok())
        .unwrap_or_else(|| panic!("{said}"))
}

/// Films of a folder, the oldest first; not one that has no name yet.
pub fn films(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|it| !it.file_name().as_encoded_bytes().starts_with(b"."));
    let mut films: Vec<PathBuf> = named.map(|it| it.path()).collect();
    films.sort();
    films
}

pub fn camera(film: &str) -> String {
    format!("[sources.cam]\ntype = 'camera'\nuri = '{film}'\n")
}

pub fn log(inputs: &str) -> String {
    format!("[sinks.log]\ntype = 'jsonl'\ninputs = [{inputs}]\npath = 'events.jsonl'\n")
}

pub fn record(options: &str) -> String {
    format!(
        "[sinks.films]\ntype = 'record'\ninputs = ['cam']\nfolder = 'films'\nmin_free_mb = 0\n{options}\n"
    )
}

pub fn of_kind(scratch: &Scratch, kind: &str) -> Vec<Value> {
    let events = scratch.events("events.jsonl").into_iter();
    events.filter(|it| it["kind"] == kind).collect()
}

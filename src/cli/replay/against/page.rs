//! What differs between two runs, as one page that needs nothing else: a table, and pictures cut out of the recordings.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::Timestamp;

use super::Found;
use super::table::{Row, says};
use crate::cli::replay::recording::Recording;
use crate::cli::replay::stage::Part;

/// Differences that are shown, and those of them that have a picture.
const MOST: usize = 2_000;
const MOST_PICTURES: usize = 60;
/// Width of a picture in pixels.
const WIDTH: u32 = 240;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>What is decided otherwise</title>\n\
    <meta name=\"viewport\" content=\"width=device-width\">\n<style>\n\
    body{font:15px/1.4 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color-scheme:light dark}\n\
    table{border-collapse:collapse;width:100%;margin-bottom:2em}\n\
    td,th{text-align:left;padding:.25em .6em;border-bottom:1px solid #8884;vertical-align:top}\n\
    td.n{text-align:right;font-variant-numeric:tabular-nums}\n\
    .new{color:#0a7f3f}.gone{color:#c0392b}.changed{color:#a06a00}\nimg{display:block;max-width:240px;border-radius:4px}\n\
    </style>\n<h1>What is decided otherwise</h1>\n";

/// The page of what was found in recordings of which the first began at that moment.
pub fn of(found: &Found, parts: &BTreeMap<String, Part>, began: Option<Timestamp>) -> String {
    let mut page = HEAD.to_owned();
    sums(&mut page, found);
    if found.differences.is_empty() {
        page.push_str("<p>Nothing is decided otherwise.</p>\n");
        return page;
    }
    page.push_str("<table><tr><th>s</th><th></th><th>kind</th><th>node</th><th>source</th><th>what</th><th></th></tr>\n");
    let mut pictures = 0;
    for it in found.differences.iter().take(MOST) {
        let part = parts.get(&it.source).filter(|_| pictures < MOST_PICTURES);
        let place = part.and_then(|part| place(&part.recording, it.t, began));
        let picture = place.and_then(|(path, second)| cut(&path, second));
        let _ = write!(
            page,
            "<tr><td class=\"n\">{:.3}</td><td class=\"{how}\">{how}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>",
            it.t,
            plain(&it.kind),
            plain(&it.node),
            plain(&it.source),
            plain(&says(it)),
            how = it.how.name(),
        );
        if let Some(picture) = picture {
            pictures += 1;
            let picture = BASE64_STANDARD.encode(picture);
            let _ = write!(
                page,
                "<img alt=\"\" src=\"data:image/jpeg;base64,{picture}\">"
            );
        }
        page.push_str("</td></tr>\n");
    }
    page.push_str("</table>\n");
    let more = found.differences.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(page, "<p>And {more} more.</p>");
    }
    page
}

fn sums(page: &mut String, found: &Found) {
    page.push_str("<table><tr>");
    for name in Row::HEAD {
        let _ = write!(page, "<th>{}</th>", name.to_lowercase());
    }
    page.push_str("</tr>\n");
    for row in &found.rows {
        page.push_str("<tr>");
        for (at, cell) in row.cells().iter().enumerate() {
            let class = if (3..=7).contains(&at) {
                " class=\"n\""
            } else {
                ""
            };
            let _ = write!(page, "<td{class}>{}</td>", plain(cell));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
    for (node, count) in &found.unheard {
        let _ = writeln!(
            page,
            "<p>Only now: {} tells {count} events.</p>",
            plain(node)
        );
    }
}

/// The file of a recording in which a second of the run lies, and the second in that.
fn place(recording: &Recording, t: f64, began: Option<Timestamp>) -> Option<(PathBuf, f64)> {
    let Recording::Pieces(pieces) = recording else {
        return None;
    };
    let mut start = 0.0;
    let mut found = None;
    for piece in pieces {
        if let (Some(begins), Some(began)) = (piece.begins, began) {
            start = begins.duration_since(began).as_secs_f64();
        }
        if start <= t + 0.001 {
            found = Some((
                piece.path.clone(),
                (t - start).max(0.0) + piece.lead.as_secs_f64(),
            ));
        }
        start += piece.lasts.map_or(f64::INFINITY, |it| it.as_secs_f64());
    }
    found
}

/// A small picture; none where there is no program for it, or no picture there.
fn cut(film: &Path, second: f64) -> Option<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "quiet", "-ss", &format!("{second:.3}")]);
    command.arg("-i").arg(format!("file:{}", film.display()));
    command.args([
        "-frames:v",
        "1",
        "-vf",
        &format!("scale={WIDTH}:-2"),
        "-q:v",
        "5",
    ]);
    command.args(["-f", "mjpeg", "pipe:1"]).stdin(Stdio::null());
    let picture = command.output().ok()?.stdout;
    (!picture.is_empty()).then_some(picture)
}

/// Text without what HTML means by it.
fn plain(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

//! `otus snapshot`: what a camera of a running instance sees, as a file.

use std::fs::File;
use std::io::{IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::client::Place;
use crate::cli::completions;
use crate::cli::output::{failed, print_json, printable};
use crate::pipeline::contract::local_time;
use crate::pipeline::file::problem::suggest;

/// A camera may be opening, or give a picture a minute.
const PATIENCE: Duration = Duration::from_secs(15);

/// Which camera, and where to.
#[derive(Args)]
#[group(skip)]
pub struct Snapshot {
    /// The node whose pictures are meant: a camera, or `annotate`, `redact` or `crop`.
    #[arg(add = ArgValueCandidates::new(completions::nodes))]
    camera: String,
    /// The pipeline file that runs, or the address of its status endpoint.
    #[arg(value_name = "FILE|URL")]
    what: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Where to put it; `-` is standard output. Default: named after camera and time.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

pub fn snapshot(wish: Snapshot, json: bool) -> ExitCode {
    let Snapshot {
        camera,
        what,
        place,
        to,
    } = wish;
    let place = match place.of(what.as_deref()) {
        Ok(place) => place,
        Err(code) => return code,
    };
    match take(&place, &camera).and_then(|picture| save(&picture, &camera, to)) {
        Err(message) => failed(message),
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(path)) => {
            match json {
                true => print_json(&json!({ "ok": true, "path": path })),
                false => println!("{}", path.display()),
            }
            ExitCode::SUCCESS
        }
    }
}

fn take(place: &Place, camera: &str) -> Result<Vec<u8>, String> {
    let name = utf8_percent_encode(camera, NON_ALPHANUMERIC);
    let answer = place.ask(&format!("/nodes/{name}/frame.jpg"), &[], Some(PATIENCE))?;
    match answer.code {
        200 => answer.bytes(),
        404 => Err(unknown(place, camera)),
        _ => {
            let code = answer.code;
            let why = answer.text().unwrap_or_default();
            Err(format!(
                "`{camera}` gives no picture ({code}): {}",
                printable(why.trim())
            ))
        }
    }
}

/// There is no such camera; what there is.
fn unknown(place: &Place, camera: &str) -> String {
    let status = place.status().unwrap_or_default();
    let nodes = status["pipeline"]["nodes"].as_array();
    let shows = |it: &&Value| it["made"]["frame"].is_u64();
    let shown = nodes.into_iter().flatten().filter(shows);
    let names: Vec<String> = shown
        .filter_map(|it| it["id"].as_str())
        .map(printable)
        .collect();
    let help = suggest(camera, names.iter().map(String::as_str));
    format!(
        "no node `{}` there makes pictures; {help}",
        printable(camera)
    )
}

/// Where the picture is then; none if it went to standard output.
fn save(picture: &[u8], camera: &str, to: Option<PathBuf>) -> Result<Option<PathBuf>, String> {
    let named = |path: &Path, error| format!("cannot write {}: {error}", path.display());
    match to {
        Some(path) if path == Path::new("-") => {
            if stdout().is_terminal() {
                return Err("a picture is nothing for a terminal; name a file by --to".to_owned());
            }
            let written = stdout().write_all(picture);
            written
                .map(|()| None)
                .map_err(|it| named(Path::new("standard output"), it))
        }
        Some(path) => {
            let written = std::fs::write(&path, picture);
            written.map_err(|it| named(&path, it)).map(|()| Some(path))
        }
        None => {
            let now = local_time::of(Timestamp::now()).strftime("%Y-%m-%dT%H-%M-%S");
            let path = PathBuf::from(format!("{camera}_{now}.jpg").replace('/', "_"));
            // A name of our own choice takes nobody's place.
            let file = File::create_new(&path);
            let written = file.and_then(|mut it| it.write_all(picture));
            written.map_err(|it| named(&path, it)).map(|()| Some(path))
        }
    }
}

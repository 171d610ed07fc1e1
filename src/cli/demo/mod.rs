//! `otus demo`: people in a street and spoken names, with what is built in; at a terminal at the pace of life until Ctrl-C.

mod media;
mod rounds;

use std::fs;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::columns::Columns;
use crate::cli::models::fetch;
use crate::cli::output::failed;
use crate::cli::{port, run};

/// What is played once, as fast as can be, and what goes on.
const ONCE: &str = include_str!("../../../pipelines/demo.toml");
const LIVE: &str = include_str!("../../../pipelines/live.toml");

pub fn demo(duration: Option<Duration>) -> ExitCode {
    let goes_on = duration.is_some() || stdout().is_terminal();
    match set(goes_on) {
        Ok(file) => run::run(&file, duration),
        Err(message) => failed(message),
    }
}

/// Brings what is needed, says where to look, and gives the pipeline file.
fn set(goes_on: bool) -> Result<PathBuf, String> {
    for model in ["onnxruntime", "silero-vad"] {
        fetch(model)?;
    }
    let folder = media::folder()?;
    let live = folder.join("live");
    let write = |name: &str, text: &str| {
        let file = live.join(name);
        fs::create_dir_all(&live)
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| format!("{}: {error}", file.display()))?;
        Ok::<_, String>(file)
    };
    // The shipped files stand beside `.demo`; these stand in a folder of what they play.
    let here = |text: &str| text.replace("../.demo/", "../");
    let once = write("demo.toml", &here(ONCE))?;
    if !goes_on {
        return Ok(once);
    }
    let port = port::free().unwrap_or(port::USUAL);
    rounds::make(&folder, &live).map_err(|error| format!("{}: {error}", live.display()))?;
    let listen = format!("\n[status]\nlisten = \"127.0.0.1:{port}\"\n");
    let file = write("live.toml", &(here(LIVE) + &listen))?;
    let greeting = greeting(port, &once, &folder.join(media::FILM));
    println!("{}", Columns::here().fold(&greeting));
    Ok(file)
}

fn greeting(port: u16, once: &Path, film: &Path) -> String {
    format!(
        "\nThe page: http://127.0.0.1:{port}/\n\nPeople walk through a street, and somebody names loudspeakers. Ctrl-C ends it; \
         then try:\n\n  otus init\n    your own camera or microphone\n  otus nodes\n    what a pipeline can be made of\n  \
         otus replay {} --at {}\n    another look at a film\n",
        once.display(),
        film.display()
    )
}

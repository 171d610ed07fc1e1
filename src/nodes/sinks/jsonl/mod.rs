//! `jsonl`: events as lines of JSON in a file.

mod place;
mod spool;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use self::spool::{Paths, Spooled};
use crate::media::clock::Time;
use crate::media::events::Event;
use crate::media::packet::Nothing;
use crate::nodes::parts::disk;
use crate::nodes::parts::log::{Form, Log, Rotation};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};

/// Options of `jsonl`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// The file; lines are appended. It and its folder are made if need be, for the owner and the group whatever `umask` says
    /// (`0640`; of the folder, `0750`, `umask` can take more away). A file that is no log of events is refused and left alone. A
    /// device or a pipe, such as `/dev/stdout`, takes lines and is never closed.
    pub path: PathBuf,
    /// A file on another disk, such as a tmpfs, that takes the lines while the disk of `path` hangs or is full. It
    /// grows up to `max_mb`; then lines wait in memory, and what does not fit there is dropped and counted. As
    /// soon as `path` can be written, the lines go there, in their order.
    pub spool: Option<PathBuf>,
    /// When it is closed, and what becomes of it.
    #[serde(flatten)]
    pub rotation: Rotation,
}

/// Lines of JSON, each of which begins with the version of the format.
const FORM: Form = Form {
    begins: |it| BEGINNING.starts_with(it) || it.starts_with(BEGINNING),
    ends: b"\n",
};
const BEGINNING: &[u8] = b"{\"v\":";

/// A log and the line that goes into it.
pub struct Jsonl {
    way: Way,
    path: PathBuf,
    line: Vec<u8>,
}

/// How lines come into the log.
enum Way {
    Straight(Log),
    Spooled(Spooled),
}

impl Node for Jsonl {
    const NAME: &'static str = "jsonl";
    const ALSO: &'static [&'static str] = &[
        "json", "log", "logger", "logfile", "file", "write", "ndjson", "events", "save",
    ];
    const ABOUT: &'static str = "Appends events to a file, one line of JSON each.";
    const EXAMPLE: &'static str = "path = \"events.jsonl\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let same = config.spool.as_ref() == Some(&config.path);
        let misuse = || {
            Misuse::new(
                "spool",
                "is the log itself".to_owned(),
                "name a file on another disk, such as `/run/otus/events.jsonl`",
            )
        };
        same.then(misuse).into_iter().collect()
    }

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        let paths = [Some(&config.path), config.spool.as_ref()];
        let paths = paths.into_iter().flatten();
        paths.filter_map(|it| Claim::file(base, it)).collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Jsonl> {
        let path = context.resolve(&config.path);
        let rules = config.rotation.rules();
        let way = match &config.spool {
            None => {
                let log = Log::open(&path, FORM, rules);
                Way::Straight(log.map_err(|error| trouble(&path, &error))?)
            }
            Some(spool) => {
                let paths = Paths {
                    log: path.clone(),
                    rules,
                    spool: context.resolve(spool),
                };
                Way::Spooled(Spooled::open(paths, context)?)
            }
        };
        Ok(Jsonl {
            way,
            path,
            line: Vec::new(),
        })
    }
}

impl Sink for Jsonl {
    type In = Arc<Event>;
    type Out = Nothing;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        self.line.clear();
        event.append_json(&mut self.line);
        self.line.push(b'\n');
        match &mut self.way {
            Way::Straight(log) => {
                let appended = log.append(&self.line);
                appended.map_err(|error| trouble(&self.path, &error))
            }
            Way::Spooled(log) => log.append(&self.line),
        }
    }

    fn pass(&mut self, _to: Time, _: &mut Emit<Nothing>) -> Result<()> {
        match &mut self.way {
            Way::Straight(log) => log.tend().map_err(|error| trouble(&self.path, &error)),
            Way::Spooled(log) => log.go_on(),
        }
    }

    fn finish(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        match &mut self.way {
            Way::Straight(log) => log.settle().map_err(|error| trouble(&self.path, &error)),
            Way::Spooled(log) => log.finish(),
        }
    }
}

fn trouble(path: &Path, error: &std::io::Error) -> Error {
    disk::trouble(path, "path", error)
}

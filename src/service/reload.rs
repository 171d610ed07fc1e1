//! Puts the pipeline file, as it is now, in the place of the graph that runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::nodes;
use crate::pipeline::contract::small_file;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::file;
use crate::pipeline::run::Reloader;
use crate::service::systemd;

/// How often a watched file is looked at.
const LOOK_UP: Duration = Duration::from_secs(1);

/// Reads and checks the file and asks for the graph in it. A wrong file changes nothing; what is
/// wrong with it can be seen in the view.
pub fn reload(file: &Path, reloader: &Reloader) {
    systemd::reloading();
    match file::load(file, nodes::NODES) {
        Ok(plan) => reloader.replace(plan),
        Err(remarks) => reloader.refuse(remarks.render(false)),
    }
}

/// Reloads whenever the file has another content than before, until `stop`. An editor may write
/// in several steps, so a content counts when it is there twice in a row.
pub fn watch(file: PathBuf, reloader: &Reloader, stop: &Stop) {
    let read = || small_file::read(&file).ok();
    let (mut loaded, mut before) = (read(), read());
    while !stop.wait(LOOK_UP) {
        let now = read();
        if now.is_some() && now == before && now != loaded {
            loaded.clone_from(&now);
            reload(&file, reloader);
        }
        before = now;
    }
}

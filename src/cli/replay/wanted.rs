//! Which source of a pipeline plays what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::play::Trouble;
use super::recording::{find, sources_in};
use super::stage::Part;
use crate::nodes::{NODES, recorded};
use crate::pipeline::file::{self, PlannedNode};

/// Gives each live source what it plays, going by words such as `porch=films` and `films`.
///
/// # Errors
/// That the file is wrong, that a live source gets nothing, or what is wrong with a recording.
pub fn wanted(
    file: &Path,
    given: &[String],
    gaps: bool,
) -> Result<BTreeMap<String, Part>, Trouble> {
    let sources = file::sources(file, NODES).map_err(Trouble::Wrong)?;
    let paths = assign(&sources, given).map_err(Trouble::Failed)?;
    parts(&sources, &paths, gaps).map_err(Trouble::Failed)
}

/// Finds the recordings of sources by their names.
///
/// # Errors
/// In words, what is wrong with one, or that a live source gets none.
pub fn parts(
    sources: &[PlannedNode],
    paths: &BTreeMap<String, Vec<PathBuf>>,
    gaps: bool,
) -> Result<BTreeMap<String, Part>, String> {
    if let Some(mute) = sources
        .iter()
        .find(|it| it.live && !paths.contains_key(&*it.id))
    {
        return Err(format!(
            "`{0}` is live and gets nothing to play: `--at {0}=FILE`",
            mute.id
        ));
    }
    let mut parts = BTreeMap::new();
    for (name, paths) in paths {
        let Some(source) = sources.iter().find(|it| *it.id == **name) else {
            return Err(unknown(sources, name));
        };
        let recording = find(name, paths, gaps)?;
        let ty = source.ty.name;
        parts.insert(name.clone(), Part { ty, recording });
    }
    Ok(parts)
}

fn assign(
    sources: &[PlannedNode],
    given: &[String],
) -> Result<BTreeMap<String, Vec<PathBuf>>, String> {
    let mut paths: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let mut unnamed = Vec::new();
    for word in given {
        let named = word.split_once('=');
        match named.filter(|it| sources.iter().any(|source| *source.id == *it.0)) {
            Some((name, path)) => paths.entry(name.to_owned()).or_default().push(path.into()),
            None => match named.filter(|_| !Path::new(word).exists()) {
                Some((name, _)) => return Err(unknown(sources, name)),
                None => unnamed.push(PathBuf::from(word)),
            },
        }
    }
    if unnamed.is_empty() {
        return Ok(paths);
    }
    let live = sources
        .iter()
        .filter(|it| it.live && !paths.contains_key(&*it.id));
    let live: Vec<String> = live.map(|it| it.id.to_string()).collect();
    let there: BTreeSet<String> = unnamed.iter().flat_map(|it| sources_in(it)).collect();
    let told: Vec<&String> = live
        .iter()
        .filter(|it| there.contains(&recorded::word(it)))
        .collect();
    let meant = match &live[..] {
        [only] => vec![only],
        _ => told,
    };
    if meant.is_empty() {
        return Err(unclear(sources, &live, &unnamed[0]));
    }
    for name in meant {
        paths.insert(name.clone(), unnamed.clone());
    }
    Ok(paths)
}

fn unknown(sources: &[PlannedNode], name: &str) -> String {
    let known = sources.iter().map(|it| &*it.id);
    let known = known.collect::<Vec<_>>().join(", ");
    format!("there is no source `{name}`; there are: {known}")
}

fn unclear(sources: &[PlannedNode], live: &[String], path: &Path) -> String {
    let shown = path.display();
    let known = sources.iter().map(|it| &*it.id);
    let known = known.collect::<Vec<_>>().join(", ");
    match live {
        [] => format!(
            "nothing in this file is live; name what plays it: `--at NAME={shown}`, of {known}"
        ),
        _ => format!(
            "which source plays {shown}? Write `--at NAME={shown}`, of {}",
            live.join(", ")
        ),
    }
}

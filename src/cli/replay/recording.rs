//! What stands in for a live source: one file, or several that follow each other on one clock.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::nodes::recorded;

/// Between two films of one recording so much may be missing: a camera's pictures do not come by the clock.
const ROUNDED: SignedDuration = SignedDuration::from_millis(1500);
/// Endings of files that are pictures by themselves.
const PICTURES: [&str; 5] = ["jpg", "jpeg", "png", "bmp", "webp"];
/// Endings of files that are no media, and lie beside those that are.
const OTHERS: [&str; 6] = ["jsonl", "json", "toml", "txt", "md", "part"];

/// What a source plays.
#[derive(Clone, Debug, PartialEq)]
pub enum Recording {
    /// Pictures by themselves: one, those of a folder, or those of a pattern.
    Pictures(PathBuf),
    /// Films or sounds in their order.
    Pieces(Vec<Piece>),
}

/// One file of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The file.
    pub path: PathBuf,
    /// When it begins, if its name tells.
    pub begins: Option<Timestamp>,
    /// How long it lasts from its first picture on, if it tells.
    pub lasts: Option<Duration>,
    /// So much sound comes before its first picture.
    pub lead: Duration,
}

/// Sources of which films lie in a folder, as their names have them.
pub fn sources_in(path: &Path) -> BTreeSet<String> {
    let files = if path.is_dir() {
        files_of(path).unwrap_or_default()
    } else {
        Vec::new()
    };
    let named = files.iter().filter_map(|it| recorded::named(it));
    named.map(|it| it.1).collect()
}

/// What a source is to play, of these paths: files, folders and patterns.
///
/// # Errors
/// In words, what is not there, or what of it is missing. Stretches of which nothing was recorded are one, unless `gaps` may be.
pub fn find(source: &str, paths: &[PathBuf], gaps: bool) -> Result<Recording, String> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(expanded(source, path)?);
    }
    let is_picture = |path: &PathBuf| PICTURES.contains(&&*ending(path));
    match (files.iter().all(is_picture), paths) {
        (true, [path]) => return Ok(Recording::Pictures(absolute(path)?)),
        (true, _) => {
            return Err(format!(
                "pictures for `{source}`: name their folder, or a pattern such as `photos/*.jpg`"
            ));
        }
        _ => files.retain(|it| !is_picture(it)),
    }
    let pieces = files.iter().map(|path| {
        let (lasts, lead) = recorded::length(path)?;
        Ok(Piece {
            path: absolute(path)?,
            begins: recorded::named(path).map(|it| it.0),
            lasts,
            lead,
        })
    });
    let mut pieces = pieces.collect::<Result<Vec<Piece>, String>>()?;
    if pieces.iter().all(|it| it.begins.is_some()) {
        pieces.sort_by_key(|it| it.begins);
        whole(&pieces, gaps)?;
    } else {
        // Where one does not tell when it begins, all follow each other.
        pieces
            .iter_mut()
            .filter(|_| files.len() > 1)
            .for_each(|it| it.begins = None);
    }
    Ok(Recording::Pieces(pieces))
}

/// Sees that nothing is missing between films that follow each other.
fn whole(pieces: &[Piece], gaps: bool) -> Result<(), String> {
    for pair in pieces.windows(2) {
        let [before, after] = pair else { continue };
        let (Some(begins), Some(next), Some(lasts)) = (before.begins, after.begins, before.lasts)
        else {
            continue;
        };
        let ends = begins + lasts;
        let missing = next.duration_since(ends);
        let (first, second) = (before.path.display(), name_of(&after.path));
        let seconds = missing.as_secs_f64();
        if missing < -ROUNDED {
            return Err(format!(
                "{second} begins {:.1} s before {first} ends: they are no one recording; name the files of one",
                -seconds
            ));
        }
        if missing > ROUNDED && !gaps {
            return Err(format!(
                "the recording is incomplete: {seconds:.1} s are missing between {first}, which ends at {ends:.1}, and \
                 {second}; where nothing was recorded then, --allow-gaps plays on"
            ));
        }
    }
    Ok(())
}

/// The files that a path leads to, in the order of their names.
fn expanded(source: &str, path: &Path) -> Result<Vec<PathBuf>, String> {
    let shown = path.display();
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let text = path.to_string_lossy();
    let files = match path.is_dir() {
        true => of_source(source, path, files_of(path)?)?,
        false if text.contains(['*', '?', '[']) => {
            let found = glob::glob(&text).map_err(|error| format!("{shown}: {error}"))?;
            found.flatten().filter(|it| it.is_file()).collect()
        }
        false => return Err(format!("there is no recording {shown} for `{source}`")),
    };
    match files.is_empty() {
        true => Err(format!(
            "there is no film, sound or picture in {shown} for `{source}`"
        )),
        false => Ok(files),
    }
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let is_hidden = |it: &PathBuf| name_of(it).starts_with('.');
    let files = entries.flatten().map(|it| it.path());
    let files = files.filter(|it| it.is_file() && !is_hidden(it));
    let mut files: Vec<PathBuf> = files.filter(|it| !OTHERS.contains(&&*ending(it))).collect();
    files.sort();
    Ok(files)
}

/// Of a folder in which there are films of `record`, those of this source; of another one all files.
fn of_source(source: &str, folder: &Path, files: Vec<PathBuf>) -> Result<Vec<PathBuf>, String> {
    let there = sources_in(folder);
    let only = match there.len() {
        0 => return Ok(files),
        1 => there.first().cloned(),
        _ => there.get(&recorded::word(source)).cloned(),
    };
    let is_of =
        |path: &PathBuf, word: &String| recorded::named(path).is_some_and(|it| it.1 == *word);
    match only {
        Some(word) => Ok(files.into_iter().filter(|it| is_of(it, &word)).collect()),
        None => {
            let there: Vec<String> = there.into_iter().collect();
            Err(format!(
                "{} holds films of {}, and none of `{source}`; a pattern such as `{}/*_{}.mp4` names those of one",
                folder.display(),
                there.join(", "),
                folder.display(),
                there[0]
            ))
        }
    }
}

fn ending(path: &Path) -> String {
    let ending = path.extension().unwrap_or_default();
    ending.to_string_lossy().to_lowercase()
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

//! How sources play recordings: options that take the place of their own, and the lists and links that these name.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tempfile::TempDir;
use toml::{Table, Value};

use super::recording::{Piece, Recording};

/// Options of sources that stay: how what comes is looked at and listened to.
pub const KEPT: &[&str] = &["channel", "fps", "mask", "max_pixels"];

/// Recordings that are ready to be played.
pub struct Stage {
    /// Options of the sources, as a pipeline file has them.
    pub options: Table,
    /// When the first of all was taken, if one tells.
    pub began: Option<Timestamp>,
    /// Where lists and links lie, as long as they are needed.
    folder: TempDir,
    links: usize,
}

/// A source and what it plays.
pub struct Part {
    /// The source's type.
    pub ty: &'static str,
    /// What it plays.
    pub recording: Recording,
}

impl Part {
    /// When the first of it was taken, if that is known: of a camera, its first picture.
    fn begins(&self) -> Option<Timestamp> {
        let Recording::Pieces(pieces) = &self.recording else {
            return None;
        };
        let first = pieces.first()?;
        let begins = first.begins?;
        Some(if self.ty == "camera" {
            begins
        } else {
            begins - first.lead
        })
    }
}

impl Stage {
    /// Makes recordings ready.
    ///
    /// # Errors
    /// In words, what the system says.
    pub fn set(parts: &BTreeMap<String, Part>) -> Result<Stage, String> {
        let folder = tempfile::Builder::new().prefix("otus-replay-").tempdir();
        let mut stage = Stage {
            options: Table::new(),
            began: parts.values().filter_map(Part::begins).min(),
            folder: folder.map_err(|error| format!("no folder for lists of films: {error}"))?,
            links: 0,
        };
        let mut sources = Table::new();
        for (name, part) in parts {
            let options = stage.source(name, part);
            let options = options.map_err(|error| format!("recordings of `{name}`: {error}"))?;
            sources.insert(name.clone(), Value::Table(options));
        }
        stage
            .options
            .insert("sources".to_owned(), Value::Table(sources));
        Ok(stage)
    }

    fn source(&mut self, name: &str, part: &Part) -> std::io::Result<Table> {
        let mut options = Table::new();
        let mut set = |option: &str, value: Value| drop(options.insert(option.to_owned(), value));
        let looks = part.ty == "camera";
        let path = match &part.recording {
            Recording::Pictures(path) => path.clone(),
            Recording::Pieces(pieces) => match &pieces[..] {
                [piece] => self.plain(&piece.path)?,
                pieces => self.list(name, pieces)?,
            },
        };
        let is_one = matches!(&part.recording, Recording::Pieces(pieces) if pieces.len() == 1);
        let (ty, option) = match looks || !is_one {
            true => ("camera", "uri"),
            false => ("audio_file", "path"),
        };
        if ty == "camera" && !matches!(part.recording, Recording::Pictures(_)) {
            // OpenCV reads no lists of films, and it takes the end of some films for a jump back.
            set("backend", "ffmpeg".into());
        }
        set("type", ty.into());
        set(option, path.to_string_lossy().into_owned().into());
        if let (Some(begins), Some(began)) = (part.begins(), self.began) {
            set(
                "begins_at_s",
                begins.duration_since(began).as_secs_f64().into(),
            );
        }
        Ok(options)
    }

    /// A path that is not taken for a pattern.
    fn plain(&mut self, path: &Path) -> std::io::Result<PathBuf> {
        match path.to_string_lossy().contains(['*', '?', '[', '!']) {
            true => self.link(path),
            false => Ok(path.to_owned()),
        }
    }

    fn link(&mut self, path: &Path) -> std::io::Result<PathBuf> {
        let mut name = PathBuf::from(format!("{:06}", self.links));
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if ending.chars().all(|it| it.is_ascii_alphanumeric()) && !ending.is_empty() {
            name.set_extension(&*ending);
        }
        self.links += 1;
        let link = self.folder.path().join(name);
        symlink(path, &link)?;
        Ok(link)
    }

    /// A list of films as FFmpeg reads it, which takes only plain names beside it.
    fn list(&mut self, source: &str, pieces: &[Piece]) -> std::io::Result<PathBuf> {
        let mut list = "ffconcat version 1.0\n".to_owned();
        for (at, piece) in pieces.iter().enumerate() {
            let link = self.link(&piece.path)?;
            let name = link.file_name().unwrap_or_default().display();
            let _ = writeln!(list, "file {name}");
            let starts = |it: &Piece| Some(it.begins? - it.lead);
            let next = pieces.get(at + 1).and_then(starts);
            if let (Some(starts), Some(next)) = (starts(piece), next) {
                let lasts = next.duration_since(starts).as_secs_f64();
                let _ = writeln!(list, "duration {lasts:.6}");
            }
        }
        let path = self.folder.path().join(format!("{source}.ffconcat"));
        fs::write(&path, list)?;
        Ok(path)
    }
}

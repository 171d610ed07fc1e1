//! Whether a bundle is as it was written, and if not, what was done to it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use super::key::PublicKey;
use super::manifest::{Entry, Manifest, is_plain};
use super::{MANIFEST, PUBLIC_KEY, SIGNATURE, SUMS};
use crate::inference::store::sum;

/// No manifest is larger.
const LARGEST: u64 = 64 << 20;

/// What has become of a bundle.
#[derive(Debug, Default)]
pub struct Checked {
    /// What its folder is called.
    pub name: String,
    /// What it tells of itself, if that can be read.
    pub manifest: Option<Manifest>,
    /// SHA-256 of its manifest as it is now.
    pub sha256: String,
    /// The key that has signed it, if one has.
    pub key: Option<PublicKey>,
    /// What is wrong with it; nothing if it is whole.
    pub flaws: Vec<String>,
}

/// Checks a bundle by itself. Where keys are trusted, one of them must have signed it.
pub fn bundle(path: &Path, trusted: &[PublicKey]) -> Checked {
    let mut checked = Checked {
        name: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        ..Checked::default()
    };
    let bytes = match read(&path.join(MANIFEST)) {
        Ok(bytes) => bytes,
        Err(why) => {
            checked.flaws.push(format!("{MANIFEST} {}", absent(&why)));
            return checked;
        }
    };
    checked.sha256 = sum::sum(&bytes);
    let manifest = match Manifest::of(&bytes) {
        Ok(manifest) => manifest,
        Err(why) => {
            checked.flaws.push(format!("{MANIFEST} was changed: {why}"));
            return checked;
        }
    };
    checked.look_at_names(&manifest);
    checked.look_at_signature(path, &bytes, &manifest, trusted);
    checked.look_at_files(path, &manifest);
    checked.look_at_trust(trusted);
    checked.manifest = Some(manifest);
    checked
}

impl Checked {
    fn look_at_names(&mut self, manifest: &Manifest) {
        if manifest.name != self.name {
            self.flaws.push(format!(
                "it was written as {}: it was renamed, or put in the place of another",
                manifest.name
            ));
        }
    }

    /// The manifest has two witnesses: its signature and the list of sums. Who is alone is wrong.
    fn look_at_signature(
        &mut self,
        path: &Path,
        bytes: &[u8],
        manifest: &Manifest,
        trusted: &[PublicKey],
    ) {
        let sums = read(&path.join(SUMS));
        let sums_fit = sums
            .as_ref()
            .is_ok_and(|it| *it == manifest.sums(&self.sha256).as_bytes());
        if let Err(why) = &sums {
            self.flaws.push(format!("{SUMS} {}", absent(why)));
        }
        let Some(fingerprint) = &manifest.key else {
            if !sums_fit && sums.is_ok() {
                self.flaws.push(format!("{MANIFEST} or {SUMS} was changed"));
            }
            return;
        };
        let key = self.key_of(path, fingerprint, trusted);
        let signature = read(&path.join(SIGNATURE));
        if let Err(why) = &signature {
            self.flaws.push(format!(
                "it is not signed any more: {SIGNATURE} {}",
                absent(why)
            ));
        }
        let (Some(key), Ok(signature)) = (key, signature) else {
            if !sums_fit && sums.is_ok() {
                self.flaws.push(format!("{MANIFEST} or {SUMS} was changed"));
            }
            return;
        };
        match (key.has_signed(bytes, &signature), sums_fit || sums.is_err()) {
            (true, true) => self.key = Some(key),
            (true, false) => {
                self.flaws.push(format!("{SUMS} was changed"));
                self.key = Some(key);
            }
            (false, true) => self.flaws.push(format!(
                "{SIGNATURE} is not the signature of {MANIFEST}: one of them was changed"
            )),
            (false, false) => self.flaws.push(format!("{MANIFEST} was changed")),
        }
    }

    /// The key that a manifest names.
    fn key_of(
        &mut self,
        path: &Path,
        fingerprint: &str,
        trusted: &[PublicKey],
    ) -> Option<PublicKey> {
        let beside = match read(&path.join(PUBLIC_KEY)) {
            Ok(pem) => {
                let key = PublicKey::of_pem(&pem);
                let key = key.filter(|it| it.to_pem().as_bytes() == pem);
                let key = key.filter(|it| it.fingerprint() == fingerprint);
                if key.is_none() {
                    let why = format!("it is not the key that {MANIFEST} names");
                    self.flaws.push(format!("{PUBLIC_KEY} was changed: {why}"));
                }
                key
            }
            Err(why) => {
                self.flaws.push(format!("{PUBLIC_KEY} {}", absent(&why)));
                None
            }
        };
        let known = || trusted.iter().find(|it| it.fingerprint() == fingerprint);
        beside.or_else(|| known().cloned())
    }

    fn look_at_files(&mut self, path: &Path, manifest: &Manifest) {
        let files = &manifest.content.files;
        for file in files {
            self.flaws.extend(flaw_of(path, file, files));
        }
        let signed: &[&str] = match manifest.key {
            Some(_) => &[SIGNATURE, PUBLIC_KEY],
            None => &[],
        };
        let names = files.iter().map(|it| &it.name[..]);
        let known: BTreeSet<&str> = names
            .chain([MANIFEST, SUMS])
            .chain(signed.iter().copied())
            .collect();
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut added: Vec<String> = entries
            .map(|it| it.file_name().to_string_lossy().into_owned())
            .filter(|it| !known.contains(&it[..]))
            .collect();
        added.sort();
        self.flaws
            .extend(added.iter().map(|it| format!("{it} was added")));
    }

    fn look_at_trust(&mut self, trusted: &[PublicKey]) {
        match &self.key {
            _ if trusted.is_empty() => {}
            Some(key) if trusted.contains(key) => {}
            Some(key) => self.flaws.push(format!(
                "it is signed by {}, which is not trusted",
                key.fingerprint()
            )),
            // What keeps a signature from being seen has been told.
            None if !self.flaws.is_empty() => {}
            None => self.flaws.push("it is not signed".to_owned()),
        }
    }
}

/// What was done to a file of a bundle, if anything.
fn flaw_of(path: &Path, file: &Entry, all: &[Entry]) -> Option<String> {
    let name = &file.name;
    if !is_plain(name) {
        return Some(format!(
            "{MANIFEST} was changed: {name:?} is no name of a file"
        ));
    }
    let (bytes, sha256) = match regular(&path.join(name)).and_then(sum::of_all) {
        Ok(found) => found,
        Err(why) => return Some(format!("{name} {}", absent(&why))),
    };
    if sha256 == file.sha256 && bytes == file.bytes {
        return None;
    }
    let other = all.iter().find(|it| it.sha256 == sha256);
    Some(match other.filter(|it| it.name != *name) {
        Some(other) => format!("{name} holds what {} held: they were swapped", other.name),
        None => format!("{name} was changed"),
    })
}

/// All of a file that is not too large.
fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    regular(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LARGEST {
        true => Err(ErrorKind::FileTooLarge.into()),
        false => Ok(bytes),
    }
}

/// A file that leads nowhere else.
fn regular(path: &Path) -> Result<File> {
    match fs::symlink_metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(Error::new(ErrorKind::InvalidInput, "it is no file")),
    }
}

fn absent(why: &Error) -> String {
    match why.kind() {
        ErrorKind::NotFound => "is missing".to_owned(),
        _ => format!("cannot be read: {why}"),
    }
}

//! Whether the bundles of a folder follow each other as they were written, and none is missing.

use std::fs;
use std::io::Result;
use std::path::Path;

use super::chain::{CHAIN, Chain};
use super::key::PublicKey;
use super::manifest::Previous;
use super::parts_of;
use super::verify::{self, Checked};

/// What has become of a folder of bundles.
#[derive(Debug, Default)]
pub struct Folder {
    /// Its bundles, in the order of the chain.
    pub bundles: Vec<Checked>,
    /// What is wrong, beginning with the first link that is broken: a bundle or a file of the folder, and what.
    pub flaws: Vec<(String, String)>,
    /// What is to be known, and is not wrong.
    pub notes: Vec<String>,
}

/// Checks all bundles of a folder and their order. Where keys are trusted, one of them must have signed each.
///
/// # Errors
/// What the system says of the folder.
pub fn folder(path: &Path, trusted: &[PublicKey]) -> Result<Folder> {
    // A bundle that is written, or deleted for room, meanwhile is no flaw.
    let before = Chain::read(path);
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        names.extend(name.into_string().ok().filter(|it| parts_of(it).is_some()));
    }
    let bundles = names
        .iter()
        .map(|it| verify::bundle(&path.join(it), trusted));
    let mut folder = Folder {
        bundles: bundles.collect(),
        ..Folder::default()
    };
    folder.bundles.sort_by_key(number);
    folder.look_at_links();
    let after = Chain::read(path);
    match (before, after) {
        (Ok(Some(before)), Ok(Some(after))) => folder.look_at_ends(&before, &after, trusted),
        (Err(_), _) | (_, Err(_)) => folder.blame(CHAIN, "it was changed, and cannot be read"),
        _ if folder.bundles.is_empty() => {}
        _ => folder.blame(
            CHAIN,
            "it is missing: whether bundles before the first or after the last were taken away cannot be seen",
        ),
    }
    Ok(folder)
}

/// The place of a bundle in the chain, by itself or else by its name.
pub fn number(of: &Checked) -> u64 {
    let told = of.manifest.as_ref().map(|it| it.number);
    told.or_else(|| parts_of(&of.name).map(|it| it.1))
        .unwrap_or(0)
}

impl Folder {
    /// Bundles between which others are missing, or that do not continue each other; and what is wrong with each by itself.
    fn look_at_links(&mut self) {
        let mut flaws = Vec::new();
        let mut before: Option<&Checked> = None;
        for bundle in &self.bundles {
            if let Some(wrong) = link(before, bundle) {
                flaws.push((bundle.name.clone(), wrong));
            }
            flaws.extend(
                bundle
                    .flaws
                    .iter()
                    .map(|it| (bundle.name.clone(), it.clone())),
            );
            before = Some(bundle);
        }
        self.flaws = flaws;
    }

    /// Bundles that are missing before the first and after the last.
    fn look_at_ends(&mut self, before: &Chain, after: &Chain, trusted: &[PublicKey]) {
        let first = self.bundles.first().map_or(u64::MAX, number);
        let last = self.bundles.last().map_or(0, number);
        if first > after.first && after.last >= after.first {
            let missing = missing(after.first, (first - 1).min(after.last));
            self.flaws.insert(0, (CHAIN.to_owned(), missing));
        } else if first > 1 && first < u64::MAX {
            let gone = numbers(1, first - 1);
            self.notes.push(format!(
                "it begins with {first}: {gone} were deleted for room, or before"
            ));
        }
        if last < before.last && last > 0 {
            self.blame(CHAIN, &missing(last + 1, before.last));
        }
        let newest = self.bundles.last();
        let is_other = newest.is_some_and(|it| it.sha256 != before.sha256 && it.flaws.is_empty());
        if last == before.last && is_other {
            self.blame(CHAIN, &format!("{last} is not the bundle that was written"));
        }
        self.look_at_signature(before, trusted);
    }

    /// Whoever is trusted must have signed the chain; else who says so.
    fn look_at_signature(&mut self, chain: &Chain, trusted: &[PublicKey]) {
        let signed = |key: &PublicKey| chain.is_signed_by(key);
        let keys = self.bundles.iter().filter_map(|it| it.key.as_ref());
        let named = |key: &&PublicKey| chain.key == Some(key.fingerprint());
        let is_right = match (trusted, keys.rev().find(named)) {
            ([], Some(key)) => signed(key),
            ([], None) => true,
            (trusted, _) => trusted.iter().any(signed),
        };
        let newest = self.bundles.last().and_then(|it| it.key.as_ref());
        let differs = newest.is_some_and(|it| chain.key != Some(it.fingerprint()));
        if !is_right {
            self.blame(CHAIN, "it was changed, or another key has signed it");
        } else if differs && trusted.is_empty() {
            let note = format!("{CHAIN} is not signed by the key of the last bundle");
            self.notes.push(note);
        }
    }

    fn blame(&mut self, what: &str, why: &str) {
        self.flaws.push((what.to_owned(), why.to_owned()));
    }
}

/// What is wrong between a bundle and the one that stands before it, if there is one.
fn link(before: Option<&Checked>, bundle: &Checked) -> Option<String> {
    let own = number(bundle);
    let previous = &bundle.manifest.as_ref()?.previous;
    let told = previous.as_ref().map(|it| it.number);
    if told != (own > 1).then(|| own - 1) {
        return Some(format!(
            "it was changed: {own} does not continue {}",
            told.unwrap_or(0)
        ));
    }
    let before = before?;
    let other = number(before);
    match previous {
        _ if other == own => Some(format!("{own} is there twice, as {} too", before.name)),
        _ if other + 1 < own => Some(missing(other + 1, own - 1)),
        Some(Previous { sha256, .. }) if *sha256 != before.sha256 => Some(format!(
            "it does not continue {}, which was changed or replaced since",
            before.name
        )),
        _ => None,
    }
}

fn missing(from: u64, to: u64) -> String {
    let verb = if from == to { "is" } else { "are" };
    format!(
        "{} {verb} missing: left out or taken away",
        numbers(from, to)
    )
}

fn numbers(from: u64, to: u64) -> String {
    match from == to {
        true => format!("{from}"),
        false => format!("{from} to {to}"),
    }
}

//! What a run decides otherwise than an earlier one.

mod found;
mod matching;
mod page;
mod table;
mod told;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use jiff::Timestamp;

use self::found::Found;
use self::told::Told;
use crate::cli::replay::stage::Part;
use crate::cli::replay::whole::write_whole;
use crate::media::events::Event;

/// More events than this are not held.
const MOST: usize = 1_000_000;

/// Events of two runs.
pub struct Against {
    before: Vec<Told>,
    now: Vec<Told>,
}

impl Against {
    /// Reads the events of the earlier run.
    ///
    /// # Errors
    /// In words, what is wrong with the file.
    pub fn read(path: &Path) -> Result<Against, String> {
        let trouble = |why: String| format!("{}: {why}", path.display());
        let file = File::open(path).map_err(|error| trouble(error.to_string()))?;
        let mut before = Vec::new();
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(|error| trouble(error.to_string()))?;
            if line.trim().is_empty() {
                continue;
            }
            let told = Told::read(&line).ok_or_else(|| {
                trouble(format!(
                    "line {} is no event, as `jsonl` writes them",
                    number + 1
                ))
            })?;
            room(&before).map_err(trouble)?;
            before.push(told);
        }
        let now = Vec::new();
        Ok(Against { before, now })
    }

    /// Takes an event of this run.
    ///
    /// # Errors
    /// That there is no room for one more.
    pub fn take(&mut self, event: &Event) -> Result<(), String> {
        room(&self.now)?;
        self.now.extend(Told::read(&event.to_json()));
        Ok(())
    }

    /// What differs, where events may be so many seconds apart and be the same. Those of a recording that tells when it was
    /// taken go by the wall clock, others by their time since the start.
    ///
    /// # Errors
    /// That there is nothing to compare with.
    pub fn compare(&self, tolerance: f64, began: Option<Timestamp>) -> Result<Found, String> {
        if self.before.is_empty() {
            return Err("there is no event in the earlier run to compare with".to_owned());
        }
        let heard = |it: &&Told| self.before.iter().any(|before| before.node == it.node);
        let (heard, unheard): (Vec<_>, Vec<_>) = {
            let mut known: BTreeMap<&str, bool> = BTreeMap::new();
            self.now
                .iter()
                .partition(|it| *known.entry(&it.node).or_insert_with(|| heard(it)))
        };
        let mut counts = BTreeMap::new();
        for told in unheard {
            *counts.entry(told.node.clone()).or_default() += 1;
        }
        let began = began.map(|it| it.as_millisecond() as f64 / 1000.0);
        let before: Vec<&Told> = self.before.iter().collect();
        let matched = matching::of(&before, &heard, tolerance, began);
        Ok(Found {
            rows: found::rows(&before, &heard, &matched),
            differences: matched.differences,
            unheard: counts,
        })
    }
}

impl Found {
    /// For people, or for programs.
    pub fn print(&self, json: bool) {
        match json {
            true => table::print_json(self),
            false => table::print_found(self),
        }
    }

    /// The same as a page, with pictures out of the recordings.
    ///
    /// # Errors
    /// In words, what the system says.
    pub fn write_page(
        &self,
        path: &Path,
        parts: &BTreeMap<String, Part>,
        began: Option<Timestamp>,
    ) -> Result<(), String> {
        let page = page::of(self, parts, began);
        write_whole(path, page.as_bytes())
    }
}

fn room(events: &[Told]) -> Result<(), String> {
    match events.len() < MOST {
        true => Ok(()),
        false => Err(format!(
            "more than {MOST} events cannot be compared; a shorter recording, or a `filter`, makes fewer"
        )),
    }
}

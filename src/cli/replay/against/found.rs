//! What differs between two runs, each by itself and in sum.

use std::collections::BTreeMap;

use super::matching::{Difference, How, Matched};
use super::told::Told;
use crate::cli::output::printable;

/// What differs, by who told it.
pub struct Found {
    /// In the order of their times.
    pub differences: Vec<Difference>,
    /// In sum.
    pub rows: Vec<Row>,
    /// Nodes of which the earlier run has left nothing, and how many events they tell now.
    pub unheard: BTreeMap<String, u64>,
}

/// What one node tells of one source, of one kind.
pub struct Row {
    pub kind: String,
    pub node: String,
    pub source: String,
    /// How many it told before, and tells now.
    pub before: usize,
    pub now: usize,
    pub new: usize,
    pub gone: usize,
    pub changed: usize,
    /// By how much scores have grown in the mean, and at most either way.
    pub scores: Option<(f64, f64)>,
}

/// In the order of kinds, nodes and sources.
pub fn rows(before: &[&Told], now: &[&Told], matched: &Matched) -> Vec<Row> {
    let mut counts: BTreeMap<(&str, &str, &str), (usize, usize)> = BTreeMap::new();
    before
        .iter()
        .for_each(|it| counts.entry(it.teller()).or_default().0 += 1);
    now.iter()
        .for_each(|it| counts.entry(it.teller()).or_default().1 += 1);
    let row = |((kind, node, source), (before, now)): ((&str, &str, &str), (usize, usize))| {
        let is_its = |it: &&Difference| (&*it.kind, &*it.node, &*it.source) == (kind, node, source);
        let of = |how| {
            matched
                .differences
                .iter()
                .filter(is_its)
                .filter(|it| it.how == how)
                .count()
        };
        let teller = (kind.to_owned(), node.to_owned(), source.to_owned());
        let grown = matched.scores.get(&teller).filter(|it| !it.is_empty());
        Row {
            kind: teller.0.clone(),
            node: teller.1.clone(),
            source: teller.2.clone(),
            before,
            now,
            new: of(How::New),
            gone: of(How::Gone),
            changed: of(How::Changed),
            scores: grown.map(|all| {
                let most = all.iter().map(|it| it.abs()).fold(0.0, f64::max);
                (all.iter().sum::<f64>() / all.len() as f64, most)
            }),
        }
    };
    counts.into_iter().map(row).collect()
}

impl Row {
    /// The names of the columns.
    pub const HEAD: [&str; 9] = [
        "KIND", "NODE", "SOURCE", "BEFORE", "NOW", "NEW", "GONE", "CHANGED", "SCORES",
    ];

    /// What stands in them.
    pub fn cells(&self) -> [String; 9] {
        let scores = self
            .scores
            .map(|(mean, most)| format!("{mean:+.3} (at most {most:.3})"));
        [
            printable(&self.kind),
            printable(&self.node),
            printable(&self.source),
            self.before.to_string(),
            self.now.to_string(),
            self.new.to_string(),
            self.gone.to_string(),
            self.changed.to_string(),
            scores.unwrap_or_default(),
        ]
    }
}

//! Which event of one run is which of another.

use std::collections::{BTreeMap, BTreeSet};

use super::told::Told;

/// Something that is decided otherwise.
pub struct Difference {
    pub how: How,
    pub kind: String,
    pub node: String,
    pub source: String,
    /// Seconds since the later run began.
    pub t: f64,
    /// What was told before; empty of what is new.
    pub before: String,
    /// What is told now; empty of what is gone.
    pub now: String,
}

/// How it differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    New,
    Gone,
    Changed,
}

impl How {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            How::New => "new",
            How::Gone => "gone",
            How::Changed => "changed",
        }
    }
}

/// All pairs, and what is in one run only.
pub struct Matched {
    /// In the order of their times.
    pub differences: Vec<Difference>,
    /// By how much the score of those that are the same has grown, by who tells them.
    pub scores: BTreeMap<(String, String, String), Vec<f64>>,
}

/// Matches what the same node tells of the same source: first what is about the same, then the rest by time.
pub fn of(before: &[&Told], now: &[&Told], tolerance: f64, began: Option<f64>) -> Matched {
    // Times of the later run, also of what the earlier one has told.
    let at = |it: &Told| began.map_or(it.t, |began| it.wall - began);
    let tellers: BTreeSet<_> = before.iter().chain(now).map(|it| it.teller()).collect();
    let (mut differences, mut scores) = (Vec::new(), BTreeMap::new());
    let mut note = |before: Option<&Told>, now: Option<&Told>| {
        let how = match (before, now) {
            (Some(before), Some(now)) if before.words == now.words => {
                let apart = before
                    .score
                    .zip(now.score)
                    .map(|(before, now)| now - before);
                let (kind, node, source) = now.teller();
                let teller = (kind.to_owned(), node.to_owned(), source.to_owned());
                let all: &mut Vec<f64> = scores.entry(teller).or_default();
                all.extend(apart);
                return;
            }
            (Some(_), Some(_)) => How::Changed,
            (Some(_), None) => How::Gone,
            (None, _) => How::New,
        };
        let Some(about) = now.or(before) else { return };
        let label = |it: Option<&Told>| it.map_or(String::new(), |it| it.label.clone());
        differences.push(Difference {
            how,
            kind: about.kind.clone(),
            node: about.node.clone(),
            source: about.source.clone(),
            t: at(about),
            before: label(before),
            now: label(now),
        });
    };
    for teller in tellers {
        let of = |all: &[&Told]| -> Vec<usize> {
            let mut of: Vec<usize> = (0..all.len())
                .filter(|it| all[*it].teller() == teller)
                .collect();
            of.sort_by(|a, b| at(all[*a]).total_cmp(&at(all[*b])));
            of
        };
        let (mut old, mut new) = (of(before), of(now));
        for same in [true, false] {
            let pairs = pairs(
                &old,
                &new,
                |a, b| {
                    let (a, b) = (before[a], now[b]);
                    let fits = !same || a.words == b.words;
                    (fits, at(a) - at(b))
                },
                tolerance,
            );
            for (a, b) in &pairs {
                note(Some(before[*a]), Some(now[*b]));
            }
            let (a, b): (BTreeSet<usize>, BTreeSet<usize>) = pairs.into_iter().unzip();
            old.retain(|it| !a.contains(it));
            new.retain(|it| !b.contains(it));
        }
        old.iter().for_each(|it| note(Some(before[*it]), None));
        new.iter().for_each(|it| note(None, Some(now[*it])));
    }
    differences.sort_by(|a: &Difference, b| a.t.total_cmp(&b.t));
    Matched {
        differences,
        scores,
    }
}

/// Each of the one with the first of the other that fits and is not taken. Both are in the order of time, which `compare`
/// gives with whether two fit.
fn pairs(
    old: &[usize],
    new: &[usize],
    compare: impl Fn(usize, usize) -> (bool, f64),
    tolerance: f64,
) -> Vec<(usize, usize)> {
    let (mut pairs, mut from) = (Vec::new(), 0);
    let mut taken = vec![false; new.len()];
    for &a in old {
        while from < new.len() && compare(a, new[from]).1 > tolerance {
            from += 1;
        }
        let near = (from..new.len()).take_while(|it| compare(a, new[*it]).1 >= -tolerance);
        let mut fitting = near.filter(|it| !taken[*it] && compare(a, new[*it]).0);
        if let Some(found) = fitting.next() {
            taken[found] = true;
            pairs.push((a, new[found]));
        }
    }
    pairs
}

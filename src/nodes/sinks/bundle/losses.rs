//! What was lost between nodes in the time that a bundle is about, by the counters of the pipeline.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::media::clock::Time;
use crate::nodes::parts::evidence::manifest::Dropped;
use crate::pipeline::contract::around::Edge;

/// The counters are looked at so often.
const EVERY: Duration = Duration::from_secs(1);
/// So many looks are known.
const MOST: usize = 900;

/// What had been dropped on every edge at a time, by reason.
type Counts = BTreeMap<Edge, BTreeMap<&'static str, u64>>;

/// What has been seen of the counters.
#[derive(Default)]
pub struct Losses {
    looks: VecDeque<(Time, Counts)>,
}

impl Losses {
    /// Looks at the counters, if it is time to.
    pub fn look(&mut self, at: Time, count: impl FnOnce() -> Counts) {
        let latest = self.looks.back();
        if latest.is_some_and(|it| at < it.0.after(EVERY)) {
            return;
        }
        if self.looks.len() >= MOST {
            self.looks.pop_front();
        }
        self.looks.push_back((at, count()));
    }

    /// What has been dropped since a time, or since the counters are known.
    pub fn since(&self, from: Time, now: &Counts) -> Vec<Dropped> {
        let before = self.looks.iter().take_while(|it| it.0 <= from).last();
        let none = Counts::new();
        let before = before
            .or_else(|| self.looks.front())
            .map_or(&none, |it| &it.1);
        let lost = now.iter().filter_map(|(edge, reasons)| {
            let before = before.get(edge);
            let more = |(reason, count): (&&'static str, &u64)| {
                let old = before.and_then(|it| it.get(reason)).copied();
                let more = count.saturating_sub(old.unwrap_or(0));
                (more > 0).then(|| ((*reason).to_owned(), more))
            };
            let reasons: BTreeMap<String, u64> = reasons.iter().filter_map(more).collect();
            (!reasons.is_empty()).then(|| Dropped {
                from: edge.from.to_string(),
                to: edge.to.to_string(),
                kind: edge.kind.to_owned(),
                reasons,
            })
        });
        lost.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_lost_meanwhile_is_told() {
        let edge = Edge {
            from: "cam".into(),
            to: "see".into(),
            kind: "frame",
        };
        let counts = |full: u64| Counts::from([(edge.clone(), BTreeMap::from([("full", full)]))]);
        let mut losses = Losses::default();
        for (second, full) in [(0.0, 3), (1.0, 5), (1.5, 99), (2.0, 9)] {
            losses.look(Time::from_secs_f64(second), || counts(full));
        }
        let told = |from: f64| {
            let told = losses.since(Time::from_secs_f64(from), &counts(10));
            told.first().map(|it| it.reasons["full"])
        };
        assert_eq!(told(0.5), Some(7));
        assert_eq!(told(1.9), Some(5));
        assert_eq!(told(9.0), Some(1));
        assert_eq!(losses.since(Time::END, &counts(9)), []);
    }
}

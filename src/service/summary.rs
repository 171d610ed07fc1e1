//! What a run came to, in one line.

use std::fmt;

use serde::Serialize;

use crate::pipeline::count::metrics::NodeCounts;
use crate::pipeline::run::snapshot::Snapshot;

/// Totals of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Seconds that it took.
    pub seconds: f64,
    /// Frames captured.
    pub frames: u64,
    /// Objects found.
    pub detections: u64,
    /// Stretches of speech.
    pub utterances: u64,
    /// Stretches of speech that were written down.
    pub transcripts: u64,
    /// What was lost on the way: `[what, edge, reason]` in words.
    pub dropped: Vec<String>,
}

impl Summary {
    /// Adds up a snapshot.
    pub fn of(snapshot: &Snapshot) -> Summary {
        let nodes = || snapshot.nodes.iter().map(|node| &node.counts);
        // Others only let frames through.
        let sources = snapshot.nodes.iter().filter(|it| it.role == "source");
        let made = |it: &NodeCounts, kind| it.made.get(kind).copied().unwrap_or(0);
        // Others only pass speech on, or take something out of it.
        let hearing = || snapshot.nodes.iter().filter(|it| it.infers);
        let events = |kind| {
            hearing()
                .map(|node| &node.counts)
                .map(|it| it.events.get(kind).copied().unwrap_or(0))
                .sum()
        };
        let dropped = snapshot.edges.iter().flat_map(|edge| {
            edge.counts.reasons.iter().map(move |(reason, count)| {
                let (kind, from, to) = (edge.kind, &edge.from, &edge.to);
                format!("{count} {kind} packets from {from} to {to} ({reason})")
            })
        });
        Summary {
            seconds: snapshot.uptime_seconds,
            frames: sources.map(|it| made(&it.counts, "frame")).sum(),
            detections: nodes().map(|it| it.objects).sum(),
            utterances: events("speech"),
            transcripts: events("transcript"),
            dropped: dropped.collect(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} frames, {} detections, {} utterances, {} transcripts in {:.1} s; ",
            self.frames, self.detections, self.utterances, self.transcripts, self.seconds
        )?;
        match self.dropped.is_empty() {
            true => f.write_str("nothing dropped"),
            false => write!(f, "dropped {}", self.dropped.join(", ")),
        }
    }
}

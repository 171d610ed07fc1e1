//! How an input of a node is written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::kind::WhenFull;

/// One entry of `inputs`: a name, or a table that also says how packets wait and what comes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Input {
    /// The name of a node.
    Name(String),
    /// The name of a node and how its packets wait.
    Queue(Queue),
}

/// An input with its queue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The name of a node.
    pub from: String,
    /// Packets that can wait. Default: 2 frames, 64 audio chunks, 16 utterances, 256 events, 8192 of them downstream of a device.
    #[schemars(range(min = 1, max = 10_000))]
    pub capacity: Option<usize>,
    /// What happens when it is full. Default: see the README.
    pub when_full: Option<WhenFull>,
    /// Whether events that may be nothing come too: transcripts that are not believed, and what has been said so
    /// far of what is not over.
    #[serde(default)]
    pub unsure: bool,
}

impl Input {
    /// The name of the producer.
    pub fn from(&self) -> &str {
        match self {
            Input::Name(name) => name,
            Input::Queue(queue) => &queue.from,
        }
    }

    /// Whether it takes events that may be nothing.
    pub fn takes_unsure(&self) -> bool {
        matches!(self, Input::Queue(Queue { unsure: true, .. }))
    }

    /// The queue settings that the file makes.
    pub fn queue(&self) -> (Option<usize>, Option<WhenFull>) {
        match self {
            Input::Name(_) => (None, None),
            Input::Queue(queue) => (queue.capacity, queue.when_full),
        }
    }
}

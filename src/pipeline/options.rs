//! The `[runtime]` and `[status]` tables of a pipeline file, and how an input is written.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::pipeline::link::WhenFull;

/// Where a model may run, in the words of the pipeline file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// TensorRT; needs the `tensorrt` feature and an ONNX Runtime that has it.
    Tensorrt,
    /// CUDA; needs the `cuda` feature and an ONNX Runtime that has it.
    Cuda,
    /// The processor; always there.
    Cpu,
}

impl Provider {
    /// Name in pipeline files and events.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Tensorrt => "tensorrt",
            Provider::Cuda => "cuda",
            Provider::Cpu => "cpu",
        }
    }
}

/// `[runtime]`: what all nodes share.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Runtime {
    /// The ONNX Runtime library. Default: `ORT_DYLIB_PATH`, then `/usr/lib/otus`, then the cache.
    pub onnxruntime: Option<PathBuf>,
    /// Providers to try, in this order. The one in use is in every event and in `/status`.
    pub providers: Vec<Provider>,
    /// Threads that one inference uses. More than 1 lowers latency and wastes CPU time.
    #[schemars(range(min = 1, max = 64))]
    pub threads: usize,
    /// How long a stop may take to finish what is under way before the rest is dropped.
    #[schemars(range(min = 100, max = 600_000))]
    pub drain_ms: u64,
}

impl Default for Runtime {
    fn default() -> Runtime {
        Runtime {
            onnxruntime: None,
            providers: vec![Provider::Cpu],
            threads: 1,
            drain_ms: 5_000,
        }
    }
}

/// `[status]`: the local HTTP endpoint.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Status {
    /// `127.0.0.1:PORT`, `unix:/path/to/socket` or `off`. Default: `127.0.0.1:9860`.
    pub listen: Option<String>,
}

/// One entry of `inputs`: a name, or a table that also sets the queue.
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
    /// Packets that can wait. Default: 2 frames, 64 audio chunks, 16 utterances, 256 events.
    #[schemars(range(min = 1, max = 10_000))]
    pub capacity: Option<usize>,
    /// What happens when it is full. Default: see the README.
    pub when_full: Option<WhenFull>,
}

impl Input {
    /// The name of the producer.
    pub fn from(&self) -> &str {
        match self {
            Input::Name(name) => name,
            Input::Queue(queue) => &queue.from,
        }
    }

    /// The queue settings that the file makes.
    pub fn queue(&self) -> (Option<usize>, Option<WhenFull>) {
        match self {
            Input::Name(_) => (None, None),
            Input::Queue(queue) => (queue.capacity, queue.when_full),
        }
    }
}

//! `[runtime]`: what all nodes share.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a model may run, in the words of the pipeline file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// TensorRT; needs the `tensorrt` feature and an ONNX Runtime that has it.
    Tensorrt,
    /// CUDA; needs the `cuda` feature and an ONNX Runtime that has it.
    Cuda,
    /// Other code for the processor, mostly for ARM; needs an ONNX Runtime that has it.
    Xnnpack,
    /// The processor; always there.
    Cpu,
}

impl Provider {
    /// Whether it needs a graphics processor.
    pub fn is_gpu(self) -> bool {
        matches!(self, Provider::Tensorrt | Provider::Cuda)
    }

    /// Name in pipeline files and events.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Tensorrt => "tensorrt",
            Provider::Cuda => "cuda",
            Provider::Xnnpack => "xnnpack",
            Provider::Cpu => "cpu",
        }
    }
}

/// In what numbers graphics processors compute, in the words of the pipeline file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// As the model's file has it.
    #[default]
    Fp32,
    /// Half of it where that is faster.
    Fp16,
    /// Bytes, where the model's file says how.
    Int8,
}

/// Where the native code of models runs, in the words of the pipeline file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// In this process: the least memory, and a crash ends everything.
    #[default]
    None,
    /// In a process for each node: a crash costs what that node was at.
    Process,
}

/// What may be shown and kept of what people say and look like, in the words of the pipeline file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// All that the pipeline leads to a sink.
    #[default]
    Off,
    /// Only what a node lets through that takes out what identifies people.
    Required,
}

/// `[runtime]`: what all nodes share.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Runtime {
    /// The ONNX Runtime library. Default: `ORT_DYLIB_PATH`, then `/usr/lib/otus`, then the cache.
    pub onnxruntime: Option<PathBuf>,
    /// Providers to try, in this order. While one is made ready, the CPU serves if `cpu` comes after it, and models
    /// wait if not. A provider whose answers to noise or to its first three inputs differ from the CPU's by more than
    /// `precision` allows is not used. The one in use is in every event, and what became of each in `/status`.
    pub providers: Vec<Provider>,
    /// In what TensorRT computes, and how far a number may be from the CPU's: with `fp32` 0.001 and 1 % of it, with
    /// `fp16` 0.01 and 3 %, with `int8` 0.05 and 10 %. `int8` needs a model that carries its scales. CUDA computes as
    /// the file says, and with other than `fp32` rounds to TF32.
    pub precision: Precision,
    /// Memory of a graphics processor that each model may take for what it computes, beside what CUDA itself takes.
    /// Default: no limit.
    #[schemars(range(min = 16, max = 1_048_576))]
    pub gpu_memory_mb: Option<u32>,
    /// Pictures that a graphics processor computes at once, of all nodes that run the same model: a power of two, or the
    /// next below counts. It needs a model whose file leaves the number open, and is done only where a provider computes
    /// pictures that are put together as the CPU computes each alone; `/status` tells how many came together. With
    /// `isolation = "process"` each node computes by itself.
    #[schemars(range(min = 1, max = 32))]
    pub batch: usize,
    /// How long a picture waits for others that are due, by when they came before, at most.
    #[schemars(range(max = 1_000))]
    pub batch_ms: u64,
    /// Threads that one inference uses. More than 1 lowers latency and wastes CPU time.
    #[schemars(range(min = 1, max = 64))]
    pub threads: usize,
    /// Where models run. `process` gives each node that has one, and each of its workers, a process
    /// of its own, which is started anew when native code crashes or hangs.
    pub isolation: Isolation,
    /// With `required` a pipeline is refused in which sound, transcripts or matches reach a sink as they were said, or
    /// pictures as they were seen: they have to go through a node that redacts. The status endpoint and its page show no
    /// others either.
    pub privacy: Privacy,
    /// How long a stop may take to finish what is under way before the rest is dropped.
    #[schemars(range(min = 100, max = 600_000))]
    pub drain_ms: u64,
    /// How long a node may take for one packet before it counts as hanging and is started anew.
    #[schemars(range(min = 1_000, max = 3_600_000))]
    pub hang_timeout_ms: u64,
    /// A file with a line `NAME=value` for each `${NAME}` that neither the environment nor systemd's credentials have. Only
    /// its owner may be able to read it.
    pub secrets_file: Option<PathBuf>,
    /// Whether a change of the pipeline file is taken over at once, as SIGHUP does.
    pub reload_on_change: bool,
}

impl Runtime {
    /// Whether models that were opened under the one serve under the other.
    pub fn same_for_models(&self, other: &Runtime) -> bool {
        (&self.onnxruntime, &self.providers) == (&other.onnxruntime, &other.providers)
            && (self.threads, self.isolation) == (other.threads, other.isolation)
            && (self.precision, self.gpu_memory_mb) == (other.precision, other.gpu_memory_mb)
            && (self.batch, self.batch_ms) == (other.batch, other.batch_ms)
    }
}

impl Default for Runtime {
    fn default() -> Runtime {
        Runtime {
            onnxruntime: None,
            providers: vec![Provider::Cpu],
            precision: Precision::Fp32,
            gpu_memory_mb: None,
            batch: 4,
            batch_ms: 5,
            threads: 1,
            isolation: Isolation::None,
            privacy: Privacy::Off,
            drain_ms: 5_000,
            hang_timeout_ms: 60_000,
            secrets_file: None,
            reload_on_change: false,
        }
    }
}

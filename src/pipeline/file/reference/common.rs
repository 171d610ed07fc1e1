//! What every node may say in a pipeline file, beside the options of its type.

use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::pipeline::contract::catalogue::{NodeType, Role};
use crate::pipeline::file::input::Input;

/// As it stands in the file; the parser takes it apart one by one.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct Common {
    /// Which of the above it is.
    r#type: String,
    /// Transforms and sinks: names of nodes, or tables as below.
    inputs: Vec<Input>,
    /// Threads that share the work, in order; only nodes that keep nothing between packets.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64))]
    workers: u16,
    /// Only nodes that decide by time: how long they wait, downstream of a device, for inputs that tell
    /// nothing. What comes later than that is dropped. Default: of the node.
    #[schemars(range(min = 0, max = 3_600_000))]
    wait_ms: Option<u64>,
    /// Only sources of frames: while the machine is short of processor time or memory, or too hot, one in four frames of
    /// this camera is handed on, before any frame of the others is left out.
    #[serde(default)]
    least_needed: bool,
    /// The run goes on if this node fails for good.
    #[serde(default)]
    optional: bool,
}

fn one() -> u16 {
    1
}

/// The schema of what any node may say.
pub fn schema() -> Schema {
    schemars::schema_for!(Common)
}

/// Whether a node of a type may say it.
pub fn is_for(name: &str, ty: &NodeType) -> bool {
    match name {
        "inputs" => ty.role != Role::Source,
        "workers" => ty.stateless,
        "wait_ms" => ty.wait_ms.is_some(),
        "least_needed" => ty.is_camera(),
        _ => true,
    }
}

/// Its names, and what is said of each.
pub fn options(schema: &Schema) -> impl Iterator<Item = (&String, &Value)> {
    let options = schema.get("properties").and_then(Value::as_object);
    options.into_iter().flatten()
}

//! What follows an operator at once: an activation, and the bounds of a quantised output.

use crate::inference::store::tflite::graph::Graph;

/// Bounds of activations.
pub const RELU: [f32; 2] = [0.0, f32::INFINITY];
pub const RELU6: [f32; 2] = [0.0, 6.0];
pub const RELU_N1_TO_1: [f32; 2] = [-1.0, 1.0];

/// Applies the activation of this number to what an operator has made for a tensor.
///
/// # Errors
/// That it is not known.
pub fn fused(
    activation: u8,
    value: String,
    output: usize,
    graph: &mut Graph,
) -> Result<String, String> {
    let bounds = match activation {
        0 => None,
        1 => Some(RELU),
        2 => Some(RELU_N1_TO_1),
        3 => Some(RELU6),
        4 => return Ok(graph.node("Tanh", &[&value], &[])),
        other => return Err(format!("its activation {other} is not known")),
    };
    // What a quantised model cannot hold is cut off there, and may have been left to that in training.
    let range = graph.tensors[output].range();
    match (bounds, range) {
        (None, None) => Ok(value),
        (Some(bounds), None) | (None, Some(bounds)) => clip(bounds, value, graph),
        (Some(bounds), Some(range)) => {
            let bounds = [bounds[0].max(range[0]), bounds[1].min(range[1])];
            clip(bounds, value, graph)
        }
    }
}

/// Keeps a value within bounds.
pub fn clip([least, most]: [f32; 2], value: String, graph: &mut Graph) -> Result<String, String> {
    if [least, most] == RELU {
        return Ok(graph.node("Relu", &[&value], &[]));
    }
    let (least, most) = (graph.scalar(least)?, graph.scalar(most)?);
    Ok(graph.node("Clip", &[&value, &least, &most], &[]))
}

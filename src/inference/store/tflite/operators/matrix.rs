//! Products of matrices.

use super::fused::fused;
use crate::inference::store::tflite::graph::{Graph, PLAIN};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::Attribute;

/// `FULLY_CONNECTED`: the last dimensions of its input, as many as fit the weights, go in.
pub fn fully_connected(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, weights, to) = (it.input(0)?, it.input(1)?, it.output(0)?);
    if it.options.byte(1)? != 0 {
        return Err("its weights are shuffled".to_owned());
    }
    let &[out, depth] = &graph.tensors[weights].shape[..] else {
        return Err("its weights are no table".to_owned());
    };
    let mut value = graph.get(from, PLAIN)?;
    if graph.tensors[from].shape.len() != 2 || graph.tensors[from].shape[1] != depth {
        let rows = graph.list(&[-1, depth as i64])?;
        value = graph.node("Reshape", &[&value, &rows], &[]);
    }
    let mut inputs = vec![value, graph.get(weights, PLAIN)?];
    if let Some(bias) = it.optional(2) {
        inputs.push(graph.get(bias, PLAIN)?);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let value = graph.node("Gemm", &inputs, &[("transB", Attribute::Int(1))]);
    let mut value = fused(it.options.byte(0)?, value, to, graph)?;
    let shape = &graph.tensors[to].shape;
    if shape.len() != 2 || shape[1] != out {
        value = graph.reshaped(&value, to)?;
    }
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `BATCH_MATMUL`: one product for each place in the dimensions before the last two.
pub fn batch_matmul(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let sides = [
        (it.input(0)?, it.options.is(0)?),
        (it.input(1)?, it.options.is(1)?),
    ];
    let [a, b] = sides.map(|(tensor, is_turned)| side(graph, tensor, is_turned));
    let value = graph.node("MatMul", &[&a?, &b?], &[]);
    let to = it.output(0)?;
    graph.set(to, PLAIN, value);
    Ok(())
}

fn side(graph: &mut Graph, tensor: usize, is_turned: bool) -> Result<String, String> {
    let value = graph.get(tensor, PLAIN)?;
    let rank = graph.tensors[tensor].shape.len();
    if !is_turned || rank < 2 {
        return Ok(value);
    }
    let mut order: Vec<i64> = (0..rank as i64).collect();
    order.swap(rank - 1, rank - 2);
    Ok(graph.node("Transpose", &[&value], &[("perm", Attribute::Ints(&order))]))
}

//! Operators that pick elements.

use super::elementwise::{axis, converted};
use crate::inference::store::tflite::graph::{Graph, PLAIN, number_type};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::{Attribute, Type};

/// `GATHER`: the entries of a dimension that a list names.
pub fn gather(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, indices, to) = (it.input(0)?, it.input(1)?, it.output(0)?);
    if it.options.int(1, 0)? != 0 {
        return Err("it gathers by batch".to_owned());
    }
    let along = axis(graph, from, it.options.int(0, 0)?.into(), PLAIN)?;
    let (value, indices) = (graph.get(from, PLAIN)?, graph.get(indices, PLAIN)?);
    let value = graph.node(
        "Gather",
        &[&value, &indices],
        &[("axis", Attribute::Int(along as i64))],
    );
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `SELECT` and `SELECT_V2`: of two values, by a third. In the former, the third may have but the first dimension.
pub fn select(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (which, a, to) = (it.input(0)?, it.input(1)?, it.output(0)?);
    let mut chosen = graph.get(which, PLAIN)?;
    let rank = graph.tensors[a].shape.len();
    if it.name == "SELECT" && graph.tensors[which].shape.len() == 1 && rank > 1 {
        let mut shape = vec![1; rank];
        shape[0] = -1;
        let shape = graph.list(&shape)?;
        chosen = graph.node("Reshape", &[&chosen, &shape], &[]);
    }
    let (a, b) = (graph.get(a, PLAIN)?, graph.get(it.input(2)?, PLAIN)?);
    let value = graph.node("Where", &[&chosen, &a, &b], &[]);
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `TOPK_V2`: the largest of the last dimension, and where they are.
pub fn top_k(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let from = it.input(0)?;
    let count = graph.int(it.input(1)?)?;
    let count = graph.list(&[count])?;
    let value = graph.get(from, PLAIN)?;
    let largest = graph.onnx.nodes(
        "TopK",
        &[&value, &count],
        2,
        &[("axis", Attribute::Int(-1))],
    );
    graph.set(it.output(0)?, PLAIN, largest[0].clone());
    if let Some(&places) = it.outputs.get(1) {
        let kind = number_type(graph.tensors[places].kind)?;
        let kind = if kind == Type::Float { Type::I32 } else { kind };
        let value = converted(graph, &largest[1], kind);
        graph.set(places, PLAIN, value);
    }
    Ok(())
}

//! Operators that look along a dimension.

use super::elementwise::{axis, converted};
use crate::inference::store::tflite::graph::number_type;
use crate::inference::store::tflite::graph::{Graph, PLAIN, PLANES};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::Attribute;

/// Sums, means and the like over some dimensions.
pub fn reduce(it: &Operator, graph: &mut Graph, name: &str) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let keeps = it.options.is(0)?;
    let named = graph.ints(it.input(1)?)?;
    let axes = |order| {
        let place = |it: &i64| axis(graph, from, *it, order).map(|it| it as i64);
        named.iter().map(place).collect::<Result<Vec<_>, _>>()
    };
    let mut order = graph.common(&[from]);
    let mut plain = axes(PLAIN)?;
    plain.sort_unstable();
    // Without rows and columns, what is left is in the same order either way.
    if !keeps && plain != [1, 2] {
        order = PLAIN;
    }
    let axes = axes(order)?;
    let value = graph.get(from, order)?;
    let keepdims = ("keepdims", Attribute::Int(keeps.into()));
    let value = match name {
        "ReduceSum" => {
            let axes = graph.list(&axes)?;
            graph.node(name, &[&value, &axes], &[keepdims])
        }
        _ => graph.node(
            name,
            &[&value],
            &[("axes", Attribute::Ints(&axes)), keepdims],
        ),
    };
    graph.set(to, if keeps { order } else { PLAIN }, value);
    Ok(())
}

/// Probabilities over the last dimension, or their logarithms.
pub fn softmax(it: &Operator, graph: &mut Graph, name: &str) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let order = graph.common(&[from]);
    let along = axis(graph, from, -1, order)?;
    let mut value = graph.get(from, order)?;
    let beta = it.options.float(0)?;
    if name == "Softmax" && beta != 1.0 && beta != 0.0 {
        let beta = graph.scalar(beta)?;
        value = graph.node("Mul", &[&value, &beta], &[]);
    }
    let value = graph.node(name, &[&value], &[("axis", Attribute::Int(along as i64))]);
    graph.set(to, order, value);
    Ok(())
}

/// Vectors of length one along the last dimension.
pub fn normalise(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let order = graph.common(&[from]);
    let along = axis(graph, from, -1, order)?;
    let value = graph.get(from, order)?;
    let attributes = [
        ("axis", Attribute::Int(along as i64)),
        ("p", Attribute::Int(2)),
    ];
    let value = graph.node("LpNormalization", &[&value], &attributes);
    graph.set(to, order, value);
    Ok(())
}

/// Where along a dimension the largest or the least is.
pub fn place(it: &Operator, graph: &mut Graph, name: &str) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let mut order = graph.common(&[from]);
    let along = graph.int(it.input(1)?)?;
    // Without channels, rows and columns are in the same order either way.
    if order == PLANES && axis(graph, from, along, PLAIN)? != 3 {
        order = PLAIN;
    }
    let along = axis(graph, from, along, order)?;
    let value = graph.get(from, order)?;
    let attributes = [
        ("axis", Attribute::Int(along as i64)),
        ("keepdims", Attribute::Int(0)),
    ];
    let value = graph.node(name, &[&value], &attributes);
    let kind = number_type(graph.tensors[to].kind)?;
    let value = converted(graph, &value, kind);
    graph.set(to, PLAIN, value);
    Ok(())
}

//! Operators that change the shape of a tensor, or put several into one.

use super::elementwise::axis;
use super::fused::fused;
use super::same::same;
use crate::inference::store::tflite::graph::{Graph, PLAIN, PLANES, dimensions};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::Attribute;

/// `RESHAPE`, `SQUEEZE` and `EXPAND_DIMS`: the same elements in the shape that the output has.
pub fn reshape(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let [old, new] = [from, to].map(|it| &graph.tensors[it]);
    if old.elements() != new.elements() {
        return Err(format!(
            "it makes {:?} of {:?}: sizes are not fixed",
            new.shape, old.shape
        ));
    }
    if old.shape == new.shape {
        return same(it, graph);
    }
    let value = graph.get(from, PLAIN)?;
    let value = graph.reshaped(&value, to)?;
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `SHAPE`: shapes are settled in the file.
pub fn shape(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let shape = dimensions(&graph.tensors[it.input(0)?].shape);
    graph.tell(it.output(0)?, shape)
}

/// `TRANSPOSE`.
pub fn transpose(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let order = graph.ints(it.input(1)?)?;
    let value = graph.get(from, PLAIN)?;
    let value = graph.node("Transpose", &[&value], &[("perm", Attribute::Ints(&order))]);
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `CONCATENATION`.
pub fn concatenation(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.inputs(), it.output(0)?);
    let first = it.input(0)?;
    let has_four = from.iter().all(|it| graph.tensors[*it].shape.len() == 4);
    let order = if has_four { graph.common(&from) } else { PLAIN };
    let along = axis(graph, first, it.options.int(0, 0)?.into(), order)?;
    let values = from.iter().map(|it| graph.get(*it, order));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let value = graph.node("Concat", &values, &[("axis", Attribute::Int(along as i64))]);
    let value = fused(it.options.byte(1)?, value, to, graph)?;
    graph.set(to, order, value);
    Ok(())
}

/// `PACK`: tensors of one shape, side by side in a new dimension.
pub fn pack(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let to = it.output(0)?;
    let along = axis(graph, to, it.options.int(1, 0)?.into(), PLAIN)? as i64;
    let mut values = Vec::new();
    for from in it.inputs() {
        let (value, axes) = (graph.get(from, PLAIN)?, graph.list(&[along])?);
        values.push(graph.node("Unsqueeze", &[&value, &axes], &[]));
    }
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let value = graph.node("Concat", &values, &[("axis", Attribute::Int(along))]);
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `TILE`.
pub fn tile(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let times = graph.ints(it.input(1)?)?;
    let times = graph.list(&times)?;
    let value = graph.get(from, PLAIN)?;
    let value = graph.node("Tile", &[&value, &times], &[]);
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `BROADCAST_TO`.
pub fn broadcast_to(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let shape = dimensions(&graph.tensors[to].shape);
    let shape = graph.list(&shape)?;
    let value = graph.get(from, PLAIN)?;
    let value = graph.node("Expand", &[&value, &shape], &[]);
    graph.set(to, PLAIN, value);
    Ok(())
}

/// What stands at each dimension of a tensor, in this order.
pub fn in_order<T: Copy>(each: &[T], order: &[usize]) -> Vec<T> {
    match order == PLANES && each.len() == 4 {
        true => order.iter().map(|it| each[*it]).collect(),
        false => each.to_vec(),
    }
}

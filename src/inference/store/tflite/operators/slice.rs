//! Parts of tensors.

use super::elementwise::axis;
use crate::inference::store::tflite::graph::{Graph, PLAIN};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::Attribute;

/// Where a part begins and ends in each dimension, and how far its elements are apart.
#[derive(Default)]
struct Part {
    starts: Vec<i64>,
    ends: Vec<i64>,
    steps: Vec<i64>,
}

impl Part {
    fn push(&mut self, start: i64, end: i64, step: i64) {
        self.starts.push(start);
        self.ends.push(end);
        self.steps.push(step);
    }

    fn of(&self, value: &str, graph: &mut Graph) -> Result<String, String> {
        let axes: Vec<i64> = (0..self.starts.len() as i64).collect();
        let (starts, ends) = (graph.list(&self.starts)?, graph.list(&self.ends)?);
        let (axes, steps) = (graph.list(&axes)?, graph.list(&self.steps)?);
        Ok(graph.node("Slice", &[value, &starts, &ends, &axes, &steps], &[]))
    }
}

/// `SLICE`: from a place on, so many elements; -1 for all that follow.
pub fn slice(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let (begins, sizes) = (graph.ints(it.input(1)?)?, graph.ints(it.input(2)?)?);
    let mut part = Part::default();
    for (&begin, &size) in begins.iter().zip(&sizes) {
        let end = if size < 0 {
            i64::MAX
        } else {
            begin.saturating_add(size)
        };
        part.push(begin, end, 1);
    }
    let value = graph.get(from, PLAIN)?;
    let value = part.of(&value, graph)?;
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `STRIDED_SLICE`, as Python's `x[begin:end:step]` with `...`, new dimensions and single places.
pub fn strided(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let lists = [it.input(1)?, it.input(2)?, it.input(3)?].map(|it| graph.ints(it));
    let [begins, ends, steps] = lists;
    let (begins, ends, steps) = (begins?, ends?, steps?);
    let mask = |field: usize| it.options.int(field, 0);
    let [no_begin, no_end, rest, new, single] = [mask(0)?, mask(1)?, mask(2)?, mask(3)?, mask(4)?];
    let count = begins.len().min(ends.len()).min(steps.len()).min(32);
    let has = |mask: i32, at: usize| mask >> at & 1 == 1;
    let rank = graph.tensors[from].shape.len();
    let named = (0..count)
        .filter(|at| !has(new, *at) && !has(rest, *at))
        .count();
    let mut part = Part::default();
    for at in 0..count {
        let step = steps[at];
        match () {
            () if has(rest, at) => (named..rank).for_each(|_| part.push(0, i64::MAX, 1)),
            () if has(new, at) => {}
            () if has(single, at) => {
                let end = if begins[at] == -1 {
                    i64::MAX
                } else {
                    begins[at].saturating_add(1)
                };
                part.push(begins[at], end, 1);
            }
            () => {
                let (first, last) = if step < 0 {
                    (i64::MAX, i64::MIN)
                } else {
                    (0, i64::MAX)
                };
                let begin = if has(no_begin, at) { first } else { begins[at] };
                part.push(begin, if has(no_end, at) { last } else { ends[at] }, step);
            }
        }
    }
    let value = graph.get(from, PLAIN)?;
    let mut value = part.of(&value, graph)?;
    if new | single != 0 {
        value = graph.reshaped(&value, to)?;
    }
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `SPLIT`: as many equal parts as it has outputs.
pub fn split(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (along, from) = (graph.int(it.input(0)?)?, it.input(1)?);
    parts(it, graph, from, along, None)
}

/// `SPLIT_V`: parts of given sizes.
pub fn split_v(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, along) = (it.input(0)?, graph.int(it.input(2)?)?);
    let place = axis(graph, from, along, PLAIN)?;
    let size = |it: &usize| graph.tensors[*it].shape.get(place).map(|it| *it as i64);
    let sizes: Option<Vec<i64>> = it.outputs.iter().map(size).collect();
    let sizes = sizes.ok_or("its outputs lack a dimension")?;
    parts(it, graph, from, along, Some(&sizes))
}

fn parts(
    it: &Operator,
    graph: &mut Graph,
    from: usize,
    along: i64,
    sizes: Option<&[i64]>,
) -> Result<(), String> {
    let order = graph.common(&[from]);
    let along = axis(graph, from, along, order)?;
    let mut inputs = vec![graph.get(from, order)?];
    if let Some(sizes) = sizes {
        inputs.push(graph.list(sizes)?);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let attributes = [("axis", Attribute::Int(along as i64))];
    let values = graph
        .onnx
        .nodes("Split", &inputs, it.outputs.len(), &attributes);
    for (&to, value) in it.outputs.iter().zip(values) {
        graph.set(to, order, value);
    }
    Ok(())
}

/// `UNPACK`: the entries of a dimension, each without it.
pub fn unpack(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let from = it.input(0)?;
    let along = axis(graph, from, it.options.int(1, 0)?.into(), PLAIN)?;
    let value = graph.get(from, PLAIN)?;
    for (at, &to) in it.outputs.iter().enumerate() {
        let place = graph.list(&[at as i64])?;
        let attributes = [("axis", Attribute::Int(along as i64))];
        let entry = graph.node("Gather", &[&value, &place], &attributes);
        let axes = graph.list(&[along as i64])?;
        let entry = graph.node("Squeeze", &[&entry, &axes], &[]);
        graph.set(to, PLAIN, entry);
    }
    Ok(())
}

//! Elements around tensors, and pictures taken apart into smaller ones for wide windows.

use super::shape::in_order;
use crate::inference::store::tflite::graph::{Graph, PLAIN, dimensions};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::Attribute;

/// More places than any mirrored dimension has.
const MOST_MIRRORED: usize = 1 << 16;

/// `PAD` and `PADV2`, the latter with a value of its own.
pub fn pad(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let order = graph.common(&[from]);
    let pads = pads(it, graph)?;
    let pads = in_order(&pads, order);
    let both: Vec<i64> = pads
        .iter()
        .map(|it| it[0])
        .chain(pads.iter().map(|it| it[1]))
        .collect();
    let mut inputs = vec![graph.get(from, order)?, graph.list(&both)?];
    if let Some(value) = it.optional(2) {
        let value = graph.get(value, PLAIN)?;
        let shape = graph.list(&[])?;
        inputs.push(graph.node("Reshape", &[&value, &shape], &[]));
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let value = graph.node("Pad", &inputs, &[]);
    graph.set(to, order, value);
    Ok(())
}

/// How many elements stand before and after each dimension.
fn pads(it: &Operator, graph: &Graph) -> Result<Vec<[i64; 2]>, String> {
    let pads = graph.ints(it.input(1)?)?;
    let (pads, rest) = pads.as_chunks::<2>();
    let rank = graph.tensors[it.input(0)?].shape.len();
    match pads.len() == rank && rest.is_empty() {
        true => Ok(pads.to_vec()),
        false => Err(format!("it pads {} dimensions of {rank}", pads.len())),
    }
}

/// `MIRROR_PAD`: with the edge itself (`SYMMETRIC`) or without.
pub fn mirror(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let edge = i64::from(it.options.byte(0)? == 1);
    let pads = pads(it, graph)?;
    let mut value = graph.get(from, PLAIN)?;
    for (along, [before, after]) in pads.into_iter().enumerate() {
        if [before, after] == [0, 0] {
            continue;
        }
        let size = graph.tensors[from].shape[along] as i64;
        let most = size - 1 + edge;
        if !(0..=most).contains(&before)
            || !(0..=most).contains(&after)
            || size > MOST_MIRRORED as i64
        {
            return Err(format!(
                "it mirrors {before} and {after} elements of {size}"
            ));
        }
        let places = (-before..size + after).map(|it| match it {
            it if it < 0 => -it - edge,
            it if it >= size => 2 * size - 2 + edge - it,
            it => it,
        });
        let places = graph.list(&places.collect::<Vec<_>>())?;
        value = graph.node(
            "Gather",
            &[&value, &places],
            &[("axis", Attribute::Int(along as i64))],
        );
    }
    graph.set(to, PLAIN, value);
    Ok(())
}

/// Rows and columns of blocks, and what is put around or cut off: of operators between a picture and its blocks.
fn blocks(it: &Operator, graph: &Graph) -> Result<([i64; 2], [i64; 4]), String> {
    let (block, around) = (graph.ints(it.input(1)?)?, graph.ints(it.input(2)?)?);
    match (&block[..], &around[..]) {
        (&[rows @ (1..), columns @ (1..)], &[top, bottom, left, right]) => {
            Ok(([rows, columns], [top, bottom, left, right]))
        }
        _ => Err("it has other blocks than of rows and columns".to_owned()),
    }
}

/// `SPACE_TO_BATCH_ND`.
pub fn space_to_batch(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let ([rows, columns], [top, bottom, left, right]) = blocks(it, graph)?;
    let [images, _, _, channels] = graph.picture(from)?.map(|it| it as i64);
    let [_, to_rows, to_columns, _] = graph.picture(to)?.map(|it| it as i64);
    let value = graph.get(from, PLAIN)?;
    let pads = graph.list(&[0, top, left, 0, 0, bottom, right, 0])?;
    let value = graph.node("Pad", &[&value, &pads], &[]);
    let apart = graph.list(&[images, to_rows, rows, to_columns, columns, channels])?;
    let value = graph.node("Reshape", &[&value, &apart], &[]);
    let order = [2, 4, 0, 1, 3, 5];
    let value = graph.node("Transpose", &[&value], &[("perm", Attribute::Ints(&order))]);
    let value = graph.reshaped(&value, to)?;
    graph.set(to, PLAIN, value);
    Ok(())
}

/// `BATCH_TO_SPACE_ND`.
pub fn batch_to_space(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let ([rows, columns], [top, _, left, _]) = blocks(it, graph)?;
    let [_, from_rows, from_columns, channels] = graph.picture(from)?.map(|it| it as i64);
    let [images, to_rows, to_columns, _] = graph.picture(to)?;
    let images = images as i64;
    let value = graph.get(from, PLAIN)?;
    let apart = graph.list(&[rows, columns, images, from_rows, from_columns, channels])?;
    let value = graph.node("Reshape", &[&value, &apart], &[]);
    let order = [2, 3, 0, 4, 1, 5];
    let value = graph.node("Transpose", &[&value], &[("perm", Attribute::Ints(&order))]);
    let whole = graph.list(&[
        images,
        from_rows.saturating_mul(rows),
        from_columns.saturating_mul(columns),
        channels,
    ])?;
    let value = graph.node("Reshape", &[&value, &whole], &[]);
    let starts = graph.list(&[top, left])?;
    let ends = dimensions(&[to_rows, to_columns]);
    let ends = graph.list(&[top.saturating_add(ends[0]), left.saturating_add(ends[1])])?;
    let axes = graph.list(&[1, 2])?;
    let value = graph.node("Slice", &[&value, &starts, &ends, &axes], &[]);
    graph.set(to, PLAIN, value);
    Ok(())
}

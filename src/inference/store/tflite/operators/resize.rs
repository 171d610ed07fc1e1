//! Larger and smaller pictures.

use crate::inference::store::tflite::graph::{Graph, PLANES, dimensions};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::Attribute;

/// `RESIZE_BILINEAR`.
pub fn bilinear(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (are_corners_kept, are_centres) = (it.options.is(2)?, it.options.is(3)?);
    resize(it, graph, "linear", are_corners_kept, are_centres)
}

/// `RESIZE_NEAREST_NEIGHBOR`.
pub fn nearest(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (are_corners_kept, are_centres) = (it.options.is(0)?, it.options.is(1)?);
    resize(it, graph, "nearest", are_corners_kept, are_centres)
}

fn resize(
    it: &Operator,
    graph: &mut Graph,
    mode: &str,
    are_corners_kept: bool,
    are_centres: bool,
) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let [images, rows, columns, channels] = graph.picture(to)?;
    let sizes = graph.list(&dimensions(&[images, channels, rows, columns]))?;
    let value = graph.get(from, PLANES)?;
    // TensorFlow Lite takes the pixel that a place lies in; ONNX's places are half a pixel further up and left.
    let (places, rounding) = match (are_corners_kept, are_centres) {
        (true, _) => ("align_corners", "round_prefer_ceil"),
        (false, true) => ("half_pixel", "round_prefer_ceil"),
        (false, false) => ("asymmetric", "floor"),
    };
    let mut attributes = vec![
        ("mode", Attribute::Text(mode)),
        ("coordinate_transformation_mode", Attribute::Text(places)),
    ];
    if mode == "nearest" {
        attributes.push(("nearest_mode", Attribute::Text(rounding)));
    }
    let value = graph.node("Resize", &[&value, "", "", &sizes], &attributes);
    graph.set(to, PLANES, value);
    Ok(())
}

/// Blocks of pixels become channels, or the other way round.
pub fn blocks(it: &Operator, graph: &mut Graph, name: &str) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    graph.picture(from)?;
    let value = graph.get(from, PLANES)?;
    let size = it.options.int(0, 0)?;
    if size < 1 {
        return Err(format!("its blocks have {size} pixels"));
    }
    let value = graph.node(
        name,
        &[&value],
        &[("blocksize", Attribute::Int(size.into()))],
    );
    graph.set(to, PLANES, value);
    Ok(())
}

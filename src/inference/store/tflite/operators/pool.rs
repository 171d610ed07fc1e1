//! The largest and the mean of a window.

use super::conv::{Window, pair};
use super::fused::fused;
use crate::inference::store::tflite::graph::{Graph, PLANES};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::Attribute;

/// `MAX_POOL_2D` and `AVERAGE_POOL_2D`: the latter counts no cells around the picture.
pub fn pool(it: &Operator, graph: &mut Graph, name: &str) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let [_, rows, columns, _] = graph.picture(from)?;
    let options = &it.options;
    let size = [options.int(4, 0)?, options.int(3, 0)?].map(|it| usize::try_from(it).unwrap_or(0));
    let window = Window::of(options, size, [1, 1])?;
    let attributes = [
        ("kernel_shape", Attribute::Ints(&pair(window.size))),
        ("strides", Attribute::Ints(&pair(window.strides))),
        ("pads", Attribute::Ints(&window.pads([rows, columns]))),
    ];
    let value = graph.get(from, PLANES)?;
    let value = graph.node(name, &[&value], &attributes);
    let value = fused(options.byte(5)?, value, to, graph)?;
    graph.set(to, PLANES, value);
    Ok(())
}

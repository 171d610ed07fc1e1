//! Convolutions.

use super::fused::fused;
use crate::inference::store::tflite::flatbuffer::Table;
use crate::inference::store::tflite::graph::{Graph, Order, PLAIN, PLANES};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::Attribute;

/// Weights of a depthwise convolution `[1, rows, columns, channels]` and of a transposed one `[out, rows, columns, in]`,
/// as ONNX has them.
const LAST_FIRST: Order = &[3, 0, 1, 2];
/// `Padding.VALID`; the other one, `SAME`, is 0.
const VALID: u8 = 1;

/// How a window goes over rows and columns.
pub struct Window {
    /// Rows and columns of it.
    pub size: [usize; 2],
    /// How far it goes at a time.
    pub strides: [usize; 2],
    /// How far its cells are apart.
    pub dilations: [usize; 2],
    /// Whether it stays within the picture.
    pub is_valid: bool,
}

impl Window {
    /// With the fields that all windows have: padding, then columns and rows of the stride.
    ///
    /// # Errors
    /// That it does not move, or is empty.
    pub fn of(options: &Table, size: [usize; 2], dilations: [i32; 2]) -> Result<Window, String> {
        let positive = |it: i32| usize::try_from(it).ok().filter(|it| *it > 0);
        let both = |it: [i32; 2]| positive(it[0]).zip(positive(it[1])).map(<[usize; 2]>::from);
        let strides = both([options.int(2, 0)?, options.int(1, 0)?]);
        let (Some(strides), Some(dilations)) = (strides, both(dilations)) else {
            return Err("its stride or dilation is not positive".to_owned());
        };
        if size.contains(&0) {
            return Err("its window is empty".to_owned());
        }
        Ok(Window {
            size,
            strides,
            dilations,
            is_valid: options.byte(0)? == VALID,
        })
    }

    /// Cells that the window spans in a dimension.
    fn span(&self, at: usize) -> usize {
        (self.size[at] - 1)
            .saturating_mul(self.dilations[at])
            .saturating_add(1)
    }

    /// Places that it takes over so many cells.
    fn places(&self, at: usize, cells: usize) -> usize {
        match self.is_valid {
            true => (cells + 1)
                .saturating_sub(self.span(at))
                .div_ceil(self.strides[at]),
            false => cells.div_ceil(self.strides[at]),
        }
    }

    /// Cells around so many rows and columns: above, left, below, right.
    pub fn pads(&self, cells: [usize; 2]) -> [i64; 4] {
        let all = |at: usize| {
            let places = self.places(at, cells[at]);
            let reach = places.saturating_sub(1).saturating_mul(self.strides[at]);
            let all = reach
                .saturating_add(self.span(at))
                .saturating_sub(cells[at]);
            if self.is_valid { 0 } else { all as i64 }
        };
        let [rows, columns] = [all(0), all(1)];
        [
            rows / 2,
            columns / 2,
            rows - rows / 2,
            columns - columns / 2,
        ]
    }
}

/// Numbers of rows and columns as attributes have them.
pub fn pair(numbers: [usize; 2]) -> [i64; 2] {
    numbers.map(|it| it as i64)
}

/// `CONV_2D`.
pub fn conv(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let [_, rows, columns, depth] = graph.picture(it.input(1)?)?;
    let [.., channels] = graph.picture(it.input(0)?)?;
    let options = &it.options;
    let window = Window::of(
        options,
        [rows, columns],
        [options.int(5, 1)?, options.int(4, 1)?],
    )?;
    if depth == 0 || channels % depth != 0 {
        return Err(format!(
            "its weights are for {depth} channels, of which its input has {channels}"
        ));
    }
    over(
        it,
        graph,
        &window,
        channels / depth,
        PLANES,
        options.byte(3)?,
    )
}

/// `DEPTHWISE_CONV_2D`.
pub fn depthwise(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let [_, rows, columns, _] = graph.picture(it.input(1)?)?;
    let [.., channels] = graph.picture(it.input(0)?)?;
    let options = &it.options;
    let window = Window::of(
        options,
        [rows, columns],
        [options.int(6, 1)?, options.int(5, 1)?],
    )?;
    over(it, graph, &window, channels, LAST_FIRST, options.byte(4)?)
}

fn over(
    it: &Operator,
    graph: &mut Graph,
    window: &Window,
    groups: usize,
    weights: Order,
    activation: u8,
) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let [_, rows, columns, _] = graph.picture(from)?;
    let mut inputs = vec![graph.get(from, PLANES)?, graph.get(it.input(1)?, weights)?];
    if let Some(bias) = it.optional(2) {
        inputs.push(graph.get(bias, PLAIN)?);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let attributes = [
        ("kernel_shape", Attribute::Ints(&pair(window.size))),
        ("strides", Attribute::Ints(&pair(window.strides))),
        ("dilations", Attribute::Ints(&pair(window.dilations))),
        ("pads", Attribute::Ints(&window.pads([rows, columns]))),
        ("group", Attribute::Int(groups as i64)),
    ];
    let value = graph.node("Conv", &inputs, &attributes);
    let value = fused(activation, value, to, graph)?;
    graph.set(to, PLANES, value);
    Ok(())
}

/// `TRANSPOSE_CONV`.
pub fn transposed(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let [_, rows, columns, _] = graph.picture(it.input(1)?)?;
    let window = Window::of(&it.options, [rows, columns], [1, 1])?;
    let tensors = [it.input(2)?, it.input(1)?, it.output(0)?];
    back(tensors, it.optional(3), &window, it.options.byte(3)?, graph)
}

/// MediaPipe's `Convolution2DTransposeBias`, whose options are `TfLiteTransposeConvParams` as C has them.
pub fn transposed_with_bias(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let numbers: Vec<u32> = it
        .custom
        .as_chunks()
        .0
        .iter()
        .map(|it| u32::from_le_bytes(*it))
        .collect();
    let &[
        padding @ (1 | 2),
        columns_step @ (1..),
        rows_step @ (1..),
        ..,
    ] = &numbers[..]
    else {
        return Err("its options are not known".to_owned());
    };
    let [_, rows, columns, _] = graph.picture(it.input(1)?)?;
    if rows == 0 || columns == 0 {
        return Err("its window is empty".to_owned());
    }
    let window = Window {
        size: [rows, columns],
        strides: [rows_step as usize, columns_step as usize],
        dilations: [1, 1],
        is_valid: padding == 2,
    };
    let tensors = [it.input(0)?, it.input(1)?, it.output(0)?];
    back(tensors, it.optional(2), &window, 0, graph)
}

/// A convolution the other way, whose padding is that of the one that would lead back.
fn back(
    [from, weights, to]: [usize; 3],
    bias: Option<usize>,
    window: &Window,
    activation: u8,
    graph: &mut Graph,
) -> Result<(), String> {
    let [_, from_rows, from_columns, _] = graph.picture(from)?;
    let [_, to_rows, to_columns, _] = graph.picture(to)?;
    let pads = window.pads([to_rows, to_columns]);
    let whole = |at: usize, cells: usize| {
        (cells.max(1) - 1)
            .saturating_mul(window.strides[at])
            .saturating_add(window.size[at]) as i64
    };
    let more = [
        to_rows as i64 - whole(0, from_rows) + pads[0] + pads[2],
        to_columns as i64 - whole(1, from_columns) + pads[1] + pads[3],
    ];
    if more.iter().any(|it| *it < 0) {
        return Err("its output has another size than its window leads to".to_owned());
    }
    let mut inputs = vec![graph.get(from, PLANES)?, graph.get(weights, LAST_FIRST)?];
    if let Some(bias) = bias {
        inputs.push(graph.get(bias, PLAIN)?);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let attributes = [
        ("kernel_shape", Attribute::Ints(&pair(window.size))),
        ("strides", Attribute::Ints(&pair(window.strides))),
        ("pads", Attribute::Ints(&pads)),
        ("output_padding", Attribute::Ints(&more)),
    ];
    let value = graph.node("ConvTranspose", &inputs, &attributes);
    let value = fused(activation, value, to, graph)?;
    graph.set(to, PLANES, value);
    Ok(())
}

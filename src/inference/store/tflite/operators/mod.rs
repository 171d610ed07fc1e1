//! What ONNX has for each operator of TensorFlow Lite: one entry in one table.

mod conv;
mod elementwise;
mod fused;
mod matrix;
mod pad;
mod pool;
mod reduce;
mod resize;
mod same;
mod select;
mod shape;
mod slice;

use super::detections;
use super::graph::Graph;
use super::model::Operator;

/// Appends what an operator is to the graph.
pub type Write = fn(&Operator, &mut Graph) -> Result<(), String>;

/// What writes the operator of this name.
pub fn find(name: &str) -> Option<Write> {
    let entry = OPERATORS.iter().find(|it| it.0 == name);
    entry.map(|it| it.1)
}

/// All that are known.
const OPERATORS: &[(&str, Write)] = &[
    ("ABS", |it, graph| elementwise::one(it, graph, "Abs")),
    ("ADD", |it, graph| elementwise::two(it, graph, "Add", true)),
    ("ARG_MAX", |it, graph| reduce::place(it, graph, "ArgMax")),
    ("ARG_MIN", |it, graph| reduce::place(it, graph, "ArgMin")),
    ("AVERAGE_POOL_2D", |it, graph| {
        pool::pool(it, graph, "AveragePool")
    }),
    ("BATCH_MATMUL", matrix::batch_matmul),
    ("BATCH_TO_SPACE_ND", pad::batch_to_space),
    ("BROADCAST_TO", shape::broadcast_to),
    ("CAST", elementwise::cast),
    ("CEIL", |it, graph| elementwise::one(it, graph, "Ceil")),
    ("CONCATENATION", shape::concatenation),
    ("CONV_2D", conv::conv),
    ("Convolution2DTransposeBias", conv::transposed_with_bias),
    ("COS", |it, graph| elementwise::one(it, graph, "Cos")),
    ("DENSIFY", same::same),
    ("DEPTHWISE_CONV_2D", conv::depthwise),
    ("DEPTH_TO_SPACE", |it, graph| {
        resize::blocks(it, graph, "DepthToSpace")
    }),
    ("DEQUANTIZE", same::same),
    ("DIV", |it, graph| elementwise::two(it, graph, "Div", true)),
    ("ELU", |it, graph| elementwise::one(it, graph, "Elu")),
    ("EQUAL", |it, graph| {
        elementwise::two(it, graph, "Equal", false)
    }),
    ("EXP", |it, graph| elementwise::one(it, graph, "Exp")),
    ("EXPAND_DIMS", shape::reshape),
    ("FLOOR", |it, graph| elementwise::one(it, graph, "Floor")),
    ("FULLY_CONNECTED", matrix::fully_connected),
    ("GATHER", select::gather),
    ("GELU", elementwise::gelu),
    ("GREATER", |it, graph| {
        elementwise::two(it, graph, "Greater", false)
    }),
    ("GREATER_EQUAL", |it, graph| {
        elementwise::two(it, graph, "GreaterOrEqual", false)
    }),
    ("HARD_SWISH", elementwise::hard_swish),
    ("L2_NORMALIZATION", reduce::normalise),
    ("LEAKY_RELU", elementwise::leaky_relu),
    ("LESS", |it, graph| {
        elementwise::two(it, graph, "Less", false)
    }),
    ("LESS_EQUAL", |it, graph| {
        elementwise::two(it, graph, "LessOrEqual", false)
    }),
    ("LOG", |it, graph| elementwise::one(it, graph, "Log")),
    ("LOGICAL_AND", |it, graph| {
        elementwise::two(it, graph, "And", false)
    }),
    ("LOGICAL_NOT", |it, graph| {
        elementwise::one(it, graph, "Not")
    }),
    ("LOGICAL_OR", |it, graph| {
        elementwise::two(it, graph, "Or", false)
    }),
    ("LOGISTIC", |it, graph| {
        elementwise::one(it, graph, "Sigmoid")
    }),
    ("LOG_SOFTMAX", |it, graph| {
        reduce::softmax(it, graph, "LogSoftmax")
    }),
    ("MAXIMUM", |it, graph| {
        elementwise::two(it, graph, "Max", false)
    }),
    ("MAX_POOL_2D", |it, graph| pool::pool(it, graph, "MaxPool")),
    ("MEAN", |it, graph| reduce::reduce(it, graph, "ReduceMean")),
    ("MINIMUM", |it, graph| {
        elementwise::two(it, graph, "Min", false)
    }),
    ("MIRROR_PAD", pad::mirror),
    ("MUL", |it, graph| elementwise::two(it, graph, "Mul", true)),
    ("NEG", |it, graph| elementwise::one(it, graph, "Neg")),
    ("PACK", shape::pack),
    ("PAD", pad::pad),
    ("PADV2", pad::pad),
    ("POW", |it, graph| elementwise::two(it, graph, "Pow", false)),
    ("PRELU", |it, graph| {
        elementwise::two(it, graph, "PRelu", false)
    }),
    ("QUANTIZE", same::same),
    ("REDUCE_MAX", |it, graph| {
        reduce::reduce(it, graph, "ReduceMax")
    }),
    ("REDUCE_MIN", |it, graph| {
        reduce::reduce(it, graph, "ReduceMin")
    }),
    ("REDUCE_PROD", |it, graph| {
        reduce::reduce(it, graph, "ReduceProd")
    }),
    ("RELU", |it, graph| {
        elementwise::clip(it, graph, fused::RELU)
    }),
    ("RELU6", |it, graph| {
        elementwise::clip(it, graph, fused::RELU6)
    }),
    ("RELU_0_TO_1", |it, graph| {
        elementwise::clip(it, graph, [0.0, 1.0])
    }),
    ("RELU_N1_TO_1", |it, graph| {
        elementwise::clip(it, graph, fused::RELU_N1_TO_1)
    }),
    ("RESHAPE", shape::reshape),
    ("RESIZE_BILINEAR", resize::bilinear),
    ("RESIZE_NEAREST_NEIGHBOR", resize::nearest),
    ("ROUND", |it, graph| elementwise::one(it, graph, "Round")),
    ("RSQRT", elementwise::rsqrt),
    ("SELECT", select::select),
    ("SELECT_V2", select::select),
    ("SHAPE", shape::shape),
    ("SIN", |it, graph| elementwise::one(it, graph, "Sin")),
    ("SLICE", slice::slice),
    ("SOFTMAX", |it, graph| reduce::softmax(it, graph, "Softmax")),
    ("SPACE_TO_BATCH_ND", pad::space_to_batch),
    ("SPACE_TO_DEPTH", |it, graph| {
        resize::blocks(it, graph, "SpaceToDepth")
    }),
    ("SPLIT", slice::split),
    ("SPLIT_V", slice::split_v),
    ("SQRT", |it, graph| elementwise::one(it, graph, "Sqrt")),
    ("SQUARE", elementwise::square),
    ("SQUARED_DIFFERENCE", elementwise::squared_difference),
    ("SQUEEZE", shape::reshape),
    ("STRIDED_SLICE", slice::strided),
    ("SUB", |it, graph| elementwise::two(it, graph, "Sub", true)),
    ("SUM", |it, graph| reduce::reduce(it, graph, "ReduceSum")),
    ("TFLite_Detection_PostProcess", detections::post_process),
    ("TANH", |it, graph| elementwise::one(it, graph, "Tanh")),
    ("TILE", shape::tile),
    ("TOPK_V2", select::top_k),
    ("TRANSPOSE", shape::transpose),
    ("TRANSPOSE_CONV", conv::transposed),
    ("UNPACK", slice::unpack),
];

//! Operators that look at each element by itself, in whatever order the dimensions are.

use super::fused;
use super::same::same;
use crate::inference::store::tflite::graph::{Graph, PLANES, number_type};
use crate::inference::store::tflite::model::Operator;
use crate::inference::store::tflite::onnx::{Attribute, Type};

/// What makes a value of another one.
type Make<'m> = &'m dyn Fn(&mut Graph, &str) -> Result<String, String>;

fn each(it: &Operator, graph: &mut Graph, make: Make) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let order = graph.common(&[from]);
    let value = graph.get(from, order)?;
    let value = make(graph, &value)?;
    graph.set(to, order, value);
    Ok(())
}

/// An operator that ONNX has under this name.
pub fn one(it: &Operator, graph: &mut Graph, name: &str) -> Result<(), String> {
    each(it, graph, &|graph, value| {
        Ok(graph.node(name, &[value], &[]))
    })
}

/// An operator of two values, of which the smaller is repeated; and its activation, if it has one.
pub fn two(
    it: &Operator,
    graph: &mut Graph,
    name: &str,
    has_activation: bool,
) -> Result<(), String> {
    together(
        it,
        graph,
        &|graph, a, b| graph.node(name, &[a, b], &[]),
        has_activation,
    )
}

/// The square of the difference of two values.
pub fn squared_difference(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let make = |graph: &mut Graph, a: &str, b: &str| {
        let difference = graph.node("Sub", &[a, b], &[]);
        graph.node("Mul", &[&difference, &difference], &[])
    };
    together(it, graph, &make, false)
}

fn together(
    it: &Operator,
    graph: &mut Graph,
    make: &dyn Fn(&mut Graph, &str, &str) -> String,
    has_activation: bool,
) -> Result<(), String> {
    let (a, b, to) = (it.input(0)?, it.input(1)?, it.output(0)?);
    let order = graph.common(&[a, b]);
    let (a, b) = (graph.get(a, order)?, graph.get(b, order)?);
    let mut value = make(graph, &a, &b);
    if has_activation {
        value = fused::fused(it.options.byte(0)?, value, to, graph)?;
    }
    graph.set(to, order, value);
    Ok(())
}

/// Keeps values within bounds.
pub fn clip(it: &Operator, graph: &mut Graph, bounds: [f32; 2]) -> Result<(), String> {
    each(it, graph, &|graph, value| {
        fused::clip(bounds, value.to_owned(), graph)
    })
}

/// Values below nothing are made smaller by a factor.
pub fn leaky_relu(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let alpha = it.options.float(0)?;
    let make = |graph: &mut Graph, value: &str| {
        Ok(graph.node("LeakyRelu", &[value], &[("alpha", Attribute::Float(alpha))]))
    };
    each(it, graph, &make)
}

/// A value by how far it is from -3 to 3.
pub fn hard_swish(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    each(it, graph, &|graph, value| {
        let slope = [
            ("alpha", Attribute::Float(1.0 / 6.0)),
            ("beta", Attribute::Float(0.5)),
        ];
        let gate = graph.node("HardSigmoid", &[value], &slope);
        Ok(graph.node("Mul", &[value, &gate], &[]))
    })
}

/// A value by the probability of a smaller one, exactly or by the usual formula.
pub fn gelu(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let is_approximate = it.options.is(0)?;
    each(it, graph, &|graph, value| {
        let (half, one) = (graph.scalar(0.5)?, graph.scalar(1.0)?);
        let curve = match is_approximate {
            true => {
                let square = graph.node("Mul", &[value, value], &[]);
                let cube = graph.node("Mul", &[&square, value], &[]);
                let (part, scale) = (graph.scalar(0.044715)?, graph.scalar(0.797_884_6)?);
                let part = graph.node("Mul", &[&cube, &part], &[]);
                let sum = graph.node("Add", &[value, &part], &[]);
                let sum = graph.node("Mul", &[&sum, &scale], &[]);
                graph.node("Tanh", &[&sum], &[])
            }
            false => {
                let scale = graph.scalar(std::f32::consts::FRAC_1_SQRT_2)?;
                let scaled = graph.node("Mul", &[value, &scale], &[]);
                graph.node("Erf", &[&scaled], &[])
            }
        };
        let gate = graph.node("Add", &[&curve, &one], &[]);
        let gate = graph.node("Mul", &[&gate, &half], &[]);
        Ok(graph.node("Mul", &[value, &gate], &[]))
    })
}

/// One by the root of a value.
pub fn rsqrt(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    each(it, graph, &|graph, value| {
        let root = graph.node("Sqrt", &[value], &[]);
        Ok(graph.node("Reciprocal", &[&root], &[]))
    })
}

/// A value by itself.
pub fn square(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    each(it, graph, &|graph, value| {
        Ok(graph.node("Mul", &[value, value], &[]))
    })
}

/// Another type of number.
pub fn cast(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let [from, to] = [it.input(0)?, it.output(0)?].map(|it| graph.tensors[it].kind);
    let [from, to] = [number_type(from)?, number_type(to)?];
    if from == to {
        return same(it, graph);
    }
    each(it, graph, &|graph, value| Ok(converted(graph, value, to)))
}

/// A value as another type of number.
pub fn converted(graph: &mut Graph, value: &str, to: Type) -> String {
    graph.node("Cast", &[value], &[("to", Attribute::Int(to as i64))])
}

/// The place of a dimension of a tensor, which counts from the end if it is negative, in this order.
pub fn axis(graph: &Graph, tensor: usize, axis: i64, order: &[usize]) -> Result<usize, String> {
    let rank = graph.tensors[tensor].shape.len();
    let axis = if axis < 0 { axis + rank as i64 } else { axis };
    let axis = usize::try_from(axis).ok().filter(|it| *it < rank);
    let axis = axis.ok_or("it names a dimension that its input has not")?;
    let place = order.iter().position(|it| *it == axis);
    debug_assert!(order.is_empty() || order == PLANES);
    Ok(place.unwrap_or(axis))
}

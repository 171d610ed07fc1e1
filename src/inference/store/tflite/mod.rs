//! Makes ONNX files of TensorFlow Lite models: the same operators on numbers with fractions, whatever the file keeps
//! its weights and activations as.

mod constant;
mod detections;
mod flatbuffer;
mod flexbuffer;
mod graph;
mod metadata;
mod model;
mod names;
pub(crate) mod onnx;
mod operators;
mod sparse;

use std::collections::{BTreeMap, HashSet};

use self::graph::{Graph, PLAIN, PLANES, number_type};
pub use self::metadata::Told;
use self::model::{Kind, Model};
use self::onnx::OWN;

/// What a file may grow by: constants that are kept in two orders, or that were smaller.
const GROWTH: usize = 4;
/// And beside that.
const SMALL: usize = 16 << 20;

/// An ONNX file of a TensorFlow Lite model; what is told of it here goes before what it tells of itself.
///
/// # Errors
/// In words, why the file is no such model, or what is not known about it.
pub fn to_onnx(bytes: &[u8], told: &Told) -> Result<Vec<u8>, String> {
    let model = Model::read(bytes)?;
    refuse_unknown(&model)?;
    let room = bytes.len().saturating_mul(GROWTH).saturating_add(SMALL);
    let mut graph = Graph::new(&model.tensors, room);
    let mut names = Names::default();
    for &number in &model.inputs {
        input(number, &mut graph, &mut names)?;
    }
    for (at, operator) in model.operators.iter().enumerate() {
        let write = operators::find(&operator.name).expect("unknown ones were refused");
        write(operator, &mut graph)
            .map_err(|why| format!("{} (node {at}): {why}", operator.name))?;
    }
    detections::raw(&model, &mut graph)?;
    let classes = graph.detections.as_ref().map(|it| it.classes);
    match graph.detections.take() {
        Some(found) => detections::go_out(&found, &mut graph),
        None => outputs(&model, &mut graph, &mut names)?,
    }
    let own = metadata::told(bytes, model.metadata);
    tell(&model, [told, &own], classes, &mut graph);
    Ok(graph.onnx.finish())
}

/// Refuses a model with operators that are not in the table.
fn refuse_unknown(model: &Model) -> Result<(), String> {
    let mut unknown = BTreeMap::new();
    for it in &model.operators {
        if operators::find(&it.name).is_none() {
            *unknown.entry(it.name.as_str()).or_insert(0) += 1;
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let named = unknown.iter().take(20).map(|(name, count)| match count {
        1 => format!("{name} (1 node)"),
        _ => format!("{name} ({count} nodes)"),
    });
    let named: Vec<String> = named.collect();
    Err(format!(
        "it has operators that otus does not know: {}; export it as ONNX from where it was trained",
        named.join(", ")
    ))
}

/// Names of what comes in and goes out, each once.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    fn fresh(&mut self, wanted: &str, number: usize) -> String {
        let mut name = wanted.to_owned();
        if name.is_empty() || name.starts_with(OWN) {
            name = format!("tensor_{number}");
        }
        while !self.0.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}

/// Declares an input. Pictures come in as planes; quantised ones as levels from 0 to 255.
fn input(number: usize, graph: &mut Graph, names: &mut Names) -> Result<(), String> {
    let tensor = &graph.tensors[number];
    if tensor.is_open {
        let name = &tensor.name;
        return Err(format!(
            "its input `{name}` has no fixed size; convert it to TensorFlow Lite with one"
        ));
    }
    let kind = number_type(tensor.kind)?;
    let mut name = names.fresh(&tensor.name, number);
    let &[images, rows, columns, channels @ (1 | 3)] = &tensor.shape[..] else {
        graph.onnx.input(&name, kind, &tensor.shape);
        graph.set(number, PLAIN, name);
        return Ok(());
    };
    graph
        .onnx
        .input(&name, kind, &[images, channels, rows, columns]);
    if let (Kind::U8 | Kind::I8, [scale], [zero]) =
        (tensor.kind, &tensor.scales()[..], &tensor.zeros()[..])
    {
        let zero = if tensor.kind == Kind::I8 {
            zero + 128.0
        } else {
            *zero
        };
        let (zero, scale) = (graph.scalar(zero)?, graph.scalar(*scale)?);
        name = graph.node("Sub", &[&name, &zero], &[]);
        name = graph.node("Mul", &[&name, &scale], &[]);
    }
    graph.set(number, PLANES, name);
    Ok(())
}

fn outputs(model: &Model, graph: &mut Graph, names: &mut Names) -> Result<(), String> {
    if model.outputs.is_empty() {
        return Err("it has no outputs".to_owned());
    }
    for &number in &model.outputs {
        let tensor = &graph.tensors[number];
        let name = names.fresh(&tensor.name, number);
        let value = graph.get(number, PLAIN)?;
        graph
            .onnx
            .output(&name, number_type(tensor.kind)?, &tensor.shape, &value);
    }
    Ok(())
}

/// Tells the names of classes and what is done to pictures, as far as they are known.
fn tell(model: &Model, told: [&Told; 2], classes: Option<usize>, graph: &mut Graph) {
    let labels = told
        .iter()
        .map(|it| &it.labels[..])
        .find(|it| !it.is_empty());
    let mut labels = labels.unwrap_or_default();
    // Some lists begin with the class that is none.
    if classes.is_some_and(|it| it + 1 == labels.len()) {
        labels = &labels[1..];
    }
    if !labels.is_empty() {
        let list = match labels.iter().any(|it| it.contains(',')) {
            true => serde_json::to_string(labels).expect("texts can be written"),
            false => labels.join("\n"),
        };
        graph.onnx.property("otus.labels", &list);
    }
    let takes_levels = model
        .inputs
        .iter()
        .any(|it| model.tensors[*it].kind != Kind::F32);
    let told = told
        .iter()
        .find(|it| !it.mean.is_empty() && it.mean.len() == it.std.len());
    if let (false, Some(told)) = (takes_levels, told) {
        graph.onnx.property("otus.mean", &colours(&told.mean));
        graph.onnx.property("otus.std", &colours(&told.std));
    }
}

/// A number for each of three colours.
fn colours(numbers: &[f32]) -> String {
    let numbers = if let [one] = numbers {
        &[*one; 3]
    } else {
        numbers
    };
    let numbers: Vec<String> = numbers.iter().take(3).map(f32::to_string).collect();
    numbers.join(",")
}

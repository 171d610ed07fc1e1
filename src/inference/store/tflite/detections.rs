//! Boxes of detectors of the SSD family, decoded in the graph: what goes out is what every such detector has.
//!
//! After Liu et al., "SSD: Single Shot MultiBox Detector" (arXiv 1512.02325), and TensorFlow's Object Detection API.

use super::constant;
use super::flexbuffer;
use super::graph::{Detections, Graph, PLAIN};
use super::model::{Model, Operator};
use super::onnx::{Attribute, Type};

/// More boxes than any of these detectors has.
const MOST: usize = 1 << 17;

/// Lets what a detector finds go out.
pub fn go_out(found: &Detections, graph: &mut Graph) {
    let scores = [1, found.count, found.classes + 1];
    graph
        .onnx
        .output("scores", Type::Float, &scores, &found.scores);
    graph
        .onnx
        .output("boxes", Type::Float, &[1, found.count, 4], &found.boxes);
    graph.onnx.property("otus.family", "ssd");
}

/// A box that others are told relative to: centre down, centre right, height and width as parts of the picture.
type Prior = [f32; 4];

/// `TFLite_Detection_PostProcess`: encoded boxes, scores and priors in, of which the best few would go out.
pub fn post_process(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (encodings, scores) = (it.input(0)?, it.input(1)?);
    let option = |name: &str| {
        let number = flexbuffer::number(it.custom, name);
        number.ok_or_else(|| format!("its option `{name}` is missing"))
    };
    let scales = [
        option("y_scale")?,
        option("x_scale")?,
        option("h_scale")?,
        option("w_scale")?,
    ];
    let priors = constant::floats(graph.tensor(it.input(2)?))?;
    let priors = priors.as_chunks().0;
    let &[1, count, columns] = &graph.tensors[scores].shape[..] else {
        return Err("its scores are not [1, boxes, classes]".to_owned());
    };
    let classes = option("num_classes")? as usize;
    let others = columns.checked_sub(classes);
    if classes == 0 || others.is_none_or(|it| it > 1) {
        return Err(format!("it has {columns} scores for {classes} classes"));
    }
    let boxes = decoded(graph, encodings, priors, scales.map(|it| it as f32))?;
    let mut value = graph.get(scores, PLAIN)?;
    if columns == classes {
        let pads = graph.list(&[0, 0, 1, 0, 0, 0])?;
        value = graph.node("Pad", &[&value, &pads], &[]);
    }
    graph.detections = Some(Detections {
        scores: value,
        boxes,
        count,
        classes,
    });
    Ok(())
}

/// Of a model that ends with encoded boxes and classes not yet made probabilities, whose priors are the usual ones.
///
/// # Errors
/// That the file becomes too large.
pub fn raw(model: &Model, graph: &mut Graph) -> Result<(), String> {
    let named = |name: &str| {
        let is_it = |it: &&usize| model.tensors[**it].name.contains(name);
        model.outputs.iter().find(is_it).copied()
    };
    let (Some(encodings), Some(scores)) = (named("box_encodings"), named("class_predictions"))
    else {
        return Ok(());
    };
    let shape = |it: usize| &model.tensors[it].shape[..];
    let (&[input], &[1, count, columns @ (2..)]) = (&model.inputs[..], shape(scores)) else {
        return Ok(());
    };
    let &[_, rows, across, _] = shape(input) else {
        return Ok(());
    };
    let priors = priors(rows, across);
    if graph.detections.is_some() || priors.len() != count {
        return Ok(());
    }
    let boxes = decoded(graph, encodings, &priors, [10.0, 10.0, 5.0, 5.0])?;
    let logits = graph.get(scores, PLAIN)?;
    graph.detections = Some(Detections {
        scores: graph.node("Sigmoid", &[&logits], &[]),
        boxes,
        count,
        classes: columns - 1,
    });
    Ok(())
}

fn decoded(
    graph: &mut Graph,
    encodings: usize,
    priors: &[Prior],
    scales: [f32; 4],
) -> Result<String, String> {
    let count = priors.len();
    if graph.tensors[encodings].elements() != 4 * count || count > MOST {
        let shape = &graph.tensors[encodings].shape;
        return Err(format!("it has {count} priors for boxes of {shape:?}"));
    }
    let pairs = |of: &dyn Fn(&Prior) -> [f32; 2]| priors.iter().flat_map(of).collect::<Vec<f32>>();
    let shape = [1, count, 2];
    let steps = pairs(&|it| [it[3] / scales[1], it[2] / scales[0]]);
    let steps = graph.floats(&shape, &steps)?;
    let centres = graph.floats(&shape, &pairs(&|it| [it[1], it[0]]))?;
    let halves = graph.floats(&shape, &pairs(&|it| [it[3] / 2.0, it[2] / 2.0]))?;
    let growth = graph.floats(&[2], &[1.0 / scales[3], 1.0 / scales[2]])?;
    let value = graph.get(encodings, PLAIN)?;
    let rows = graph.list(&[1, count as i64, 4])?;
    let value = graph.node("Reshape", &[&value, &rows], &[]);
    let mut pick = |columns: [i64; 2]| {
        let columns = graph.list(&columns)?;
        Ok::<_, String>(graph.node(
            "Gather",
            &[&value, &columns],
            &[("axis", Attribute::Int(2))],
        ))
    };
    let (shift, size) = (pick([1, 0])?, pick([3, 2])?);
    let shift = graph.node("Mul", &[&shift, &steps], &[]);
    let centre = graph.node("Add", &[&shift, &centres], &[]);
    let size = graph.node("Mul", &[&size, &growth], &[]);
    let size = graph.node("Exp", &[&size], &[]);
    let half = graph.node("Mul", &[&size, &halves], &[]);
    let first = graph.node("Sub", &[&centre, &half], &[]);
    let last = graph.node("Add", &[&centre, &half], &[]);
    Ok(graph.node("Concat", &[&first, &last], &[("axis", Attribute::Int(2))]))
}

/// The priors of the Object Detection API's `ssd_anchor_generator` as its MobileNet detectors use it: six grids, sizes
/// from 0.2 to 0.95, three boxes a cell in the first and six in the others.
fn priors(rows: usize, columns: usize) -> Vec<Prior> {
    let mut priors = Vec::new();
    let mut grid = [rows, columns].map(|it| it.div_ceil(16));
    if grid.iter().product::<usize>() > MOST / 6 {
        return priors;
    }
    for layer in 0..6 {
        let size = |layer: usize| {
            if layer > 5 {
                1.0
            } else {
                0.2 + 0.15 * layer as f32
            }
        };
        let own = size(layer);
        let boxes = match layer {
            0 => vec![(0.1, 1.0), (own, 2.0), (own, 0.5)],
            _ => {
                let between = (own * size(layer + 1)).sqrt();
                let ratios = [1.0, 2.0, 0.5, 3.0, 1.0 / 3.0].map(|it| (own, it));
                [&ratios[..], &[(between, 1.0)]].concat()
            }
        };
        for (row, column) in (0..grid[0]).flat_map(|row| (0..grid[1]).map(move |it| (row, it))) {
            let centre = [row as f32, column as f32];
            let [y, x] = [0, 1].map(|at| (centre[at] + 0.5) / grid[at] as f32);
            priors.extend(boxes.iter().map(|(size, ratio): &(f32, f32)| {
                let root = ratio.sqrt();
                [y, x, size / root, size * root]
            }));
        }
        grid = grid.map(|it| it.div_ceil(2));
    }
    priors
}

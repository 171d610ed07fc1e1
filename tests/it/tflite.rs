//! TensorFlow Lite models as ONNX: what comes out of ONNX Runtime, and what is said of files that are none.

use std::io::{Cursor, Write};

use half::f16;
use otus::inference::onnx::file;
use otus::inference::onnx::session;
use otus::inference::onnx::tensor::{Tensor, Values};
use otus::inference::store::tflite::{Told, to_onnx};
use otus::pipeline::contract::testing;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::bad_input::says;
use crate::flatbuffers::Field::{self, Byte, Int};
use crate::flatbuffers::{F16, F32, I8, I32, Sketch, U8, quantised};
use crate::samples::sum;
use crate::scratch::{Scratch, skipped};

/// Numbers of operators.
const CONV_2D: u8 = 3;
const DEQUANTIZE: u8 = 6;
const FULLY_CONNECTED: u8 = 9;
const LSTM: u8 = 16;
const DENSIFY: u8 = 124;
/// The options of `TFLite_Detection_PostProcess`: 2 classes, scales 10, 10, 5 and 5.
const OPTIONS: &[u8] = b"max_detections\0num_classes\0y_scale\0x_scale\0h_scale\0w_scale\0\x06\x11=/\x0c\x1d&\0\0\
    \x08\0\0\0\x01\0\0\0\x06\0\0\0\0\0\xa0@\x0a\0\0\0\x02\0\0\0\0\0\xa0@\0\0 A\0\0 A\x0e\x06\x06\x0e\x0e\x0e\x1e&\x01";

/// An output: its shape and its numbers.
type Output = (Vec<i64>, Vec<f32>);

/// What comes out of a TensorFlow Lite model by way of ONNX; none where there is no ONNX Runtime.
pub fn run(model: &[u8], inputs: &[&[f32]]) -> Option<Vec<Output>> {
    let made = to_onnx(model, &Told::default()).expect("it is known");
    assert_eq!(file::check(&made), Ok(()));
    let scratch = Scratch::new();
    let path = scratch.write("made.onnx", &made);
    let context = testing::context();
    let mut session = match session::open(&path.to_string_lossy(), Some(&sum(&made)), &context) {
        Err(error) if error.to_string().contains("there is no ONNX Runtime") => {
            skipped("there is no ONNX Runtime on this machine");
            return None;
        }
        opened => opened.expect("ONNX Runtime takes it"),
    };
    let about = session.about.clone();
    let tensors = about
        .inputs
        .iter()
        .zip(inputs)
        .map(|(port, floats)| Tensor {
            shape: &port.shape,
            values: Values::Floats(floats),
        });
    let outputs = session.run(&tensors.collect::<Vec<_>>()).expect("it runs");
    let outputs = outputs.arrays().expect("numbers come out");
    let shapes = about.outputs.iter().map(|it| it.shape.clone());
    Some(
        shapes
            .zip(outputs.into_iter().map(|it| it.numbers.into_owned()))
            .collect(),
    )
}

pub fn are_near(found: &[f32], wanted: &[f32], what: &str) {
    let is_near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5 * (1.0 + b.abs());
    let are_near = found.len() == wanted.len() && found.iter().zip(wanted).all(is_near);
    assert!(are_near, "{what}: {found:?} instead of {wanted:?}");
}

/// A detector without weights: encoded boxes and scores come in.
fn detector() -> Vec<u8> {
    let mut sketch = Sketch::new();
    let (boxes, scores) = (sketch.value(&[1, 2, 4]), sketch.value(&[1, 2, 3]));
    let priors = sketch.floats(&[2, 4], &[0.5, 0.25, 0.5, 0.5, 0.5, 0.5, 1.0, 0.2]);
    let outs = [[1, 10, 4], [1, 10, 1], [1, 10, 1], [1, 1, 1]].map(|it| sketch.value(&it));
    sketch.custom(
        "TFLite_Detection_PostProcess",
        &[boxes, scores, priors],
        &outs,
        OPTIONS,
    );
    sketch.file(&[boxes, scores], &outs)
}

#[test]
fn boxes_of_a_detector_are_decoded_and_its_classes_named() {
    let model = detector();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let names = b"background\ncat\ndog, or hound\n";
    zip.start_file("labelmap.txt", SimpleFileOptions::default())
        .expect("it begins");
    zip.write_all(names).expect("it is written");
    let zip = zip.finish().expect("it ends").into_inner();
    let model = [model, zip].concat();
    let made = to_onnx(&model, &Told::default()).expect("it is known");
    let text = String::from_utf8_lossy(&made);
    says(
        &text,
        "otus.family … ssd … otus.labels … [\"cat\",\"dog, or hound\"]",
    );

    let scores = [0.1, 0.7, 0.2, 0.0, 0.0, 1.0];
    // Down 1, right 2, twice as high; and one as its prior.
    let double = 5.0 * std::f32::consts::LN_2;
    let boxes = [1.0, 2.0, double, 0.0, 0.0, 0.0, 0.0, 0.0];
    let Some(found) = run(&model, &[&boxes, &scores]) else {
        return;
    };
    assert_eq!(found[0], (vec![1, 2, 3], scores.to_vec()));
    assert_eq!(found[1].0, [1, 2, 4]);
    let wanted = [0.1, 0.05, 0.6, 1.05, 0.4, 0.0, 0.6, 1.0];
    are_near(&found[1].1, &wanted, "left, top, right and bottom");
}

/// One pixel is within what the output can hold, the other beyond it.
#[test]
fn a_quantised_model_takes_levels_of_pixels_and_gives_numbers() {
    let mut sketch = Sketch::new();
    let from = sketch.tensor(U8, &[1, 1, 2, 3], &[], quantised(&[0.5], &[128], 0));
    let levels = [10i8, 20, 30, 5, 5, -5].map(|it| it as u8);
    let weights = quantised(&[0.1, 0.2], &[0, 0], 0);
    let weights = sketch.tensor(I8, &[2, 1, 1, 3], &levels, weights);
    let bias: Vec<u8> = [40i32, 10].iter().flat_map(|it| it.to_le_bytes()).collect();
    let bias = sketch.tensor(I32, &[2], &bias, quantised(&[0.05, 0.1], &[0, 0], 0));
    let to = sketch.tensor(U8, &[1, 1, 2, 2], &[], quantised(&[0.1], &[0], 0));
    let once = vec![(0, Byte(1)), (1, Int(1)), (2, Int(1))];
    sketch.operator(CONV_2D, &[from, weights, bias], &[to], once);
    let model = sketch.file(&[from], &[to]);
    let planes = [130.0, 255.0, 128.0, 255.0, 126.0, 255.0];
    let Some(found) = run(&model, &[&planes]) else {
        return;
    };
    are_near(
        &found[0].1,
        &[0.0, 3.0, 25.5, 25.5],
        "two pixels of two channels",
    );
}

/// Larger tables are kept as they are in the file, and made numbers by nodes.
#[test]
fn weights_of_eight_and_sixteen_bits_are_the_numbers_they_stand_for() {
    let ones = [1.0; 300];
    let mut sketch = Sketch::new();
    let from = sketch.value(&[1, 300]);
    let data: Vec<u8> = [5u8, 2].iter().flat_map(|it| [*it; 300]).collect();
    let each = sketch.tensor(I8, &[2, 300], &data, quantised(&[0.5, 2.0], &[3, 0], 0));
    let all = sketch.tensor(U8, &[2, 300], &data, quantised(&[0.5], &[3], 0));
    let halves: Vec<u8> = (0..600)
        .flat_map(|it| f16::from_f32((it / 300) as f32).to_le_bytes())
        .collect();
    let halves = sketch.tensor(F16, &[2, 300], &halves, Vec::new());
    let wide = sketch.tensor(F32, &[2, 300], &[], Vec::new());
    sketch.operator(DEQUANTIZE, &[halves], &[wide], Vec::new());
    let outs = [each, all, wide].map(|weights| {
        let to = sketch.value(&[1, 2]);
        sketch.operator(FULLY_CONNECTED, &[from, weights], &[to], Vec::new());
        to
    });
    let Some(found) = run(&sketch.file(&[from], &outs), &[&ones]) else {
        return;
    };
    for ((_, found), wanted) in found
        .iter()
        .zip([[300.0, 1200.0], [300.0, -150.0], [0.0, 300.0]])
    {
        are_near(found, &wanted, "sums of 300 weights");
    }
}

/// Of two rows of four, one element and two.
#[test]
fn sparse_weights_are_put_in_their_places() {
    let mut sketch = Sketch::new();
    let from = sketch.value(&[1, 4]);
    let kept = sketch.floats(&[2, 4], &[5.0, 6.0, 7.0]);
    let list = |bytes: &[u8]| Field::Table(vec![(0, Field::Bytes(bytes.to_vec()))]);
    let (begins, places) = (list(&[0, 1, 3]), list(&[1, 0, 3]));
    let rows = vec![(1, Int(2))];
    let columns = vec![
        (0, Byte(1)),
        (2, Byte(3)),
        (3, begins),
        (4, Byte(3)),
        (5, places),
    ];
    let sparsity = vec![
        (0, Field::Ints(vec![0, 1])),
        (2, Field::Tables(vec![rows, columns])),
    ];
    sketch.tell(6, Field::Table(sparsity));
    let weights = sketch.value(&[2, 4]);
    sketch.operator(DENSIFY, &[kept], &[weights], Vec::new());
    let to = sketch.value(&[1, 2]);
    sketch.operator(FULLY_CONNECTED, &[from, weights], &[to], Vec::new());
    let Some(found) = run(&sketch.file(&[from], &[to]), &[&[1.0, 2.0, 3.0, 4.0]]) else {
        return;
    };
    are_near(&found[0].1, &[10.0, 34.0], "sums of two rows");
}

#[test]
fn what_is_no_model_or_not_known_is_named() {
    let refused = |bytes: &[u8], said: &str| {
        let why = to_onnx(bytes, &Told::default()).expect_err("it is refused");
        says(&why, said);
    };
    refused(b"", "no TensorFlow Lite model");
    refused(b"\x1c\0\0\0TFL2\0\0\0\0", "no TensorFlow Lite model");
    let mut old = Sketch::new();
    old.version = 2;
    refused(&old.file(&[], &[]), "schema version 2; 3 is known");
    let mut foreign = Sketch::new();
    let value = foreign.value(&[1, 2]);
    foreign.operator(LSTM, &[value], &[value], Vec::new());
    foreign.operator(LSTM, &[value], &[value], Vec::new());
    foreign.custom("Mystery", &[value], &[value], &[]);
    refused(
        &foreign.file(&[value], &[value]),
        "LSTM (2 nodes), Mystery (1 node)",
    );
    let mut lost = Sketch::new();
    let value = lost.value(&[1, 2]);
    refused(&lost.file(&[value], &[7]), "names a tensor that it has not");
    let mut early = Sketch::new();
    let value = early.value(&[1, 2]);
    refused(&early.file(&[], &[value]), "`t0` is used before it is made");
    let mut open = Sketch::new();
    let value = open.value(&[1, 2]);
    open.tell(7, Field::Ints(vec![1, -1]));
    refused(
        &open.file(&[value], &[value]),
        "input `t0` has no fixed size",
    );
    let mut short = Sketch::new();
    let value = short.tensor(F32, &[1, 2], &[1, 2, 3], Vec::new());
    refused(&short.file(&[], &[value]), "3 bytes of data … [1, 2]");
    let whole = detector();
    refused(&whole[..whole.len() / 2], "cut off");
}

/// Whatever is cut off or flipped, what is made is an ONNX file or a refusal.
#[test]
fn damaged_models_are_converted_or_refused() {
    let whole = detector();
    let try_it = |bytes: &[u8]| {
        if let Ok(made) = to_onnx(bytes, &Told::default()) {
            assert_eq!(file::check(&made), Ok(()));
        }
    };
    (0..whole.len()).for_each(|length| try_it(&whole[..length]));
    for bit in 0..8 * whole.len() {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        try_it(&flipped);
    }
}

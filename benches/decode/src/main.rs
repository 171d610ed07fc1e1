//! How long `[1, 84, 8400]` takes to become boxes, beside edgefirst-decoder: at most 0.7 of it, and the same boxes.
//!
//!     cargo run --release --manifest-path benches/decode/Cargo.toml --target-dir target/benches/fit
//!
//! Made-up numbers: 30 objects with a dozen proposals each, and scores near 0 elsewhere. Both decode in turn, on one
//! thread each; medians of the rounds are printed, and the median of their ratios.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use edgefirst_decoder::{ConfigOutput, DecoderBuilder, DetectBox, Nms, configs};
use edgefirst_tensor::{Tensor, TensorDyn};
use otus::inference::onnx::tensor::{About, Array, Element, Port};
use otus::inference::sight::heads::{Facts, readings};
use otus::inference::sight::nms::{Candidate, sort, suppress};

const CELLS: usize = 8400;
const ROWS: usize = 84;
const SIDE: f32 = 640.0;
const SCORE: f32 = 0.25;
const OVERLAP: f32 = 0.45;
const ROUNDS: usize = 200;

fn main() {
    let numbers = numbers();
    let (mut otus, mut peer) = (otus(&numbers), peer(&numbers));
    let (ours, theirs) = (otus(), peer());
    same(&ours, &theirs);
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        times[0].push(timed(&mut otus));
        times[1].push(timed(&mut peer));
    }
    let ratios = times[0].iter().zip(&times[1]).map(|(a, b)| a / b).collect();
    let [ours_ms, theirs_ms] = times.map(median);
    let ratio = median(ratios);
    println!("{} boxes, the same of both", ours.len());
    println!("otus {ours_ms:.3} ms, edgefirst-decoder {theirs_ms:.3} ms: {ratio:.2}");
}

/// A box `[left, top, right, bottom]` in pixels, its score and its class.
type Found = ([f32; 4], f32, usize);

fn timed(decode: &mut dyn FnMut() -> Vec<Found>) -> f64 {
    let start = Instant::now();
    std::hint::black_box(decode());
    1e3 * start.elapsed().as_secs_f64()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn numbers() -> Vec<f32> {
    let mut state = 1u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let mut numbers = vec![0.0; ROWS * CELLS];
    let scores = numbers.iter_mut().skip(4 * CELLS);
    scores.for_each(|it| *it = 0.01 * random());
    for cell in 0..CELLS {
        // A cell's own box, as a detector would put it.
        for (at, size) in [(0, SIDE), (1, SIDE), (2, 40.0), (3, 40.0)] {
            numbers[at * CELLS + cell] = size * random();
        }
    }
    for object in 0..30 {
        let middle = [40.0 + 18.0 * object as f32, 320.0 + 200.0 * (random() - 0.5)];
        let class = (80.0 * random()) as usize % 80;
        for proposal in 0..12 {
            let cell = object * 250 + proposal;
            let told = [middle[0], middle[1], 60.0, 120.0].map(|it| it + 4.0 * random());
            for (at, number) in told.into_iter().enumerate() {
                numbers[at * CELLS + cell] = number;
            }
            numbers[(4 + class) * CELLS + cell] = 0.3 + 0.6 * random();
        }
    }
    numbers
}

fn otus(numbers: &[f32]) -> impl FnMut() -> Vec<Found> {
    let port = |name: &str, shape: &[i64]| Port {
        name: name.to_owned(),
        shape: shape.to_vec(),
        element: Element::Float,
    };
    let model = About {
        name: Arc::from("made up"),
        labels: Vec::new(),
        notes: BTreeMap::new(),
        inputs: vec![port("images", &[1, 3, 640, 640])],
        outputs: vec![port("output0", &[1, ROWS as i64, CELLS as i64])],
    };
    let facts = Facts {
        model: &model,
        outputs: &model.outputs,
        width: 640,
        height: 640,
    };
    let mut head = readings(&facts, Some("yolov8")).remove(0).head;
    let mut found: Vec<Candidate> = Vec::new();
    move || {
        let array = Array {
            shape: Cow::Borrowed(&[1, ROWS as i64, CELLS as i64]),
            numbers: Cow::Borrowed(numbers),
        };
        found.clear();
        head.decode(&[array], SCORE, &mut found).expect("it fits");
        sort(&mut found);
        suppress(&mut found, OVERLAP);
        found.iter().map(|it| (it.corners, it.score, it.class)).collect()
    }
}

fn peer(numbers: &[f32]) -> impl FnMut() -> Vec<Found> {
    let tensor = Tensor::<f32>::from_slice(numbers, &[1, ROWS, CELLS]).expect("it fits");
    let tensor = TensorDyn::F32(tensor);
    let detection = configs::Detection {
        decoder: configs::DecoderType::Ultralytics,
        quantization: None,
        shape: vec![1, ROWS, CELLS],
        dshape: vec![],
        anchors: None,
        normalized: Some(true),
    };
    let decoder = DecoderBuilder::default()
        .with_score_threshold(SCORE)
        .with_iou_threshold(OVERLAP)
        .with_nms(Some(Nms::ClassAware))
        .with_pre_nms_top_k(3000)
        .add_output(ConfigOutput::Detection(detection))
        .build()
        .expect("it is right");
    let (mut boxes, mut masks): (Vec<DetectBox>, _) = (Vec::with_capacity(100), Vec::new());
    move || {
        decoder.decode(&[&tensor], &mut boxes, &mut masks).expect("it fits");
        let found = |it: &DetectBox| {
            let bounds = [it.bbox.xmin, it.bbox.ymin, it.bbox.xmax, it.bbox.ymax];
            (bounds, it.score, it.label)
        };
        boxes.iter().map(found).collect()
    }
}

fn same(ours: &[Found], theirs: &[Found]) {
    assert_eq!(ours.len(), theirs.len());
    for our in ours {
        let is_near = |a: f32, b: f32| (a - b).abs() <= 1e-3 * (1.0 + a.abs());
        let is_it = |it: &&Found| {
            let corners = our.0.iter().zip(it.0);
            it.2 == our.2 && is_near(our.1, it.1) && corners.clone().all(|(a, b)| is_near(*a, b))
        };
        assert!(theirs.iter().any(|it| is_it(&it)), "{our:?}");
    }
}

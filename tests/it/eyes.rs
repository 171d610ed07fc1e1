//! Nodes that look at frames and at the objects in them, with models made here and published ones.

use std::sync::Arc;

use otus::media::events::{Body, Classification};
use otus::media::frame::{Frame, PixelFormat};
use otus::media::objects::{Object, Objects};
use otus::media::packet::Packet;
use otus::pipeline::contract::testing;

use crate::bad_input::says;
use crate::samples::{averaging_model, sum};
use crate::scratch::{Running, Scratch, shared};

pub const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];

/// A picture of this size whose pixels are told by their place, red first.
pub fn frame(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Arc<Frame> {
    let mut frame = Frame::empty();
    (frame.source, frame.seq) = ("cam".into(), 5);
    let pixels = frame.reshape(width, height, PixelFormat::Rgb8);
    for (at, place) in pixels.chunks_exact_mut(3).zip(0..) {
        at.copy_from_slice(&pixel(place % width, place / width));
    }
    Arc::new(frame)
}

/// What the references were computed on: two slopes and a chequered plane.
pub fn scene() -> Arc<Frame> {
    frame(320, 240, |x, y| {
        let checks = (x / 8 + y / 8) % 2 * 200;
        [x * 255 / 320, y * 255 / 240, checks].map(|it| it as u8)
    })
}

/// Boxes in a frame, in the order given.
pub fn objects(frame: &Arc<Frame>, boxes: &[[f32; 4]]) -> Packet {
    let object = |(at, bounds): (usize, &[f32; 4])| Object {
        label: at.to_string().into(),
        score: 0.9,
        bounds: *bounds,
        more: None,
    };
    Packet::Objects(Arc::new(Objects {
        source: Arc::clone(&frame.source),
        seq: frame.seq,
        at: frame.at,
        size: [frame.width, frame.height],
        file: None,
        frame: Some(Arc::clone(frame)),
        complete: true,
        found: boxes.iter().enumerate().map(object).collect(),
        model: "m".into(),
        provider: "cpu".into(),
        areas: Arc::default(),
    }))
}

/// Options that name a file by its path and sum.
pub fn named(path: &std::path::Path) -> String {
    let model = std::fs::read(path).expect("it is there");
    format!("model = '{}'\nsha256 = '{}'\n", path.display(), sum(&model))
}

/// What a node makes of one packet.
pub fn made(node: &str, options: &str, input: Packet) -> Vec<Packet> {
    let ty = otus::nodes::find(node).expect("it is always there");
    testing::drive(ty, options, [input]).unwrap_or_else(|error| panic!("{error}"))
}

pub fn classified(options: &str, input: Packet) -> Vec<Classification> {
    let told = |packet: Packet| match packet {
        Packet::Event(event) => match &event.body {
            Body::Classification(it) => it.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    made("classify", options, input)
        .into_iter()
        .map(told)
        .collect()
}

/// A classifier of colours, and a frame whose middle is red between blue.
pub fn colours(scratch: &Scratch) -> (String, Arc<Frame>) {
    let model = named(&scratch.write("colours.onnx", averaging_model()));
    let middle = frame(32, 16, |x, _| if (8..24).contains(&x) { RED } else { BLUE });
    (model + "classes = ['red', 'green', 'blue']\n", middle)
}

#[test]
fn a_frame_is_named_by_its_middle_and_objects_each_by_their_own() {
    let scratch = Scratch::new();
    let (model, middle) = colours(&scratch);
    let told = classified(&model, Packet::Frame(Arc::clone(&middle)));
    assert_eq!(told.len(), 1);
    // Softmax of red, green and blue less the mean of ImageNet, by its deviation.
    assert_eq!((&*told[0].label, told[0].classes.len()), ("red", 1));
    assert!((told[0].score - 0.969_798).abs() < 1e-5, "{:?}", told[0]);
    assert_eq!((told[0].frame, &told[0].of), ([32, 16], &None));
    let parts = format!("{model}normalise = '0-1'\nscore = 0.5\ntop = 2");
    let boxes = [
        [0.0, 0.0, 8.0, 16.0],
        [10.0, 2.0, 5.0, 5.0],
        [99.0, 0.0, 1.0, 1.0],
    ];
    let told = classified(&parts, objects(&middle, &boxes));
    let labels: Vec<&str> = told.iter().map(|it| &*it.label).collect();
    assert_eq!(labels, ["blue", "red"]);
    assert!((told[0].score - 0.576_117).abs() < 1e-5, "{:?}", told[0]);
    let of = told[1].of.as_ref().expect("it is of an object");
    assert_eq!((of.label.as_deref(), of.bounds), (Some("1"), boxes[1]));
    let all = classified(&format!("{parts}\nfit = 'stretch'"), Packet::Frame(middle));
    assert!(all.is_empty(), "half red, half blue: {all:?}");
}

#[test]
fn a_classifier_of_ultralytics_is_taken_at_its_word() {
    let Some(shared) = shared() else { return };
    let model = named(&shared.join("models/yolo26-cls-tiny_rand.onnx"));
    let options = format!("{model}score = 0.0\ntop = 100");
    let told = classified(&options, Packet::Frame(scene()));
    let classes: Vec<&str> = told[0].classes.iter().map(|it| &*it.label).collect();
    assert_eq!(classes, ["9", "8", "4", "6", "0", "3", "1", "2", "5", "7"]);
    let wanted = [0.102_705, 0.102_423, 0.102_327, 0.100_052, 0.099_739];
    for (class, wanted) in told[0].classes.iter().zip(wanted) {
        assert!((class.score - wanted).abs() < 1e-5, "{class:?} {wanted}");
    }
}

/// What a node makes of one packet, if that is objects.
pub fn seen(node: &str, options: &str, input: Packet) -> Arc<Objects> {
    let mut made = made(node, options, input).into_iter();
    let objects = made.find_map(|packet| match packet {
        Packet::Objects(objects) => Some(objects),
        _ => None,
    });
    objects.expect("it makes objects")
}

fn vector(objects: &Objects, at: usize) -> &[f32] {
    let more = objects.found[at].more.as_ref();
    let vector = more.and_then(|it| it.vector.as_deref());
    vector.expect("it was looked at")
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Against ONNX Runtime in Python on pictures that OpenCV scaled.
#[test]
fn frames_and_objects_get_the_vectors_of_the_reference() {
    let Some(shared) = shared() else { return };
    let model = named(&shared.join("models/osnet_x0_25_msmt17.onnx"));
    let scene = scene();
    let whole = seen("embed", &model, Packet::Frame(Arc::clone(&scene)));
    assert_eq!(whole.found.len(), 1);
    let frame = &whole.found[0];
    assert_eq!(
        (&*frame.label, frame.bounds),
        ("frame", [0.0, 0.0, 320.0, 240.0])
    );
    let boxes = [
        [60.0, 40.0, 160.0, 100.0],
        [200.0, 0.0, 100.0, 100.0],
        [-9.0, 0.0, 9.0, 9.0],
    ];
    let parts = seen("embed", &model, objects(&scene, &boxes));
    let [whole, first, second] = [vector(&whole, 0), vector(&parts, 0), vector(&parts, 1)];
    for (vector, at, wanted) in [
        (whole, 208, 0.3089),
        (first, 241, 0.3532),
        (second, 5, 0.0674),
    ] {
        assert!(
            (vector[at] - wanted).abs() < 0.003,
            "{} {wanted}",
            vector[at]
        );
        assert!((product(vector, vector) - 1.0).abs() < 1e-4);
    }
    for (a, b, wanted) in [
        (whole, first, 0.531),
        (whole, second, 0.360),
        (first, second, 0.823),
    ] {
        assert!(
            (product(a, b) - wanted).abs() < 0.005,
            "{} {wanted}",
            product(a, b)
        );
    }
    assert_eq!(parts.found[2].more, None, "nothing of it is in the frame");
    assert_eq!(
        (parts.found.len(), &*parts.found[1].label, &*parts.model),
        (3, "1", "m")
    );
}

/// What `otus check` says of a node with this model.
fn checked(node: &str, model: &std::path::Path) -> String {
    let scratch = Scratch::new();
    // No sink takes objects.
    let last = match node {
        "embed" => "[transforms.last]\ntype = 'track'\ninputs = ['see']\n",
        _ => "[transforms.last]\ntype = 'filter'\ninputs = ['see']\nwhen = 'true'\n",
    };
    let pipeline = format!(
        "[sources.cam]\ntype = 'camera'\nuri = '0'\n\
         [transforms.see]\ntype = '{node}'\ninputs = ['cam']\n{}{last}\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['last']\npath = 'log.jsonl'\n",
        named(model)
    );
    scratch.write("pipeline.toml", pipeline);
    Running::start(scratch.otus(&["check", "pipeline.toml"]))
        .wait()
        .stderr
}

#[test]
fn a_model_for_another_node_is_pointed_there_before_it_runs() {
    let Some(shared) = shared() else { return };
    let cases = [
        (
            "classify",
            "yolo26-seg-tiny_rand_e2e",
            "finds objects and their masks … `segment` is for it",
        ),
        (
            "classify",
            "light_person_detector",
            "reads a score a class … `detect` is for it",
        ),
        (
            "embed",
            "light_person_detector",
            "reads a vector … `detect` is for it",
        ),
        (
            "embed",
            "yolo26-cls-tiny_rand",
            "`embed` is not for it … `classify` is for it",
        ),
        (
            "segment",
            "yolo26-cls-tiny_rand",
            "`segment` is not for it … `classify` is for it",
        ),
        (
            "segment",
            "light_person_detector",
            "reads scores of classes … `detect` is for it",
        ),
        (
            "detect",
            "yolo26-cls-tiny_rand",
            "classifies whole pictures … `classify` is for it",
        ),
    ];
    for (node, model, said) in cases {
        let model = shared.join("models").join(model).with_extension("onnx");
        says(&checked(node, &model), said);
    }
}

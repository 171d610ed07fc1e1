//! Which family a detector is taken for, and what is found by it, with models of strangers and some made here.

use std::fs;

use serde_json::Value;

use crate::bad_input::{detect, says};
use crate::samples::{constant_model, picture, stubborn_model, sum, with_text};
use crate::scratch::{Ended, Running, Scratch, shared, skipped};

const NO_ONNX_RUNTIME: &str = "there is no ONNX Runtime";

/// What `otus models inspect` says of a model and a picture of the shared folder; none without them.
fn inspected(model: &str, picture: &str) -> Option<Value> {
    let shared = shared()?;
    let scratch = Scratch::new();
    let model = shared.join("models").join(model).display().to_string();
    let picture = shared.join("media").join(picture).display().to_string();
    let arguments = [
        "--json",
        "models",
        "inspect",
        &model,
        "--picture",
        &picture,
        "--to",
        "drawn.png",
    ];
    let ended = Running::start(scratch.otus(&arguments)).wait();
    if ended.stderr.contains(NO_ONNX_RUNTIME) {
        skipped(NO_ONNX_RUNTIME);
        return None;
    }
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(scratch.path("drawn.png").exists());
    Some(serde_json::from_str(&ended.stdout).expect("it is JSON"))
}

/// The shared model is of this family, and finds this many of a class in the picture of four people in a street.
fn finds(model: &str, family: &str, label: &str, wanted: std::ops::RangeInclusive<usize>) {
    let Some(said) = inspected(model, "dusty_peds_0.jpg") else {
        return;
    };
    assert_eq!(said["family"], family, "{model}");
    let objects = said["objects"].as_array().expect("a list");
    let is_it = |it: &&Value| it["label"] == label && it["score"].as_f64() > Some(0.4);
    let found = objects.iter().filter(is_it).count();
    assert!(wanted.contains(&found), "{model}: {found} in {objects:?}");
}

#[test]
fn models_of_many_families_are_recognised_and_see_the_same_people() {
    finds("yolox_nano.onnx", "yolox", "0", 4..=4);
    finds("light_person_detector.onnx", "yolox", "0", 4..=4);
    finds("yolo11n_int8.onnx", "yolov8", "person", 4..=4);
    finds("yolo26n_int8.onnx", "yolo-nms", "person", 4..=4);
    finds("nanodet_m.onnx", "nanodet", "0", 4..=4);
    finds("FastestDet.onnx", "fastestdet", "0", 4..=4);
    finds("deimv2_atto_coco_int8.onnx", "rt-detr", "0", 2..=4);
    finds("ultraface_RFB-320.onnx", "ssd", "0", 3..=5);
    finds("yunet_n_320_320.onnx", "yunet", "face", 3..=4);
    finds("yunet_n_dynamic.onnx", "yunet", "face", 3..=4);
    finds("yolov5-tiny_rand.onnx", "yolov5", "person", 0..=0);
    finds("yolov8-tiny_rand_nms.onnx", "yolo-nms", "0", 0..=0);
    finds("yolo26-seg-tiny_rand_e2e.onnx", "yolo-nms", "0", 0..=0);
}

/// What comes of a run with a model and these options more.
fn runs(model: &[u8], more: &str) -> Ended {
    let scratch = Scratch::new();
    scratch.write("picture.bmp", picture());
    scratch.write("model.onnx", model);
    let options = format!("model = './model.onnx', sha256 = '{}'{more}", sum(model));
    scratch.run(&detect(&options), &[])
}

/// A run with a model ends with a failure that says this.
fn fails(model: &[u8], more: &str, said: &str) {
    let ended = runs(model, more);
    match ended.stderr.contains(NO_ONNX_RUNTIME) {
        true => skipped(NO_ONNX_RUNTIME),
        false => says(&ended.stderr, said),
    }
}

#[test]
fn what_no_picture_leads_to_is_told_with_the_assumption_that_may_be_wrong() {
    let row = |score| stubborn_model([0.5, 0.5, 0.0, 0.0, score, 1.0]);
    fails(
        &row(60.2),
        "",
        "is understood by no family … as yolox … scores are from 0 to 1, and one is 60.2",
    );
    let far = stubborn_model([900.0, 0.5, 0.0, 0.0, 0.9, 1.0]);
    fails(&far, "", "as yolox … a box lies far outside the picture");
}

#[test]
fn what_cannot_be_told_apart_is_asked_for() {
    let nothing = constant_model(&[1, 20, 6], &[0.0; 120]);
    fails(
        &nothing,
        "",
        "several ways: y [1, 20, 6] … `family = \"yolo-nms\"` or `family = \"rt-detr\"`",
    );
    let told = with_text(&nothing, b"args", b"{'nms': True}");
    assert!(runs(&told, "").stderr.is_empty());
    assert!(runs(&nothing, ", family = 'yolo-nms'").stderr.is_empty());
    fails(
        &nothing,
        ", family = 'yolov5'",
        "is no `yolov5`: it puts out y [1, 20, 6] … 3 boxes a cell",
    );
}

#[test]
fn what_finds_no_upright_boxes_is_refused_by_name() {
    let model = |task: &[u8]| with_text(&stubborn_model([0.5; 6]), b"task", task);
    fails(&model(b"pose"), "", "estimates poses … take another model");
    fails(&model(b"obb"), "", "oriented boxes");
    fails(
        &model(b"classify"),
        "",
        "classifies whole pictures … `classify` is for it",
    );
}

#[test]
fn a_file_that_is_no_model_is_named() {
    let scratch = Scratch::new();
    scratch.write("text.onnx", "no model");
    let ended = Running::start(scratch.otus(&["models", "inspect", "text.onnx"])).wait();
    says(&ended.stderr, "text.onnx … not an ONNX model");
    assert_eq!(ended.code, Some(1));
    let ended = Running::start(scratch.otus(&["models", "inspect", "none.onnx"])).wait();
    says(&ended.stderr, "none.onnx: No such file");
    assert!(fs::read(scratch.path("text.onnx")).is_ok());
}

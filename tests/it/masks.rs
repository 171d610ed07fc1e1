//! Which pixels `segment` says that things cover.

use std::sync::Arc;

use otus::media::objects::Object;
use otus::media::packet::Packet;

use crate::eyes::{RED, frame, made, named, scene, seen};
use crate::samples;
use crate::scratch::{Scratch, has_opencv, shared, skipped};

/// The mask of an object: cells in a row, and all of them.
fn mask(object: &Object) -> (u32, &[u8]) {
    let mask = object.more.as_ref().and_then(|it| it.mask.as_ref());
    let mask = mask.expect("it has a mask");
    (mask.width, &mask.cells)
}

fn area(object: &Object) -> f32 {
    let area = object.more.as_ref().and_then(|it| it.area);
    area.expect("it has a mask")
}

#[test]
fn an_object_has_the_mask_that_its_numbers_make_of_the_prototypes() {
    let scratch = Scratch::new();
    // The first prototype is far below nothing but in one cell, the second is nothing but in the next.
    let (mut first, mut second) = ([-10.0; 16], [0.0; 16]);
    (first[5], second[6]) = (10.0, -20.0);
    let row = [2.0, 2.0, 6.0, 6.0, 0.9, 1.0, 2.0, -1.0];
    let model = samples::segmenting_model(row, [first, second]);
    let model = named(&scratch.write("masks.onnx", model));
    let wide = frame(80, 40, |_, _| RED);
    let options = format!("{model}classes = ['owl', 'mouse']");
    let found = seen("segment", &options, Packet::Frame(Arc::clone(&wide)));
    let [object] = &found.found[..] else {
        panic!("{found:?}");
    };
    // Ten frame pixels a pixel of the model, whose picture begins in its third row.
    assert_eq!(
        (&*object.label, object.bounds),
        ("mouse", [20.0, 0.0, 40.0, 40.0])
    );
    assert_eq!(mask(object), (2, &[255, 128, 0, 0][..]));
    assert!(
        (area(object) - 383.0 / 1020.0 / 2.0).abs() < 1e-6,
        "{}",
        area(object)
    );
    let event = made("segment", &options, Packet::Frame(Arc::clone(&wide)));
    let written = event.iter().find_map(|it| match it {
        Packet::Event(event) => Some(event.to_json()),
        _ => None,
    });
    let written = written.expect("it is told");
    assert!(
        written.contains(r#""box":[20.0,0.0,40.0,40.0],"area":0.188}"#),
        "{written}"
    );
    let few = seen(
        "segment",
        &format!("{options}\nmin_area = 0.2"),
        Packet::Frame(wide),
    );
    assert!(few.found.is_empty());
}

#[test]
fn a_segmenter_of_ultralytics_is_taken_at_its_word() {
    let Some(shared) = shared() else { return };
    let model = named(&shared.join("models/yolo26-seg-tiny_rand_e2e.onnx"));
    let found = seen(
        "segment",
        &format!("{model}score = 0.001\nmin_area = 0"),
        Packet::Frame(scene()),
    );
    assert_eq!(found.found.len(), 300);
    let object = &found.found[0];
    assert_eq!(
        (&*object.label, object.bounds),
        ("0", [0.0, 0.0, 80.0, 40.0])
    );
    let (width, cells) = mask(object);
    assert_eq!((width, cells.len()), (20, 200));
    assert!(cells.iter().all(|it| (127..=128).contains(it)), "{cells:?}");
}

/// Against ONNX Runtime in Python on a picture that OpenCV read and scaled.
#[test]
fn a_class_has_one_mask_and_its_share_of_the_picture() {
    let Some(shared) = shared() else { return };
    if !has_opencv() {
        return skipped("OpenCV's part of otus was not built");
    }
    let scratch = Scratch::new();
    let pipeline = format!(
        "[sources.cam]\ntype = 'camera'\nuri = '{}'\n\
         [transforms.see]\ntype = 'segment'\ninputs = ['cam']\nlabels = ['15']\n{}\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'log.jsonl'\n",
        shared.join("media/dusty_peds_0.jpg").display(),
        named(&shared.join("models/deeplab_v3.onnx"))
    );
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = scratch.events("log.jsonl");
    assert_eq!(events.len(), 1, "{}", ended.stderr);
    let person = &events[0]["objects"][0];
    let number = |it: &serde_json::Value| it.as_f64().expect("a number");
    assert!((number(&person["area"]) - 0.189).abs() < 0.004, "{person}");
    assert!((number(&person["score"]) - 0.844).abs() < 0.01, "{person}");
    let wanted = [448.2, 117.7, 1247.6, 773.2];
    for (at, wanted) in wanted.into_iter().enumerate() {
        assert!(
            (number(&person["box"][at]) - wanted).abs() < 24.0,
            "{person}"
        );
    }
}

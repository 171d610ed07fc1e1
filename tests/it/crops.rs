//! Parts of frames that `crop` makes, and where what is found in them lies.

use std::sync::Arc;

use otus::media::frame::Frame;
use otus::media::packet::Packet;
use otus::pipeline::contract::testing;

use crate::bad_input::says;
use crate::eyes::{classified, colours, made, named, objects, scene, seen};
use crate::samples;
use crate::scratch::Scratch;

fn frames(packets: Vec<Packet>) -> Vec<Arc<Frame>> {
    let frame = |packet| match packet {
        Packet::Frame(frame) => frame,
        other => panic!("{other:?}"),
    };
    packets.into_iter().map(frame).collect()
}

#[test]
fn each_object_becomes_a_frame_that_knows_its_place() {
    let whole = scene();
    let boxes = [
        [100.0, 50.0, 40.0, 20.0],
        [0.0, 0.0, 30.0, 15.0],
        [310.0, 230.0, 50.0, 50.0],
    ];
    let cut = |options: &str| frames(made("crop", options, objects(&whole, &boxes)));
    let parts = cut("margin = 0.5\nmin_size = 25");
    let told: Vec<_> = parts
        .iter()
        .map(|it| (it.origin(), it.width, it.height))
        .collect();
    assert_eq!(told, [([80, 40], 80, 40), ([285, 205], 35, 35)]);
    for part in &parts {
        assert!(Arc::ptr_eq(part.whole(), &whole));
        assert_eq!((&*part.source, part.seq), ("cam", 5));
        let [x, y] = part.origin();
        let last = ((y + part.height - 1) * 320 + x + part.width - 1) as usize * 3;
        let length = part.pixels.len();
        assert_eq!(part.pixels[length - 3..], whole.pixels[last..][..3]);
    }
    assert_eq!(cut("margin = 0").len(), 1, "the others are too small");
}

#[test]
fn a_part_of_a_part_still_knows_its_place_in_the_whole() {
    let whole = scene();
    let right = "region = [0.5, 0.0, 0.5, 1.0]";
    let half = frames(made("crop", right, Packet::Frame(Arc::clone(&whole))));
    let corner = "region = [0.5, 0.5, 0.25, 0.5]";
    let part = frames(made("crop", corner, Packet::Frame(Arc::clone(&half[0]))));
    let part = &part[0];
    assert_eq!(
        (part.origin(), part.width, part.height),
        ([240, 120], 40, 120)
    );
    assert!(Arc::ptr_eq(part.whole(), &whole));
    let ty = otus::nodes::find("crop").expect("it is always there");
    let blind = testing::drive(ty, "", [Packet::Frame(whole)]);
    says(
        &blind.expect_err("it says nothing").to_string(),
        "give `crop` a `region`",
    );
    let outside = testing::configure(ty, "region = [0.5, 0.0, 0.6, 1.0]").err();
    says(
        &outside.expect("it is wrong"),
        "does not lie within the frame",
    );
}

/// Whatever it sees, the detector finds the same box in its picture.
#[test]
fn boxes_found_in_a_part_are_boxes_of_the_whole_frame() {
    let scratch = Scratch::new();
    // Centre, logarithm of the sides in cells of eight pixels, objectness and score: the left half of 8 by 8.
    let row = [0.25, 0.5, 0.5_f32.ln(), 0.0, 1.0, 1.0];
    let model = named(&scratch.write("half.onnx", samples::stubborn_model(row)));
    let options = format!("{model}fit = 'stretch'");
    let whole = scene();
    let parts = frames(made(
        "crop",
        "margin = 0",
        objects(&whole, &[[100.0, 50.0, 40.0, 20.0]]),
    ));
    let found = seen("detect", &options, Packet::Frame(Arc::clone(&parts[0])));
    assert_eq!(found.found[0].bounds, [100.0, 50.0, 20.0, 20.0]);
    assert_eq!(found.size, [320, 240]);
    assert!(
        found
            .frame
            .as_ref()
            .is_some_and(|it| Arc::ptr_eq(it, &whole))
    );
    let (model, _) = colours(&scratch);
    let told = classified(
        &format!("{model}score = 0.0"),
        Packet::Frame(Arc::clone(&parts[0])),
    );
    let of = told[0].of.as_ref().expect("it is of a part");
    assert_eq!(
        (told[0].frame, &of.label, of.bounds),
        ([320, 240], &None, [100.0, 50.0, 40.0, 20.0])
    );
}

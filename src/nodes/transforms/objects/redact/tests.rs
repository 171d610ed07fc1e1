//! Small frames, what of them is covered, and what does not come out.

use std::sync::Arc;

use super::*;
use crate::media::clock::Time;
use crate::media::events::Step;
use crate::media::frame::{Part, PixelFormat};
use crate::media::objects::{More, Object};
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::{NodeType, Running, transform};
use crate::pipeline::contract::testing::{configure, context, drive};

const GREY: [u8; 3] = [10, 120, 230];

fn ty() -> NodeType {
    transform::<Redact>()
}

fn object(label: &str, bounds: [f32; 4]) -> Object {
    Object {
        label: label.into(),
        score: 0.9,
        bounds,
        more: None,
    }
}

fn frame(width: u32, height: u32, seq: u64, at: f64) -> Frame {
    let mut frame = Frame::empty();
    let pixels = frame.reshape(width, height, PixelFormat::Bgr8);
    for pixel in pixels.chunks_exact_mut(3) {
        pixel.copy_from_slice(&GREY);
    }
    (frame.source, frame.file) = ("cam".into(), Some("a.png".into()));
    (frame.seq, frame.at) = (seq, Time::from_secs_f64(at));
    frame
}

fn objects(frame: Frame, found: Vec<Object>) -> Objects {
    Objects {
        source: Arc::clone(&frame.source),
        seq: frame.seq,
        at: frame.at,
        size: [frame.width, frame.height],
        file: frame.file.clone(),
        frame: Some(Arc::new(frame)),
        complete: true,
        found: found.into(),
        model: "test".into(),
        provider: "cpu".into(),
        areas: Arc::default(),
    }
}

/// A frame of 20 by 10 at so many tenths of a second, with what was found in it.
fn at(tenths: u64, found: Vec<Object>) -> Packet {
    let frame = frame(20, 10, tenths, tenths as f64 / 10.0);
    Arc::new(objects(frame, found)).into()
}

fn redacted(options: &str, packets: Vec<Packet>) -> Vec<Arc<Frame>> {
    let made = drive(&ty(), options, packets).expect("it runs");
    let mut frames = Vec::new();
    for packet in made {
        match packet {
            Packet::Frame(frame) => frames.push(frame),
            // Each comes with the frame before it.
            Packet::Objects(objects) => {
                let covered = objects.frame.as_ref().expect("it has one");
                assert!(Arc::ptr_eq(covered, &frames[frames.len() - 1]));
            }
            other => panic!("{}", other.kind()),
        }
    }
    frames
}

/// The box that is covered, `[x, y, width, height]`, of which everything is.
fn hole(frame: &Frame) -> Option<[u32; 4]> {
    let covered = |it: &u32| frame.pixels[*it as usize * 3..][..3] != GREY;
    let places: Vec<u32> = (0..frame.width * frame.height).filter(covered).collect();
    let column = |it: &u32| it % frame.width;
    let (left, right) = (
        places.iter().map(column).min()?,
        places.iter().map(column).max()?,
    );
    let (top, bottom) = (
        places[0] / frame.width,
        places[places.len() - 1] / frame.width,
    );
    let hole = [left, top, right - left + 1, bottom - top + 1];
    assert_eq!(places.len() as u32, hole[2] * hole[3], "{hole:?} has gaps");
    Some(hole)
}

#[test]
fn what_was_found_is_covered_with_its_margin_and_the_rest_is_as_it_was() {
    let found = at(3, vec![object("face", [5.0, 3.0, 5.0, 5.0])]);
    let Packet::Objects(given) = &found else {
        unreachable!()
    };
    let before = Arc::clone(given.frame.as_ref().expect("it has one"));
    let made = redacted("", vec![found]);
    let [frame] = &made[..] else {
        panic!("{made:?}")
    };
    assert_eq!(hole(frame), Some([3, 1, 9, 9]));
    assert_eq!((&*frame.source, frame.seq, frame.at), ("cam", 3, before.at));
    assert_eq!(frame.file.as_deref(), Some("a.png"));
    assert_eq!(
        hole(&before),
        None,
        "the picture that came in is nobody's to change"
    );
    let none = redacted(
        "margin = 0.0\nlabels = ['face']",
        vec![at(0, vec![object("cat", [5.0, 3.0, 5.0, 5.0])])],
    );
    assert_eq!(hole(&none[0]), None);
    let unknown = redacted(
        "",
        vec![at(0, vec![object("face", [f32::NAN, 3.0, 5.0, 5.0])])],
    );
    assert_eq!(
        hole(&unknown[0]),
        Some([0, 0, 20, 10]),
        "it may be anywhere"
    );
}

#[test]
fn a_face_that_is_missed_stays_covered_for_a_while() {
    let face = || vec![object("face", [6.0, 4.0, 4.0, 4.0])];
    let packets = vec![
        at(0, vec![]),
        at(1, face()),
        at(2, vec![]),
        at(6, vec![]),
        at(7, vec![]),
    ];
    let made = redacted("margin = 0.0", packets);
    let holes: Vec<_> = made.iter().map(|it| hole(it)).collect();
    let (seen, soon, late) = ([6, 4, 4, 4], [5, 3, 6, 6], [5, 3, 6, 6]);
    assert_eq!(holes, [None, Some(seen), Some(soon), Some(late), None]);
    let none = redacted(
        "margin = 0.0\nhold_ms = 0",
        vec![at(1, face()), at(2, vec![])],
    );
    assert_eq!(hole(&none[1]), None);
}

#[test]
fn what_was_covered_is_still_known_when_the_node_was_opened_anew() {
    let (configured, context) = (
        configure(&ty(), "margin = 0.0").expect("it is right"),
        context(),
    );
    let last = |packet| {
        let mut node: Box<dyn Running> = (configured.open)(&context).expect("it opens");
        let mut made = Vec::new();
        let mut sink = |packet| made.push(packet);
        node.step(Some(packet), &mut Emit::new(&context, &mut sink))
            .expect("it works");
        match made.into_iter().next() {
            Some(Packet::Frame(frame)) => hole(&frame),
            other => panic!("{other:?}"),
        }
    };
    assert!(last(at(0, vec![object("face", [6.0, 4.0, 4.0, 4.0])])).is_some());
    assert!(last(at(1, vec![])).is_some());
}

#[test]
fn masks_are_covered_whatever_is_found() {
    let left = "masks = [[[0.0, 0.0], [0.25, 0.0], [0.25, 1.0], [0.0, 1.0]]]\nmethod = 'blur'";
    let made = redacted(left, vec![at(0, vec![]), at(1, vec![])]);
    assert!(made.iter().all(|it| hole(it) == Some([0, 0, 5, 10])));
    let wrong = |options: &str| configure(&ty(), options).err().expect("it is wrong");
    assert!(wrong("masks = [[[0.0, 0.0], [1.5, 0.0], [0.0, 1.0]]]").contains("[1.5, 0.0]"));
    assert!(wrong("method = 'smudge'").contains("blank"));
}

#[test]
fn of_what_no_detector_has_seen_no_picture_comes_out() {
    let refused = |change: &dyn Fn(&mut Objects)| {
        let mut given = objects(frame(20, 10, 0, 0.0), vec![]);
        change(&mut given);
        let error = drive(&ty(), "", [Packet::from(Arc::new(given))]).err();
        error.expect("nothing comes out").to_string()
    };
    assert!(refused(&|it| it.complete = false).contains("not all of the picture was looked at"));
    assert!(refused(&|it| *it = it.without_frame()).contains("without their picture"));
    let lanes: Vec<_> = ty().accepts.iter().map(|it| it.name).collect();
    assert_eq!(
        lanes,
        ["objects", "track"],
        "a frame by itself is never taken"
    );
}

#[test]
fn what_it_makes_leads_to_no_picture_that_is_not_covered() {
    let whole = Arc::new(frame(20, 10, 0, 0.0));
    let mut part = frame(20, 10, 0, 0.0);
    part.part = Some(Part {
        of: Arc::clone(&whole),
        at: [0, 0],
    });
    let mut face = object("face", [6.0, 4.0, 4.0, 4.0]);
    face.more = Some(Box::new(More {
        track: Some(4),
        ..More::default()
    }));
    let more = face.more.as_mut().expect("it was just made");
    more.vector = Some([0.5, 0.5].into());
    let given = Arc::new(objects(part, vec![face]));
    let made = redacted("", vec![Arc::clone(&given).into()]);
    assert!(made[0].part.is_none() && hole(&made[0]).is_some());
    let made = drive(&ty(), "", [given.into()]).expect("it runs");
    let [_, Packet::Objects(objects)] = &made[..] else {
        panic!("{made:?}")
    };
    let more = objects.found[0]
        .more
        .as_ref()
        .expect("it is still followed");
    assert_eq!(
        (more.track, &more.vector),
        (Some(4), &None),
        "nobody is known again by it"
    );
}

#[test]
fn who_has_come_and_left_is_passed_on() {
    let track = Track {
        phase: Step::End,
        id: 4,
        label: "person".into(),
        score: 0.9,
        bounds: [0.0; 4],
        start: 1.0,
        end: 2.0,
        frames: 2,
        best: None,
    };
    let event = context().event(&"cam".into(), Time::from_secs_f64(2.0), None, track);
    let made = drive(&ty(), "", [event.into()]).expect("it runs");
    assert!(
        matches!(&made[..], [Packet::Event(it)] if it.sentence().to_string().contains("has left"))
    );
}

/// Ten faces in 1080p: the buffer is taken back each time. Also prints what a frame costs, which is the goal in a release build:
/// at most 2 ms.
#[test]
fn room_for_frames_is_made_but_once() {
    let face = |it: u16| object("face", [f32::from(it) * 180.0 + 20.0, 400.0, 120.0, 160.0]);
    let given = Arc::new(objects(
        frame(1920, 1080, 0, 0.0),
        (0..10).map(face).collect(),
    ));
    for method in ["blank", "pixelate", "blur"] {
        let options = format!("method = '{method}'");
        let (configured, context) = (configure(&ty(), &options).expect("it is right"), context());
        let mut node = (configured.open)(&context).expect("it opens");
        let mut places = std::collections::HashSet::new();
        let mut sink = |packet| match packet {
            Packet::Frame(frame) => drop(places.insert(frame.pixels.as_ptr())),
            Packet::Objects(_) => {}
            other => panic!("{}", other.kind()),
        };
        let mut took = Vec::new();
        for _ in 0..25 {
            let packet = Packet::Objects(Arc::clone(&given));
            let begun = std::time::Instant::now();
            node.step(Some(packet), &mut Emit::new(&context, &mut sink))
                .expect("it works");
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        println!("{method}: {:?} a frame", took[12]);
        assert_eq!(places.len(), 1);
    }
}

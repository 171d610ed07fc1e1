//! Events while others hold, whatever the order in which both are told.

use std::sync::Arc;

use super::*;
use crate::media::events::{Gap, Step, Track};
use crate::media::objects::{Object, Objects};
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::transform;
use crate::pipeline::contract::testing::{configure, context, drive};

fn lost(start: f64, end: f64) -> Packet {
    let [start, end] = [start, end].map(Time::from_secs_f64);
    let gap = Gap::new(start, end, "test");
    context().event(&"mic".into(), start, None, gap).into()
}

/// So many people at this second.
fn seen(at: f64, people: usize) -> Packet {
    let person = Object {
        label: "person".into(),
        score: 0.9,
        bounds: [0.0, 0.0, 9.0, 9.0],
        more: None,
    };
    Packet::from(Arc::new(Objects {
        source: "cam".into(),
        seq: 0,
        at: Time::from_secs_f64(at),
        size: [100, 100],
        file: None,
        frame: None,
        complete: true,
        found: vec![person; people].into(),
        model: "test".into(),
        provider: "cpu".into(),
        areas: Arc::default(),
    }))
}

fn visit(phase: Step, start: f64, end: f64) -> Packet {
    let track = Track {
        phase,
        id: 7,
        label: "person".into(),
        score: 0.9,
        bounds: [0.0; 4],
        start,
        end,
        frames: 9,
        best: None,
    };
    let at = if phase == Step::Start { start } else { end };
    let at = Time::from_secs_f64(at);
    context().event(&"cam".into(), at, None, track).into()
}

/// When what was passed on began.
fn passed(options: &str, packets: Vec<Packet>) -> Vec<f64> {
    let made = drive(&transform::<During>(), options, packets).expect("it runs");
    made.iter().map(|it| it.at().as_secs_f64()).collect()
}

#[test]
fn events_pass_while_two_are_in_view() {
    let options = "pass = \"kind == 'gap'\"\nwhen = \"size(objects) >= 2\"\nwithin_s = 1";
    let frames =
        |people: fn(u32) -> usize| (0..60).map(move |it| seen(f64::from(it) / 2.0, people(it)));
    // Two from second 5 to 10 and from 20 to 25.
    let people: fn(u32) -> usize = |it| {
        if matches!(it, 10..=20 | 40..=50) {
            2
        } else {
            1
        }
    };
    let gaps = [
        lost(1.0, 3.5),
        lost(2.0, 4.5),
        lost(6.0, 8.0),
        lost(10.8, 14.0),
        lost(12.0, 18.0),
        lost(15.0, 27.0),
    ];
    let expected = vec![2.0, 6.0, 10.8, 15.0];
    let late: Vec<Packet> = frames(people).chain(gaps.clone()).collect();
    assert_eq!(passed(options, late), expected);
    let early: Vec<Packet> = gaps.into_iter().chain(frames(people)).collect();
    assert_eq!(passed(options, early), expected);
    assert_eq!(passed(options, frames(people).collect()), [0.0; 0]);
}

#[test]
fn what_begins_and_is_not_over_holds() {
    let options = "pass = \"kind == 'gap'\"\nwhen = \"kind == 'track'\"\nwithin_s = 0";
    let gaps = || [lost(1.0, 2.0), lost(4.0, 5.0), lost(30.0, 31.0)];
    let begun = [visit(Step::Start, 3.0, 3.0)];
    let over = [visit(Step::Start, 3.0, 3.0), visit(Step::End, 3.0, 9.0)];
    assert_eq!(
        passed(options, begun.into_iter().chain(gaps()).collect()),
        [4.0, 30.0]
    );
    assert_eq!(
        passed(options, over.into_iter().chain(gaps()).collect()),
        [4.0]
    );
}

#[test]
fn mistakes_are_named() {
    for (options, said) in [
        ("pass = 'kind =='\nwhen = 'true'", "it ends too early"),
        ("pass = 'true'\nwhen = 'knd == 1'", "`knd`"),
    ] {
        let error = configure(&transform::<During>(), options)
            .err()
            .expect("it is wrong");
        assert!(error.contains(said), "{error}");
    }
}

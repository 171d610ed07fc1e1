//! What is told of what a model finds.

use std::sync::Arc;

use super::{Chance, told};
use crate::media::clock::Time;
use crate::media::events::Condition;
use crate::media::events::Condition::{Fewer, More, Unsure};
use crate::media::objects::{Object, Objects};
use crate::media::packet::Packet;

const DAY: u64 = 24 * 3_600;

/// What a model finds in a shop at a second: more by day, little on Sundays, with this score on average.
fn found(second: u64, often: f32, score: f32, chance: &mut Chance) -> Packet {
    let (day, hour) = (second / DAY, second % DAY / 3_600);
    let is_open = (8..20).contains(&hour);
    let people = if is_open { 1.5 } else { 0.05 };
    let people = if day % 7 == 6 { people * 0.3 } else { people };
    // The same all hour, by chance.
    let today = 0.7 + 0.6 * Chance(second / 3_600).part();
    let count = (people * today * often + chance.part()) as usize;
    let object = |_| Object {
        label: Arc::from("person"),
        score: (score + chance.around(0.1)).clamp(0.3, 1.0),
        bounds: [0.0, 0.0, 10.0, 20.0],
        more: None,
    };
    let objects = Objects {
        source: "shop".into(),
        seq: second,
        at: Time::from_secs_f64(second as f64),
        size: [640, 480],
        file: None,
        frame: None,
        complete: true,
        found: (0..count).map(object).collect(),
        model: "yolox-nano@695e750a5d57".into(),
        provider: "cpu".into(),
        areas: Arc::default(),
    };
    Arc::new(objects).into()
}

/// What is told of three weeks, of which the last four days are like this.
fn weeks(often: f32, score: f32) -> Vec<(Condition, bool, u64)> {
    let mut chance = Chance(5);
    let packets = (0..21 * DAY).step_by(60).map(|second| match second / DAY {
        0..17 => found(second, 1.0, 0.8, &mut chance),
        _ => found(second, often, score, &mut chance),
    });
    told("", packets)
}

#[test]
fn a_model_that_finds_less_more_or_is_less_sure_is_told_and_weekends_are_not() {
    assert_eq!(weeks(1.0, 0.8), []);
    for (often, score, expected) in [(0.0, 0.8, Fewer), (4.0, 0.8, More), (1.0, 0.6, Unsure)] {
        let told = weeks(often, score);
        let first = told.first().expect("it is told");
        let opens = 17 * DAY + 8 * 3_600;
        assert_eq!((first.0, first.1), (expected, true), "{told:?}");
        assert!((17 * DAY..opens + 6 * 3_600).contains(&first.2), "{told:?}");
        assert!(told.iter().all(|it| it.0 == expected), "{told:?}");
    }
}

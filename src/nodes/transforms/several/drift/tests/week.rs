//! A week of a street with days, nights, weather and traffic, as it is measured: whatever belongs to it is no alarm, and what does not
//! is one.

use std::time::Duration;

use super::Chance;
use crate::media::clock::Time;
use crate::media::events::Condition;
use crate::nodes::transforms::several::drift::picture::Picture;
use crate::nodes::transforms::several::drift::sampler::Seen;
use crate::nodes::transforms::several::drift::scene::{COLUMNS, ROWS, of};

const HOUR: u64 = 3_600;
/// Seconds between two looks.
const STEP: u64 = 20;
const AFTER: Duration = Duration::from_secs(40);

/// A street whose cells are lit by the sun, by lamps or by the camera itself.
struct Street {
    walls: Vec<f32>,
    /// What the sun lights in the morning and in the evening.
    sides: [Vec<f32>; 2],
    by_infrared: Vec<f32>,
    other: Vec<f32>,
    chance: Chance,
    cells: Vec<f32>,
}

impl Street {
    fn new() -> Street {
        let mut chance = Chance(7);
        let mut cells = || (0..COLUMNS * ROWS).map(|_| chance.part()).collect();
        Street {
            walls: cells(),
            sides: [cells(), cells()],
            by_infrared: cells(),
            other: cells(),
            chance: Chance(9),
            cells: Vec::new(),
        }
    }

    /// What is measured at a second of the run, which begins at midnight.
    fn seen(&mut self, second: u64) -> Seen {
        let hour = (second % (24 * HOUR)) as f32 / HOUR as f32;
        let day = second / (24 * HOUR);
        let sun = ((hour - 6.0) / 12.0 * std::f32::consts::PI).sin();
        let is_infrared = sun < -0.05;
        let clouds = 0.7 + 0.3 * (second as f32 / 700.0).sin();
        let light = if is_infrared {
            0.5
        } else {
            (sun + 0.1) * clouds
        };
        // Some minutes of fog in one morning, rain in one afternoon, a lamp from 20 to 22.
        let fog = if day == 2 && (7.0..8.0).contains(&hour) {
            0.5
        } else {
            1.0
        };
        let rain = if day == 3 && hour > 14.0 && hour < 17.0 {
            8.0
        } else {
            0.0
        };
        let noise = 1.0 + rain + (1.0 - light).max(0.0) * 3.0;
        let chance = &mut self.chance;
        let side = [1.0 - hour / 24.0, hour / 24.0];
        // One in fifty looks sees a truck close by.
        let truck = usize::from(chance.next().is_multiple_of(50)) * COLUMNS * ROWS * 3 / 4;
        let of_cell = |at: usize| {
            let (walls, [morning, evening]) = (&self.walls, &self.sides);
            let lit = walls[at] + 0.5 * (side[0] * morning[at] + side[1] * evening[at]);
            match is_infrared {
                _ if at < truck => 90.0,
                true => 50.0 + 60.0 * (0.5 * walls[at] + 0.7 * self.by_infrared[at]),
                false => 20.0 + 160.0 * light * fog * lit,
            }
        };
        self.cells = (0..COLUMNS * ROWS)
            .map(|at| of_cell(at) + chance.around(noise / 9.0))
            .collect();
        let mut seen = Seen {
            at: Time::from_secs_f64(second as f64),
            chroma: if is_infrared { 0.4 } else { 12.0 },
            ..Seen::default()
        };
        self.measure(&mut seen, 0.3 * fog * (1.0 - rain / 40.0));
        seen
    }

    /// The same where nothing of it is seen but this.
    fn other(&mut self, second: u64, cell: impl Fn(f32) -> f32, detail: f32) -> Seen {
        let mut seen = self.seen(second);
        self.cells = self.other.iter().map(|it| cell(*it)).collect();
        self.measure(&mut seen, detail);
        seen
    }

    fn measure(&mut self, seen: &mut Seen, detail: f32) {
        let count = self.cells.len() as f32;
        seen.luma = self.cells.iter().sum::<f32>() / count;
        let off = self.cells.iter().map(|it| (it - seen.luma).powi(2));
        seen.contrast = (off.sum::<f32>() / count).sqrt();
        seen.detail = seen.contrast * detail;
        of(&self.cells, &mut seen.scene);
    }
}

#[test]
fn a_week_has_no_false_alarm_and_each_attack_is_found() {
    let (mut street, mut picture) = (Street::new(), Picture::default());
    let mut told = Vec::new();
    for second in (0..7 * 24 * HOUR).step_by(STEP as usize) {
        let seen = street.seen(second);
        told.extend(
            picture
                .look(&seen, AFTER)
                .into_iter()
                .map(|it| (second, it)),
        );
    }
    let alarms: Vec<_> = told.iter().filter(|it| it.1.condition.is_alarm()).collect();
    assert!(alarms.is_empty(), "{told:?}");
    let count = |condition| {
        told.iter()
            .filter(|it| it.1.condition == condition && it.1.active)
            .count()
    };
    assert!((6..=7).contains(&count(Condition::Infrared)), "{told:?}");
    for (hour, cell, detail, expected) in [
        (3, (|_| 4.0) as fn(f32) -> f32, 0.0, Condition::Covered),
        (9, |it| 60.0 + it, 0.1, Condition::Covered),
        (10, |it| 40.0 + it * 160.0, 0.3, Condition::Turned),
        (23, |it| 40.0 + it * 80.0, 0.3, Condition::Turned),
    ] {
        let start = (7 * 24 + hour) * HOUR;
        for second in (start - HOUR..start).step_by(STEP as usize) {
            assert!(
                picture
                    .look(&street.seen(second), AFTER)
                    .iter()
                    .all(|it| !it.active || !it.condition.is_alarm())
            );
        }
        let mut found = Vec::new();
        for second in (start..=start + 60).step_by(STEP as usize) {
            let seen = street.other(second, cell, detail);
            found.extend(
                picture
                    .look(&seen, AFTER)
                    .into_iter()
                    .map(|it| it.condition),
            );
        }
        assert_eq!(found, [expected], "at {hour}");
    }
}

//! What a scene looks like when nothing moves, and how much of a frame differs from it.

use std::time::Duration;

use crate::media::clock::Time;

/// The scene is learnt in about this time: what stands still for so long belongs to it.
const MEMORY: Duration = Duration::from_millis(2_500);
/// So much of a picture does not move at once: the light has changed.
const LIGHT: f32 = 0.7;
/// Cells differ by chance in proportion to the noise of the camera; this many times the usual is no chance.
const BEYOND_NOISE: f32 = 4.0;
/// Values of a difference of two brightnesses.
const DIFFERENCES: usize = 511;

/// A scene as it has been lately, in cells of brightness.
#[derive(Default)]
pub struct Background {
    cells: Vec<f32>,
    /// By how much the latest frame differs.
    differences: Vec<f32>,
    moved: Vec<bool>,
    seen: Option<Time>,
}

impl Background {
    /// Knows nothing any more.
    pub fn forget(&mut self) {
        self.seen = None;
    }

    /// Compares a frame with the scene and learns from it; gives the part of the picture that moved, 0 to
    /// 1, none for the first frame. `columns` cells make a row.
    pub fn compare(&mut self, cells: &[i16], columns: usize, at: Time, least: f32) -> Option<f32> {
        let Some(seen) = self.seen.replace(at) else {
            self.learn_all(cells);
            return None;
        };
        // When it gets darker, all cells do: what is left of the difference is not of the light.
        let difference = |(now, then): (&i16, &f32)| f32::from(*now) - then;
        self.differences.clear();
        self.differences
            .extend(cells.iter().zip(&self.cells).map(difference));
        let (light, noise) = self.usual();
        let least = least.max(noise * BEYOND_NOISE);
        let differs = |it: &f32| (it - light).abs() > least;
        self.moved.clear();
        self.moved.extend(self.differences.iter().map(differs));
        let area = self.area(columns);
        if area > LIGHT {
            self.learn_all(cells);
            return Some(0.0);
        }
        let share = 1.0 - (-at.since(seen).as_secs_f32() / MEMORY.as_secs_f32()).exp();
        for (then, difference) in self.cells.iter_mut().zip(&self.differences) {
            *then += difference * share;
        }
        Some(area)
    }

    fn learn_all(&mut self, cells: &[i16]) {
        self.cells.clear();
        self.cells.extend(cells.iter().map(|it| f32::from(*it)));
    }

    /// The median difference, and the median distance from that.
    fn usual(&self) -> (f32, f32) {
        let mut counts = [0u32; DIFFERENCES];
        for difference in &self.differences {
            // To the nearest: what is cut is above zero.
            counts[(difference + 255.5).clamp(0.0, 510.0) as usize] += 1;
        }
        let half = self.differences.len() as u32 / 2;
        let middle = median(counts.iter().copied(), half);
        let distance = |it: usize| {
            let below = middle.checked_sub(it).map_or(0, |at| counts[at]);
            let above = counts.get(middle + it).copied().unwrap_or(0);
            if it == 0 { above } else { below + above }
        };
        let noise = median((0..DIFFERENCES).map(distance), half);
        (middle as f32 - 255.0, noise as f32)
    }

    /// Cells that moved with at least two of their neighbours: what a single one does is chance.
    fn area(&self, columns: usize) -> f32 {
        let moved = |at: usize| self.moved.get(at).copied().unwrap_or(false);
        let beside = |at: usize| {
            let column = at % columns;
            let neighbours = [
                column > 0 && moved(at - 1),
                column + 1 < columns && moved(at + 1),
                at >= columns && moved(at - columns),
                moved(at + columns),
            ];
            neighbours.iter().filter(|it| **it).count()
        };
        let moving = self.moved.iter().enumerate().filter(|it| *it.1);
        let counted = moving.filter(|it| beside(it.0) >= 2);
        counted.count() as f32 / self.moved.len().max(1) as f32
    }
}

/// The first place at which more than `half` have been counted.
fn median(counts: impl Iterator<Item = u32>, half: u32) -> usize {
    let mut sum = 0;
    for (at, count) in counts.enumerate() {
        sum += count;
        if sum > half {
            return at;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: usize = 40;

    /// A picture of stripes, `light` brighter than usual, with a spot of four by four cells.
    fn picture(light: i16, spot: Option<usize>) -> Vec<i16> {
        let stripes = (0..COLUMNS * 30).map(|at| 60 + (at % 7) as i16 * 10 + light);
        let mut cells: Vec<i16> = stripes.collect();
        if let Some(left) = spot {
            for row in 10..14 {
                cells[row * COLUMNS + left..row * COLUMNS + left + 4].fill(220);
            }
        }
        cells
    }

    fn areas(pictures: &[Vec<i16>]) -> Vec<Option<f32>> {
        let mut background = Background::default();
        let compare = |(at, cells): (usize, &Vec<i16>)| {
            let at = Time::from_secs_f64(at as f64 * 0.2);
            background.compare(cells, COLUMNS, at, 14.0)
        };
        pictures.iter().enumerate().map(compare).collect()
    }

    #[test]
    fn a_spot_moves_and_light_does_not() {
        let pictures = [
            picture(0, None),
            picture(0, Some(5)),
            picture(30, None),
            picture(-20, None),
            picture(60, Some(20)),
        ];
        let areas = areas(&pictures);
        assert_eq!(areas[0], None);
        assert!(areas[1] > Some(0.01) && areas[4] > Some(0.01), "{areas:?}");
        assert_eq!((areas[2], areas[3]), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn what_stands_still_becomes_part_of_the_scene() {
        let mut pictures = vec![picture(0, None)];
        pictures.resize(100, picture(0, Some(5)));
        let areas = areas(&pictures);
        assert!(areas[1] > Some(0.0) && areas[99] == Some(0.0));
    }
}

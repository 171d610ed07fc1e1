//! Scenes that a camera has shown, as far as they can be compared whatever the light.

use std::time::Duration;

use crate::media::clock::Time;

/// Cells in a row.
pub const COLUMNS: usize = 32;
/// Rows of cells.
pub const ROWS: usize = 24;
/// A cell is compared with those around it, so many in each direction.
const AROUND: usize = 2;
/// Differences up to so many steps of brightness are noise.
const NOISE: f32 = 1.0;
/// Mean square of a scene in which there is something to be seen.
const SOMETHING: f32 = 0.1;
/// So many scenes are remembered: by day, at night, and where a camera was turned to since.
const MOST_VIEWS: usize = 6;
/// A scene is learnt in about this time.
const MEMORY: Duration = Duration::from_secs(600);
/// Scenes that are less alike than this are not the same.
pub const ALIKE: f32 = 0.3;

/// What of a picture does not change with the light: by how much each cell is brighter than those around it. Roots let a
/// lamp count less.
pub fn of(cells: &[f32], into: &mut Vec<f32>) {
    into.clear();
    let mut columns = [0.0; COLUMNS];
    for row in 0..ROWS {
        let rows = row.saturating_sub(AROUND)..(row + AROUND + 1).min(ROWS);
        columns.fill(0.0);
        for row in cells.chunks_exact(COLUMNS).take(rows.end).skip(rows.start) {
            columns.iter_mut().zip(row).for_each(|(sum, it)| *sum += it);
        }
        for column in 0..COLUMNS {
            let around = column.saturating_sub(AROUND)..(column + AROUND + 1).min(COLUMNS);
            let count = rows.len() * around.len();
            let mean = columns[around].iter().sum::<f32>() / count as f32;
            let off = cells[row * COLUMNS + column] - mean;
            into.push((off.abs() - NOISE).max(0.0).sqrt().copysign(off));
        }
    }
}

/// Whether there is something to be seen in it.
pub fn shows_something(scene: &[f32]) -> bool {
    let squares = scene.iter().map(|it| it * it).sum::<f32>();
    squares > SOMETHING * scene.len() as f32
}

/// How much two scenes are alike: 1 the same, 0 nothing in common.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let (mut both, mut of_a, mut of_b) = (0.0f32, 0.0f32, 0.0f32);
    for (a, b) in a.iter().zip(b) {
        both += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    both / (of_a * of_b).sqrt().max(f32::MIN_POSITIVE)
}

/// A scene that was learnt.
struct View {
    is_grey: bool,
    scene: Vec<f32>,
    looks: f32,
    seen: Time,
}

/// Scenes that are known of a camera.
#[derive(Default)]
pub struct Views(Vec<View>);

impl Views {
    /// How much a scene is like the one that it is most alike.
    pub fn likeness(&self, scene: &[f32]) -> f32 {
        let all = self.0.iter().map(|it| likeness(&it.scene, scene));
        all.fold(0.0, f32::max)
    }

    /// Whether a scene with colours, or without, is known.
    pub fn has(&self, is_grey: bool) -> bool {
        self.0.iter().any(|it| it.is_grey == is_grey)
    }

    /// Learns a scene that was seen for so long: as part of one that is known, or as another one.
    pub fn learn(&mut self, scene: &[f32], is_grey: bool, at: Time, passed: Duration) {
        let same_light = self.0.iter_mut().filter(|it| it.is_grey == is_grey);
        let alike = same_light.map(|it| (likeness(&it.scene, scene), it));
        let best = alike.max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, view)) = best.filter(|it| it.0 >= ALIKE) else {
            return self.add(scene, is_grey, at);
        };
        view.seen = at;
        view.looks += 1.0;
        let share = passed.as_secs_f32() / MEMORY.as_secs_f32();
        let share = share.max(1.0 / view.looks).min(1.0);
        for (known, now) in view.scene.iter_mut().zip(scene) {
            *known += (now - *known) * share;
        }
    }

    fn add(&mut self, scene: &[f32], is_grey: bool, at: Time) {
        if self.0.len() >= MOST_VIEWS {
            let oldest = (0..self.0.len()).min_by_key(|it| self.0[*it].seen);
            self.0.swap_remove(oldest.unwrap_or_default());
        }
        self.0.push(View {
            is_grey,
            scene: scene.to_vec(),
            looks: 1.0,
            seen: at,
        });
    }
}

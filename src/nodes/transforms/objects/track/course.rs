//! Where a box will be: a Kalman filter of constant speed for its centre and its size, in seconds and not in frames.
//!
//! The noise is that of ByteTrack (Zhang et al., 2022), which gives it a frame at thirty a second: of position 1/20 and of
//! speed 1/160 of the height.

use std::time::Duration;

/// Standard deviation of what is measured, as a share of the height.
const MEASURED: f32 = 0.05;
/// Variance that a second adds, as a share of the height squared: to the place, and to the speed in heights a second.
const DRIFT: f32 = 30.0 * 0.05 * 0.05;
const SWAY: f32 = 30.0 * (30.0 / 160.0) * (30.0 / 160.0);
/// Standard deviation of the speed that is not known yet, in heights a second.
const UNKNOWN: f32 = 10.0 * 30.0 / 160.0;

/// One number that changes steadily.
#[derive(Clone, Copy, Debug)]
struct Line {
    place: f32,
    speed: f32,
    /// Variances of both, and what they have in common.
    of_place: f32,
    of_both: f32,
    of_speed: f32,
}

impl Line {
    fn new(place: f32, height: f32) -> Line {
        Line {
            place,
            speed: 0.0,
            of_place: (2.0 * MEASURED * height).powi(2),
            of_both: 0.0,
            of_speed: (UNKNOWN * height).powi(2),
        }
    }

    fn go_on(&mut self, seconds: f32, height: f32) {
        self.place += self.speed * seconds;
        self.of_place += seconds * (2.0 * self.of_both + seconds * self.of_speed);
        self.of_place += DRIFT * height * height * seconds;
        self.of_both += seconds * self.of_speed;
        self.of_speed += SWAY * height * height * seconds;
    }

    fn correct(&mut self, place: f32, height: f32) {
        let sum = self.of_place + (MEASURED * height).powi(2);
        let (of_place, of_speed) = (self.of_place / sum, self.of_both / sum);
        let off = place - self.place;
        self.place += of_place * off;
        self.speed += of_speed * off;
        self.of_speed -= of_speed * self.of_both;
        self.of_both *= 1.0 - of_place;
        self.of_place *= 1.0 - of_place;
    }
}

/// Where a box goes.
#[derive(Clone, Debug)]
pub struct Course {
    /// Centre, width and height.
    lines: [Line; 4],
}

impl Course {
    /// It is here, `[x, y, width, height]` in pixels, and may go anywhere.
    pub fn new(bounds: [f32; 4]) -> Course {
        let height = bounds[3].max(1.0);
        Course {
            lines: middle(bounds).map(|it| Line::new(it, height)),
        }
    }

    /// So much later.
    pub fn go_on(&mut self, by: Duration) {
        let height = self.height();
        let seconds = by.as_secs_f32();
        self.lines
            .iter_mut()
            .for_each(|it| it.go_on(seconds, height));
    }

    /// It is seen here.
    pub fn correct(&mut self, bounds: [f32; 4]) {
        let height = self.height();
        for (line, place) in self.lines.iter_mut().zip(middle(bounds)) {
            line.correct(place, height);
        }
    }

    /// It is not seen: behind something it grows and shrinks no further.
    pub fn keep_size(&mut self) {
        self.lines[2].speed = 0.0;
        self.lines[3].speed = 0.0;
    }

    /// Where it must be: `[x, y, width, height]` in pixels.
    pub fn bounds(&self) -> [f32; 4] {
        let [x, y, width, height] = self.lines.map(|it| it.place);
        let (width, height) = (width.max(1.0), height.max(1.0));
        [x - width / 2.0, y - height / 2.0, width, height]
    }

    fn height(&self) -> f32 {
        self.lines[3].place.max(1.0)
    }
}

fn middle([x, y, width, height]: [f32; 4]) -> [f32; 4] {
    [x + width / 2.0, y + height / 2.0, width, height]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_walks_is_found_further_on_whatever_the_rate() {
        for rate in [2.0f32, 5.0, 25.0] {
            let step = Duration::from_secs_f32(1.0 / rate);
            let at = |seconds: f32| [100.0 + 80.0 * seconds, 50.0, 40.0, 120.0];
            let mut course = Course::new(at(0.0));
            for frame in 1..(4.0 * rate) as u32 {
                course.go_on(step);
                course.correct(at(frame as f32 / rate));
            }
            // It is hidden for a second.
            course.go_on(Duration::from_secs(1));
            let last = ((4.0 * rate) as u32 - 1) as f32 / rate;
            let off = course.bounds()[0] - at(last + 1.0)[0];
            assert!(off.abs() < 8.0, "{off} px at {rate} frames a second");
        }
    }
}

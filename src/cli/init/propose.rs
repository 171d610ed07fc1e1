//! Which models this machine carries at the wanted rate: measured, not guessed.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::cli::patience::within;
use crate::inference::sight::detector::{Options, Rules};
use crate::inference::sight::finder::Finder;
use crate::inference::store::{self, manifest};
use crate::media::frame::{Frame, PixelFormat};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{self, Error};
use crate::pipeline::contract::runtime_options::Runtime;

/// Pictures a second of each camera: people are in view for seconds.
const WANTED_FPS: f64 = 5.0;
/// A camera that is looked at more seldom misses whoever passes by.
const LEAST_FPS: f64 = 0.2;
/// So much of the machine may be taken; the rest is for decoding and for what else it does.
const SHARE: f64 = 0.5;
/// A model is measured by so many pictures, after the first.
const LOOKS: u32 = 5;
/// Loading a model and looking at these.
const PATIENCE: Duration = Duration::from_secs(60);

/// A model that finds things.
pub struct Eyes {
    /// Its name in the manifest.
    pub model: &'static str,
    /// What it is asked for; all that it knows if empty.
    pub labels: &'static [&'static str],
    /// Below which score nothing is told, if its own default does not fit.
    pub score: Option<f64>,
}

/// Models for people, the best first; the last is part of the program.
pub const PEOPLE: [Eyes; 2] = [
    Eyes {
        model: "yolox-nano",
        labels: &["person"],
        score: None,
    },
    Eyes {
        model: "otus-person",
        labels: &[],
        score: None,
    },
];

/// Models for people, vehicles and animals; the last is fetched where none is here.
pub const OBJECTS: [Eyes; 2] = [
    Eyes {
        model: "yolox-nano",
        labels: &[
            "person",
            "bicycle",
            "car",
            "motorcycle",
            "bus",
            "truck",
            "cat",
            "dog",
        ],
        score: None,
    },
    Eyes {
        model: "ssd-mobilenet-oid",
        labels: &[
            "Person",
            "Bicycle",
            "Car",
            "Motorcycle",
            "Bus",
            "Truck",
            "Cat",
            "Dog",
        ],
        score: Some(0.25),
    },
];

/// A model, and how it is used here.
pub struct Chosen {
    /// The model.
    pub eyes: &'static Eyes,
    /// How long it takes for a picture, on one core; or why that is not known.
    pub takes: Result<Duration, String>,
    /// Pictures a second of each camera.
    pub fps: f64,
    /// Nodes' threads that look.
    pub workers: usize,
}

/// The best model that is here and looks at `cameras` cameras often enough, else the fastest, less often. Where none can
/// be tried, the last.
pub fn eyes(of: &'static [Eyes], cameras: usize, size: (u32, u32)) -> Chosen {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut best: Option<(Duration, Chosen)> = None;
    let mut trouble = "it is not here yet".to_owned();
    for eyes in of.iter().filter(|it| is_here(it.model)) {
        let model = eyes.model;
        let measured = within(PATIENCE, move || look(model, size));
        match measured.unwrap_or_else(|| Err(Error::fatal("it hangs"))) {
            Err(error) => trouble = error.to_string(),
            Ok(takes) => {
                let chosen = plan(eyes, takes, cameras, cores);
                if chosen.fps >= WANTED_FPS {
                    return chosen;
                }
                if best.as_ref().is_none_or(|it| takes < it.0) {
                    best = Some((takes, chosen));
                }
            }
        }
    }
    let unknown = || Chosen {
        eyes: &of[of.len() - 1],
        takes: Err(trouble),
        fps: WANTED_FPS,
        workers: 1,
    };
    best.map_or_else(unknown, |it| it.1)
}

/// Whether a model of the manifest is on this machine.
pub fn is_here(model: &str) -> bool {
    manifest::find(model).is_some_and(|it| store::local(it).is_some())
}

/// How often, and by how many threads, cameras can be looked at.
fn plan(eyes: &'static Eyes, takes: Duration, cameras: usize, cores: usize) -> Chosen {
    let seconds = takes.as_secs_f64().max(1e-6);
    let most = SHARE * cores as f64 / seconds / cameras.max(1) as f64;
    // As a person would write it.
    let fps = match most {
        it if it >= WANTED_FPS => WANTED_FPS,
        it if it >= 1.0 => it.floor(),
        it => ((10.0 * it).floor() / 10.0).max(LEAST_FPS),
    };
    let busy = fps * cameras as f64 * seconds / (2.0 * SHARE * 0.8);
    Chosen {
        eyes,
        takes: Ok(takes),
        fps,
        workers: (busy.ceil() as usize).clamp(1, cores),
    }
}

/// How long a model takes for a picture of this size; the median.
fn look(model: &str, (width, height): (u32, u32)) -> error::Result<Duration> {
    let context = Context::new("init", Path::new("."), Runtime::default());
    let rules = Rules {
        score: 0.4,
        overlap: 0.45,
    };
    let mut finder = Finder::open((model, None), &Options::default(), rules, &context)?;
    let mut frame = Frame::empty();
    fastrand::Rng::with_seed(1).fill(frame.reshape(width, height, PixelFormat::Rgb8));
    finder.find(&frame)?;
    let mut took = Vec::new();
    for _ in 0..LOOKS {
        let begun = Instant::now();
        finder.find(&frame)?;
        took.push(begun.elapsed());
    }
    took.sort();
    Ok(took[took.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(milliseconds: u64, cameras: usize, cores: usize, expect: (f64, usize)) {
        let chosen = plan(
            &PEOPLE[0],
            Duration::from_millis(milliseconds),
            cameras,
            cores,
        );
        assert_eq!((chosen.fps, chosen.workers), expect);
    }

    #[test]
    fn many_cameras_and_slow_machines_are_looked_at_less_often() {
        check(9, 1, 4, (5.0, 1));
        check(80, 1, 4, (5.0, 1));
        check(80, 8, 4, (3.0, 3));
        check(200, 40, 4, (0.2, 2));
        check(900, 1, 1, (0.5, 1));
    }
}

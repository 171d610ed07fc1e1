//! What is told of pictures.

use std::sync::Arc;

use super::{Chance, told};
use crate::media::clock::Time;
use crate::media::events::Condition;
use crate::media::events::Condition::{Blurred, Covered, Dark, Infrared, Turned};
use crate::media::frame::{Frame, PixelFormat};

const WIDTH: usize = 192;
const HEIGHT: usize = 144;

/// How a street looks at a second.
#[derive(Clone, Copy)]
struct Look {
    /// How far the camera is turned, in pixels.
    turned: usize,
    light: f32,
    noise: f32,
    has_colours: bool,
    /// Columns, from the left, that something plain stands before.
    hidden: usize,
    /// Brightness of what covers all, if something does.
    cover: Option<f32>,
    /// Each pixel is the mean of those up to so far away.
    blur: usize,
}

const DAY: Look = Look {
    turned: 0,
    light: 1.0,
    noise: 4.0,
    has_colours: true,
    hidden: 0,
    cover: None,
    blur: 0,
};

/// A street, wider than is seen of it.
struct Street {
    plain: Vec<f32>,
    chance: u32,
}

const LENGTH: usize = 640;

impl Street {
    /// Houses and windows.
    fn new() -> Street {
        let brightness = |at: usize| {
            let (x, y) = (at % LENGTH, at / LENGTH);
            let house = Chance(((x / 40) * 1_000 + y / 48) as u64 * 7_919).part() * 120.0 + 40.0;
            house + Chance(((x / 9) * 1_000 + y / 11) as u64 * 104_729).part() * 60.0
        };
        Street {
            plain: (0..LENGTH * HEIGHT).map(brightness).collect(),
            chance: 1,
        }
    }

    fn noise(&mut self, deviation: f32) -> f32 {
        self.chance = self
            .chance
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        ((self.chance >> 16) as f32 / 32_768.0 - 1.0) * deviation * 1.732
    }

    /// What is seen of it while somebody walks by.
    fn frame(&mut self, second: f32, look: Look) -> Frame {
        let walker = (second * 12.0) as usize % 400;
        let mut seen = vec![0.0; WIDTH * HEIGHT];
        for (at, luma) in seen.iter_mut().enumerate() {
            let (x, y) = (at % WIDTH, at / WIDTH);
            *luma = match look.cover {
                Some(cover) => cover,
                None if x < look.hidden => 90.0,
                None if x.abs_diff(walker) < 10 && y > 80 => 20.0,
                None => self.plain[y * LENGTH + x + look.turned] * look.light,
            };
        }
        if look.blur > 0 {
            blur(&mut seen, look.blur, 1, WIDTH);
            blur(&mut seen, look.blur, WIDTH, 1);
        }
        let mut frame = Frame::empty();
        frame.source = Arc::from("porch");
        frame.at = Time::from_secs_f64(f64::from(second));
        let tint = if look.has_colours { 1.2 } else { 1.0 };
        let pixels = frame.reshape(WIDTH as u32, HEIGHT as u32, PixelFormat::Rgb8);
        for (luma, pixel) in seen.iter().zip(pixels.chunks_exact_mut(3)) {
            let luma = luma + self.noise(look.noise);
            pixel.fill(luma as u8);
            pixel[0] = (luma * tint) as u8;
        }
        frame
    }
}

/// Makes each pixel the mean of those up to so far away, in lines whose pixels and starts are so far apart.
fn blur(seen: &mut [f32], width: usize, pixel: usize, line: usize) {
    let (count, length) = match pixel {
        1 => (HEIGHT, WIDTH),
        _ => (WIDTH, HEIGHT),
    };
    for start in (0..count).map(|it| it * line) {
        let before: Vec<f32> = (0..length).map(|it| seen[start + it * pixel]).collect();
        for at in 0..length {
            let around = &before[at.saturating_sub(width)..(at + width + 1).min(length)];
            seen[start + at * pixel] = around.iter().sum::<f32>() / around.len() as f32;
        }
    }
}

/// What is told of a street that looks like this, at so many looks, so many seconds apart.
fn watch(looks: u32, apart: f32, look: impl Fn(f32) -> Look) -> Vec<(Condition, bool, u64)> {
    let mut street = Street::new();
    let frames = (0..looks).map(|it| {
        let second = it as f32 * apart;
        Arc::new(street.frame(second, look(second))).into()
    });
    told("", frames)
}

/// What is told of something that begins after 80 seconds and is over after 160.
fn between(look: Look) -> Vec<(Condition, bool, u64)> {
    watch(190, 1.0, |second| match second {
        80.0..160.0 => look,
        _ => DAY,
    })
}

#[track_caller]
fn found(told: &[(Condition, bool, u64)], condition: Condition) {
    let [(begins, true, since), (ends, false, to)] = told[..] else {
        panic!("{told:?}");
    };
    assert_eq!((begins, ends), (condition, condition));
    assert!((120..140).contains(&since), "a minute is enough: {told:?}");
    assert!((165..185).contains(&to), "{told:?}");
}

#[test]
fn a_camera_that_is_covered_sprayed_or_turned_is_found_within_a_minute() {
    for luma in [3.0, 90.0, 250.0] {
        let cover = Some(luma);
        let has_colours = false;
        found(
            &between(Look {
                cover,
                has_colours,
                ..DAY
            }),
            Covered,
        );
    }
    found(&between(Look { blur: 6, ..DAY }), Blurred);
    for turned in [30, 400] {
        found(&between(Look { turned, ..DAY }), Turned);
    }
}

#[test]
fn light_people_noise_and_a_truck_are_nothing() {
    let lamp = |second: f32| Look {
        light: if second < 90.0 { 0.3 } else { 1.0 },
        noise: 8.0,
        ..DAY
    };
    assert_eq!(watch(150, 1.0, lamp), []);
    let truck = |second: f32| Look {
        hidden: if (90.0..110.0).contains(&second) {
            170
        } else {
            0
        },
        ..DAY
    };
    assert_eq!(watch(150, 1.0, truck), []);
    let dusk = |second: f32| Look {
        light: 1.0 - second / 240.0 * 0.95,
        noise: 4.0 + second / 60.0,
        ..DAY
    };
    assert_eq!(watch(240, 1.0, dusk), []);
}

#[test]
fn night_and_night_vision_are_told_and_are_no_alarm() {
    let night = watch(360, 5.0, |second| Look {
        light: (1.0 - second / 1_200.0).max(0.0),
        ..DAY
    });
    assert!(
        matches!(night[..], [(Dark, true, 1_200..1_300)]),
        "{night:?}"
    );
    let infrared = watch(240, 1.0, |second| match second {
        90.0..180.0 => Look {
            has_colours: false,
            light: 0.6,
            ..DAY
        },
        _ => DAY,
    });
    assert!(
        matches!(
            infrared[..],
            [(Infrared, true, 98..108), (Infrared, false, 188..198)]
        ),
        "{infrared:?}"
    );
    assert!(!Dark.is_alarm() && !Infrared.is_alarm() && Covered.is_alarm());
}

//! Frames whose tensors are known.

use super::*;
use crate::inference::sight::picture::Place;

fn frame(width: u32, height: u32, format: PixelFormat, pixel: [u8; 3]) -> Frame {
    let mut frame = Frame::empty();
    let pixels = frame.reshape(width, height, format);
    pixels
        .chunks_exact_mut(3)
        .for_each(|it| it.copy_from_slice(&pixel));
    frame
}

#[test]
fn colours_land_in_their_planes_and_the_rest_is_grey() {
    for (format, pixel) in [
        (PixelFormat::Bgr8, [1, 2, 3]),
        (PixelFormat::Rgb8, [3, 2, 1]),
    ] {
        let mut letterbox = Letterbox::new(8, 8, Picture::PLAIN);
        let (tensor, fit) = letterbox
            .fill(&frame(16, 8, format, pixel))
            .expect("a good frame");
        let rows = |plane: usize| [tensor[plane * 64], tensor[plane * 64 + 63]];
        assert_eq!(
            [rows(0), rows(1), rows(2)],
            [[1.0, 114.0], [2.0, 114.0], [3.0, 114.0]]
        );
        assert_eq!(fit.scale, [0.5; 2]);
    }
}

#[test]
fn a_change_of_shape_clears_old_pixels() {
    let mut letterbox = Letterbox::new(8, 8, Picture::PLAIN);
    letterbox
        .fill(&frame(8, 8, PixelFormat::Bgr8, [9; 3]))
        .expect("a good frame");
    let wide = frame(16, 8, PixelFormat::Bgr8, [9; 3]);
    let (tensor, _) = letterbox.fill(&wide).expect("a good frame");
    assert_eq!(tensor[63], 114.0);
}

/// Values worked out by hand: 4 pixels to 3 with pixel centres on pixel centres.
#[test]
fn scaling_is_bilinear_between_pixel_centres() {
    let mut picture = Frame::empty();
    let levels = [0u8, 100, 200, 40].map(|level| [level; 3]);
    picture
        .reshape(4, 1, PixelFormat::Bgr8)
        .copy_from_slice(levels.as_flattened());
    let mut letterbox = Letterbox::new(3, 8, Picture::PLAIN);
    // One row of four pixels would scale to less than one row.
    assert!(letterbox.fill(&picture).is_err());
    let mut tall = Frame::empty();
    let rows = [levels; 4];
    tall.reshape(4, 4, PixelFormat::Bgr8)
        .copy_from_slice(rows.as_flattened().as_flattened());
    let (tensor, _) = letterbox.fill(&tall).expect("a good frame");
    assert_eq!(tensor[..3], [17.0, 150.0, 67.0]);
}

#[test]
fn a_family_gets_its_place_and_its_numbers() {
    let picture = Picture {
        place: Place::Centre,
        colours: Colours::Rgb,
        mean: [1.0, 2.0, 3.0],
        std: [2.0, 1.0, 0.5],
        padding: 5.0,
    };
    let mut letterbox = Letterbox::new(8, 8, picture);
    let (tensor, _) = letterbox
        .fill(&frame(16, 8, PixelFormat::Bgr8, [9, 8, 7]))
        .expect("a good frame");
    let column = |plane: usize| [1, 2, 5, 6].map(|row| tensor[plane * 64 + row * 8]);
    assert_eq!(column(0), [2.0, 3.0, 3.0, 2.0]);
    assert_eq!(column(1), [3.0, 6.0, 6.0, 3.0]);
    assert_eq!(column(2), [4.0, 12.0, 12.0, 4.0]);
}

/// Without a pattern, and the same every time.
fn noise(width: u32, height: u32, format: PixelFormat) -> Frame {
    let mut random = fastrand::Rng::with_seed(7);
    let mut frame = Frame::empty();
    random.fill(frame.reshape(width, height, format));
    frame
}

/// Bilinear between pixel centres, in real numbers.
fn scaled(frame: &Frame, channel: usize, at: [usize; 2], size: [usize; 2]) -> f64 {
    let from = [frame.width as usize, frame.height as usize];
    let place = [0, 1].map(|axis| {
        let place = (at[axis] as f64 + 0.5) * from[axis] as f64 / size[axis] as f64 - 0.5;
        place.clamp(0.0, from[axis] as f64 - 1.0)
    });
    let level = |x: f64, y: f64| {
        let [x, y] = [x.min(from[0] as f64 - 1.0), y.min(from[1] as f64 - 1.0)];
        f64::from(frame.pixels[(y as usize * from[0] + x as usize) * 3 + channel])
    };
    let [left, top] = place.map(f64::floor);
    let [x, y] = place.map(f64::fract);
    let row = |y: f64| level(left, y) * (1.0 - x) + level(left + 1.0, y) * x;
    row(top) * (1.0 - y) + row(top + 1.0) * y
}

const STRETCHED: Picture = Picture {
    place: Place::Stretch,
    ..Picture::PLAIN
};

#[test]
fn a_small_picture_grows() {
    let mut picture = Frame::empty();
    let levels = [0u8, 100, 200, 240].map(|level| [level; 3]);
    picture
        .reshape(2, 2, PixelFormat::Bgr8)
        .copy_from_slice(levels.as_flattened());
    let mut letterbox = Letterbox::new(4, 4, Picture::PLAIN);
    let (tensor, _) = letterbox.fill(&picture).expect("a good frame");
    let grown = [
        [0.0, 25.0, 75.0, 100.0],
        [50.0, 71.0, 114.0, 135.0],
        [150.0, 164.0, 191.0, 205.0],
        [200.0, 210.0, 230.0, 240.0],
    ];
    for plane in tensor.chunks_exact(16) {
        assert_eq!(plane, grown.as_flattened());
    }
}

/// Half a level is rounding, and the rest that weights have 11 bits.
#[test]
fn frames_of_any_size_fill_an_input_of_any_size() {
    let sizes: [[usize; 2]; 9] = [
        [1, 1],
        [1, 6],
        [2, 1],
        [3, 5],
        [16, 16],
        [33, 2],
        [64, 48],
        [67, 9],
        [131, 77],
    ];
    for from in sizes {
        let frame = noise(from[0] as u32, from[1] as u32, PixelFormat::Bgr8);
        for size in sizes {
            let mut letterbox = Letterbox::new(size[0], size[1], STRETCHED);
            let (tensor, _) = letterbox.fill(&frame).expect("a good frame");
            for (number, level) in tensor.iter().enumerate() {
                let (channel, pixel) = (number / (size[0] * size[1]), number % (size[0] * size[1]));
                let at = [pixel % size[0], pixel / size[0]];
                let exact = scaled(&frame, channel, at, size);
                let off = (f64::from(*level) - exact).abs();
                assert!(
                    level.fract() == 0.0 && off < 0.63,
                    "{from:?} to {size:?}, {at:?}: {level}, not {exact}"
                );
            }
        }
    }
}

#[test]
fn swapped_colours_are_the_same_planes_in_another_order() {
    let rgb = Picture {
        colours: Colours::Rgb,
        ..STRETCHED
    };
    for size in [[31, 23], [16, 12], [40, 50]] {
        let mut planes = [STRETCHED, rgb].map(|picture| {
            let mut letterbox = Letterbox::new(size[0], size[1], picture);
            let frame = noise(31, 23, PixelFormat::Bgr8);
            let (tensor, _) = letterbox.fill(&frame).expect("a good frame");
            let planes = tensor.chunks_exact(size[0] * size[1]);
            planes.map(<[f32]>::to_vec).collect::<Vec<_>>()
        });
        assert_ne!(planes[0], planes[1]);
        planes[1].reverse();
        assert_eq!(planes[0], planes[1]);
    }
}

/// Those of ImageNet, where a level comes near its mean, and what makes levels 0 to 1.
#[test]
fn every_level_is_normalised_to_seven_digits() {
    for (mean, std) in [
        ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]),
        ([0.0; 3], [255.0; 3]),
        ([127.5, 127.0, 128.0], [127.5, 128.0, 1.0]),
    ] {
        let picture = Picture {
            mean,
            std,
            ..STRETCHED
        };
        // Not scaled, and scaled down: each level is a block of four pixels there.
        for shrunk in [1, 2] {
            let side = 16 * shrunk;
            let mut frame = Frame::empty();
            let pixels = frame.reshape(side as u32, side as u32, PixelFormat::Bgr8);
            for (number, pixel) in pixels.chunks_exact_mut(3).enumerate() {
                let [x, y] = [number % side, number / side].map(|it| it / shrunk);
                pixel.fill((16 * y + x) as u8);
            }
            let mut letterbox = Letterbox::new(16, 16, picture);
            let (tensor, _) = letterbox.fill(&frame).expect("a good frame");
            for (number, value) in tensor.iter().enumerate() {
                let (channel, level) = (number / 256, (number % 256) as f32);
                let exact = (level - mean[channel]) / std[channel];
                assert!(
                    (value - exact).abs() <= 1e-6 * exact.abs(),
                    "{level}: {value}, not {exact}"
                );
            }
        }
    }
}

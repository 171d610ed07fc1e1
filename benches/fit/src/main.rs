//! Times otus and fast_image_resize making a frame into a tensor: a line of what is wanted in, milliseconds out.

use std::io::Write;
use std::time::Instant;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use multiversion::multiversion;
use otus::inference::sight::fit::Letterbox;
use otus::inference::sight::picture::Picture;
use otus::media::frame::{Frame, PixelFormat};

fn main() {
    for line in std::io::stdin().lines() {
        let line = line.expect("text");
        let [who, width, height, side, calls, pixels, tensor] =
            line.split(' ').collect::<Vec<_>>()[..]
        else {
            panic!("not seven words: {line}");
        };
        let [width, height, side, calls] =
            [width, height, side, calls].map(|it| it.parse::<u32>().expect("a number"));
        let mut frame = Frame::empty();
        frame
            .reshape(width, height, PixelFormat::Bgr8)
            .copy_from_slice(&std::fs::read(pixels).expect("a frame"));
        let (times, made) = match who {
            "otus" => otus(&frame, side as usize, calls),
            _ => peer(&frame, side as usize, calls),
        };
        let bytes: Vec<u8> = made.iter().flat_map(|it| it.to_le_bytes()).collect();
        std::fs::write(tensor, bytes).expect("room for a tensor");
        println!("{}", median(times));
        std::io::stdout().flush().expect("somebody reads");
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn timed(calls: u32, mut call: impl FnMut()) -> Vec<f64> {
    call();
    let once = |_| {
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..calls).map(once).collect()
}

fn otus(frame: &Frame, side: usize, calls: u32) -> (Vec<f64>, Vec<f32>) {
    let mut letterbox = Letterbox::new(side, side, Picture::PLAIN);
    let times = timed(calls, || {
        letterbox.fill(frame).expect("a good frame");
    });
    let (tensor, _) = letterbox.fill(frame).expect("a good frame");
    (times, tensor.to_vec())
}

/// Everything that can be kept is kept, and the padding is there already.
fn peer(frame: &Frame, side: usize, calls: u32) -> (Vec<f64>, Vec<f32>) {
    let pixels = [frame.width, frame.height].map(f64::from);
    let (_, size) = Picture::PLAIN.fit(pixels, [side, side]);
    let mut small = Image::new(size[0] as u32, size[1] as u32, PixelType::U8x3);
    let mut tensor = vec![Picture::PLAIN.padding; 3 * side * side];
    let bilinear = ResizeAlg::Interpolation(FilterType::Bilinear);
    let options = ResizeOptions::new().resize_alg(bilinear);
    let mut resizer = Resizer::new();
    let times = timed(calls, || {
        let (width, height) = (frame.width, frame.height);
        let frame = ImageRef::new(width, height, &frame.pixels, PixelType::U8x3).expect("a frame");
        resizer
            .resize(&frame, &mut small, &options)
            .expect("a size that can be made");
        planes(small.buffer(), size[0], side, &mut tensor);
    });
    (times, tensor)
}

/// Interleaved bytes to planes of floats, compiled as otus is.
#[multiversion(targets("x86_64+avx2"))]
fn planes(pixels: &[u8], width: usize, side: usize, tensor: &mut [f32]) {
    let (a, rest) = tensor.split_at_mut(side * side);
    let (b, c) = rest.split_at_mut(side * side);
    let outs = a
        .chunks_mut(side)
        .zip(b.chunks_mut(side))
        .zip(c.chunks_mut(side));
    for (row, ((a, b), c)) in pixels.chunks_exact(3 * width).zip(outs) {
        let outs = a.iter_mut().zip(b).zip(c);
        for (pixel, ((a, b), c)) in row.as_chunks::<3>().0.iter().zip(outs) {
            (*a, *b, *c) = (
                f32::from(pixel[0]),
                f32::from(pixel[1]),
                f32::from(pixel[2]),
            );
        }
    }
}

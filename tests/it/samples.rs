//! Small files that tests make for themselves: sound, a picture, a model, and impostors.

use sha2::{Digest, Sha256};

use crate::scratch::Scratch;

pub const TEXT: &[u8] = b"I am text, whatever my name says.\n";

/// A directory with sound, a picture, a model, and files that are not what their names say.
pub fn world() -> Scratch {
    let scratch = Scratch::new();
    for name in ["text.onnx", "text.wav", "text.mp4", "text.png"] {
        scratch.write(name, TEXT);
    }
    for name in ["empty.wav", "empty.mp4"] {
        scratch.write(name, "");
    }
    scratch.write("clip.wav", wav(16_000, 16_000));
    scratch.write("cut.wav", wav(16_000, 160_000));
    scratch.write("silent.wav", wav(0, 0));
    scratch.write("picture.bmp", picture());
    scratch.write("tiny.onnx", tiny_model());
    scratch
}

/// The sum that a model given by path needs.
pub fn sum(model: &[u8]) -> String {
    let bytes = Sha256::digest(model);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 16 kHz mono: so many samples, and so many that the header claims.
pub fn wav(samples: u32, claimed: u32) -> Vec<u8> {
    let header = [16, 1 | 1 << 16, 16_000, 32_000, 2 | 16 << 16].map(u32::to_le_bytes);
    let (riff, data) = (36 + 2 * claimed, 2 * claimed);
    let mut wav = [b"RIFF", &riff.to_le_bytes()[..], b"WAVEfmt "].concat();
    wav.extend([&header.concat(), &b"data"[..], &data.to_le_bytes()].concat());
    wav.extend((0..samples).flat_map(|it| (it as i16 % 100 * 200).to_le_bytes()));
    wav
}

/// A grey picture of 8 by 8 pixels, as BMP.
pub fn picture() -> Vec<u8> {
    let header = [246u32, 0, 54, 40, 8, 8, 1 | 24 << 16, 0, 192, 0, 0, 0, 0];
    let header = header.map(u32::to_le_bytes).concat();
    [&b"BM"[..], &header, &[128; 192]].concat()
}

fn field(number: u8, it: &[u8]) -> Vec<u8> {
    let (low, high) = ((it.len() & 127) as u8, (it.len() >> 7) as u8);
    let length = [low | 128, high];
    let length = if high == 0 { &[low][..] } else { &length };
    [&[number << 3 | 2], length, it].concat()
}

/// A named port of floats.
fn port(name: &[u8], shape: &[u8]) -> Vec<u8> {
    let sizes: Vec<u8> = shape
        .iter()
        .flat_map(|&size| field(1, &[8, size]))
        .collect();
    let tensor = [&[8, 1][..], &field(2, &sizes)].concat();
    [field(1, name), field(2, &field(1, &tensor))].concat()
}

fn model(graph: &[u8]) -> Vec<u8> {
    [&[8, 8][..], &field(7, graph), &field(8, &[16, 13])].concat()
}

/// A YOLOX of one class for pictures of 8 by 8 that puts out the same row whatever it sees: centre,
/// logarithms of the size, objectness and score.
pub fn stubborn_model(row: [f32; 6]) -> Vec<u8> {
    constant_model(&[1, 1, 6], &row)
}

/// A model for pictures of 8 by 8 that puts out the same numbers whatever it sees.
pub fn constant_model(shape: &[u8], numbers: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
    let sizes: Vec<u8> = shape.iter().flat_map(|&size| [8, size]).collect();
    let value = [&sizes[..], &[16, 1], &field(8, b"v"), &field(9, &bytes)].concat();
    let node = [field(1, b"v"), field(2, b"y"), field(4, b"Identity")].concat();
    let ports = [
        field(11, &port(b"x", &[1, 3, 8, 8])),
        field(12, &port(b"y", shape)),
    ]
    .concat();
    model(
        &[
            field(1, &node),
            field(2, b"stubborn"),
            field(5, &value),
            ports,
        ]
        .concat(),
    )
}

/// The same model with a text beside it, as exporters write what they know.
pub fn with_text(model: &[u8], key: &[u8], text: &[u8]) -> Vec<u8> {
    let entry = [field(1, key), field(2, text)].concat();
    [model, &field(14, &entry)].concat()
}

/// An ONNX model that copies its input `x` [1, 3, 8, 8] to its output `y`.
pub fn tiny_model() -> Vec<u8> {
    let node = [field(1, b"x"), field(2, b"y"), field(4, b"Identity")].concat();
    let shape = &[1, 3, 8, 8];
    let ports = [field(11, &port(b"x", shape)), field(12, &port(b"y", shape))].concat();
    model(&[field(1, &node), field(2, b"tiny"), ports].concat())
}

/// A classifier of pictures of 8 by 8 with three classes: its scores are the means of the three colours.
pub fn averaging_model() -> Vec<u8> {
    let node = [
        field(1, b"x"),
        field(2, b"y"),
        field(4, b"GlobalAveragePool"),
    ]
    .concat();
    let ports = [
        field(11, &port(b"x", &[1, 3, 8, 8])),
        field(12, &port(b"y", &[1, 3, 1, 1])),
    ]
    .concat();
    model(&[field(1, &node), field(2, b"means"), ports].concat())
}

/// A YOLO that segments pictures of 8 by 8: whatever it sees, one box of three with its score and class, and two numbers that make
/// its mask of two prototypes of 4 by 4 cells.
pub fn segmenting_model(row: [f32; 8], prototypes: [[f32; 16]; 2]) -> Vec<u8> {
    let constant = |name: &[u8], shape: &[u8], numbers: &[f32]| {
        let sizes: Vec<u8> = shape.iter().flat_map(|&size| [8, size]).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
        let name = field(8, name);
        [&sizes[..], &[16, 1], &name, &long_field(9, &bytes)].concat()
    };
    let node =
        |from: &[u8], to: &[u8]| [field(1, from), field(2, to), field(4, b"Identity")].concat();
    let mut rows = [0.0; 24];
    rows[..8].copy_from_slice(&row);
    let graph = [
        field(1, &node(b"v", b"y")),
        field(1, &node(b"w", b"z")),
        field(2, b"masks"),
        long_field(5, &constant(b"v", &[1, 3, 8], &rows)),
        long_field(5, &constant(b"w", &[1, 2, 4, 4], prototypes.as_flattened())),
        field(11, &port(b"x", &[1, 3, 8, 8])),
        field(12, &port(b"y", &[1, 3, 8])),
        field(12, &port(b"z", &[1, 2, 4, 4])),
    ]
    .concat();
    [&[8, 8][..], &long_field(7, &graph), &field(8, &[16, 13])].concat()
}

/// A field of 128 bytes or more, or less.
fn long_field(number: u8, it: &[u8]) -> Vec<u8> {
    let length = [it.len() as u8 & 0x7f | 0x80, (it.len() >> 7) as u8];
    [&[number << 3 | 2][..], &length, it].concat()
}

//! Single operators of TensorFlow Lite, each on a picture of two by two pixels of two channels that hold 1 to 8.

use crate::flatbuffers::Field::{Byte, Float, Int};
use crate::flatbuffers::{Sketch, Table};
use crate::tflite::{are_near, run};

const CONV_2D: u8 = 3;
const PICTURE: &[i32] = &[1, 2, 2, 2];
/// `Padding.VALID`.
const VALID: (usize, crate::flatbuffers::Field) = (0, Byte(1));

/// An operator: its number and options, constants beside the picture, the shapes and the numbers that come out.
struct Case {
    code: u8,
    options: fn() -> Table,
    inputs: fn(&mut Sketch, i32) -> Vec<i32>,
    shape: &'static [i32],
    wanted: &'static [&'static [f32]],
}

/// Each case on the picture as it comes in, and on one that a convolution has put out unchanged.
fn check(name: &str, case: &Case) {
    for is_turned in [false, true] {
        let mut sketch = Sketch::new();
        let from = sketch.value(PICTURE);
        let mut picture = from;
        if is_turned {
            let same = sketch.floats(&[2, 1, 1, 2], &[1.0, 0.0, 0.0, 1.0]);
            picture = sketch.value(PICTURE);
            let once = vec![(1, Int(1)), (2, Int(1))];
            sketch.operator(CONV_2D, &[from, same], &[picture], once);
        }
        let inputs = (case.inputs)(&mut sketch, picture);
        let outs: Vec<i32> = case
            .wanted
            .iter()
            .map(|_| sketch.value(case.shape))
            .collect();
        sketch.operator(case.code, &inputs, &outs, (case.options)());
        let model = sketch.file(&[from], &outs);
        let picture = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let Some(found) = run(&model, &[&picture]) else {
            return;
        };
        for ((shape, found), wanted) in found.iter().zip(case.wanted) {
            let shape: Vec<i32> = shape.iter().map(|it| *it as i32).collect();
            assert_eq!(shape, case.shape, "{name}");
            are_near(found, wanted, &format!("{name}, turned: {is_turned}"));
        }
    }
}

fn none() -> Table {
    Vec::new()
}

fn window(cells: i32, step: i32) -> Table {
    vec![
        (1, Int(step)),
        (2, Int(step)),
        (3, Int(cells)),
        (4, Int(cells)),
    ]
}

#[test]
fn windows() {
    check(
        "CONV_2D of stride 2, padded below and to the right",
        &Case {
            code: CONV_2D,
            options: || vec![(1, Int(2)), (2, Int(2)), (3, Byte(3))],
            inputs: |it, picture| {
                let weights: Vec<f32> = (0..18)
                    .map(|at| if at / 2 % 3 < 2 { 0.5 } else { -9.0 })
                    .collect();
                vec![
                    picture,
                    it.floats(&[1, 3, 3, 2], &weights),
                    it.floats(&[1], &[-14.5]),
                ]
            },
            shape: &[1, 1, 1, 1],
            wanted: &[&[3.5]],
        },
    );
    check(
        "DEPTHWISE_CONV_2D with two channels for one",
        &Case {
            code: 4,
            options: || vec![VALID, (1, Int(1)), (2, Int(1)), (3, Int(2))],
            inputs: |it, picture| {
                vec![
                    picture,
                    it.floats(&[1, 2, 1, 4], &[1.0, 0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 2.0]),
                ]
            },
            shape: &[1, 1, 2, 4],
            wanted: &[&[1.0, 5.0, 4.0, 12.0, 3.0, 7.0, 8.0, 16.0]],
        },
    );
    check(
        "TRANSPOSE_CONV",
        &Case {
            code: 67,
            options: || vec![VALID, (1, Int(2)), (2, Int(2))],
            inputs: |it, picture| {
                let shape = it.ints(&[4], &[1, 4, 4, 1]);
                let weights = it.floats(&[1, 2, 2, 2], &[1.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
                vec![shape, weights, picture]
            },
            shape: &[1, 4, 4, 1],
            wanted: &[&[
                1.0, 2.0, 3.0, 6.0, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 7.0, 14.0, 5.0, 6.0, 7.0, 8.0,
            ]],
        },
    );
    check(
        "MAX_POOL_2D",
        &Case {
            code: 17,
            options: || [vec![VALID], window(2, 2)].into_iter().flatten().collect(),
            inputs: |_, picture| vec![picture],
            shape: &[1, 1, 1, 2],
            wanted: &[&[7.0, 8.0]],
        },
    );
    check(
        "AVERAGE_POOL_2D, which does not count what lies outside",
        &Case {
            code: 1,
            options: || window(2, 1),
            inputs: |_, picture| vec![picture],
            shape: PICTURE,
            wanted: &[&[4.0, 5.0, 5.0, 6.0, 6.0, 7.0, 7.0, 8.0]],
        },
    );
}

#[test]
fn numbers() {
    check(
        "ADD with RELU6",
        &Case {
            code: 0,
            options: || vec![(0, Byte(3))],
            inputs: |it, picture| vec![picture, it.floats(&[2], &[-3.0, 0.0])],
            shape: PICTURE,
            wanted: &[&[0.0, 2.0, 0.0, 4.0, 2.0, 6.0, 4.0, 6.0]],
        },
    );
    check(
        "SUB from a row",
        &Case {
            code: 41,
            options: none,
            inputs: |it, picture| vec![it.floats(&[1, 2, 2], &[1.0, 2.0, 3.0, 4.0]), picture],
            shape: PICTURE,
            wanted: &[&[0.0, 0.0, 0.0, 0.0, -4.0, -4.0, -4.0, -4.0]],
        },
    );
    check(
        "PRELU",
        &Case {
            code: 54,
            options: none,
            inputs: |it, picture| {
                let (signs, below) = (it.floats(&[2], &[-1.0, 1.0]), it.value(PICTURE));
                it.operator(18, &[picture, signs], &[below], none());
                vec![below, it.floats(&[1, 1, 2], &[0.5, 9.0])]
            },
            shape: PICTURE,
            wanted: &[&[-0.5, 2.0, -1.5, 4.0, -2.5, 6.0, -3.5, 8.0]],
        },
    );
    check(
        "SOFTMAX",
        &Case {
            code: 25,
            options: || vec![(0, Float(1.0))],
            inputs: |_, picture| vec![picture],
            shape: PICTURE,
            wanted: &[&[
                0.268_941_42,
                0.731_058_6,
                0.268_941_42,
                0.731_058_6,
                0.268_941_42,
                0.731_058_6,
                0.268_941_42,
                0.731_058_6,
            ]],
        },
    );
    check(
        "MEAN without rows and columns",
        &Case {
            code: 40,
            options: none,
            inputs: |it, picture| vec![picture, it.ints(&[2], &[1, -2])],
            shape: &[1, 2],
            wanted: &[&[4.0, 5.0]],
        },
    );
    check(
        "SUM of channels",
        &Case {
            code: 74,
            options: || vec![(0, Byte(1))],
            inputs: |it, picture| vec![picture, it.ints(&[1], &[-1])],
            shape: &[1, 2, 2, 1],
            wanted: &[&[3.0, 7.0, 11.0, 15.0]],
        },
    );
    check(
        "FULLY_CONNECTED",
        &Case {
            code: 9,
            options: || vec![(0, Byte(1))],
            inputs: |it, picture| {
                let weights: Vec<f32> = (0..16).map(|at| if at < 8 { 1.0 } else { -1.0 }).collect();
                vec![
                    picture,
                    it.floats(&[2, 8], &weights),
                    it.floats(&[2], &[1.0, 1.0]),
                ]
            },
            shape: &[1, 2],
            wanted: &[&[37.0, 0.0]],
        },
    );
}

#[test]
fn places() {
    check(
        "RESHAPE, which keeps channels last",
        &Case {
            code: 22,
            options: none,
            inputs: |_, picture| vec![picture],
            shape: &[4, 2],
            wanted: &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]],
        },
    );
    check(
        "TRANSPOSE",
        &Case {
            code: 39,
            options: none,
            inputs: |it, picture| vec![picture, it.ints(&[4], &[0, 2, 1, 3])],
            shape: PICTURE,
            wanted: &[&[1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0]],
        },
    );
    check(
        "CONCATENATION of channels",
        &Case {
            code: 2,
            options: || vec![(0, Int(-1))],
            inputs: |it, picture| {
                vec![picture, it.floats(&[1, 2, 2, 1], &[-1.0, -2.0, -3.0, -4.0])]
            },
            shape: &[1, 2, 2, 3],
            wanted: &[&[
                1.0, 2.0, -1.0, 3.0, 4.0, -2.0, 5.0, 6.0, -3.0, 7.0, 8.0, -4.0,
            ]],
        },
    );
    check(
        "SPLIT of channels",
        &Case {
            code: 49,
            options: none,
            inputs: |it, picture| vec![it.ints(&[], &[3]), picture],
            shape: &[1, 2, 2, 1],
            wanted: &[&[1.0, 3.0, 5.0, 7.0], &[2.0, 4.0, 6.0, 8.0]],
        },
    );
    check(
        "STRIDED_SLICE: the second column, the last row first",
        &Case {
            code: 45,
            options: || vec![(0, Int(0b1011)), (1, Int(0b1011)), (4, Int(0b0100))],
            inputs: |it, picture| {
                let [begin, end] = [[0, 0, 1, 0], [0, 0, 2, 0]].map(|list| it.ints(&[4], &list));
                vec![picture, begin, end, it.ints(&[4], &[1, -1, 1, 1])]
            },
            shape: &[1, 2, 2],
            wanted: &[&[7.0, 8.0, 3.0, 4.0]],
        },
    );
    check(
        "PAD above and behind the channels",
        &Case {
            code: 34,
            options: none,
            inputs: |it, picture| vec![picture, it.ints(&[4, 2], &[0, 0, 1, 0, 0, 0, 0, 1])],
            shape: &[1, 3, 2, 3],
            wanted: &[&[
                0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 3.0, 4.0, 0.0, 5.0, 6.0, 0.0, 7.0,
                8.0, 0.0,
            ]],
        },
    );
    check(
        "MIRROR_PAD without the edge",
        &Case {
            code: 100,
            options: none,
            inputs: |it, picture| vec![picture, it.ints(&[4, 2], &[0, 0, 1, 0, 0, 0, 0, 0])],
            shape: &[1, 3, 2, 2],
            wanted: &[&[5.0, 6.0, 7.0, 8.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]],
        },
    );
    check(
        "RESIZE_BILINEAR from the corner",
        &Case {
            code: 23,
            options: none,
            inputs: |it, picture| vec![picture, it.ints(&[2], &[2, 3])],
            shape: &[1, 2, 3, 2],
            wanted: &[&[
                1.0,
                2.0,
                7.0 / 3.0,
                10.0 / 3.0,
                3.0,
                4.0,
                5.0,
                6.0,
                19.0 / 3.0,
                22.0 / 3.0,
                7.0,
                8.0,
            ]],
        },
    );
    check(
        "SPACE_TO_DEPTH",
        &Case {
            code: 26,
            options: || vec![(0, Int(2))],
            inputs: |_, picture| vec![picture],
            shape: &[1, 1, 1, 8],
            wanted: &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]],
        },
    );
    check(
        "GATHER",
        &Case {
            code: 36,
            options: || vec![(0, Int(3))],
            inputs: |it, picture| vec![picture, it.ints(&[2], &[1, 1])],
            shape: PICTURE,
            wanted: &[&[2.0, 2.0, 4.0, 4.0, 6.0, 6.0, 8.0, 8.0]],
        },
    );
}

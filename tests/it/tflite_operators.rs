//! Single operators of TensorFlow Lite, each on a picture of two by two pixels of two channels that hold 1 to 8.

use crate::flatbuffers::Field::{Byte, Float, Int};
use crate::flatbuffers::{Sketch, Table};
use crate::tflite::{are_near, run};

const CONV_2D: u8 = 3;
const PICTURE: &[i32] = &[1, 2, 2, 2];
/// `Padding.VALID`.
const VALID: (usize, crate::flatbuffers::Field) = (0, Byte(1));

/// An operator by its number, its options, what goes in beside the picture, and the shape and the numbers of each output:
/// on the picture as it comes in, and on one that a convolution has put out unchanged.
fn check(
    code: u8,
    options: fn() -> Table,
    inputs: fn(&mut Sketch, i32) -> Vec<i32>,
    shape: &[i32],
    wanted: &[&[f32]],
) {
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
        let inputs = inputs(&mut sketch, picture);
        let outs: Vec<i32> = wanted.iter().map(|_| sketch.value(shape)).collect();
        sketch.operator(code, &inputs, &outs, options());
        let model = sketch.file(&[from], &outs);
        let picture = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let Some(found) = run(&model, &[&picture]) else {
            return;
        };
        for ((found_shape, found), wanted) in found.iter().zip(wanted) {
            let found_shape: Vec<i32> = found_shape.iter().map(|it| *it as i32).collect();
            assert_eq!(found_shape, shape);
            are_near(found, wanted, &format!("turned: {is_turned}"));
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
fn conv_2d_of_stride_2_padded_below_and_to_the_right() {
    check(
        CONV_2D,
        || vec![(1, Int(2)), (2, Int(2)), (3, Byte(3))],
        |it, picture| {
            let weights: Vec<f32> = (0..18)
                .map(|at| if at / 2 % 3 < 2 { 0.5 } else { -9.0 })
                .collect();
            vec![
                picture,
                it.floats(&[1, 3, 3, 2], &weights),
                it.floats(&[1], &[-14.5]),
            ]
        },
        &[1, 1, 1, 1],
        &[&[3.5]],
    );
}

#[test]
fn depthwise_conv_2d_with_two_channels_for_one() {
    check(
        4,
        || vec![VALID, (1, Int(1)), (2, Int(1)), (3, Int(2))],
        |it, picture| {
            vec![
                picture,
                it.floats(&[1, 2, 1, 4], &[1.0, 0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 2.0]),
            ]
        },
        &[1, 1, 2, 4],
        &[&[1.0, 5.0, 4.0, 12.0, 3.0, 7.0, 8.0, 16.0]],
    );
}

#[test]
fn transpose_conv() {
    check(
        67,
        || vec![VALID, (1, Int(2)), (2, Int(2))],
        |it, picture| {
            let shape = it.ints(&[4], &[1, 4, 4, 1]);
            let weights = it.floats(&[1, 2, 2, 2], &[1.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
            vec![shape, weights, picture]
        },
        &[1, 4, 4, 1],
        &[&[
            1.0, 2.0, 3.0, 6.0, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 7.0, 14.0, 5.0, 6.0, 7.0, 8.0,
        ]],
    );
}

#[test]
fn max_pool_2d() {
    check(
        17,
        || [vec![VALID], window(2, 2)].into_iter().flatten().collect(),
        |_, picture| vec![picture],
        &[1, 1, 1, 2],
        &[&[7.0, 8.0]],
    );
}

#[test]
fn average_pool_2d_which_does_not_count_what_lies_outside() {
    check(
        1,
        || window(2, 1),
        |_, picture| vec![picture],
        PICTURE,
        &[&[4.0, 5.0, 5.0, 6.0, 6.0, 7.0, 7.0, 8.0]],
    );
}

#[test]
fn add_with_relu6() {
    check(
        0,
        || vec![(0, Byte(3))],
        |it, picture| vec![picture, it.floats(&[2], &[-3.0, 0.0])],
        PICTURE,
        &[&[0.0, 2.0, 0.0, 4.0, 2.0, 6.0, 4.0, 6.0]],
    );
}

#[test]
fn sub_from_a_row() {
    check(
        41,
        none,
        |it, picture| vec![it.floats(&[1, 2, 2], &[1.0, 2.0, 3.0, 4.0]), picture],
        PICTURE,
        &[&[0.0, 0.0, 0.0, 0.0, -4.0, -4.0, -4.0, -4.0]],
    );
}

#[test]
fn prelu() {
    check(
        54,
        none,
        |it, picture| {
            let (signs, below) = (it.floats(&[2], &[-1.0, 1.0]), it.value(PICTURE));
            it.operator(18, &[picture, signs], &[below], none());
            vec![below, it.floats(&[1, 1, 2], &[0.5, 9.0])]
        },
        PICTURE,
        &[&[-0.5, 2.0, -1.5, 4.0, -2.5, 6.0, -3.5, 8.0]],
    );
}

#[test]
fn softmax() {
    check(
        25,
        || vec![(0, Float(1.0))],
        |_, picture| vec![picture],
        PICTURE,
        &[&[
            0.268_941_42,
            0.731_058_6,
            0.268_941_42,
            0.731_058_6,
            0.268_941_42,
            0.731_058_6,
            0.268_941_42,
            0.731_058_6,
        ]],
    );
}

#[test]
fn mean_without_rows_and_columns() {
    check(
        40,
        none,
        |it, picture| vec![picture, it.ints(&[2], &[1, -2])],
        &[1, 2],
        &[&[4.0, 5.0]],
    );
}

#[test]
fn sum_of_channels() {
    check(
        74,
        || vec![(0, Byte(1))],
        |it, picture| vec![picture, it.ints(&[1], &[-1])],
        &[1, 2, 2, 1],
        &[&[3.0, 7.0, 11.0, 15.0]],
    );
}

#[test]
fn fully_connected() {
    check(
        9,
        || vec![(0, Byte(1))],
        |it, picture| {
            let weights: Vec<f32> = (0..16).map(|at| if at < 8 { 1.0 } else { -1.0 }).collect();
            vec![
                picture,
                it.floats(&[2, 8], &weights),
                it.floats(&[2], &[1.0, 1.0]),
            ]
        },
        &[1, 2],
        &[&[37.0, 0.0]],
    );
}

#[test]
fn reshape_which_keeps_channels_last() {
    check(
        22,
        none,
        |_, picture| vec![picture],
        &[4, 2],
        &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]],
    );
}

#[test]
fn transpose() {
    check(
        39,
        none,
        |it, picture| vec![picture, it.ints(&[4], &[0, 2, 1, 3])],
        PICTURE,
        &[&[1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0]],
    );
}

#[test]
fn concatenation_of_channels() {
    check(
        2,
        || vec![(0, Int(-1))],
        |it, picture| vec![picture, it.floats(&[1, 2, 2, 1], &[-1.0, -2.0, -3.0, -4.0])],
        &[1, 2, 2, 3],
        &[&[
            1.0, 2.0, -1.0, 3.0, 4.0, -2.0, 5.0, 6.0, -3.0, 7.0, 8.0, -4.0,
        ]],
    );
}

#[test]
fn split_of_channels() {
    check(
        49,
        none,
        |it, picture| vec![it.ints(&[], &[3]), picture],
        &[1, 2, 2, 1],
        &[&[1.0, 3.0, 5.0, 7.0], &[2.0, 4.0, 6.0, 8.0]],
    );
}

#[test]
fn strided_slice_the_second_column_the_last_row_first() {
    check(
        45,
        || vec![(0, Int(0b1011)), (1, Int(0b1011)), (4, Int(0b0100))],
        |it, picture| {
            let [begin, end] = [[0, 0, 1, 0], [0, 0, 2, 0]].map(|list| it.ints(&[4], &list));
            vec![picture, begin, end, it.ints(&[4], &[1, -1, 1, 1])]
        },
        &[1, 2, 2],
        &[&[7.0, 8.0, 3.0, 4.0]],
    );
}

#[test]
fn pad_above_and_behind_the_channels() {
    check(
        34,
        none,
        |it, picture| vec![picture, it.ints(&[4, 2], &[0, 0, 1, 0, 0, 0, 0, 1])],
        &[1, 3, 2, 3],
        &[&[
            0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 3.0, 4.0, 0.0, 5.0, 6.0, 0.0, 7.0, 8.0,
            0.0,
        ]],
    );
}

#[test]
fn mirror_pad_without_the_edge() {
    check(
        100,
        none,
        |it, picture| vec![picture, it.ints(&[4, 2], &[0, 0, 1, 0, 0, 0, 0, 0])],
        &[1, 3, 2, 2],
        &[&[5.0, 6.0, 7.0, 8.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]],
    );
}

#[test]
fn resize_bilinear_from_the_corner() {
    check(
        23,
        none,
        |it, picture| vec![picture, it.ints(&[2], &[2, 3])],
        &[1, 2, 3, 2],
        &[&[
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
    );
}

#[test]
fn space_to_depth() {
    check(
        26,
        || vec![(0, Int(2))],
        |_, picture| vec![picture],
        &[1, 1, 1, 8],
        &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]],
    );
}

#[test]
fn gather() {
    check(
        36,
        || vec![(0, Int(3))],
        |it, picture| vec![picture, it.ints(&[2], &[1, 1])],
        PICTURE,
        &[&[2.0, 2.0, 4.0, 4.0, 6.0, 6.0, 8.0, 8.0]],
    );
}

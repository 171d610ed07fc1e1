//! Small maps that say the same in several ways.

use super::*;
use crate::inference::onnx::tensor::Element;
use crate::inference::sight::heads::testing::{array, facts};

fn model(shape: &[i64], element: Element, numbers: &[f32]) -> Result<Semantic, Misuse> {
    let mut model = facts(8, 4, &[("out", shape, numbers)]).model;
    model.outputs[0].element = element;
    let options = Options::default();
    Semantic::of(&model, &model.outputs, numbers, &options, Path::new(""))
}

/// Eight columns and four rows are two and four cells: class 1 at the top right, class 0 elsewhere.
fn regions(shape: &[i64], element: Element, numbers: &[f32], picture: Picture) -> Vec<Region> {
    let model = model(shape, element, numbers).expect("it is understood");
    let (fit, _) = picture.fit([80.0, 40.0], [8, 4]);
    model
        .regions(&array(shape, numbers), &fit)
        .expect("it is read")
}

#[test]
fn all_ways_to_put_it_out_give_the_same_regions() {
    let all = [
        (
            &[1, 2, 4][..],
            Element::Long,
            vec![0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        ),
        (
            &[1, 2, 2, 4][..],
            Element::Float,
            [
                [9.0, 9.0, -9.0, -9.0, 9.0, 9.0, 9.0, -9.0],
                [-9.0, -9.0, 9.0, 9.0, -9.0, -9.0, -9.0, 9.0],
            ]
            .concat(),
        ),
        (
            &[1, 2, 4, 3][..],
            Element::Float,
            [
                [
                    [1.0, 0.0, 0.0],
                    [1.0, 0.0, 0.0],
                    [0.0, 1.0, 0.0],
                    [0.0, 1.0, 0.0],
                ],
                [
                    [1.0, 0.0, 0.0],
                    [1.0, 0.0, 0.0],
                    [1.0, 0.0, 0.0],
                    [0.0, 1.0, 0.0],
                ],
            ]
            .as_flattened()
            .as_flattened()
            .to_vec(),
        ),
    ];
    for (shape, element, numbers) in all {
        let found = regions(shape, element, &numbers, Picture::STRETCHED);
        assert_eq!(found.len(), 2, "{shape:?}");
        assert!(found.iter().all(|it| it.score > 0.999), "{shape:?}");
        let told = |at: usize| (found[at].class, found[at].share, found[at].corners);
        assert_eq!(told(0), (0, 0.625, [0.0, 0.0, 6.0, 4.0]));
        assert_eq!(told(1), (1, 0.375, [4.0, 0.0, 8.0, 4.0]));
        assert_eq!(found[0].mask.cells, [255, 255, 0, 255, 255, 255]);
        assert_eq!(
            (found[1].mask.width, &found[1].mask.cells[..]),
            (2, &[255, 255, 0, 255][..])
        );
    }
}

#[test]
fn the_padding_is_no_part_of_the_picture() {
    let shape = [1, 2, 4];
    let numbers = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0];
    let model = model(&shape, Element::Int, &numbers).expect("it is understood");
    // A square frame fills the left half of the input.
    let (fit, _) = Picture::PLAIN.fit([40.0, 40.0], [8, 4]);
    let found = model
        .regions(&array(&shape, &numbers), &fit)
        .expect("it is read");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].class, found[0].share), (0, 1.0));
    assert_eq!(fit.to_frame(found[0].corners), [0.0, 0.0, 40.0, 40.0]);
}

#[test]
fn logits_become_probabilities() {
    let found = regions(
        &[1, 2, 2, 4],
        Element::Float,
        &[[1.098_612_3; 8], [0.0; 8]].concat(),
        Picture::STRETCHED,
    );
    assert!((found[0].score - 0.75).abs() < 1e-6, "{}", found[0].score);
}

#[test]
fn what_no_class_has_is_an_error() {
    let shape = [1, 2, 4];
    for wrong in [0.5, -1.0, 1000.0] {
        let numbers = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, wrong];
        let model = model(&shape, Element::Int, &numbers).expect("it is understood");
        let (fit, _) = Picture::STRETCHED.fit([80.0, 40.0], [8, 4]);
        let told = model.regions(&array(&shape, &numbers), &fit);
        let told = told.expect_err("no class has this number");
        assert!(told.contains(&wrong.to_string()), "{told}");
    }
    let shape = [1, 2, 2, 4];
    let mut numbers = [0.5; 16];
    numbers[15] = f32::NAN;
    let model = model(&shape, Element::Float, &numbers).expect("it is understood");
    let (fit, _) = Picture::STRETCHED.fit([80.0, 40.0], [8, 4]);
    assert!(model.regions(&array(&shape, &numbers), &fit).is_err());
}

#[test]
fn the_background_is_reported_where_it_is_asked_for() {
    let mut model = facts(8, 4, &[("out", &[1, 2, 2, 4], &[])]).model;
    model.labels = vec!["background,person".to_owned()];
    let wanted = |asked: &[&str]| {
        let mut options = Options::default();
        options.labelled.labels = asked.iter().map(|it| (*it).to_owned()).collect();
        let read = Semantic::of(&model, &model.outputs, &[], &options, Path::new(""));
        read.expect("it is understood").wanted
    };
    assert_eq!(wanted(&[]), [false, true]);
    assert_eq!(wanted(&["background"]), [true, false]);
}

#[test]
fn other_outputs_are_refused() {
    assert!(model(&[1, 1000], Element::Float, &[]).is_err());
    assert!(model(&[1, 3, 8, 4], Element::Float, &[]).is_err(), "turned");
    assert!(
        model(&[1, 2, 4], Element::Float, &[]).is_err(),
        "no classes"
    );
}

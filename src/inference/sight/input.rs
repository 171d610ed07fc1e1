//! How a model takes one picture, and what else it wants to be told.

use half::f16;

use crate::inference::onnx::tensor::{About, Element, Port, Tensor, Values, listed};
use crate::media::frame::Frame;
use crate::pipeline::contract::error::Misuse;

/// Pixels a side where neither the file nor the pipeline tells.
const USUAL: usize = 640;
/// Sides that models for pictures have.
const SIDES: std::ops::RangeInclusive<usize> = 1..=8192;
/// What sides must be multiples of where a model takes any: its coarsest grid.
const STEP: usize = 32;

/// How the numbers of a picture stand in a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[1, 3, height, width]`: all of one colour, then all of the next.
    Planes,
    /// `[1, height, width, 3]`: the colours of a pixel side by side.
    Pixels,
}

/// What a model takes.
#[derive(Clone, Debug)]
pub struct Input {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// How the numbers stand.
    pub layout: Layout,
    /// Their type: `Float`, `Half` or `Byte`.
    pub element: Element,
    /// In the order of the model's inputs; one is the picture.
    places: Vec<Place>,
}

/// One input.
#[derive(Clone, Debug)]
struct Place {
    shape: Vec<i64>,
    numbers: Numbers,
}

/// What is put into an input.
#[derive(Clone, Debug)]
enum Numbers {
    Picture,
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

impl Input {
    /// How a model takes a picture; of `[width, height]` if it takes any.
    ///
    /// # Errors
    /// What is wrong with `model` or `size`.
    pub fn of(model: &About, size: Option<[usize; 2]>) -> Result<Input, Misuse> {
        let unknown = || {
            let message = format!("{} takes {}", model.name, listed(&model.inputs));
            let help = "it must take one picture [1, 3, height, width] or [1, height, width, 3] of floats or bytes";
            Misuse::new("model", message, help)
        };
        let pictures: Vec<&Port> = model.inputs.iter().filter(|it| is_picture(it)).collect();
        let picture = match pictures[..] {
            [picture] => picture,
            [_, _, ..] => {
                let message = format!(
                    "{} takes several pictures at once: {}",
                    model.name,
                    listed(&model.inputs)
                );
                return Err(Misuse::new("model", message, "take a model that takes one"));
            }
            [] => return Err(unknown()),
        };
        let (layout, declared) = layout(&picture.shape).ok_or_else(unknown)?;
        let [width, height] = chosen(model, declared, size)?;
        let place = |port: &Port| match std::ptr::eq(port, picture) {
            true => Some(Place {
                shape: shape(layout, width, height),
                numbers: Numbers::Picture,
            }),
            false => told(port, width, height),
        };
        let places: Option<Vec<Place>> = model.inputs.iter().map(place).collect();
        Ok(Input {
            width,
            height,
            layout,
            element: picture.element,
            places: places.ok_or_else(unknown)?,
        })
    }

    /// The tensors of a picture whose numbers stand in planes of floats. `packed` is used again and again.
    pub fn tensors<'a>(&'a self, planes: &'a [f32], packed: &'a mut Packed) -> Vec<Tensor<'a>> {
        packed.pack(self, planes);
        let packed = &*packed;
        let values = |place: &'a Place| match &place.numbers {
            Numbers::Floats(floats) => Values::Floats(floats),
            Numbers::Integers(integers) => Values::Integers(integers),
            Numbers::Picture => match (self.element, self.layout) {
                (Element::Half, _) => Values::Halves(&packed.halves),
                (Element::Byte, _) => Values::Bytes(&packed.bytes),
                (_, Layout::Pixels) => Values::Floats(&packed.floats),
                (_, Layout::Planes) => Values::Floats(planes),
            },
        };
        let tensor = |place: &'a Place| Tensor {
            shape: &place.shape,
            values: values(place),
        };
        self.places.iter().map(tensor).collect()
    }
}

/// A picture in the layout and type of a model, if that is not planes of floats.
#[derive(Default)]
pub struct Packed {
    floats: Vec<f32>,
    halves: Vec<f16>,
    bytes: Vec<u8>,
}

impl Packed {
    fn pack(&mut self, input: &Input, planes: &[f32]) {
        let pixels = input.width * input.height;
        let place = |at: usize| match input.layout {
            Layout::Planes => at,
            Layout::Pixels => at % Frame::CHANNELS * pixels + at / Frame::CHANNELS,
        };
        let numbers = (0..planes.len()).map(|at| planes[place(at)]);
        match (input.element, input.layout) {
            (Element::Half, _) => refill(&mut self.halves, numbers.map(f16::from_f32)),
            (Element::Byte, _) => refill(&mut self.bytes, numbers.map(|it| it as u8)),
            (_, Layout::Pixels) => refill(&mut self.floats, numbers),
            (_, Layout::Planes) => {}
        }
    }
}

fn refill<T>(buffer: &mut Vec<T>, with: impl Iterator<Item = T>) {
    buffer.clear();
    buffer.extend(with);
}

fn is_picture(port: &Port) -> bool {
    let is_number = matches!(port.element, Element::Float | Element::Half | Element::Byte);
    is_number && layout(&port.shape).is_some()
}

/// How a picture stands in a tensor of this shape, and its width and height where they are settled.
fn layout(shape: &[i64]) -> Option<(Layout, [i64; 2])> {
    match *shape {
        [1 | -1, 3, height, width] => Some((Layout::Planes, [width, height])),
        [1 | -1, height, width, 3] => Some((Layout::Pixels, [width, height])),
        _ => None,
    }
}

fn shape(layout: Layout, width: usize, height: usize) -> Vec<i64> {
    let (width, height, colours) = (width as i64, height as i64, Frame::CHANNELS as i64);
    match layout {
        Layout::Planes => vec![1, colours, height, width],
        Layout::Pixels => vec![1, height, width, colours],
    }
}

/// Width and height: the file's where it settles them, else those asked for, else those it was exported with.
fn chosen(
    model: &About,
    declared: [i64; 2],
    asked: Option<[usize; 2]>,
) -> Result<[usize; 2], Misuse> {
    let exported = model.notes.get("imgsz").and_then(|it| exported(it));
    let usual = exported.unwrap_or([USUAL; 2]);
    let mut size = [0; 2];
    for axis in [0, 1] {
        let settled = usize::try_from(declared[axis]).ok().filter(|it| *it > 0);
        let wanted = asked.map(|it| it[axis]);
        size[axis] = settled.or(wanted).unwrap_or(usual[axis]);
        let is_other = wanted.is_some_and(|it| it != size[axis]);
        if is_other || !SIDES.contains(&size[axis]) {
            let message = format!(
                "{} takes pictures of {declared:?} pixels (width, height)",
                model.name
            );
            let help = "leave `size` out, or export the model with a size that may vary";
            return Err(Misuse::new("size", message, help));
        }
        if settled.is_none() && size[axis] % STEP != 0 {
            let message = format!(
                "{} is no multiple of {STEP}, the coarsest grid of models that take any size",
                size[axis]
            );
            let below = size[axis] / STEP * STEP;
            let help = format!("take {} or {}", below.max(STEP), below + STEP);
            return Err(Misuse::new("size", message, help));
        }
    }
    Ok(size)
}

/// Width and height of a note like `[480, 640]`, height first, or `640`.
fn exported(note: &str) -> Option<[usize; 2]> {
    let numbers = note.trim_matches(['[', ']', '(', ')']).split(',');
    let numbers: Result<Vec<usize>, _> = numbers.map(|it| it.trim().parse()).collect();
    match numbers.ok()?[..] {
        [side] => Some([side, side]),
        [height, width] => Some([width, height]),
        _ => None,
    }
}

/// What is told beside the picture: that its size is the size of the input, so that boxes come in its pixels.
fn told(port: &Port, width: usize, height: usize) -> Option<Place> {
    let (w, h) = (width as f32, height as f32);
    let floats =
        |shape: &[usize], floats: &[f32]| (shape.to_vec(), Numbers::Floats(floats.to_vec()));
    let integers =
        |shape: &[usize], integers: Vec<i64>| (shape.to_vec(), Numbers::Integers(integers));
    let (shape, numbers) = match (&*port.name, port.element) {
        // RT-DETR, D-FINE and DEIM.
        ("orig_target_sizes", Element::Long) => {
            integers(&[1, 2], vec![width as i64, height as i64])
        }
        ("orig_target_sizes", Element::Float) => floats(&[1, 2], &[w, h]),
        // DETR as Transformers exports it: which pixels are no padding.
        ("pixel_mask", Element::Long) => integers(&[1, height, width], vec![1; width * height]),
        // PaddleDetection.
        ("im_shape", Element::Float) => floats(&[1, 2], &[h, w]),
        ("scale_factor", Element::Float) => floats(&[1, 2], &[1.0, 1.0]),
        _ => return None,
    };
    let shape = shape.into_iter().map(|it| it as i64).collect();
    Some(Place { shape, numbers })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;

    fn model(inputs: &[(&str, &[i64], Element)], imgsz: Option<&str>) -> About {
        let port = |(name, shape, element): &(&str, &[i64], Element)| Port {
            name: (*name).to_owned(),
            shape: shape.to_vec(),
            element: *element,
        };
        let imgsz = imgsz.map(|it| ("imgsz".to_owned(), it.to_owned()));
        About {
            name: Arc::from("m"),
            labels: Vec::new(),
            notes: BTreeMap::from_iter(imgsz),
            inputs: inputs.iter().map(port).collect(),
            outputs: Vec::new(),
        }
    }

    fn of(shape: &[i64], element: Element) -> Input {
        Input::of(&model(&[("x", shape, element)], None), None).expect("it takes a picture")
    }

    #[test]
    fn a_picture_stands_as_the_model_wants_it() {
        let planes: Vec<f32> = (0..12).map(|it| it as f32).collect();
        let mut packed = Packed::default();
        let mut values = |shape: &[i64], element| {
            let input = of(shape, element);
            match input.tensors(&planes, &mut packed)[0].values {
                Values::Floats(it) => it.to_vec(),
                Values::Halves(it) => it.iter().map(|it| it.to_f32()).collect(),
                Values::Bytes(it) => it.iter().map(|it| f32::from(*it)).collect(),
                Values::Integers(_) => Vec::new(),
            }
        };
        let pixels = [0.0, 4.0, 8.0, 1.0, 5.0, 9.0, 2.0, 6.0, 10.0, 3.0, 7.0, 11.0];
        for element in [Element::Float, Element::Half, Element::Byte] {
            assert_eq!(values(&[1, 3, 2, 2], element), planes, "{element:?}");
            assert_eq!(values(&[1, 2, 2, 3], element), pixels, "{element:?}");
        }
    }

    #[test]
    fn a_size_that_is_open_is_asked_for_or_as_it_was_exported() {
        let open = [("x", &[-1, 3, -1, -1][..], Element::Float)];
        let size = |imgsz, asked| {
            let input = Input::of(&model(&open, imgsz), asked).map_err(|it| it.message)?;
            Ok::<_, String>([input.width, input.height])
        };
        assert_eq!(size(None, None), Ok([640, 640]));
        assert_eq!(
            size(Some("[480, 640]"), None),
            Ok([640, 480]),
            "height comes first"
        );
        assert_eq!(size(Some("[480, 640]"), Some([320, 192])), Ok([320, 192]));
        assert!(size(None, Some([320, 200])).is_err_and(|it| it.contains("no multiple of 32")));
        let fixed = model(&[("x", &[1, 3, 320, 320], Element::Float)], None);
        let refused = Input::of(&fixed, Some([640, 640])).expect_err("it is fixed");
        assert_eq!(refused.option, "size");
    }

    #[test]
    fn what_detectors_want_beside_the_picture_is_told_them() {
        let picture = ("images", &[1, 3, 64, 32][..], Element::Float);
        let sizes = ("orig_target_sizes", &[1, 2][..], Element::Long);
        let input = Input::of(&model(&[picture, sizes], None), None).expect("it is known");
        let (planes, mut packed) = (vec![0.0; 3 * 64 * 32], Packed::default());
        let Values::Integers(told) = input.tensors(&planes, &mut packed)[1].values else {
            panic!("they are integers");
        };
        assert_eq!(told, [32, 64], "width and height of the input");
        for other in [
            ("y", &[1, 3, 64, 32][..], Element::Float),
            ("y", &[1, 2], Element::Long),
        ] {
            let refused = Input::of(&model(&[picture, other], None), None);
            assert!(refused.is_err(), "{other:?}");
        }
    }
}

//! Inputs of a model that are kept: copies, noise in their form, and several in one.

use half::f16;

use crate::inference::onnx::tensor::{Element, Port, Tensor, Values};

/// Width and height of a picture where a model leaves them open.
const SIDE: i64 = 320;

/// Inputs of a model, kept: the shape and the numbers of each.
#[derive(Default)]
pub struct Sample(Vec<(Vec<i64>, Numbers)>);

enum Numbers {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
    Halves(Vec<f16>),
    Bytes(Vec<u8>),
}

impl Sample {
    /// A copy.
    pub fn of(inputs: &[Tensor<'_>]) -> Sample {
        let mut sample = Sample::default();
        sample.push(inputs);
        sample
    }

    /// Inputs of the declared shapes: dimensions that are left open are one, or the usual size of a picture. None for
    /// kinds of numbers that nothing here puts in.
    pub fn declared(ports: &[Port]) -> Option<Sample> {
        let input = |port: &Port| {
            let is_picture = |at: usize| port.shape.len() == 4 && at > 0;
            let sizes = port.shape.iter().enumerate();
            let size = |(at, &size): (usize, &i64)| match size {
                _ if size > 0 => size,
                _ if is_picture(at) => SIDE,
                _ => 1,
            };
            let shape: Vec<i64> = sizes.map(size).collect();
            let product = shape.iter().try_fold(1i64, |all, it| all.checked_mul(*it));
            let count = usize::try_from(product?).ok()?;
            let numbers = match port.element {
                Element::Float => Numbers::Floats(vec![1.0; count]),
                Element::Half => Numbers::Halves(vec![f16::ONE; count]),
                Element::Byte => Numbers::Bytes(vec![u8::MAX; count]),
                Element::Long => Numbers::Integers(vec![1; count]),
                Element::Int | Element::Other => return None,
            };
            Some((shape, numbers))
        };
        ports.iter().map(input).collect::<Option<_>>().map(Sample)
    }

    /// Leaves out what is kept, but the room for it.
    pub fn clear(&mut self) {
        for (shape, numbers) in &mut self.0 {
            shape.clear();
            numbers.clear();
        }
    }

    /// Adds a copy of inputs behind those that are there, which are of the same form but in the first dimension.
    pub fn push(&mut self, inputs: &[Tensor<'_>]) {
        self.0.resize_with(inputs.len(), Default::default);
        for ((shape, numbers), input) in self.0.iter_mut().zip(inputs) {
            match shape.first_mut() {
                Some(first) => *first += input.shape[0],
                None => shape.extend_from_slice(input.shape),
            }
            numbers.push(input.values);
        }
    }

    /// The shapes of the inputs.
    pub fn shapes(&self) -> impl Iterator<Item = &[i64]> {
        self.0.iter().map(|(shape, _)| &shape[..])
    }

    /// Noise of the same form and loudness, the same every time. Whole numbers stay: they are sizes and rates.
    pub fn noise(&self, seed: u64) -> Sample {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut noise = |numbers: &Numbers| match numbers {
            Numbers::Floats(floats) => {
                let loudest = floats.iter().fold(0.0f32, |all, it| all.max(it.abs()));
                Numbers::Floats(floats.iter().map(|_| loudest * chance.f32()).collect())
            }
            Numbers::Halves(halves) => {
                let number = |_: &f16| f16::from_f32(chance.f32());
                Numbers::Halves(halves.iter().map(number).collect())
            }
            Numbers::Bytes(bytes) => Numbers::Bytes(bytes.iter().map(|_| chance.u8(..)).collect()),
            Numbers::Integers(integers) => Numbers::Integers(integers.clone()),
        };
        let input = |(shape, numbers): &(Vec<i64>, Numbers)| (shape.clone(), noise(numbers));
        Sample(self.0.iter().map(input).collect())
    }

    /// To be put in.
    pub fn tensors(&self) -> Vec<Tensor<'_>> {
        let inputs = self.0.iter();
        inputs
            .map(|(shape, numbers)| view(shape, numbers))
            .collect()
    }
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers::Floats(Vec::new())
    }
}

impl Numbers {
    fn clear(&mut self) {
        match self {
            Numbers::Floats(it) => it.clear(),
            Numbers::Integers(it) => it.clear(),
            Numbers::Halves(it) => it.clear(),
            Numbers::Bytes(it) => it.clear(),
        }
    }

    /// Adds a copy; of another kind, it takes the place of what is there.
    fn push(&mut self, values: Values<'_>) {
        match (self, values) {
            (Numbers::Floats(own), Values::Floats(it)) => own.extend_from_slice(it),
            (Numbers::Integers(own), Values::Integers(it)) => own.extend_from_slice(it),
            (Numbers::Halves(own), Values::Halves(it)) => own.extend_from_slice(it),
            (Numbers::Bytes(own), Values::Bytes(it)) => own.extend_from_slice(it),
            (own, Values::Floats(it)) => *own = Numbers::Floats(it.to_vec()),
            (own, Values::Integers(it)) => *own = Numbers::Integers(it.to_vec()),
            (own, Values::Halves(it)) => *own = Numbers::Halves(it.to_vec()),
            (own, Values::Bytes(it)) => *own = Numbers::Bytes(it.to_vec()),
        }
    }
}

fn view<'a>(shape: &'a [i64], numbers: &'a Numbers) -> Tensor<'a> {
    let values = match numbers {
        Numbers::Floats(it) => Values::Floats(it),
        Numbers::Integers(it) => Values::Integers(it),
        Numbers::Halves(it) => Values::Halves(it),
        Numbers::Bytes(it) => Values::Bytes(it),
    };
    Tensor { shape, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_the_same_every_time_and_another_for_another_seed() {
        let ports = [
            Port {
                name: "x".into(),
                shape: vec![-1, 3, -1, -1],
                element: Element::Float,
            },
            Port {
                name: "sr".into(),
                shape: vec![],
                element: Element::Long,
            },
        ];
        let sample = Sample::declared(&ports).expect("both can be put in");
        let floats = |seed| match sample.noise(seed).tensors()[..] {
            [
                Tensor {
                    shape,
                    values: Values::Floats(floats),
                },
                Tensor {
                    values: Values::Integers([1]),
                    ..
                },
            ] => {
                assert_eq!(shape, [1, 3, SIDE, SIDE]);
                floats.to_vec()
            }
            _ => panic!("the forms stay"),
        };
        assert_eq!(floats(1), floats(1));
        assert_ne!(floats(1), floats(2));
        assert!(floats(1).iter().all(|it| (0.0..1.0).contains(it)));
    }

    #[test]
    fn inputs_stand_one_after_the_other_and_room_is_kept() {
        let (bytes, sizes) = ([[1, 2], [3, 4]], [[5, 6], [7, 8]]);
        let pushed = |sample: &mut Sample, at: usize| {
            sample.push(&[
                Tensor {
                    shape: &[1, 2],
                    values: Values::Bytes(&bytes[at]),
                },
                Tensor {
                    shape: &[1, 1, 2],
                    values: Values::Integers(&sizes[at]),
                },
            ]);
        };
        let mut sample = Sample::default();
        for _ in 0..2 {
            sample.clear();
            pushed(&mut sample, 0);
            pushed(&mut sample, 1);
            let shapes: Vec<&[i64]> = sample.shapes().collect();
            assert_eq!(shapes, [&[2, 2][..], &[2, 1, 2]]);
            let values: Vec<Values<'_>> = sample.tensors().iter().map(|it| it.values).collect();
            assert!(matches!(
                values[..],
                [Values::Bytes([1, 2, 3, 4]), Values::Integers([5, 6, 7, 8])]
            ));
        }
    }
}

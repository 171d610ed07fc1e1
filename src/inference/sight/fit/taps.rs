//! Where scaled columns and rows come from.

/// Weights are whole numbers of so many bits, as in OpenCV.
pub(super) const BITS: u32 = 11;

/// Of each scaled column or row the first of two neighbours, and the weight of the second.
#[derive(Default)]
pub(super) struct Taps {
    firsts: Vec<u32>,
    weights: Vec<i16>,
    plain: bool,
}

impl Taps {
    /// Those that scale `from` pixels to `to`, pixel centres on pixel centres.
    pub fn new(from: u32, to: usize) -> Taps {
        let step = f64::from(from) / to as f64;
        let tap = |at: usize| {
            let place = ((at as f64 + 0.5) * step - 0.5).clamp(0.0, f64::from(from - 1));
            let weight = place.fract() * f64::from(1 << BITS);
            (place as u32, weight.round() as i16)
        };
        let (firsts, weights) = (0..to).map(tap).unzip();
        Taps {
            firsts,
            weights,
            plain: from as usize == to,
        }
    }

    /// How many columns or rows it makes.
    pub fn len(&self) -> usize {
        self.firsts.len()
    }

    /// Whether nothing is scaled.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// The first neighbours.
    pub fn firsts(&self) -> &[u32] {
        &self.firsts
    }

    /// The weights of the second neighbours. One of 0 may have no second neighbour.
    pub fn weights(&self) -> &[i16] {
        &self.weights
    }
}

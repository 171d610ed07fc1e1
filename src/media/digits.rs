//! How many digits numbers have in events.

use serde::{Serialize, Serializer};

/// Thousandths: seconds, probabilities.
///
/// # Errors
/// What the format says.
pub fn three_places<T: Into<f64> + Copy, S: Serializer>(
    value: &T,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.serialize_f64(rounded((*value).into(), 1000.0))
}

/// Thousandths of what may be absent.
///
/// # Errors
/// What the format says.
pub fn three_places_of<T: Into<f64> + Copy, S: Serializer>(
    value: &Option<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    value.map(|it| rounded(it.into(), 1000.0)).serialize(to)
}

/// Tenths of pixels.
///
/// # Errors
/// What the format says.
pub fn tenths<S: Serializer>(bounds: &[f32; 4], to: S) -> Result<S::Ok, S::Error> {
    bounds.map(|side| rounded(side.into(), 10.0)).serialize(to)
}

fn rounded(value: f64, places: f64) -> f64 {
    (value * places).round() / places
}

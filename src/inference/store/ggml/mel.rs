//! The filters that make Whisper's mel bands of a spectrum: triangles of equal area, after Slaney's Auditory Toolbox (1998).

use super::form::put;

/// How many bands there are.
pub const BANDS: usize = 80;
/// Frequencies of a spectrum of 400 samples at 16 kHz, 40 Hz apart.
const FREQUENCIES: usize = 201;
const APART_HZ: f64 = 40.0;
const HIGHEST_HZ: f64 = 8000.0;
/// Up to here mels are in proportion to the frequency; beyond, to its logarithm.
const BEND_HZ: f64 = 1000.0;
const BEND_MEL: f64 = 15.0;

/// Writes their number and all their values.
pub fn write(out: &mut Vec<u8>) {
    put(out, BANDS as i32);
    put(out, FREQUENCIES as i32);
    let highest = mel(HIGHEST_HZ);
    let step = highest / (BANDS + 1) as f64;
    let mels = (0..=BANDS).map(|it| it as f64 * step).chain([highest]);
    let hertz: Vec<f64> = mels.map(hz).collect();
    for edges in hertz.windows(3) {
        let (low, top, high) = (edges[0], edges[1], edges[2]);
        for at in (0..FREQUENCIES).map(|it| it as f64 * APART_HZ) {
            let rises = (at - low) / (top - low);
            let falls = (high - at) / (high - top);
            // Rounded twice, as in the file that OpenAI has published.
            let height = f64::from(rises.min(falls).max(0.0) as f32);
            let value = (height * (2.0 / (high - low))) as f32;
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// Natural logarithm of what one mel multiplies a frequency by, beyond the bend.
fn step() -> f64 {
    6.4_f64.ln() / 27.0
}

fn mel(hz: f64) -> f64 {
    match hz < BEND_HZ {
        true => hz * BEND_MEL / BEND_HZ,
        false => BEND_MEL + (hz / BEND_HZ).ln() / step(),
    }
}

fn hz(mel: f64) -> f64 {
    match mel < BEND_MEL {
        true => mel * BEND_HZ / BEND_MEL,
        false => BEND_HZ * (step() * (mel - BEND_MEL)).exp(),
    }
}

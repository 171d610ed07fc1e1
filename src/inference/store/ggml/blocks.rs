//! Weights rounded in blocks of 32, as ggml does it.

use half::f16;

/// Values in a block.
pub const BLOCK: usize = 32;
/// Bytes of a block of half precision.
pub const HALVES: usize = 2 * BLOCK;

/// A block of half precision as numbers.
pub fn numbers(halves: &[u8]) -> [f32; BLOCK] {
    std::array::from_fn(|at| f16::from_le_bytes([halves[2 * at], halves[2 * at + 1]]).to_f32())
}

/// The scale, then eight bits each, with a sign.
pub fn q8_0(numbers: &[f32; BLOCK], out: &mut Vec<u8>) {
    let largest = numbers.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
    let scale = largest / 127.0;
    let to = inverse(scale);
    out.extend_from_slice(&f16::from_f32(scale).to_le_bytes());
    out.extend(numbers.iter().map(|it| (it * to).round() as i8 as u8));
}

/// The scale and the least value, the fifth bits of all, then four bits each: the first half of the block in
/// the lower bits.
pub fn q5_1(numbers: &[f32; BLOCK], out: &mut Vec<u8>) {
    let least = numbers.iter().copied().fold(f32::INFINITY, f32::min);
    let most = numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let scale = (most - least) / 31.0;
    let to = inverse(scale);
    let rounded = numbers.map(|it| ((it - least) * to + 0.5) as u8);
    let fifth = rounded.iter().enumerate();
    let fifth = fifth.fold(0_u32, |bits, (at, it)| bits | u32::from(it >> 4 & 1) << at);
    out.extend_from_slice(&f16::from_f32(scale).to_le_bytes());
    out.extend_from_slice(&f16::from_f32(least).to_le_bytes());
    out.extend_from_slice(&fifth.to_le_bytes());
    let (low, high) = rounded.split_at(BLOCK / 2);
    out.extend(
        low.iter()
            .zip(high)
            .map(|(low, high)| low & 15 | (high & 15) << 4),
    );
}

fn inverse(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

//! Makes whisper.cpp's model files, byte for byte as its own tools make them, which the sums of the manifest prove, and
//! looks through those of others.

mod blocks;
mod ctranslate2;
pub mod foreign;
mod form;
pub mod head;
mod kept;
mod mel;
mod names;
mod quantise;
pub mod read;
pub mod refusal;
mod tensors;
mod vocabulary;

use half::f16;

use self::ctranslate2::{Tensor, Weights};
pub use self::form::Precision;
use self::form::{F16, F32, put};
pub use self::quantise::quantise;

/// "ggml", as a little-endian number.
const MAGIC: i32 = 0x6767_6d6c;
/// Whisper's windows: 30 s of sound, and 224 tokens twice.
const TEXT_WINDOW: usize = 448;
/// Values of an attention head in every Whisper model.
const HEAD: usize = 64;

/// A model of half precision out of CTranslate2's `model.bin` and `vocabulary.txt`.
///
/// # Errors
/// In words, what it does not know about them.
pub fn from_ctranslate2(weights: &[u8], vocabulary: &str) -> Result<Vec<u8>, String> {
    let weights = Weights::parse(weights)?;
    let embeddings = weights.get("decoder/embeddings/weight")?;
    let sounds = weights.get("encoder/position_encodings/encodings")?;
    let (&[tokens, states], &[sound_window, _]) = (&*embeddings.shape, &*sounds.shape) else {
        return Err("its embeddings are no tables".to_owned());
    };
    let (heard, told) = (weights.layers("encoder"), weights.layers("decoder"));
    let heads = states / HEAD;
    let mut out = Vec::with_capacity(weights.bytes() + (1 << 20));
    let numbers = [
        tokens,
        sound_window,
        states,
        heads,
        heard,
        TEXT_WINDOW,
        states,
        heads,
        told,
        mel::BANDS,
    ];
    put(&mut out, MAGIC);
    numbers.iter().for_each(|&it| put(&mut out, it as i32));
    put(&mut out, F16);
    mel::write(&mut out);
    vocabulary::write(vocabulary, &mut out)?;
    for (name, of) in names::all(heard, told) {
        write(&name, &weights.part(&of)?, &mut out);
    }
    Ok(out)
}

/// Tables have half precision, but those of positions; all else is single.
fn write(name: &str, tensor: &Tensor, out: &mut Vec<u8>) {
    let mut shape = tensor.shape.clone();
    let is_half = shape.len() > 1 && !name.contains("positional");
    if name.contains("conv") && name.ends_with("bias") {
        shape.push(1);
    }
    put(out, shape.len() as i32);
    put(out, name.len() as i32);
    put(out, if is_half { F16 } else { F32 });
    shape.iter().rev().for_each(|&it| put(out, it as i32));
    out.extend_from_slice(name.as_bytes());
    match is_half {
        true => out.extend_from_slice(tensor.halves),
        false => {
            let halves = tensor.halves.chunks_exact(2);
            let single = |it: &[u8]| f16::from_le_bytes([it[0], it[1]]).to_f32().to_le_bytes();
            out.extend(halves.flat_map(single));
        }
    }
}

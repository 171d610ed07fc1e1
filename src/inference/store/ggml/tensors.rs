//! The tensors that a Whisper model has.

use std::collections::HashMap;

use super::head::Head;
use super::kept::{HALF, Kept, SINGLE};
use super::names;

/// What whisper.cpp wants of a tensor.
#[derive(Debug)]
pub struct Tensor {
    /// Sizes, the fastest running first; ones beyond its last dimension.
    pub shape: [usize; 4],
    pub kept: Kept,
}

impl Tensor {
    /// Bytes of its values.
    pub fn size(&self) -> usize {
        self.kept.size(self.shape.iter().product())
    }
}

/// All tensors of a model, by name.
pub fn tensors(head: &Head) -> HashMap<String, Tensor> {
    let names = names::all(head.sounds.layers, head.texts.layers).into_iter();
    names
        .map(|(name, _)| {
            let tensor = tensor(head, &name);
            (name, tensor)
        })
        .collect()
}

fn tensor(head: &Head, name: &str) -> Tensor {
    let states = head.sounds.states;
    let of = |shape: [usize; 3], kept| Tensor {
        shape: [shape[0], shape[1], shape[2], 1],
        kept,
    };
    let table = |wide, high| of([wide, high, 1], head.kept);
    // Convolutions are not rounded.
    let filter = if head.kept == SINGLE { SINGLE } else { HALF };
    match name {
        "encoder.positional_embedding" => of([states, head.sounds.window, 1], SINGLE),
        "decoder.positional_embedding" => of([states, head.texts.window, 1], SINGLE),
        "decoder.token_embedding.weight" => table(states, head.tokens),
        "encoder.conv1.weight" => of([3, head.bands, states], filter),
        "encoder.conv2.weight" => of([3, states, states], filter),
        "encoder.conv1.bias" | "encoder.conv2.bias" => of([1, states, 1], SINGLE),
        _ if name.ends_with("mlp.0.weight") => table(states, 4 * states),
        _ if name.ends_with("mlp.0.bias") => of([4 * states, 1, 1], SINGLE),
        _ if name.ends_with("mlp.2.weight") => table(4 * states, states),
        _ if name.contains("attn.") && name.ends_with("weight") => table(states, states),
        _ => of([states, 1, 1], SINGLE),
    }
}

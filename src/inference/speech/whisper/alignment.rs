//! Which heads of a decoder look at the sound of the word that is being written: the times of words hang on them.

use whisper_rs::whisper_rs_sys::whisper_ahead;
use whisper_rs::{DtwMode, DtwModelPreset, DtwParameters};

use crate::inference::store::ggml::head::Head;

/// Address space in which whisper.cpp looks for the times of the words of one window; it ends the process where that is too
/// little. Twelve bytes for each head, token and 20 ms: 82 MB for 20 heads and 224 tokens. Only what is used becomes
/// resident: 44 MB more for half a minute of speech, the decoder's included, whether 64 or 256 MB are given.
const BYTES: usize = 256 << 20;
/// Of tiny.en and of base, those by which the words of twelve synthesised sentences lie best: 95 and 82 of 100 within
/// 0.1 s, against 58 and 44 by the heads that OpenAI names.
const TINY_EN: [whisper_ahead; 3] = [head(2, 5), head(3, 0), head(3, 2)];
const BASE: [whisper_ahead; 2] = [head(3, 1), head(5, 1)];

/// How the times of words are found in a model.
pub struct Alignment {
    /// By which heads.
    pub heads: DtwMode<'static>,
    /// So many seconds later than a word ends do they look away from it.
    pub late: f64,
}

const fn head(layer: i32, head: i32) -> whisper_ahead {
    whisper_ahead {
        n_text_layer: layer,
        n_head: head,
    }
}

impl Alignment {
    /// Of OpenAI's models, known by their numbers of tokens and of layers; of others, the last layer
    /// has such heads.
    pub fn of(model: &Head) -> Alignment {
        let preset = |model_preset| DtwMode::ModelPreset { model_preset };
        let (heads, late) = match (model.tokens, model.sounds.layers, model.texts.layers) {
            (51_864, 4, 4) => (DtwMode::Custom { aheads: &TINY_EN }, 0.066),
            (51_865, 6, 6) => (DtwMode::Custom { aheads: &BASE }, -0.014),
            (51_865, 4, 4) => (preset(DtwModelPreset::Tiny), 0.05),
            (51_864, 6, 6) => (preset(DtwModelPreset::BaseEn), 0.05),
            (51_864, 12, 12) => (preset(DtwModelPreset::SmallEn), 0.05),
            (51_865, 12, 12) => (preset(DtwModelPreset::Small), 0.05),
            (51_864, 24, 24) => (preset(DtwModelPreset::MediumEn), 0.05),
            (51_865, 24, 24) => (preset(DtwModelPreset::Medium), 0.05),
            (51_865, 32, 32) => (preset(DtwModelPreset::LargeV2), 0.05),
            (51_866, 32, 32) => (preset(DtwModelPreset::LargeV3), 0.05),
            (51_866, 32, 4) => (preset(DtwModelPreset::LargeV3Turbo), 0.05),
            _ => (DtwMode::TopMost { n_top: 1 }, 0.05),
        };
        Alignment { heads, late }
    }

    /// For whisper.cpp.
    pub fn params(self) -> DtwParameters<'static> {
        DtwParameters {
            mode: self.heads,
            dtw_mem_size: BYTES,
        }
    }
}

//! Which language is spoken, where the pipeline file leaves that open.

use super::Whisper;
use super::About;
use crate::media::audio::SAMPLE_RATE;
use crate::pipeline::contract::error::{Error, Result};

/// A source that has spoken one language is taken to speak another only in so much sound, ...
const LONG_ENOUGH: usize = 2 * SAMPLE_RATE as usize;
/// ... and if it is so probable: short clips look like many languages.
const SURE_ENOUGH: f32 = 0.8;

impl Whisper {
    /// The language of the samples at hand, and its probability if it had to be found out.
    pub(super) fn language(&mut self, about: &About) -> Result<(String, Option<f32>)> {
        if self.wanted.language != "auto" {
            return Ok((self.wanted.language.clone(), None));
        }
        let failed = |error| Error::retry(format!("whisper.cpp failed: {error}"));
        let threads = self.threads;
        self.state
            .pcm_to_mel(&self.samples, threads)
            .map_err(failed)?;
        let (_, probabilities) = self.state.lang_detect(0, threads).map_err(failed)?;
        let languages = (0..).zip(&probabilities).filter_map(|(id, probability)| {
            Some((whisper_rs::get_lang_str(id)?, *probability))
        });
        let languages: Vec<(&str, f32)> = languages.collect();
        let (language, probability) = chosen(&languages, self.samples.len(), about.spoken.as_deref());
        Ok((language.to_owned(), Some(probability)))
    }
}

/// The most probable language, or the one that was spoken before if that is not sure enough.
fn chosen<'a>(languages: &[(&'a str, f32)], samples: usize, spoken: Option<&str>) -> (&'a str, f32) {
    let most = languages.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let most = *most.unwrap_or(&("en", 0.0));
    let before = languages.iter().find(|it| Some(it.0) == spoken);
    match before {
        Some(before) if samples < LONG_ENOUGH || most.1 < SURE_ENOUGH => *before,
        _ => most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_or_unsure_clip_is_in_the_language_of_the_ones_before() {
        let both = [("en", 0.3), ("de", 0.7)];
        assert_eq!(chosen(&both, 16_000, None), ("de", 0.7));
        assert_eq!(chosen(&both, 16_000 * 9, Some("en")), ("en", 0.3));
        let sure = [("en", 0.1), ("de", 0.9)];
        assert_eq!(chosen(&sure, 16_000, Some("en")), ("en", 0.1));
        assert_eq!(chosen(&sure, 16_000 * 9, Some("en")), ("de", 0.9));
    }
}

//! Which language is spoken, where the pipeline file leaves that open.

use crate::media::audio::SAMPLE_RATE;

/// A source that has spoken one language is taken to speak another only in so much sound, ...
const LONG_ENOUGH: usize = 2 * SAMPLE_RATE as usize;
/// ... and if it is so probable: short clips look like many languages.
const SURE_ENOUGH: f32 = 0.8;

/// The most probable of some languages, and its probability, or the one that was spoken before if that is not sure enough.
pub fn chosen<'a>(
    languages: &[(&'a str, f32)],
    samples: usize,
    spoken: Option<&str>,
) -> (&'a str, f32) {
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

//! Whether a text can be believed: Whisper writes something down even where nobody speaks.

use super::repeats;
use crate::media::events::Doubt;

/// More than this is not believed: the probability of no speech less the mean log probability of the tokens.
const MOST_DOUBT: f32 = 0.9;

/// What speaks for and against a text.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// The text.
    pub text: &'a str,
    /// Its tokens, and how many were granted.
    pub tokens: usize,
    /// See there.
    pub most_tokens: usize,
    /// Mean log probability of the tokens.
    pub avg_logprob: f32,
    /// Least log probability of a token.
    pub min_logprob: f32,
    /// Probability that there is no speech.
    pub no_speech_prob: f32,
    /// Share of the sound in which the VAD hears a voice.
    pub voiced: f32,
    /// Length of the sound.
    pub seconds: f32,
}

/// What is wrong with a text, if anything is.
pub fn doubt(it: &Evidence<'_>) -> Option<Doubt> {
    let reasons = [
        (it.text.is_empty(), Doubt::NoText),
        (it.text.contains('\u{fffd}'), Doubt::BrokenText),
        (it.tokens >= it.most_tokens, Doubt::TooLong),
        (repeats::found(it.text), Doubt::Repeats),
        (it.no_speech_prob - it.avg_logprob > MOST_DOUBT, Doubt::Unlikely),
    ];
    let mut reasons = reasons.iter().filter(|(holds, _)| *holds);
    reasons.next().map(|(_, doubt)| *doubt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_doubted_for_its_first_fault() {
        let heard = |text, tokens, avg_logprob, no_speech_prob| {
            doubt(&Evidence {
                text,
                tokens,
                most_tokens: 16,
                avg_logprob,
                min_logprob: avg_logprob,
                no_speech_prob,
                voiced: 1.0,
                seconds: 1.0,
            })
        };
        assert_eq!(heard("one", 1, -0.3, 0.1), None);
        assert_eq!(heard("", 0, 0.0, 0.95), Some(Doubt::NoText));
        assert_eq!(heard("o\u{fffd}e", 1, -0.3, 0.1), Some(Doubt::BrokenText));
        assert_eq!(heard("one", 16, -0.3, 0.1), Some(Doubt::TooLong));
        assert_eq!(heard("a a a a", 4, -0.3, 0.1), Some(Doubt::Repeats));
        assert_eq!(heard("one", 1, -0.3, 0.7), Some(Doubt::Unlikely));
        assert_eq!(heard("one", 1, -1.3, 0.1), Some(Doubt::Unlikely));
    }
}

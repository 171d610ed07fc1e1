//! Whether a text can be believed: Whisper writes something down even where nobody speaks. The numbers were fitted on
//! one half of some hours of speech and other sound, and are reported on the other (`models/README.md`).

use super::heard::Heard;
use super::repeats;
use crate::media::events::Doubt;

/// More than this is not believed.
const MOST_DOUBT: f32 = 1.2;
/// From here on the sound is heard a second time: what Whisper invents is seldom the same twice.
const SECOND_LOOK: f32 = 0.6;
/// How much the least likely token counts, beyond a natural logarithm of -1.
const WEIGHT_OF_LEAST: f32 = 0.1;

/// What is wrong with a text of so many tokens, for which `most_tokens` were granted.
pub fn doubt(heard: &Heard, tokens: usize, most_tokens: usize) -> Option<Doubt> {
    let reasons = [
        (letters(&heard.text).is_empty(), Doubt::NoText),
        (heard.text.contains('\u{fffd}'), Doubt::BrokenText),
        (tokens >= most_tokens, Doubt::TooLong),
        (repeats::found(&heard.text), Doubt::Repeats),
        (unlikelihood(heard) > MOST_DOUBT, Doubt::Unlikely),
    ];
    let mut reasons = reasons.iter().filter(|(holds, _)| *holds);
    reasons.next().map(|(_, doubt)| *doubt)
}

/// Whether a text that is believed so far should be heard once more.
pub fn needs_second_look(heard: &Heard) -> bool {
    heard.doubt.is_none() && unlikelihood(heard) > SECOND_LOOK
}

/// What is wrong with a text if the same sound, a tenth of a second later in the window, gives another one.
pub fn second_look(heard: &Heard, again: &str) -> Option<Doubt> {
    let (one, other) = (letters(&heard.text), letters(again));
    let difference = 1.0 - strsim::normalized_levenshtein(&one, &other) as f32;
    (unlikelihood(heard) + difference > MOST_DOUBT).then_some(Doubt::Unstable)
}

/// What speaks against a text, 0 or more: the probability of no speech, less the mean log probability of the tokens,
/// and a little for the least likely one.
fn unlikelihood(heard: &Heard) -> f32 {
    let least = (-heard.min_logprob - 1.0).max(0.0);
    heard.no_speech_prob - heard.avg_logprob + WEIGHT_OF_LEAST * least
}

fn letters(text: &str) -> String {
    let letters = text.chars().filter(|it| it.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, avg_logprob: f32, no_speech_prob: f32) -> Heard {
        Heard {
            text: text.to_owned(),
            avg_logprob,
            min_logprob: avg_logprob,
            no_speech_prob,
            ..Heard::default()
        }
    }

    #[test]
    fn a_text_is_doubted_for_its_first_fault() {
        let doubt = |text, tokens, avg_logprob, no_speech_prob| {
            doubt(&heard(text, avg_logprob, no_speech_prob), tokens, 16)
        };
        assert_eq!(doubt("one", 1, -0.3, 0.1), None);
        assert_eq!(doubt("", 0, 0.0, 0.95), Some(Doubt::NoText));
        assert_eq!(doubt("♪ …", 2, -0.1, 0.1), Some(Doubt::NoText));
        assert_eq!(doubt("o\u{fffd}e", 1, -0.3, 0.1), Some(Doubt::BrokenText));
        assert_eq!(doubt("one", 16, -0.3, 0.1), Some(Doubt::TooLong));
        assert_eq!(doubt("a a a a", 4, -0.3, 0.1), Some(Doubt::Repeats));
        assert_eq!(doubt("one", 1, -0.4, 0.9), Some(Doubt::Unlikely));
        assert_eq!(doubt("one", 1, -1.3, 0.0), Some(Doubt::Unlikely));
    }

    #[test]
    fn what_is_something_else_the_second_time_is_doubted() {
        assert!(!needs_second_look(&heard("Turn on the lamp.", -0.3, 0.1)));
        let unsure = heard("Turn on the lamp.", -0.7, 0.1);
        assert!(needs_second_look(&unsure));
        assert_eq!(second_look(&unsure, "turn on the lamp"), None);
        assert_eq!(
            second_look(&unsure, "Tonight, then?"),
            Some(Doubt::Unstable)
        );
    }
}

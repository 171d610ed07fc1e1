//! How much sound Whisper hears at a time: long sound in pieces, short sound without the silence of a whole window.

use std::ops::Range;

use super::heard::Heard;
use crate::media::audio::SAMPLE_RATE;
use crate::media::events::Doubt;

/// An encoder position hears 20 ms.
const SAMPLES_PER_POSITION: usize = SAMPLE_RATE as usize / 50;
/// Encoder positions below which Whisper loses words (`models/README.md` has the figures).
const SMALLEST: i32 = 768;
/// Positions of silence after the sound: where the window ends close to it, sentences come twice.
const ROOM: i32 = 128;

/// Samples that an encoder of so many positions hears.
pub fn samples_of(positions: i32) -> usize {
    positions as usize * SAMPLES_PER_POSITION
}

/// Encoder positions for so many samples, of `all` that there are.
pub fn context(samples: usize, all: i32) -> i32 {
    (samples.div_ceil(SAMPLES_PER_POSITION) as i32 + ROOM)
        .max(SMALLEST)
        .min(all)
}

/// Pieces of at most so many samples, cut where it is quiet; one piece at least.
pub fn pieces(samples: &[f32], longest: usize) -> Vec<Range<usize>> {
    let (mut pieces, mut from) = (Vec::new(), 0);
    while samples.len() - from > longest {
        let cut = quietest(samples, from + longest / 2..from + longest);
        pieces.push(from..cut);
        from = cut;
    }
    pieces.push(from..samples.len());
    pieces
}

/// The middle of the 50 ms with the least power in a range of samples.
fn quietest(samples: &[f32], range: Range<usize>) -> usize {
    const STRETCH: usize = SAMPLE_RATE as usize / 20;
    let power = |at: usize| -> f32 { samples[at..at + STRETCH].iter().map(|it| it * it).sum() };
    let starts = range
        .clone()
        .step_by(STRETCH / 2)
        .filter(|at| at + STRETCH <= range.end);
    starts
        .min_by(|a, b| power(*a).total_cmp(&power(*b)))
        .map_or(range.end, |at| at + STRETCH / 2)
}

/// What was heard in two pieces. What is doubted in one of them is left out.
pub fn joined(before: Heard, after: Heard) -> Heard {
    match (before.doubt, after.doubt) {
        (None, Some(_)) => before,
        (Some(_), None) => after,
        (Some(doubt), Some(_)) if doubt != Doubt::NoText => before,
        _ => Heard {
            text: format!("{} {}", before.text, after.text).trim().to_owned(),
            words: [before.words, after.words].concat(),
            avg_logprob: before.avg_logprob.min(after.avg_logprob),
            min_logprob: before.min_logprob.min(after.min_logprob),
            no_speech_prob: before.no_speech_prob.max(after.no_speech_prob),
            ..after
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_speech_is_cut_where_it_is_quiet() {
        let mut samples = vec![0.5; 16_000];
        samples[10_000..11_000].fill(0.001);
        let found = pieces(&samples, 12_000);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!((10_000..11_000).contains(&found[0].end), "{found:?}");
        assert_eq!(found[1], found[0].end..16_000);
        assert_eq!(pieces(&[], 12_000), vec![0..0; 1]);
    }

    #[test]
    fn pieces_are_joined_and_doubtful_ones_left_out() {
        let heard = |text: &str, avg_logprob, doubt| Heard {
            text: text.to_owned(),
            avg_logprob,
            min_logprob: avg_logprob,
            doubt,
            ..Heard::default()
        };
        let one = heard("one", -0.3, None);
        let both = joined(one.clone(), heard("two", -0.1, None));
        assert_eq!((both.text.as_str(), both.avg_logprob), ("one two", -0.3));
        let first = joined(one.clone(), heard("", 0.0, Some(Doubt::NoText)));
        assert_eq!(first.text, "one");
        let second = joined(heard("uh", -2.0, Some(Doubt::Unlikely)), one);
        assert_eq!(second.text, "one");
    }

    #[test]
    fn the_encoder_window_fits_the_sound_between_floor_and_whole() {
        assert_eq!(context(16_000, 1500), 768);
        assert_eq!(context(16_000 * 15, 1500), 878);
        assert_eq!(context(16_000 * 30, 1500), 1500);
        assert_eq!(context(16_000, 200), 200);
    }
}

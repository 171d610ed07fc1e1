//! Speech probabilities, window by window, into stretches of speech. Pure arithmetic.
//!
//! Where stretches begin and end is what Silero's own package says (`get_speech_timestamps`), but for cuts:
//! there a stretch may be cut at any of its pauses, and the pause is left out.

use crate::inference::speech::silero::WINDOW;

/// When speech begins and ends.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Speech begins at this probability.
    pub threshold: f32,
    /// Speech goes on until the probability falls below this.
    pub release: f32,
    /// Stretches that are no longer than this are dropped. Samples.
    pub min_speech: u64,
    /// A pause ends a stretch when a window begins so long after the pause's first, and is quiet too. Samples.
    pub min_silence: u64,
    /// A stretch that has become so long is cut. Samples.
    pub max_speech: u64,
}

/// A stretch of speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Index of its first sample.
    pub start: u64,
    /// Index of the sample after its last.
    pub end: u64,
    /// Mean probability of its windows.
    pub probability: f32,
    /// Share of its windows, 0 to 1, that are at or above the threshold.
    pub voiced: f32,
}

#[derive(Clone, Debug)]
struct Open {
    start: u64,
    /// Where the probability fell below `release`, if it has not risen to the threshold again.
    quiet_since: Option<u64>,
    /// Probabilities of its windows: no more than `max_speech` has.
    heard: Vec<f32>,
    /// It goes on where a longer one was cut.
    is_rest: bool,
}

/// Follows one stream.
#[derive(Clone, Debug)]
pub struct Segmenter {
    rules: Rules,
    /// Index of the first sample of the next window.
    position: u64,
    open: Option<Open>,
}

impl Segmenter {
    /// A stream whose first window begins at sample `position`.
    pub fn new(rules: Rules, position: u64) -> Segmenter {
        Segmenter {
            rules,
            position,
            open: None,
        }
    }

    /// First sample of the stretch that is going on.
    pub fn speech_start(&self) -> Option<u64> {
        self.open.as_ref().map(|open| open.start)
    }

    /// What there is by now of the stretch that is going on.
    pub fn so_far(&self) -> Option<Segment> {
        let open = self.open.as_ref()?;
        Some(open.until(self.position, &self.rules))
    }

    /// Takes the probability of the next window; gives a stretch when one has ended.
    pub fn push(&mut self, probability: f32) -> Option<Segment> {
        let (begin, rules) = (self.position, self.rules);
        self.position += WINDOW as u64;
        let loud = probability >= rules.threshold;
        if self.open.is_none() && !loud {
            return None;
        }
        let open = self.open.get_or_insert_with(|| Open::at(begin));
        open.heard.push(probability);
        if loud {
            open.quiet_since = None;
        } else if probability < rules.release {
            let quiet = *open.quiet_since.get_or_insert(begin);
            if begin - quiet >= rules.min_silence {
                return self.close(quiet);
            }
        }
        (self.position - open.start >= rules.max_speech).then(|| open.cut(&rules))
    }

    /// The input has ended before the sample `end`: gives the stretch that was going on.
    pub fn finish(&mut self, end: u64) -> Option<Segment> {
        self.close(end)
    }

    fn close(&mut self, end: u64) -> Option<Segment> {
        let open = self.open.take()?;
        let length = end - open.start;
        // The rest of a longer one is speech, however short, unless it is only a pause.
        let counts = length > self.rules.min_speech || (open.is_rest && length > 0);
        counts.then(|| open.until(end, &self.rules))
    }
}

impl Open {
    fn at(start: u64) -> Open {
        Open {
            start,
            quiet_since: None,
            heard: Vec::new(),
            is_rest: false,
        }
    }

    /// The part of it before the sample `end`.
    fn until(&self, end: u64, rules: &Rules) -> Segment {
        let windows = (end - self.start).div_ceil(WINDOW as u64) as usize;
        let heard = &self.heard[..windows];
        let count = heard.len() as f32;
        let voiced = heard.iter().filter(|&&it| it >= rules.threshold).count();
        Segment {
            start: self.start,
            end,
            probability: heard.iter().sum::<f32>() / count,
            voiced: voiced as f32 / count,
        }
    }

    /// Cuts off what lies before the least likely window, which is then the first of the rest. Neither
    /// piece becomes tiny: it is looked for from the half to seven eighths.
    fn cut(&mut self, rules: &Rules) -> Segment {
        let windows = self.heard.len();
        let least = |one: &usize, other: &usize| self.heard[*one].total_cmp(&self.heard[*other]);
        // Of equals the last: what hears the piece likes it long.
        let range = (windows / 2..=windows * 7 / 8).rev();
        let at = range.min_by(least).unwrap_or(windows);
        let middle = self.start + (at * WINDOW) as u64;
        let piece = self.until(middle, rules);
        self.heard.drain(..at);
        self.start = middle;
        self.quiet_since = self.quiet_since.map(|it| it.max(middle));
        self.is_rest = true;
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        threshold: 0.5,
        release: 0.35,
        min_speech: 3 * WINDOW as u64,
        min_silence: 2 * WINDOW as u64,
        max_speech: 16 * WINDOW as u64,
    };

    fn probabilities(digits: &str) -> impl Iterator<Item = f32> {
        digits.bytes().map(|digit| f32::from(digit - b'0') / 10.0)
    }

    /// One digit a window, tenths of probability, after so many samples.
    fn segments(digits: &str, from: u64) -> Vec<Segment> {
        let mut segmenter = Segmenter::new(RULES, from);
        let mut segments: Vec<Segment> = probabilities(digits)
            .filter_map(|it| segmenter.push(it))
            .collect();
        segments.extend(segmenter.finish(from + (digits.len() * WINDOW) as u64));
        segments
    }

    /// Gives stretches as (first, after last) window.
    #[track_caller]
    fn check(digits: &str, expect: &[(u64, u64)]) {
        let window = WINDOW as u64;
        // The next ones cross what 31, 32 and 36 bits hold; the last is 40 days.
        for from in [
            0,
            (1 << 31) - 700,
            (1 << 32) - 700,
            (1 << 36) - 700,
            40 * 86_400 * 16_000,
        ] {
            let found: Vec<_> = segments(digits, from)
                .iter()
                .map(|it| ((it.start - from) / window, (it.end - from) / window))
                .collect();
            assert_eq!(found, expect, "{digits} from {from}");
        }
    }

    #[test]
    fn pauses_shorter_than_the_limit_do_not_cut() {
        check("00999009990000", &[(2, 10)]);
        check("0099990009999000", &[(2, 6), (9, 13)]);
    }

    #[test]
    fn between_the_thresholds_speech_goes_on_but_does_not_begin() {
        check("0044400", &[]);
        check("0099944900000", &[(2, 8)]);
        check("00999904440999000", &[(2, 6)]);
        check("00999904449999000", &[(2, 14)]);
        check("009999044400", &[(2, 6)]);
    }

    #[test]
    fn short_stretches_are_dropped() {
        check("00990000", &[]);
        check("009990000", &[]);
        check("0099990000", &[(2, 6)]);
    }

    #[test]
    fn the_end_of_the_input_ends_speech() {
        check("0009999", &[(3, 7)]);
        check("00099990", &[(3, 8)]);
        let mut segmenter = Segmenter::new(RULES, 0);
        probabilities("09999").for_each(|it| assert_eq!(segmenter.push(it), None));
        let end = 4 * WINDOW as u64 + 100;
        let last = segmenter.finish(end).map(|it| (it.start, it.end));
        assert_eq!(
            last,
            Some((WINDOW as u64, end)),
            "in the middle of a window"
        );
    }

    #[test]
    fn long_stretches_are_cut_where_speech_is_least_likely() {
        check("99999999999999999999000", &[(0, 14), (14, 20)]);
        check("99299999998969999999000", &[(0, 12), (12, 20)]);
        check("9999999999099999999000", &[(0, 10), (10, 19)]);
        // A short rest is no short sound.
        check("9999999999999993000", &[(0, 14), (14, 15)]);
        // All that is left is the pause.
        check("999999999999900999000", &[(0, 14), (14, 18)]);
        // Twice.
        check(&"9".repeat(40), &[(0, 14), (14, 28), (28, 40)]);
    }

    #[test]
    fn a_segment_tells_how_much_of_it_is_voiced() {
        let found = segments("0099440990000", 0);
        let [found] = found[..] else {
            panic!("{found:?}")
        };
        assert!((found.voiced - 4.0 / 7.0).abs() < 1e-6, "{found:?}");
        assert!((found.probability - 4.4 / 7.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn what_is_there_of_open_speech_can_be_looked_at() {
        let mut segmenter = Segmenter::new(RULES, 0);
        assert_eq!(segmenter.so_far(), None);
        probabilities("0090").for_each(|it| assert_eq!(segmenter.push(it), None));
        let so_far = segmenter.so_far().expect("speech has begun");
        let window = WINDOW as u64;
        assert_eq!((so_far.start, so_far.end), (2 * window, 4 * window));
        assert!((so_far.voiced - 0.5).abs() < 1e-6);
    }
}

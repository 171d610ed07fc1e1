//! Speech probabilities, window by window, into stretches of speech. Pure arithmetic.

use crate::inference::speech::silero::WINDOW;

/// When speech begins and ends.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Speech begins at this probability.
    pub threshold: f32,
    /// Speech goes on until the probability falls below this.
    pub release: f32,
    /// Shorter stretches are dropped. Samples.
    pub min_speech: u64,
    /// Shorter pauses do not end a stretch. Samples.
    pub min_silence: u64,
    /// Longer stretches are cut. Samples.
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
}

#[derive(Clone, Copy, Debug)]
struct Open {
    start: u64,
    /// Where the probability fell below `release`, if it has not risen again.
    quiet_since: Option<u64>,
    sum: f32,
    windows: u32,
    /// Sum and number of windows before `quiet_since`.
    loud: (f32, u32),
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
        self.open.map(|open| open.start)
    }

    /// Takes the probability of the next window; gives a stretch when one has ended.
    pub fn push(&mut self, probability: f32) -> Option<Segment> {
        let (begin, end) = (self.position, self.position + WINDOW as u64);
        self.position = end;
        let loud = probability >= self.rules.threshold;
        if self.open.is_none() && !loud {
            return None;
        }
        let open = self.open.get_or_insert(Open {
            start: begin,
            quiet_since: None,
            sum: 0.0,
            windows: 0,
            loud: (0.0, 0),
        });
        if loud {
            open.quiet_since = None;
        } else if probability < self.rules.release && open.quiet_since.is_none() {
            open.quiet_since = Some(begin);
            open.loud = (open.sum, open.windows);
        }
        open.sum += probability;
        open.windows += 1;
        let open = *open;
        match open.quiet_since {
            Some(quiet) if end - quiet >= self.rules.min_silence => self.close(open, quiet),
            _ if end - open.start >= self.rules.max_speech => self.close(open, end),
            _ => None,
        }
    }

    /// The input has ended: gives the stretch that was going on.
    pub fn finish(&mut self) -> Option<Segment> {
        let open = self.open?;
        self.close(open, open.quiet_since.unwrap_or(self.position))
    }

    fn close(&mut self, open: Open, end: u64) -> Option<Segment> {
        self.open = None;
        let (sum, windows) = match open.quiet_since {
            Some(quiet) if quiet == end => open.loud,
            _ => (open.sum, open.windows),
        };
        (end - open.start >= self.rules.min_speech).then(|| Segment {
            start: open.start,
            end,
            probability: sum / windows.max(1) as f32,
        })
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
        max_speech: 10 * WINDOW as u64,
    };

    /// One digit a window, tenths of probability; gives stretches as (first, after last) window.
    #[track_caller]
    fn check(probabilities: &str, expect: &[(u64, u64)]) {
        let mut segmenter = Segmenter::new(RULES, 0);
        let digits = probabilities
            .bytes()
            .map(|digit| f32::from(digit - b'0') / 10.0);
        let mut segments: Vec<Segment> = digits.filter_map(|it| segmenter.push(it)).collect();
        segments.extend(segmenter.finish());
        let window = WINDOW as u64;
        let found: Vec<_> = segments
            .iter()
            .map(|it| (it.start / window, it.end / window))
            .collect();
        assert_eq!(found, expect, "{probabilities}");
        assert!(
            segments.iter().all(|it| it.probability >= 0.35),
            "{segments:?}"
        );
    }

    #[test]
    fn pauses_shorter_than_the_limit_do_not_cut() {
        check("0099909990000", &[(2, 9)]);
        check("0099900999000", &[(2, 5), (7, 10)]);
    }

    #[test]
    fn between_the_thresholds_speech_goes_on_but_does_not_begin() {
        check("0044400", &[]);
        check("0099944900", &[(2, 8)]);
    }

    #[test]
    fn short_stretches_are_dropped_and_long_ones_cut() {
        check("00990000", &[]);
        check("999999999999900", &[(0, 10), (10, 13)]);
    }

    #[test]
    fn the_end_of_the_input_ends_speech() {
        check("0009999", &[(3, 7)]);
        check("00099990", &[(3, 7)]);
    }
}

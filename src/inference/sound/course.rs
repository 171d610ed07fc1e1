//! Where a sound begins and ends, going by the scores of windows.

/// When a sound begins and ends; times in samples.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// It begins at this score.
    pub threshold: f32,
    /// It goes on at this one.
    pub release: f32,
    /// It is told when it has gone on for so long.
    pub min_sound: u64,
    /// It ends when it was not heard for so long.
    pub min_silence: u64,
}

/// One class in one stream.
#[derive(Debug)]
pub struct Course {
    rules: Rules,
    open: Option<Stretch>,
    /// Whether the open one was told.
    told: bool,
}

/// A sound so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Its first sample.
    pub start: u64,
    /// The sample after the last in which it was heard.
    pub end: u64,
    /// The highest score.
    pub score: f32,
}

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// A sound has begun.
    Start(Stretch),
    /// It is over.
    End(Stretch),
}

impl Course {
    /// Nothing has been heard yet.
    pub fn new(rules: Rules) -> Course {
        Course {
            rules,
            open: None,
            told: false,
        }
    }

    /// Takes the score of the samples between `from` and `to`, where those before ended.
    pub fn push(&mut self, score: f32, from: u64, to: u64) -> Option<Turn> {
        let Some(open) = &mut self.open else {
            if score >= self.rules.threshold {
                let (start, end) = (from, to);
                self.open = Some(Stretch { start, end, score });
            }
            return self.tell();
        };
        if score >= self.rules.release {
            open.end = to;
            open.score = open.score.max(score);
            return self.tell();
        }
        let is_over = to - open.end >= self.rules.min_silence;
        if is_over { self.finish() } else { None }
    }

    /// Nothing more is to come.
    pub fn finish(&mut self) -> Option<Turn> {
        let told = std::mem::take(&mut self.told);
        self.open.take().filter(|_| told).map(Turn::End)
    }

    /// The first sample of what is still to be told of the open sound.
    pub fn holds(&self) -> Option<u64> {
        let open = self.open.as_ref()?;
        Some(if self.told { open.end } else { open.start })
    }

    fn tell(&mut self) -> Option<Turn> {
        let is_long = |it: &Stretch| it.end - it.start >= self.rules.min_sound;
        let open = self.open.filter(is_long)?;
        (!std::mem::replace(&mut self.told, true)).then_some(Turn::Start(open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of scores of 100 samples each, and after which of them; the end comes after all.
    fn told(min_sound: u64, scores: &[f32]) -> Vec<(usize, Turn)> {
        let mut course = Course::new(Rules {
            threshold: 0.5,
            release: 0.25,
            min_sound,
            min_silence: 200,
        });
        let mut told = Vec::new();
        for (at, &score) in scores.iter().enumerate() {
            let from = at as u64 * 100;
            told.extend(course.push(score, from, from + 100).map(|it| (at, it)));
        }
        told.extend(course.finish().map(|it| (scores.len(), it)));
        told
    }

    fn stretch(start: u64, end: u64, score: f32) -> Stretch {
        Stretch { start, end, score }
    }

    #[test]
    fn a_sound_begins_at_the_threshold_goes_on_below_it_and_ends_after_silence() {
        let scores = [0.4, 0.5, 0.3, 0.9, 0.2, 0.3, 0.2, 0.1, 0.4];
        let expected = [
            (1, Turn::Start(stretch(100, 200, 0.5))),
            (7, Turn::End(stretch(100, 600, 0.9))),
        ];
        assert_eq!(told(0, &scores), expected);
    }

    #[test]
    fn a_sound_that_is_too_short_is_never_told() {
        assert_eq!(told(200, &[0.9, 0.1, 0.1, 0.9, 0.1]), []);
        let expected = [
            (1, Turn::Start(stretch(0, 200, 0.9))),
            (4, Turn::End(stretch(0, 200, 0.9))),
        ];
        assert_eq!(told(200, &[0.9, 0.4, 0.1, 0.1, 0.1])[..1], expected[..1]);
        assert_eq!(told(200, &[0.9, 0.4, 0.1, 0.1, 0.1])[1].1, expected[1].1);
    }

    #[test]
    fn what_goes_on_is_closed_by_the_end_and_the_next_one_is_another() {
        let scores = [0.6, 0.0, 0.0, 0.7];
        let expected = [
            (0, Turn::Start(stretch(0, 100, 0.6))),
            (2, Turn::End(stretch(0, 100, 0.6))),
            (3, Turn::Start(stretch(300, 400, 0.7))),
            (4, Turn::End(stretch(300, 400, 0.7))),
        ];
        assert_eq!(told(0, &scores), expected);
    }

    #[test]
    fn no_number_is_no_sound() {
        assert_eq!(told(0, &[f32::NAN, f32::NAN]), []);
    }

    #[test]
    fn until_it_is_told_its_start_is_held_and_then_its_end() {
        let rules = Rules {
            threshold: 0.5,
            release: 0.25,
            min_sound: 200,
            min_silence: 200,
        };
        let mut course = Course::new(rules);
        assert_eq!(course.holds(), None);
        course.push(0.9, 100, 200);
        assert_eq!(course.holds(), Some(100));
        course.push(0.9, 200, 300);
        assert_eq!(course.holds(), Some(300));
    }
}

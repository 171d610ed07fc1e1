//! A second model that hears some of the speech: how often it writes something else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::options::Config;
use crate::inference::speech::listener::Listener;
use crate::inference::speech::whisper::heard::{About, Wanted};
use crate::nodes::parts::shadow::Shadow;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::count::metrics::NodeStats;

/// Texts that differ in more than this part of their letters are not the same.
const DIFFERS: f64 = 0.1;

/// Speech, and what the model has heard.
pub struct Job {
    /// 16 kHz mono.
    pub samples: Vec<f32>,
    /// What is known about it beside.
    pub about: About,
    /// What the model has written down.
    pub text: String,
}

/// The second model, and what came of it so far.
pub struct Watch {
    /// In which part of their letters two texts differ.
    shadow: Shadow<Job, f64>,
    stats: Arc<NodeStats>,
    tally: Arc<Mutex<Tally>>,
}

/// What is shown of it. What is said stays out of it, as whoever may see counts may not see words.
#[derive(Default)]
struct Tally {
    shadow: String,
    compared: u64,
    differ: u64,
    distance: f64,
    failure: Option<String>,
}

impl Watch {
    /// Starts to load the second model, if the options name one.
    pub fn start(config: &Config, context: &Context) -> Option<Watch> {
        let (name, sum) = config.shadow.model()?;
        let tally = Arc::<Mutex<Tally>>::default();
        name.clone_into(&mut lock(&tally).shadow);
        let shown = Arc::clone(&tally);
        context.describe_live("shadow", move || Some(lock(&shown).says()));
        let wanted = Wanted {
            model: name.to_owned(),
            sha256: sum.map(str::to_owned),
            words: false,
            ..config.wanted()
        };
        let open = move |own: &Context| Listener::open(&wanted, own);
        Some(Watch {
            shadow: Shadow::start(config.shadow.shadow_share, context, open, compare),
            stats: Arc::clone(&context.stats),
            tally,
        })
    }

    /// The model has heard something. What the shadow hears, and whether it can, changes nothing for the model.
    pub fn follow(&mut self, job: impl FnOnce() -> Job) {
        if lock(&self.tally).failure.is_some() {
            return;
        }
        match self.shadow.follow(job) {
            Ok(Some(distance)) => {
                let differs = lock(&self.tally).add(distance);
                self.stats.count_compared(differs);
            }
            Ok(None) => {}
            Err(error) => lock(&self.tally).failure = Some(error.to_string()),
        }
    }
}

impl Tally {
    fn add(&mut self, distance: f64) -> bool {
        let differs = distance > DIFFERS;
        self.compared += 1;
        self.differ += u64::from(differs);
        self.distance += distance;
        differs
    }

    fn says(&self) -> String {
        let Tally { shadow, .. } = self;
        if let Some(failure) = &self.failure {
            return format!("{shadow} hears no longer: {failure}");
        }
        let mean = self.distance / self.compared.max(1) as f64 * 100.0;
        let (differ, compared) = (self.differ, self.compared);
        format!(
            "{shadow}: {differ} of {compared} texts differ, on average in {mean:.1} % of their letters"
        )
    }
}

fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

fn compare(listener: &mut Listener, job: Job) -> Result<f64> {
    let heard = listener.transcribe(&job.samples, &job.about)?;
    Ok(distance(&job.text, &heard.text))
}

/// In which part of their letters two texts differ, whatever their case and punctuation: 0 in none, 1 in all.
fn distance(one: &str, other: &str) -> f64 {
    let letters = |text: &str| {
        let words = text.split(|it: char| !it.is_alphanumeric());
        let words: Vec<&str> = words.filter(|it| !it.is_empty()).collect();
        words.join(" ").to_lowercase()
    };
    1.0 - strsim::normalized_levenshtein(&letters(one), &letters(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_differ_in_letters_and_not_in_case_and_punctuation() {
        assert_eq!(distance("Turn on, the light!", "turn on the light"), 0.0);
        assert_eq!(distance("", "."), 0.0);
        assert_eq!(distance("one", ""), 1.0);
        let slip = distance("turn on the light", "turn on the lights");
        assert!((slip - 1.0 / 18.0).abs() < 1e-9, "{slip}");
    }
}

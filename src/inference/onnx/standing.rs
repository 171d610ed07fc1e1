//! How the providers of a model fare: which was asked for, which is in use, why, and how far it is from the CPU.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::pipeline::contract::runtime_options::Provider;

/// What has become of a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// Its turn has not come.
    Waiting,
    /// It is being made ready, since then.
    Building(SystemTime),
    /// It cannot be used, in words.
    Refused(String),
    /// It answers otherwise than the CPU, in words.
    Differs(String),
    /// It answers; with the largest difference from the CPU, if that was measured.
    InUse(Option<f32>),
    /// Another one answers.
    Idle,
}

/// A provider and what has become of it.
pub type Outcome = (Provider, State);

/// The providers of one model, in the order in which they were asked for.
pub struct Standing {
    outcomes: Mutex<Vec<Outcome>>,
    changes: AtomicU64,
    allowed: String,
}

impl Standing {
    /// At the beginning; `allowed` says what difference is.
    pub fn new(providers: &[Provider], allowed: String) -> Standing {
        let outcomes = providers.iter().map(|&it| (it, State::Waiting)).collect();
        Standing {
            outcomes: Mutex::new(outcomes),
            changes: AtomicU64::new(0),
            allowed,
        }
    }

    /// Sets what has become of a provider. It is told only of those that were asked for.
    pub fn set(&self, provider: Provider, state: State) {
        let mut outcomes = self.lock();
        if let Some(outcome) = outcomes.iter_mut().find(|it| it.0 == provider) {
            outcome.1 = state;
            self.changes.fetch_add(1, Relaxed);
        }
    }

    /// One provider answers from now on, and nobody else; those after it are not needed.
    pub fn take(&self, provider: Provider, difference: Option<f32>) {
        let mut outcomes = self.lock();
        let mut is_after = false;
        for outcome in outcomes.iter_mut() {
            match &outcome.1 {
                _ if outcome.0 == provider => {
                    outcome.1 = State::InUse(difference);
                    is_after = true;
                }
                State::InUse(_) => outcome.1 = State::Idle,
                State::Waiting if is_after => outcome.1 = State::Idle,
                _ => {}
            }
        }
        self.changes.fetch_add(1, Relaxed);
    }

    /// A difference from the CPU was measured; the largest is kept.
    pub fn measured(&self, provider: Provider, difference: f32) {
        let mut outcomes = self.lock();
        let state = outcomes.iter_mut().find(|it| it.0 == provider);
        if let Some((_, State::InUse(largest))) = state
            && largest.is_none_or(|it| it < difference)
        {
            *largest = Some(difference);
            self.changes.fetch_add(1, Relaxed);
        }
    }

    /// Counts the changes.
    pub fn changes(&self) -> u64 {
        self.changes.load(Relaxed)
    }

    /// All outcomes.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.lock().clone()
    }

    /// Takes over what another process has told.
    pub fn replace(&self, outcomes: Vec<Outcome>) {
        *self.lock() = outcomes;
        self.changes.fetch_add(1, Relaxed);
    }

    /// The provider that answers.
    pub fn in_use(&self) -> Option<Provider> {
        let outcomes = self.lock();
        let found = outcomes.iter().find(|it| matches!(it.1, State::InUse(_)));
        found.map(|it| it.0)
    }

    /// All of them in words, if there is more to tell than the name of the only one.
    pub fn told(&self) -> Option<String> {
        let outcomes = self.lock();
        if let [(_, State::InUse(None))] = outcomes[..] {
            return None;
        }
        let told: Vec<String> = outcomes.iter().map(|it| self.sentence(it)).collect();
        Some(told.join("; "))
    }

    /// Why none of them serves.
    pub fn refusals(&self) -> String {
        let outcomes = self.lock();
        let told = outcomes.iter().filter_map(|(provider, state)| match state {
            State::Refused(why) | State::Differs(why) => {
                Some(format!("{}: {why}", provider.name()))
            }
            _ => None,
        });
        told.collect::<Vec<_>>().join("; ")
    }

    fn sentence(&self, (provider, state): &Outcome) -> String {
        let allowed = &self.allowed;
        let state = match state {
            State::Waiting => "waiting".to_owned(),
            State::Building(since) => {
                let seconds = since.elapsed().unwrap_or_default().as_secs();
                format!("building, {seconds} s so far")
            }
            State::Refused(why) => format!("refused: {why}"),
            State::Differs(why) => format!("differs from the CPU: {why}; allowed: {allowed}"),
            State::InUse(None) => "in use".to_owned(),
            State::InUse(Some(difference)) => {
                format!("in use, {difference:.2e} from the CPU at most; allowed: {allowed}")
            }
            State::Idle => "not in use".to_owned(),
        };
        format!("{} {state}", provider.name())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Outcome>> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_only_provider_needs_no_words_and_others_get_theirs() {
        let alone = Standing::new(&[Provider::Cpu], String::new());
        alone.take(Provider::Cpu, None);
        assert_eq!((alone.told(), alone.in_use()), (None, Some(Provider::Cpu)));

        let asked = [Provider::Tensorrt, Provider::Cuda, Provider::Cpu];
        let standing = Standing::new(&asked, "1 %".to_owned());
        standing.take(Provider::Cpu, None);
        let since = SystemTime::now() - Duration::from_secs(7);
        standing.set(Provider::Tensorrt, State::Building(since));
        assert_eq!(
            standing.told().as_deref(),
            Some("tensorrt building, 7 s so far; cuda waiting; cpu in use")
        );
        standing.set(Provider::Tensorrt, State::Refused("no card".to_owned()));
        standing.take(Provider::Cuda, Some(0.0004));
        standing.measured(Provider::Cuda, 0.002);
        standing.measured(Provider::Cuda, 0.001);
        assert_eq!(
            standing.told().as_deref(),
            Some(
                "tensorrt refused: no card; cuda in use, 2.00e-3 from the CPU at most; \
                 allowed: 1 %; cpu not in use"
            )
        );
        assert_eq!(standing.in_use(), Some(Provider::Cuda));
        assert_eq!(standing.refusals(), "tensorrt: no card");
    }
}

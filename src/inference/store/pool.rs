//! Loaded models, shared by the nodes that use the same one.
//!
//! A model is built once, on a thread of its own: whoever wants the same one waits for it, whoever wants
//! another one does not, and a stop is not kept waiting by either. Building an engine for a GPU takes minutes.

use std::collections::HashMap;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::Builder;
use std::time::Duration;

use crate::pipeline::contract::error::{Error, Result, no_thread};
use crate::pipeline::contract::stop::Stop;

/// How often a wait looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// All models of one engine that are in use, by what tells them apart.
pub struct Pool<K, V> {
    models: Mutex<Option<HashMap<K, Arc<Slot<V>>>>>,
}

/// The place of one model.
struct Slot<V> {
    state: Mutex<State<V>>,
    changed: Condvar,
}

enum State<V> {
    /// Nobody has built it, or nobody uses it any more.
    Empty(Weak<V>),
    Building,
    /// What came of building it, until somebody takes it.
    Built(Result<Arc<V>>),
}

impl<V> Slot<V> {
    fn state(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State<V>) {
        *self.state() = state;
        self.changed.notify_all();
    }
}

impl<K: Clone + Eq + Hash, V: Send + Sync + 'static> Default for Pool<K, V> {
    fn default() -> Pool<K, V> {
        Pool::new()
    }
}

impl<K: Clone + Eq + Hash, V: Send + Sync + 'static> Pool<K, V> {
    /// A pool without models.
    pub const fn new() -> Pool<K, V> {
        let models = Mutex::new(None);
        Pool { models }
    }

    /// The model of this key, which `build` makes unless another node has it already.
    ///
    /// # Errors
    /// What `build` gives; `Retry` if `stop` is set meanwhile.
    pub fn get(
        &self,
        key: K,
        stop: &Stop,
        build: impl FnOnce() -> Result<V> + Send + 'static,
    ) -> Result<Arc<V>> {
        let slot = self.slot(key);
        let mut build = Some(build);
        let mut state = slot.state();
        loop {
            match &mut *state {
                State::Empty(model) => {
                    if let Some(model) = model.upgrade() {
                        return Ok(model);
                    }
                    let build = build.take().expect("it is built once for one who asks");
                    *state = State::Building;
                    if let Err(error) = start(Arc::clone(&slot), build) {
                        *state = State::Empty(Weak::new());
                        return Err(error);
                    }
                }
                // The first who waited takes it. After a failure the next one builds anew.
                State::Built(result) => {
                    let result = result.clone();
                    let model = result.as_ref().map_or(Weak::new(), Arc::downgrade);
                    *state = State::Empty(model);
                    slot.changed.notify_all();
                    return result;
                }
                State::Building => {}
            }
            if stop.is_set() {
                return Err(Error::Over);
            }
            let waited = slot.changed.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn slot(&self, key: K) -> Arc<Slot<V>> {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let models = models.get_or_insert_default();
        // Nobody has this one, and nobody is about to.
        models.retain(|_, slot| {
            let unused = matches!(&*slot.state(), State::Empty(it) if it.strong_count() == 0);
            !unused || Arc::strong_count(slot) > 1
        });
        let empty = || {
            Arc::new(Slot {
                state: Mutex::new(State::Empty(Weak::new())),
                changed: Condvar::new(),
            })
        };
        Arc::clone(models.entry(key).or_insert_with(empty))
    }
}

fn start<V: Send + Sync + 'static>(
    slot: Arc<Slot<V>>,
    build: impl FnOnce() -> Result<V> + Send + 'static,
) -> Result<()> {
    let body = move || {
        let built = catch_unwind(AssertUnwindSafe(build));
        let built = built.unwrap_or_else(|_| Err(Error::fatal("building the model panicked")));
        // A slot that only this thread and the pool have: everybody who waited was stopped.
        let wanted = Arc::strong_count(&slot) > 2;
        slot.set(match wanted {
            true => State::Built(built.map(Arc::new)),
            false => State::Empty(Weak::new()),
        });
    };
    let thread = Builder::new().name("model-build".to_owned()).spawn(body);
    thread.map(drop).map_err(|error| no_thread(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::time::Instant;

    static POOL: Pool<&str, u32> = Pool::new();

    fn slow(model: u32, built: &'static AtomicUsize) -> impl FnOnce() -> Result<u32> + Send {
        move || {
            std::thread::sleep(Duration::from_millis(300));
            built.fetch_add(1, Relaxed);
            Ok(model)
        }
    }

    #[test]
    fn the_same_model_is_built_once_and_others_beside_it() {
        static BUILT: AtomicUsize = AtomicUsize::new(0);
        let begun = Instant::now();
        let models: Vec<Arc<u32>> = std::thread::scope(|scope| {
            let get = |(key, model)| {
                scope.spawn(move || POOL.get(key, &Stop::default(), slow(model, &BUILT)))
            };
            let threads: Vec<_> = [("a", 1), ("b", 2), ("a", 1)].map(get).into();
            let join = |it: std::thread::ScopedJoinHandle<'_, Result<Arc<u32>>>| {
                it.join().expect("it ends").expect("it builds")
            };
            threads.into_iter().map(join).collect()
        });
        assert!(begun.elapsed() < Duration::from_millis(580), "side by side");
        assert!(Arc::ptr_eq(&models[0], &models[2]) && *models[1] == 2);
        assert_eq!(BUILT.load(Relaxed), 2);
        drop(models);
        let again = POOL.get("a", &Stop::default(), slow(3, &BUILT));
        assert_eq!(again.ok().as_deref(), Some(&3), "nobody had it any more");
    }

    #[test]
    fn a_stop_does_not_wait_for_a_model_and_a_failure_is_told_to_everybody() {
        static POOL: Pool<u8, u32> = Pool::new();
        let stop = Stop::default();
        stop.set();
        let begun = Instant::now();
        let wait = || -> Result<u32> {
            std::thread::sleep(Duration::from_secs(5));
            Ok(1)
        };
        assert!(POOL.get(1, &stop, wait).is_err());
        assert!(begun.elapsed() < Duration::from_secs(1));
        for _ in 0..2 {
            let fail = || -> Result<u32> { Err(Error::fatal("no such model")) };
            let error = POOL.get(2, &Stop::default(), fail).expect_err("it fails");
            assert_eq!(error.to_string(), "no such model");
        }
    }
}

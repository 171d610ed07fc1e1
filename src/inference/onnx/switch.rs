//! Which provider a model runs at: the CPU serves while another is made ready, and what that computes is compared
//! with what the CPU does, before it takes over and in its first runs.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError, Weak};
use std::thread::Builder;
use std::time::{Duration, SystemTime};

use crate::inference::onnx::at_once::{self, AtOnce};
use crate::inference::onnx::parity::{self, Compute, Flaw, Tolerance};
use crate::inference::onnx::sample::Sample;
use crate::inference::onnx::standing::{Standing, State};
use crate::inference::onnx::tensor::{Outputs, Port, Tensor};
use crate::pipeline::contract::error::{Error, Result, no_thread};
use crate::pipeline::contract::runtime_options::Provider;

/// Runs after a provider took over that the CPU makes as well.
const FIRST_RUNS: i32 = 3;
/// How often a wait looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// Held by who makes a provider ready: engines are built one after the other, however many models there are.
static TURN: Mutex<()> = Mutex::new(());

/// Makes a model ready at a provider; says why it cannot.
pub type Build = Box<dyn Fn(Provider) -> std::result::Result<Arc<dyn Compute>, String> + Send>;

/// What is tried, and against what.
pub struct Candidates {
    /// Makes them ready.
    pub build: Build,
    /// In this order.
    pub providers: VecDeque<Provider>,
    /// What they are compared with; none where the CPU does not take the model.
    pub cpu: Option<Arc<dyn Compute>>,
    /// Whether the CPU was asked for, and serves if no other does.
    pub falls_back: bool,
}

/// What a model is called and takes, and what is allowed of its providers.
#[derive(Clone)]
pub struct Told {
    /// For the log.
    pub model: Arc<str>,
    /// Inputs.
    pub inputs: Vec<Port>,
    /// How far they may be from the CPU.
    pub tolerance: Tolerance,
    /// Inputs that a graphics processor may compute at once.
    pub most_at_once: usize,
    /// Where it is told how they fare.
    pub standing: Arc<Standing>,
}

/// A model at the provider that is in use.
pub struct Switch {
    told: Told,
    serving: RwLock<Arc<Serving>>,
    /// What may still be tried; with nobody while it is being tried.
    candidates: Mutex<Option<Candidates>>,
    /// Whether inputs are wanted as a sample of what the model is given.
    is_sampling: AtomicBool,
    sample: Mutex<Option<Arc<Sample>>>,
}

struct Serving {
    provider: Provider,
    engine: Arc<dyn Compute>,
    at_once: AtOnce,
    watch: Option<Watch>,
}

/// The first runs of a provider.
struct Watch {
    cpu: Arc<dyn Compute>,
    left: AtomicI32,
}

/// Where no provider serves any more.
struct Nobody(String);

impl Compute for Nobody {
    fn run(&self, _: &[Tensor<'_>]) -> Result<Outputs<'static>> {
        Err(Error::fatal(&self.0))
    }
}

impl Switch {
    /// A model that `provider` serves, now and for good.
    pub fn fixed(told: Told, provider: Provider, engine: Arc<dyn Compute>) -> Arc<Switch> {
        told.standing.take(provider, None);
        Arc::new(Switch::new(told, Serving::trusted(provider, engine), None))
    }

    /// A model that the CPU serves until one of the candidates does, which another thread makes ready.
    ///
    /// # Errors
    /// `Retry` if there is no thread to be had.
    pub fn live(told: Told, cpu: Arc<dyn Compute>, candidates: Candidates) -> Result<Arc<Switch>> {
        told.standing.take(Provider::Cpu, None);
        let serving = Serving::trusted(Provider::Cpu, cpu);
        let switch = Arc::new(Switch::new(told, serving, Some(candidates)));
        switch.settle_aside()?;
        Ok(switch)
    }

    /// A model that the first of the candidates serves that can.
    ///
    /// # Errors
    /// `Fatal` if none can.
    pub fn settled(told: Told, mut candidates: Candidates) -> Result<Arc<Switch>> {
        let Some((serving, difference)) = try_next(&mut candidates, &told, None) else {
            return Err(Error::fatal(told.refusal()));
        };
        told.standing.take(serving.provider, difference);
        let candidates = serving.watch.is_some().then_some(candidates);
        Ok(Arc::new(Switch::new(told, serving, candidates)))
    }

    fn new(told: Told, serving: Serving, candidates: Option<Candidates>) -> Switch {
        Switch {
            told,
            serving: RwLock::new(Arc::new(serving)),
            candidates: Mutex::new(candidates),
            is_sampling: AtomicBool::new(false),
            sample: Mutex::new(None),
        }
    }

    /// How the providers fare.
    pub fn standing(&self) -> &Arc<Standing> {
        &self.told.standing
    }

    /// How many inputs may be put into one.
    pub fn at_once(&self) -> AtOnce {
        self.serving().at_once.clone()
    }

    /// Of these, how many may be at present: the first runs of a provider are compared one by one.
    pub fn most_at_once(&self) -> usize {
        let serving = self.serving();
        serving.watch.as_ref().map_or(serving.at_once.most, |_| 1)
    }

    /// Runs the model; says who did.
    ///
    /// # Errors
    /// `Retry`: inference failed. `Fatal` if a shape does not fit its numbers, or nobody serves any more.
    pub fn run(self: &Arc<Switch>, inputs: &[Tensor<'_>]) -> Result<(Outputs<'static>, Provider)> {
        if self.is_sampling.load(Relaxed) && self.is_sampling.swap(false, Relaxed) {
            *lock(&self.sample) = Some(Arc::new(Sample::of(inputs)));
        }
        let serving = self.serving();
        match &serving.watch {
            None => Ok((serving.engine.run(inputs)?, serving.provider)),
            Some(watch) => self.run_watched(&serving, watch, inputs),
        }
    }

    /// One of a provider's first runs: the CPU's answer is given if they differ.
    fn run_watched(
        self: &Arc<Switch>,
        serving: &Arc<Serving>,
        watch: &Watch,
        inputs: &[Tensor<'_>],
    ) -> Result<(Outputs<'static>, Provider)> {
        let expected = watch.cpu.run(inputs)?;
        let state = match serving.engine.run(inputs) {
            Ok(outputs) => match parity::compare(&outputs, &expected, self.told.tolerance) {
                Ok(difference) => {
                    self.told.standing.measured(serving.provider, difference);
                    if watch.left.fetch_sub(1, Relaxed) == 1 {
                        self.trust(serving);
                    }
                    return Ok((outputs, serving.provider));
                }
                Err(why) => State::Differs(format!("{why} in one of its first runs")),
            },
            Err(error) => State::Refused(format!("one of its first runs failed: {error}")),
        };
        self.give_up(serving, &watch.cpu, state)?;
        Ok((expected, Provider::Cpu))
    }

    /// The CPU's session is needed no longer.
    fn trust(&self, serving: &Arc<Serving>) {
        let engine = Arc::clone(&serving.engine);
        let trusted = Serving {
            at_once: serving.at_once.clone(),
            ..Serving::trusted(serving.provider, engine)
        };
        if self.replace(serving, trusted) {
            lock(&self.candidates).take();
        }
    }

    /// The CPU serves again, and the next provider is tried.
    fn give_up(
        self: &Arc<Switch>,
        serving: &Arc<Serving>,
        cpu: &Arc<dyn Compute>,
        state: State,
    ) -> Result<()> {
        if !self.replace(serving, Serving::trusted(Provider::Cpu, Arc::clone(cpu))) {
            return Ok(());
        }
        self.told.refused(serving.provider, state);
        self.told.standing.take(Provider::Cpu, None);
        self.settle_aside()
    }

    /// Tries the providers that are left, on a thread of its own. It keeps nobody waiting: where the model is used no
    /// more, it ends with the session that it is at.
    fn settle_aside(self: &Arc<Switch>) -> Result<()> {
        self.is_sampling.store(true, Relaxed);
        let switch = Arc::downgrade(self);
        let body = move || settle(&switch);
        let thread = Builder::new().name("model-switch".to_owned()).spawn(body);
        thread.map(drop).map_err(|error| no_thread(&error))
    }

    fn end_trying(&self, found: Option<(Serving, Option<f32>)>, candidates: Candidates) {
        self.is_sampling.store(false, Relaxed);
        lock(&self.sample).take();
        let serving = match found {
            Some((serving, difference)) => {
                self.told.standing.take(serving.provider, difference);
                // If it fails in its first runs, the others are tried.
                *lock(&self.candidates) = serving.watch.is_some().then_some(candidates);
                serving
            }
            None if candidates.falls_back => return,
            None => {
                let told = format!(
                    "{}; `cpu` in `[runtime] providers` would serve",
                    self.told.refusal()
                );
                Serving::trusted(Provider::Cpu, Arc::new(Nobody(told)))
            }
        };
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(serving);
    }

    /// Puts something in the place of `from`, unless another thread has done so.
    fn replace(&self, from: &Arc<Serving>, to: Serving) -> bool {
        let mut serving = self.serving.write().unwrap_or_else(PoisonError::into_inner);
        let is_it = Arc::ptr_eq(&serving, from);
        if is_it {
            *serving = Arc::new(to);
        }
        is_it
    }

    fn serving(&self) -> Arc<Serving> {
        let serving = self.serving.read();
        Arc::clone(&serving.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Serving {
    fn trusted(provider: Provider, engine: Arc<dyn Compute>) -> Serving {
        Serving {
            provider,
            engine,
            at_once: AtOnce::gains_nothing(provider),
            watch: None,
        }
    }
}

impl Told {
    /// Tells why a provider is not taken.
    pub fn refused(&self, provider: Provider, state: State) {
        let (name, model) = (provider.name(), &self.model);
        match &state {
            State::Differs(why) => {
                let allowed = self.tolerance;
                tracing::warn!(provider = name, %model, %allowed, "differs from the CPU: {why}");
            }
            State::Refused(why) => tracing::warn!(provider = name, %model, "refused: {why}"),
            _ => {}
        }
        self.standing.set(provider, state);
    }

    fn refusal(&self) -> String {
        let refusals = self.standing.refusals();
        format!("ONNX Runtime cannot run {}: {refusals}", self.model)
    }
}

fn settle(switch: &Weak<Switch>) {
    let Some(sample) = sample(switch) else { return };
    let Some(_turn) = turn(switch) else { return };
    let taken = switch.upgrade().and_then(|it| {
        let candidates = lock(&it.candidates).take()?;
        Some((candidates, it.told.clone()))
    });
    let Some((mut candidates, told)) = taken else {
        return;
    };
    let found = try_next(&mut candidates, &told, Some(&sample));
    if let Some(switch) = switch.upgrade() {
        switch.end_trying(found, candidates);
    }
}

/// Waits for what the model is really given: for another shape TensorRT would build another engine, while a node waits.
fn sample(switch: &Weak<Switch>) -> Option<Arc<Sample>> {
    loop {
        if let Some(sample) = lock(&switch.upgrade()?.sample).take() {
            return Some(sample);
        }
        std::thread::sleep(LOOK);
    }
}

/// Waits until nobody else makes a provider ready; none if the model is used no more.
fn turn(switch: &Weak<Switch>) -> Option<MutexGuard<'static, ()>> {
    while switch.strong_count() > 0 {
        match TURN.try_lock() {
            Ok(turn) => return Some(turn),
            Err(TryLockError::Poisoned(turn)) => return Some(turn.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
        }
    }
    None
}

/// The next provider that is like the CPU, and how far it is from it.
fn try_next(
    candidates: &mut Candidates,
    told: &Told,
    sample: Option<&Sample>,
) -> Option<(Serving, Option<f32>)> {
    let declared = Sample::declared(&told.inputs);
    while let Some(provider) = candidates.providers.pop_front() {
        let since = SystemTime::now();
        told.standing.set(provider, State::Building(since));
        let build = AssertUnwindSafe(|| (candidates.build)(provider));
        let built = catch_unwind(build).unwrap_or_else(|_| Err("building it panicked".to_owned()));
        let checked = built.map_err(Flaw::Failed).and_then(|engine| {
            let (Some(cpu), Some(sample)) = (&candidates.cpu, sample.or(declared.as_ref())) else {
                let why = "there is nothing to compare it with";
                return Ok((engine, None, AtOnce::one(why)));
            };
            let difference = parity::check(&*engine, &**cpu, sample, told.tolerance)?;
            let at_once = match provider.is_gpu() {
                true => at_once::trial(
                    &*engine,
                    &**cpu,
                    (&told.inputs, sample),
                    told.most_at_once,
                    told.tolerance,
                ),
                false => AtOnce::gains_nothing(provider),
            };
            Ok((engine, difference, at_once))
        });
        let (engine, difference, at_once) = match checked {
            Ok(it) => it,
            Err(Flaw::Failed(why)) => {
                told.refused(provider, State::Refused(why));
                continue;
            }
            Err(Flaw::Differs(why)) => {
                told.refused(provider, State::Differs(why));
                continue;
            }
        };
        let seconds = since.elapsed().unwrap_or_default().as_secs_f32();
        let (name, model) = (provider.name(), &told.model);
        let most = at_once.most;
        tracing::info!(provider = name, %model, difference, at_once = most, seconds, "in use");
        let watch = candidates.cpu.as_ref().map(|cpu| Watch {
            cpu: Arc::clone(cpu),
            left: AtomicI32::new(FIRST_RUNS),
        });
        let serving = Serving {
            provider,
            engine,
            at_once,
            watch,
        };
        return Some((serving, difference));
    }
    None
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

//! Providers that are slow, right, wrong or that fail, made of a real session of the CPU.

use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

use super::*;
use crate::inference::onnx::native::Native;
use crate::inference::onnx::tensor::Values;
use crate::inference::onnx::{library, providers};
use crate::inference::store;
use crate::pipeline::contract::runtime_options::Precision;
use crate::pipeline::contract::testing::context;

use Provider::{Cpu, Cuda, Tensorrt};

/// Runs before anything that is real goes through a provider.
const TRIALS: usize = 3;

/// The session, whose answers are right until so many runs were made.
struct Made {
    cpu: Arc<Native>,
    runs: Arc<AtomicUsize>,
    right_runs: usize,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    Wrong,
    Failing,
}

impl Compute for Made {
    fn run(&self, inputs: &[Tensor<'_>]) -> Result<Outputs<'static>> {
        let is_right = self.runs.fetch_add(1, Relaxed) < self.right_runs;
        match self.cpu.run(inputs)? {
            outputs if is_right => Ok(outputs),
            Outputs::Here(mut values, session) if matches!(self.then, Then::Wrong) => {
                let (_, floats) = values[0]
                    .try_extract_tensor_mut::<f32>()
                    .expect("its outputs are floats");
                floats[0] += 1.0;
                Ok(Outputs::Here(values, session))
            }
            _ => Err(Error::retry("out of memory")),
        }
    }
}

/// A model of the program's own, and the runs that the CPU has made.
struct World {
    cpu: Arc<Native>,
    cpu_runs: Arc<AtomicUsize>,
    told: Told,
    picture: Vec<f32>,
}

impl World {
    fn new(asked: &[Provider]) -> World {
        let context = context();
        let file = store::load("otus-person", None, &context).expect("the program carries it");
        let environment = library::environment(&context).expect("ONNX Runtime was fetched");
        let cpu = providers::build(&environment, &file, Cpu, &context).expect("the CPU takes it");
        let [inputs, _] = cpu.ports();
        let tolerance = Tolerance::of(Precision::Fp32);
        let count = inputs[0].shape.iter().map(|it| it.max(&1)).product::<i64>();
        World {
            told: Told {
                model: Arc::clone(&file.name),
                inputs,
                tolerance,
                most_at_once: 8,
                standing: Arc::new(Standing::new(asked, tolerance.to_string())),
            },
            cpu,
            cpu_runs: Arc::default(),
            picture: vec![0.5; count as usize],
        }
    }

    fn made(&self, right_runs: usize, then: Then) -> Arc<dyn Compute> {
        let runs = Arc::default();
        let cpu = Arc::clone(&self.cpu);
        Arc::new(Made {
            cpu,
            runs,
            right_runs,
            then,
        })
    }

    fn counted(&self) -> Arc<dyn Compute> {
        Arc::new(Made {
            cpu: Arc::clone(&self.cpu),
            runs: Arc::clone(&self.cpu_runs),
            right_runs: usize::MAX,
            then: Then::Wrong,
        })
    }

    fn candidates(
        &self,
        falls_back: bool,
        built: impl Fn(Provider) -> std::result::Result<Arc<dyn Compute>, String> + Send + 'static,
    ) -> Candidates {
        let outcomes = self.told.standing.outcomes();
        let providers = outcomes.iter().map(|it| it.0);
        Candidates {
            build: Box::new(built),
            providers: providers.filter(|it| *it != Cpu).collect(),
            cpu: Some(self.counted()),
            falls_back,
        }
    }

    fn live(&self, candidates: Candidates) -> Arc<Switch> {
        let switch = Switch::live(self.told.clone(), self.counted(), candidates);
        let switch = switch.expect("there is a thread to be had");
        assert_eq!(self.runs(&switch), Cpu, "nothing is tried before");
        switch
    }

    /// Who runs the model, and the first number of what it makes.
    fn run(&self, switch: &Arc<Switch>) -> Result<(Provider, f32)> {
        let shape: Vec<i64> = self.told.inputs[0]
            .shape
            .iter()
            .map(|it| *it.max(&1))
            .collect();
        let values = Values::Floats(&self.picture);
        let inputs = [Tensor {
            shape: &shape,
            values,
        }];
        let (outputs, provider) = switch.run(&inputs)?;
        Ok((provider, outputs.floats(0)?[0]))
    }

    fn runs(&self, switch: &Arc<Switch>) -> Provider {
        self.run(switch).expect("somebody serves").0
    }

    fn wait_for(&self, state: impl Fn(&[(Provider, State)]) -> bool) {
        let begun = Instant::now();
        while !state(&self.told.standing.outcomes()) {
            let outcomes = self.told.standing.outcomes();
            assert!(begun.elapsed() < Duration::from_secs(60), "{outcomes:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn wait_for_use(&self, provider: Provider) {
        self.wait_for(|_| self.told.standing.in_use() == Some(provider));
    }
}

/// Builds once it is told to.
fn slow(engine: Arc<dyn Compute>) -> (Sender<()>, Build) {
    let (go, gone) = channel();
    let build = move |_| {
        gone.recv().map_err(|_| "nobody wants it".to_owned())?;
        Ok(Arc::clone(&engine))
    };
    (go, Box::new(build))
}

#[test]
fn the_cpu_serves_until_a_slow_one_is_ready_and_is_let_go_after_its_first_runs() {
    let world = World::new(&[Cuda, Cpu]);
    let (go, build) = slow(world.made(usize::MAX, Then::Wrong));
    let switch = world.live(world.candidates(true, build));
    world.wait_for(|it| matches!(it[0], (Cuda, State::Building(_))));
    let expected = world.run(&switch).expect("the CPU serves");
    assert_eq!((expected.0, world.runs(&switch)), (Cpu, Cpu));
    let told = world.told.standing.told().expect("there is more than one");
    let (building, rest) = told.split_once(',').expect("it is told for how long");
    assert_eq!(building, "cuda building");
    assert!(rest.ends_with(" s so far; cpu in use"), "{told}");
    go.send(()).expect("it waits");
    world.wait_for_use(Cuda);
    wait_until(|| world.runs(&switch) == Cuda);
    for _ in 0..FIRST_RUNS {
        assert_eq!(world.run(&switch).ok(), Some((Cuda, expected.1)));
    }
    let runs = world.cpu_runs.load(Relaxed);
    assert_eq!(world.runs(&switch), Cuda);
    assert_eq!(
        world.cpu_runs.load(Relaxed),
        runs,
        "the CPU makes it no more"
    );
    assert_eq!(Arc::strong_count(&world.cpu), 2, "and its session is free");
    let told = world.told.standing.told().expect("there is more than one");
    let start = "cuda in use, 0.00e0 from the CPU at most; allowed: 0.001 and 1 % of the value";
    assert_eq!(told, format!("{start}; cpu not in use"));
}

fn wait_until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn one_that_answers_wrongly_or_cannot_be_built_is_not_used_and_the_next_one_is() {
    let world = World::new(&[Tensorrt, Provider::Xnnpack, Cuda, Cpu]);
    let [wrong, right] = [0, usize::MAX].map(|it| world.made(it, Then::Wrong));
    let build = move |provider| match provider {
        Tensorrt => Ok(Arc::clone(&wrong)),
        Cuda => Ok(Arc::clone(&right)),
        _ => Err("there is none".to_owned()),
    };
    let switch = world.live(world.candidates(true, build));
    world.wait_for_use(Cuda);
    wait_until(|| world.runs(&switch) == Cuda);
    let outcomes = world.told.standing.outcomes();
    assert!(
        matches!(&outcomes[0].1, State::Differs(why) if why.contains("where the CPU has")),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[1].1, State::Refused("there is none".to_owned()));
    assert_eq!(
        (&outcomes[2].1, &outcomes[3].1),
        (&State::InUse(Some(0.0)), &State::Idle)
    );
}

#[test]
fn one_that_fails_or_errs_in_its_third_run_gives_nobody_a_wrong_answer() {
    for then in [Then::Failing, Then::Wrong] {
        let world = World::new(&[Tensorrt, Cuda, Cpu]);
        let engine = world.made(TRIALS + 2, then);
        let build = move |provider| match provider {
            Tensorrt => Ok(Arc::clone(&engine)),
            _ => Err("there is none".to_owned()),
        };
        let switch = world.live(world.candidates(true, build));
        world.wait_for_use(Tensorrt);
        let mut by = Vec::new();
        let mut answers = Vec::new();
        // The first may still be the CPU's.
        while by.iter().filter(|it| **it == Tensorrt).count() < 2 || by.last() != Some(&Cpu) {
            let (provider, answer) = world.run(&switch).expect("somebody serves");
            by.push(provider);
            answers.push(answer);
            assert!(by.len() < 10_000);
        }
        assert_eq!(world.runs(&switch), Cpu);
        assert!(answers.iter().all(|it| *it == answers[0]), "{answers:?}");
        world.wait_for(|it| matches!(it[1].1, State::Refused(_)));
        let outcomes = world.told.standing.outcomes();
        let why = match (&outcomes[0].1, then) {
            (State::Refused(why), Then::Failing) | (State::Differs(why), Then::Wrong) => why,
            _ => panic!("{outcomes:?}"),
        };
        assert!(why.contains("one of its first runs"), "{why}");
        assert_eq!(outcomes[2], (Cpu, State::InUse(None)));
        assert_eq!(world.runs(&switch), Cpu);
    }
}

#[test]
fn without_the_cpu_in_the_list_nobody_serves_in_the_place_of_a_wrong_one() {
    let world = World::new(&[Cuda]);
    let wrong = world.made(0, Then::Wrong);
    let candidates = world.candidates(false, move |_| Ok(Arc::clone(&wrong)));
    let refused = Switch::settled(world.told.clone(), candidates).err();
    let told = refused.expect("it is wrong at once").to_string();
    assert!(
        told.contains("cannot run otus-person") && told.contains("cuda: output 0"),
        "{told}"
    );

    let world = World::new(&[Cuda]);
    let later = world.made(TRIALS, Then::Wrong);
    let candidates = world.candidates(false, move |_| Ok(Arc::clone(&later)));
    let switch = Switch::settled(world.told.clone(), candidates).expect("it is right at first");
    assert_eq!(world.runs(&switch), Cpu, "its first answer is not given");
    wait_until(|| world.run(&switch).is_err());
    let told = world.run(&switch).expect_err("nobody serves").to_string();
    assert!(
        told.ends_with("`cpu` in `[runtime] providers` would serve"),
        "{told}"
    );
}

#[test]
fn a_model_that_is_let_go_does_not_wait_for_what_is_built_for_it() {
    let world = World::new(&[Cuda, Cpu]);
    let engine = world.made(usize::MAX, Then::Wrong);
    let is_there = Arc::downgrade(&engine);
    let (go, build) = slow(engine);
    let switch = world.live(world.candidates(true, build));
    world.wait_for(|it| matches!(it[0].1, State::Building(_)));
    let begun = Instant::now();
    drop(switch);
    assert!(begun.elapsed() < Duration::from_secs(10));
    go.send(()).expect("it is still being built");
    wait_until(|| is_there.upgrade().is_none());
}

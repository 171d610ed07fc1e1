//! Pictures of several threads at a provider that is made of a real session of the CPU.

use std::sync::{Barrier, Mutex};
use std::thread;

use super::*;
use crate::inference::onnx::at_once::trial;
use crate::inference::onnx::native::Native;
use crate::inference::onnx::parity::{Compute, Tolerance};
use crate::inference::onnx::standing::Standing;
use crate::inference::onnx::switch::{Candidates, Switch, Told};
use crate::inference::onnx::tensor::Values;
use crate::inference::onnx::{library, providers};
use crate::inference::store::ModelFile;
use crate::inference::store::tflite::onnx::{Attribute, Onnx, Type};
use crate::pipeline::contract::runtime_options::Precision;
use crate::pipeline::contract::testing::context;

use Provider::{Cpu, Cuda};

const SHAPE: [i64; 4] = [1, 3, 2, 2];
const NUMBERS: usize = 12;

/// The session, slow enough for others to come meanwhile, and how many pictures each of its runs was for.
struct Slow {
    inner: Arc<Native>,
    sizes: Mutex<Vec<i64>>,
}

impl Compute for Slow {
    fn run(&self, inputs: &[Tensor<'_>]) -> Result<Outputs<'static>> {
        thread::sleep(Duration::from_millis(5));
        let mut sizes = self.sizes.lock().expect("nobody panics here");
        sizes.push(inputs[0].shape[0]);
        self.inner.run(inputs)
    }
}

/// A model of pictures, as many as `count` says or any number if that is 0, which puts out what `operator` makes of them.
fn native(count: usize, operator: &str) -> Arc<Native> {
    let mut model = Onnx::new(0);
    let mut shape = SHAPE.map(|it| it as usize);
    shape[0] = count;
    model.input("images", Type::Float, &shape);
    let made = match operator {
        // Of all pictures together.
        "Softmax" => model.nodes("Softmax", &["images"], 1, &[("axis", Attribute::Int(0))]),
        other => model.nodes(other, &["images"], 1, &[]),
    };
    let shape = if operator == "Size" { &[][..] } else { &shape };
    let kind = if operator == "Size" {
        Type::I64
    } else {
        Type::Float
    };
    model.output("out", kind, shape, &made[0]);
    let file = ModelFile {
        name: Arc::from("made"),
        sha256: String::new(),
        bytes: model.finish().into(),
        entry: None,
    };
    let context = context();
    let environment = library::environment(&context).expect("ONNX Runtime was fetched");
    providers::build(&environment, &file, Cpu, &context).expect("the CPU takes it")
}

fn tried(model: &Native) -> AtOnce {
    let [inputs, _] = model.ports();
    let sample = Sample::declared(&inputs).expect("floats");
    let tolerance = Tolerance::of(Precision::Fp32);
    trial(model, model, (&inputs, &sample), 11, tolerance)
}

#[test]
fn as_many_are_put_into_one_as_come_out_as_each_does_alone() {
    let all = AtOnce { most: 8, why: None };
    assert_eq!(tried(&native(0, "Exp")), all, "the power of two below 11");
    let model = native(0, "Exp");
    let [inputs, _] = model.ports();
    let sample = Sample::declared(&inputs).expect("floats");
    let tolerance = Tolerance::of(Precision::Fp32);
    let single = trial(&*model, &*model, (&inputs, &sample), 1, tolerance);
    assert_eq!(single, AtOnce::one("`batch` says so"));
    let why = |count, operator| {
        let at_once = tried(&native(count, operator));
        assert_eq!(at_once.most, 1);
        at_once.why.expect("it is told")
    };
    assert_eq!(
        why(1, "Exp"),
        "the model's file settles it: images [1, 3, 2, 2]"
    );
    let mixed = why(0, "Softmax");
    assert!(mixed.starts_with("2 at once: output 0 has "), "{mixed}");
    assert_eq!(why(0, "Size"), "2 at once: output 0 has no numbers");
}

/// A model at a provider that says it is CUDA, or at the CPU, and where its nodes meet.
fn served(provider: Provider) -> (Arc<Slow>, Arc<Switch>, Option<Arc<Batches>>) {
    let slow = Arc::new(Slow {
        inner: native(0, "Exp"),
        sizes: Mutex::default(),
    });
    let [inputs, _] = slow.inner.ports();
    let tolerance = Tolerance::of(Precision::Fp32);
    let runtime = Runtime {
        providers: vec![provider],
        batch: 8,
        ..Runtime::default()
    };
    let told = Told {
        model: Arc::from("made"),
        inputs,
        tolerance,
        most_at_once: runtime.batch,
        standing: Arc::new(Standing::new(&runtime.providers, tolerance.to_string())),
    };
    let engine = Arc::clone(&slow) as Arc<dyn Compute>;
    let switch = match provider {
        Cpu => Switch::fixed(told, Cpu, engine),
        _ => {
            let cpu = Arc::clone(&slow.inner) as Arc<dyn Compute>;
            let candidates = Candidates {
                build: Box::new(move |_| Ok(Arc::clone(&engine))),
                providers: [provider].into(),
                cpu: Some(cpu),
                falls_back: false,
            };
            Switch::settled(told, candidates).expect("it is right")
        }
    };
    (slow, switch, Batches::of(&runtime).map(Arc::new))
}

/// Four nodes with 25 pictures each; the sizes of the runs.
fn four_nodes(slow: &Slow, model: &Arc<Switch>, batches: &Option<Arc<Batches>>) -> Vec<i64> {
    slow.sizes.lock().expect("nobody panics here").clear();
    let all_are_there = Barrier::new(4);
    let node = |node: u8| {
        let mut member = Member::new(Arc::clone(model), batches.clone());
        all_are_there.wait();
        for picture in 0..25u8 {
            let number = f32::from(node) + f32::from(picture) / 100.0;
            let numbers = [number; NUMBERS];
            let values = Values::Floats(&numbers);
            let shape = &SHAPE;
            let (outputs, provider) = member.run(&[Tensor { shape, values }]).expect("it runs");
            assert_eq!(Some(provider), model.standing().in_use());
            let array = outputs.array(0).expect("floats");
            assert_eq!(&*array.shape, SHAPE);
            let is_own = |it: &f32| (it - number.exp()).abs() < 1e-4;
            assert!(array.numbers.len() == NUMBERS && array.numbers.iter().all(is_own));
        }
    };
    thread::scope(|scope| {
        let node = &node;
        let threads = [0, 1, 2, 3].map(|it| scope.spawn(move || node(it)));
        for it in threads {
            it.join().expect("each gets its own");
        }
    });
    slow.sizes.lock().expect("nobody panics here").clone()
}

#[test]
fn pictures_of_four_nodes_go_through_a_graphics_processor_together_and_come_back_to_their_own() {
    let (slow, model, batches) = served(Cuda);
    let trials = slow.sizes.lock().expect("nobody panics here").clone();
    assert_eq!(trials, [1, 1, 1, 8, 4, 2], "each size is made ready before");
    assert_eq!(
        model.most_at_once(),
        1,
        "its first runs are compared one by one"
    );
    let sizes = four_nodes(&slow, &model, &batches);
    assert_eq!(model.most_at_once(), 8);
    assert!(sizes.len() < 100, "none came together");
    assert!(sizes.iter().all(|it| [1, 2, 4].contains(it)), "{sizes:?}");
    let told = batches
        .expect("there is a graphics processor")
        .told(&model.at_once());
    assert!(
        told.starts_with("8 at most, ") && told.ends_with(" on average"),
        "{told}"
    );
}

#[test]
fn who_is_alone_waits_for_nobody_and_copies_nothing() {
    let (_, model, batches) = served(Cuda);
    let mut member = Member::new(Arc::clone(&model), batches.clone());
    let numbers = [0.5; NUMBERS];
    for _ in 0..5 {
        let values = Values::Floats(&numbers);
        let shape = &SHAPE;
        let run = member.run(&[Tensor { shape, values }]);
        assert_eq!(run.expect("it runs").1, Cuda);
    }
    assert_eq!(model.most_at_once(), 8);
    let batches = batches.expect("there is a graphics processor");
    assert_eq!(batches.told(&model.at_once()), "8 at most");
    assert!(member.load.inputs.shapes().next().is_none());
}

#[test]
fn the_cpu_computes_one_after_the_other() {
    let (slow, model, batches) = served(Cpu);
    assert_eq!(four_nodes(&slow, &model, &batches), [1; 100]);
    assert!(batches.is_none(), "and there is nothing to tell");
}

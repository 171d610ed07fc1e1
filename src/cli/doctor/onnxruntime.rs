//! Is there an ONNX Runtime that can be used, and does it have the providers that are wanted?
//!
//! A model is run on nothing in a process of its own first: a library that is damaged, or for
//! another processor of the same kind, may bring down whoever calls it.

use std::path::Path;
use std::time::Duration;

use super::finding::Finding;

use crate::cli::patience::within;
use crate::inference::onnx::library;
use crate::inference::onnx::session;
use crate::inference::onnx::tensor::{Tensor, Values};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::{Isolation, Provider, Runtime};
use crate::pipeline::file::Plan;

/// Loading a library reads some 30 MB; CUDA's read gigabytes.
const LIMIT: Duration = Duration::from_secs(20);
/// Part of the program, so that it is always there.
const MODEL: &str = "otus-person";

pub fn check(plan: &Plan) -> Vec<Finding> {
    let (runtime, base) = (plan.runtime.clone(), plan.base.clone());
    let looked = within(LIMIT, move || {
        run_a_model(&runtime, &base)?;
        load(&runtime, &base)
    });
    let looked = looked.unwrap_or_else(|| Err(Error::fatal("it hangs while it is loaded")));
    let (first, providers) = match looked {
        Ok((found, providers)) => (Finding::ok("ONNX Runtime", found), providers),
        Err(error) => {
            let remedy = "`otus models pull onnxruntime`, or name another in ORT_DYLIB_PATH";
            return vec![Finding::failed("ONNX Runtime", &error, remedy)];
        }
    };
    let wanted = plan.runtime.providers.iter();
    let wanted = wanted.map(|wanted| provider(*wanted, &providers));
    std::iter::once(first).chain(wanted).collect()
}

fn run_a_model(runtime: &Runtime, base: &Path) -> Result<()> {
    let runtime = Runtime {
        // Others may take minutes to get ready.
        providers: vec![Provider::Cpu],
        isolation: Isolation::Process,
        ..runtime.clone()
    };
    let context = Context::new("doctor", base, runtime);
    let mut session = session::open(MODEL, None, &context)?;
    let port = session.about.inputs.first();
    let port = port.ok_or_else(|| Error::fatal(format!("it finds no input in {MODEL}")))?;
    let shape: Vec<i64> = port.shape.iter().map(|size| (*size).max(1)).collect();
    let nothing = vec![0.0; shape.iter().product::<i64>() as usize];
    let (shape, values) = (&shape[..], Values::Floats(&nothing));
    let outputs = session.run(&[Tensor { shape, values }])?;
    match outputs.floats(0)?.iter().all(|it| it.is_finite()) {
        true => Ok(()),
        false => Err(Error::fatal(format!("it computes nonsense with {MODEL}"))),
    }
}

/// What was loaded, and the providers that it has.
fn load(runtime: &Runtime, base: &Path) -> Result<(String, Vec<String>)> {
    library::load(runtime, base)?;
    let path = library::find(runtime, base).unwrap_or_default();
    let providers = library::providers();
    let listed = providers.join(", ");
    let version = library::version(&path).unwrap_or_default();
    let found = format!("{version} from {}, runs {MODEL}; {listed}", path.display());
    Ok((found, providers))
}

fn provider(wanted: Provider, present: &[String]) -> Finding {
    let check = format!("provider {}", wanted.name());
    let (built, name) = match wanted {
        Provider::Cpu => (true, "CPUExecutionProvider"),
        Provider::Xnnpack => (true, "XnnpackExecutionProvider"),
        Provider::Cuda => (cfg!(feature = "cuda"), "CUDAExecutionProvider"),
        Provider::Tensorrt => (cfg!(feature = "tensorrt"), "TensorrtExecutionProvider"),
    };
    if !built {
        let remedy = format!("build otus with `--features {}`", wanted.name());
        return Finding::ok(check, "this build of otus lacks it").problem(remedy);
    }
    if !present.iter().any(|it| it == name) {
        let remedy = "name an ONNX Runtime that has it in `[runtime] onnxruntime`";
        return Finding::ok(check, "the ONNX Runtime lacks it").problem(remedy);
    }
    Finding::ok(check, "there")
}

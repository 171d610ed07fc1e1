//! Providers in ONNX Runtime's terms: which options each is given.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ort::environment::Environment;
use ort::ep::{self, ExecutionProviderDispatch};
use ort::session::builder::SessionBuilder;

#[cfg(feature = "tensorrt")]
use crate::inference::onnx::engines;
use crate::inference::onnx::native::Native;
use crate::inference::onnx::{library, refusal};
#[cfg(feature = "tensorrt")]
use crate::inference::store;
use crate::inference::store::ModelFile;
use crate::inference::words;
use crate::pipeline::contract::context::Context;
#[cfg(any(feature = "cuda", feature = "tensorrt"))]
use crate::pipeline::contract::runtime_options::Precision;
use crate::pipeline::contract::runtime_options::{Provider, Runtime};

/// Makes a model ready at a provider.
///
/// # Errors
/// Why that cannot be, in a sentence.
pub fn build(
    environment: &Environment,
    file: &ModelFile,
    provider: Provider,
    context: &Context,
) -> Result<Arc<Native>, String> {
    // What was said before is about something else.
    words::complaint();
    let built = options(environment, context.runtime.threads)
        .and_then(|it| match dispatch(provider, file, context)? {
            Some(own) => Ok(it.with_execution_providers([own.error_on_failure()])?),
            None => Ok(it),
        })
        .and_then(|mut it| it.commit_from_memory(&file.bytes));
    match built {
        Ok(inner) => Ok(Arc::new(Native::new(inner, provider == Provider::Cpu))),
        Err(error) => {
            let complaint = words::complaint();
            words::heard(library::NAME, false, &error.to_string());
            let error = error.to_string();
            Err(refusal::sentence(provider, &error, complaint.as_deref()))
        }
    }
}

fn options(environment: &Environment, threads: usize) -> ort::Result<SessionBuilder> {
    // Spinning threads would burn a core between frames for a few milliseconds of latency.
    Ok(SessionBuilder::new(environment)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?)
}

/// The provider in ONNX Runtime's terms; none for the CPU, which is always there.
fn dispatch(
    provider: Provider,
    file: &ModelFile,
    context: &Context,
) -> ort::Result<Option<ExecutionProviderDispatch>> {
    match provider {
        Provider::Cpu => Ok(None),
        Provider::Xnnpack => Ok(Some(xnnpack(&context.runtime))),
        Provider::Cuda => cuda(context).map(Some),
        Provider::Tensorrt => tensorrt(file, context).map(Some),
    }
}

fn xnnpack(runtime: &Runtime) -> ExecutionProviderDispatch {
    let threads = NonZeroUsize::new(runtime.threads).unwrap_or(NonZeroUsize::MIN);
    ep::XNNPACK::default()
        .with_intra_op_num_threads(threads)
        .build()
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: &Context) -> ort::Result<ExecutionProviderDispatch> {
    Err(ort::Error::new("this build has no `cuda`"))
}

#[cfg(not(feature = "tensorrt"))]
fn tensorrt(_: &ModelFile, _: &Context) -> ort::Result<ExecutionProviderDispatch> {
    Err(ort::Error::new("this build has no `tensorrt`"))
}

#[cfg(feature = "cuda")]
fn cuda(context: &Context) -> ort::Result<ExecutionProviderDispatch> {
    let runtime = &*context.runtime;
    let mut provider = ep::CUDA::default();
    // TF32 keeps ten of the 23 digits that a float has. Those before 1.18 know no such option, and refuse it.
    let minor = version(context)
        .split('.')
        .nth(1)
        .and_then(|it| it.parse().ok());
    if minor.is_some_and(|it: u32| it >= 18) {
        provider = provider.with_tf32(runtime.precision != Precision::Fp32);
    }
    Ok(match gpu_memory(runtime) {
        Some(bytes) => provider.with_memory_limit(bytes).build(),
        None => provider.build(),
    })
}

#[cfg(feature = "tensorrt")]
fn tensorrt(file: &ModelFile, context: &Context) -> ort::Result<ExecutionProviderDispatch> {
    let runtime = &*context.runtime;
    // Building an engine takes minutes; it is kept beside the models.
    let engines = engines::Engines {
        sha256: &file.sha256,
        precision: runtime.precision,
        machine: &engines::machine(&version(context)),
    };
    let folder = engines.folder(&store::cache_directory().join("tensorrt"));
    let folder = folder.map_err(ort::Error::new)?;
    let provider = ep::TensorRT::default()
        .with_engine_cache(true)
        .with_engine_cache_path(folder.display())
        .with_timing_cache(true)
        .with_timing_cache_path(folder.display())
        .with_fp16(runtime.precision != Precision::Fp32)
        .with_int8(runtime.precision == Precision::Int8);
    Ok(match gpu_memory(runtime) {
        Some(bytes) => provider.with_max_workspace_size(bytes).build(),
        None => provider.build(),
    })
}

/// Version of ONNX Runtime.
#[cfg(any(feature = "cuda", feature = "tensorrt"))]
fn version(context: &Context) -> String {
    let path = library::find(&context.runtime, &context.base);
    path.and_then(|it| library::version(&it))
        .unwrap_or_default()
}

#[cfg(any(feature = "cuda", feature = "tensorrt"))]
fn gpu_memory(runtime: &Runtime) -> Option<usize> {
    runtime.gpu_memory_mb.map(|it| it as usize * 1024 * 1024)
}

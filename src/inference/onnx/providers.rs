//! Providers in ONNX Runtime's terms: which options each is given.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ort::environment::Environment;
use ort::ep::{self, ExecutionProviderDispatch};
use ort::session::builder::SessionBuilder;

use crate::inference::onnx::native::Native;
#[cfg(any(feature = "tensorrt", test))]
use crate::inference::onnx::tensor::Port;
#[cfg(feature = "tensorrt")]
use crate::inference::onnx::{at_once, declared, engines};
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
    let mut provider = ep::TensorRT::default()
        .with_engine_cache(true)
        .with_engine_cache_path(folder.display())
        .with_timing_cache(true)
        .with_timing_cache_path(folder.display())
        .with_fp16(runtime.precision != Precision::Fp32)
        .with_int8(runtime.precision == Precision::Int8);
    let inputs = declared::declared(file).about.inputs;
    if let Some([least, most]) = profile(&inputs, at_once::floor(runtime.batch)) {
        provider = provider
            .with_profile_min_shapes(&least)
            .with_profile_opt_shapes(&most)
            .with_profile_max_shapes(&most);
    }
    Ok(match gpu_memory(runtime) {
        Some(bytes) => provider.with_max_workspace_size(bytes).build(),
        None => provider.build(),
    })
}

/// From one input to `most` at once, as TensorRT is told of them, so that one engine serves all. None where the file
/// leaves more than their number open: TensorRT then goes by the inputs that come.
#[cfg(any(feature = "tensorrt", test))]
fn profile(inputs: &[Port], most: usize) -> Option<[String; 2]> {
    let is_settled = |port: &Port| {
        let (first, rest) = port.shape.split_first()?;
        (*first == -1 && rest.iter().all(|it| *it > 0)).then_some(())
    };
    inputs.iter().map(is_settled).collect::<Option<Vec<_>>>()?;
    let shapes = |count: usize| {
        let shape = |port: &Port| {
            let sizes = port.shape[1..].iter().map(|it| format!("x{it}"));
            format!("{}:{count}{}", port.name, sizes.collect::<String>())
        };
        inputs.iter().map(shape).collect::<Vec<_>>().join(",")
    };
    Some([shapes(1), shapes(most)])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::onnx::tensor::Element;

    #[test]
    fn one_engine_is_made_for_one_and_for_many_where_only_their_number_is_open() {
        let port = |name: &str, shape: &[i64]| Port {
            name: name.to_owned(),
            shape: shape.to_vec(),
            element: Element::Float,
        };
        let pictures = port("images", &[-1, 3, 320, 640]);
        let sizes = port("sizes", &[-1, 2]);
        let both = profile(&[pictures.clone(), sizes], 8).expect("the rest is settled");
        assert_eq!(
            both,
            [
                "images:1x3x320x640,sizes:1x2",
                "images:8x3x320x640,sizes:8x2"
            ]
        );
        let others: [&[i64]; 3] = [&[1, 3, 320, 640], &[-1, 3, -1, -1], &[]];
        for shape in others {
            assert_eq!(profile(&[pictures.clone(), port("x", shape)], 8), None);
        }
    }
}

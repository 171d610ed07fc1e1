//! ONNX models in this process: providers, threads, and sessions that nodes share.

use std::ffi::CString;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use ort::AsPointer;
use ort::ep::ExecutionProviderDispatch;
use ort::session::builder::SessionBuilder;
use ort::value::{DynValue, DynValueRef, Outlet, TensorRef, ValueType};

use crate::inference::onnx::tensor::{About, Element, Port, Tensor, Values};
use crate::inference::onnx::{declared, file as onnx_file, library, refusal};
use crate::inference::store::{self, pool::Pool};
use crate::inference::words;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Provider;

/// Sessions in use, by model and options: cameras that run the same model share its memory.
static SESSIONS: Pool<Key, Loaded> = Pool::new();

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    sha256: String,
    providers: Vec<Provider>,
    threads: usize,
}

/// A model loaded into ONNX Runtime.
pub struct Loaded {
    inner: ort::session::Session,
    /// What it is and takes.
    pub about: About,
    /// Where it runs.
    pub provider: Provider,
    input_names: Vec<CString>,
    output_names: Vec<CString>,
    /// Held during a run, except on the CPU provider, which runs concurrently by contract.
    gate: Mutex<()>,
}

/// Loads a model, or shares the session that another node has already made of it.
///
/// # Errors
/// `Fatal` if the model cannot be had, is not what it should be, or no provider takes it.
pub fn open(model: &str, sha256: Option<&str>, context: &Context) -> Result<Arc<Loaded>> {
    let file = store::load(model, sha256, context)?;
    let key = Key {
        sha256: file.sha256.clone(),
        providers: context.runtime.providers.clone(),
        threads: context.runtime.threads,
    };
    let world = context.clone();
    SESSIONS.get(key, &context.stop, move || build(&file, &world))
}

fn build(file: &store::ModelFile, context: &Context) -> Result<Loaded> {
    onnx_file::check(&file.bytes).map_err(|why| Error::fatal(format!("{}: {why}", file.name)))?;
    let environment = library::environment(context)?;
    let mut refused = Vec::new();
    for &provider in &context.runtime.providers {
        // What was said before is about something else.
        words::complaint();
        let built = SessionBuilder::new(&environment)
            .and_then(|it| configure(it, provider, context.runtime.threads))
            .and_then(|mut it| it.commit_from_memory(&file.bytes));
        match built {
            Ok(inner) => return Ok(describe(inner, file, provider)),
            Err(error) => {
                let (name, complaint) = (provider.name(), words::complaint());
                let why = refusal::sentence(provider, &error.to_string(), complaint.as_deref());
                words::heard(library::NAME, false, &error.to_string());
                tracing::warn!(provider = name, model = %file.name, "refused: {why}");
                refused.push(format!("{name}: {why}"));
            }
        }
    }
    let refused = refused.join("; ");
    Err(Error::fatal(format!(
        "ONNX Runtime cannot run {}: {refused}",
        file.name
    )))
}

fn configure(
    builder: SessionBuilder,
    provider: Provider,
    threads: usize,
) -> ort::Result<SessionBuilder> {
    // Spinning threads would burn a core between frames for a few milliseconds of latency.
    let builder = builder
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?;
    match dispatch(provider)? {
        Some(provider) => Ok(builder.with_execution_providers([provider.error_on_failure()])?),
        None => Ok(builder),
    }
}

/// The provider in ONNX Runtime's terms; none for the CPU, which is always there.
fn dispatch(provider: Provider) -> ort::Result<Option<ExecutionProviderDispatch>> {
    match provider {
        Provider::Cpu => Ok(None),
        #[cfg(feature = "cuda")]
        Provider::Cuda => Ok(Some(ort::ep::CUDA::default().build())),
        #[cfg(feature = "tensorrt")]
        Provider::Tensorrt => {
            // Building an engine takes minutes; it is kept beside the models.
            let engines = store::cache_directory().join("tensorrt");
            let provider = ort::ep::TensorRT::default()
                .with_engine_cache(true)
                .with_engine_cache_path(engines.display());
            Ok(Some(provider.build()))
        }
        #[cfg(not(all(feature = "cuda", feature = "tensorrt")))]
        missing => Err(ort::Error::new(format!(
            "this build has no `{}`",
            missing.name()
        ))),
    }
}

fn describe(inner: ort::session::Session, file: &store::ModelFile, provider: Provider) -> Loaded {
    let names = |ports: &[Outlet]| -> Vec<CString> {
        let name = |port: &Outlet| CString::new(port.name()).expect("names came from C");
        ports.iter().map(name).collect()
    };
    let about = About {
        name: Arc::clone(&file.name),
        labels: declared::labels(file),
        notes: declared::notes(file),
        inputs: inner.inputs().iter().map(port).collect(),
        outputs: inner.outputs().iter().map(port).collect(),
    };
    Loaded {
        about,
        provider,
        input_names: names(inner.inputs()),
        output_names: names(inner.outputs()),
        gate: Mutex::new(()),
        inner,
    }
}

fn port(outlet: &Outlet) -> Port {
    let (shape, element) = match outlet.dtype() {
        ValueType::Tensor { ty, shape, .. } => (shape.to_vec(), Element::of_runtime(*ty)),
        _ => (Vec::new(), Element::Other),
    };
    Port {
        name: outlet.name().to_owned(),
        shape,
        element,
    }
}

impl Loaded {
    /// Runs the model on inputs in the order of the file; gives outputs in that order.
    ///
    /// Several threads may call this at once. `ort` asks for `&mut`, because some providers are not
    /// thread-safe; those are serialised here.
    ///
    /// # Errors
    /// `Retry`: inference failed, which reopening may mend. `Fatal` if a shape does not fit its
    /// numbers.
    pub fn run(&self, inputs: &[Tensor<'_>]) -> Result<Vec<DynValue>> {
        assert_eq!(
            inputs.len(),
            self.input_names.len(),
            "one value for each input"
        );
        let _serialised = (self.provider != Provider::Cpu)
            .then(|| self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        let names: Vec<_> = self.input_names.iter().map(|name| name.as_ptr()).collect();
        let inputs = inputs.iter().map(value).collect::<Result<Vec<_>>>()?;
        let values: Vec<_> = inputs.iter().map(|value| value.ptr()).collect();
        let output_names: Vec<_> = self.output_names.iter().map(|name| name.as_ptr()).collect();
        let mut outputs = vec![ptr::null_mut(); output_names.len()];
        // SAFETY: all pointers are valid for the call and the lengths are those of the arrays.
        // OrtApi::Run may be called concurrently on one session of the CPU provider.
        let status = unsafe {
            let status = (ort::api().Run)(
                self.inner.ptr().cast_mut(),
                ptr::null(),
                names.as_ptr(),
                values.as_ptr(),
                values.len(),
                output_names.as_ptr(),
                output_names.len(),
                outputs.as_mut_ptr(),
            );
            ort::Error::result_from_status(status)
        };
        status.map_err(|error| Error::retry(format!("inference failed: {error}")))?;
        let allocator = self.inner.allocator();
        let own = |output| {
            let output = NonNull::new(output).expect("a successful run fills every output");
            // SAFETY: Run has just handed over this value, made with the session's allocator.
            unsafe { DynValue::from_ptr(output, Some(allocator)) }
        };
        Ok(outputs.into_iter().map(own).collect())
    }
}

/// ONNX Runtime's view of borrowed numbers.
fn value<'a>(tensor: &Tensor<'a>) -> Result<DynValueRef<'a>> {
    let shape = tensor.shape.to_vec();
    let view = match tensor.values {
        Values::Floats(floats) => {
            TensorRef::from_array_view((shape, floats)).map(TensorRef::into_dyn)
        }
        Values::Integers(integers) => {
            TensorRef::from_array_view((shape, integers)).map(TensorRef::into_dyn)
        }
        Values::Halves(halves) => {
            TensorRef::from_array_view((shape, halves)).map(TensorRef::into_dyn)
        }
        Values::Bytes(bytes) => TensorRef::from_array_view((shape, bytes)).map(TensorRef::into_dyn),
    };
    view.map_err(Error::fatal)
}

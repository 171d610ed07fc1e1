//! ONNX models ready to run: providers, threads, shared sessions, and what goes in and out.

use std::collections::HashMap;
use std::ffi::CString;
use std::fmt::Debug;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ort::AsPointer;
use ort::ep::ExecutionProviderDispatch;
use ort::session::builder::SessionBuilder;
use ort::value::{DynValue, DynValueRef, Outlet, PrimitiveTensorElementType, TensorRef, ValueType};

use crate::inference::{library, onnx_file, store};
use crate::pipeline::context::Context;
use crate::pipeline::node::{Error, Result};
use crate::pipeline::options::Provider;

/// Sessions in use, by model and options: cameras that run the same model share its memory.
static SESSIONS: Mutex<Option<HashMap<Key, Weak<Session>>>> = Mutex::new(None);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    sha256: String,
    providers: Vec<Provider>,
    threads: usize,
}

/// An input or output of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name in the file.
    pub name: String,
    /// Its shape; -1 where the file leaves it open.
    pub shape: Vec<i64>,
    /// Whether its elements are 32-bit floats.
    pub is_f32: bool,
}

/// A model loaded into ONNX Runtime.
pub struct Session {
    inner: ort::session::Session,
    /// Manifest id and the first digits of the sum, for events.
    pub name: Arc<str>,
    /// Labels that the manifest or the file gives its classes: a list's name, or names with commas.
    pub labels: Option<String>,
    /// Where it runs.
    pub provider: Provider,
    /// Inputs, in the order of the file.
    pub inputs: Vec<Port>,
    /// Outputs, in the order of the file.
    pub outputs: Vec<Port>,
    input_names: Vec<CString>,
    output_names: Vec<CString>,
    /// Held during a run, except on the CPU provider, which runs concurrently by contract.
    gate: Mutex<()>,
}

/// Loads a model, or shares the session that another node has already made of it.
///
/// # Errors
/// `Fatal` if the model cannot be had, is not what it should be, or no provider takes it.
pub fn open(model: &str, sha256: Option<&str>, context: &Context) -> Result<Arc<Session>> {
    let file = store::load(model, sha256, context)?;
    let key = Key {
        sha256: file.sha256.clone(),
        providers: context.runtime.providers.clone(),
        threads: context.runtime.threads,
    };
    let mut sessions = SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let sessions = sessions.get_or_insert_default();
    sessions.retain(|_, session| session.strong_count() > 0);
    let session = match sessions.get(&key).and_then(Weak::upgrade) {
        Some(session) => session,
        None => {
            let session = Arc::new(build(&file, context)?);
            sessions.insert(key, Arc::downgrade(&session));
            session
        }
    };
    context.describe("model", &session.name);
    context.describe("provider", session.provider.name());
    Ok(session)
}

fn build(file: &store::ModelFile, context: &Context) -> Result<Session> {
    onnx_file::check(&file.bytes).map_err(|why| Error::fatal(format!("{}: {why}", file.name)))?;
    let environment = library::environment(context)?;
    let mut refused = Vec::new();
    for &provider in &context.runtime.providers {
        let built = SessionBuilder::new(&environment)
            .and_then(|it| configure(it, provider, context.runtime.threads))
            .and_then(|mut it| it.commit_from_memory(&file.bytes));
        match built {
            Ok(inner) => return Ok(describe(inner, file, provider)),
            Err(error) => {
                tracing::warn!(provider = provider.name(), model = %file.name, "refused: {error}");
                refused.push(format!("{}: {error}", provider.name()));
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
        Provider::Tensorrt => Ok(Some(ort::ep::TensorRT::default().build())),
        #[cfg(not(all(feature = "cuda", feature = "tensorrt")))]
        missing => Err(ort::Error::new(format!(
            "this build has no `{}`",
            missing.name()
        ))),
    }
}

fn describe(inner: ort::session::Session, file: &store::ModelFile, provider: Provider) -> Session {
    let names = |ports: &[Outlet]| -> Vec<CString> {
        let name = |port: &Outlet| CString::new(port.name()).expect("names came from C");
        ports.iter().map(name).collect()
    };
    let in_file = inner
        .metadata()
        .ok()
        .and_then(|it| it.custom("otus.labels"));
    Session {
        name: Arc::clone(&file.name),
        labels: file.entry.and_then(|it| it.labels.clone()).or(in_file),
        provider,
        inputs: inner.inputs().iter().map(port).collect(),
        outputs: inner.outputs().iter().map(port).collect(),
        input_names: names(inner.inputs()),
        output_names: names(inner.outputs()),
        gate: Mutex::new(()),
        inner,
    }
}

fn port(outlet: &Outlet) -> Port {
    let (shape, is_f32) = match outlet.dtype() {
        ValueType::Tensor { ty, shape, .. } => (
            shape.to_vec(),
            *ty == ort::value::TensorElementType::Float32,
        ),
        _ => (Vec::new(), false),
    };
    Port {
        name: outlet.name().to_owned(),
        shape,
        is_f32,
    }
}

impl Session {
    /// Runs the model on inputs in the order of the file; gives outputs in that order.
    ///
    /// Several threads may call this at once. `ort` asks for `&mut`, because some providers are not
    /// thread-safe; those are serialised here.
    ///
    /// # Errors
    /// `Retry`: inference failed, which reopening may mend.
    pub fn run(&self, inputs: &[&DynValue]) -> Result<Vec<DynValue>> {
        assert_eq!(
            inputs.len(),
            self.input_names.len(),
            "one value for each input"
        );
        let _serialised = (self.provider != Provider::Cpu)
            .then(|| self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        let names: Vec<_> = self.input_names.iter().map(|name| name.as_ptr()).collect();
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

/// A tensor over borrowed numbers.
///
/// # Errors
/// `Fatal` if the shape does not fit the number of elements.
pub fn tensor<'a, T>(shape: &[i64], data: &'a [T]) -> Result<DynValueRef<'a>>
where
    T: PrimitiveTensorElementType + Debug + Clone + 'static,
{
    let tensor = TensorRef::from_array_view((shape.to_vec(), data)).map_err(Error::fatal)?;
    Ok(tensor.into_dyn())
}

/// The floats of an output.
///
/// # Errors
/// `Fatal` if the output is no float tensor.
pub fn floats(output: &DynValue) -> Result<&[f32]> {
    let (_, floats) = output.try_extract_tensor::<f32>().map_err(Error::fatal)?;
    Ok(floats)
}

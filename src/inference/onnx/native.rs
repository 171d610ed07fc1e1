//! A model in ONNX Runtime, in this process, at one provider.

use std::ffi::CString;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use ort::AsPointer;
use ort::session::Session;
use ort::value::{DynValue, DynValueRef, Outlet, TensorRef, ValueType};

use crate::inference::onnx::parity::Compute;
use crate::inference::onnx::tensor::{Element, Outputs, Port, Tensor, Values};
use crate::pipeline::contract::error::{Error, Result};

/// A session of ONNX Runtime.
pub struct Native {
    inner: Arc<Session>,
    input_names: Vec<CString>,
    output_names: Vec<CString>,
    /// Held during a run; none at the CPU provider, which runs concurrently by contract.
    gate: Option<Mutex<()>>,
}

impl Native {
    /// Takes over a session, at which several runs at once are allowed or not.
    pub fn new(inner: Session, is_concurrent: bool) -> Native {
        let names = |ports: &[Outlet]| -> Vec<CString> {
            let name = |port: &Outlet| CString::new(port.name()).expect("names came from C");
            ports.iter().map(name).collect()
        };
        Native {
            input_names: names(inner.inputs()),
            output_names: names(inner.outputs()),
            gate: (!is_concurrent).then(Mutex::default),
            inner: Arc::new(inner),
        }
    }

    /// Inputs and outputs.
    pub fn ports(&self) -> [Vec<Port>; 2] {
        [self.inner.inputs(), self.inner.outputs()].map(|it| it.iter().map(port).collect())
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

impl Compute for Native {
    /// Several threads may call this at once. `ort` asks for `&mut`, because some providers are not
    /// thread-safe; those are serialised here.
    fn run(&self, inputs: &[Tensor<'_>]) -> Result<Outputs<'static>> {
        assert_eq!(
            inputs.len(),
            self.input_names.len(),
            "one value for each input"
        );
        let gate = self.gate.as_ref();
        let _serialised = gate.map(|it| it.lock().unwrap_or_else(PoisonError::into_inner));
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
        let outputs = outputs.into_iter().map(own).collect();
        Ok(Outputs::Here(outputs, Arc::clone(&self.inner)))
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

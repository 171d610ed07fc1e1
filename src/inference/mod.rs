//! What models need: their files, ONNX Runtime, pictures in and boxes out, sounds, speech.

pub mod onnx;
pub mod sight;
pub mod sound;
pub mod speech;
pub mod store;
mod turns;
pub mod words;
pub mod worker;

use self::worker::{Served, served};

/// What a worker process can run.
pub const ENGINES: &[Served] = &[
    served::<onnx::apart::Child>(),
    #[cfg(feature = "whisper")]
    served::<speech::listener::Child>(),
];

//! What a node has learnt, for its next instance: after a failure, a hang or a reload.

use std::any::Any;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::media::kind::Lane;

/// Keeps one value of any type beside a node.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Option<Arc<dyn Any + Send + Sync>>>>);

impl Memory {
    /// What earlier instances have left, or nothing yet. All instances and workers of a node share it: what is
    /// locked inside must be locked for moments only, and never during a call that can hang.
    pub fn recall<S: Default + Send + Sync + 'static>(&self) -> Arc<S> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = slot.clone().and_then(|it| it.downcast::<S>().ok());
        kept.unwrap_or_else(|| {
            let new = Arc::new(S::default());
            *slot = Some(Arc::clone(&new) as Arc<dyn Any + Send + Sync>);
            new
        })
    }
}

/// Which lanes out of a node somebody takes.
#[derive(Clone, Debug, Default)]
pub struct Wanted(Arc<AtomicU32>);

impl Wanted {
    /// These and no others.
    pub fn set(&self, lanes: impl Iterator<Item = Lane>) {
        let bits = lanes.fold(0, |bits, lane| bits | 1 << lane as u32);
        self.0.store(bits, Relaxed);
    }

    /// Whether this one is among them.
    pub fn has(&self, lane: Lane) -> bool {
        self.0.load(Relaxed) >> lane as u32 & 1 == 1
    }
}

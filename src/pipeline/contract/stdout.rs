//! Whether programs read standard output: then there are lines of JSON on it, and nothing else.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static FOR_PROGRAMS: AtomicBool = AtomicBool::new(false);

/// From now on programs read it: somebody said `--json`, or prints events as JSON.
pub fn give_to_programs() {
    FOR_PROGRAMS.store(true, Relaxed);
}

/// Whether programs read it.
pub fn is_for_programs() -> bool {
    FOR_PROGRAMS.load(Relaxed)
}

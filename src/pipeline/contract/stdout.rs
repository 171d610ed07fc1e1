//! Who writes to standard output: where programs read it, there are lines of JSON on it and nothing else; where it is a
//! terminal, its last rows may change, and nobody else writes meanwhile.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

static FOR_PROGRAMS: AtomicBool = AtomicBool::new(false);

/// From now on programs read it: somebody said `--json`, or prints events as JSON.
pub fn give_to_programs() {
    FOR_PROGRAMS.store(true, Relaxed);
}

/// Whether programs read it.
pub fn is_for_programs() -> bool {
    FOR_PROGRAMS.load(Relaxed)
}

/// How many of the terminal's last rows change, and whose they are.
static ROWS: Mutex<(u64, usize)> = Mutex::new((0, 0));

/// Writes to the terminal by `write`, which is told how many of its own rows are still the last, and says how many are then.
pub fn to_rows<T>(own: u64, write: impl FnOnce(&mut usize) -> T) -> T {
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    if rows.0 != own {
        *rows = (own, 0);
    }
    write(&mut rows.1)
}

/// Writes to the terminal below those rows, which change no more.
pub fn below_rows<T>(write: impl FnOnce() -> T) -> T {
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    rows.1 = 0;
    write()
}

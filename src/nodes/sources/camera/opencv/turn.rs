//! Who may open a capture of FFmpeg: one at a time, and those first that will not keep the others waiting.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

struct Door {
    busy: bool,
    /// How long those will take who wait.
    waiting: Vec<Duration>,
}

static DOOR: Mutex<Door> = Mutex::new(Door {
    busy: false,
    waiting: Vec::new(),
});
static OPENED: Condvar = Condvar::new();

/// The right to open one; given back when it is dropped.
pub struct Turn(());

impl Turn {
    /// Waits until nobody opens, and nobody waits who will be quicker than `expected`.
    pub fn wait(expected: Duration) -> Turn {
        let mut door = DOOR.lock().unwrap_or_else(PoisonError::into_inner);
        door.waiting.push(expected);
        let is_late = |door: &mut Door| door.busy || door.waiting.iter().any(|it| *it < expected);
        door = OPENED
            .wait_while(door, is_late)
            .unwrap_or_else(PoisonError::into_inner);
        let own = door.waiting.iter().position(|it| *it == expected);
        own.map(|own| door.waiting.swap_remove(own));
        door.busy = true;
        Turn(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        DOOR.lock().unwrap_or_else(PoisonError::into_inner).busy = false;
        OPENED.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread::spawn;

    use super::*;

    #[test]
    fn the_quick_go_first_and_all_come_in() {
        let first = Turn::wait(Duration::ZERO);
        let order = Arc::new(Mutex::new(Vec::new()));
        let threads: Vec<_> = [5, 1, 3]
            .into_iter()
            .map(|seconds| {
                let order = Arc::clone(&order);
                spawn(move || {
                    let _turn = Turn::wait(Duration::from_secs(seconds));
                    order.lock().expect("nobody panicked").push(seconds);
                })
            })
            .collect();
        while DOOR.lock().expect("nobody panicked").waiting.len() < 3 {
            std::thread::yield_now();
        }
        drop(first);
        threads
            .into_iter()
            .for_each(|it| it.join().expect("it came in"));
        assert_eq!(*order.lock().expect("nobody panicked"), [1, 3, 5]);
    }
}

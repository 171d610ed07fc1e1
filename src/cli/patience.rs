//! What may hang is waited for on another thread, and left behind.

use std::sync::mpsc::channel;
use std::time::Duration;

/// Runs `task` on a thread of its own; none if it takes longer than `limit` or panics. What hangs
/// is left behind: the process ends soon.
pub fn within<T: Send + 'static>(
    limit: Duration,
    task: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || drop(sender.send(task())));
    receiver.recv_timeout(limit).ok()
}

//! Runs a device whose calls cannot be interrupted on a thread of its own, so that its node can stop.

use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Select, bounded};

use crate::pipeline::contract::error::{Error, Result, no_thread};
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::cpu::Cpu;

/// How long dropping a reader waits for a call in progress. After that the thread is left to
/// itself; it ends when the device's own time-out does.
const PATIENCE: Duration = Duration::from_millis(500);

/// Threads that were left to themselves, by name. A device that hangs for good costs one of them,
/// not one for every attempt.
static LEFT: Mutex<Vec<(String, JoinHandle<()>)>> = Mutex::new(Vec::new());

/// The reader's side of a device that is read on another thread.
pub struct Blocking<T> {
    name: String,
    items: Option<Receiver<Result<T>>>,
    thread: Option<JoinHandle<()>>,
}

/// What a wait for the next item came to.
pub enum Next<T> {
    /// Here it is.
    Item(T),
    /// Not yet.
    Nothing,
    /// There will be no more.
    End,
}

impl<T: Send + 'static> Blocking<T> {
    /// Opens a device by `open` and reads it by `read`, both on a new thread. `read` returns none
    /// at the end. At most one item waits: the reader is held back, not the memory filled.
    pub fn start<D>(
        name: &str,
        open: impl FnOnce() -> Result<D> + Send + 'static,
        mut read: impl FnMut(&mut D) -> Result<Option<T>> + Send + 'static,
    ) -> Blocking<T> {
        let (sender, items) = bounded(1);
        let refused = sender.clone();
        let hangs = still_hangs(name);
        let node = Cpu::of_this_thread();
        let body = move || {
            let _employed = node.map(Cpu::employ);
            if hangs {
                let error = Error::retry("the device still hangs since the last attempt");
                return drop(sender.send(Err(error)));
            }
            let mut device = match open() {
                Ok(device) => device,
                Err(error) => return drop(sender.send(Err(error))),
            };
            while let Some(item) = read(&mut device).transpose() {
                let failed = item.is_err();
                if sender.send(item).is_err() || failed {
                    return;
                }
            }
        };
        let thread = Builder::new()
            .name(name.chars().take(15).collect())
            .spawn(body)
            .map_err(|error| refused.send(Err(no_thread(&error))))
            .ok();
        drop(refused);
        Blocking {
            name: name.to_owned(),
            items: Some(items),
            thread,
        }
    }

    /// Waits so long for the next item.
    ///
    /// # Errors
    /// What the device returned, or that its thread panicked.
    pub fn next(&mut self, at_most: Duration) -> Result<Next<T>> {
        let Some(items) = &self.items else {
            return Ok(Next::End);
        };
        match items.recv_timeout(at_most) {
            Ok(item) => item.map(Next::Item),
            Err(RecvTimeoutError::Timeout) => Ok(Next::Nothing),
            Err(RecvTimeoutError::Disconnected) => {
                self.items = None;
                match self.thread.take().map(JoinHandle::join) {
                    Some(Err(_)) => Err(Error::retry("the device's reader panicked")),
                    _ => Ok(Next::End),
                }
            }
        }
    }

    /// Adds it to those that are waited for together.
    pub fn watch<'a>(&'a self, select: &mut Select<'a>) {
        if let Some(items) = &self.items {
            select.recv(items);
        }
    }

    /// Waits for the first item until `at_most` has passed or `stop` is set.
    ///
    /// # Errors
    /// What the device returned, or that there was nothing in time.
    pub fn first(&mut self, at_most: Duration, stop: &Stop) -> Result<Option<T>> {
        let started = Instant::now();
        while !stop.is_set() {
            match self.next(Duration::from_millis(50))? {
                Next::Item(item) => return Ok(Some(item)),
                Next::End => return Ok(None),
                Next::Nothing if started.elapsed() > at_most => {
                    let seconds = at_most.as_secs_f64();
                    return Err(Error::retry(format!("nothing came within {seconds} s")));
                }
                Next::Nothing => {}
            }
        }
        Ok(None)
    }
}

impl<T> Drop for Blocking<T> {
    fn drop(&mut self) {
        // Without a receiver the reader ends after the call it is in.
        self.items = None;
        let Some(thread) = self.thread.take() else {
            return;
        };
        let started = Instant::now();
        while !thread.is_finished() && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        if thread.is_finished() {
            let _ = thread.join();
        } else {
            let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
            left.push((std::mem::take(&mut self.name), thread));
        }
    }
}

/// Whether a thread of this name was left to itself and has not ended since.
fn still_hangs(name: &str) -> bool {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    left.retain(|(_, thread)| !thread.is_finished());
    left.iter().any(|(other, _)| other == name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn gives_items_then_the_error() {
        let mut count = 0;
        let mut reader = Blocking::start(
            "three items",
            || Ok(()),
            move |()| {
                count += 1;
                match count {
                    1..=3 => Ok(Some(count)),
                    _ => Err(Error::retry("unplugged")),
                }
            },
        );
        let mut got = Vec::new();
        let error = loop {
            match reader.next(Duration::from_secs(5)) {
                Ok(Next::Item(item)) => got.push(item),
                Ok(_) => panic!("it fails before it ends"),
                Err(error) => break error,
            }
        };
        assert_eq!(
            (got, error.to_string()),
            (vec![1, 2, 3], "unplugged".to_owned())
        );
    }

    #[test]
    fn its_work_counts_for_the_node() {
        let cpu = Arc::new(Cpu::default());
        let _employed = Arc::clone(&cpu).employ();
        let before = cpu.read();
        let mut reader = Blocking::start(
            "works",
            || Ok(()),
            |()| {
                let (own, enough) = (Cpu::of_this_thread(), Duration::from_millis(30));
                let own = own.expect("it works for the node");
                let start = own.read();
                while own.read() - start < enough {}
                Ok(Some(()))
            },
        );
        let item = reader.first(Duration::from_secs(60), &Stop::default());
        assert!(item.is_ok_and(|it| it.is_some()));
        let used = cpu.read() - before;
        assert!(used >= Duration::from_millis(30), "{used:?}");
    }

    #[test]
    fn a_call_that_hangs_does_not_hold_up_the_stop() {
        let mut reader = Blocking::<u8>::start(
            "hangs",
            || Ok(()),
            |()| {
                std::thread::sleep(Duration::from_secs(3));
                Ok(None)
            },
        );
        let stop = Stop::default();
        stop.set();
        let started = Instant::now();
        assert!(
            reader
                .first(Duration::from_secs(60), &stop)
                .is_ok_and(|it| it.is_none())
        );
        drop(reader);
        assert!(started.elapsed() < Duration::from_secs(2));
    }
}

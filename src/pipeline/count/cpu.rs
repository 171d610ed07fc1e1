//! Processor time of the threads that work for a node. It is read from outside, so that it costs
//! those threads nothing.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libc::clockid_t;

thread_local! {
    /// The node that this thread works for.
    static EMPLOYER: RefCell<Option<Arc<Cpu>>> = const { RefCell::new(None) };
}

/// The processor time of one node, over all its threads.
#[derive(Debug, Default)]
pub struct Cpu(Mutex<Threads>);

#[derive(Debug, Default)]
struct Threads {
    /// What threads have used that have ended.
    ended: Duration,
    /// Clocks of those that run.
    running: Vec<clockid_t>,
}

/// A thread counts for a node until this is dropped, which it does itself.
pub struct Employed {
    cpu: Arc<Cpu>,
    clock: clockid_t,
}

impl Cpu {
    /// From now on what this thread uses counts, and what those use that it starts as helpers.
    pub fn employ(self: Arc<Cpu>) -> Employed {
        EMPLOYER.set(Some(Arc::clone(&self)));
        let clock = own_clock();
        self.threads().running.push(clock);
        Employed { cpu: self, clock }
    }

    /// The node that this thread works for, if any.
    pub fn of_this_thread() -> Option<Arc<Cpu>> {
        EMPLOYER.with_borrow(Clone::clone)
    }

    /// What all of them have used up to now.
    pub fn read(&self) -> Duration {
        // A thread takes its clock away under this lock, so all of them are of living threads.
        let threads = self.threads();
        threads.ended + threads.running.iter().copied().map(read).sum::<Duration>()
    }

    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Employed {
    fn drop(&mut self) {
        EMPLOYER.set(None);
        let mut threads = self.cpu.threads();
        threads.ended += read(self.clock);
        threads.running.retain(|clock| *clock != self.clock);
    }
}

/// A clock that shows to all threads what this one has used.
fn own_clock() -> clockid_t {
    let mut clock = 0;
    // SAFETY: the thread that asks lives, and `clock` outlives the call.
    let status = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) };
    assert_eq!(status, 0, "a thread that runs has a clock");
    clock
}

fn read(clock: clockid_t) -> Duration {
    // SAFETY: all zeros is a value of `timespec`, which is plain data.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: `time` outlives the call. A clock that is no more is refused, and leaves zero.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    // The fields are 32-bit on some ARM targets, and a clock never shows less than zero.
    #[allow(clippy::unnecessary_cast)]
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(time: Duration) {
        let started = read(own_clock());
        while read(own_clock()) - started < time {
            std::hint::black_box(0);
        }
    }

    #[test]
    fn work_counts_and_waiting_does_not() {
        let cpu = Arc::new(Cpu::default());
        let employer = Arc::clone(&cpu);
        let (done, is_done) = crossbeam_channel::bounded(0);
        let (go, may_go) = crossbeam_channel::bounded::<()>(0);
        let thread = std::thread::spawn(move || {
            let _employed = employer.employ();
            work(Duration::from_millis(20));
            let helper = Cpu::of_this_thread().expect("it works for somebody");
            let helper = std::thread::spawn(move || {
                let _employed = helper.employ();
                work(Duration::from_millis(30));
            });
            helper.join().expect("it does not panic");
            std::thread::sleep(Duration::from_millis(300));
            done.send(()).expect("somebody waits");
            let _ = may_go.recv();
        });
        is_done.recv().expect("it gets there");
        let running = cpu.read();
        assert!(running >= Duration::from_millis(50), "{running:?}");
        assert!(running < Duration::from_millis(250), "{running:?}");
        drop(go);
        thread.join().expect("it does not panic");
        assert!(cpu.read() >= running);
        assert_eq!(cpu.read(), cpu.read());
        assert!(Cpu::of_this_thread().is_none());
    }
}

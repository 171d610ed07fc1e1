//! Reads what a child process writes, but does not wait for ever.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::pipeline::contract::stop::Stop;

/// How often a child that writes nothing is left alone to see whether to stop.
const LOOK_UP: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// The end of a pipe. Reads nothing, as at the end, when it is to stop.
pub struct TimeoutReader<R> {
    /// Where the child writes.
    pub output: R,
    /// A longer silence is an error.
    pub patience: Duration,
    /// Whether to stop.
    pub stop: Stop,
}

impl<R: Read + AsFd> Read for TimeoutReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let asked = Instant::now();
        let ready = || {
            let mut wanted = [PollFd::new(&self.output, PollFlags::IN)];
            poll(&mut wanted, Some(&LOOK_UP))
        };
        while ready()? == 0 {
            if self.stop.is_set() {
                return Ok(0);
            }
            if asked.elapsed() > self.patience {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        self.output.read(buffer)
    }
}

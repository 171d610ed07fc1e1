//! One program that listens.

use std::io::{ErrorKind, Write};

use super::listener::Stream;

/// A program, and what it has not taken yet.
pub struct Client {
    stream: Box<dyn Stream>,
    waiting: Vec<u8>,
}

impl Client {
    /// It has come just now.
    pub fn new(stream: Box<dyn Stream>) -> Client {
        let waiting = Vec::new();
        Client { stream, waiting }
    }

    /// It is to be told this.
    pub fn tell(&mut self, line: &[u8]) {
        self.waiting.extend_from_slice(line);
    }

    /// Whether something waits for it.
    pub fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether more than this waits for it.
    pub fn is_behind(&self, most: usize) -> bool {
        self.waiting.len() > most
    }

    /// Gives it what it takes; says whether it is still there.
    pub fn serve(&mut self) -> bool {
        let mut taken = 0;
        let is_there = loop {
            if taken == self.waiting.len() {
                break true;
            }
            match self.stream.write(&self.waiting[taken..]) {
                Ok(0) => break false,
                Ok(count) => taken += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break error.kind() == ErrorKind::WouldBlock,
            }
        };
        self.waiting.drain(..taken);
        is_there && !self.stream.has_left()
    }
}

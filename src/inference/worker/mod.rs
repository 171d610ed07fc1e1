//! A model in a process of its own, so that a crash of native code costs one packet and not the run.
//!
//! The child is this same program, started as `otus worker`. Requests and replies are lines of JSON
//! on a socket, which is the child's standard input; numbers lie in memory that both share, which is
//! its standard output. The child ends when the socket closes, so none is left behind. What can run
//! there is an [`Engine`]: one file, and one line in the list of `inference`.

mod child;
mod engine;
mod parent;
mod wire;

pub use child::{Served, serve, served};
pub use engine::Engine;
pub use parent::Worker;
pub use wire::{Line, MOST_NUMBERS, Shared};

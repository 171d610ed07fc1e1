//! How packets get from node to node: bounded links, and what merges and distributes them.

pub mod intake;
pub mod lane;
pub mod link;
pub mod outlets;
pub mod progress;
pub mod tap;
pub mod turns;

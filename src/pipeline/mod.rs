//! How it flows: what a node is, the pipeline file, the links between nodes, and the threads that run
//! them. A room knows only those above it in this list.

pub mod count;

pub mod contract;

pub mod file;

pub mod flow;

pub mod run;

#[cfg(test)]
mod tests;

//! How it flows: node traits, the catalogue, the pipeline file, links, threads and counters.

pub mod blocking;
pub mod calls;
pub mod catalogue;
pub mod config;
pub mod context;
pub mod drawing;
pub mod graph;
pub mod histogram;
pub mod intake;
pub mod link;
pub mod metrics;
pub mod node;
pub mod options;
pub mod outlets;
pub mod problem;
pub mod pulse;
pub mod reference;
pub mod restarts;
pub mod runtime;
pub mod secret;
pub mod stop;
pub mod supervise;
pub mod tap;
pub mod testing;
#[cfg(test)]
mod tests;
pub mod turns;

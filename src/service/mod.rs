//! How a running pipeline is watched from outside.

pub mod http;
pub mod journal;
pub mod metrics;
pub mod summary;

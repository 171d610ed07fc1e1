//! How a running pipeline is watched from outside.

pub mod http;
pub mod metrics;
pub mod reload;
pub mod summary;

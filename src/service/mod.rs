//! How a running pipeline is watched from outside.

pub mod findings;
pub mod http;
pub mod machine;
pub mod metrics;
pub mod summary;

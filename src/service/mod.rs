//! How a running pipeline is watched and kept from outside.

pub mod findings;
pub mod http;
pub mod journal;
pub mod machine;
pub mod metrics;
pub mod pressure;
pub mod progress;
pub mod reload;
pub mod summary;
pub mod systemd;

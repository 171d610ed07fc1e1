//! What is counted of nodes and links, and read by everyone who reports.

pub mod areas;
pub mod calls;
pub mod cpu;
pub mod histogram;
pub mod metrics;
pub mod pulse;

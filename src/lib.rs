//! otus
#![warn(missing_docs)]

pub mod cli;
pub mod inference;
pub mod media;
pub mod nodes;
pub mod pipeline;
pub mod service;

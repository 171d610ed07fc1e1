//! What nodes share and is no node.

pub mod condition;
pub mod device;
pub mod expression;
pub mod pace;
pub mod words;

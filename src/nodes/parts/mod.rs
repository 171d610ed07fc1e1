//! What nodes share and is no node.

pub mod at_hand;
pub mod condition;
pub mod device;
pub mod disk;
pub mod expression;
pub mod folder;
pub mod found;
pub mod level;
pub mod looked;
pub mod outbox;
pub mod pace;
pub mod remote;
pub mod stream;
pub mod words;
pub mod worth;

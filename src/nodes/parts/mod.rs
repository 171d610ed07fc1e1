//! What nodes share and is no node.

pub mod at_hand;
pub mod beside;
pub mod condition;
pub mod course;
pub mod device;
pub mod disk;
pub mod evidence;
pub mod expression;
pub mod folder;
pub mod found;
pub mod level;
pub mod log;
pub mod looked;
pub mod movie;
pub mod outbox;
pub mod pace;
pub mod polygon;
pub mod recorded;
pub mod remote;
pub mod shadow;
pub mod stream;
pub mod take;
pub mod told;
pub mod v4l2;
pub mod words;
pub mod worth;

//! Pictures in, boxes out.

pub mod detector;
pub mod fit;
pub mod heads;
pub mod labels;
pub mod nms;
pub mod picture;

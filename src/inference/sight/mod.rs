//! Pictures in, boxes out.

pub mod detector;
pub mod eye;
pub mod finder;
pub mod fit;
pub mod heads;
pub mod input;
pub mod labelled;
pub mod labels;
pub mod nms;
pub mod options;
pub mod picture;
pub mod plausible;

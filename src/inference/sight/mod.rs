//! Pictures in, boxes, classes, masks and vectors out.

pub mod classifier;
pub mod detector;
pub mod embedder;
pub mod eye;
pub mod finder;
pub mod fit;
pub mod heads;
pub mod input;
pub mod labelled;
pub mod labels;
pub mod masks;
pub mod nms;
pub mod options;
pub mod picture;
pub mod plausible;
pub mod semantic;
pub mod tasks;
pub mod wrong;

//! What flows along the edges of a pipeline, and the clock it is stamped with.

pub mod audio;
pub mod clock;
pub mod coded;
mod digits;
pub mod draw;
pub mod events;
pub mod frame;
pub mod kind;
pub mod mono;
pub mod objects;
pub mod packet;
pub mod recycle;
pub mod resample;

//! What flows along the edges of a pipeline, and the clock it is stamped with.

pub mod audio;
pub mod clock;
pub mod event;
pub mod frame;
pub mod packet;
pub mod recycle;
pub mod resample;

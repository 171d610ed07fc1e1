//! What `detect` tells.

use std::sync::Arc;

use crate::media::events::{Detection, Disagreement, Of};
use crate::media::objects::Objects;
use crate::ports;

ports! {
    /// What was found in a frame, and where the shadow has found something else.
    pub enum Told {
        Objects(Arc<Objects>),
        Detection(Of<Detection>),
        Disagreement(Of<Disagreement>),
    }
}

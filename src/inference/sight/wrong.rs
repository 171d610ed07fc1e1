//! Models whose outputs a node cannot read: told with the node that can.

use std::path::Path;

use super::detector::{Detector, Options};
use super::tasks::told;
use crate::inference::onnx::tensor::{About, Port, listed};
use crate::pipeline::contract::error::Misuse;

/// That a model puts out something else than what a node reads, which `wants` tells.
pub fn unread(model: &About, outputs: &[Port], wants: &str) -> Misuse {
    let message = format!("{} puts out {}; {wants}", model.name, listed(outputs));
    // What its classes are called has nothing to do with what it is.
    let detector = Detector::declared(model, &Options::default(), Path::new(""));
    let help = match (told(model), detector) {
        (Some(task), _) => task.remedy(),
        (None, Ok(detector)) => format!(
            "it looks like a detector (`family` {}): `detect` is for it",
            detector.family
        ),
        (None, Err(_)) => {
            "`detect` finds objects, `classify` names pictures, `segment` makes masks, `embed` makes vectors"
                .to_owned()
        }
    };
    Misuse::new("model", message, help)
}

//! What is seen of a model that shows pictures, before it is run.

use std::path::Path;

use crate::inference::onnx::declared;
use crate::inference::onnx::tensor::About;
use crate::inference::sight::tasks;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::pipeline::contract::error::Misuse;

/// What is wrong with a model for this node by what its file tells, if it is at hand; `read` makes sense of it.
pub fn model<N: Runs, T>(
    model: &ModelOptions<N>,
    node: &str,
    base: &Path,
    read: impl FnOnce(&About) -> Result<T, Misuse>,
) -> Vec<Misuse> {
    let understood = declared::at_hand(&model.name, model.sha256(), base).and_then(|it| {
        tasks::check(&it.about, node)?;
        // What ONNX Runtime works out of the shapes may be right.
        let is_told = |wrong: &Misuse| it.is_complete || wrong.option != "model";
        let wrong = read(&it.about).err().filter(is_told);
        wrong.map_or(Ok(()), Err)
    });
    understood.err().into_iter().collect()
}

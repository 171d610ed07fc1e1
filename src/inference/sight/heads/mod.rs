//! What detectors put out, turned into boxes: one file a family.

mod grid;
mod head;
mod yolox;
mod yunet;

pub use self::head::Head;
use crate::inference::onnx::tensor::About;

/// A head that fits the outputs of a model whose input has this width and height.
///
/// # Errors
/// In words, what the outputs are and which would be understood.
pub fn recognise(model: &About, width: usize, height: usize) -> Result<Box<dyn Head>, String> {
    if let Some(head) = yolox::Yolox::fit(&model.outputs, width, height) {
        return Ok(Box::new(head));
    }
    if let Some(head) = yunet::Yunet::fit(&model.outputs, width, height) {
        return Ok(Box::new(head));
    }
    let outputs = model
        .outputs
        .iter()
        .map(|it| format!("{} {:?}", it.name, it.shape));
    Err(format!(
        "no decoder knows outputs like these: {}. Known: YOLOX (one output [1, boxes, 5 + classes]) \
         and YuNet (cls_, obj_ and bbox_ for strides 8, 16 and 32)",
        outputs.collect::<Vec<_>>().join(", ")
    ))
}

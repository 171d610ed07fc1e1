//! What detectors put out, turned into boxes: one file a family, and one line in the list.

mod grid;
mod head;
mod yolox;
mod yunet;

pub use self::head::{Family, Head};
use crate::inference::onnx::tensor::Port;

/// What makes a head for outputs, width and height of a model, if it is of the family.
type Fitting = fn(&[Port], usize, usize) -> Option<Box<dyn Head>>;

/// A family in the list.
struct Known {
    by: &'static str,
    fit: Fitting,
}

/// All families, in the order in which they are asked.
const FAMILIES: [Known; 2] = [known::<yolox::Yolox>(), known::<yunet::Yunet>()];

const fn known<F: Family>() -> Known {
    Known {
        by: F::KNOWN_BY,
        fit: |outputs, width, height| Some(Box::new(F::fit(outputs, width, height)?)),
    }
}

/// A head that fits the outputs of a model whose input has this width and height.
///
/// # Errors
/// In words, what the outputs are, and which would be understood.
pub fn recognise(
    outputs: &[Port],
    width: usize,
    height: usize,
) -> Result<Box<dyn Head>, (String, String)> {
    let fitting = |family: &Known| (family.fit)(outputs, width, height);
    FAMILIES.iter().find_map(fitting).ok_or_else(|| {
        let shown = |it: &Port| format!("{} {:?}", it.name, it.shape);
        let shown: Vec<String> = outputs.iter().map(shown).collect();
        let why = format!("no decoder knows outputs like these: {}", shown.join(", "));
        (
            why,
            format!("known: {}", FAMILIES.map(|it| it.by).join("; ")),
        )
    })
}

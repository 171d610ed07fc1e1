//! Operators that change nothing but how numbers are kept, or called.

use crate::inference::store::tflite::graph::{Graph, PLAIN};
use crate::inference::store::tflite::model::Operator;

/// The output is the input.
pub fn same(it: &Operator, graph: &mut Graph) -> Result<(), String> {
    let (from, to) = (it.input(0)?, it.output(0)?);
    let [old, new] = [from, to].map(|it| &graph.tensors[it].shape);
    if old != new {
        return Err(format!("it makes {new:?} of {old:?}"));
    }
    // It must be there, and not be made later of what is made of it.
    if !graph.is_constant(from) && graph.common(&[from]) == PLAIN {
        graph.get(from, PLAIN)?;
    }
    graph.alias(to, from);
    Ok(())
}

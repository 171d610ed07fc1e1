//! What an ONNX file declares of its model: inputs, outputs and the names of its classes, without native code.
//!
//! Field numbers are those of onnx.proto3. The file is as unknown as any other: what it says is bounded.

use std::collections::BTreeMap;
use std::path::Path;

use crate::inference::onnx::file::{self, Fields, Value};
use crate::inference::onnx::tensor::{About, Element, Port};
use crate::inference::store::{self, ModelFile};
use crate::pipeline::contract::error::Misuse;

/// Under which keys those who export models write the names of the classes, otus's own first.
const NAMES: [&[u8]; 4] = [b"otus.labels", b"names", b"labels", b"classes"];
/// Bytes of a list of names at most: a thousand long ones.
const LONGEST_NAMES: usize = 64 * 1024;
/// More ports or dimensions than any model has that can be used here.
const MOST: usize = 256;
/// Under which keys exporters write how a model is to be used. Those of Ultralytics are told at
/// <https://docs.ultralytics.com/modes/export/>; those that begin with `otus` are this program's own.
const NOTES: [&str; 12] = [
    "args",
    "author",
    "description",
    "end2end",
    "head",
    "imgsz",
    "otus.family",
    "otus.mean",
    "otus.std",
    "stride",
    "task",
    "kpt_shape",
];
/// Bytes of a note at most.
const LONGEST_NOTE: usize = 4 * 1024;

/// What a file declares, and whether that is all.
pub struct Declared {
    /// What it is and takes.
    pub about: About,
    /// Whether no shape of an output is left open: ONNX Runtime may work out what is.
    pub is_complete: bool,
}

/// What the file of a model says, if it is on this machine.
///
/// # Errors
/// That it is not there, not what it should be, or no self-contained ONNX model.
pub fn at_hand(model: &str, sha256: Option<&str>, base: &Path) -> Result<Declared, Misuse> {
    let found = store::at_hand(model, sha256, base)?;
    match file::check(&found.bytes) {
        Ok(()) => Ok(declared(&found)),
        Err(why) => {
            let message = format!("{}: {why}", found.name);
            let help = "export the model again, whole and in one file";
            Err(Misuse::new("model", message, help))
        }
    }
}

/// What the bytes of a file declare.
pub fn declared(file: &ModelFile) -> Declared {
    let graph = inner(&file.bytes, 7).next().unwrap_or_default();
    // Files of early versions list the weights among the inputs.
    let weights: Vec<&[u8]> = inner(graph, 5)
        .filter_map(|it| inner(it, 8).next())
        .collect();
    let is_input = |port: &&[u8]| {
        inner(port, 1)
            .next()
            .is_none_or(|it| !weights.contains(&it))
    };
    let inputs = inner(graph, 11).filter(is_input).take(MOST).map(port);
    let outputs: Vec<Port> = inner(graph, 12).take(MOST).map(port).collect();
    let is_settled = |it: &Port| !it.shape.is_empty() && it.shape.iter().all(|&size| size > 0);
    Declared {
        is_complete: outputs.iter().all(is_settled),
        about: About {
            name: file.name.clone(),
            labels: labels(file),
            notes: notes(file),
            inputs: inputs.collect(),
            outputs,
        },
    }
}

/// The names of the classes as the manifest and the file write them, the most trusted first.
fn labels(file: &ModelFile) -> Vec<String> {
    let of_manifest = file.entry.and_then(|it| it.labels.clone());
    let of_file = NAMES
        .into_iter()
        .filter_map(|key| text(file, key, LONGEST_NAMES));
    of_manifest.into_iter().chain(of_file).collect()
}

/// What the file says under the keys in `NOTES`.
fn notes(file: &ModelFile) -> BTreeMap<String, String> {
    let note = |key: &str| Some((key.to_owned(), text(file, key.as_bytes(), LONGEST_NOTE)?));
    NOTES.into_iter().filter_map(note).collect()
}

/// The text that the file has under a key, unless it is longer than `most` bytes.
fn text(file: &ModelFile, key: &[u8], most: usize) -> Option<String> {
    let is_key = |entry: &&[u8]| inner(entry, 1).next() == Some(key);
    let entry = inner(&file.bytes, 14).find(is_key)?;
    let text = inner(entry, 2).next().filter(|it| it.len() <= most)?;
    String::from_utf8(text.to_vec()).ok()
}

fn port(port: &[u8]) -> Port {
    let tensor = inner(port, 2).next().and_then(|it| inner(it, 1).next());
    let tensor = tensor.unwrap_or_default();
    let shape = inner(tensor, 2).next().unwrap_or_default();
    let size = |dimension| number(dimension, 1).and_then(|it| i64::try_from(it).ok());
    Port {
        name: String::from_utf8_lossy(inner(port, 1).next().unwrap_or_default()).into_owned(),
        shape: inner(shape, 1)
            .take(MOST)
            .map(|it| size(it).unwrap_or(-1))
            .collect(),
        element: number(tensor, 1).map_or(Element::Other, Element::of_file),
    }
}

/// The messages or texts in a field of a message.
fn inner(message: &[u8], field: u64) -> impl Iterator<Item = &[u8]> {
    let fields = Fields(message).map_while(|it| it);
    fields.filter_map(move |(number, value)| match value {
        Value::Bytes(bytes) if number == field => Some(bytes),
        _ => None,
    })
}

fn number(message: &[u8], field: u64) -> Option<u64> {
    let mut fields = Fields(message).map_while(|it| it);
    fields.find_map(|(number, value)| match value {
        Value::Number(value) if number == field => Some(value),
        _ => None,
    })
}

//! `otus models import`: an ONNX file of a model that otus does not run as it is.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::cli::output::{failed, print_json};
use crate::inference::store::sum::sum;
use crate::inference::store::tflite::{self, Told};
use crate::inference::store::{self, fetch};

/// Converts a TensorFlow Lite file, and prints what a pipeline file says of the result.
pub fn import(from: &Path, to: Option<&Path>, json: bool) -> ExitCode {
    let beside = from.with_extension("onnx");
    let to = to.unwrap_or(&beside);
    let bytes = match convert(from, to) {
        Ok(bytes) => bytes,
        Err(message) => return failed(message),
    };
    let (file, sha256) = (to.display().to_string(), sum(&bytes));
    match json {
        true => print_json(&json!({ "file": file, "bytes": bytes.len(), "sha256": sha256 })),
        false => println!("model = {file:?}\nsha256 = {sha256:?}"),
    }
    ExitCode::SUCCESS
}

fn convert(from: &Path, to: &Path) -> Result<Vec<u8>, String> {
    if from == to {
        return Err(format!(
            "{} would be overwritten; name another file with --to",
            from.display()
        ));
    }
    let file = store::read(from).map_err(|error| error.to_string())?;
    let made = tflite::to_onnx(&file, &Told::default());
    let made = made.map_err(|why| format!("{}: {why}", from.display()))?;
    let written = fetch::put(&made, to);
    written.map_err(|error| format!("cannot write {}: {error}", to.display()))?;
    Ok(made)
}

//! `otus devices`: cameras, microphones and where models can run.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::output::print_json;
use crate::inference::onnx::library;
use crate::nodes::video_devices;
use crate::pipeline::contract::runtime_options::Runtime;

pub fn devices(json: bool) -> ExitCode {
    let cameras: Vec<Value> = video_devices().iter().map(|path| camera(path)).collect();
    let microphones = microphones();
    let library = library::find(&Runtime::default(), Path::new("."));
    let mut providers = vec!["cpu", "xnnpack"];
    providers.extend(cfg!(feature = "cuda").then_some("cuda"));
    providers.extend(cfg!(feature = "tensorrt").then_some("tensorrt"));
    if json {
        print_json(&json!({
            "cameras": cameras,
            "microphones": microphones,
            "providers": providers,
            "onnxruntime": library,
        }));
        return ExitCode::SUCCESS;
    }
    section("cameras", cameras.iter().map(|it| named(it, "path")));
    section(
        "microphones",
        microphones.iter().map(|it| named(it, "device")),
    );
    section(
        "providers in this build",
        providers.into_iter().map(str::to_owned),
    );
    let library = library.map(|path| path.display().to_string());
    section("ONNX Runtime", library.into_iter());
    ExitCode::SUCCESS
}

fn section(title: &str, lines: impl Iterator<Item = String>) {
    println!("{title}");
    let mut none = true;
    for line in lines {
        println!("  {line}");
        none = false;
    }
    if none {
        println!("  none found");
    }
}

/// What a device is called in a pipeline file, and by people.
fn named(device: &Value, called: &str) -> String {
    let text = |key: &str| device[key].as_str().unwrap_or_default();
    format!("{}  {}", text(called), text("name"))
}

fn camera(path: &Path) -> Value {
    let file = path.file_name().unwrap_or_default();
    let name = Path::new("/sys/class/video4linux").join(file).join("name");
    let name = std::fs::read_to_string(name).unwrap_or_default();
    json!({ "path": path, "name": name.trim() })
}

#[cfg(feature = "microphone")]
fn microphones() -> Vec<Value> {
    let found = crate::nodes::audio_devices().into_iter();
    found.map(|it| json!(it)).collect()
}

#[cfg(not(feature = "microphone"))]
fn microphones() -> Vec<Value> {
    Vec::new()
}

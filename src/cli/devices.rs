//! `otus devices`: cameras, microphones and where models can run, with lines to paste into a pipeline file.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::columns::Columns;
use crate::cli::here;
use crate::cli::onvif::{self, Found};
use crate::cli::output::{failed, print_json, printable};
use crate::inference::onnx::library;
use crate::pipeline::contract::runtime_options::Runtime;

pub fn devices(find: bool, json: bool) -> ExitCode {
    let (cameras, microphones) = (here::cameras(), here::microphones());
    let library = library::find(&Runtime::default(), Path::new("."));
    let network = match find.then(onvif::find).transpose() {
        Ok(found) => found,
        Err(error) => return failed(format!("this network cannot be asked: {error}")),
    };
    if json {
        let network = network.unwrap_or_default();
        let network = network
            .iter()
            .map(|it| json!({ "address": it.address, "says": it.says, "profiles": it.profiles }));
        print_json(&json!({
            "cameras": cameras,
            "microphones": microphones,
            "network": network.collect::<Vec<Value>>(),
            "providers": providers(),
            "onnxruntime": library,
        }));
        return ExitCode::SUCCESS;
    }
    section(
        "cameras",
        cameras
            .iter()
            .map(|it| format!("{}  {}", it.path.display(), it.name)),
    );
    section(
        "microphones",
        microphones
            .iter()
            .map(|it| format!("{}  {}", it.device, it.name)),
    );
    if let Some(network) = &network {
        section("cameras of this network", network.iter().map(told));
    }
    section(
        "providers in this build",
        providers().into_iter().map(str::to_owned),
    );
    let library = library.map(|path| path.display().to_string());
    section("ONNX Runtime", library.into_iter());
    paste(
        &cameras,
        &microphones,
        network.as_deref().unwrap_or_default(),
    );
    ExitCode::SUCCESS
}

fn told(camera: &Found) -> String {
    let profiles = match camera.profiles.join(", ").as_str() {
        "" => String::new(),
        letters => format!("  (ONVIF profiles {letters})"),
    };
    format!("{}  {}{profiles}", camera.address, printable(&camera.says))
}

fn providers() -> Vec<&'static str> {
    let mut providers = vec!["cpu", "xnnpack"];
    providers.extend(cfg!(feature = "cuda").then_some("cuda"));
    providers.extend(cfg!(feature = "tensorrt").then_some("tensorrt"));
    providers
}

fn section(title: &str, lines: impl Iterator<Item = String>) {
    println!("{title}");
    let mut none = true;
    for line in lines {
        println!(
            "{}",
            Columns::here().fold(&format!("  {}", line.trim_end()))
        );
        none = false;
    }
    if none {
        println!("  none found");
    }
}

/// Sources as a pipeline file has them. They are not folded: whoever copies a line wants it whole.
fn paste(cameras: &[here::Camera], microphones: &[here::Microphone], network: &[Found]) {
    if cameras.is_empty() && microphones.is_empty() && network.is_empty() {
        println!(
            "\n{}",
            Columns::here().fold(
                "`otus init --camera 10.0.0.7` looks for the stream of a camera on the network."
            )
        );
        return;
    }
    println!("\nfor a pipeline file");
    for (number, it) in cameras.iter().enumerate() {
        let remark = it.modes.iter().map(|it| format!("# {it}\n"));
        println!(
            "\n{}[sources.camera{}]\ntype = \"camera\"\nuri  = {}",
            remark.collect::<String>(),
            after_first(number),
            quoted(&it.path.display().to_string())
        );
    }
    for (number, it) in microphones.iter().enumerate() {
        let remark = match it.facts.as_str() {
            "" => String::new(),
            facts => format!("# {facts}\n"),
        };
        println!(
            "\n{remark}[sources.microphone{}]\ntype   = \"microphone\"\ndevice = {}",
            after_first(number),
            quoted(&it.device)
        );
    }
    for (number, it) in network.iter().enumerate() {
        println!(
            "\n# `otus init --camera {0}` finds the path.\n[sources.network{1}]\ntype = \"camera\"\n\
             uri  = \"rtsp://USER:${{PASSWORD}}@{0}/PATH\"",
            it.address,
            after_first(number)
        );
    }
}

/// The number of the second and those after it.
fn after_first(number: usize) -> String {
    match number {
        0 => String::new(),
        number => (number + 1).to_string(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

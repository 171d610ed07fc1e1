//! Libraries that are part of the build and programs that decode, with their versions.

use std::process::Stdio;
use std::time::Duration;

use super::finding::Finding;
use crate::cli::patience::within;
#[cfg(feature = "whisper")]
use crate::inference::speech::whisper::{gpu, processor};
use crate::nodes;
use crate::pipeline::contract::child;
use crate::pipeline::file::Plan;

/// GStreamer's tool looks through its plugins when it is started for the first time.
const LIMIT: Duration = Duration::from_secs(10);

pub fn check(plan: &Plan) -> Vec<Finding> {
    let mut findings = vec![
        opencv(),
        program("FFmpeg", "ffmpeg", "-version", "ffmpeg"),
        program(
            "GStreamer",
            "gst-launch-1.0",
            "--version",
            "gstreamer1.0-tools",
        ),
        linked("ALSA", "microphone", alsa()),
        linked("whisper.cpp", "whisper", whisper()),
    ];
    findings.extend(gpu(plan));
    findings
}

/// A program that decodes in place of OpenCV, and the package that has it.
fn program(name: &str, file: &'static str, version: &'static str, package: &str) -> Finding {
    let mut command = child::program(file);
    command.arg(version).stdin(Stdio::null());
    let output = within(LIMIT, move || command.output().ok()).flatten();
    if let Some(output) = output.filter(|it| it.status.success()) {
        let said = String::from_utf8_lossy(&output.stdout);
        let first = said.lines().next().unwrap_or_default();
        // FFmpeg goes on with its copyright.
        let (first, _) = first.split_once(" Copyright").unwrap_or((first, ""));
        return Finding::ok(name, first);
    }
    let finding = Finding::ok(name, format!("there is no `{file}` here"));
    match nodes::opencv_version() {
        Ok(_) => finding,
        Err(_) => finding.warning(format!(
            "without OpenCV, cameras and videos may need it: `apt install {package}`"
        )),
    }
}

fn linked(name: &str, feature: &str, version: Option<String>) -> Finding {
    match version {
        Some(version) => Finding::ok(name, version),
        None => Finding::ok(name, format!("this build has no `{feature}`")),
    }
}

fn opencv() -> Finding {
    match nodes::opencv_version() {
        Ok(version) => Finding::ok("OpenCV", version),
        Err(why) => Finding::ok("OpenCV", format!("not used: {why}")),
    }
}

#[cfg(feature = "microphone")]
fn alsa() -> Option<String> {
    type Version = unsafe extern "C" fn() -> *const libc::c_char;
    // SAFETY: the name ends with a zero.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"snd_asoundlib_version".as_ptr()) };
    if symbol.is_null() {
        return None;
    }
    // SAFETY: ALSA declares this function so, and it gives a string that stays.
    let version = unsafe {
        let version: Version = std::mem::transmute(symbol);
        std::ffi::CStr::from_ptr(version())
    };
    Some(version.to_string_lossy().into_owned())
}

#[cfg(not(feature = "microphone"))]
fn alsa() -> Option<String> {
    None
}

#[cfg(feature = "whisper")]
fn whisper() -> Option<String> {
    let kernels = match processor::choose() {
        true => "a module's kernels",
        false => "its own kernels",
    };
    let used = processor::instructions();
    let version = whisper_rs::get_whisper_version();
    Some(format!("{version}, {kernels}: {used}"))
}

#[cfg(not(feature = "whisper"))]
fn whisper() -> Option<String> {
    None
}

/// Where whisper.cpp has something for GPUs.
#[cfg(feature = "whisper")]
fn gpu(plan: &Plan) -> Option<Finding> {
    const CHECK: &str = "whisper.cpp on the GPU";
    let wanted = plan.runtime.providers.iter().any(|it| it.is_gpu());
    let use_of_it = match wanted {
        true => "",
        false => ", which `[runtime] providers` does not ask for",
    };
    match gpu::find() {
        Ok(name) => name.map(|name| Finding::ok(CHECK, name + use_of_it)),
        Err(why) => Some(Finding::ok(CHECK, why).warning(
            "the processor works for Whisper: build the module for this system's CUDA, \
             as cross/jetson.md says, or remove it",
        )),
    }
}

#[cfg(not(feature = "whisper"))]
fn gpu(_: &Plan) -> Option<Finding> {
    None
}

//! Libraries and their versions, and where models can run.

use std::path::Path;
use std::time::Duration;

use super::{Finding, within};
use crate::inference::library;
#[cfg(feature = "whisper")]
use crate::inference::whisper_processor;
use crate::pipeline::config::Plan;
use crate::pipeline::options::{Provider, Runtime};

/// Loading a library reads some 30 MB; CUDA's read gigabytes.
const LIMIT: Duration = Duration::from_secs(20);

pub fn check(plan: &Plan) -> Vec<Finding> {
    let (runtime, base) = (plan.runtime.clone(), plan.base.clone());
    let loaded = within(LIMIT, move || load(&runtime, &base));
    let loaded = loaded.unwrap_or_else(|| Err("it hangs while it is loaded".to_owned()));
    let mut findings = Vec::new();
    let providers = match loaded {
        Ok((found, providers)) => {
            findings.push(Finding::ok("ONNX Runtime", found));
            providers
        }
        Err(why) => {
            let remedy = "`otus models pull onnxruntime`, or name a library in ORT_DYLIB_PATH";
            findings.push(Finding::ok("ONNX Runtime", why).problem(remedy));
            Vec::new()
        }
    };
    let wanted = plan.runtime.providers.iter();
    findings.extend(wanted.map(|wanted| provider(*wanted, &providers)));
    findings.push(linked("OpenCV", "opencv", opencv()));
    findings.push(linked("ALSA", "microphone", alsa()));
    findings.push(linked("whisper.cpp", "whisper", whisper()));
    findings
}

/// What was loaded, and the providers that it has.
fn load(runtime: &Runtime, base: &Path) -> Result<(String, Vec<String>), String> {
    library::load(runtime, base).map_err(|error| error.to_string())?;
    let path = library::find(runtime, base).unwrap_or_default();
    let providers = library::providers();
    let listed = providers.join(", ");
    let version = library::version(&path).unwrap_or_default();
    let found = format!("{version} from {}; {listed}", path.display());
    Ok((found, providers))
}

fn provider(wanted: Provider, present: &[String]) -> Finding {
    let check = format!("provider {}", wanted.name());
    let (built, name) = match wanted {
        Provider::Cpu => (true, "CPUExecutionProvider"),
        Provider::Cuda => (cfg!(feature = "cuda"), "CUDAExecutionProvider"),
        Provider::Tensorrt => (cfg!(feature = "tensorrt"), "TensorrtExecutionProvider"),
    };
    if !built {
        let remedy = format!("build otus with `--features {}`", wanted.name());
        return Finding::ok(check, "this build of otus lacks it").problem(remedy);
    }
    if !present.iter().any(|it| it == name) {
        let remedy = "name an ONNX Runtime that has it in `[runtime] onnxruntime`";
        return Finding::ok(check, "the ONNX Runtime lacks it").problem(remedy);
    }
    Finding::ok(check, "there")
}

fn linked(name: &str, feature: &str, version: Option<String>) -> Finding {
    match version {
        Some(version) => Finding::ok(name, version),
        None => Finding::ok(name, format!("this build has no `{feature}`")),
    }
}

#[cfg(feature = "opencv")]
fn opencv() -> Option<String> {
    crate::nodes::opencv_version()
}

#[cfg(not(feature = "opencv"))]
fn opencv() -> Option<String> {
    None
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
    let kernels = match whisper_processor::choose() {
        true => "a module's kernels",
        false => "its own kernels",
    };
    let used = whisper_processor::instructions();
    let version = whisper_rs::get_whisper_version();
    Some(format!("{version}, {kernels}: {used}"))
}

#[cfg(not(feature = "whisper"))]
fn whisper() -> Option<String> {
    None
}

//! Why ONNX Runtime does not take a provider, in a sentence, and what to do about it.

use crate::pipeline::contract::runtime_options::Provider;

/// What libraries belong to, by how their names begin.
const PACKAGES: [(&str, &str); 10] = [
    ("libcuda.so", "NVIDIA's driver"),
    ("libcudnn", "cuDNN"),
    ("libnvinfer", "TensorRT"),
    ("libnvonnxparser", "TensorRT"),
    ("libcu", "CUDA"),
    ("libnvrtc", "CUDA"),
    ("libnvJitLink", "CUDA"),
    ("libnvToolsExt", "CUDA"),
    ("libonnxruntime_providers_", "ONNX Runtime for GPUs"),
    ("libnv", "NVIDIA's driver"),
];
const LONGEST: usize = 200;

/// Puts what was returned, and what was complained about before, into a sentence.
pub fn sentence(provider: Provider, error: &str, complaint: Option<&str>) -> String {
    let texts = [complaint.unwrap_or_default(), error];
    let told = texts
        .iter()
        .find_map(|it| missing(it).or_else(|| failed(it)));
    told.unwrap_or_else(|| match is_absent(error) {
        true => format!(
            "this ONNX Runtime has no {0}: name one that has in `[runtime] onnxruntime`, or take \
             `{0}` out of `[runtime] providers`",
            provider.name()
        ),
        false => plain(error),
    })
}

/// A library that the loader did not find.
fn missing(text: &str) -> Option<String> {
    let (before, _) = text.split_once(": cannot open shared object file")?;
    let library = before.rsplit([' ', '/']).next()?;
    let package = PACKAGES.iter().find(|(name, _)| library.starts_with(name));
    let package = package.map_or("the package that has it", |(_, package)| package);
    let version = library
        .split_once(".so.")
        .map_or("", |(_, version)| version);
    Some(match version {
        "" => format!("there is no {library}: install {package}"),
        _ => format!("there is no {library}: install {package} in the version that has it"),
    })
}

/// A call of CUDA that failed, most likely for want of a card or of a driver.
fn failed(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("CUDA failure ")?;
    let (_, why) = rest.split_once(": ")?;
    let why = why.split(';').next()?.trim();
    Some(format!(
        "CUDA cannot be used: {why}: is there an NVIDIA GPU, and is its driver installed?"
    ))
}

fn is_absent(error: &str) -> bool {
    [
        "not enabled in this build",
        "not supported in this build",
        "shared provider",
        "unknown provider",
    ]
    .iter()
    .any(|it| error.to_lowercase().contains(it))
}

/// The same without where in ONNX Runtime's source it was said.
fn plain(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default();
    let said = line.rsplit("[ONNXRuntimeError] : ").next().unwrap_or(line);
    // A number and a name of its own for each kind of error come first.
    let parts: Vec<&str> = said.splitn(3, " : ").collect();
    let said = match parts[..] {
        [number, _, said] if number.parse::<u32>().is_ok() => said,
        _ => said,
    };
    said.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: &str = "CUDA execution provider is not enabled in this build.";

    #[test]
    fn a_missing_library_is_named_with_what_to_install() {
        let complaint = "/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1848 \
            onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : \
            Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot \
            open shared object file: No such file or directory\n";
        assert_eq!(
            sentence(Provider::Cuda, ABSENT, Some(complaint)),
            "there is no libcudnn.so.9: install cuDNN in the version that has it"
        );
        let of = |library: &str| {
            let text = format!("error: {library}: cannot open shared object file: No such file");
            sentence(Provider::Cuda, &text, None)
        };
        assert!(of("libcublasLt.so.12").contains("install CUDA in"));
        assert!(of("libcuda.so.1").contains("install NVIDIA's driver"));
        assert!(of("/usr/lib/libnvinfer.so.10").starts_with("there is no libnvinfer.so.10"));
        let part = of("libonnxruntime_providers_shared.so");
        assert!(part.ends_with("install ONNX Runtime for GPUs"), "{part}");
    }

    #[test]
    fn a_missing_card_is_told() {
        let error = "/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 std::conditional_t<\
            THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(...) [with ERRTYPE = cudaError] \
            CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1 ; \
            hostname=porch ; file=/onnxruntime_src/a.cc ; line=280 ; expr=cudaSetDevice(info_.device_id);";
        let told = sentence(Provider::Cuda, error, None);
        let start =
            "CUDA cannot be used: CUDA driver version is insufficient for CUDA runtime version: is";
        assert!(told.starts_with(start) && !told.contains("src"), "{told}");
    }

    #[test]
    fn other_words_are_kept_without_their_place_in_the_source() {
        assert!(sentence(Provider::Cuda, ABSENT, None).contains("has no cuda: name one"));
        let error = "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find Conv(11)\nmore";
        assert_eq!(
            sentence(Provider::Cpu, error, None),
            "Could not find Conv(11)"
        );
        assert_eq!(
            sentence(Provider::Cpu, "this build has no `cuda`", None),
            "this build has no `cuda`"
        );
    }
}

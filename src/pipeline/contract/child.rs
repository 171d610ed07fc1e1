//! Programs that otus starts: they get the environment that they need, and none of the secrets in ours.

use std::ffi::{OsStr, OsString};
use std::process::Command;

/// What programs find their files, libraries, devices and language by.
const NEEDED: [&str; 17] = [
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "TZ",
    "USER",
    "DISPLAY",
    "JOURNAL_STREAM",
    "STATE_DIRECTORY",
    "CACHE_DIRECTORY",
    // A worker fetches its model itself, which may be possible only through these.
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
];
/// The same of families of variables: of the linker, of decoders, graphics cards and libraries for models.
const FAMILIES: [&str; 23] = [
    "LC_",
    "LD_",
    "XDG_",
    "GST_",
    "LIBVA_",
    "VDPAU_",
    "V4L",
    "LIBCAMERA_",
    "CUDA_",
    "NVIDIA_",
    "ORT_",
    "OMP_",
    "GGML_",
    "OTUS_",
    "RUST_",
    "QEMU_",
    "ASAN_",
    "TRT_",
    "MALLOC_",
    "GLIBC_",
    "PIP_",
    "SSL_CERT_",
    "OPENCV_",
];

/// A program to be started. What a pipeline file takes from the environment stays with us, whatever its name.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, value)| is_needed(name, value)));
    command
}

fn is_needed(name: &OsString, value: &OsString) -> bool {
    let name = name.to_string_lossy();
    let is_known = NEEDED.contains(&&*name) || FAMILIES.iter().any(|it| name.starts_with(it));
    is_known && !super::secret::is_known(&value.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_gets_what_it_needs_and_no_secret() {
        let needed = |name: &str, value: &str| is_needed(&name.into(), &value.into());
        super::super::secret::remember("hunter2-child");
        assert!(needed("PATH", "/usr/bin") && needed("LC_ALL", "C") && needed("OTUS_MODELS", "/m"));
        assert!(!needed("PORCH_PASSWORD", "x") && !needed("OTUS_PORCH", "hunter2-child"));
    }
}

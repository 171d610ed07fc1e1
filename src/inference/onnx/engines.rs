//! Where TensorRT keeps engines: a folder that nobody else can write to, for each model and machine.
//!
//! An engine is code that was made for one graphics processor by one version of everything. It runs nowhere else, and
//! who can change it runs code in this process.

use std::ffi::{CStr, c_int};
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::mem::ManuallyDrop;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use libloading::Library;

use crate::inference::store::sum::sum;
use crate::pipeline::contract::runtime_options::Precision;

/// Libraries that know their version by a function that gives it.
const TENSORRT: [&str; 3] = ["libnvinfer.so.11", "libnvinfer.so.10", "libnvinfer.so.8"];
/// Those that write it where they are told to.
const CUDA: [(&str, &CStr); 3] = [
    ("libcudart.so.13", c"cudaRuntimeGetVersion"),
    ("libcudart.so.12", c"cudaRuntimeGetVersion"),
    ("libcuda.so.1", c"cuDriverGetVersion"),
];
/// What the driver says of itself and its cards; of a Jetson, what the system does.
const TOLD_BY_DRIVER: [&str; 3] = [
    "/proc/driver/nvidia/version",
    "/proc/device-tree/model",
    "/etc/nv_tegra_release",
];
const CARDS: &str = "/proc/driver/nvidia/gpus";

/// The engines of a model.
pub struct Engines<'a> {
    /// Sum of the model's file, in hex.
    pub sha256: &'a str,
    /// What they compute in.
    pub precision: Precision,
    /// What they were made for: [`machine`].
    pub machine: &'a str,
}

impl Engines<'_> {
    /// Their folder under `base`, which is made if it is not there. Those of the same model for what this machine was
    /// before, are removed.
    ///
    /// # Errors
    /// In words, if there can be none that is safe.
    pub fn folder(&self, base: &Path) -> Result<PathBuf, String> {
        let model = format!("{}-{:?}-", &self.sha256[..12], self.precision).to_lowercase();
        let machine = sum(self.machine.as_bytes());
        let own = base.join(format!("{model}{}", &machine[..12]));
        let told = |path: &Path, error: &io::Error| {
            let shown = path.display();
            format!("TensorRT cannot keep engines in {shown}: {error}")
        };
        if let Some(parent) = base.parent() {
            fs::create_dir_all(parent).map_err(|error| told(parent, &error))?;
        }
        for folder in [base, &own] {
            private(folder).map_err(|error| told(folder, &error))?;
        }
        let others = fs::read_dir(base).map_err(|error| told(base, &error))?;
        for other in others.flatten() {
            let is_old = other.file_name().to_string_lossy().starts_with(&model);
            if is_old && other.path() != own {
                let _ = fs::remove_dir_all(other.path());
            }
        }
        Ok(own)
    }
}

/// Makes a folder that only this user can look into, or sees to it that it is one.
fn private(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    // A link could lead to where others write.
    let about = fs::symlink_metadata(folder)?;
    if !about.is_dir() || about.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other(
            "it is no folder of this user's own; remove it",
        ));
    }
    match about.mode() & 0o077 {
        0 => Ok(()),
        _ => fs::set_permissions(folder, Permissions::from_mode(0o700)),
    }
}

/// What an engine is made for: versions of ONNX Runtime, TensorRT, CUDA and driver, and the cards.
pub fn machine(onnxruntime: &str) -> String {
    let mut told = vec![format!("onnxruntime {onnxruntime}")];
    told.extend(TENSORRT.iter().filter_map(|name| {
        // SAFETY: NVIDIA declares the function so. The library stays, as the provider uses it.
        let version = unsafe {
            let library = ManuallyDrop::new(Library::new(*name).ok()?);
            let version = library.get::<unsafe extern "C" fn() -> c_int>(c"getInferLibVersion");
            version.ok()?()
        };
        Some(format!("{name} {version}"))
    }));
    told.extend(CUDA.iter().filter_map(|(name, function)| {
        let mut version = 0;
        // SAFETY: as above, and the pointer is valid for the call.
        let status = unsafe {
            let library = ManuallyDrop::new(Library::new(*name).ok()?);
            let get = library.get::<unsafe extern "C" fn(*mut c_int) -> c_int>(*function);
            get.ok()?(&raw mut version)
        };
        (status == 0).then(|| format!("{name} {version}"))
    }));
    told.extend(
        TOLD_BY_DRIVER
            .iter()
            .filter_map(|it| fs::read_to_string(it).ok()),
    );
    let cards = fs::read_dir(CARDS).into_iter().flatten().flatten();
    let mut cards: Vec<PathBuf> = cards.map(|it| it.path().join("information")).collect();
    cards.sort();
    told.extend(cards.iter().filter_map(|it| fs::read_to_string(it).ok()));
    told.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_kept_apart_by_model_precision_and_machine_and_nobody_else_sees_them() {
        let scratch = tempfile::tempdir().expect("a folder");
        let base = scratch.path().join("otus/tensorrt");
        let of = |sha256: &str, precision, machine: &str| {
            let engines = Engines {
                sha256,
                precision,
                machine,
            };
            engines.folder(&base).expect("a folder")
        };
        let [one, two] = ["1", "2"].map(|it| it.repeat(64));
        let first = of(&one, Precision::Fp32, "driver 1");
        assert_eq!(first, of(&one, Precision::Fp32, "driver 1"));
        for folder in [&base, &first] {
            let mode = fs::metadata(folder).expect("it is there").mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        let others = [
            of(&one, Precision::Fp16, "driver 1"),
            of(&two, Precision::Fp32, "driver 1"),
        ];
        let second = of(&one, Precision::Fp32, "driver 2");
        assert!(!first.exists() && second.exists() && others.iter().all(|it| it.exists()));
    }

    #[test]
    fn a_machine_stays_the_same_until_something_of_it_changes() {
        let before = machine("1.30.0");
        assert_eq!(before, machine("1.30.0"));
        assert_ne!(before, machine("1.31.1"));
    }

    #[test]
    fn a_folder_that_others_can_look_into_is_closed_and_a_link_is_refused() {
        let scratch = tempfile::tempdir().expect("a folder");
        let base = scratch.path().join("tensorrt");
        fs::create_dir(&base).expect("it is made");
        fs::set_permissions(&base, Permissions::from_mode(0o777)).expect("it is ours");
        let sha256 = "1".repeat(64);
        let engines = Engines {
            sha256: &sha256,
            precision: Precision::Int8,
            machine: "",
        };
        engines.folder(&base).expect("a folder");
        assert_eq!(
            fs::metadata(&base).expect("it is there").mode() & 0o777,
            0o700
        );
        let link = scratch.path().join("link");
        std::os::unix::fs::symlink(&base, &link).expect("a link");
        let refused = engines.folder(&link).expect_err("it may lead anywhere");
        assert!(
            refused.contains("no folder of this user's own"),
            "{refused}"
        );
    }
}

//! Gives the library the name of OpenCV's for picture files, in whose place it stands (`imgcodecs.rs`).

use std::path::Path;

const REPLACED: &str = "libopencv_imgcodecs.so";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(stands_in)");
    // Without a name to take, as with an OpenCV that is one library, everything is loaded at once.
    if let Some(name) = name() {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{name}");
        println!("cargo:rustc-env=REPLACED={name}");
        println!("cargo:rustc-cfg=stands_in");
    }
}

/// The name that the loader asks for, such as `libopencv_imgcodecs.so.406`: what the linker's own name leads to.
fn name() -> Option<String> {
    let found = pkg_config::Config::new()
        .cargo_metadata(false)
        .probe("opencv4")
        .ok()?;
    let target = |folder: &Path| std::fs::read_link(folder.join(REPLACED)).ok();
    let target = found.link_paths.iter().find_map(|it| target(it))?;
    Some(target.file_name()?.to_str()?.to_owned())
}

//! Whether the films and pictures that a camera reads are there, found out without opening a device.

use std::fs;
use std::path::Path;

use super::medium::{self, Medium};
use super::stills;
use crate::pipeline::contract::error::Error;

/// Why a film or pictures cannot be had; none for what is no file.
pub fn missing(medium: Medium, base: &Path) -> Option<Error> {
    match medium.with_folders(base) {
        // All folders there are would be looked through.
        Medium::Stills(pattern) if pattern.to_string_lossy().contains("**") => None,
        Medium::Stills(pattern) => stills::found(&base.join(pattern)).err(),
        Medium::Video(path) => {
            let path = base.join(path);
            // A pipe would be waited for.
            let is_special = fs::metadata(&path).is_ok_and(|it| !it.is_file());
            (!is_special).then(|| medium::readable(&path).err())?
        }
        Medium::Device(_) | Medium::Stream(_) | Medium::GStreamer(_) => None,
    }
}

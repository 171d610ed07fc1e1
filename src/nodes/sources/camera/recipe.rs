//! How a program is started that writes pictures.

use std::process::Command;

/// A program that writes pictures: blue, green, red, rows from the top, padded to four bytes.
pub struct Recipe {
    /// What to run.
    pub command: Command,
    /// What it reads from its standard input, where nobody sees the secrets in it.
    pub input: String,
    /// What to do where the program is missing.
    pub remedy: &'static str,
    /// Width and height; none if each picture has the headers of a BMP file.
    pub size: Option<(u32, u32)>,
    /// Frames per second of a file; none if frames are stamped as they come.
    pub rate: Option<f64>,
}

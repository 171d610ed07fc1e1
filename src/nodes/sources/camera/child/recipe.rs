//! How a program is started that writes pictures.

use std::path::PathBuf;
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
    /// The file that is read, if it is one.
    pub file: Option<PathBuf>,
    /// Whether the times of pictures are told on standard error; otherwise they are stamped as they come.
    pub is_stamped: bool,
}

//! Files that are whole or not there.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file beside another, which takes its place when it is whole.
///
/// # Errors
/// What the system says.
pub fn beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
}

/// Gives it its name.
///
/// # Errors
/// In words, what the system says.
pub fn keep(file: NamedTempFile, path: &Path) -> Result<(), String> {
    file.persist(path).map(drop).map_err(|it| it.to_string())
}

/// Writes a file that is whole or not there.
///
/// # Errors
/// In words, what the system says.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut file = beside(path).map_err(|error| told(&error))?;
    file.write_all(content).map_err(|error| told(&error))?;
    keep(file, path).map_err(|error| told(&error))
}

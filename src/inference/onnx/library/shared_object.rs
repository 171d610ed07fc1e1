//! Whether a file is a library that this program can load, read from its headers. The loader itself
//! says "no such file" of one for another machine, and one that is cut off kills the process.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use libloading::Library;
use libloading::os::unix;

/// Bytes of the header of a 64-bit library, and of each entry in its list of segments.
const HEADER: usize = 64;
const ENTRY: usize = 56;
/// How the entry of a segment begins that is loaded.
const LOAD: [u8; 4] = [1, 0, 0, 0];
const MACHINE: u16 = if cfg!(target_arch = "x86_64") {
    62
} else if cfg!(target_arch = "aarch64") {
    183
} else if cfg!(target_arch = "riscv64") {
    243
} else {
    0
};

/// Loads the library at `path`, if its headers are in order.
///
/// # Errors
/// In words that name the file, what is wrong with it, or what else is missing.
///
/// # Safety
/// What the library runs when it is loaded must be sound.
pub unsafe fn open(path: &Path) -> Result<Library, String> {
    check(path)?;
    // What lacks a function is an error now, not the end of the process when it is called.
    // SAFETY: the caller vouches for what it runs.
    let loaded = unsafe { unix::Library::open(Some(path), unix::RTLD_NOW | unix::RTLD_LOCAL) };
    // The system's words are the source of an error that says no more than that there is one.
    loaded
        .map(Library::from)
        .map_err(|error| match error.source() {
            Some(why) => why.to_string(),
            None => error.to_string(),
        })
}

/// Looks at the headers of the library at `path`.
///
/// # Errors
/// In words that name the file, what is wrong with it.
pub fn check(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| unopened(path, &error))?;
    let about = file.metadata().map_err(|error| unopened(path, &error))?;
    if about.is_dir() {
        return Err(format!("{shown} is a directory, not the library in it"));
    }
    let flaw = match about.len() {
        0 => Some("is empty".to_owned()),
        length => flaw(&file, length).map_err(|error| format!("cannot read {shown}: {error}"))?,
    };
    flaw.map_or(Ok(()), |flaw| Err(format!("{shown} {flaw}")))
}

fn unopened(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    match (error.kind(), fs::read_link(path)) {
        (ErrorKind::NotFound, Ok(target)) => {
            let target = target.display();
            format!("{shown} is a link to {target}, and there is no such file")
        }
        (ErrorKind::NotFound, Err(_)) => format!("there is no file {shown}"),
        (ErrorKind::PermissionDenied, _) => {
            format!("this user has no permission to read {shown}")
        }
        _ => format!("cannot read {shown}: {error}"),
    }
}

/// What is wrong with the content.
fn flaw(file: &File, length: u64) -> io::Result<Option<String>> {
    let mut header = Vec::with_capacity(HEADER);
    file.take(HEADER as u64).read_to_end(&mut header)?;
    if !header.starts_with(b"\x7fELF") {
        let is_text = std::str::from_utf8(&header).is_ok_and(|it| !it.contains('\0'));
        let what = if is_text {
            "is text"
        } else {
            "is something else"
        };
        return Ok(Some(format!("{what}, not a shared library")));
    }
    if header.len() < HEADER {
        return Ok(Some(format!("is cut off: it has only {length} bytes")));
    }
    let (class, order, machine) = (header[4], header[5], half(&header, 18));
    if MACHINE != 0 && (class, order, machine) != (2, 1, MACHINE) {
        let (its, ours) = (name(class, order, machine), name(2, 1, MACHINE));
        return Ok(Some(format!("is for {its}, and this otus is for {ours}")));
    }
    let end = if class == 2 { end(file, &header)? } else { 0 };
    Ok((end > length).then(|| format!("is cut off: it has {length} of {end} bytes or more")))
}

/// Where the last of the segments ends that are loaded.
fn end(file: &File, header: &[u8]) -> io::Result<u64> {
    let (table, entries) = (long(header, 32), usize::from(half(header, 56)));
    let mut entry = [0; ENTRY];
    let mut end = table.saturating_add((entries * ENTRY) as u64);
    for at in 0..entries {
        match file.read_exact_at(&mut entry, table.saturating_add((at * ENTRY) as u64)) {
            // The list itself is cut off, and its own end says so.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            other => other?,
        }
        if entry.starts_with(&LOAD) {
            end = end.max(long(&entry, 8).saturating_add(long(&entry, 32)));
        }
    }
    Ok(end)
}

/// The machine that a library is for, as people call it.
fn name(class: u8, order: u8, machine: u16) -> String {
    let name = match (class, order, machine) {
        (1, 1, 3) => "32-bit x86",
        (1, 1, 40) => "32-bit ARM",
        (2, 1, 62) => "x86-64",
        (2, 1, 183) => "aarch64",
        (2, 1, 243) => "riscv64",
        (1, ..) => return format!("another 32-bit machine (number {machine})"),
        _ => return format!("another machine (number {machine})"),
    };
    name.to_owned()
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes[at..at + 8].try_into();
    u64::from_le_bytes(eight.expect("eight bytes are eight bytes"))
}

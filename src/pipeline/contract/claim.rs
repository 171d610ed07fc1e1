//! What only one node may have at a time.

use std::fmt;
use std::path::{Component, Path, PathBuf};

/// A thing that two nodes of one pipeline cannot share. A reload lets the old holder go before the new
/// one takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A file that is written.
    File(PathBuf),
    /// A device that is read.
    Device(PathBuf),
    /// An address that is listened at.
    Address(String),
    /// A name under which a server knows its client.
    Client(String),
}

impl Claim {
    /// A file or folder that is written; none for what any number of programs may write to, such as
    /// `/dev/null`.
    pub fn file(base: &Path, path: &Path) -> Option<Claim> {
        let path = plain(&base.join(path));
        (!path.starts_with("/dev")).then_some(Claim::File(path))
    }

    /// A device of this machine.
    pub fn device(path: &Path) -> Claim {
        Claim::Device(plain(path))
    }
}

/// The path without `.` and `..`. Links are not looked up: checking touches nothing.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Claim::File(path) => write!(f, "the file {}", path.display()),
            Claim::Device(path) => write!(f, "the device {}", path.display()),
            Claim::Address(address) => write!(f, "the address {address}"),
            Claim::Client(name) => write!(f, "the client name {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_one_claim_however_it_is_written() {
        let claim = |path: &str| Claim::file(Path::new("/etc/otus"), Path::new(path));
        assert_eq!(claim("log.jsonl"), claim("./sub/../log.jsonl"));
        assert_eq!(claim("log.jsonl"), claim("/etc/otus/log.jsonl"));
        assert_ne!(claim("log.jsonl"), claim("other.jsonl"));
        assert_eq!(claim("/dev/null"), None);
    }
}

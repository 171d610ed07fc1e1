//! What only one node may have at a time.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use crate::pipeline::contract::uri::Uri;

/// A thing that two nodes of one pipeline cannot share. A reload lets the old holder go before the new
/// one takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A file that is written.
    File(PathBuf),
    /// A device that is read.
    Device(PathBuf),
    /// What a network camera or station sends: it is asked once, as many let in few.
    Stream(Uri),
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

    /// What is sent at an address of the network; none for what is no such address.
    pub fn stream(uri: &Uri) -> Option<Claim> {
        uri.plain().map(Claim::Stream)
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
            Claim::Stream(uri) => write!(f, "the stream {uri}"),
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

    #[test]
    fn one_stream_is_one_claim_however_it_is_written() {
        let claim = |address: &str| Claim::stream(&Uri::new(address));
        let porch = claim("rtsp://10.0.0.7/live?channel=1");
        for same in [
            "RTSP://10.0.0.7:554/live?channel=1",
            "rtsp://viewer:claim-s3cret@10.0.0.7/live?channel=1#now",
        ] {
            assert_eq!(claim(same), porch, "{same}");
        }
        for other in [
            "rtsp://10.0.0.7:8554/live?channel=1",
            "rtsp://10.0.0.7/live?channel=2",
            "rtsp://10.0.0.7/live2?channel=1",
            "http://10.0.0.7/live?channel=1",
        ] {
            assert_ne!(claim(other), porch, "{other}");
        }
        let named = claim("http://a:claim-s3cret@Camera.local/hidden/").map(|it| it.to_string());
        assert_eq!(
            named.as_deref(),
            Some("the stream http://camera.local/***/")
        );
        assert_eq!(claim("https://cam:443/"), claim("https://cam"));
        assert_eq!(claim("films/a.mp4"), None);
    }
}

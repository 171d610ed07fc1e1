//! What a person calls a camera: a device, a film, an address in full, or only the machine that it is.

use std::path::{Path, PathBuf};

use crate::cli::secrets::Login;
use crate::pipeline::contract::uri::Uri;

/// Where RTSP is unless a port is named.
const PORT: u16 = 554;

/// A camera as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A device of this machine.
    Device(PathBuf),
    /// A film or pictures, by their whole path.
    File(PathBuf),
    /// An RTSP server, and the path on it if one was named.
    Rtsp(Server, Option<String>),
    /// Another address, which is taken as it is: its scheme, who we are there, and what comes after that.
    Other(String, Option<Login>, String),
}

/// A machine that speaks RTSP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name or address, with `:port` if that is another than usual.
    pub host: String,
    /// Who we are to it.
    pub login: Option<Login>,
}

impl Server {
    /// Host and port, to connect to.
    pub fn place(&self) -> String {
        match has_port(&self.host) {
            true => self.host.clone(),
            false => format!("{}:{PORT}", self.host),
        }
    }
}

fn has_port(host: &str) -> bool {
    let after = host.rsplit_once(':').map(|it| it.1);
    let is_port = after.is_some_and(|it| it.parse::<u16>().is_ok());
    is_port && (host.matches(':').count() == 1 || host.contains("]:"))
}

/// Reads `NAME=ADDRESS` or `ADDRESS`.
///
/// # Errors
/// What is wrong with it, and what it could be.
pub fn read(text: &str) -> Result<(Option<String>, Named), String> {
    let text = text.trim();
    let (name, address) = match text.split_once('=') {
        Some((name, address)) if is_name(name) => (Some(name.to_owned()), address),
        _ => (None, text),
    };
    Ok((name, named(address)?))
}

/// Whether it can be the name of a node, and so of variables too.
fn is_name(text: &str) -> bool {
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    text.starts_with(|it: char| it.is_ascii_lowercase()) && text.chars().all(fits)
}

fn named(address: &str) -> Result<Named, String> {
    if !address.is_empty() && address.bytes().all(|it| it.is_ascii_digit()) {
        return Ok(Named::Device(format!("/dev/video{address}").into()));
    }
    if address.starts_with("/dev/") {
        return Ok(Named::Device(address.into()));
    }
    if let Some((scheme, rest)) = address.split_once("://") {
        return of_scheme(&scheme.to_ascii_lowercase(), rest);
    }
    let path = Path::new(address);
    if !address.is_empty() && path.exists() {
        let whole = path
            .canonicalize()
            .map_err(|it| format!("{address}: {it}"))?;
        return Ok(Named::File(whole));
    }
    of_scheme("rtsp", address)
}

fn of_scheme(scheme: &str, rest: &str) -> Result<Named, String> {
    if !["rtsp", "rtsps", "http", "https"].contains(&scheme) {
        return Err(format!("`{scheme}` is no camera's scheme; {EXAMPLES}"));
    }
    let uri = Uri::new(format!("{scheme}://{rest}"));
    let (plain, told) = uri.without_user();
    let login = told.map(|(user, password)| Login::of(&user, &password));
    let login = login.transpose()?;
    let after = plain.split_once("://").map_or("", |it| it.1);
    let (host, path) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
    let fits = |it: char| it.is_ascii_alphanumeric() || ".-_:[]".contains(it);
    if host.is_empty() || !host.chars().all(fits) {
        return Err(format!("`{uri}` names no camera; {EXAMPLES}"));
    }
    if scheme != "rtsp" {
        return Ok(Named::Other(scheme.to_owned(), login, after.to_owned()));
    }
    let server = Server {
        host: host.to_owned(),
        login,
    };
    let path = path.trim_start_matches('/');
    Ok(Named::Rtsp(
        server,
        (!path.is_empty()).then(|| path.to_owned()),
    ))
}

/// How cameras can be named.
pub const EXAMPLES: &str = "a camera is `/dev/video0`, `10.0.0.7`, `user:password@10.0.0.7`, or an \
                            address in full such as `rtsp://10.0.0.7/stream2`";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: Option<&str>, expect: &str) {
        let told = read(text);
        let (found, named) = told.unwrap_or_else(|it| panic!("{text}: {it}"));
        assert_eq!(found.as_deref(), name, "{text}");
        let shown = match named {
            Named::Device(path) | Named::File(path) => path.display().to_string(),
            Named::Rtsp(server, path) => {
                let user = server.login.as_ref().map_or("nobody", |it| &it.user);
                format!("{user} at {} {}", server.place(), path.unwrap_or_default())
            }
            Named::Other(scheme, _, rest) => format!("{scheme} {rest}"),
        };
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn a_camera_has_many_names() {
        check("0", None, "/dev/video0");
        check("door=/dev/video2", Some("door"), "/dev/video2");
        check("10.0.0.7", None, "nobody at 10.0.0.7:554 ");
        check("10.0.0.7:8554", None, "nobody at 10.0.0.7:8554 ");
        check("[fe80::1]", None, "nobody at [fe80::1]:554 ");
        check("admin:p@ss@10.0.0.7", None, "admin at 10.0.0.7:554 ");
        check(
            "porch=admin:x@cam.local",
            Some("porch"),
            "admin at cam.local:554 ",
        );
        let dahua = "rtsp://h/cam/realmonitor?channel=1&subtype=1";
        check(
            dahua,
            None,
            "nobody at h:554 cam/realmonitor?channel=1&subtype=1",
        );
        check("RTSP://h:8554/", None, "nobody at h:8554 ");
        check("http://h/video.mjpg", None, "http h/video.mjpg");
        check("/etc/hosts", None, "/etc/hosts");
    }

    #[test]
    fn what_is_no_camera_is_answered_with_what_could_be_one() {
        for text in ["", "ftp://h/x", "my camera", "rtsp://"] {
            let told = read(text);
            assert!(told.is_err_and(|it| it.contains("10.0.0.7")), "{text}");
        }
    }
}

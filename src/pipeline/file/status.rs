//! `[status]`: where the local HTTP endpoint listens, and who may ask it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::pipeline::contract::error::Misuse;

/// `[status]`: the local HTTP endpoint.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Status {
    /// `127.0.0.1:PORT`, `unix:/path/to/socket` or `off`. Default: `127.0.0.1:9860`, if it is free.
    /// An address that other machines can reach needs `token_file`, `tls_cert` and `tls_key`.
    #[schemars(with = "Option<String>")]
    pub listen: Option<Listen>,
    /// Names that requests may use for this machine, such as `porch.local`, beside `localhost` and
    /// the address it listens on.
    pub hosts: Vec<String>,
    /// A file with a token of 16 characters or more that requests must bear. Only its owner may
    /// be able to read it.
    pub token_file: Option<PathBuf>,
    /// A PEM file with the certificate, and those that vouch for it, for TLS.
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with the certificate's private key.
    pub tls_key: Option<PathBuf>,
}

impl Status {
    /// Finds what no option can tell by itself. Touches nothing.
    pub fn check(&self) -> Vec<Misuse> {
        let mut misuses = Vec::new();
        let mut report = |option: &'static str, message: String, help: &str| {
            misuses.push(Misuse::new(option, message, help));
        };
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            let (has, lacks) = match self.tls_cert {
                Some(_) => ("tls_cert", "tls_key"),
                None => ("tls_key", "tls_cert"),
            };
            let message = format!("`{has}` needs `{lacks}`");
            report(has, message, "TLS needs a certificate and its key");
        }
        if let Some(Listen::Tcp(address)) = self.listen
            && !address.ip().is_loopback()
        {
            let needed = [
                ("token_file", self.token_file.is_some()),
                ("tls_cert", self.tls_cert.is_some()),
                ("tls_key", self.tls_key.is_some()),
            ];
            let missing = needed.iter().filter(|(_, there)| !there);
            let missing: Vec<String> = missing.map(|(name, _)| format!("`{name}`")).collect();
            if !missing.is_empty() {
                let missing = missing.join(", ");
                let message = format!(
                    "{address} can be reached from other machines, which needs a token and TLS: \
                     {missing} is missing"
                );
                report(
                    "listen",
                    message,
                    "set them, or listen on 127.0.0.1 or on a Unix socket",
                );
            }
        }
        let is_name = |host: &&String| {
            let plain = |it: char| it.is_ascii_alphanumeric() || "-._".contains(it);
            !host.is_empty() && (host.chars().all(plain) || host.parse::<IpAddr>().is_ok())
        };
        for host in self.hosts.iter().filter(|host| !is_name(host)) {
            let message = format!("`{host}` is not the name of a host");
            report("hosts", message, "write it without scheme, port and path");
        }
        misuses
    }
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Listen {
    /// Nowhere.
    Off,
    /// An address and port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Listen, String> {
        if text == "off" {
            return Ok(Listen::Off);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Listen::Unix(PathBuf::from(path)));
        }
        let address = text.parse().map(Listen::Tcp);
        address.map_err(|_| format!("`{text}` is not `IP:PORT`, `unix:PATH` or `off`"))
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Listen, String> {
        text.parse()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Off => f.write_str("off"),
            Listen::Tcp(address) => write!(f, "{address}"),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_loopback_a_token_and_tls_are_demanded() {
        let complaints = |listen: &str, rest: Status| {
            let listen = listen.parse().ok();
            let misuses = Status { listen, ..rest }.check();
            misuses.into_iter().map(|it| it.message).collect::<String>()
        };
        assert_eq!("off".parse(), Ok(Listen::Off));
        assert!("9860".parse::<Listen>().is_err());
        assert_eq!(complaints("127.0.0.1:0", Status::default()), "");
        let bare = complaints("0.0.0.0:9860", Status::default());
        assert!(bare.ends_with("`token_file`, `tls_cert`, `tls_key` is missing"));
        let full = Status {
            token_file: Some("token".into()),
            tls_cert: Some("cert.pem".into()),
            tls_key: Some("key.pem".into()),
            ..Status::default()
        };
        assert_eq!(complaints("0.0.0.0:9860", full), "");
    }

    #[test]
    fn hosts_are_names_and_nothing_more() {
        let check = |host: &str| {
            let hosts = vec![host.to_owned()];
            let status = Status {
                hosts,
                ..Status::default()
            };
            status.check().is_empty()
        };
        assert!(check("porch.local") && check("192.168.1.7") && check("::1"));
        assert!(!check("https://porch.local") && !check("porch:9860") && !check(""));
    }
}

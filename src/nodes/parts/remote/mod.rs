//! Other machines: where they are, who we are to them, and how the way there is kept from others.

mod secret;
#[cfg(test)]
mod tests;
pub mod tls;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::Deserialize;

pub use self::secret::Secret;
use crate::pipeline::contract::error::Misuse;
use crate::pipeline::contract::uri::Uri;

/// How another machine is let known who we are, and how we know that it is the right one.
#[derive(Clone, Default, Deserialize, JsonSchema)]
pub struct Access {
    /// Our name there. It can stand in the address too: `scheme://user:password@host`.
    pub user: Option<String>,
    /// The password, best as `${NAME}`: that comes from the environment or from systemd's credentials.
    pub password: Option<Secret>,
    /// A file of certificates (PEM): who may vouch for the other machine. Default: whom this system trusts.
    pub tls_ca: Option<PathBuf>,
    /// A file with our own certificate (PEM), where the other machine asks for one.
    pub tls_cert: Option<PathBuf>,
    /// The file with its private key (PEM), which nobody else may be able to read.
    pub tls_key: Option<PathBuf>,
    /// Lets the password go over the network without TLS, where everybody on the way can read it.
    #[serde(default)]
    pub unencrypted: bool,
}

/// A scheme that an address can have.
#[derive(Debug, PartialEq, Eq)]
pub struct Scheme {
    /// What stands before `://`.
    pub name: &'static str,
    /// Whether it is encrypted.
    pub tls: bool,
    /// The port where none is named.
    pub port: u16,
}

/// Where another machine is and who we are to it.
#[derive(Debug)]
pub struct Address {
    /// Name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the way there is encrypted.
    pub tls: bool,
    /// User and password.
    pub login: Option<(String, Secret)>,
    /// The address as it is asked for: without user and password.
    pub plain: String,
}

impl Address {
    /// Makes sense of an address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of(uri: &Uri, access: &Access, schemes: &[Scheme]) -> Result<Address, Misuse> {
        let names = schemes.iter().map(|it| format!("`{}://HOST`", it.name));
        let help = format!("write {}", names.collect::<Vec<_>>().join(" or "));
        let wrong = |what: &str| Misuse::new("uri", format!("{uri} {what}"), help.clone());
        let named = uri.scheme().unwrap_or_default().to_ascii_lowercase();
        let scheme = schemes.iter().find(|it| it.name == named);
        let scheme = scheme.ok_or_else(|| wrong("is no such address"))?;
        let (plain, told) = uri.without_user();
        let host = Uri::new(plain.as_str());
        let host = host.host().ok_or_else(|| wrong("names no host"))?;
        let (host, port) = split(host).ok_or_else(|| wrong("has no right port"))?;
        let decoded = |it: &str| percent_decode_str(it).decode_utf8_lossy().into_owned();
        let told = told.map(|(user, password)| (decoded(&user), Secret::new(decoded(&password))));
        let named = access.user.clone().map(|user| {
            let password = access.password.clone();
            (user, password.unwrap_or_default())
        });
        Ok(Address {
            host: host.to_owned(),
            port: port.unwrap_or(scheme.port),
            tls: scheme.tls,
            login: named.or(told),
            plain,
        })
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// Whether a host is this machine, by its name or address alone.
pub fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|it| it.to_canonical().is_loopback())
}

/// Host and port, if both are right.
pub fn split(place: &str) -> Option<(&str, Option<u16>)> {
    let end = match place.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => place.find(':').unwrap_or(place.len()),
    };
    let (host, port) = place.split_at(end);
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        digits => Some(digits?.parse().ok()?),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then_some((host, port))
}

impl Access {
    /// What is wrong with an address and the way there, as far as it can be known without asking.
    pub fn check(&self, uri: &Uri, schemes: &[Scheme]) -> Vec<Misuse> {
        let address = match Address::of(uri, self, schemes) {
            Ok(address) => address,
            Err(misuse) => return vec![misuse],
        };
        let encrypted = schemes.iter().find(|it| it.tls).map_or("", |it| it.name);
        let carries = address.login.as_ref().is_some_and(|it| !it.1.is_empty());
        let mut wrong = Vec::new();
        if carries && !address.tls && !address.is_loopback() && !self.unencrypted {
            wrong.push(Misuse::new(
                "uri",
                format!("the password goes to {} without TLS", address.host),
                format!(
                    "write `{encrypted}://`; or, where nobody else is in that network, `unencrypted = true`"
                ),
            ));
        }
        if self.password.is_some() && self.user.is_none() {
            let help = "name the `user` that it belongs to";
            wrong.push(Misuse::new("password", "nobody has this password", help));
        }
        if self.user.is_some() && uri.without_user().1.is_some() {
            let help = "name the user here or in the address";
            wrong.push(Misuse::new("user", "`uri` names a user too", help));
        }
        let files = [
            ("tls_ca", &self.tls_ca),
            ("tls_cert", &self.tls_cert),
            ("tls_key", &self.tls_key),
        ];
        for (option, _) in files
            .into_iter()
            .filter(|it| it.1.is_some() && !address.tls)
        {
            let help = format!("write `{encrypted}://`");
            wrong.push(Misuse::new(option, "`uri` is an address without TLS", help));
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            let (one, other) = match self.tls_cert {
                Some(_) => ("tls_cert", "tls_key"),
                None => ("tls_key", "tls_cert"),
            };
            let message = format!("there is no `{other}` to it");
            wrong.push(Misuse::new(one, message, "name both or none of them"));
        }
        wrong
    }

    /// What is wrong with the files that it names.
    pub fn at_hand(&self, base: &Path) -> Vec<Misuse> {
        let mut wrong = Vec::new();
        for (option, path) in [("tls_ca", &self.tls_ca), ("tls_cert", &self.tls_cert)] {
            let read = path.as_ref().map(|it| tls::certificates(&base.join(it)));
            wrong.extend(
                read.and_then(|it| it.err())
                    .map(|it| Misuse::missing(option, it)),
            );
        }
        let key = self.tls_key.as_ref().map(|it| tls::key(&base.join(it)));
        wrong.extend(
            key.and_then(|it| it.err())
                .map(|it| Misuse::missing("tls_key", it)),
        );
        wrong
    }
}

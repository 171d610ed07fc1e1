//! Which machine a `Host` or an `Origin` means, whatever way it is written.

use std::net::{IpAddr, Ipv6Addr};

/// A host, and a port if one is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub host: Host,
    pub port: Option<u16>,
}

/// A name in small letters without the dot that may end it, or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    Name(String),
    Address(IpAddr),
}

impl Place {
    /// `host` or `host:port`; none if it is anything else, such as `user@host`.
    pub fn parse(text: &str) -> Option<Place> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let address: Ipv6Addr = address.parse().ok()?;
                (Host::address(address.into()), port)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                (Host::parse(&text[..end])?, &text[end..])
            }
        };
        let port = match port {
            "" | ":" => None,
            _ => Some(port_of(port.strip_prefix(':')?)?),
        };
        Some(Place { host, port })
    }

    /// The place that an `Origin` names, and its scheme.
    pub fn of_origin(origin: &str) -> Option<(Scheme, Place)> {
        let (scheme, place) = origin.split_once("://")?;
        let scheme = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
            _ if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
            _ => return None,
        };
        Some((scheme, Place::parse(place)?))
    }

    /// Whether both are the same, where `scheme` says which port is meant if none is named.
    pub fn is(&self, other: &Place, scheme: Scheme) -> bool {
        let port = |place: &Place| place.port.unwrap_or(scheme.port());
        self.host == other.host && port(self) == port(other)
    }
}

impl Host {
    /// A name, or an address without brackets.
    pub fn parse(text: &str) -> Option<Host> {
        if let Ok(address) = text.parse() {
            return Some(Host::address(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let plain = |it: char| it.is_ascii_alphanumeric() || "-._".contains(it);
        let is_name = name.chars().all(plain) && name.split('.').all(|part| !part.is_empty());
        is_name.then(|| Host::Name(name.to_ascii_lowercase()))
    }

    /// Every machine has these, and no other can be reached by them.
    pub fn is_loopback(&self) -> bool {
        match self {
            Host::Name(name) => name == "localhost",
            Host::Address(address) => address.is_loopback(),
        }
    }

    pub fn address(address: IpAddr) -> Host {
        Host::Address(address.to_canonical())
    }
}

/// How it is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

fn port_of(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|it| it.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_is_written_in_many_ways() {
        let same = |one: &str, other: &str| {
            let parse = |it| Place::parse(it).unwrap_or_else(|| panic!("{it} is a place"));
            parse(one).is(&parse(other), Scheme::Http)
        };
        assert!(same("Porch.Local", "porch.local.:80") && same("porch.local:", "porch.local"));
        assert!(same("[::1]:80", "[0:0::1]") && same("[::ffff:127.0.0.1]", "127.0.0.1"));
        assert!(same("porch.local:0080", "porch.local"));
        assert!(!same("porch.local:443", "porch.local") && !same("127.1", "127.0.0.1"));
        assert!(!same("2130706433", "127.0.0.1") && !same("localhost", "127.0.0.1"));
    }

    #[test]
    fn what_is_no_place_is_none() {
        for text in [
            "",
            ".",
            ":80",
            "a..b",
            "localhost..",
            "user@localhost",
            "localhost@evil.example",
            "localhost/",
            "localhost#",
            "local host",
            "localhost:80:80",
            "localhost:+80",
            "localhost:65536",
            "localhost:x",
            "[::1",
            "[::1]80",
            "::1",
            "[fe80::1%25eth0]",
            "[127.0.0.1]",
            "[localhost]",
            "localhost,evil.example",
            "%6cocalhost",
            "lоcalhost",
        ] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_place() {
        let (scheme, place) = Place::of_origin("HTTPS://Porch.Local").expect("an origin");
        let own = Place::parse("porch.local:443").expect("a place");
        assert!(scheme == Scheme::Https && place.is(&own, scheme));
        for origin in [
            "null",
            "",
            "http://",
            "http://porch.local/",
            "file://",
            "//porch.local",
        ] {
            assert_eq!(Place::of_origin(origin), None, "{origin}");
        }
    }
}

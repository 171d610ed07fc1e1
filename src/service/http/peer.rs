//! Where a connection comes from.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who is at the other end of a connection; on a Unix socket nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer(pub Option<IpAddr>);

impl Peer {
    /// All addresses that one machine can take at will count as one: those of loopback, and those of
    /// an IPv6 network.
    pub fn neighbourhood(self) -> Option<IpAddr> {
        self.0.map(|address| match address.to_canonical() {
            it if it.is_loopback() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V4(it) => IpAddr::V4(it),
            IpAddr::V6(it) => IpAddr::V6(Ipv6Addr::from_bits(it.to_bits() >> 64 << 64)),
        })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.to_canonical().fmt(f),
            None => f.write_str("the Unix socket"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_one_neighbour_whatever_it_calls_itself() {
        let near = |text: &str| Peer(Some(text.parse().expect("an address"))).neighbourhood();
        assert_eq!(near("127.0.0.2"), near("::1"));
        assert_eq!(near("::ffff:10.0.0.7"), near("10.0.0.7"));
        assert_eq!(near("2001:db8::1"), near("2001:db8::ffff:0:0:9"));
        assert_ne!(near("2001:db8::1"), near("2001:db8:0:1::1"));
        assert_ne!(near("10.0.0.7"), near("10.0.0.8"));
    }
}

//! The port of the page of a pipeline that otus writes.

use std::net::{Ipv4Addr, TcpListener};

/// Where the page usually is.
pub const USUAL: u16 = 9860;
/// So many after it are tried where it is taken.
const FURTHER: u16 = 20;

/// The usual one, else the first free one after it, if there is one.
pub fn free() -> Option<u16> {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (USUAL..USUAL + FURTHER).find(is_free)
}

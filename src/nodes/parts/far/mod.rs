//! What goes to another machine, and comes from one, by Zenoh: where the others are, and the form that everything has on the
//! way. Whatever comes is a stranger's until it was looked at.

pub mod inbox;
pub mod letter;
pub mod line;
pub mod scene;
#[cfg(test)]
mod speed;

use schemars::JsonSchema;
use serde::Deserialize;
use zenoh::key_expr::keyexpr;

use crate::media::kind::Lane;
use crate::pipeline::contract::error::Misuse;

/// What can be on its way.
pub const LANES: [Lane; 4] = [Lane::Frame, Lane::Objects, Lane::Audio, Lane::Event];

/// Where the other machines are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Network {
    /// Machines that are called, until they answer: `tcp/HOST:PORT` each. One side of two calls, the other listens.
    pub connect: Vec<String>,
    /// Where others may call: `tcp/HOST:PORT` each, with an address of this machine. Nobody is asked who they are, and nothing is
    /// encrypted: name the address of a network in which you trust everybody, such as that of a VPN.
    pub listen: Vec<String>,
    /// Whether others are looked for in the local network, by multicast.
    pub multicast: bool,
}

/// What is wrong with the options of a node.
pub fn check(network: &Network, key: &str) -> Vec<Misuse> {
    let mut found = network.check();
    found.extend(check_key(key));
    found
}

impl Network {
    fn check(&self) -> Vec<Misuse> {
        let lists = [("connect", &self.connect), ("listen", &self.listen)];
        let mut found: Vec<Misuse> = lists
            .into_iter()
            .flat_map(|(name, list)| list.iter().enumerate().map(move |(at, it)| (name, at, it)))
            .filter(|(_, _, it)| !is_endpoint(it))
            .map(|(name, at, it)| {
                let help = "write `tcp/HOST:PORT`, such as `tcp/10.0.0.5:7447`";
                Misuse::new(
                    format!("{name}[{at}]"),
                    format!("{it:?} is no such place"),
                    help,
                )
            })
            .collect();
        if self.connect.is_empty() && self.listen.is_empty() && !self.multicast {
            let help = "name whom to call (`connect`), or where others may call (`listen`)";
            let message = "nothing leads to another machine";
            found.push(Misuse::new("connect", message, help));
        }
        found
    }
}

/// Whether this is `tcp/HOST:PORT`; what Zenoh takes beside it would change more than the place.
fn is_endpoint(text: &str) -> bool {
    let place = text.strip_prefix("tcp/").and_then(|it| it.rsplit_once(':'));
    let Some((host, port)) = place else {
        return false;
    };
    let is_of_a_name = |it: char| it.is_ascii_alphanumeric() || "-._".contains(it);
    let is_host = match host.strip_prefix('[') {
        Some(six) => six
            .strip_suffix(']')
            .is_some_and(|it| it.parse::<std::net::Ipv6Addr>().is_ok()),
        None => !host.is_empty() && host.chars().all(is_of_a_name),
    };
    is_host && port.parse::<u16>().is_ok_and(|it| it > 0)
}

/// What is wrong with a key that others see.
fn check_key(key: &str) -> Option<Misuse> {
    let is_right = keyexpr::new(key).is_ok_and(|it| !it.is_wild()) && !key.contains('@');
    let help =
        "write words with `/` between them and no `*`, `$`, `#`, `?` or `@`, such as `yard/porch`";
    (!is_right).then(|| Misuse::new("key", format!("{key:?} is no key"), help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_what_is_none() {
        for right in [
            "tcp/10.0.0.5:7447",
            "tcp/[fd00::1]:7447",
            "tcp/board-2.lan:1",
        ] {
            assert!(is_endpoint(right), "{right}");
        }
        for wrong in [
            "",
            "10.0.0.5:7447",
            "udp/10.0.0.5:7447",
            "tcp/10.0.0.5",
            "tcp/:7447",
            "tcp/10.0.0.5:0",
            "tcp/10.0.0.5:70000",
            "tcp/10.0.0.5:7447#iface=eth0",
            "tcp/10.0.0.5?rel=0:7447",
            "tcp/[fd00::1:7447",
        ] {
            assert!(!is_endpoint(wrong), "{wrong}");
        }
    }

    #[test]
    fn keys_are_told_from_what_is_none() {
        assert!(check_key("yard/porch").is_none());
        for wrong in [
            "", "/yard", "yard/", "yard//a", "yard/*", "yard/**", "a?b", "a#", "@/b",
        ] {
            assert!(check_key(wrong).is_some(), "{wrong}");
        }
    }
}

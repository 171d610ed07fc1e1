//! The `[runtime]` and `[status]` tables of a pipeline file, and how an input is written.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pipeline::link::WhenFull;
use crate::pipeline::node::Misuse;

/// Where a model may run, in the words of the pipeline file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// TensorRT; needs the `tensorrt` feature and an ONNX Runtime that has it.
    Tensorrt,
    /// CUDA; needs the `cuda` feature and an ONNX Runtime that has it.
    Cuda,
    /// The processor; always there.
    Cpu,
}

impl Provider {
    /// Name in pipeline files and events.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Tensorrt => "tensorrt",
            Provider::Cuda => "cuda",
            Provider::Cpu => "cpu",
        }
    }
}

/// Where the native code of models runs, in the words of the pipeline file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// In this process: the least memory, and a crash ends everything.
    #[default]
    None,
    /// In a process for each node: a crash costs what that node was at.
    Process,
}

/// `[runtime]`: what all nodes share.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Runtime {
    /// The ONNX Runtime library. Default: `ORT_DYLIB_PATH`, then `/usr/lib/otus`, then the cache.
    pub onnxruntime: Option<PathBuf>,
    /// Providers to try, in this order. The one in use is in every event and in `/status`.
    pub providers: Vec<Provider>,
    /// Threads that one inference uses. More than 1 lowers latency and wastes CPU time.
    #[schemars(range(min = 1, max = 64))]
    pub threads: usize,
    /// Where models run. `process` gives each node that has one, and each of its workers, a process
    /// of its own, which is started anew when native code crashes or hangs.
    pub isolation: Isolation,
    /// How long a stop may take to finish what is under way before the rest is dropped.
    #[schemars(range(min = 100, max = 600_000))]
    pub drain_ms: u64,
    /// How long a node may take for one packet before it counts as hanging and is started anew.
    #[schemars(range(min = 1_000, max = 3_600_000))]
    pub hang_timeout_ms: u64,
    /// Whether a change of the pipeline file is taken over at once, as SIGHUP does.
    pub reload_on_change: bool,
}

impl Runtime {
    /// Whether models that were opened under the one serve under the other.
    pub fn same_for_models(&self, other: &Runtime) -> bool {
        (&self.onnxruntime, &self.providers) == (&other.onnxruntime, &other.providers)
            && (self.threads, self.isolation) == (other.threads, other.isolation)
    }
}

impl Default for Runtime {
    fn default() -> Runtime {
        Runtime {
            onnxruntime: None,
            providers: vec![Provider::Cpu],
            threads: 1,
            isolation: Isolation::None,
            drain_ms: 5_000,
            hang_timeout_ms: 60_000,
            reload_on_change: false,
        }
    }
}

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
        let mut report = |option, message: String, help: &str| {
            let help = help.to_owned();
            misuses.push(Misuse {
                option,
                message,
                help,
            });
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

/// One entry of `inputs`: a name, or a table that also sets the queue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Input {
    /// The name of a node.
    Name(String),
    /// The name of a node and how its packets wait.
    Queue(Queue),
}

/// An input with its queue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The name of a node.
    pub from: String,
    /// Packets that can wait. Default: 2 frames, 64 audio chunks, 16 utterances, 256 events.
    #[schemars(range(min = 1, max = 10_000))]
    pub capacity: Option<usize>,
    /// What happens when it is full. Default: see the README.
    pub when_full: Option<WhenFull>,
}

impl Input {
    /// The name of the producer.
    pub fn from(&self) -> &str {
        match self {
            Input::Name(name) => name,
            Input::Queue(queue) => &queue.from,
        }
    }

    /// The queue settings that the file makes.
    pub fn queue(&self) -> (Option<usize>, Option<WhenFull>) {
        match self {
            Input::Name(_) => (None, None),
            Input::Queue(queue) => (queue.capacity, queue.when_full),
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

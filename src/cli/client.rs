//! Asks a running instance over its status endpoint.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::cli::output::{failed, load, printable};
use crate::pipeline::contract::small_file;
use crate::pipeline::file::status::Listen;
use crate::service::http::read_token;

/// Where an instance listens whose pipeline file says nothing else.
const HERE: &str = "http://127.0.0.1:9860";
/// It answers from memory; more than this means that it hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// Many times the status of the largest pipeline.
const LONGEST_ANSWER: u64 = 8 * 1024 * 1024;
/// Many times the head of an answer.
const LONGEST_HEAD: u64 = 65_536;

/// Where the instance is, and what it asks for.
#[derive(Args)]
pub struct Place {
    /// Where the instance listens.
    #[arg(long, default_value = HERE, conflicts_with = "socket")]
    url: String,
    /// The Unix socket that it listens on.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// The file with the token that it asks for.
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    /// The certificate to trust, as PEM, if no authority that this machine knows vouches for it.
    #[arg(long, value_name = "PATH")]
    ca: Option<PathBuf>,
}

impl Default for Place {
    fn default() -> Place {
        Place {
            url: HERE.to_owned(),
            socket: None,
            token_file: None,
            ca: None,
        }
    }
}

/// What came back.
pub struct Answer {
    /// The status of HTTP.
    pub code: u16,
    /// The body, as it comes.
    pub body: Box<dyn Read>,
}

impl Answer {
    /// All of the body.
    ///
    /// # Errors
    /// If it breaks off, or has no end.
    pub fn bytes(self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut body = self.body.take(LONGEST_ANSWER + 1);
        body.read_to_end(&mut bytes).map_err(|it| it.to_string())?;
        match bytes.len() as u64 > LONGEST_ANSWER {
            true => Err("the answer has no end".to_owned()),
            false => Ok(bytes),
        }
    }

    /// The same as text.
    ///
    /// # Errors
    /// As those of `bytes`, or if it is no text.
    pub fn text(self) -> Result<String, String> {
        String::from_utf8(self.bytes()?).map_err(|_| "the answer is no text".to_owned())
    }
}

impl Place {
    /// Where a pipeline file says that its instance listens, or an address itself; as the other options say where
    /// neither is given.
    ///
    /// # Errors
    /// If the file is wrong, or turns its endpoint off.
    pub fn of(self, what: Option<&str>) -> Result<Place, ExitCode> {
        let Some(what) = what else {
            return Ok(self);
        };
        if what.contains("://") {
            return Ok(Place {
                url: what.to_owned(),
                ..self
            });
        }
        let plan = load(Path::new(what))?;
        let in_base = |it: &PathBuf| plan.base.join(it);
        let secure = plan.status.tls_cert.is_some();
        let mut place = Place {
            token_file: self
                .token_file
                .or(plan.status.token_file.as_ref().map(in_base)),
            ca: self.ca.or(plan.status.tls_cert.as_ref().map(in_base)),
            ..self
        };
        match &plan.status.listen {
            None => {}
            Some(Listen::Unix(path)) => place.socket = Some(in_base(path)),
            Some(Listen::Tcp(address)) => {
                let scheme = if secure { "https" } else { "http" };
                let host = plan.status.hosts.first().filter(|_| secure);
                let host = host.map_or_else(
                    || reachable(*address).to_string(),
                    |it| format!("{it}:{}", address.port()),
                );
                place.url = format!("{scheme}://{host}");
            }
            Some(Listen::Off) => {
                return Err(failed(format!(
                    "{what} turns its status endpoint off: `[status] listen`"
                )));
            }
        }
        Ok(place)
    }

    /// What `/status` says.
    ///
    /// # Errors
    /// If nobody answers, or with a refusal.
    pub fn status(&self) -> Result<Value, String> {
        let text = self.get("/status", &[], Some(PATIENCE))?.text()?;
        serde_json::from_str(&text)
            .map_err(|error| format!("{} does not answer as otus does: {error}", self.shown()))
    }

    /// What it answers when it is asked for a path. With `patience` all of the answer must have come by then; without,
    /// only its beginning.
    ///
    /// # Errors
    /// If nobody answers, or with a refusal.
    pub fn get(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        patience: Option<Duration>,
    ) -> Result<Answer, String> {
        let answer = self.ask(path, headers, patience)?;
        let place = self.shown();
        match answer.code {
            200 => Ok(answer),
            401 => Err(format!(
                "{place} asks for a token: name it with --token-file"
            )),
            code => {
                let body = answer.text().unwrap_or_default();
                Err(format!(
                    "{place} answers {code}: {}",
                    printable(body.trim())
                ))
            }
        }
    }

    /// The same, whatever it answers.
    ///
    /// # Errors
    /// If nobody answers.
    pub fn ask(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        patience: Option<Duration>,
    ) -> Result<Answer, String> {
        let token = self.token_file.as_deref().map(read_token).transpose()?;
        let bearer = token.map(|it| format!("Bearer {}", it.expose()));
        let own = bearer.as_deref().map(|it| ("authorization", it));
        let headers: Vec<_> = headers.iter().copied().chain(own).collect();
        let answer = match &self.socket {
            Some(socket) => over_socket(socket, path, &headers, patience),
            None => self.over_tcp(path, &headers, patience),
        };
        answer.map_err(|error| {
            let place = self.shown();
            format!("nobody answers at {place}: {error}; is `otus run` under way there?")
        })
    }

    /// Where it is, for people.
    fn shown(&self) -> String {
        match &self.socket {
            Some(path) => path.display().to_string(),
            None => self.url.clone(),
        }
    }

    fn over_tcp(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        patience: Option<Duration>,
    ) -> Result<Answer, String> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &self.ca {
            let pem = small_file::read(path).map_err(|it| format!("{}: {it}", path.display()))?;
            let certificate = Certificate::from_pem(&pem).map_err(|it| it.to_string())?;
            tls = tls.root_certs(RootCerts::new_with_certs(&[certificate]));
        }
        let config = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            // A redirection would take the token elsewhere.
            .max_redirects(0)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_global(patience);
        let agent: ureq::Agent = config.build().into();
        // As one copies it from elsewhere.
        let scheme = if self.url.contains("://") {
            ""
        } else {
            "http://"
        };
        let url = format!("{scheme}{}{path}", self.url.trim_end_matches('/'));
        let mut request = agent.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.call().map_err(|it| it.to_string())?;
        Ok(Answer {
            code: response.status().as_u16(),
            body: Box::new(response.into_body().into_reader()),
        })
    }
}

/// An address as whoever is on the same machine calls it.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// HTTP/1.0: the answer ends with the connection.
fn over_socket(
    socket: &Path,
    path: &str,
    headers: &[(&str, &str)],
    patience: Option<Duration>,
) -> Result<Answer, String> {
    let exchange = || {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let headers = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers: String = headers.collect();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: otus\r\n{headers}\r\n")?;
        let mut stream = BufReader::new(stream);
        let code = head(&mut stream)?;
        stream.get_ref().set_read_timeout(patience)?;
        Ok(Answer {
            code,
            body: Box::new(stream),
        })
    };
    exchange().map_err(|it: io::Error| it.to_string())
}

/// Reads up to the body; gives the status.
fn head(stream: &mut impl BufRead) -> io::Result<u16> {
    let wrong = || io::Error::other("the answer is not HTTP");
    let mut head = stream.take(LONGEST_HEAD);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let code = line.split(' ').nth(1).and_then(|it| it.parse().ok());
    let code = code.ok_or_else(wrong)?;
    loop {
        line.clear();
        match head.read_line(&mut line)? {
            0 => return Err(wrong()),
            _ if line.trim_end().is_empty() => return Ok(code),
            _ => {}
        }
    }
}

//! Asks a running instance over its status endpoint.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::cli::output::printable;
use crate::pipeline::contract::small_file;
use crate::service::http::read_token;

/// It answers from memory; more than this means that it hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// Many times the status of the largest pipeline.
const LONGEST_ANSWER: u64 = 8 * 1024 * 1024;

/// Where the instance is, and what it asks for.
#[derive(Args)]
pub struct Place {
    /// Where the instance listens.
    #[arg(
        long,
        default_value = "http://127.0.0.1:9860",
        conflicts_with = "socket"
    )]
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

impl Place {
    /// What `/status` says.
    ///
    /// # Errors
    /// If nobody answers, or with a refusal.
    pub fn status(&self) -> Result<Value, String> {
        let token = self.token_file.as_deref().map(read_token).transpose()?;
        let bearer = token.map(|it| format!("Bearer {}", it.expose()));
        let (place, answer) = match &self.socket {
            Some(path) => {
                let answer = over_socket(path, bearer.as_deref());
                (path.display().to_string(), answer)
            }
            None => (self.url.clone(), self.over_tcp(bearer.as_deref())),
        };
        let (code, body) = answer.map_err(|error| {
            format!("nobody answers at {place}: {error}; is `otus run` under way there?")
        })?;
        match code {
            200 => serde_json::from_str(&body)
                .map_err(|error| format!("{place} does not answer as otus does: {error}")),
            401 => Err(format!(
                "{place} asks for a token: name it with --token-file"
            )),
            _ => Err(format!(
                "{place} answers {code}: {}",
                printable(body.trim())
            )),
        }
    }

    fn over_tcp(&self, bearer: Option<&str>) -> Result<(u16, String), String> {
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
            .timeout_global(Some(PATIENCE));
        let agent: ureq::Agent = config.build().into();
        // As one copies it from elsewhere.
        let scheme = if self.url.contains("://") {
            ""
        } else {
            "http://"
        };
        let url = format!("{scheme}{}/status", self.url.trim_end_matches('/'));
        let request = agent.get(url);
        let request = match bearer {
            Some(bearer) => request.header("authorization", bearer),
            None => request,
        };
        let mut response = request.call().map_err(|it| it.to_string())?;
        let body = response.body_mut().with_config().limit(LONGEST_ANSWER);
        let body = body.read_to_string().map_err(|it| it.to_string())?;
        Ok((response.status().as_u16(), body))
    }
}

/// HTTP/1.0: the answer ends with the connection.
fn over_socket(path: &Path, bearer: Option<&str>) -> Result<(u16, String), String> {
    let exchange = || {
        let mut stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let bearer = bearer.map_or(String::new(), |it| format!("Authorization: {it}\r\n"));
        write!(stream, "GET /status HTTP/1.0\r\nHost: otus\r\n{bearer}\r\n")?;
        let mut answer = String::new();
        stream.take(LONGEST_ANSWER).read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(|it: std::io::Error| it.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let code = head.split(' ').nth(1).and_then(|it| it.parse().ok());
    let code = code.ok_or("the answer is not HTTP")?;
    Ok((code, body.to_owned()))
}

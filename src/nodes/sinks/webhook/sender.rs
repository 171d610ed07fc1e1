//! The thread that posts what waits: one request after the other, so that the order stays.

use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use crossbeam_channel::Receiver as Channel;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use super::{Config, SCHEMES, signature};
use crate::nodes::parts::outbox::post::Post;
use crate::nodes::parts::outbox::{Numbered, Reading, record};
use crate::nodes::parts::remote::{Address, Secret, tls};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::secret;
use crate::pipeline::contract::uri::Uri;
use crate::pipeline::run::restarts::Restarts;

/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(100);
/// No connection takes longer to be made.
const CONNECTING: Duration = Duration::from_secs(10);
/// No request has a longer body, but for one event that is longer by itself.
const LONGEST: usize = 1 << 20;
/// What is read of an answer, so that the connection can be used again.
const LONGEST_ANSWER: u64 = 64 << 10;

/// Who takes events.
pub struct Receiver {
    agent: Agent,
    /// Without user and password.
    address: String,
    /// The same for people.
    shown: Uri,
    login: Option<String>,
    secret: Option<Secret>,
    batch: usize,
}

impl Receiver {
    /// Makes all ready for requests.
    ///
    /// # Errors
    /// `Fatal` if a certificate is not what it should be.
    pub fn new(config: &Config, context: &Context) -> Result<Receiver> {
        let address = Address::of(&config.uri, &config.access, &SCHEMES);
        let address = address.map_err(|it| Error::fatal(it.message))?;
        let mut agent = Agent::config_builder()
            .http_status_as_error(false)
            // What the pipeline file does not name gets nothing.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECTING))
            .timeout_global(Some(Duration::from_millis(config.timeout_ms)));
        if address.tls {
            agent = agent.tls_config(tls::for_requests(&config.access, &context.base)?);
        }
        let login = match (&config.token, &address.login) {
            (Some(token), _) => Some(format!("Bearer {}", token.expose())),
            (None, Some((user, password))) => {
                let both = format!("{user}:{}", password.expose());
                let both = BASE64_STANDARD.encode(both);
                secret::remember_as_it_is(&both);
                Some(format!("Basic {both}"))
            }
            (None, None) => None,
        };
        Ok(Receiver {
            agent: agent.build().into(),
            shown: config.uri.clone(),
            address: address.plain,
            login,
            secret: config.secret.clone(),
            batch: config.batch,
        })
    }

    fn post(&self, body: &[u8]) -> Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        let mut request = self
            .agent
            .post(&self.address)
            .header("content-type", "application/json")
            .header("user-agent", format!("otus/{version}"));
        if let Some(login) = &self.login {
            request = request.header("authorization", login);
        }
        if let Some(key) = &self.secret {
            let code = signature::of(key.expose().as_bytes(), body);
            request = request.header("otus-signature", format!("sha256={code}"));
        }
        let answer = request.send(body);
        let mut answer = answer.map_err(|error| self.unreached(&error))?;
        let _ = answer
            .body_mut()
            .with_config()
            .limit(LONGEST_ANSWER)
            .read_to_vec();
        self.judge(&answer)
    }

    fn unreached(&self, error: &ureq::Error) -> Error {
        let (shown, why) = (&self.shown, error.to_string());
        match tls::advice(&why) {
            Some(advice) => Error::Refused(format!("{shown}: {why}; {advice}")),
            None => Error::retry(format!("{shown}: {why}")),
        }
    }

    fn judge(&self, answer: &Response<Body>) -> Result<()> {
        let (status, shown) = (answer.status(), &self.shown);
        let later = [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_EARLY,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        if status.is_success() {
            return Ok(());
        }
        if status.is_redirection() {
            let to = answer
                .headers()
                .get("location")
                .and_then(|it| it.to_str().ok());
            let to = Uri::new(to.unwrap_or("nowhere"));
            return Err(Error::Refused(format!(
                "{shown} leads on to {to}, where nothing is sent: name that as `uri` if it is right"
            )));
        }
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            return Err(Error::Refused(format!(
                "{shown} answers {status}: see `user` and `password`, or `token`"
            )));
        }
        if status.is_client_error() && !later.contains(&status) {
            return Err(Error::Refused(format!(
                "{shown} answers {status}: is it the right `uri`, and does it take a list of events?"
            )));
        }
        Err(Error::retry(format!("{shown} answers {status}")))
    }
}

/// Posts until it is to stop.
pub fn keep(receiver: &Receiver, post: &Post, news: &Channel<()>) {
    let (mut restarts, mut reading) = (Restarts::default(), Reading::default());
    let mut ahead = None;
    while !post.stops() {
        let error = match send(receiver, post, &mut reading, &mut ahead) {
            Ok(true) => {
                restarts.worked();
                continue;
            }
            Ok(false) => {
                let _ = news.recv_timeout(LOOK);
                continue;
            }
            Err(error) => error,
        };
        post.failed(&error);
        // What was not taken is posted again.
        (reading, ahead) = (Reading::default(), None);
        let (pause, _) = match error {
            Error::Refused(_) => restarts.after_refusal(),
            _ => restarts.after_failure(),
        };
        let end = Instant::now() + pause;
        while !post.stops() && Instant::now() < end {
            std::thread::sleep(LOOK.min(pause));
        }
    }
}

/// Posts some of what waits; says whether there was anything.
fn send(
    receiver: &Receiver,
    post: &Post,
    reading: &mut Reading,
    ahead: &mut Option<Numbered>,
) -> Result<bool> {
    let (mut body, mut numbers) = (b"[".to_vec(), Vec::new());
    while numbers.len() < receiver.batch {
        let next = match ahead.take() {
            Some(next) => Some(next),
            None => post
                .outbox
                .take(reading)
                .map_err(|error| Error::retry(format!("cannot read what waits: {error}")))?,
        };
        let Some((number, record)) = next else { break };
        let line = record::parts(&record).map_or(&record[..], |it| it.1);
        if !numbers.is_empty() && body.len() + line.len() > LONGEST {
            *ahead = Some((number, record));
            break;
        }
        if !numbers.is_empty() {
            body.push(b',');
        }
        body.extend_from_slice(line);
        numbers.push(number);
    }
    if numbers.is_empty() {
        return Ok(false);
    }
    body.push(b']');
    receiver.post(&body)?;
    post.there();
    for number in numbers {
        let noted = post.outbox.delivered(number);
        noted.map_err(|error| Error::retry(format!("cannot note what was sent: {error}")))?;
    }
    Ok(true)
}

//! Cameras that answer each request with one picture: asked again and again on one connection.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use http_auth::{PasswordClient, PasswordParams};
use image::ImageReader;
use percent_encoding::percent_decode_str;
use ureq::http::{Response, StatusCode};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body};

use super::config::Config;
use super::kept::Kept;
use super::rate::small_enough;
use super::room::Room;
use super::shot::Shot;
use crate::media::frame::PixelFormat;
use crate::nodes::parts::still;
use crate::nodes::parts::stream::reasons;
use crate::pipeline::contract::blocking::Blocking;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::contract::uri::Uri;

/// A camera's picture is never larger as a file.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// How often it is looked whether to stop.
const LOOK_UP: Duration = Duration::from_millis(50);

/// A camera that gives single pictures.
pub struct Snapshots {
    agent: Agent,
    /// Without user and password.
    address: String,
    user: Option<(String, String)>,
    /// How the server wants to be told them, once it has said so.
    login: Option<PasswordClient>,
    /// An answer that has not been read yet.
    answer: Option<Response<Body>>,
    every: Duration,
    due: Instant,
    stop: Stop,
}

/// Whether single pictures can be asked for at this address.
pub fn may_be(uri: &Uri) -> bool {
    let scheme = uri.scheme().unwrap_or_default().to_ascii_lowercase();
    scheme == "http" || scheme == "https"
}

impl Snapshots {
    /// Asks what is at an address whether it is such a camera; none if it is not, or the pipeline file says so.
    ///
    /// # Errors
    /// Why it does not answer; `Refused` if it wants another user or password.
    pub fn find(uri: &Uri, config: &Config, context: &Context) -> Result<Option<Snapshots>> {
        if !may_be(uri) || config.snapshots == Some(false) {
            return Ok(None);
        }
        let mut asked = Snapshots::new(uri, config, &context.stop);
        let patience = Duration::from_millis(2 * config.connect_timeout_ms);
        let open = move || {
            asked.answer = Some(asked.ask()?);
            Ok(Some(asked))
        };
        let name = format!("{}-ask", context.id);
        let mut asking = Blocking::start(&name, open, |found| Ok(found.take()));
        let found = asking
            .first(patience, &context.stop)
            .map_err(|error| error.reworded(|why| format!("{uri}: {why}")))?;
        let is_wanted = |it: &Snapshots| config.snapshots == Some(true) || it.is_picture();
        Ok(found.filter(is_wanted))
    }

    fn new(uri: &Uri, config: &Config, stop: &Stop) -> Snapshots {
        let (address, user) = uri.without_user();
        let connecting = Duration::from_millis(config.connect_timeout_ms);
        let reading = Duration::from_millis(config.stall_timeout_ms);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // A camera is in this network, and signs its certificate itself.
            .proxy(None)
            .tls_config(TlsConfig::builder().disable_verification(true).build())
            .max_redirects(3)
            .timeout_connect(Some(connecting))
            .timeout_recv_response(Some(connecting))
            .timeout_recv_body(Some(reading))
            .build()
            .into();
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Snapshots {
            agent,
            address,
            user: user.map(|(user, password)| (plain(&user), plain(&password))),
            login: None,
            answer: None,
            every: Duration::from_secs_f64(config.fps.unwrap_or(1.0).recip()),
            due: Instant::now(),
            stop: stop.clone(),
        }
    }

    fn is_picture(&self) -> bool {
        let kind = self
            .answer
            .as_ref()
            .and_then(|it| it.headers().get("content-type"));
        kind.and_then(|it| it.to_str().ok())
            .is_some_and(|it| it.starts_with("image/"))
    }

    /// Starts to read.
    pub fn start(self, config: &Config, context: &Context) -> Blocking<Shot> {
        let (config, context) = (config.clone(), context.clone());
        let kept = context.kept();
        let mut album = Album {
            room: Room::new(&config),
            kept,
            config,
            context,
        };
        let name = format!("{}-read", album.context.id);
        Blocking::start(&name, move || Ok(self), move |camera| album.next(camera))
    }

    /// Asks for one picture; a second time where the server first says how it wants to be told the password.
    fn ask(&mut self) -> Result<Response<Body>> {
        let answer = self.request()?;
        let answer = match self.challenged(&answer) {
            true => self.request()?,
            false => answer,
        };
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => Err(reasons::of(&format!("HTTP error {status}"))),
        }
    }

    /// Whether the server has told how to log in, so that it makes sense to try.
    fn challenged(&mut self, answer: &Response<Body>) -> bool {
        if answer.status() != StatusCode::UNAUTHORIZED || self.user.is_none() {
            return false;
        }
        let told = answer.headers().get_all("www-authenticate").iter();
        let told: Vec<_> = told.filter_map(|it| it.to_str().ok()).collect();
        // With a login that it has refused, only the news that its question is out of date is worth another try.
        let stale = told
            .iter()
            .any(|it| it.to_ascii_lowercase().contains("stale=true"));
        if self.login.is_some() && !stale {
            return false;
        }
        self.login = PasswordClient::try_from(told.join(", ").as_str()).ok();
        self.login.is_some()
    }

    fn request(&mut self) -> Result<Response<Body>> {
        let mut request = self.agent.get(&self.address);
        if let (Some(login), Some((username, password))) = (&mut self.login, &self.user) {
            let uri = request
                .uri_ref()
                .and_then(|it| it.path_and_query().cloned());
            let said = login.respond(&PasswordParams {
                username,
                password,
                uri: uri.as_ref().map_or("/", |it| it.as_str()),
                method: "GET",
                body: Some(&[]),
            });
            request = request.header("authorization", said.map_err(Error::retry)?);
        }
        request
            .call()
            .map_err(|error| reasons::of(&explained(&error)))
    }

    /// Waits until the next picture is due; says whether there is to be one.
    fn is_wanted(&mut self) -> bool {
        while !self.stop.is_set() {
            let left = self.due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // What has come late is not caught up with.
                self.due = Instant::now().max(self.due + self.every);
                return true;
            }
            self.stop.wait(left.min(LOOK_UP));
        }
        false
    }

    fn picture(&mut self) -> Result<Vec<u8>> {
        let answer = match self.answer.take() {
            Some(answer) => answer,
            None => self.ask()?,
        };
        let mut bytes = Vec::new();
        let mut body = answer.into_body().into_reader().take(MOST_BYTES);
        body.read_to_end(&mut bytes)
            .map_err(|error| Error::retry(format!("its answer breaks off: {error}")))?;
        Ok(bytes)
    }
}

/// What went wrong, with the words of those who know more than that something has.
fn explained(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "Failed to resolve hostname".to_owned(),
        ureq::Error::Timeout(_) => "Connection timed out".to_owned(),
        other => other.to_string(),
    }
}

/// Makes frames of pictures.
struct Album {
    room: Room,
    kept: Arc<Kept>,
    config: Config,
    context: Context,
}

impl Album {
    fn next(&mut self, camera: &mut Snapshots) -> Result<Option<Shot>> {
        if !camera.is_wanted() {
            return Ok(None);
        }
        let bytes = camera.picture()?;
        let at = self.context.clock.now();
        let seq = self.kept.captured.fetch_add(1, Relaxed);
        let reader = ImageReader::new(Cursor::new(bytes));
        let picture = match still::decoded(reader, self.config.max_pixels) {
            Ok(picture) => picture,
            Err(why) => {
                let why = format!("a picture cannot be read: {why}");
                return Ok(Some(Shot::lost(at, why)));
            }
        };
        let (width, height) = picture.dimensions();
        small_enough(width.into(), height.into(), &self.config)?;
        let frame = self.room.share(|frame| -> Result<()> {
            frame.source = Arc::clone(&self.context.id);
            (frame.at, frame.seq) = (at, seq);
            let room = frame.reshape(width, height, PixelFormat::Rgb8);
            room.copy_from_slice(picture.as_raw());
            Ok(())
        })?;
        Ok(Some(Shot::Frame(frame)))
    }
}

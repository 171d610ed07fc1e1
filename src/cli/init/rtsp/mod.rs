//! Asks a camera by RTSP what it has under a path, politely: one connection, one question at a time, and a password
//! that was refused is not told again.

#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use http_auth::{PasswordClient, PasswordParams};

use super::address::Server;
use super::makers::{self, Maker};

/// How long connecting and each answer may take.
const PATIENCE: Duration = Duration::from_secs(4);
/// No camera describes its streams at more length.
const LONGEST: u64 = 64 * 1024;

/// Why a camera gives no stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It wants to know who asks.
    WantsLogin,
    /// It does not know this user, or another password.
    Login,
    /// So many paths were tried, and it has none of them.
    Paths(usize),
    /// In words, what else is wrong.
    Other(String),
}

impl Refusal {
    /// The same for people, with what to do.
    pub fn told(&self, host: &str) -> String {
        match self {
            Refusal::WantsLogin => {
                format!("{host} wants a user and a password: write `user:password@{host}`")
            }
            Refusal::Login => format!(
                "{host} refuses user or password (401); it was asked once, as many cameras lock the account \
                 after five tries"
            ),
            Refusal::Paths(1) => format!(
                "{host} has nothing under this path (404); leave the path out, and those of the usual makers are tried"
            ),
            Refusal::Paths(tried) => format!(
                "{host} answers, but has none of the {tried} paths that cameras usually have; its manual or its app \
                 tells the RTSP address: write it in full, `rtsp://{host}/PATH`"
            ),
            Refusal::Other(why) => format!("{host}: {why}"),
        }
    }
}

/// A stream that is there.
#[derive(Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its path, without the first slash.
    pub path: String,
    /// Whose cameras have it there, if a maker's paths were tried.
    pub maker: Option<&'static str>,
    /// The same camera's larger picture.
    pub main: Option<&'static str>,
    /// How its sound is coded, if it has any.
    pub sound: Option<String>,
}

/// The stream under a path that was named; the small picture beside it is only looked for.
///
/// # Errors
/// Why there is none.
pub fn named(server: &Server, path: &str) -> Result<(Stream, Option<&'static str>), Refusal> {
    let mut camera = Camera::of(server);
    let said = camera.describe(path)?.ok_or(Refusal::Paths(1))?;
    let sub = makers::sub_of(path);
    let sub = sub.filter(|it| matches!(camera.describe(it), Ok(Some(_))));
    let stream = Stream {
        path: path.to_owned(),
        maker: None,
        main: None,
        sound: sound(&said),
    };
    Ok((stream, sub))
}

/// Tries the usual makers' paths, each once, until one is there. `words` is what the camera says of itself.
///
/// # Errors
/// Why none is.
pub fn search(server: &Server, words: &str) -> Result<Stream, Refusal> {
    let mut camera = Camera::of(server);
    let makers = makers::in_order(words);
    for (tried, maker) in makers.iter().enumerate() {
        if let Some(said) = camera.describe(maker.sub)? {
            let is_there =
                maker.main != maker.sub && matches!(camera.describe(maker.main), Ok(Some(_)));
            return Ok(Stream {
                path: maker.sub.to_owned(),
                maker: Some(maker.name),
                main: is_there.then_some(maker.main),
                sound: sound(&said),
            });
        }
        tracing::debug!(path = maker.sub, tried, "not there");
    }
    only_main(&mut camera, &makers)
}

/// Cameras that have one picture only.
fn only_main(camera: &mut Camera, makers: &[&'static Maker]) -> Result<Stream, Refusal> {
    for maker in makers.iter().filter(|it| it.main != it.sub) {
        if let Some(said) = camera.describe(maker.main)? {
            return Ok(Stream {
                path: maker.main.to_owned(),
                maker: Some(maker.name),
                main: None,
                sound: sound(&said),
            });
        }
    }
    let mains = makers.iter().filter(|it| it.main != it.sub).count();
    Err(Refusal::Paths(makers.len() + mains))
}

/// How the sound is coded that a description tells of.
fn sound(description: &str) -> Option<String> {
    let mut lines = description.lines().map(str::trim);
    lines.find(|it| it.starts_with("m=audio"))?;
    let own = lines.take_while(|it| !it.starts_with("m="));
    let mut codecs = own.filter_map(|it| it.strip_prefix("a=rtpmap:")?.split_once(' '));
    let name = codecs.next().map_or("G.711", |it| it.1);
    let name: String = name
        .chars()
        .filter(char::is_ascii_graphic)
        .take(32)
        .collect();
    Some(name)
}

/// A camera that is asked.
struct Camera<'a> {
    server: &'a Server,
    connection: Option<BufReader<TcpStream>>,
    /// How it wants to be told the password.
    challenge: Option<PasswordClient>,
    asked: u32,
}

/// What it has answered.
struct Answer {
    status: u16,
    challenge: Option<PasswordClient>,
    closes: bool,
    body: String,
}

impl<'a> Camera<'a> {
    fn of(server: &'a Server) -> Camera<'a> {
        Camera {
            server,
            connection: None,
            challenge: None,
            asked: 0,
        }
    }

    /// What it says of the stream under a path; none if there is none.
    fn describe(&mut self, path: &str) -> Result<Option<String>, Refusal> {
        let mut answer = self.ask(path)?;
        if answer.status == 401 {
            if self.server.login.is_none() {
                return Err(Refusal::WantsLogin);
            }
            // A digest's number may have grown old; a password that was told for this path is wrong.
            self.challenge = answer.challenge.take();
            if self.challenge.is_none() {
                let why = "it asks for a password in a way that otus does not know";
                return Err(Refusal::Other(why.to_owned()));
            }
            answer = self.ask(path)?;
        }
        match answer.status {
            200 => Ok(Some(answer.body)),
            401 | 403 => Err(Refusal::Login),
            // 400, 404, 415, 451, 454, 500, 551: whatever a camera has for a path that it does not know.
            400..=599 if answer.status != 453 && answer.status != 503 => Ok(None),
            other => Err(Refusal::Other(format!(
                "it answers {other}; how many viewers may it have?"
            ))),
        }
    }

    /// Asks once; over a new connection where the camera has closed the one before.
    fn ask(&mut self, path: &str) -> Result<Answer, Refusal> {
        let was_open = self.connection.is_some();
        let answer = match self.exchange(path) {
            Err(_) if was_open => self.exchange(path),
            answer => answer,
        };
        let answer = answer.map_err(|error| Refusal::Other(explain(&error)))?;
        if answer.closes {
            self.connection = None;
        }
        Ok(answer)
    }

    fn exchange(&mut self, path: &str) -> std::io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => BufReader::new(connect(&self.server.place())?),
        };
        let address = format!("rtsp://{}/{path}", self.server.host);
        let proof = self.proof(&address);
        self.asked += 1;
        write!(
            connection.get_mut(),
            "DESCRIBE {address} RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: otus\r\nAccept: application/sdp\r\n{proof}\r\n",
            self.asked
        )?;
        let answer = Answer::read(&mut connection)?;
        self.connection = Some(connection);
        Ok(answer)
    }

    /// The header that tells who asks, once the camera has asked for it.
    fn proof(&mut self, address: &str) -> String {
        let (Some(challenge), Some(login)) = (&mut self.challenge, &self.server.login) else {
            return String::new();
        };
        let told = challenge.respond(&PasswordParams {
            username: &login.user,
            password: &login.password,
            uri: address,
            method: "DESCRIBE",
            body: Some(&[]),
        });
        told.map_or(String::new(), |it| format!("Authorization: {it}\r\n"))
    }
}

impl Answer {
    fn read(from: &mut impl BufRead) -> std::io::Result<Answer> {
        let wrong = || std::io::Error::other("what answers there is no camera");
        let mut from = from.take(LONGEST);
        let mut line = String::new();
        from.read_line(&mut line)?;
        let status = line.strip_prefix("RTSP/1.").ok_or_else(wrong)?;
        let status = status
            .split(' ')
            .nth(1)
            .and_then(|it| it.trim().parse().ok());
        let mut answer = Answer {
            status: status.ok_or_else(wrong)?,
            challenge: None,
            closes: false,
            body: String::new(),
        };
        let (mut length, mut challenges) = (0, Vec::new());
        loop {
            line.clear();
            if from.read_line(&mut line)? == 0 {
                return Err(wrong());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().map_err(|_| wrong())?,
                "www-authenticate" => challenges.push(value.to_owned()),
                "connection" => answer.closes = value.eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
        answer.challenge = strongest(&challenges);
        let mut body = Vec::new();
        from.take(length).read_to_end(&mut body)?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Ok(answer)
    }
}

/// The way of telling a password that gives least of it away, of those that a camera offers.
fn strongest(challenges: &[String]) -> Option<PasswordClient> {
    let is_digest = |it: &&String| it.to_ascii_lowercase().starts_with("digest");
    let (digests, others): (Vec<_>, Vec<_>) = challenges.iter().partition(is_digest);
    let mut known = digests.into_iter().chain(others);
    known.find_map(|it| PasswordClient::try_from(it.as_str()).ok())
}

fn connect(place: &str) -> std::io::Result<TcpStream> {
    let nowhere = || std::io::Error::other("no machine has this name");
    let mut addresses = place.to_socket_addrs().map_err(|_| nowhere())?;
    let address = addresses.next().ok_or_else(nowhere)?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn explain(error: &std::io::Error) -> String {
    use std::io::ErrorKind::{
        ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut, WouldBlock,
    };
    match error.kind() {
        ConnectionRefused => {
            "nothing listens at this port; is RTSP on in the camera's settings? Where it has \
                              another port than 554, write `HOST:PORT`"
                .to_owned()
        }
        TimedOut | WouldBlock => "it does not answer; is it on, and in this network?".to_owned(),
        HostUnreachable | NetworkUnreachable => {
            "there is no way to this address; is it on, and in this network?".to_owned()
        }
        _ => error.to_string(),
    }
}

//! Which requests are answered: those that name this host, come from no other site, and bear the
//! token if there is one.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::Token;
use super::guesses::Guesses;
use super::peer::Peer;
use super::place::{Host, Place, Scheme};
use super::seat::Seat;
use super::traffic::Traffic;

/// Nothing that is asked for needs a longer body.
const LARGEST_BODY: u64 = 64 * 1024;
/// No answer takes longer to begin; a picture waits for the next frame.
const LONGEST_REQUEST: Duration = Duration::from_secs(10);

/// What is answered without the token.
const OPEN: [&str; 6] = [
    "/",
    "/history",
    "/manifest.webmanifest",
    "/icon.svg",
    "/icon-192.png",
    "/icon-512.png",
];

const WRONG_TOKEN: Refusal = (StatusCode::UNAUTHORIZED, "this is not the token\n");

/// What a request must bring.
pub struct Guard {
    /// Names of this host beside `localhost` and loopback addresses; none on a Unix socket, which
    /// no browser can reach.
    hosts: Option<Vec<Host>>,
    /// How browsers come here; whatever stands before a Unix socket decides for itself.
    scheme: Option<Scheme>,
    /// What it must bear, if anything.
    token: Option<Token>,
    guesses: Guesses,
    traffic: Arc<Traffic>,
}

/// Why there is no answer.
pub type Refusal = (StatusCode, &'static str);

/// Who is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Standing {
    /// It bears the token.
    Owner,
    /// Anybody.
    Guest,
}

/// Answers what passes, in time, and tells browsers to keep the answers to this site.
pub async fn watch(
    State(guard): State<Arc<Guard>>,
    Extension(seat): Extension<Arc<Seat>>,
    request: Request,
    next: Next,
) -> Response {
    seat.answer();
    let answer = match guard.verdict(&request) {
        Err(refusal) if refusal == WRONG_TOKEN => guard.slowed(seat.peer).await.into_response(),
        Err(refusal) => refusal.into_response(),
        Ok(standing) => {
            if standing == Standing::Owner {
                seat.is_owners();
            }
            let answer = tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await;
            let late = (StatusCode::SERVICE_UNAVAILABLE, "that took too long\n");
            answer.unwrap_or_else(|_| late.into_response())
        }
    };
    seat.until_sent(harden(answer))
}

fn harden(mut answer: Response) -> Response {
    let bearer = answer.status() == StatusCode::UNAUTHORIZED;
    let headers = answer.headers_mut();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        let name = HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_static(value));
    }
    if bearer {
        let value = HeaderValue::from_static("Bearer");
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    answer
}

impl Guard {
    /// For those who come over a network, this machine's own included.
    pub fn of_network(hosts: Vec<Host>, scheme: Scheme, token: Option<Token>) -> Guard {
        Guard {
            hosts: Some(hosts),
            scheme: Some(scheme),
            ..Guard::of_socket(token)
        }
    }

    /// For those who come over a Unix socket.
    pub fn of_socket(token: Option<Token>) -> Guard {
        Guard {
            hosts: None,
            scheme: None,
            token,
            guesses: Guesses::default(),
            traffic: Arc::default(),
        }
    }

    /// The same, counting in `traffic`.
    pub fn counting(self, traffic: Arc<Traffic>) -> Guard {
        Guard { traffic, ..self }
    }

    fn verdict(&self, request: &Request) -> Result<Standing, Refusal> {
        let headers = request.headers();
        let host = self.host(request)?;
        self.same_site(headers, host.as_ref())?;
        let length = text(headers, header::CONTENT_LENGTH);
        let length = length.and_then(|it| it.parse::<u64>().ok());
        if length.is_some_and(|it| it > LARGEST_BODY) {
            return Err((
                StatusCode::PAYLOAD_TOO_LARGE,
                "nothing here takes so much\n",
            ));
        }
        // The pages hold nothing but their own text, and ask for the token; browsers ask for what belongs to them without it.
        let is_page = OPEN.contains(&request.uri().path()) && request.method() == Method::GET;
        match &self.token {
            Some(_) if is_page => Ok(Standing::Guest),
            Some(token) => bears(headers, token),
            None if request.method() == Method::POST && self.hosts.is_some() => Err((
                StatusCode::FORBIDDEN,
                "changes need a token: set `[status] token_file`\n",
            )),
            None => Ok(Standing::Guest),
        }
    }

    /// Refuses names that a DNS server decides on: it may be the attacker's.
    fn host(&self, request: &Request) -> Result<Option<Place>, Refusal> {
        let mut named = request.headers().get_all(header::HOST).iter();
        let (first, second) = (named.next(), named.next());
        let parsed = first.map(|it| it.to_str().ok().and_then(Place::parse));
        let in_target = request.uri().authority();
        let in_target = in_target.map(|it| Place::parse(it.as_str()));
        let needed = request.version() == Version::HTTP_11;
        let is_broken = second.is_some()
            || [&parsed, &in_target].contains(&&Some(None))
            || (needed && parsed.is_none());
        if is_broken {
            let text = "a request needs one `Host: NAME` or `Host: NAME:PORT`\n";
            return Err((StatusCode::BAD_REQUEST, text));
        }
        let (host, target) = (parsed.flatten(), in_target.flatten());
        let is_own = |place: &Place| self.is_own(&place.host);
        let served = match self.hosts {
            None => true,
            Some(_) => host.as_ref().is_some_and(is_own) && target.as_ref().is_none_or(is_own),
        };
        match served {
            true => Ok(host),
            false => Err((
                StatusCode::MISDIRECTED_REQUEST,
                "this host is not served here; `[status] hosts` lists more names\n",
            )),
        }
    }

    fn is_own(&self, host: &Host) -> bool {
        host.is_loopback() || self.hosts.iter().flatten().any(|own| own == host)
    }

    /// A browser says where a request comes from; programs do not, and need not.
    fn same_site(&self, headers: &HeaderMap, host: Option<&Place>) -> Result<(), Refusal> {
        let own_origin = |origin: &HeaderValue| {
            let origin = origin.to_str().ok().and_then(Place::of_origin);
            origin.zip(host).is_some_and(|((scheme, place), host)| {
                self.scheme.is_none_or(|own| own == scheme) && place.is(host, scheme)
            })
        };
        let own_site = |site: &HeaderValue| {
            let own = [b"same-origin" as &[u8], b"none"];
            own.iter()
                .any(|it| site.as_bytes().eq_ignore_ascii_case(it))
        };
        let site = HeaderName::from_static("sec-fetch-site");
        let own = headers.get_all(header::ORIGIN).iter().all(own_origin)
            && headers.get_all(site).iter().all(own_site);
        match own {
            true => Ok(()),
            false => Err((StatusCode::FORBIDDEN, "other sites may not ask this\n")),
        }
    }

    /// Answers a wrong token, in its time.
    async fn slowed(&self, peer: Peer) -> Refusal {
        self.traffic.wrong_tokens.fetch_add(1, Relaxed);
        let outcome = self.guesses.wrong(peer, Instant::now());
        if let Some(count) = outcome.tell {
            tracing::warn!("the status endpoint got a wrong token from {peer}, {count} so far");
        }
        match outcome.wait {
            Some(wait) => {
                tokio::time::sleep(wait).await;
                WRONG_TOKEN
            }
            None => (
                StatusCode::TOO_MANY_REQUESTS,
                "too many wrong tokens came from this address; the right one is answered at once\n",
            ),
        }
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn bears(headers: &HeaderMap, token: &Token) -> Result<Standing, Refusal> {
    let missing = (
        StatusCode::UNAUTHORIZED,
        "this needs the header `Authorization: Bearer TOKEN`\n",
    );
    let credentials = text(headers, header::AUTHORIZATION);
    match credentials.and_then(|it| it.split_once(' ')) {
        Some((scheme, borne)) if scheme.eq_ignore_ascii_case("bearer") => match token.is(borne) {
            true => Ok(Standing::Owner),
            false => Err(WRONG_TOKEN),
        },
        _ => Err(missing),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn verdict(pairs: &[(&'static str, &'static str)]) -> Result<(), u16> {
        let own = Host::parse("porch.local").expect("a name");
        verdict_of(&Guard::of_network(vec![own], Scheme::Http, None), pairs)
    }

    fn verdict_of(guard: &Guard, pairs: &[(&'static str, &'static str)]) -> Result<(), u16> {
        let mut request = Request::new(Body::empty());
        for &(name, value) in pairs {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            request.headers_mut().append(name, value);
        }
        let verdict = guard.verdict(&request).map(|_| ());
        verdict.map_err(|it| it.0.as_u16())
    }

    #[test]
    fn requests_name_this_host() {
        for host in [
            "127.0.0.1:9860",
            "[::1]:9860",
            "[::ffff:127.0.0.1]",
            "localhost",
            "LOCALHOST.",
            "Porch.Local.:1",
        ] {
            assert_eq!(verdict(&[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "otus.evil.example",
            "127.0.0.1.evil.example",
            "127.1",
            "2130706433",
            "10.0.0.7",
        ] {
            assert_eq!(verdict(&[("host", host)]), Err(421), "{host}");
        }
        for host in ["", "me@localhost", "localhost:x", "localhost, evil.example"] {
            assert_eq!(verdict(&[("host", host)]), Err(400), "{host}");
        }
        assert_eq!(verdict(&[]), Err(400));
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(verdict(&twice), Err(400));
    }

    #[test]
    fn requests_come_from_no_other_site() {
        let from = |name, value| verdict(&[("host", "localhost:9860"), (name, value)]);
        assert_eq!(from("origin", "http://localhost:9860"), Ok(()));
        assert_eq!(from("origin", "HTTP://LocalHost.:9860"), Ok(()));
        assert_eq!(from("sec-fetch-site", "same-origin"), Ok(()));
        assert_eq!(from("sec-fetch-site", "none"), Ok(()));
        for origin in [
            "https://evil.example",
            "null",
            "",
            "http://localhost",
            "http://localhost:3000",
            "https://localhost:9860",
            "http://localhost:9860@evil.example",
            "http://evil@localhost:9860",
            "http://localhost:9860/",
        ] {
            assert_eq!(from("origin", origin), Err(403), "{origin}");
        }
        let both = ["http://localhost:9860", "http://evil.example"].map(|it| ("origin", it));
        assert_eq!(
            verdict(&[("host", "localhost:9860"), both[0], both[1]]),
            Err(403)
        );
        let default_port = [("host", "localhost:80"), ("origin", "http://localhost")];
        assert_eq!(verdict(&default_port), Ok(()));
        for site in ["cross-site", "same-site", "Cross-Site"] {
            assert_eq!(from("sec-fetch-site", site), Err(403), "{site}");
        }
        assert_eq!(from("content-length", "10000000"), Err(413));
    }

    #[test]
    fn before_a_unix_socket_anything_may_stand() {
        let guard = Guard::of_socket(None);
        let verdict = |pairs: &[_]| verdict_of(&guard, pairs);
        let named = ("host", "porch.example");
        assert_eq!(
            verdict(&[named, ("origin", "https://porch.example:443")]),
            Ok(())
        );
        assert_eq!(
            verdict(&[named, ("origin", "https://evil.example")]),
            Err(403)
        );
        assert_eq!(verdict(&[named, named]), Err(400));
    }
}

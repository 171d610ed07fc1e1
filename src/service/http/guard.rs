//! Which requests are answered: those that name this host, come from no other site, and bear the
//! token if there is one.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::Token;
use super::connections::Admitted;

/// Nothing that is asked for needs a longer body.
const LARGEST_BODY: u64 = 64 * 1024;
/// No answer takes longer to begin; a picture waits for the next frame.
const LONGEST_REQUEST: Duration = Duration::from_secs(10);

/// What a request must bring.
pub struct Guard {
    /// Names of this host beside `localhost` and loopback addresses; none on a Unix socket, which
    /// no browser can reach.
    pub hosts: Option<Vec<String>>,
    /// What it must bear, if anything.
    pub token: Option<Token>,
}

/// Why there is no answer.
pub type Refusal = (StatusCode, &'static str);

/// Answers what passes, in time, and tells browsers to keep the answers to this site.
pub async fn watch(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let known = request.extensions().get::<Admitted>().cloned();
    let answer = match guard.verdict(&request) {
        Err(refusal) => refusal.into_response(),
        Ok(()) => {
            if let Some(known) = known {
                known.set();
            }
            let answer = tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await;
            let late = (StatusCode::SERVICE_UNAVAILABLE, "that took too long\n");
            answer.unwrap_or_else(|_| late.into_response())
        }
    };
    harden(answer)
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
    fn verdict(&self, request: &Request) -> Result<(), Refusal> {
        let headers = request.headers();
        let host = self.host(request)?;
        self.same_site(headers, host)?;
        let length = text(headers, header::CONTENT_LENGTH);
        let length = length.and_then(|it| it.parse::<u64>().ok());
        if length.is_some_and(|it| it > LARGEST_BODY) {
            return Err((
                StatusCode::PAYLOAD_TOO_LARGE,
                "nothing here takes so much\n",
            ));
        }
        // The page holds nothing but its own text, and asks for the token.
        let is_page = request.uri().path() == "/" && request.method() == Method::GET;
        match &self.token {
            Some(_) if is_page => Ok(()),
            Some(token) => bears(headers, token),
            None if request.method() == Method::POST && self.hosts.is_some() => Err((
                StatusCode::FORBIDDEN,
                "changes need a token: set `[status] token_file`\n",
            )),
            None => Ok(()),
        }
    }

    /// Refuses names that a DNS server decides on: it may be the attacker's.
    fn host<'a>(&self, request: &'a Request) -> Result<Option<&'a str>, Refusal> {
        let mut named = request.headers().get_all(header::HOST).iter();
        let host = named.next().and_then(|it| it.to_str().ok());
        let Some(hosts) = &self.hosts else {
            return Ok(host);
        };
        let own = |host: &str| is_own(host, hosts);
        let in_target = request.uri().authority().map(|it| it.as_str());
        match host.is_some_and(own) && named.next().is_none() && in_target.is_none_or(own) {
            true => Ok(host),
            false => Err((
                StatusCode::MISDIRECTED_REQUEST,
                "this host is not served here; `[status] hosts` lists more names\n",
            )),
        }
    }

    /// A browser says where a request comes from; programs do not, and need not.
    fn same_site(&self, headers: &HeaderMap, host: Option<&str>) -> Result<(), Refusal> {
        let origin = headers.get(header::ORIGIN);
        let own = |origin: &HeaderValue| {
            let origin = origin.to_str().unwrap_or_default();
            let place = origin.split_once("://").map(|(_, place)| place);
            place.is_some() && place == host
        };
        let site = text(headers, HeaderName::from_static("sec-fetch-site"));
        let foreign = matches!(site, Some("cross-site" | "same-site"));
        match foreign || origin.is_some_and(|origin| !own(origin)) {
            true => Err((StatusCode::FORBIDDEN, "other sites may not ask this\n")),
            false => Ok(()),
        }
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn bears(headers: &HeaderMap, token: &Token) -> Result<(), Refusal> {
    let credentials = text(headers, header::AUTHORIZATION);
    let borne = credentials.and_then(|it| it.split_once(' '));
    match borne {
        Some((scheme, borne)) if scheme.eq_ignore_ascii_case("bearer") && token.is(borne) => Ok(()),
        _ => Err((
            StatusCode::UNAUTHORIZED,
            "this needs the header `Authorization: Bearer TOKEN`\n",
        )),
    }
}

/// Whether `host` or `host:port` is this machine.
fn is_own(host: &str, hosts: &[String]) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || IpAddr::from_str(name).is_ok_and(|ip| ip.is_loopback())
        || hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn verdict(pairs: &[(&'static str, &'static str)]) -> Result<(), u16> {
        let guard = Guard {
            hosts: Some(vec!["porch.local".to_owned()]),
            token: None,
        };
        let mut request = Request::new(Body::empty());
        for &(name, value) in pairs {
            let value = HeaderValue::from_static(value);
            request.headers_mut().append(name, value);
        }
        guard.verdict(&request).map_err(|it| it.0.as_u16())
    }

    #[test]
    fn requests_name_this_host() {
        for host in ["127.0.0.1:9860", "[::1]:9860", "localhost", "Porch.Local:1"] {
            assert_eq!(verdict(&[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "otus.evil.example",
            "127.0.0.1.evil.example",
            "",
            "10.0.0.7",
        ] {
            assert_eq!(verdict(&[("host", host)]), Err(421), "{host}");
        }
        assert_eq!(verdict(&[]), Err(421));
        let twice = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(verdict(&twice), Err(421));
    }

    #[test]
    fn requests_come_from_no_other_site() {
        let from = |name, value| verdict(&[("host", "localhost:9860"), (name, value)]);
        assert_eq!(from("origin", "http://localhost:9860"), Ok(()));
        assert_eq!(from("sec-fetch-site", "same-origin"), Ok(()));
        assert_eq!(from("sec-fetch-site", "none"), Ok(()));
        for origin in ["https://evil.example", "null", "http://localhost:3000"] {
            assert_eq!(from("origin", origin), Err(403), "{origin}");
        }
        assert_eq!(from("sec-fetch-site", "cross-site"), Err(403));
        assert_eq!(from("content-length", "10000000"), Err(413));
    }
}

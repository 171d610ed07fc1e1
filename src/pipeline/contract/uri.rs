//! Addresses, which may hold passwords: what of them people may read is scheme, host, port and words that are
//! known to be harmless.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::secret::{MASK, redact, remember, remember_as_it_is};

/// Words that paths of cameras and of receivers of events are made of, before a number of up to three digits.
const HARMLESS: [&str; 43] = [
    "api",
    "audio",
    "av",
    "axis-cgi",
    "axis-media",
    "cam",
    "camera",
    "cgi-bin",
    "ch",
    "channel",
    "channels",
    "event",
    "events",
    "h264",
    "h265",
    "hls",
    "hook",
    "hooks",
    "image",
    "index",
    "jpeg",
    "live",
    "main",
    "media",
    "mjpeg",
    "mjpg",
    "mpeg",
    "multicast",
    "onvif",
    "preview",
    "profile",
    "realmonitor",
    "snapshot",
    "stream",
    "streaming",
    "sub",
    "subtype",
    "tcp",
    "udp",
    "unicast",
    "video",
    "webhook",
    "webhooks",
];
/// Endings of files that such paths name.
const ENDINGS: [&str; 9] = [
    "amp", "cgi", "flv", "jpg", "m3u8", "mjpg", "mp4", "sdp", "ts",
];
/// What the names of secrets have in them.
const SECRET_KEYS: [&str; 9] = [
    "pass", "pwd", "pw", "token", "key", "secret", "auth", "cred", "sig",
];

/// An address that may hold a password. Prints without it; only `expose` gives it away.
#[derive(Clone, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct Uri(String);

/// What an address consists of.
struct Parts<'a> {
    scheme: &'a str,
    /// `user:password`.
    user_info: Option<&'a str>,
    /// With `:port` if it is there.
    host: &'a str,
    /// From its slash on.
    path: &'a str,
    /// From `?` or `#` on.
    query: &'a str,
}

impl Uri {
    /// Takes an address and remembers the secrets in it.
    pub fn new(address: impl Into<String>) -> Uri {
        let uri = Uri(address.into());
        if is_pipeline(&uri.0) {
            properties(&uri.0).for_each(|(name, value)| remember_property(name, value));
        } else if let Some(parts) = uri.parts() {
            parts.remember_secrets();
        }
        uri
    }

    /// The address as it must be to connect.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a text is a pipeline of GStreamer that gives pictures.
    pub fn is_gstreamer(text: &str) -> bool {
        text.contains('!') && text.contains("appsink")
    }

    /// Whether it has something that people may not read.
    pub fn has_secret(&self) -> bool {
        self.to_string() != self.0
    }

    /// The part before `://`, if there is one.
    pub fn scheme(&self) -> Option<&str> {
        self.0.split_once("://").map(|(scheme, _)| scheme)
    }

    /// The host and, if it is there, `:port`.
    pub fn host(&self) -> Option<&str> {
        Some(self.parts()?.host).filter(|it| !it.is_empty())
    }

    /// The address without user and password, and these, as they stand in it.
    pub fn without_user(&self) -> (String, Option<(String, String)>) {
        let Some(parts) = self.parts() else {
            return (self.0.clone(), None);
        };
        let user = parts.user_info.map(|info| {
            let (user, password) = info.split_once(':').unwrap_or((info, ""));
            (user.to_owned(), password.to_owned())
        });
        let Parts {
            scheme,
            host,
            path,
            query,
            ..
        } = parts;
        (format!("{scheme}://{host}{path}{query}"), user)
    }

    /// Of all addresses that lead to the same thing one, without user and password; none for a path or a pipeline.
    pub fn plain(&self) -> Option<Uri> {
        let parts = self.parts().filter(|_| !Uri::is_gstreamer(&self.0))?;
        let [scheme, host] = [parts.scheme, parts.host].map(str::to_ascii_lowercase);
        let usual_port = match &*scheme {
            "rtsp" => ":554",
            "rtsps" => ":322",
            "http" => ":80",
            "https" => ":443",
            _ => "",
        };
        let host = host.strip_suffix(usual_port).unwrap_or(&host);
        let path = if parts.path == "/" { "" } else { parts.path };
        let query = parts.query.split('#').next().unwrap_or_default();
        Some(Uri::new(format!("{scheme}://{host}{path}{query}")))
    }

    fn parts(&self) -> Option<Parts<'_>> {
        let (scheme, rest) = self.0.split_once("://")?;
        // A path of this machine is nobody's secret.
        if scheme.eq_ignore_ascii_case("file") {
            return None;
        }
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        // A password may hold `@` and, where nobody encoded it, `/`: then what looks like a port is none.
        let is_port = |it: &str| it.chars().all(|c| c.is_ascii_digit());
        let cut = rest[..authority].rsplit_once(':');
        let cut = cut.is_some_and(|(_, port)| !is_port(port) && !port.ends_with(']'));
        let info = match rest[..authority].rfind('@') {
            None if cut => rest.rfind('@'),
            at => at,
        };
        let (user_info, rest) = match info {
            Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
            None => (None, rest),
        };
        let (rest, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some(Parts {
            scheme,
            user_info,
            host,
            path,
            query,
        })
    }
}

impl Parts<'_> {
    fn remember_secrets(&self) {
        match self.user_info.and_then(|info| info.split_once(':')) {
            Some((user, password)) if !password.is_empty() => {
                remember(password);
                // As HTTP's and RTSP's basic authentication sends both.
                let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
                let both = format!("{}:{}", plain(user), plain(password));
                remember_as_it_is(&BASE64_STANDARD.encode(both));
            }
            // A name without a password is a token.
            _ => self
                .user_info
                .into_iter()
                .for_each(|it| remember(it.trim_end_matches(':'))),
        }
        let segments = self.path.split('/').filter(|it| !is_harmless(it));
        // A word may be the name of a node too, which is told everywhere: it is hidden where it stands in a path.
        let is_letter = |it: char| it.is_ascii_alphabetic() || "_-".contains(it);
        segments.for_each(|it| match it.chars().all(is_letter) {
            true => remember_as_it_is(&format!("/{it}")),
            false => remember(it),
        });
        let in_path = self.path.split(['/', '_', ';', ',']);
        let pairs = in_path.chain(self.query.split(['?', '#', '&', ';']));
        for (_, value) in pairs.filter_map(|pair| pair.split_once('=')) {
            if !is_harmless(value) {
                remember(value);
            }
        }
    }

    fn shown(&self) -> String {
        let info = self.user_info.map_or(String::new(), |_| format!("{MASK}@"));
        let segments = self
            .path
            .split('/')
            .map(|it| if is_harmless(it) { it } else { MASK });
        let path: Vec<&str> = segments.collect();
        let query = self
            .query
            .get(..1)
            .map_or(String::new(), |sign| format!("{sign}{MASK}"));
        format!(
            "{}://{info}{}{}{query}",
            self.scheme,
            self.host,
            path.join("/")
        )
    }
}

/// Remembers what may be a secret in the text of a pipeline file that is wrong, of which people are shown lines:
/// whatever stands in an address, and the values of options that are named like secrets.
pub fn remember_those_in(text: &str) {
    for line in text.lines() {
        let words = line.split(|c: char| c.is_whitespace() || c == '"' || c == '\'');
        for word in words.filter(|it| it.contains("://")) {
            let _ = Uri::new(word);
        }
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim();
        // `key` is a file too, of `bundle`; a secret that somebody calls so has no ending.
        let is_file = name == "key" && value.contains('.');
        let is_path = name.ends_with("_file") || name.starts_with("tls_") || is_file;
        if is_secret_key(name) && !is_path && !name.contains(['"', '\'']) {
            remember(value.trim().trim_matches(['"', '\'']));
        }
    }
}

/// Whether it is a pipeline of GStreamer.
fn is_pipeline(text: &str) -> bool {
    text.contains('!')
}

/// The properties of the elements of a pipeline.
fn properties(pipeline: &str) -> impl Iterator<Item = (&str, &str)> {
    let words = pipeline.split_whitespace();
    words.filter_map(|word| word.split_once('='))
}

fn remember_property(name: &str, value: &str) {
    let value = value.trim_matches(['"', '\'']);
    if value.contains("://") {
        let _ = Uri::new(value);
    } else if is_secret_key(name) {
        remember(value);
    }
}

fn is_secret_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_KEYS.iter().any(|word| name.contains(word))
}

fn is_harmless(word: &str) -> bool {
    let (stem, ending) = word.rsplit_once('.').unwrap_or((word, ""));
    let digits = stem.len() - stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let letters = stem[..stem.len() - digits].to_ascii_lowercase();
    let is_known = HARMLESS.contains(&letters.as_str()) || HARMLESS.contains(&stem);
    let is_short = word.len() <= 2 || (letters.is_empty() && digits <= 3 && ending.is_empty());
    is_short || (is_known && digits <= 3 && (ending.is_empty() || ENDINGS.contains(&ending)))
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_pipeline(&self.0) {
            return f.write_str(&redact(&self.0));
        }
        match self.parts() {
            Some(parts) => f.write_str(&parts.shown()),
            None => f.write_str(&redact(&self.0)),
        }
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Uri {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Uri, D::Error> {
        String::deserialize(from).map(Uri::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shape_of_address_gives_its_password_away() {
        for address in [
            "rtsp://admin:hunter2-a@10.0.0.7/stream",
            "rtsp://first.last:hunter2-a@10.0.0.7:554/stream?channel=1",
            "rtsp://user%40home:hunter2-a@camera.local",
            "rtsp://user:p@ss:hunter2-a@10.0.0.7/stream",
            "rtsp://user:p/ss?hunter2-a@10.0.0.7/stream",
            "rtsp://hunter2-a@10.0.0.7/stream",
            "rtsp://:hunter2-a@10.0.0.7/stream",
            "http://10.0.0.7/video?user=x&pwd=hunter2-a",
            "http://10.0.0.7/video?api_token=hunter2-a&user=x",
            "http://10.0.0.7/video?sid=hunter2-a",
            "http://10.0.0.7/video?a=1;pass%77ord=hunter2-a",
            "http://10.0.0.7/video#hunter2=hunter2-a",
            "http://10.0.0.7/hunter2-a/video.mjpg",
            "rtsp://10.0.0.7/user=a_password=hunter2-a_channel=1.sdp",
            "rtspsrc location=rtsp://10.0.0.7/1 user-pw=hunter2-a ! appsink",
            "rtspsrc location=\"rtsp://a:hunter2-a@10.0.0.7/1\" ! appsink",
        ] {
            let uri = Uri::new(address);
            let said = format!(
                "{uri} {uri:?} {}",
                redact(&format!("cannot open {address}"))
            );
            assert!(!said.contains("hunter2-a"), "{said}");
            assert!(
                said.contains("10.0.0.7") || said.contains("camera.local"),
                "{said}"
            );
            assert!(uri.has_secret() && uri.expose() == address);
        }
    }

    #[test]
    fn what_is_harmless_is_shown() {
        for address in [
            "rtsp://10.0.0.7:554/Streaming/Channels/101",
            "http://camera.local/axis-cgi/mjpg/video.cgi",
            "rtsp://[fe80::1]:554/stream2",
            "https://home.local:8123/api/webhook",
            "/recordings/my film.mp4",
            "file:///recordings/my%20film.mp4",
            "v4l2src device=/dev/video0 ! videoconvert ! appsink",
        ] {
            assert_eq!(Uri::new(address).to_string(), address);
        }
        assert_eq!(
            Uri::new("rtsp://a:hunter2-b@10.0.0.7/live/x9f3c?n=3333").to_string(),
            "rtsp://***@10.0.0.7/live/***?***"
        );
    }

    #[test]
    fn a_node_may_have_the_name_of_its_path() {
        let _ = Uri::new("rtsp://10.0.0.7:8554/vestibule");
        let said = redact("node=vestibule: no rtsp://10.0.0.7:8554/vestibule");
        assert_eq!(said, "node=vestibule: no rtsp://10.0.0.7:8554***");
    }

    #[test]
    fn a_password_is_masked_in_every_form_that_it_travels_in() {
        let _ = Uri::new("rtsp://admin:s3cr%40t+w0rd@10.0.0.7/stream");
        let basic = BASE64_STANDARD.encode("admin:s3cr@t+w0rd");
        let alone = BASE64_STANDARD.encode("s3cr@t+w0rd");
        for form in [
            "s3cr%40t+w0rd",
            "s3cr@t+w0rd",
            "s3cr%40t%2Bw0rd",
            &basic,
            &alone,
        ] {
            assert_eq!(redact(&format!("<{form}>")), "<***>");
        }
    }
}

//! Passwords and tokens: where `${NAME}` gets them, and how they are kept out of what people read.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// Values that must not be printed. Grows with the pipeline file only, never with uptime.
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What a secret is replaced by.
const MASK: &str = "***";

/// The value of `${name}`: the environment, else a credential that systemd gives.
pub fn look_up(name: &str) -> Option<String> {
    std::env::var(name).ok().or_else(|| credential(name))
}

/// `LoadCredential=NAME:FILE` gives a credential its own name; `LoadCredential=otus:FOLDER` puts
/// `otus_` before the names of the files.
fn credential(name: &str) -> Option<String> {
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    // A name is not a way out of that directory.
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let read = |file: &str| std::fs::read_to_string(Path::new(&directory).join(file)).ok();
    let text = name
        .chars()
        .all(fits)
        .then(|| read(name).or_else(|| read(&format!("otus_{name}"))));
    Some(text??.trim_end_matches(['\r', '\n']).to_owned())
}

/// From now on, `redact` replaces this value, also where it is percent-encoded or in base64. Values
/// of one or two characters are left alone.
pub fn remember(value: &str) {
    let decoded = percent_decode_str(value).decode_utf8_lossy().into_owned();
    let encoded = utf8_percent_encode(&decoded, NON_ALPHANUMERIC).to_string();
    for form in [value, &decoded, &encoded, &BASE64_STANDARD.encode(&decoded)] {
        remember_as_it_is(form);
    }
}

fn remember_as_it_is(value: &str) {
    // A message that quotes it escapes it, and JSON escapes the message again.
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let (once, twice) = (escaped(value), escaped(&escaped(value)));
    let mut secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    for form in [value, &once, &twice] {
        if form.len() > 2 && !secrets.iter().any(|known| known == form) {
            secrets.push(form.to_owned());
        }
    }
    // Longest first, so that a secret inside another leaves no remains.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
}

/// The text without any secret that is known.
pub fn redact(text: &str) -> String {
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    let mask = |text: String, secret: &String| text.replace(secret.as_str(), MASK);
    secrets.iter().fold(text.to_owned(), mask)
}

/// An address that may hold a password. Prints without it; only `expose` gives it away.
#[derive(Clone, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct Uri(String);

impl Uri {
    /// Takes an address and remembers the secrets in it.
    pub fn new(address: impl Into<String>) -> Uri {
        let uri = Uri(address.into());
        if let Some((user, password)) = uri.user_info().and_then(|info| info.split_once(':')) {
            remember(password);
            // As HTTP's and RTSP's basic authentication sends both.
            let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
            let both = format!("{}:{}", plain(user), plain(password));
            remember_as_it_is(&BASE64_STANDARD.encode(both));
        }
        for (_, value) in uri.query().filter(|(key, _)| is_secret_key(key)) {
            remember(value);
        }
        uri
    }

    /// The address as it must be to connect.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part before `://`, if there is one.
    pub fn scheme(&self) -> Option<&str> {
        self.0.split_once("://").map(|(scheme, _)| scheme)
    }

    /// The host and, if it is there, `:port`.
    pub fn host(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once("://")?;
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        rest.split(['/', '?', '#'])
            .next()
            .filter(|it| !it.is_empty())
    }

    /// `user:password`. A password may hold `@`, so the last one before the path counts.
    fn user_info(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once("://")?;
        let authority = rest.rsplit_once('@').map(|(info, _)| info)?;
        Some(authority)
    }

    fn query(&self) -> impl Iterator<Item = (&str, &str)> {
        let query = self.0.split_once('?').map_or("", |(_, query)| query);
        query.split('&').filter_map(|pair| pair.split_once('='))
    }
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["pass", "pwd", "token", "key", "secret", "auth"]
        .iter()
        .any(|word| key.contains(word))
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match self.user_info() {
            Some(info) => self.0.replacen(info, MASK, 1),
            None => self.0.clone(),
        };
        f.write_str(&redact(&shown))
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
            "http://10.0.0.7/video?user=x&pwd=hunter2-a",
            "http://10.0.0.7/video?api_token=hunter2-a&user=x",
        ] {
            let uri = Uri::new(address);
            let said = format!(
                "{uri} {uri:?} {}",
                redact(&format!("cannot open {address}"))
            );
            assert!(!said.contains("hunter2-a"), "{said}");
            assert_eq!(uri.expose(), address);
        }
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

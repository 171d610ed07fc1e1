//! Passwords and tokens: where `${NAME}` gets them, and how they are kept out of what people read.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::small_file;

/// Values that must not be printed. Grows with the pipeline file only, never with uptime.
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What a secret is replaced by.
pub const MASK: &str = "***";

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
    let read = |file: &str| small_file::read(&Path::new(&directory).join(file)).ok();
    let text = name
        .chars()
        .all(fits)
        .then(|| read(name).or_else(|| read(&format!("otus_{name}"))));
    let text = String::from_utf8(text??).ok()?;
    Some(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// From now on, `redact` replaces this value, also where it is percent-encoded or in base64. Values
/// of one or two characters are left alone.
pub fn remember(value: &str) {
    // A reference to a secret is none.
    if value.contains("${") {
        return;
    }
    let decoded = percent_decode_str(value).decode_utf8_lossy().into_owned();
    let encoded = utf8_percent_encode(&decoded, NON_ALPHANUMERIC).to_string();
    for form in [value, &decoded, &encoded, &BASE64_STANDARD.encode(&decoded)] {
        remember_as_it_is(form);
    }
}

/// The same of this form of it only.
pub fn remember_as_it_is(value: &str) {
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

/// Whether a text is one of the secrets.
pub fn is_known(text: &str) -> bool {
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    secrets.iter().any(|it| it == text)
}

/// The same of every text in a document, which stays a document.
pub fn redact_json(value: &mut Value) {
    match value {
        Value::String(text) => *text = redact(text),
        Value::Array(values) => values.iter_mut().for_each(redact_json),
        Value::Object(fields) => fields.values_mut().for_each(redact_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text without any secret that is known.
pub fn redact(text: &str) -> String {
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    let mask = |text: String, secret: &String| text.replace(secret.as_str(), MASK);
    secrets.iter().fold(text.to_owned(), mask)
}

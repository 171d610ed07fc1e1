//! Puts what the environment holds in its places, and notes what strings can stand for.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::problem::Problem;
use super::secrets::Secrets;
use crate::pipeline::contract::secret;
use crate::pipeline::contract::uri::Uri;

/// What strings stand for where a number or a truth value is wanted, by their place in the file.
#[derive(Default)]
pub struct Meanings {
    /// `fps = "${FPS}"`: what the environment holds.
    numbers: HashMap<usize, String>,
    /// `hold_ms = "10s"`: lengths of time.
    times: HashMap<usize, (String, String)>,
}

impl Meanings {
    /// What a string at this place means for an option, by its name and schema: the text of a number or a
    /// truth value, if it is to be one.
    pub fn of(&self, start: usize, option: &str, schema: &Value) -> Option<&str> {
        if !wants_number(schema) {
            return None;
        }
        let (milliseconds, seconds) = self.times.get(&start).map_or((None, None), |(ms, s)| {
            (Some(ms.as_str()), Some(s.as_str()))
        });
        let number = self.numbers.get(&start).map(String::as_str);
        let time = match option.rsplit_once('_') {
            Some((_, "ms")) => milliseconds,
            Some((_, "s")) => seconds,
            _ => None,
        };
        number.or(time)
    }
}

/// Whether the schema of an option is of a number or a truth value.
pub fn wants_number(schema: &Value) -> bool {
    let is_one = |it: &Value| matches!(it.as_str(), Some("integer" | "number" | "boolean"));
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(is_one),
        Some(name) => is_one(name),
        None => false,
    }
}

/// A pass over all strings of a file.
#[derive(Default)]
pub struct Interpolation {
    pub meanings: Meanings,
    pub problems: Vec<Problem>,
    /// What stands in a file beside the pipeline.
    pub secrets: Secrets,
}

impl Interpolation {
    fn look_up(&self, name: &str) -> Option<String> {
        secret::look_up(name).or_else(|| self.secrets.get(name).cloned())
    }

    fn report(&mut self, span: Range<usize>, message: String, help: String) {
        self.problems.push(Problem::new(span, message, help));
    }

    fn note_time(&mut self, text: &str, start: usize) {
        let Some(time) = time(text) else { return };
        let seconds = time.as_secs_f64();
        let seconds = match time.subsec_nanos() {
            0 => time.as_secs().to_string(),
            _ => seconds.to_string(),
        };
        let times = (time.as_millis().to_string(), seconds);
        self.meanings.times.insert(start, times);
    }

    /// Replaces `${NAME}` in every string.
    pub fn interpolate(&mut self, value: &mut Spanned<DeValue<'_>>) {
        let span = value.span();
        match value.get_mut() {
            DeValue::String(string) if string.contains("${") => {
                let is_whole =
                    string.starts_with("${") && string.find('}') == Some(string.len() - 1);
                let expanded = self.expand(string, span.clone());
                // Part of a string is a string; only a whole one can be a number.
                if is_whole && is_number(&expanded) {
                    self.meanings.numbers.insert(span.start, expanded.clone());
                }
                self.note_time(&expanded, span.start);
                *string = expanded.into();
            }
            DeValue::String(string) => self.note_time(string, span.start),
            DeValue::Array(array) => array.iter_mut().for_each(|it| self.interpolate(it)),
            DeValue::Table(table) => table.iter_mut().for_each(|(_, it)| self.interpolate(it)),
            _ => {}
        }
    }

    fn expand(&mut self, string: &str, span: Range<usize>) -> String {
        let mut parts = string.split("${");
        let mut expanded = parts.next().unwrap_or_default().to_owned();
        let (mut at, mut has_words) = (expanded.len(), None);
        let logins = logins(string);
        for part in parts {
            let is_login = logins.get(logins.partition_point(|it| it.end <= at));
            let is_login = is_login.is_some_and(|it| it.contains(&at));
            at += "${".len() + part.len();
            let Some((name, rest)) = part.split_once('}') else {
                let message = format!("`${{{part}` has no closing brace");
                self.report(span.clone(), message, "write `${NAME}`".to_owned());
                continue;
            };
            match self.look_up(name) {
                Some(value) => {
                    secret::remember(&value);
                    let value = if is_login { encoded(&value) } else { value };
                    if value.contains(['!', '"', '\'']) || value.contains(char::is_whitespace) {
                        has_words = Some(name);
                    }
                    expanded.push_str(&value);
                }
                None => self.report(
                    span.clone(),
                    format!("`${{{name}}}` is not set"),
                    format!("set {name} in the environment, write it into a file that `[runtime] secrets_file` names, or give it to the service with LoadCredential={name}:FILE"),
                ),
            }
            expanded.push_str(rest);
        }
        if let Some(name) = has_words.filter(|_| Uri::is_gstreamer(&expanded)) {
            let message =
                format!("`${{{name}}}` would be more than one word of a GStreamer pipeline");
            let help = "write the elements into the pipeline file; a variable can stand for a single value there";
            self.report(span, message, help.to_owned());
        }
        expanded
    }
}

/// Where in a string users and passwords stand: from an address's scheme to the `@` before its host.
fn logins(string: &str) -> Vec<Range<usize>> {
    let begin = |(at, scheme): (usize, &str)| at + scheme.len();
    let starts = string.match_indices("://").map(begin);
    let login = |start: usize| {
        let authority = string[start..].split(['/', '?', '#', ' ']).next()?;
        Some(start..start + authority.rfind('@')?)
    };
    starts.filter_map(login).collect()
}

/// Text as an address's user or password: what is encoded already stays so.
fn encoded(text: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b'%');
    let mut parts = text.split('%');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_code = part.len() >= 2 && part.bytes().take(2).all(|it| it.is_ascii_hexdigit());
        whole.push_str(if is_code { "%" } else { "%25" });
        whole.push_str(part);
    }
    utf8_percent_encode(&whole, PLAIN).to_string()
}

/// A length of time as people write it.
fn time(text: &str) -> Option<Duration> {
    let begins = text.starts_with(|it: char| it.is_ascii_digit());
    let ends = text.ends_with(|it: char| it.is_ascii_alphabetic());
    let parsed = (begins && ends).then(|| text.parse::<jiff::SignedDuration>());
    Duration::try_from(parsed?.ok()?).ok()
}

fn is_number(text: &str) -> bool {
    use DeValue::{Boolean, Float, Integer};
    let value = DeValue::parse(text).map(Spanned::into_inner);
    matches!(value, Ok(Integer(_) | Float(_) | Boolean(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_any_signs_stands_in_an_address() {
        for (value, wanted) in [
            ("p@ss:w/rd?#", "p%40ss%3Aw%2Frd%3F%23"),
            ("100%", "100%25"),
            ("p%40ss", "p%40ss"),
            ("p!ß word", "p%21%C3%9F%20word"),
        ] {
            assert_eq!(encoded(value), wanted);
        }
    }

    #[test]
    fn only_a_login_is_one() {
        let is_login = |string: &str| {
            let at = string.find("${").expect("it is there");
            logins(string).iter().any(|it| it.contains(&at))
        };
        assert!(is_login("rtsp://admin:${PW}@10.0.0.7/live"));
        assert!(is_login(
            "rtspsrc location=rtsp://${USER}:${PW}@10.0.0.7/live ! appsink"
        ));
        for other in [
            "rtsp://${HOST}/live",
            "rtsp://a:b@${HOST}/x",
            "rtsp://h/${PATH}@x",
            "${PW}@x",
        ] {
            assert!(!is_login(other), "{other}");
        }
    }
}

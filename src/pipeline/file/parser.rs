//! A pass over one pipeline file: collects what is wrong, and puts secrets in their places.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;

use super::problem::Problem;
use crate::pipeline::contract::catalogue::Entry;
use crate::pipeline::contract::secret;

/// A pass over one file.
pub struct Parser<'a> {
    /// Where relative paths start.
    pub base: &'a Path,
    pub catalogue: &'static [Entry],
    pub problems: Vec<Problem>,
    /// Names of nodes of unknown type: what is wired to them cannot be judged.
    pub untyped: Vec<String>,
}

impl Parser<'_> {
    pub fn report(&mut self, span: Range<usize>, message: String, help: impl Into<String>) {
        self.problems.push(Problem::new(span, message, help));
    }

    /// Replaces `${NAME}` in every string.
    pub fn interpolate(&mut self, value: &mut Spanned<DeValue<'_>>) {
        let span = value.span();
        match value.get_mut() {
            DeValue::String(string) if string.contains("${") => {
                *string = self.expand(string, span).into();
            }
            DeValue::Array(array) => array.iter_mut().for_each(|it| self.interpolate(it)),
            DeValue::Table(table) => table.iter_mut().for_each(|(_, it)| self.interpolate(it)),
            _ => {}
        }
    }

    fn expand(&mut self, string: &str, span: Range<usize>) -> String {
        let mut parts = string.split("${");
        let mut expanded = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let Some((name, rest)) = part.split_once('}') else {
                let message = format!("`${{{part}` has no closing brace");
                self.report(span.clone(), message, "write `${NAME}`");
                continue;
            };
            match secret::look_up(name) {
                Some(value) => {
                    secret::remember(&value);
                    expanded.push_str(&value);
                }
                None => self.report(
                    span.clone(),
                    format!("`${{{name}}}` is not set"),
                    format!("set {name} in the environment, or give it to the service with LoadCredential={name}:FILE"),
                ),
            }
            expanded.push_str(rest);
        }
        expanded
    }
}

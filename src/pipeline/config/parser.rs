//! Walks through the tables of a pipeline file and collects what is wrong on the way.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::Plan;
use super::options::{Table, places};
use crate::pipeline::catalogue::{Entry, Role};
use crate::pipeline::options::Status;
use crate::pipeline::problem::{Problem, suggest};
use crate::pipeline::secret;

/// The tables that a pipeline file can have.
const SECTIONS: [&str; 5] = ["sources", "transforms", "sinks", "runtime", "status"];

/// A pass over one file.
pub struct Parser {
    pub catalogue: &'static [Entry],
    pub problems: Vec<Problem>,
    /// Names of nodes of unknown type: what is wired to them cannot be judged.
    pub untyped: Vec<String>,
}

impl Parser {
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

    pub fn section(
        &mut self,
        key: &Spanned<Cow<'_, str>>,
        value: Spanned<DeValue<'_>>,
        plan: &mut Plan,
    ) {
        let name = key.get_ref().as_ref();
        let table_span = value.span();
        let role = match name {
            "sources" => Some(Role::Source),
            "transforms" => Some(Role::Transform),
            "sinks" => Some(Role::Sink),
            "runtime" | "status" => None,
            _ => {
                let message = format!("unknown table `{name}`");
                return self.report(key.span(), message, suggest(name, SECTIONS));
            }
        };
        let DeValue::Table(table) = value.into_inner() else {
            let help = format!("write `[{name}.NAME]`, with options below it");
            return self.report(key.span(), format!("`{name}` must be a table"), help);
        };
        match (role, name) {
            (Some(role), _) => {
                for (id, value) in table {
                    if let Some(node) = self.node(role, &id, value, &plan.nodes) {
                        plan.nodes.push(node);
                    }
                }
            }
            (None, "runtime") => {
                let table = Spanned::new(table_span, table);
                if let Some(runtime) = self.shared_options("runtime", key.span(), table) {
                    plan.runtime = runtime;
                }
            }
            (None, _) => {
                let places = places(&table);
                let table = Spanned::new(table_span, table);
                if let Some(status) = self.shared_options::<Status>("status", key.span(), table) {
                    self.report_misuses(status.check(), &places, &key.span());
                    plan.status = status;
                }
            }
        }
    }

    fn shared_options<T>(
        &mut self,
        name: &str,
        at: Range<usize>,
        table: Spanned<DeTable<'_>>,
    ) -> Option<T>
    where
        T: for<'de> Deserialize<'de> + schemars::JsonSchema,
    {
        let schema = schemars::schema_for!(T);
        let about = Table {
            owner: name,
            at,
            schema: &schema,
        };
        self.options(&about, table, |it| T::deserialize(Deserializer::from(it)))
    }
}

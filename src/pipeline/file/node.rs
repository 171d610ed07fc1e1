//! One node of a pipeline file: its type, its inputs, what every node may say, its options.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, ValueDeserializer};

use super::parser::Parser;
use super::path::places;
use super::plan::PlannedNode;
use super::slips;
use super::table::Table;
use crate::media::kind::Kind;
use crate::pipeline::contract::catalogue::{Configured, NodeType, Role};
use crate::pipeline::file::input::Input;

impl<'a> Parser<'a> {
    /// Parses the table of one node; none if its type is not known.
    pub fn node(
        &mut self,
        role: Role,
        id: &Spanned<Cow<'_, str>>,
        value: Spanned<DeValue<'a>>,
        others: &[PlannedNode],
    ) -> Option<PlannedNode> {
        let (name, span, table_span) = (id.get_ref().as_ref(), id.span(), value.span());
        let DeValue::Table(mut table) = value.into_inner() else {
            let help = format!("write `[{}.{name}]`, with options below it", role.section());
            self.report(span, format!("`{name}` must be a table"), help);
            self.untyped.push(name.to_owned());
            return None;
        };
        self.check_name(name, &span, others);
        let Some(ty) = self.node_type(role, &span, &mut table) else {
            self.untyped.push(name.to_owned());
            return None;
        };
        let inputs = self.inputs(role, name, &span, &mut table);
        let workers = self.workers(ty, &span, &mut table);
        let optional = self.common(&mut table, "optional", false, "true or false");
        let least_needed =
            ty.is_camera() && self.common(&mut table, "least_needed", false, "true or false");
        let wait = ty.wait_ms.map(|default| self.wait(default, &mut table));
        let places = places(&table);
        let table = Spanned::new(table_span, table);
        let options = toml::Table::deserialize(Deserializer::from(table.clone()));
        let about = Table {
            owner: ty.name,
            at: span.clone(),
            schema: &(ty.schema)(),
        };
        let configured = self.options(&about, table, ty.configure);
        // Its wiring is checked even if its options are wrong.
        let configured = configured.unwrap_or_else(Configured::wrong);
        self.report_misuses(configured.misuses, &places, &span);
        let lacking: Vec<_> = configured.lacks.iter().map(|it| it.0).collect();
        let makes = ty.produces.iter().copied();
        let is_taken = |it: &&Kind| !configured.ignores.contains(&it.lane);
        Some(PlannedNode {
            id: Arc::from(name),
            span,
            ty,
            inputs,
            makes: makes.filter(|it| !lacking.contains(&it.lane)).collect(),
            takes: ty.accepts.iter().filter(is_taken).copied().collect(),
            workers,
            optional,
            least_needed,
            wait,
            live: configured.live,
            raw: Vec::new(),
            prepare: configured.prepare,
            probe: configured.probe,
            lacks: configured.lacks,
            hears: configured.hears,
            sources: configured.sources,
            labels: configured.labels,
            areas: configured.areas,
            awaits: configured.awaits,
            names: configured.names,
            names_at_hand: configured.names_at_hand,
            claims: (configured.claims)(self.base),
            places,
            at_hand: configured.at_hand,
            options: options.unwrap_or_default(),
            open: configured.open,
        })
    }

    fn check_name(&mut self, name: &str, span: &Range<usize>, others: &[PlannedNode]) {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(fits) {
            let help = "use letters, digits, `_` and `-`";
            self.report(
                span.clone(),
                format!("`{name}` cannot be a node's name"),
                help,
            );
        }
        if others.iter().any(|other| *other.id == *name) {
            let help = "inputs name nodes across all tables, so every name must be unique";
            self.report(
                span.clone(),
                format!("there is another node `{name}`"),
                help,
            );
        }
    }

    fn workers(&mut self, ty: &NodeType, span: &Range<usize>, table: &mut DeTable<'a>) -> usize {
        let workers: u16 = self.common(table, "workers", 1, "a number from 1 to 64");
        if !(1..=64).contains(&workers) || (workers > 1 && !ty.stateless) {
            let message = format!("`{}` cannot have {workers} workers", ty.name);
            let help =
                "only nodes that keep nothing between packets can have more than 1, up to 64";
            self.report(span.clone(), message, help);
        }
        usize::from(workers)
    }

    fn wait(&mut self, default: u64, table: &mut DeTable<'a>) -> Duration {
        let help = "a number of milliseconds from 0 to 3600000";
        let span = table.get("wait_ms").map(Spanned::span);
        let wait: u64 = self.common(table, "wait_ms", default, help);
        if let Some(span) = span
            && wait > 3_600_000
        {
            self.report(span, "`wait_ms` is out of range".to_owned(), help);
        }
        Duration::from_millis(wait)
    }

    fn inputs(
        &mut self,
        role: Role,
        name: &str,
        node: &Range<usize>,
        table: &mut DeTable<'_>,
    ) -> Vec<(Input, Range<usize>)> {
        let value = table.remove("inputs");
        if role == Role::Source {
            if let Some(value) = value {
                let help = "sources bring media in; remove `inputs`";
                self.report(
                    value.span(),
                    format!("`{name}` is a source and takes no inputs"),
                    help,
                );
            }
            return Vec::new();
        }
        let Some(value) = value else {
            if let Some((key, _)) = table.remove_entry("input") {
                let (message, help) = ("there is no option `input`", "write `inputs`");
                self.report(key.span(), message.to_owned(), help);
                return Vec::new();
            }
            let help = "add `inputs = [\"NAME\"]` with the nodes whose output it takes";
            self.report(node.clone(), format!("`{name}` has no `inputs`"), help);
            return Vec::new();
        };
        let span = value.span();
        let DeValue::Array(array) = value.into_inner() else {
            let written = self.text.get(span.clone()).unwrap_or("\"NAME\"");
            let help = format!("write `inputs = [{written}]`");
            self.report(span, "`inputs` must be a list".to_owned(), help);
            return Vec::new();
        };
        if array.is_empty() {
            let help = "name the nodes whose output it takes";
            self.report(span, format!("`{name}` has no inputs"), help);
        }
        let mut inputs = Vec::new();
        for item in array {
            let span = item.span();
            match Input::deserialize(ValueDeserializer::from(item)) {
                Ok(input) if input.queue().0.is_none_or(|it| (1..=10_000).contains(&it)) => {
                    inputs.push((input, span));
                }
                _ => {
                    let help = "a name, or { from = \"NAME\", capacity = 1 to 10000, when_full = \"block\", \"drop_oldest\" or \"drop_newest\", unsure = true }";
                    self.report(span, "this is no input".to_owned(), help);
                }
            }
        }
        inputs
    }

    fn common<T: Deserialize<'a>>(
        &mut self,
        table: &mut DeTable<'a>,
        key: &str,
        default: T,
        help: &str,
    ) -> T {
        let Some(value) = table.remove(key) else {
            return default;
        };
        let span = value.span();
        let value = self.understood(key, &json!({ "type": ["integer", "boolean"] }), value);
        T::deserialize(ValueDeserializer::from(value)).unwrap_or_else(|_| {
            let written = self.text.get(span.clone()).unwrap_or_default();
            let truth = slips::truth(written.trim_matches(['"', '\'']));
            let help = match truth.filter(|_| help.starts_with("true")) {
                Some(truth) => format!("write `{key} = {truth}`"),
                None => help.to_owned(),
            };
            self.report(span, format!("`{key}` is wrong"), help);
            default
        })
    }
}

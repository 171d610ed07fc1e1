//! Walks through the tables of a pipeline file.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::own_tests::{self, PlannedTest, Test};
use super::parser::Parser;
use super::path::places;
use super::plan::Plan;
use super::problem::suggest;
use super::status::Status;
use super::table::Table;
use crate::pipeline::contract::catalogue::Role;

/// The tables that a pipeline file can have.
const SECTIONS: [&str; 6] = [
    "sources",
    "transforms",
    "sinks",
    "runtime",
    "status",
    own_tests::SECTION,
];

/// Each node is a thread. No machine that this is for runs more.
const MOST_NODES: usize = 1_000;

impl<'a> Parser<'a> {
    /// One table of the file, into the plan.
    pub fn section(
        &mut self,
        key: &Spanned<Cow<'_, str>>,
        value: Spanned<DeValue<'a>>,
        plan: &mut Plan,
    ) {
        let name = key.get_ref().as_ref();
        let table_span = value.span();
        let role = match name {
            "sources" => Some(Role::Source),
            "transforms" => Some(Role::Transform),
            "sinks" => Some(Role::Sink),
            "runtime" | "status" => None,
            own_tests::SECTION => return self.tests(key, value, plan),
            _ => {
                let message = format!("unknown table `{name}`");
                match value.get_ref() {
                    DeValue::Table(table) => {
                        let names = table.keys().map(|it| it.get_ref().to_string());
                        self.untyped.extend(names);
                    }
                    other => self.lost |= matches!(other, DeValue::Array(_)),
                }
                return self.report(key.span(), message, suggest(name, SECTIONS));
            }
        };
        let DeValue::Table(table) = value.into_inner() else {
            self.lost |= role.is_some();
            let help = format!("write `[{name}.NAME]`, with options below it");
            return self.report(key.span(), format!("`{name}` must be a table"), help);
        };
        match (role, name) {
            (Some(_), _) if table.get("type").is_some_and(|it| it.get_ref().is_str()) => {
                self.lost = true;
                let help = format!("write `[{name}.NAME]` above the options of each node");
                self.report(
                    key.span(),
                    format!("`{name}` holds nodes, not options"),
                    help,
                );
            }
            (Some(role), _) => {
                for (id, value) in table {
                    if plan.nodes.len() >= MOST_NODES {
                        self.lost = true;
                        let message = format!("there are more than {MOST_NODES} nodes");
                        let help = "split the pipeline into several files, each run by itself";
                        return self.report(id.span(), message, help);
                    }
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

    /// `[[test]]`: each is looked at by itself.
    fn tests(&mut self, key: &Spanned<Cow<'_, str>>, value: Spanned<DeValue<'a>>, plan: &mut Plan) {
        let DeValue::Array(tests) = value.into_inner() else {
            let help = "write `[[test]]` above each of them";
            return self.report(key.span(), "`test` must be a list".to_owned(), help);
        };
        for test in tests {
            let span = test.span();
            let DeValue::Table(table) = test.into_inner() else {
                let help = "write `[[test]]`, with what it gives and expects below it";
                self.report(span, "a test must be a table".to_owned(), help);
                continue;
            };
            let places = places(&table);
            let table = Spanned::new(span.clone(), table);
            if let Some(test) = self.shared_options::<Test>(own_tests::SECTION, span.clone(), table)
            {
                plan.tests.push(PlannedTest { test, span, places });
            }
        }
    }

    fn shared_options<T>(
        &mut self,
        name: &str,
        at: Range<usize>,
        table: Spanned<DeTable<'a>>,
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

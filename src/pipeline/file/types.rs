//! The type that a node names, and what there is instead of one that does not exist.

use std::ops::Range;

use toml::de::DeTable;

use super::parser::Parser;
use super::problem::suggest;
use crate::pipeline::contract::catalogue::{Entry, NodeType, Role};

/// What people look for and otus has no node for: words, and what there is today.
const INSTEAD: [(&[&str], &str); 4] = [
    (
        &[
            "websocket",
            "sse",
            "kafka",
            "redis",
            "nats",
            "amqp",
            "influxdb",
            "postgres",
        ],
        "otus does not speak to it: a broker's bridge takes events on from `mqtt`, a program of yours reads them at `/events` of the HTTP \
         endpoint or from the file or pipe of a `jsonl`",
    ),
    (
        &["email", "telegram", "slack"],
        "otus sends no messages to people: Home Assistant does, by `mqtt`, or a program that reads the events of a `jsonl`",
    ),
    (
        &["csv", "xml", "yaml", "parquet"],
        "events are written as lines of JSON, by `jsonl`; `jq` makes other formats of them",
    ),
    (
        &[
            "pose",
            "face_recognition",
            "ocr",
            "license_plate",
            "resize",
            "scale",
            "tts",
            "translate",
        ],
        "there is no node for this; `detect` finds objects and makes frames fit its model by itself",
    ),
];

impl Parser<'_> {
    /// The type that a node names; takes `type` out of its table.
    pub fn node_type(
        &mut self,
        role: Role,
        node: &Range<usize>,
        table: &mut DeTable<'_>,
    ) -> Option<&'static NodeType> {
        let Some(value) = table.remove("type") else {
            let help = format!("one of: {}", names(self.catalogue, role).join(", "));
            self.report(node.clone(), "the node has no `type`".to_owned(), help);
            return None;
        };
        let Some(name) = value.get_ref().as_str() else {
            self.report(value.span(), "`type` must be a string".to_owned(), "");
            return None;
        };
        // A source and a sink may have one name: what one gives the other takes.
        let mut named = self.catalogue.iter().filter(|entry| entry.name() == name);
        let is_of_role = |it: &&Entry| matches!(it, Entry::Present(ty) if ty.role == role);
        let entry = named.clone().find(is_of_role).or_else(|| named.next());
        match entry {
            Some(Entry::Present(ty)) if ty.role == role => Some(ty),
            Some(Entry::Present(ty)) => {
                let message = format!("`{name}` is a {}, not a {}", ty.role.name(), role.name());
                let help = format!("put the node under `[{}.NAME]`", ty.role.section());
                self.report(value.span(), message, help);
                None
            }
            Some(Entry::Absent { feature, .. }) => {
                let message = format!("this build has no `{name}`");
                let help = format!("it was built without the feature `{feature}`");
                self.report(value.span(), message, help);
                None
            }
            None => {
                let help = instead(name, role, self.catalogue);
                self.report(value.span(), format!("unknown type `{name}`"), help);
                None
            }
        }
    }
}

/// What to write instead of a type that there is not.
fn instead(name: &str, role: Role, catalogue: &'static [Entry]) -> String {
    let name = &*name.to_ascii_lowercase().replace('-', "_");
    let (here, elsewhere): (Vec<&NodeType>, Vec<_>) =
        meant(name, catalogue).partition(|it| it.role == role);
    let today = INSTEAD.iter().find(|(words, _)| words.contains(&name));
    match (here.is_empty(), today, elsewhere.is_empty()) {
        (false, ..) => {
            let shown = |ty: &&NodeType| format!("`type = \"{}\"` ({})", ty.name, about(ty));
            let shown: Vec<String> = here.iter().map(shown).collect();
            format!("write {}", shown.join(" or "))
        }
        (_, Some((_, today)), _) => (*today).to_owned(),
        (.., false) => {
            let shown = |ty: &&NodeType| {
                let (section, name) = (ty.role.section(), ty.name);
                format!(
                    "`type = \"{name}\"` under `[{section}.NAME]` ({})",
                    about(ty)
                )
            };
            let shown: Vec<String> = elsewhere.iter().map(shown).collect();
            format!("write {}", shown.join(" or "))
        }
        _ => suggest(name, names(catalogue, role)),
    }
}

fn about(ty: &NodeType) -> &'static str {
    ty.about.trim_end_matches('.')
}

/// The types that people mean by a word.
fn meant(word: &str, catalogue: &'static [Entry]) -> impl Iterator<Item = &'static NodeType> {
    catalogue.iter().filter_map(move |entry| match entry {
        Entry::Present(ty) if ty.also.contains(&word) => Some(ty),
        _ => None,
    })
}

fn names(catalogue: &'static [Entry], role: Role) -> Vec<&'static str> {
    let of_role = |entry: &&Entry| match entry {
        Entry::Present(ty) => ty.role == role,
        Entry::Absent { .. } => false,
    };
    catalogue.iter().filter(of_role).map(Entry::name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_not_is_told_in_words_that_are_nowhere_twice() {
        let mut seen = std::collections::HashSet::new();
        let words = INSTEAD.iter().flat_map(|(words, _)| words.iter());
        for word in words {
            assert!(seen.insert(word), "{word} is there twice");
        }
    }
}

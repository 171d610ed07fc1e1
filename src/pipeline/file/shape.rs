//! What the JSON Schema of a table says of the values in it, at every depth.

use serde_json::{Map, Value};

use super::path::Step;

/// The schema of one value, with the document that its references lead into.
#[derive(Clone, Copy)]
pub struct Shape<'s> {
    root: &'s Value,
    at: &'s Value,
}

impl<'s> Shape<'s> {
    /// The schema of a whole table.
    pub fn of(root: &'s Value) -> Shape<'s> {
        Shape { root, at: root }
    }

    /// The schema itself: of what is optional, that of what it is if it is there.
    pub fn schema(self) -> &'s Value {
        let mut at = self.at;
        loop {
            let referred = at.get("$ref").and_then(Value::as_str);
            let referred = referred.and_then(|it| self.root.pointer(it.trim_start_matches('#')));
            let only = || {
                let choices = at.get("anyOf")?.as_array()?;
                let mut real = choices
                    .iter()
                    .filter(|it| it.get("type") != Some(&"null".into()));
                real.next().filter(|_| real.next().is_none())
            };
            match referred.or_else(only) {
                Some(next) => at = next,
                None => return at,
            }
        }
    }

    /// What is said of an option, beside its type.
    pub fn about(self) -> Option<&'s str> {
        let said = |of: &'s Value| of.get("description")?.as_str();
        said(self.at).or_else(|| said(self.schema()))
    }

    /// What it is where the file says nothing.
    pub fn default(self) -> Option<&'s Value> {
        self.at.get("default")
    }

    /// What it can be, if that is more than one thing.
    pub fn choices(self) -> Option<Vec<Shape<'s>>> {
        let choices = ["oneOf", "anyOf"]
            .iter()
            .find_map(|it| self.schema().get(it)?.as_array());
        let real = choices?
            .iter()
            .filter(|it| it.get("type") != Some(&"null".into()));
        Some(real.map(|at| Shape { at, ..self }).collect())
    }

    /// The JSON type of what it is if it is there, if that is one.
    pub fn only_type(self) -> Option<&'s str> {
        let types = match self.schema().get("type")? {
            Value::String(name) => return Some(name),
            types => types.as_array()?,
        };
        let real = types.iter().filter_map(Value::as_str);
        let mut real = real.filter(|it| *it != "null");
        real.next().filter(|_| real.next().is_none())
    }

    /// Whether it is one of some words.
    pub fn is_words(self) -> bool {
        let is_word = |it: Shape<'_>| it.only_type() == Some("string") || it.is_words();
        let schema = self.schema();
        schema.get("enum").is_some()
            || schema.get("const").is_some_and(Value::is_string)
            || self
                .choices()
                .is_some_and(|all| all.into_iter().all(is_word))
    }

    /// Whether it can be this word: if it is one of some words, only those.
    pub fn has_word(self, word: &str) -> bool {
        let schema = self.schema();
        let is_listed = |list: &Value| {
            let list = list.as_array();
            list.is_some_and(|all| all.iter().any(|it| it == word))
        };
        let is_one = |it: Shape<'_>| it.is_words() && it.has_word(word);
        match (schema.get("enum"), schema.get("const"), self.choices()) {
            _ if !self.is_words() => true,
            (Some(list), _, _) => is_listed(list),
            (_, Some(only), _) => only == word,
            (_, _, Some(choices)) => {
                let is_free = |it: &Shape<'_>| it.only_type() == Some("string") && !it.is_words();
                choices.iter().any(is_free) || choices.into_iter().any(is_one)
            }
            _ => true,
        }
    }

    /// The options of a table; none if it is no table, or may have any.
    pub fn properties(self) -> Option<&'s Map<String, Value>> {
        self.schema().get("properties")?.as_object()
    }

    /// The schema of one option of a table.
    pub fn property(self, name: &str) -> Option<Shape<'s>> {
        let at = self.properties()?.get(name)?;
        Some(Shape { at, ..self })
    }

    /// The schema of the values of a list.
    pub fn items(self) -> Option<Shape<'s>> {
        let at = self.schema().get("items")?;
        Some(Shape { at, ..self })
    }

    /// The schema of what a way leads to.
    pub fn at(self, path: &[Step]) -> Option<Shape<'s>> {
        path.iter().try_fold(self, |shape, step| match step {
            Step::Key(key) => shape.property(key),
            Step::Index(_) => shape.items(),
        })
    }
}

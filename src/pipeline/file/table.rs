//! The options of one table, checked against their schema: unknown keys, ranges, types.

use std::borrow::Cow;
use std::ops::Range;

use schemars::Schema;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error as TomlError};

use super::parser::Parser;
use crate::pipeline::contract::error::Misuse;
use crate::pipeline::file::problem::suggest;

/// What one table may hold.
pub struct Table<'a> {
    /// Whose options they are, for messages.
    pub owner: &'a str,
    /// Where the owner's name stands in the file.
    pub at: Range<usize>,
    /// JSON Schema of the options.
    pub schema: &'a Schema,
}

impl Table<'_> {
    fn properties(&self) -> Option<&Map<String, Value>> {
        self.schema.get("properties")?.as_object()
    }
}

/// Where the value of each option stands in the file.
pub fn places(table: &DeTable<'_>) -> Vec<(String, Range<usize>)> {
    let place = |(key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        (key.get_ref().to_string(), value.span())
    };
    table.iter().map(place).collect()
}

impl<'a> Parser<'a> {
    /// Reports wrong options at their places, or `at` if they are not there.
    pub fn report_misuses(
        &mut self,
        misuses: Vec<Misuse>,
        places: &[(String, Range<usize>)],
        at: &Range<usize>,
    ) {
        for misuse in misuses {
            let place = places.iter().find(|(option, _)| option == misuse.option);
            let place = place.map_or(at, |(_, place)| place);
            self.report(place.clone(), misuse.message, misuse.help);
        }
    }

    /// Parses the options of one table and reports everything wrong with them.
    pub fn options<T>(
        &mut self,
        table: &Table<'_>,
        mut values: Spanned<DeTable<'a>>,
        parse: impl Fn(Spanned<DeTable<'a>>) -> Result<T, TomlError>,
    ) -> Option<T> {
        let before = self.problems.len();
        self.understand(table, values.get_mut());
        let mut removed = self.remove_impossible(table, values.get_mut());
        // serde stops at the first error: take out what it complains about and ask again.
        loop {
            match parse(values.clone()) {
                Ok(options) => return (self.problems.len() == before).then_some(options),
                Err(error) => {
                    let culprit = self.blame(table, &error, values.get_ref(), &removed)?;
                    values.get_mut().remove(culprit.as_str());
                    removed.push(culprit);
                }
            }
        }
    }

    /// Puts numbers in the place of strings that stand for them.
    fn understand(&self, table: &Table<'_>, values: &mut DeTable<'a>) {
        for (key, value) in values.iter_mut() {
            let name = key.get_ref().as_ref();
            if let Some(schema) = table.properties().and_then(|it| it.get(name)) {
                *value = self.understood(name, schema, value.clone());
            }
        }
    }

    /// The value of an option, as a number if it is a string that stands for one and is to be one.
    pub fn understood(
        &self,
        option: &str,
        schema: &Value,
        value: Spanned<DeValue<'a>>,
    ) -> Spanned<DeValue<'a>> {
        let span = value.span();
        let is_string = matches!(value.get_ref(), DeValue::String(_));
        let number = self.meanings.of(span.start, option, schema);
        match number.filter(|_| is_string).map(DeValue::parse) {
            Some(Ok(number)) => Spanned::new(span, number.into_inner()),
            _ => value,
        }
    }

    /// Takes out options that are unknown or out of range; gives their names.
    fn remove_impossible(&mut self, table: &Table<'_>, values: &mut DeTable<'_>) -> Vec<String> {
        let known = || {
            table
                .properties()
                .into_iter()
                .flatten()
                .map(|it| it.0.as_str())
        };
        let mut removed = Vec::new();
        for (key, value) in values.iter() {
            let name = key.get_ref().as_ref();
            match table.properties().and_then(|it| it.get(name)) {
                None => {
                    let message = format!("unknown option `{name}` of `{}`", table.owner);
                    self.report(key.span(), message, suggest(name, known()));
                }
                Some(limits) => match out_of_range(value.get_ref(), limits) {
                    Some(range) => {
                        self.report(value.span(), format!("`{name}` is out of range"), range)
                    }
                    None => continue,
                },
            }
            removed.push(name.to_owned());
        }
        removed
            .iter()
            .for_each(|name| drop(values.remove(name.as_str())));
        removed
    }

    /// Reports serde's complaint; gives the option that it is about, if it is about one.
    fn blame(
        &mut self,
        table: &Table<'_>,
        error: &TomlError,
        values: &DeTable<'_>,
        removed: &[String],
    ) -> Option<String> {
        let span = error.span().unwrap_or(table.at.clone());
        let holds = |it: Range<usize>| it.start <= span.start && span.end <= it.end;
        let culprit = values.iter().find(|(_, value)| holds(value.span()));
        let Some((key, _)) = culprit else {
            // A required option that was taken out is missing only because it was wrong.
            let about_removed = |key: &String| error.message().contains(&format!("`{key}`"));
            if !removed.iter().any(about_removed) {
                let help = format!("see `otus nodes {}`", table.owner);
                self.report(table.at.clone(), error.message().to_owned(), help);
            }
            return None;
        };
        let name = key.get_ref().to_string();
        let about = table
            .properties()
            .and_then(|it| it.get(&name)?.get("description")?.as_str());
        let help = about.unwrap_or_default().replace('\n', " ");
        self.report(span, format!("`{name}`: {}", error.message()), help);
        Some(name)
    }
}

/// The range that a number breaks, in words, going by the option's schema.
fn out_of_range(value: &DeValue<'_>, schema: &Value) -> Option<String> {
    let number = match value {
        DeValue::Integer(integer) => integer.as_str().replace('_', "").parse::<f64>().ok()?,
        DeValue::Float(float) => float.as_str().replace('_', "").parse::<f64>().ok()?,
        _ => return None,
    };
    let limit = |key| schema.get(key).and_then(Value::as_f64);
    let (least, most) = (limit("minimum"), limit("maximum"));
    let inside =
        least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most);
    let words = match (least, most) {
        (Some(least), Some(most)) => format!("from {least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => return None,
    };
    (!inside).then(|| format!("it can be {words}"))
}

//! The options of one table, checked against their schema at every depth: unknown keys, ranges, types.

use std::ops::Range;

use schemars::Schema;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error as TomlError};

use super::parser::Parser;
use super::path::{name_of, path_to, place_of, take_out};
use super::problem::{nearest, suggest};
use super::shape::Shape;
use super::slips;
use crate::pipeline::contract::error::Misuse;

/// What one table may hold.
pub struct Table<'a> {
    /// Whose options they are, for messages.
    pub owner: &'a str,
    /// Where the owner's name stands in the file.
    pub at: Range<usize>,
    /// JSON Schema of the options.
    pub schema: &'a Schema,
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
            let place = place_of(&misuse.option, places).unwrap_or(at);
            let part = misuse.part.and_then(|part| self.part_of(place, part));
            self.report(part.unwrap_or(place.clone()), misuse.message, misuse.help);
        }
    }

    /// Where some bytes of a string's text stand in the file: inside its quotes, if it stands there as it
    /// is, without escapes and references to the environment.
    fn part_of(&self, string: &Range<usize>, part: Range<usize>) -> Option<Range<usize>> {
        let written = self.text.get(string.clone())?;
        let quoted = written
            .trim_start_matches("\"\"\"")
            .trim_start_matches("'''");
        // A line break right after three quotes is none of the text's.
        let inside = match written.len() - quoted.len() {
            0 => 1,
            quotes if quoted.starts_with("\r\n") => quotes + 2,
            quotes => quotes + usize::from(quoted.starts_with('\n')),
        };
        let is_literal = written.starts_with('\'') || !written.contains('\\');
        let is_plain = is_literal && !written.contains("${");
        let (start, end) = (
            string.start + inside + part.start,
            string.start + inside + part.end,
        );
        (is_plain && end <= string.end).then_some(start..end)
    }

    /// Parses the options of one table and reports everything wrong with them.
    pub fn options<T>(
        &mut self,
        table: &Table<'_>,
        mut values: Spanned<DeTable<'a>>,
        parse: impl Fn(Spanned<DeTable<'a>>) -> Result<T, TomlError>,
    ) -> Option<T> {
        let before = self.problems.len();
        let shape = Shape::of(table.schema.as_value());
        let mut removed = Vec::new();
        self.inspect_table(table.owner, shape, values.get_mut(), &mut removed);
        // serde stops at the first error: take out what it complains about and ask again.
        loop {
            match parse(values.clone()) {
                Ok(options) => return (self.problems.len() == before).then_some(options),
                Err(error) => self.blame(table, &error, values.get_mut(), &mut removed)?,
            }
        }
    }

    /// Takes out options that are unknown or out of range, and notes their names.
    fn inspect_table(
        &mut self,
        owner: &str,
        shape: Shape<'_>,
        values: &mut DeTable<'a>,
        removed: &mut Vec<String>,
    ) {
        let known = || {
            shape
                .properties()
                .into_iter()
                .flatten()
                .map(|it| it.0.as_str())
        };
        let mut wrong = Vec::new();
        for (key, value) in values.iter_mut() {
            let name = key.get_ref().as_ref();
            let is_right = match shape.property(name) {
                Some(shape) => self.inspect(owner, name, shape, value, removed),
                None => {
                    let message = format!("unknown option `{name}` of `{owner}`");
                    self.report(key.span(), message, suggest(name, known()));
                    // The one that is meant is not missing too.
                    removed.extend(nearest(name, known()).map(str::to_owned));
                    false
                }
            };
            if !is_right {
                wrong.push(name.to_owned());
            }
        }
        wrong
            .iter()
            .for_each(|name| drop(values.remove(name.as_str())));
        removed.extend(wrong);
    }

    /// Looks at one value and those inside it; says whether it can stay.
    fn inspect(
        &mut self,
        owner: &str,
        name: &str,
        shape: Shape<'_>,
        value: &mut Spanned<DeValue<'a>>,
        removed: &mut Vec<String>,
    ) -> bool {
        *value = self.understood(name, shape.schema(), value.clone());
        if let Some(range) = out_of_range(value.get_ref(), shape.schema()) {
            self.report(value.span(), format!("`{name}` is out of range"), range);
            return false;
        }
        match value.get_mut() {
            DeValue::Table(values) if shape.properties().is_some() => {
                self.inspect_table(owner, shape, values, removed);
            }
            DeValue::Array(values) => {
                if let Some(items) = shape.items() {
                    let mut right = Vec::new();
                    for mut value in values.iter().cloned() {
                        if self.inspect(owner, name, items, &mut value, removed) {
                            right.push(value);
                        }
                    }
                    *values = right.into_iter().collect();
                }
            }
            _ => {}
        }
        true
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

    /// Reports serde's complaint and takes out what it is about; none if that is the table as a whole.
    fn blame(
        &mut self,
        table: &Table<'_>,
        error: &TomlError,
        values: &mut DeTable<'a>,
        removed: &mut Vec<String>,
    ) -> Option<()> {
        let message = error.message();
        let mut span = error.span().unwrap_or(table.at.clone());
        if path_to(values, &span).is_empty() && !message.starts_with("missing field") {
            span = misplaced(values, table.schema).unwrap_or(span);
        }
        let path = path_to(values, &span);
        // A required option that was taken out is missing only because it was wrong.
        let about_removed = |key: &String| message.contains(&format!("`{key}`"));
        let known = message.starts_with("missing field") && removed.iter().any(about_removed);
        let Some(name) = name_of(&path) else {
            if !known {
                let help = format!("see `otus nodes {}`", table.owner);
                self.report(table.at.clone(), message.to_owned(), help);
            }
            return None;
        };
        if !known {
            let shape = Shape::of(table.schema.as_value()).at(&path);
            let about = shape.and_then(Shape::about).unwrap_or_default();
            let written = self.text.get(span.clone()).unwrap_or_default();
            let slip = shape.and_then(|it| slips::better(name, written, it));
            let help = slip.unwrap_or_else(|| about.replace('\n', " "));
            let message = slips::in_words(message);
            self.report(span, format!("`{name}`: {message}"), help);
        }
        removed.push(name.to_owned());
        take_out(values, &path);
        Some(())
    }
}

/// Where the first value stands that is not what its schema wants: of options that several nodes share, serde does
/// not tell.
fn misplaced(values: &DeTable<'_>, schema: &Schema) -> Option<Range<usize>> {
    let shape = Shape::of(schema.as_value());
    let mut all = values.iter();
    all.find_map(|(key, value)| unfit(shape.property(key.get_ref())?, value))
}

/// Where what is wrong with a value stands; none if it is as its schema wants it.
fn unfit(shape: Shape<'_>, value: &Spanned<DeValue<'_>>) -> Option<Range<usize>> {
    let limit = |key| shape.schema().get(key).and_then(Value::as_u64);
    let is_right = match (shape.only_type(), value.get_ref()) {
        (Some("string"), it) => matches!(it, DeValue::String(_)),
        (Some("boolean"), it) => matches!(it, DeValue::Boolean(_)),
        (Some("integer"), it) => matches!(it, DeValue::Integer(_)),
        (Some("number"), it) => matches!(it, DeValue::Integer(_) | DeValue::Float(_)),
        (Some("array"), DeValue::Array(items)) => {
            let wrong = |it: &Spanned<DeValue<'_>>| unfit(shape.items()?, it);
            if let Some(place) = items.iter().find_map(wrong) {
                return Some(place);
            }
            let count = items.len() as u64;
            let is_enough = limit("minItems").is_none_or(|least| count >= least);
            is_enough && limit("maxItems").is_none_or(|most| count <= most)
        }
        (Some("array"), _) => false,
        _ => true,
    };
    let is_word = match value.get_ref() {
        DeValue::String(word) => shape.has_word(word),
        _ => !shape.is_words(),
    };
    let choices = shape.choices().unwrap_or_default();
    let is_none = !choices.is_empty() && choices.iter().all(|it| unfit(*it, value).is_some());
    (!is_right || !is_word || is_none).then(|| value.span())
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

//! Ways from a table of a pipeline file to a value in it, at any depth.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// To an option of a table.
    Key(String),
    /// To an entry of a list.
    Index(usize),
}

/// The way to the innermost value that holds a part of the file; empty if none does.
pub fn path_to(values: &DeTable<'_>, part: &Range<usize>) -> Vec<Step> {
    let inside = |(key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        way_into(Step::Key(key.get_ref().to_string()), value, part)
    };
    values.iter().find_map(inside).unwrap_or_default()
}

/// A step to a value and those inside it. A list of `[[tables]]` is where the first of them begins: what
/// is inside need not lie within.
fn way_into(step: Step, value: &Spanned<DeValue<'_>>, part: &Range<usize>) -> Option<Vec<Step>> {
    let inside = match value.get_ref() {
        DeValue::Array(list) => {
            let mut entries = list.iter().enumerate();
            entries.find_map(|(at, value)| way_into(Step::Index(at), value, part))
        }
        DeValue::Table(table) => Some(path_to(table, part)).filter(|it| !it.is_empty()),
        _ => None,
    };
    let span = value.span();
    let holds = span.start <= part.start && part.end <= span.end;
    let rest = inside.or_else(|| holds.then(Vec::new))?;
    Some(std::iter::once(step).chain(rest).collect())
}

/// Takes a value out.
pub fn take_out(values: &mut DeTable<'_>, path: &[Step]) {
    let [Step::Key(key), rest @ ..] = path else {
        return;
    };
    if rest.is_empty() {
        values.remove(key.as_str());
    } else if let Some(value) = values.get_mut(key.as_str()) {
        take_out_of(value.get_mut(), rest);
    }
}

fn take_out_of(value: &mut DeValue<'_>, path: &[Step]) {
    match (value, path) {
        (DeValue::Array(list), [Step::Index(at)]) => {
            let others = list.iter().enumerate().filter(|(it, _)| it != at);
            *list = others.map(|(_, value)| value.clone()).collect();
        }
        (DeValue::Array(list), [Step::Index(at), rest @ ..]) => {
            take_out_of(list.as_mut()[*at].get_mut(), rest);
        }
        (DeValue::Table(table), path) => take_out(table, path),
        _ => {}
    }
}

/// The name of the option that a way leads to, or into.
pub fn name_of(path: &[Step]) -> Option<&str> {
    path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    })
}

/// Where the value of each option stands in the file: `labels`, `rules[0]`, `rules[0].when`.
pub fn places(table: &DeTable<'_>) -> Vec<(String, Range<usize>)> {
    let mut places = Vec::new();
    for (key, value) in table.iter() {
        note(key.get_ref().to_string(), value, &mut places);
    }
    places
}

/// Where the value of one option stands.
pub fn place_of<'a>(
    option: &str,
    places: &'a [(String, Range<usize>)],
) -> Option<&'a Range<usize>> {
    let place = places.iter().find(|(name, _)| name == option);
    place.map(|(_, place)| place)
}

fn note(name: String, value: &Spanned<DeValue<'_>>, places: &mut Vec<(String, Range<usize>)>) {
    match value.get_ref() {
        DeValue::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                note(format!("{name}[{at}]"), value, places);
            }
        }
        DeValue::Table(table) => {
            for (key, value) in table.iter() {
                note(format!("{name}.{}", key.get_ref()), value, places);
            }
        }
        _ => {}
    }
    places.push((name, value.span()));
}

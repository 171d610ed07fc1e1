//! Conditions over the fields of events, in CEL (the Common Expression Language, <https://cel.dev>).
//!
//! A condition is checked with the pipeline file: that it parses, that the fields it names are fields of
//! some kind of event, and that what it does with them fits their types ([`check`]). At run time it is
//! asked of one event after the other; a field that an event has not got makes whatever needs it not hold.

mod check;
mod fields;
mod mistake;
mod only;
mod types;

use std::sync::Arc;

use cel::common::ast::IdedExpr;
use cel::objects::{Key, Map};
use cel::parser::{ParseError, Parser};
use cel::{Context, Env, Value};
use serde::Serialize;
use serde_json::Value as Json;

use self::mistake::Mistake;
use self::only::Only;

/// A condition that was checked.
pub struct Expression {
    root: IdedExpr,
    /// The fields it asks for.
    asked: Vec<String>,
    /// What it can hold of at all.
    only: Only,
    env: Arc<Env>,
}

/// Fields of one event, for any number of conditions.
pub struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Those of these names that there are.
    pub fn of<'n>(
        mut fields: serde_json::Map<String, Json>,
        names: impl IntoIterator<Item = &'n String>,
    ) -> Fields {
        let names = names.into_iter();
        let found = names.filter_map(|name| fields.remove_entry(name));
        Fields(found.map(|(name, it)| (name, value_of(it))).collect())
    }
}

impl Expression {
    /// Parses and checks the text of a condition.
    ///
    /// # Errors
    /// The first thing that is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Expression, Mistake> {
        let (root, source) = Parser::new()
            .parse_with_source_info(text)
            .map_err(|errors| syntax(errors.errors.first(), text))?;
        check::condition(&root, &source)?;
        let asked = root.references();
        let asked = asked.variables().into_iter().map(str::to_owned).collect();
        Ok(Expression {
            only: Only::of(&root),
            root,
            asked,
            env: Arc::new(Env::stdlib()),
        })
    }

    /// Names of the fields that it asks for.
    pub fn asks_for(&self) -> &[String] {
        &self.asked
    }

    /// Whether it may hold of an event of this kind, of this node and source. Quick: most conditions are about one kind.
    pub fn may_hold(&self, kind: &str, node: Option<&str>, source: &str) -> bool {
        self.only.lets(kind, node, source)
    }

    /// Whether it holds of what is written as `line`, such as an event.
    pub fn holds(&self, line: &impl Serialize) -> bool {
        let Ok(Json::Object(fields)) = serde_json::to_value(line) else {
            return false;
        };
        self.holds_of(&Fields::of(fields, &self.asked))
    }

    /// The same of fields.
    pub fn holds_of(&self, fields: &Fields) -> bool {
        let mut context = Context::with_env(Arc::clone(&self.env));
        for (name, value) in &fields.0 {
            if self.asked.contains(name) {
                context.add_variable_from_value(name.as_str(), value.clone());
            }
        }
        matches!(Value::resolve(&self.root, &context), Ok(Value::Bool(true)))
    }
}

/// JSON as CEL has it: numbers with a point are doubles, all others are integers.
fn value_of(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(it) => Value::Bool(it),
        Json::Number(it) => match it.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(it.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(it) => Value::String(Arc::new(it)),
        Json::Array(list) => Value::List(Arc::new(list.into_iter().map(value_of).collect())),
        Json::Object(fields) => {
            let fields = fields.into_iter();
            let map = fields.map(|(name, value)| (Key::String(Arc::new(name)), value_of(value)));
            Value::Map(Map {
                map: Arc::new(map.collect()),
            })
        }
    }
}

fn syntax(error: Option<&ParseError>, text: &str) -> Mistake {
    let (line, column) = error.map_or((1, 0), |it| it.pos);
    let said = error.map_or("it cannot be read", |it| &it.msg);
    // What could stand there instead is a list of all tokens.
    let said = said.split(" expecting ").next().unwrap_or(said);
    let said = said.trim_start_matches("Syntax error: ");
    let said = said.replace("mismatched input '<EOF>'", "it ends too early");
    let before = text.split_inclusive('\n').take((line - 1).max(0) as usize);
    let start = before.map(str::len).sum::<usize>();
    let on_line = text[start..]
        .char_indices()
        .nth((column - 1).max(0) as usize);
    let at = on_line.map_or(text.len(), |(at, _)| start + at);
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let after = text[at..]
        .find(|it| !is_word(it))
        .unwrap_or(text.len() - at);
    let one = text[at..].chars().next().map_or(0, char::len_utf8);
    let end = at + after.max(one);
    Mistake {
        part: at..end,
        message: format!("this is no condition: {said}"),
        help: "conditions are CEL, such as `objects.exists(it, it.score > 0.5)`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(text: &str) -> (String, String) {
        let mistake = Expression::parse(text).err().expect("it is wrong");
        (text[mistake.part].to_owned(), mistake.message)
    }

    #[test]
    fn conditions_hold_of_the_fields_of_an_event() {
        let event = json!({
            "kind": "detection", "source": "porch", "seq": 812, "t": 27.066,
            "objects": [{"label": "person", "score": 0.91, "box": [412.0, 188.0, 96.0, 260.0]}],
        });
        for (text, expected) in [
            ("true", true),
            ("kind == \"detection\" && seq % 2 == 0", true),
            ("t > 27 && t - 0.5 < 27", true),
            (
                "objects.exists(it, it.label == 'person' && it.score > 0.9)",
                true,
            ),
            ("objects.all(it, it.box[3] > 300.0)", false),
            (
                "size(objects) == 1 && objects[0].label.startsWith('per')",
                true,
            ),
            (
                "source in ['porch', 'yard'] && source.matches('^po.ch$')",
                true,
            ),
            ("objects.filter(it, it.score > 0.5).size() == 1", true),
            // An event without words has said none of them, nor others.
            ("text.contains('help')", false),
            ("!text.contains('help')", false),
            ("text.contains('help') || seq > 800", true),
        ] {
            let condition = Expression::parse(text);
            let condition = condition.unwrap_or_else(|it| panic!("{text}: {it:?}"));
            assert_eq!(condition.holds(&event), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_condition_is_told_its_place() {
        for (text, part, message) in [
            ("kind == ", "", "this is no condition"),
            ("kind = 'x'", "=", "this is no condition"),
            ("kind == \"é\" && (", "", "this is no condition"),
            ("kind ==\n kind kind", "kind", "this is no condition"),
            ("knd == 'x'", "knd", "no kind of event has a field `knd`"),
            (
                "objects[0].lable == 'x'",
                "objects[0].lable",
                "has no `lable`",
            ),
            ("t > 'x'", "t > 'x'", "a number is compared with a text"),
            ("kind == 3", "kind == 3", "a text is compared with a number"),
            (
                "objects.exists(o, o.score > 'x')",
                "o.score > 'x'",
                "a number is compared with a text",
            ),
            ("t + 1 > 3", "t + 1", "a fraction and a whole number"),
            ("t", "t", "is a number, and no condition"),
            (
                "source.matches('(')",
                "source.matches('('",
                "no regular expression",
            ),
            (
                "sise(objects) > 1",
                "sise(objects",
                "there is no function `sise`",
            ),
            ("source.startsWith(3)", "3", "a text is wanted here"),
            ("!kind", "kind", "is a text"),
            ("kind && true", "kind", "is a text"),
        ] {
            let (found, said) = wrong(text);
            assert!(said.contains(message), "{text}: {said}");
            assert_eq!(found, part, "{text}: {said}");
        }
    }
}

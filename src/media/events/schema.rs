//! JSON Schema of events as they are written: version, kind, head and body in one object.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::head::Head;
use super::report::Report;

/// Head and body, which are written side by side.
#[derive(JsonSchema)]
#[schemars(inline)]
#[allow(dead_code)]
struct Whole<B> {
    #[serde(flatten)]
    head: Head,
    #[serde(flatten)]
    body: B,
}

/// The schema of one kind, without the version.
pub fn of<B: Report>(generator: &mut SchemaGenerator) -> Schema {
    let body = B::json_schema(generator);
    let mut whole = Whole::<B>::json_schema(generator);
    if let Some(about) = body.get("description") {
        whole.insert("description".to_owned(), about.clone());
    }
    let kind = json!({ "type": "string", "const": B::NAME });
    if let Some(Value::Object(properties)) = whole.get_mut("properties") {
        properties.insert("kind".to_owned(), kind);
    }
    if let Some(Value::Array(required)) = whole.get_mut("required") {
        required.insert(0, json!("kind"));
    }
    whole
}

/// The schema of a line, of whatever kind.
pub fn of_line(kinds: fn(&mut SchemaGenerator) -> Vec<Schema>) -> Schema {
    let mut generator = SchemaGenerator::default();
    let kinds = kinds(&mut generator);
    let version = json!({
        "description": "Version of the format.",
        "type": "integer",
        "format": "uint8",
        "maximum": 255,
        "minimum": 0,
    });
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "otus event",
        "description": "An event as it is written: the version of the format comes first.",
        "type": "object",
        "properties": { "v": version },
        "oneOf": kinds,
        "required": ["v"],
        "$defs": generator.take_definitions(true),
    })
}

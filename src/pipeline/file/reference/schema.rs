//! The JSON Schema of the pipeline file, for editors that complete and check it (draft 7, which taplo reads).

use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::common;
use crate::pipeline::contract::catalogue::{Entry, NodeType, Role};
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::file::interpolation::wants_number;
use crate::pipeline::file::own_tests::{SECTION, Test};
use crate::pipeline::file::status::Status;

/// A number or truth value may come from the environment.
const FROM_ENVIRONMENT: &str = "^\\$\\{[^}]+\\}$";
/// A length of time may have its unit.
const TIME: &str = "^[0-9].*[a-z]$";

/// The schema of a whole file, of the nodes that this build has.
pub fn pipeline(nodes: &[Entry]) -> Value {
    let present = nodes.iter().filter_map(|entry| match entry {
        Entry::Present(ty) => Some(ty),
        Entry::Absent { .. } => None,
    });
    let present: Vec<&NodeType> = present.collect();
    let mut definitions = Map::new();
    let mut sections = Map::new();
    for role in [Role::Source, Role::Transform, Role::Sink] {
        let of_role: Vec<&NodeType> = present
            .iter()
            .copied()
            .filter(|it| it.role == role)
            .collect();
        for ty in &of_role {
            let node = node(ty, &mut definitions);
            definitions.insert(definition(ty, &present), node);
        }
        sections.insert(role.section().to_owned(), section(role, &of_role, &present));
    }
    sections.insert(
        "runtime".into(),
        shared::<Runtime>("runtime", &mut definitions),
    );
    sections.insert(
        "status".into(),
        shared::<Status>("status", &mut definitions),
    );
    let test = shared::<Test>(SECTION, &mut definitions);
    sections.insert(
        SECTION.into(),
        json!({ "description": "What it is to decide over recordings: `otus test` looks.", "type": "array", "items": test }),
    );
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "otus pipeline",
        "description": "Sources, transforms and sinks, which name their inputs.",
        "type": "object",
        "properties": sections,
        "additionalProperties": false,
        "definitions": definitions,
    })
}

/// The nodes of a role, by name. What is wrong is told by the schema of the node's type alone; the choice
/// beside it is what editors complete and explain options by.
fn section(role: Role, types: &[&NodeType], all: &[&NodeType]) -> Value {
    let names: Vec<&str> = types.iter().map(|ty| ty.name).collect();
    let rules = types.iter().map(|ty| {
        json!({
            "if": { "properties": { "type": { "const": ty.name } }, "required": ["type"] },
            "then": { "$ref": format!("#/definitions/{}", definition(ty, all)) },
        })
    });
    let hints = types.iter().map(|ty| {
        let named = json!({ "const": ty.name, "description": ty.about });
        let mut options = Map::from_iter([("type".to_owned(), named)]);
        let schema = (ty.schema)();
        let own = schema.get("properties").and_then(Value::as_object);
        for (name, about) in own.into_iter().flatten() {
            let said = ["description", "default"].into_iter();
            let said = said.filter_map(|it| Some((it.to_owned(), about.get(it)?.clone())));
            options.insert(name.clone(), Value::Object(said.collect()));
        }
        json!({ "title": ty.name, "description": ty.about, "properties": options })
    });
    let rules: Vec<Value> = rules.collect();
    let hints: Vec<Value> = hints.collect();
    let node = json!({
        "type": "object",
        "properties": { "type": { "enum": names } },
        "required": ["type"],
        "allOf": rules,
        "anyOf": hints,
    });
    json!({
        "description": format!("What is a {} of the pipeline, by names of your choice.", role.name()),
        "type": "object",
        "additionalProperties": node,
    })
}

/// What the options of a type are called; where a type of another role has its name, the role stands beside it.
fn definition(ty: &NodeType, all: &[&NodeType]) -> String {
    let mut named = all.iter().filter(|it| it.name == ty.name);
    match named.any(|it| it.role != ty.role) {
        true => format!("{}_{}", ty.name, ty.role.name()),
        false => ty.name.to_owned(),
    }
}

/// The options of one node, with what every node may say.
fn node(ty: &NodeType, definitions: &mut Map<String, Value>) -> Value {
    let mut table = options(ty.name, &(ty.schema)(), definitions);
    let every = common::schema();
    let shared = options(ty.name, &every, definitions);
    for (name, _) in common::options(&every).filter(|it| common::is_for(it.0, ty)) {
        table["properties"][name] = shared["properties"][name].clone();
    }
    table["properties"]["type"] = json!({ "const": ty.name, "description": ty.about });
    let mut required = vec![json!("type")];
    if ty.role != Role::Source {
        required.push(json!("inputs"));
    }
    required.extend(table["required"].as_array().cloned().unwrap_or_default());
    table["required"] = required.into();
    table["description"] = ty.about.into();
    table
}

fn shared<T: JsonSchema>(name: &str, definitions: &mut Map<String, Value>) -> Value {
    options(name, &schemars::schema_for!(T), definitions)
}

/// A table of options as draft 7 has it; what it refers to is put beside it, under its owner's name.
fn options(owner: &str, schema: &Schema, definitions: &mut Map<String, Value>) -> Value {
    let mut table = schema.as_value().clone();
    let said = table
        .as_object_mut()
        .expect("a table has a schema that says something");
    said.retain(|name, _| !matches!(name.as_str(), "$schema" | "title"));
    if let Some(Value::Object(inner)) = said.remove("$defs") {
        for (name, mut value) in inner {
            adapt(owner, "", &mut value);
            definitions.insert(format!("{owner}.{name}"), value);
        }
    }
    adapt(owner, "", &mut table);
    table["additionalProperties"] = false.into();
    table
}

/// What a schema of an option named `option` must say otherwise of what a pipeline file can hold.
fn adapt(owner: &str, option: &str, schema: &mut Value) {
    let is_number = wants_number(schema);
    match schema {
        Value::Object(said) => {
            said.remove("format");
            if let Some(Value::String(to)) = said.get_mut("$ref") {
                *to = to.replace("#/$defs/", &format!("#/definitions/{owner}."));
            }
            for (key, inner) in said.iter_mut() {
                match inner {
                    Value::Object(named) if key == "properties" => {
                        named
                            .iter_mut()
                            .for_each(|(name, it)| adapt(owner, name, it));
                    }
                    Value::Object(_) | Value::Array(_) if key != "default" && key != "enum" => {
                        adapt(owner, option, inner);
                    }
                    _ => {}
                }
            }
            if said.contains_key("properties") {
                said.insert("additionalProperties".into(), false.into());
            }
            if is_number {
                *schema = or_text(option, std::mem::take(said));
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|it| adapt(owner, option, it)),
        _ => {}
    }
}

/// A number, or a text that stands for one.
fn or_text(option: &str, mut number: Map<String, Value>) -> Value {
    let mut choice = Map::new();
    for said in ["description", "default"] {
        choice.extend(number.remove(said).map(|it| (said.to_owned(), it)));
    }
    let mut choices = vec![
        Value::Object(number),
        json!({ "type": "string", "pattern": FROM_ENVIRONMENT }),
    ];
    if option.ends_with("_ms") || option.ends_with("_s") {
        choices.push(json!({ "type": "string", "pattern": TIME }));
    }
    choice.insert("anyOf".into(), choices.into());
    Value::Object(choice)
}

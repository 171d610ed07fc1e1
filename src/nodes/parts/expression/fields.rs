//! The fields of events and their types, going by the schema that events are written after.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::types::Type;
use crate::media::events;
use crate::pipeline::file::shape::Shape;

/// The fields of all kinds of events. What kinds have in common and differ in is of any type.
pub static FIELDS: LazyLock<BTreeMap<String, Type>> = LazyLock::new(|| {
    let schema = events::schema();
    let whole = Shape::of(schema.as_value());
    let kinds = whole.choices().unwrap_or_default();
    let all = kinds.into_iter().map(type_of).reduce(Type::or);
    match all {
        Some(Type::Record(fields)) => fields,
        _ => unreachable!("every kind of event is a table"),
    }
});

fn type_of(shape: Shape<'_>) -> Type {
    if let Some(fields) = shape.properties() {
        let named = fields.keys().map(|name| {
            let field = shape.property(name).expect("it is one of them");
            (name.clone(), type_of(field))
        });
        return Type::Record(named.collect());
    }
    if let Some(items) = shape.items() {
        return Type::List(Box::new(type_of(items)));
    }
    match shape.only_type() {
        Some("boolean") => Type::Truth,
        Some("integer") => Type::Whole,
        Some("number") => Type::Fraction,
        Some("string") => Type::Text,
        _ if shape.is_words() => Type::Text,
        _ => Type::Any,
    }
}

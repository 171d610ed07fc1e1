//! What a part of a condition is.

use std::collections::BTreeMap;
use std::fmt;

/// A type, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// It shows at run time.
    Any,
    /// True or false.
    Truth,
    /// A whole number.
    Whole,
    /// A number that can have a fraction.
    Fraction,
    /// Text.
    Text,
    /// Nothing.
    Null,
    /// Several of a type.
    List(Box<Type>),
    /// A table, with the types of its fields.
    Record(BTreeMap<String, Type>),
}

impl Type {
    /// Whether it is, or may turn out to be, a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Type::Any | Type::Whole | Type::Fraction)
    }

    /// Whether it is, or may turn out to be, of another type; a fraction may be where a whole number is.
    pub fn can_be(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Any | Type::Null, _) | (_, Type::Any | Type::Null) => true,
            (Type::Whole | Type::Fraction, Type::Whole | Type::Fraction) => true,
            (Type::List(one), Type::List(other)) => one.can_be(other),
            (Type::Record(_), Type::Record(_)) => true,
            (one, other) => one == other,
        }
    }

    /// What both are.
    pub fn or(self, other: Type) -> Type {
        match (self, other) {
            (one, other) if one == other => one,
            (Type::Record(mut fields), Type::Record(others)) => {
                for (name, ty) in others {
                    let both = match fields.remove(&name) {
                        Some(known) => known.or(ty),
                        None => ty,
                    };
                    fields.insert(name, both);
                }
                Type::Record(fields)
            }
            _ => Type::Any,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Any => "anything",
            Type::Truth => "true or false",
            Type::Whole | Type::Fraction => "a number",
            Type::Text => "a text",
            Type::Null => "nothing",
            Type::List(_) => "a list",
            Type::Record(_) => "a table",
        })
    }
}

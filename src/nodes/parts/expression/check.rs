//! Checks the types of a condition, as far as they are known before there is an event.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo,
    operators as op,
};

use super::fields::FIELDS;
use super::mistake::Mistake;
use super::types::Type::{self, Any, Fraction, List, Null, Record, Text, Truth, Whole};
use crate::pipeline::file::problem::suggest;

/// Functions of texts that ask for another text.
const OF_TEXTS: [&str; 4] = ["contains", "startsWith", "endsWith", "matches"];
/// Functions that make one thing of another.
const CONVERSIONS: [(&str, Type); 5] = [
    ("string", Text),
    ("int", Whole),
    ("uint", Whole),
    ("double", Fraction),
    ("bool", Truth),
];

/// Checks that an expression is a condition.
///
/// # Errors
/// The first thing that is wrong, in the order of its text.
pub fn condition(root: &IdedExpr, source: &SourceInfo) -> Result<(), Mistake> {
    let mut scope = Scope {
        source,
        variables: Vec::new(),
    };
    match scope.of(root)? {
        Truth | Any => Ok(()),
        other => {
            let message = format!("this is {other}, and no condition");
            Err(scope.mistake(root, message, "compare it with something"))
        }
    }
}

struct Scope<'e> {
    source: &'e SourceInfo,
    /// Names that macros such as `exists` bring, innermost last.
    variables: Vec<(&'e str, Type)>,
}

type Typed = Result<Type, Mistake>;

impl<'e> Scope<'e> {
    fn mistake(&self, at: &IdedExpr, message: String, help: impl Into<String>) -> Mistake {
        let text = &self.source.source;
        let (mut start, mut end) = (text.len(), 0);
        self.extent(at, &mut start, &mut end);
        // Offsets count characters.
        let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |it| it.0);
        Mistake {
            part: byte(start.min(end))..byte(end),
            message,
            help: help.into(),
        }
    }

    /// From where to where an expression reaches with all that is in it.
    fn extent(&self, at: &IdedExpr, start: &mut usize, end: &mut usize) {
        // That of a field is its point, that of a call its bracket.
        let (before, after) = match &at.expr {
            Expr::Select(select) => (0, select.field.chars().count()),
            Expr::Call(call) if is_name(&call.func_name) => (call.func_name.chars().count(), 0),
            _ => (0, 0),
        };
        if let Some((from, to)) = self.source.offset_for(at.id) {
            *start = (*start).min((from as usize).saturating_sub(before));
            *end = (*end).max(to as usize + 1 + after);
        }
        match &at.expr {
            Expr::Call(call) => {
                let parts = call.target.iter().map(|it| &**it).chain(&call.args);
                parts.for_each(|it| self.extent(it, start, end));
            }
            Expr::Select(select) => self.extent(&select.operand, start, end),
            Expr::List(list) => list
                .elements
                .iter()
                .for_each(|it| self.extent(it, start, end)),
            _ => {}
        }
    }

    fn of(&mut self, at: &'e IdedExpr) -> Typed {
        match &at.expr {
            Expr::Literal(literal) => Ok(literal_type(literal)),
            Expr::Ident(name) => self.named(at, name),
            Expr::Select(select) => self.selected(at, select),
            Expr::Call(call) => self.called(at, call),
            Expr::List(list) => {
                let types = list.elements.iter().map(|it| self.of(it));
                let types = types.collect::<Result<Vec<_>, _>>()?;
                Ok(List(Box::new(
                    types.into_iter().reduce(Type::or).unwrap_or(Any),
                )))
            }
            Expr::Comprehension(over) => self.comprehended(over),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => Ok(Any),
        }
    }

    fn named(&self, at: &IdedExpr, name: &str) -> Typed {
        let local = self
            .variables
            .iter()
            .rev()
            .find(|(known, _)| *known == name);
        if let Some(ty) = local.map(|it| &it.1).or_else(|| FIELDS.get(name)) {
            return Ok(ty.clone());
        }
        let local = self.variables.iter().map(|it| it.0);
        let known = local.chain(FIELDS.keys().map(String::as_str));
        let message = format!("no kind of event has a field `{name}`");
        Err(self.mistake(at, message, suggest(name, known)))
    }

    fn selected(&mut self, at: &'e IdedExpr, select: &'e SelectExpr) -> Typed {
        let name = &select.field;
        let ty = match self.of(&select.operand)? {
            Any => Any,
            Record(fields) => match fields.get(name) {
                Some(ty) => ty.clone(),
                None => {
                    let help = suggest(name, fields.keys().map(String::as_str));
                    return Err(self.mistake(at, format!("this has no `{name}`"), help));
                }
            },
            other => {
                let message = format!("{other} has no `{name}`");
                return Err(self.mistake(at, message, "fields belong to tables"));
            }
        };
        // `has(it.name)` asks whether it is there.
        Ok(if select.test { Truth } else { ty })
    }

    fn called(&mut self, at: &'e IdedExpr, call: &'e CallExpr) -> Typed {
        let parts = call.target.iter().map(|it| &**it).chain(&call.args);
        let mut typed = Vec::new();
        for part in parts {
            typed.push((part, self.of(part)?));
        }
        let name = call.func_name.as_str();
        match (name, &typed[..]) {
            (op::LOGICAL_AND | op::LOGICAL_OR | op::LOGICAL_NOT | op::NOT_STRICTLY_FALSE, all) => {
                all.iter().try_for_each(|it| self.wants(it, &Truth))?;
                Ok(Truth)
            }
            (op::CONDITIONAL, [first, second, third]) => {
                self.wants(first, &Truth)?;
                Ok(second.1.clone().or(third.1.clone()))
            }
            (op::EQUALS | op::NOT_EQUALS, [(_, one), (_, other)]) => self.compared(at, one, other),
            (
                op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS,
                [(_, one), (_, other)],
            ) => self.ordered(at, one, other),
            (
                op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO,
                [(_, one), (_, other)],
            ) => self.reckoned(at, name, one, other),
            (op::NEGATE, [it]) if it.1.is_number() => Ok(it.1.clone()),
            (op::INDEX, [(_, of), index]) => self.indexed(of, index),
            (op::IN, [(_, one), (_, List(items))]) => self.compared(at, one, items),
            (op::IN, _) => Ok(Truth),
            ("size", [_]) => Ok(Whole),
            (_, [of, it]) if OF_TEXTS.contains(&name) => {
                self.wants(of, &Text)?;
                self.wants(it, &Text)?;
                self.pattern(at, name, it.0)
            }
            (_, [_]) if conversion(name).is_some() => Ok(conversion(name).unwrap_or(Any)),
            _ => Err(self.unknown(at, name)),
        }
    }

    fn unknown(&self, at: &IdedExpr, name: &str) -> Mistake {
        let known = OF_TEXTS.iter().copied().chain(CONVERSIONS.map(|it| it.0));
        let known = known.chain([
            "size",
            "has",
            "exists",
            "exists_one",
            "all",
            "map",
            "filter",
        ]);
        match is_name(name) {
            true => {
                let message = format!("there is no function `{name}` for this");
                self.mistake(at, message, suggest(name, known))
            }
            false => {
                let sign = name.replace('_', "");
                let message = format!("`{sign}` is of no use here");
                self.mistake(at, message, "it takes numbers")
            }
        }
    }

    fn wants(&self, (at, ty): &(&IdedExpr, Type), wanted: &Type) -> Result<(), Mistake> {
        if ty.can_be(wanted) {
            return Ok(());
        }
        let message = format!("this is {ty}, and {wanted} is wanted here");
        Err(self.mistake(
            at,
            message,
            "compare it with something, or take another field",
        ))
    }

    fn compared(&self, at: &IdedExpr, one: &Type, other: &Type) -> Typed {
        if one.can_be(other) {
            return Ok(Truth);
        }
        let message = format!("{one} is compared with {other}");
        Err(self.mistake(
            at,
            message,
            "they are never equal; texts stand in quotes, numbers do not",
        ))
    }

    fn ordered(&self, at: &IdedExpr, one: &Type, other: &Type) -> Typed {
        self.compared(at, one, other)?;
        let has_order = |it: &Type| it.is_number() || matches!(it, Text | Null);
        match [one, other].into_iter().find(|it| !has_order(it)) {
            None => Ok(Truth),
            Some(it) => {
                let message = format!("{it} is neither more nor less than anything");
                Err(self.mistake(at, message, "only numbers and texts have an order"))
            }
        }
    }

    fn reckoned(&self, at: &IdedExpr, name: &str, one: &Type, other: &Type) -> Typed {
        match (one, other) {
            (Any, it) | (it, Any) if it.is_number() => Ok(Any),
            (Whole, Fraction) | (Fraction, Whole) => {
                let message = "a fraction and a whole number cannot be reckoned with";
                let help = "write the whole number with a point: `1.0`, or use `double()`";
                Err(self.mistake(at, message.to_owned(), help))
            }
            (Whole, Whole) => Ok(Whole),
            (Fraction, Fraction) if name != op::MODULO => Ok(Fraction),
            (Text, Text | Any) | (Any, Text) if name == op::ADD => Ok(Text),
            (List(one), List(other)) if name == op::ADD => {
                Ok(List(Box::new((**one).clone().or((**other).clone()))))
            }
            _ => {
                let sign = name.replace('_', "");
                let message = format!("`{sign}` does not take {one} and {other}");
                Err(self.mistake(at, message, "it takes two numbers of a kind"))
            }
        }
    }

    fn indexed(&self, of: &Type, index: &(&IdedExpr, Type)) -> Typed {
        match of {
            List(items) => {
                self.wants(index, &Whole)?;
                Ok((**items).clone())
            }
            Record(_) => {
                self.wants(index, &Text)?;
                Ok(Any)
            }
            Any => Ok(Any),
            other => {
                let message = format!("this stands beside {other}, which has no entries");
                Err(self.mistake(index.0, message, "only lists and tables have"))
            }
        }
    }

    fn pattern(&self, at: &IdedExpr, name: &str, pattern: &IdedExpr) -> Typed {
        if name == "matches"
            && let Expr::Literal(LiteralValue::String(text)) = &pattern.expr
            && let Err(error) = regex::Regex::new(text.inner())
        {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default();
            let message = format!("this is no regular expression: {why}");
            return Err(self.mistake(at, message, "see https://docs.rs/regex for what it can be"));
        }
        Ok(Truth)
    }

    /// What macros such as `exists` and `map` become.
    fn comprehended(&mut self, over: &'e ComprehensionExpr) -> Typed {
        let item = match self.of(&over.iter_range)? {
            List(items) => *items,
            Record(_) => Text,
            Any => Any,
            other => {
                let message = format!("{other} has no entries to go through");
                return Err(self.mistake(&over.iter_range, message, "only lists and tables have"));
            }
        };
        let gathered = self.of(&over.accu_init)?;
        let depth = self.variables.len();
        self.variables.push((&over.iter_var, item));
        self.variables
            .extend(over.iter_var2.iter().map(|it| (it.as_str(), Any)));
        self.variables.push((&over.accu_var, gathered));
        let inside = [&over.loop_cond, &over.loop_step].map(|it| self.of(it));
        let result = self.of(&over.result);
        self.variables.truncate(depth);
        inside.into_iter().collect::<Result<Vec<_>, _>>()?;
        result
    }
}

/// Whether a function is called by its name, and not by a sign.
fn is_name(function: &str) -> bool {
    function.starts_with(|it: char| it.is_ascii_alphabetic())
}

fn conversion(name: &str) -> Option<Type> {
    let known = CONVERSIONS.into_iter().find(|it| it.0 == name);
    known.map(|it| it.1)
}

fn literal_type(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Truth,
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Whole,
        LiteralValue::Double(_) => Fraction,
        LiteralValue::String(_) => Text,
        LiteralValue::Null => Null,
        LiteralValue::Bytes(_) => Any,
    }
}

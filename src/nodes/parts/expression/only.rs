//! Of which events a condition can hold at all, as far as it says so itself: `kind == 'track' && …`.

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators as op};

/// What it must be, where that is said.
#[derive(Debug, Default, PartialEq)]
pub struct Only {
    kind: Option<String>,
    node: Option<String>,
    source: Option<String>,
}

impl Only {
    /// What a condition says of that.
    pub fn of(root: &IdedExpr) -> Only {
        let mut only = Only::default();
        only.look(root);
        only
    }

    /// Whether it lets events of this kind through, of this node and source.
    pub fn lets(&self, kind: &str, node: Option<&str>, source: &str) -> bool {
        let fits = |only: &Option<String>, is: &str| only.as_deref().is_none_or(|it| it == is);
        let is_by = match (&self.node, node) {
            (Some(_), None) => false,
            (_, node) => fits(&self.node, node.unwrap_or_default()),
        };
        fits(&self.kind, kind) && is_by && fits(&self.source, source)
    }

    fn look(&mut self, at: &IdedExpr) {
        let Expr::Call(call) = &at.expr else { return };
        if call.func_name == op::LOGICAL_AND {
            return call.args.iter().for_each(|it| self.look(it));
        }
        let [left, right] = &call.args[..] else {
            return;
        };
        let pair = match (&left.expr, &right.expr) {
            (Expr::Ident(name), Expr::Literal(LiteralValue::String(text)))
            | (Expr::Literal(LiteralValue::String(text)), Expr::Ident(name)) => (name, text),
            _ => return,
        };
        if call.func_name == op::EQUALS {
            let (name, text) = pair;
            let only = match name.as_str() {
                "kind" => &mut self.kind,
                "node" => &mut self.node,
                "source" => &mut self.source,
                _ => return,
            };
            *only = Some(text.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::nodes::parts::expression::Expression;

    #[test]
    fn only_what_a_condition_asks_for_is_looked_at() {
        let lets = |text: &str| {
            let condition = Expression::parse(text).expect("it is right");
            let may = |kind, node| condition.may_hold(kind, node, "porch");
            [
                may("track", Some("visits")),
                may("speech", Some("visits")),
                may("track", None),
            ]
        };
        assert_eq!(
            lets("kind == 'track' && label == 'person'"),
            [true, false, true]
        );
        assert_eq!(
            lets("'track' == kind && (t > 3.0 && node == 'visits')"),
            [true, false, false]
        );
        assert_eq!(lets("kind == 'track' || t > 3.0"), [true, true, true]);
        assert_eq!(lets("!(kind == 'track')"), [true, true, true]);
        assert_eq!(lets("source == 'yard'"), [false, false, false]);
    }
}

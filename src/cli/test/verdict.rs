//! Whether what a test expects has come: what fits, and what came nearest where nothing does.

use std::fmt::Write;

use crate::media::events::{Event, Line};
use crate::nodes::Expression;
use crate::pipeline::file::own_tests::{Pattern, Test};

/// Events that fit and are shown.
const MOST_SHOWN: usize = 5;
/// Events near to what was expected that are shown.
const MOST_NEAR: usize = 3;

/// What is known so far of one pattern.
pub struct Verdict<'a> {
    pattern: &'a Pattern,
    condition: Option<Expression>,
    /// Whether it must come, and not stay away.
    expected: bool,
    count: u64,
    /// The first that fit, as they are shown.
    shown: Vec<String>,
    /// What came nearest: in how much it does not fit, by how many seconds it came too early or late, and as it is shown.
    near: Vec<(u32, f64, String)>,
}

impl<'a> Verdict<'a> {
    /// One for each pattern of a test.
    ///
    /// # Errors
    /// In words, what is wrong with a condition.
    pub fn of(test: &'a Test) -> Result<Vec<Verdict<'a>>, String> {
        let expect = test.expect.iter().map(|it| (it, true));
        let never = test.never.iter().map(|it| (it, false));
        let verdict = |(pattern, expected): (&'a Pattern, bool)| {
            let condition = pattern.r#where.as_deref().map(Expression::parse);
            let condition = condition.transpose().map_err(|mistake| {
                let text = pattern.r#where.as_deref().unwrap_or_default();
                format!("`{text}`: {}", mistake.message)
            })?;
            Ok(Verdict {
                pattern,
                condition,
                expected,
                count: 0,
                shown: Vec::new(),
                near: Vec::new(),
            })
        };
        expect.chain(never).map(verdict).collect()
    }

    /// Takes an event into account.
    pub fn hear(&mut self, event: &Event) {
        let pattern = self.pattern;
        let differs =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_some_and(|it| it != is);
        let kind = differs(&pattern.kind, event.body.kind().name);
        let node = differs(&pattern.node, &event.head.node);
        let source = differs(&pattern.source, &event.head.source);
        let late = off(pattern.at, event.head.t);
        // What is of another kind and told by another is not what was meant.
        if kind && (node || pattern.node.is_none()) {
            return;
        }
        let holds = self
            .condition
            .as_ref()
            .is_none_or(|it| it.holds(&Line::from(event)));
        let flaws = [kind, node, source, !holds, late != 0.0];
        let flaws = flaws.into_iter().filter(|it| *it).count() as u32;
        if flaws == 0 {
            self.count += 1;
            if self.shown.len() < MOST_SHOWN {
                self.shown.push(line(event));
            }
        } else if self.expected {
            self.note(flaws, late, event);
        }
    }

    fn note(&mut self, flaws: u32, late: f64, event: &Event) {
        let is_nearer = |it: &(u32, f64, String)| (flaws, late.abs()) < (it.0, it.1.abs());
        let at = self
            .near
            .iter()
            .position(is_nearer)
            .unwrap_or(self.near.len());
        if at < MOST_NEAR {
            self.near.insert(at, (flaws, late, line(event)));
            self.near.truncate(MOST_NEAR);
        }
    }

    /// What is wrong, in lines; none if nothing is.
    pub fn wrong(&self) -> Vec<String> {
        let is_right = match (self.expected, self.pattern.count) {
            (true, None) => self.count > 0,
            (true, Some(count)) => self.count == count,
            (false, _) => self.count == 0,
        };
        if is_right {
            return Vec::new();
        }
        let wanted = if self.expected { "expected" } else { "never" };
        let mut lines = vec![format!("{wanted}: {}", self.meant())];
        let came = match self.count {
            0 => "came: none".to_owned(),
            count => format!("came: {count}"),
        };
        lines.push(came);
        lines.extend(self.shown.iter().map(|it| format!("  {it}")));
        let more = self.count - self.shown.len() as u64;
        if more > 0 {
            lines.push(format!("  and {more} more"));
        }
        if self.expected && !self.near.is_empty() {
            lines.push("nearest of what else came:".to_owned());
            let near = self.near.iter().map(|(_, late, it)| match *late {
                0.0 => format!("  {it}"),
                late if late > 0.0 => format!("  {it} ({late:.3} s too late)"),
                early => format!("  {it} ({:.3} s too early)", -early),
            });
            lines.extend(near);
        }
        lines
    }

    /// The pattern in words.
    fn meant(&self) -> String {
        let Pattern {
            kind,
            node,
            source,
            at,
            r#where,
            count,
        } = self.pattern;
        let mut text = count.map_or(String::new(), |it| format!("{it} of "));
        text.push_str(kind.as_deref().unwrap_or("any event"));
        if let Some(node) = node {
            let _ = write!(text, " of `{node}`");
        }
        if let Some(source) = source {
            let _ = write!(text, " about `{source}`");
        }
        if let Some([from, to]) = at {
            let _ = write!(text, " from {from} to {to} s");
        }
        if let Some(condition) = r#where {
            let _ = write!(text, " where {condition}");
        }
        text
    }
}

/// By how many seconds a time is after a stretch, or before it.
fn off(stretch: Option<[f64; 2]>, t: f64) -> f64 {
    match stretch {
        Some([_, to]) if t > to => t - to,
        Some([from, _]) if t < from => t - from,
        _ => 0.0,
    }
}

fn line(event: &Event) -> String {
    let head = &event.head;
    let kind = event.body.kind().name;
    format!(
        "{:.3} s  {kind} of `{}` about `{}`: {}",
        head.t,
        head.node,
        head.source,
        event.sentence()
    )
}

//! A pipeline file of which something is replaced for one run: other options of its nodes, other media for its sources, and
//! one listener in place of its sinks.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::input::Input;
use super::kinds;
use super::plan::PlannedNode;
use super::privacy;
use super::problem::{Problem, suggest};
use crate::media::kind::{Kind, Lane};
use crate::pipeline::contract::catalogue::{NodeType, Opener, Role};
use crate::pipeline::contract::runtime_options::Privacy;

/// What is otherwise than the file says.
pub struct Replacement {
    /// Options of nodes by section and name, as TOML. A table with a `type` takes the place of the node's own.
    pub options: String,
    /// Of a node's own table these stay nevertheless.
    pub kept: &'static [&'static str],
    /// Where problems with it are told; else at the node.
    pub place: Option<Range<usize>>,
    /// What takes all events.
    pub listener: Option<Listener>,
}

/// A sink that is in no catalogue.
#[derive(Clone)]
pub struct Listener {
    /// Its type.
    pub ty: &'static NodeType,
    /// Opens it.
    pub open: Opener,
}

/// No node of a file can have this name.
const LISTENER: &str = "(listener)";

/// Places in the text for values that are not in it: each has one of its own behind the end.
pub struct Places {
    end: usize,
    /// Where people are to look instead.
    real: Vec<Range<usize>>,
}

impl Places {
    /// Behind a text of so many bytes.
    pub fn behind(end: usize) -> Places {
        Places {
            end,
            real: Vec::new(),
        }
    }

    fn one(&mut self, at: &Range<usize>) -> Range<usize> {
        let start = self.end + 1 + self.real.len();
        self.real.push(at.clone());
        start..start + 1
    }

    /// Moves problems to where people are to look.
    pub fn settle(&self, problems: &mut [Problem]) {
        for problem in problems {
            let number = problem.span.start.checked_sub(self.end + 1);
            if let Some(real) = number.and_then(|it| self.real.get(it)) {
                problem.span = real.clone();
            }
        }
    }
}

impl Replacement {
    /// Puts it into a document; gives what does not fit there.
    pub fn put_into<'a>(&'a self, document: &mut DeTable<'a>, places: &mut Places) -> Vec<Problem> {
        if self.listener.is_some() {
            without_sinks(document);
        }
        let at = self.place.clone().unwrap_or(0..0);
        let other = match DeTable::parse(&self.options) {
            Ok(other) => other.into_inner(),
            Err(error) => return vec![Problem::new(at, error.message(), "")],
        };
        let mut problems = Vec::new();
        for (section, nodes) in other {
            let section = section.get_ref();
            let there = document.get_mut(section.as_ref()).map(Spanned::get_mut);
            let (Some(DeValue::Table(there)), DeValue::Table(nodes)) = (there, nodes.into_inner())
            else {
                let message = format!("there is no table `{section}`");
                let help = "write `transforms.NAME.OPTION`, as the file has it";
                problems.push(Problem::new(at.clone(), message, help));
                continue;
            };
            for (name, options) in nodes {
                let (name, options) = (name.get_ref(), options.into_inner());
                problems.extend(self.put_into_node(there, name, options, places));
            }
        }
        problems
    }

    fn put_into_node<'a>(
        &self,
        nodes: &mut DeTable<'a>,
        name: &str,
        options: DeValue<'a>,
        places: &mut Places,
    ) -> Option<Problem> {
        let names: Vec<String> = nodes.keys().map(|it| it.get_ref().to_string()).collect();
        let key = nodes.keys().find(|it| it.get_ref() == name);
        let at = self.place.clone().or_else(|| key.map(Spanned::span));
        let at = at.unwrap_or(0..0);
        let node = nodes.get_mut(name).map(Spanned::get_mut);
        let (Some(DeValue::Table(node)), DeValue::Table(options)) = (node, options) else {
            let help = suggest(name, names.iter().map(String::as_str));
            let message = format!("there is no node `{name}` whose options these are");
            return Some(Problem::new(at, message, help));
        };
        if options.contains_key("type") {
            let own = std::mem::take(node).into_iter();
            let kept = own.filter(|it| self.kept.contains(&it.0.get_ref().as_ref()));
            *node = kept.collect();
        }
        merge(node, options, &at, places);
        None
    }

    /// Lets the listener take the events of all nodes, and leaves out what then serves nobody.
    pub fn listen(&self, nodes: &mut Vec<PlannedNode>, privacy: Privacy) {
        let Some(Listener { ty, open }) = &self.listener else {
            return;
        };
        privacy::spread(nodes);
        let tells = |node: &PlannedNode| {
            let mut events = node.makes.iter().filter(|it| it.lane == Lane::Event);
            let is_raw = |kind: &Kind| node.raw.iter().any(|what| kind.holds(*what));
            let hidden = privacy == Privacy::Required && events.clone().any(is_raw);
            events.next().is_some() && !hidden
        };
        let told: Vec<_> = nodes.iter().filter(|it| tells(it)).collect();
        let inputs = told
            .iter()
            .map(|it| (Input::Name(it.id.to_string()), it.span.clone()));
        let inputs = inputs.collect();
        nodes.push(PlannedNode::alone(LISTENER, ty, inputs, Arc::clone(open)));
        leave_out_unused(nodes);
    }
}

/// Nodes of which nobody takes anything, and inputs by which nothing comes that is passed on.
fn leave_out_unused(nodes: &mut Vec<PlannedNode>) {
    loop {
        let before: usize = nodes.iter().map(|it| 1 + it.inputs.len()).sum();
        kinds::narrow(nodes);
        let all = nodes.clone();
        let by_name = |name: &str| all.iter().find(|it| *it.id == *name);
        for node in nodes.iter_mut().filter(|it| it.ty.passes) {
            let to = by_name(&node.id).expect("it is a copy");
            let gives = |it: &(Input, _)| {
                by_name(it.0.from()).is_none_or(|from| !from.gives(to).is_empty())
            };
            node.inputs.retain(gives);
        }
        let taken: Vec<String> = nodes
            .iter()
            .flat_map(|it| it.inputs.iter().map(|it| it.0.from().to_owned()))
            .collect();
        nodes.retain(|it| it.ty.role == Role::Sink || taken.iter().any(|name| **name == *it.id));
        let after: usize = nodes.iter().map(|it| 1 + it.inputs.len()).sum();
        if after == before {
            return;
        }
    }
}

/// Takes the sinks out, and what only takes something of them.
fn without_sinks(document: &mut DeTable<'_>) {
    let mut gone: Vec<String> = match document.remove("sinks").map(Spanned::into_inner) {
        Some(DeValue::Table(sinks)) => sinks.keys().map(|it| it.get_ref().to_string()).collect(),
        _ => Vec::new(),
    };
    let transforms = document.get_mut("transforms").map(Spanned::get_mut);
    let Some(DeValue::Table(transforms)) = transforms else {
        return;
    };
    while !gone.is_empty() {
        let mut next = Vec::new();
        for (name, node) in transforms.iter_mut() {
            if is_left_alone(node, &gone) {
                next.push(name.get_ref().to_string());
            }
        }
        next.iter()
            .for_each(|it| drop(transforms.remove(it.as_str())));
        gone = next;
    }
}

/// Takes these out of a node's inputs; whether it has none left then.
fn is_left_alone(node: &mut Spanned<DeValue<'_>>, gone: &[String]) -> bool {
    let DeValue::Table(node) = node.get_mut() else {
        return false;
    };
    let Some(DeValue::Array(inputs)) = node.get_mut("inputs").map(Spanned::get_mut) else {
        return false;
    };
    let from = |it: &Spanned<DeValue<'_>>| match it.get_ref() {
        DeValue::String(name) => Some(name.to_string()),
        DeValue::Table(queue) => Some(queue.get("from")?.get_ref().as_str()?.to_owned()),
        _ => None,
    };
    let is_gone = |it: &Spanned<DeValue<'_>>| from(it).is_some_and(|it| gone.contains(&it));
    let (before, left) = (inputs.len(), inputs.iter().filter(|it| !is_gone(it)));
    let left: Vec<_> = left.cloned().collect();
    let is_alone = before > 0 && left.is_empty();
    *inputs = left.into_iter().collect();
    is_alone
}

/// Puts options over others, table by table.
fn merge<'a>(under: &mut DeTable<'a>, over: DeTable<'a>, at: &Range<usize>, places: &mut Places) {
    for (key, value) in over {
        let key = key.into_inner();
        match (under.get_mut(key.as_ref()), value.into_inner()) {
            (Some(under), DeValue::Table(over)) if under.get_ref().is_table() => {
                if let DeValue::Table(under) = under.get_mut() {
                    merge(under, over, at, places);
                }
            }
            (Some(under), over) => *under = placed(over, at, places),
            (None, over) => {
                let value = placed(over, at, places);
                under.insert(Spanned::new(value.span(), key), value);
            }
        }
    }
}

/// A value of another text, with places of this one for it and all in it.
fn placed<'a>(value: DeValue<'a>, at: &Range<usize>, places: &mut Places) -> Spanned<DeValue<'a>> {
    let span = places.one(at);
    let mut inside = |it: Spanned<DeValue<'a>>| placed(it.into_inner(), at, places);
    let value = match value {
        DeValue::Array(list) => {
            let list: Vec<_> = list.into_iter().collect();
            DeValue::Array(list.into_iter().map(inside).collect())
        }
        DeValue::Table(table) => {
            let placed = table.into_iter().map(|(key, value)| {
                let value = inside(value);
                (Spanned::new(value.span(), key.into_inner()), value)
            });
            DeValue::Table(placed.collect())
        }
        other => other,
    };
    Spanned::new(span, value)
}

//! Pipeline files: TOML in, a checked plan out. Touches no device, model or network.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::Schema;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error as TomlError};

use crate::pipeline::catalogue::{Entry, NodeType, Opener, Role};
use crate::pipeline::graph;
use crate::pipeline::options::{Input, Runtime, Status};
use crate::pipeline::problem::{Problem, suggest};
use crate::pipeline::secret;

/// No pipeline file that a person wrote is larger.
const LARGEST_FILE: u64 = 1024 * 1024;

/// A checked pipeline, ready to start.
#[derive(Clone)]
pub struct Plan {
    /// Nodes in the order of the file.
    pub nodes: Vec<PlannedNode>,
    /// `[runtime]`.
    pub runtime: Runtime,
    /// `[status]`.
    pub status: Status,
    /// Where relative paths start.
    pub base: PathBuf,
}

/// A node of the plan.
#[derive(Clone)]
pub struct PlannedNode {
    /// Its name in the file.
    pub id: Arc<str>,
    /// Where its name stands in the file.
    pub span: Range<usize>,
    /// Its type.
    pub ty: &'static NodeType,
    /// Its producers, and where they stand in the file.
    pub inputs: Vec<(Input, Range<usize>)>,
    /// How many instances share the work.
    pub workers: usize,
    /// Whether the run goes on without it.
    pub optional: bool,
    /// Whether it, or anything upstream of it, is a device that will not wait.
    pub live: bool,
    /// Opens it.
    pub open: Opener,
}

/// A pipeline file that cannot be used, and everything that is wrong with it.
#[derive(Debug)]
pub struct Rejected {
    /// Path as given.
    pub file: String,
    /// Its text, if it could be read at all.
    pub text: String,
    /// All problems, in the order of the file.
    pub problems: Vec<Problem>,
}

impl Rejected {
    /// All problems as a person reads them.
    pub fn render(&self) -> String {
        let each = self.problems.iter();
        let rendered: Vec<String> = each.map(|it| it.render(&self.file, &self.text)).collect();
        secret::redact(&rendered.join("\n"))
    }
}

/// Reads and checks a pipeline file.
///
/// # Errors
/// Everything that is wrong with it, also if it cannot be read.
pub fn load(path: &Path, nodes: &'static [Entry]) -> Result<Plan, Rejected> {
    let file = path.display().to_string();
    let base = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let text = read(path).map_err(|(message, help)| Rejected {
        file: file.clone(),
        text: String::new(),
        problems: vec![Problem::new(0..0, message, help)],
    })?;
    parse(&text, &base, nodes).map_err(|problems| Rejected {
        file,
        text,
        problems,
    })
}

fn read(path: &Path) -> Result<String, (String, String)> {
    let trouble = |error: std::io::Error| {
        let help = "name a pipeline file that you can read".to_owned();
        (format!("cannot read the pipeline file: {error}"), help)
    };
    let size = std::fs::metadata(path).map_err(trouble)?.len();
    if size > LARGEST_FILE {
        let help = "pipeline files are at most 1 MiB: is this the right file?".to_owned();
        return Err((format!("the pipeline file has {size} bytes"), help));
    }
    let bytes = std::fs::read(path).map_err(trouble)?;
    String::from_utf8(bytes).map_err(|_| {
        let help = "a pipeline file is TOML, which is UTF-8 text".to_owned();
        ("the pipeline file is not text".to_owned(), help)
    })
}

/// Checks the text of a pipeline file.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn parse(text: &str, base: &Path, nodes: &'static [Entry]) -> Result<Plan, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(|it| syntax(it, text)).collect());
    }
    let mut parser = Parser {
        catalogue: nodes,
        problems: Vec::new(),
    };
    let mut plan = Plan {
        nodes: Vec::new(),
        runtime: Runtime::default(),
        status: Status::default(),
        base: base.to_path_buf(),
    };
    for (key, mut value) in document.into_inner() {
        parser.interpolate(&mut value);
        parser.section(&key, value, &mut plan);
    }
    plan.nodes.sort_by_key(|node| node.span.start);
    let mut problems = parser.problems;
    // A node that was rejected would be missed by the graph check: say one thing at a time.
    if problems.is_empty() {
        problems = graph::check(&mut plan.nodes, nodes);
    }
    problems.sort_by_key(|problem| problem.span.start);
    match problems.is_empty() {
        true => Ok(plan),
        false => Err(problems),
    }
}

fn syntax(error: &TomlError, text: &str) -> Problem {
    let span = error.span().unwrap_or(text.len()..text.len());
    Problem::new(span, error.message(), "see https://toml.io for the syntax")
}

struct Parser {
    catalogue: &'static [Entry],
    problems: Vec<Problem>,
}

impl Parser {
    fn report(&mut self, span: Range<usize>, message: String, help: impl Into<String>) {
        self.problems.push(Problem::new(span, message, help));
    }

    /// Replaces `${NAME}` in every string.
    fn interpolate(&mut self, value: &mut Spanned<DeValue<'_>>) {
        let span = value.span();
        match value.get_mut() {
            DeValue::String(string) if string.contains("${") => {
                *string = self.expand(string, span).into();
            }
            DeValue::Array(array) => array.iter_mut().for_each(|it| self.interpolate(it)),
            DeValue::Table(table) => table.iter_mut().for_each(|(_, it)| self.interpolate(it)),
            _ => {}
        }
    }

    fn expand(&mut self, string: &str, span: Range<usize>) -> String {
        let mut parts = string.split("${");
        let mut expanded = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let Some((name, rest)) = part.split_once('}') else {
                let message = format!("`${{{part}` has no closing brace");
                self.report(span.clone(), message, "write `${NAME}`");
                continue;
            };
            match secret::look_up(name) {
                Some(value) => {
                    secret::remember(&value);
                    expanded.push_str(&value);
                }
                None => self.report(
                    span.clone(),
                    format!("`${{{name}}}` is not set"),
                    format!("set {name} in the environment, or give it to the service with LoadCredential={name}:FILE"),
                ),
            }
            expanded.push_str(rest);
        }
        expanded
    }

    fn section(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>, value: Spanned<DeValue<'_>>, plan: &mut Plan) {
        const SECTIONS: [&str; 5] = ["sources", "transforms", "sinks", "runtime", "status"];
        let name = key.get_ref().as_ref();
        let table_span = value.span();
        let role = match name {
            "sources" => Some(Role::Source),
            "transforms" => Some(Role::Transform),
            "sinks" => Some(Role::Sink),
            "runtime" | "status" => None,
            _ => {
                let message = format!("unknown table `{name}`");
                return self.report(key.span(), message, suggest(name, SECTIONS));
            }
        };
        let DeValue::Table(table) = value.into_inner() else {
            let help = format!("write `[{name}.NAME]`, with options below it");
            return self.report(key.span(), format!("`{name}` must be a table"), help);
        };
        match (role, name) {
            (Some(role), _) => {
                for (id, value) in table {
                    if let Some(node) = self.node(role, &id, value, &plan.nodes) {
                        plan.nodes.push(node);
                    }
                }
            }
            (None, "runtime") => {
                let table = Spanned::new(table_span, table);
                if let Some(runtime) = self.shared_options("runtime", key.span(), table) {
                    plan.runtime = runtime;
                }
            }
            (None, _) => {
                let table = Spanned::new(table_span, table);
                if let Some(status) = self.shared_options("status", key.span(), table) {
                    plan.status = status;
                }
            }
        }
    }

    fn shared_options<T>(&mut self, name: &str, at: Range<usize>, table: Spanned<DeTable<'_>>) -> Option<T>
    where
        T: for<'de> Deserialize<'de> + schemars::JsonSchema,
    {
        let schema = schemars::schema_for!(T);
        self.options(name, &at, &schema, table, |it| T::deserialize(Deserializer::from(it)))
    }

    fn node(
        &mut self,
        role: Role,
        id: &Spanned<std::borrow::Cow<'_, str>>,
        value: Spanned<DeValue<'_>>,
        others: &[PlannedNode],
    ) -> Option<PlannedNode> {
        let (name, span, table_span) = (id.get_ref().as_ref(), id.span(), value.span());
        let DeValue::Table(mut table) = value.into_inner() else {
            let help = format!("write `[{}.{name}]`, with options below it", role.section());
            self.report(span, format!("`{name}` must be a table"), help);
            return None;
        };
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(named) {
            let help = "use letters, digits, `_` and `-`";
            self.report(span.clone(), format!("`{name}` cannot be a node's name"), help);
        }
        if others.iter().any(|other| *other.id == *name) {
            let help = "inputs name nodes across all tables, so every name must be unique";
            self.report(span.clone(), format!("there is another node `{name}`"), help);
        }
        let ty = self.node_type(role, &span, &mut table)?;
        let inputs = self.inputs(role, name, &span, &mut table);
        let workers = self.common(&mut table, "workers", 1u16, "a number from 1 to 64");
        let optional = self.common(&mut table, "optional", false, "true or false");
        if !(1..=64).contains(&workers) || (workers > 1 && !ty.stateless) {
            let message = format!("`{}` cannot have {workers} workers", ty.name);
            let help = "only nodes that keep nothing between packets can have more than 1, up to 64";
            self.report(span.clone(), message, help);
        }
        let spans: Vec<(String, Range<usize>)> = table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), value.span()))
            .collect();
        let table = Spanned::new(table_span, table);
        let configured = self.options(ty.name, &span, &(ty.schema)(), table, ty.configure)?;
        for misuse in &configured.misuses {
            let at = spans.iter().find(|(option, _)| option == misuse.option);
            let at = at.map_or(&span, |(_, span)| span);
            self.report(at.clone(), misuse.message.clone(), misuse.help.clone());
        }
        Some(PlannedNode {
            id: Arc::from(name),
            span,
            ty,
            inputs,
            workers: usize::from(workers),
            optional,
            live: configured.live,
            open: configured.open,
        })
    }

    fn node_type(&mut self, role: Role, node: &Range<usize>, table: &mut DeTable<'_>) -> Option<&'static NodeType> {
        let Some(value) = table.remove("type") else {
            let help = format!("one of: {}", names(self.catalogue, role).join(", "));
            self.report(node.clone(), "the node has no `type`".to_owned(), help);
            return None;
        };
        let Some(name) = value.get_ref().as_str() else {
            self.report(value.span(), "`type` must be a string".to_owned(), "");
            return None;
        };
        let entry = self.catalogue.iter().find(|entry| entry.name() == name);
        match entry {
            Some(Entry::Present(ty)) if ty.role == role => Some(ty),
            Some(Entry::Present(ty)) => {
                let message = format!("`{name}` is a {}, not a {}", ty.role.name(), role.name());
                let help = format!("put the node under `[{}.NAME]`", ty.role.section());
                self.report(value.span(), message, help);
                None
            }
            Some(Entry::Absent { feature, .. }) => {
                let message = format!("this build has no `{name}`");
                let help = format!("it was built without the feature `{feature}`");
                self.report(value.span(), message, help);
                None
            }
            None => {
                let help = suggest(name, names(self.catalogue, role));
                self.report(value.span(), format!("unknown type `{name}`"), help);
                None
            }
        }
    }

    fn inputs(&mut self, role: Role, name: &str, node: &Range<usize>, table: &mut DeTable<'_>) -> Vec<(Input, Range<usize>)> {
        let value = table.remove("inputs");
        if role == Role::Source {
            if let Some(value) = value {
                let help = "sources bring media in; remove `inputs`";
                self.report(value.span(), format!("`{name}` is a source and takes no inputs"), help);
            }
            return Vec::new();
        }
        let Some(value) = value else {
            let help = "add `inputs = [\"NAME\"]` with the nodes whose output it takes";
            self.report(node.clone(), format!("`{name}` has no `inputs`"), help);
            return Vec::new();
        };
        let span = value.span();
        let DeValue::Array(array) = value.into_inner() else {
            let help = "write `inputs = [\"NAME\"]`";
            self.report(span, "`inputs` must be a list".to_owned(), help);
            return Vec::new();
        };
        if array.is_empty() {
            let help = "name the nodes whose output it takes";
            self.report(span, format!("`{name}` has no inputs"), help);
        }
        let mut inputs = Vec::new();
        for item in array {
            let span = item.span();
            match Input::deserialize(toml::de::ValueDeserializer::from(item)) {
                Ok(input) if !input.queue().0.is_some_and(|capacity| !(1..=10_000).contains(&capacity)) => {
                    inputs.push((input, span));
                }
                _ => {
                    let help = "a name, or { from = \"NAME\", capacity = 1 to 10000, when_full = \"block\", \"drop_oldest\" or \"drop_newest\" }";
                    self.report(span, "this is no input".to_owned(), help);
                }
            }
        }
        inputs
    }

    fn common<'t, T: Deserialize<'t>>(&mut self, table: &mut DeTable<'t>, key: &str, default: T, help: &str) -> T {
        let Some(value) = table.remove(key) else {
            return default;
        };
        let span = value.span();
        T::deserialize(toml::de::ValueDeserializer::from(value)).unwrap_or_else(|_| {
            self.report(span, format!("`{key}` is wrong"), help);
            default
        })
    }

    /// Parses the options of one table and reports everything wrong with them.
    fn options<'t, T>(
        &mut self,
        owner: &str,
        at: &Range<usize>,
        schema: &Schema,
        mut table: Spanned<DeTable<'t>>,
        parse: impl Fn(Spanned<DeTable<'t>>) -> Result<T, TomlError>,
    ) -> Option<T> {
        let before = self.problems.len();
        let properties = schema.get("properties").and_then(|it| it.as_object());
        let known: Vec<&str> = properties.into_iter().flatten().map(|it| it.0.as_str()).collect();
        let keys: Vec<(String, Range<usize>)> = table
            .get_ref()
            .keys()
            .map(|key| (key.get_ref().to_string(), key.span()))
            .collect();
        let mut removed = Vec::new();
        for (key, span) in keys {
            let limits = properties.and_then(|it| it.get(&key));
            let value = table.get_ref().get(key.as_str()).expect("it was listed just now");
            let complaint = match limits {
                None => {
                    let help = suggest(&key, known.iter().copied());
                    Some((span, format!("unknown option `{key}` of `{owner}`"), help))
                }
                Some(limits) => out_of_range(value.get_ref(), limits)
                    .map(|range| (value.span(), format!("`{key}` is out of range"), range)),
            };
            if let Some((span, message, help)) = complaint {
                self.report(span, message, help);
                table.get_mut().remove(key.as_str());
                removed.push(key);
            }
        }
        // serde stops at the first error: take out what it complains about and ask again.
        loop {
            let error = match parse(table.clone()) {
                Ok(options) => return (self.problems.len() == before).then_some(options),
                Err(error) => error,
            };
            let span = error.span().unwrap_or(at.clone());
            let culprit = table.get_ref().iter().find(|(_, value)| {
                value.span().start <= span.start && span.end <= value.span().end
            });
            let culprit = culprit.map(|(key, _)| key.get_ref().to_string());
            let missing = removed.iter().any(|key| error.message().contains(&format!("`{key}`")));
            let Some(key) = culprit else {
                if !missing {
                    let help = format!("see `otus nodes {owner}`");
                    self.report(at.clone(), error.message().to_owned(), help);
                }
                return None;
            };
            let about = properties.and_then(|it| it.get(&key)?.get("description")?.as_str());
            let help = about.unwrap_or_default().to_owned();
            self.report(span, format!("`{key}`: {}", error.message()), help);
            table.get_mut().remove(key.as_str());
            removed.push(key);
        }
    }
}

impl Entry {
    /// Name in pipeline files.
    pub fn name(&self) -> &'static str {
        match self {
            Entry::Present(ty) => ty.name,
            Entry::Absent { name, .. } => name,
        }
    }
}

fn names(catalogue: &'static [Entry], role: Role) -> Vec<&'static str> {
    let of_role = |entry: &&Entry| match entry {
        Entry::Present(ty) => ty.role == role,
        Entry::Absent { .. } => false,
    };
    catalogue.iter().filter(of_role).map(Entry::name).collect()
}

/// The range that a number breaks, in words, going by the option's schema.
fn out_of_range(value: &DeValue<'_>, schema: &serde_json::Value) -> Option<String> {
    let number = match value {
        DeValue::Integer(integer) => integer.as_str().replace('_', "").parse::<f64>().ok()?,
        DeValue::Float(float) => float.as_str().replace('_', "").parse::<f64>().ok()?,
        _ => return None,
    };
    let limit = |key| schema.get(key).and_then(serde_json::Value::as_f64);
    let (least, most) = (limit("minimum"), limit("maximum"));
    let inside = least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most);
    let words = match (least, most) {
        (Some(least), Some(most)) => format!("from {least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => return None,
    };
    (!inside).then(|| format!("it can be {words}"))
}

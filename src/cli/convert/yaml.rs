//! YAML as a reader of settings wants it: fields with the lines that they stand in.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

/// A line of settings begins before this column.
const DEEPEST: usize = 200;

/// A value in the file.
pub type Node<'a> = MarkedYaml<'a>;

/// Parses the first document of a text.
///
/// # Errors
/// What is no YAML, and in which line.
pub fn parse(text: &str) -> Result<Node<'_>, String> {
    let depth = |line: &str| line.chars().take_while(|it| " -?:".contains(*it)).count();
    if let Some(line) = text.lines().position(|it| depth(it) > DEEPEST) {
        return Err(format!("line {}: no settings are so deep", line + 1));
    }
    let documents = MarkedYaml::load_from_str(text);
    let documents =
        documents.map_err(|it| format!("line {}: {}", it.marker().line(), it.info()))?;
    let first = documents.into_iter().next();
    first.ok_or_else(|| "it holds nothing".to_owned())
}

/// The line that a value begins in.
pub fn line(node: &Node<'_>) -> usize {
    node.span.start.line()
}

/// The fields of a table, in their order, with the line of each; none of anything else.
pub fn fields<'n, 'a>(node: &'n Node<'a>) -> Vec<(String, usize, &'n Node<'a>)> {
    match &node.data {
        YamlData::Mapping(map) => {
            let named = map
                .iter()
                .map(|(key, value)| (text(key).unwrap_or_default(), line(key), value));
            named.collect()
        }
        _ => Vec::new(),
    }
}

/// One field of a table.
pub fn field<'n, 'a>(node: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
    let found = fields(node).into_iter().find(|it| it.0 == name);
    found.map(|it| it.2)
}

/// A scalar as it would be written.
pub fn text(node: &Node<'_>) -> Option<String> {
    match &node.data {
        YamlData::Value(Scalar::String(it)) => Some(it.to_string()),
        YamlData::Value(Scalar::Integer(it)) => Some(it.to_string()),
        YamlData::Value(Scalar::FloatingPoint(it)) => Some(it.to_string()),
        YamlData::Value(Scalar::Boolean(it)) => Some(it.to_string()),
        _ => None,
    }
}

/// A truth value, as people who know older YAML write it too.
pub fn truth(node: &Node<'_>) -> Option<bool> {
    match text(node)?.to_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A number.
pub fn number(node: &Node<'_>) -> Option<f64> {
    text(node)?
        .trim()
        .parse()
        .ok()
        .filter(|it: &f64| it.is_finite())
}

/// The items of a list; a value alone is a list of one.
pub fn list<'n, 'a>(node: &'n Node<'a>) -> Vec<&'n Node<'a>> {
    match &node.data {
        YamlData::Sequence(items) => items.iter().collect(),
        YamlData::Value(Scalar::Null) => Vec::new(),
        _ => vec![node],
    }
}

/// The same of texts.
pub fn texts(node: &Node<'_>) -> Vec<String> {
    list(node).into_iter().filter_map(text).collect()
}

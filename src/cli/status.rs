//! `otus status`: what a running instance says about itself, as text.

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::Value;

use super::client::Place;
use super::table::table;
use crate::cli::output::{failed, print_json, printable};

/// The names of the columns of [`nodes`].
pub const NODES: [&str; 7] = ["NODE", "TYPE", "STATE", "BUSY", "LAG", "MADE", ""];

pub fn status(place: &Place, json: bool) -> ExitCode {
    match place.status() {
        Err(message) => return failed(message),
        Ok(status) if json => print_json(&status),
        Ok(status) => print!("{}", render(&status, None)),
    }
    ExitCode::SUCCESS
}

/// The status as a page of text. With an `earlier` one it tells rates, without it totals.
pub fn render(status: &Value, earlier: Option<&Value>) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", summary(status));
    for (severity, what) in findings(status) {
        let _ = writeln!(out, "{severity}: {what}");
    }
    out.push('\n');
    out.push_str(&table(&NODES, nodes(status, earlier)));
    out.push('\n');
    out.push_str(&table(&edges_head(earlier), edges(status, earlier)));
    out
}

/// What is told of the whole, in one line.
pub fn summary(status: &Value) -> String {
    let memory = number(&status["machine"]["resident_bytes"]) / 1e6;
    format!(
        "otus {}, running for {}, {memory:.0} MB",
        text(&status["version"]),
        span(seconds(status))
    )
}

/// What needs somebody: how bad it is, and what it is.
pub fn findings(status: &Value) -> Vec<(String, String)> {
    let finding = |it: &Value| {
        let part = |name: &str| text(&it[name]);
        (
            part("severity"),
            format!("{} {}", part("node"), part("text")),
        )
    };
    list(&status["findings"]).iter().map(finding).collect()
}

/// A row for each node, in the order of [`NODES`].
pub fn nodes(status: &Value, earlier: Option<&Value>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for node in list(&status["pipeline"]["nodes"]) {
        let now = number(&node["busy_seconds"]);
        let before = of_same(earlier, "nodes", node, &["id"], "busy_seconds");
        let share = match before {
            Some((before, elapsed)) => (now - before) / (seconds(status) - elapsed),
            None => now / seconds(status),
        };
        let lag = node["lag_seconds"].as_f64();
        let made = node["made"].as_object().into_iter().flatten();
        let made: Vec<String> = made.map(|(kind, n)| format!("{n} {kind}")).collect();
        let facts = node["facts"].as_object().into_iter().flatten();
        let facts: Vec<String> = facts.map(|(_, fact)| text(fact)).collect();
        rows.push(vec![
            text(&node["id"]),
            text(&node["type"]),
            text(&node["state"]),
            format!("{:.0} %", 100.0 * share),
            lag.map_or(String::new(), |it| format!("{:.0} ms", 1000.0 * it)),
            made.join(", "),
            facts.join(", "),
        ]);
    }
    rows
}

/// The names of the columns of [`edges`].
pub fn edges_head(earlier: Option<&Value>) -> [&'static str; 6] {
    let flow = if earlier.is_some() { "FLOW" } else { "PACKETS" };
    ["FROM", "TO", "KIND", flow, "IN FLIGHT", "DROPPED"]
}

/// A row for each connection.
pub fn edges(status: &Value, earlier: Option<&Value>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for edge in list(&status["pipeline"]["edges"]) {
        let now = number(&edge["received"]);
        let before = of_same(earlier, "edges", edge, &["from", "to", "kind"], "received");
        let flow = match before {
            Some((before, elapsed)) => {
                format!("{:.1}/s", (now - before) / (seconds(status) - elapsed))
            }
            None => format!("{now}"),
        };
        rows.push(vec![
            text(&edge["from"]),
            text(&edge["to"]),
            text(&edge["kind"]),
            flow,
            format!("{} of {}", edge["in_flight"], edge["capacity"]),
            format!("{}", edge["dropped"]),
        ]);
    }
    rows
}

/// A number of the same node or edge in an earlier status, and that status' uptime: a reload may
/// have moved it.
fn of_same(
    earlier: Option<&Value>,
    what: &str,
    one: &Value,
    keys: &[&str],
    name: &str,
) -> Option<(f64, f64)> {
    let earlier = earlier?;
    let same = |it: &&Value| keys.iter().all(|key| it[key] == one[key]);
    let before = list(&earlier["pipeline"][what]).iter().find(same)?;
    Some((number(&before[name]), seconds(earlier)))
}

fn text(value: &Value) -> String {
    printable(value.as_str().unwrap_or_default())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Uptime; never zero, because others divide by it.
fn seconds(status: &Value) -> f64 {
    number(&status["pipeline"]["uptime_seconds"]).max(0.001)
}

fn span(seconds: f64) -> String {
    let seconds = seconds as u64;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(uptime: f64, busy: f64, received: u64) -> Value {
        json!({
            "version": "1", "machine": { "resident_bytes": 12_000_000 },
            "findings": [{ "severity": "error", "node": "porch", "text": "has \u{1b}[2J gone" }],
            "pipeline": {
                "uptime_seconds": uptime,
                "nodes": [{ "id": "porch", "type": "camera", "state": "running",
                    "busy_seconds": busy, "made": { "frame": received }, "facts": {} }],
                "edges": [{ "from": "porch", "to": "log", "kind": "frame", "received": received,
                    "in_flight": 1, "capacity": 2, "dropped": 3 }],
            },
        })
    }

    #[test]
    fn two_states_give_rates() {
        let text = render(&status(12.0, 4.0, 120), Some(&status(10.0, 3.0, 100)));
        let expected = "otus 1, running for 12 s, 12 MB\n\
            error: porch has  [2J gone\n\n\
            NODE   TYPE    STATE    BUSY  LAG  MADE\n\
            porch  camera  running  50 %       120 frame\n\n\
            FROM   TO   KIND   FLOW    IN FLIGHT  DROPPED\n\
            porch  log  frame  10.0/s  1 of 2     3\n";
        assert_eq!(text, expected);
    }
}

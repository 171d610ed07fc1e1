//! `otus status`: what a running instance says about itself, as text.

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::Value;

use super::client::Place;
use crate::cli::output::{failed, print_json, printable};

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
    let uptime = seconds(status);
    let machine = &status["machine"];
    let memory = number(&machine["resident_bytes"]) / 1e6;
    let _ = writeln!(
        out,
        "otus {}, running for {}, {memory:.0} MB",
        text(&status["version"]),
        span(uptime)
    );
    for finding in list(&status["findings"]) {
        let part = |name: &str| text(&finding[name]);
        let (severity, node, what) = (part("severity"), part("node"), part("text"));
        let _ = writeln!(out, "{severity}: {node} {what}");
    }
    out.push('\n');
    out.push_str(&table(nodes(status, earlier)));
    out.push('\n');
    out.push_str(&table(edges(status, earlier)));
    out
}

fn nodes(status: &Value, earlier: Option<&Value>) -> Vec<Vec<String>> {
    let mut rows = vec![row(["NODE", "TYPE", "STATE", "BUSY", "LAG", "MADE", ""])];
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

fn edges(status: &Value, earlier: Option<&Value>) -> Vec<Vec<String>> {
    let flow = if earlier.is_some() { "FLOW" } else { "PACKETS" };
    let mut rows = vec![row(["FROM", "TO", "KIND", flow, "IN FLIGHT", "DROPPED"])];
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

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Columns as wide as their widest cell.
fn table(rows: Vec<Vec<String>>) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let line: String = cells
            .map(|(cell, width)| format!("{cell:<width$}  "))
            .collect();
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
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

//! What differs between two runs, as a table: in sum by who tells it, then each.

use serde_json::json;

use super::found::{Found, Row};
use super::matching::{Difference, How};
use crate::cli::output::{print_json as print, printable};

/// Differences that are listed one by one; the page has all.
const MOST: usize = 50;
/// Letters of what an event says.
const WIDEST: usize = 60;

/// What a difference is, in words.
pub fn says(difference: &Difference) -> String {
    let text = match difference.how {
        How::New => difference.now.clone(),
        How::Gone => difference.before.clone(),
        How::Changed if difference.before == difference.now => difference.now.clone(),
        How::Changed => format!("{} → {}", difference.before, difference.now),
    };
    printable(&text).chars().take(WIDEST).collect()
}

/// For people.
pub fn print_table(rows: &[Row]) {
    let cells: Vec<[String; 9]> = rows.iter().map(Row::cells).collect();
    let head = Row::HEAD.map(str::to_owned);
    let all = || std::iter::once(&head).chain(&cells);
    let widths: Vec<usize> = (0..head.len())
        .map(|at| all().map(|it| it[at].chars().count()).max().unwrap_or(0))
        .collect();
    for row in all() {
        let cells = row.iter().zip(&widths).enumerate();
        let line: Vec<String> = cells
            .map(|(at, (cell, &width))| match at {
                3..=7 => format!("{cell:>width$}"),
                _ => format!("{cell:width$}"),
            })
            .collect();
        println!("{}", line.join("  ").trim_end());
    }
}

/// The table, what nobody told before, and the first differences.
pub fn print_found(found: &Found) {
    print_table(&found.rows);
    for (node, count) in &found.unheard {
        println!("only now: {} tells {count} events", printable(node));
    }
    if found.differences.is_empty() {
        return println!("\nnothing is decided otherwise");
    }
    println!();
    for it in found.differences.iter().take(MOST) {
        println!(
            "{:>10.3}  {:7}  {}  {}  {}  {}",
            it.t,
            it.how.name(),
            printable(&it.kind),
            printable(&it.node),
            printable(&it.source),
            says(it)
        );
    }
    let more = found.differences.len().saturating_sub(MOST);
    if more > 0 {
        println!("and {more} more, which --page FILE shows");
    }
}

/// For programs.
pub fn print_json(found: &Found) {
    let rows: Vec<_> = found
        .rows
        .iter()
        .map(|it| {
            json!({
                "kind": it.kind, "node": it.node, "source": it.source, "before": it.before, "now": it.now, "new": it.new,
                "gone": it.gone, "changed": it.changed, "score_mean": it.scores.map(|it| it.0), "score_most": it.scores.map(|it| it.1),
            })
        })
        .collect();
    let differences: Vec<_> = found
        .differences
        .iter()
        .map(|it| {
            json!({
                "how": it.how.name(), "kind": it.kind, "node": it.node, "source": it.source, "t": it.t, "before": it.before,
                "now": it.now,
            })
        })
        .collect();
    print(&json!({ "rows": rows, "only_now": found.unheard, "differences": differences }));
}

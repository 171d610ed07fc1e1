//! Tables for people: columns as wide as what is in them, folded where the terminal is narrower.

use std::io::{IsTerminal, stdout};

use comfy_table::{ContentArrangement, Table, presets};
use crossterm::terminal::size;

/// So much room is taken as given, however narrow a terminal says that it is.
const LEAST: u16 = 20;

/// The table as text, as wide as the terminal that standard output is; a pipe gets one line a row.
pub fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let columns = size().ok().filter(|_| stdout().is_terminal());
    within(columns.map(|it| it.0), head, rows)
}

fn within(columns: Option<u16>, head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(columns) = columns {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(columns.max(LEAST));
    }
    if !head.is_empty() {
        table.set_header(head.to_vec());
    }
    table.add_rows(rows);
    let last = table.column_count().saturating_sub(1);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if at == last { 0 } else { 2 }));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_fold_where_the_terminal_is_narrow() {
        let rows = || vec![vec!["mic".to_owned(), "one two three four five".to_owned()]];
        let wide = within(None, &["NODE", "SAYS"], rows());
        assert_eq!(wide, "NODE  SAYS\nmic   one two three four five\n");
        let narrow = within(Some(24), &[], rows());
        assert_eq!(narrow, "mic  one two three four\n     five\n");
    }
}

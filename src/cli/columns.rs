//! Text as wide as the terminal.

use std::io::{IsTerminal, stdout};

use crossterm::terminal::size;

/// So much room is taken as given, however narrow a terminal says that it is.
const LEAST: usize = 20;

/// How wide text may be; none where it goes to no terminal.
#[derive(Clone, Copy)]
pub struct Columns(Option<usize>);

impl Columns {
    /// Of the terminal that standard output is.
    pub fn here() -> Columns {
        let size = size().ok().filter(|_| stdout().is_terminal());
        Columns(size.map(|it| usize::from(it.0)))
    }

    /// The text with lines that fit: broken between words, and going on below their first word.
    pub fn fold(self, text: &str) -> String {
        let Some(columns) = self.0 else {
            return text.to_owned();
        };
        let columns = columns.max(LEAST);
        let lines = text.split('\n').map(|line| folded(line, columns));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn folded(line: &str, columns: usize) -> String {
    let indent = line.chars().take_while(|it| *it == ' ').count();
    // What cannot be read so far to the right is not moved there.
    let indent = if indent > columns / 2 { 0 } else { indent };
    let (mut out, mut width) = (String::new(), 0);
    for word in line.split_inclusive(' ') {
        let letters = word.trim_end().chars().count();
        if width + letters > columns && width > indent {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            width = indent;
        }
        out.push_str(word);
        width += word.chars().count();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let fold = |text| Columns(Some(20)).fold(text);
        assert_eq!(
            fold("one two three four five six"),
            "one two three four\nfive six"
        );
        assert_eq!(
            fold("  one two three four five"),
            "  one two three four\n  five"
        );
        assert_eq!(fold("a\n\nb"), "a\n\nb");
        assert_eq!(fold("Which camera of these? "), "Which camera of\nthese? ");
        let long = "rtsp://10.0.0.7/Streaming/Channels/102";
        assert_eq!(fold(long), long);
        assert_eq!(Columns(None).fold(long), long);
    }
}

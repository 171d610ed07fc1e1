//! What came of tests as JUnit XML, which machines that build and test read.

use std::fmt::Write;

use super::outcome::Run;

/// The whole document.
pub fn document(suite: &str, runs: &[Run]) -> String {
    let bad = runs.iter().filter(|it| !it.wrong.is_empty()).count();
    let seconds: f64 = runs.iter().map(|it| it.took.as_secs_f64()).sum();
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(
        text,
        "<testsuites>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{bad}\" errors=\"0\" skipped=\"0\" time=\"{seconds:.3}\">",
        plain(suite),
        runs.len(),
    );
    for run in runs {
        let _ = write!(
            text,
            "<testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
            plain(&run.name),
            plain(suite),
            run.took.as_secs_f64()
        );
        match run.wrong.first() {
            None => text.push_str("/>\n"),
            Some(first) => {
                let all = plain(&run.wrong.join("\n"));
                let _ = writeln!(
                    text,
                    ">\n<failure message=\"{}\">{all}</failure>\n</testcase>",
                    plain(first)
                );
            }
        }
    }
    text.push_str("</testsuite>\n</testsuites>\n");
    text
}

/// Text without what XML means by it, and without what it cannot hold.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '"' => plain.push_str("&quot;"),
            '\n' => plain.push('\n'),
            '\u{fffe}' | '\u{ffff}' => plain.push('\u{fffd}'),
            it if it.is_control() => plain.push(' '),
            it => plain.push(it),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_xml_would_take_for_its_own_is_text() {
        let run = Run {
            name: "a < b & \"c\"".to_owned(),
            took: Duration::from_millis(1500),
            wrong: vec!["came: \u{1b}[2J<none>".to_owned(), "more".to_owned()],
        };
        let told = document("x.toml", &[run]);
        let case = "<testcase name=\"a &lt; b &amp; &quot;c&quot;\" classname=\"x.toml\" time=\"1.500\">\n\
            <failure message=\"came:  [2J&lt;none&gt;\">came:  [2J&lt;none&gt;\nmore</failure>\n</testcase>";
        assert!(told.contains(case), "{told}");
        assert!(told.contains("tests=\"1\" failures=\"1\""), "{told}");
    }
}

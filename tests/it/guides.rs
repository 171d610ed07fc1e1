//! The guides and the README tell what is so: their pipelines are right, their commands are there, their errors are those that the
//! source has, and their links lead somewhere.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use regex::Regex;

use crate::scratch::Scratch;
use crate::tidy::{read, rust_files};

/// What a warning of `otus check` may be about: what only the reader's machine has.
const NOT_HERE: [&str; 3] = [
    "is not on this machine yet",
    "No such file or directory",
    "there is no ./",
];
/// A part of a word as a shell reads it, in quotes or not.
const WORD: &str = r#"'([^']*)'|"([^"]*)"|([^\s'"|<>;&]+)"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README and all guides.
fn documents() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("guides")).expect("there are guides");
    let guides = folder.flatten().map(|it| it.path());
    let mut files: Vec<PathBuf> = guides
        .filter(|it| it.extension().is_some_and(|it| it == "md"))
        .chain([root().join("README.md")])
        .collect();
    files.sort();
    assert!(files.len() > 10, "{files:?}");
    files
}

/// What stands between fences that begin with this word, and the lines at which it begins.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String, bool)> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(word), None) => open = Some((number + 2, String::new(), word == language)),
            (Some(_), Some(_)) => {
                found.extend(
                    open.take()
                        .filter(|it| it.2)
                        .map(|(line, block, _)| (line, block)),
                );
            }
            (None, Some((_, block, _))) => *block += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

/// What the README shows of a pipeline without its sources, with what is around it.
fn whole(part: &str) -> String {
    let node = Regex::new(r"(?m)^\[(?:sources|transforms)\.(\w+)\]").expect("it is one");
    let microphone = "[sources.microphone]\ntype = 'microphone'\n";
    let nodes = format!(
        "[sources.porch]\ntype = 'camera'\nuri = 'rtsp://10.0.0.7/stream2'\n{}\
         [transforms.people]\ntype = 'detect'\ninputs = ['porch']\nmodel = 'otus-person'\n{part}",
        if part.contains("\"microphone\"") {
            microphone
        } else {
            ""
        }
    );
    let names: Vec<&str> = node
        .captures_iter(&nodes)
        .filter_map(|it| it.get(1).map(|it| it.as_str()))
        .collect();
    format!("{nodes}\n[sinks.screen]\ntype = 'console'\ninputs = {names:?}\n")
}

/// What `otus check -` says of a pipeline whose variables all have a value; an error only if it is none of `NOT_HERE`.
fn checked(scratch: &Scratch, pipeline: &str) -> Result<(), String> {
    let mut command = scratch.otus(&["check", "-", "--json"]);
    let variables = Regex::new(r"\$\{(\w+)\}").expect("it is one");
    for found in variables.captures_iter(pipeline) {
        command.env(&found[1], "for-the-test");
    }
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(pipeline.as_bytes()).expect("it reads");
    drop(pipe);
    let ended = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let report: serde_json::Value = serde_json::from_str(&said).map_err(|it| it.to_string())?;
    let warnings = report["warnings"].as_array().cloned().unwrap_or_default();
    let is_here = |it: &serde_json::Value| !NOT_HERE.iter().any(|why| it.to_string().contains(why));
    match ended.status.success() && !warnings.iter().any(is_here) {
        true => Ok(()),
        false => Err(said),
    }
}

#[test]
fn every_pipeline_of_the_guides_is_right() {
    let scratch = Scratch::new();
    for name in ["porch", "otus"] {
        let file = scratch.write(&format!("{name}.secrets"), "");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(file, mode).expect("it is ours");
    }
    for file in documents() {
        for (line, block) in blocks(&read(&file), "toml") {
            let is_whole = block.contains("[sources.");
            assert!(
                is_whole || file.ends_with("README.md"),
                "{file:?}:{line}: no source"
            );
            let pipeline = if is_whole { block } else { whole(&block) };
            if let Err(said) = checked(&scratch, &pipeline) {
                panic!("{file:?}:{line}: {said}");
            }
        }
    }
}

/// The words of the command line that a line begins with, up to a remark, a pipe or a redirection.
fn words(line: &str) -> Vec<String> {
    let word = Regex::new(&format!("^(?:{WORD})+")).expect("it is one");
    let part = Regex::new(WORD).expect("it is one");
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(found) = word.find(rest).filter(|it| !it.as_str().starts_with('#')) {
        let parts = part.captures_iter(found.as_str());
        let parts = parts.filter_map(|it| it.iter().skip(1).flatten().next().map(|it| it.as_str()));
        words.push(parts.collect());
        rest = rest[found.end()..].trim_start();
    }
    words
}

#[test]
fn words_are_those_that_a_shell_reads() {
    let read = words("otus init --camera 'porch=a:${B}@c' --tell=\"a b\"c x.toml   # and a remark");
    assert_eq!(
        read,
        [
            "otus",
            "init",
            "--camera",
            "porch=a:${B}@c",
            "--tell=a bc",
            "x.toml"
        ]
    );
    assert_eq!(words("otus check - < x.toml | less").len(), 3);
    assert_eq!(words("otus events x.toml > y").len(), 3);
}

/// Lines that call otus: in blocks for a shell, and in those that show a terminal after its prompt.
fn calls(text: &str) -> Vec<(usize, String)> {
    let lines = |language: &str| {
        let lines = blocks(text, language)
            .into_iter()
            .flat_map(|(start, block)| {
                let lines: Vec<String> = block.lines().map(str::to_owned).collect();
                lines
                    .into_iter()
                    .enumerate()
                    .map(move |(at, it)| (start + at, it))
            });
        lines.collect::<Vec<_>>()
    };
    let typed = lines("console").into_iter().filter_map(|(number, line)| {
        let line = line
            .strip_prefix("$ ")
            .or_else(|| line.strip_prefix("# "))?;
        Some((number, line.to_owned()))
    });
    let all = lines("sh").into_iter().chain(typed);
    all.filter(|it| it.1.starts_with("otus ")).collect()
}

#[test]
fn every_command_of_the_guides_is_there() {
    let mut count = 0;
    for file in documents() {
        for (line, call) in calls(&read(&file)) {
            let asked = otus::cli::command().try_get_matches_from(words(&call));
            let refused = asked.err().filter(clap::Error::use_stderr);
            assert!(
                refused.is_none(),
                "{file:?}:{line}: {call}: {}",
                refused.expect("it is one")
            );
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

/// The source without its tests, each text in it on one line, as it is printed.
fn source() -> String {
    let broken = Regex::new(r"\\\n\s*").expect("it is one");
    let is_code = |file: &PathBuf| !file.components().any(|it| it.as_os_str() == "tests");
    let files = rust_files("src").into_iter().filter(is_code);
    let files = files.filter(|it| !it.ends_with("tests.rs")).map(|file| {
        let text = read(&file);
        let code = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        broken.replace_all(code, "").replace("\\\"", "\"")
    });
    files.collect()
}

/// Headings of the errors are the fixed parts of what otus prints, with `…` where something else stands each time.
#[test]
fn every_error_that_is_explained_is_one_that_otus_prints() {
    let source = source();
    let text = read(&root().join("guides/troubleshooting.md"));
    let title = |line: &str| {
        let code = line.strip_prefix("## `")?.strip_suffix('`')?;
        let nested = code.strip_prefix("` ").and_then(|it| it.strip_suffix(" `"));
        Some(nested.unwrap_or(code).to_owned())
    };
    let headings: Vec<String> = text.lines().filter_map(title).collect();
    assert!(headings.len() >= 20, "{headings:?}");
    for heading in headings {
        let parts = heading.split('…').map(regex::escape);
        // What stands in braces is doubled where it is meant as such.
        let parts: Vec<String> = parts
            .map(|it| it.replace(r"\{", r"\{+").replace(r"\}", r"\}+"))
            .collect();
        let printed = Regex::new(&parts.join(r"`?\{[^{}]*\}`?")).expect("it is one");
        assert!(
            printed.is_match(&source),
            "otus does not print `{heading}` any more"
        );
    }
}

/// The names by which headings of a page are found.
fn anchors(text: &str) -> Vec<String> {
    let heading = |line: &str| {
        let title = line
            .starts_with('#')
            .then(|| line.trim_start_matches('#').trim())?;
        let kept = title.to_lowercase();
        let kept = kept
            .chars()
            .filter(|it| it.is_alphanumeric() || "-_ ".contains(*it));
        Some(kept.collect::<String>().replace(' ', "-"))
    };
    text.lines().filter_map(heading).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").expect("it is one");
    let fenced = Regex::new(r"(?s)```.*?```").expect("it is one");
    for file in documents() {
        let text = read(&file);
        for found in link.captures_iter(&fenced.replace_all(&text, "")) {
            let (target, anchor) = found[1].split_once('#').unwrap_or((&found[1], ""));
            if target.contains("://") {
                continue;
            }
            let page = match target {
                "" => file.clone(),
                target => file.parent().expect("a folder").join(target),
            };
            assert!(
                page.exists(),
                "{file:?} links to {target}, which is not there"
            );
            let has_it = anchor.is_empty() || anchors(&read(&page)).iter().any(|it| it == anchor);
            assert!(has_it, "{file:?}: {target} has no heading #{anchor}");
        }
    }
}

/// Whoever looks for a guide finds it in the list.
#[test]
fn every_guide_is_in_the_list() {
    let list = read(&root().join("guides/README.md"));
    for file in documents() {
        let name = file.file_name().expect("a name").to_string_lossy();
        let is_listed = name == "README.md" || list.contains(&format!("]({name})"));
        assert!(is_listed, "guides/README.md does not name {name}");
    }
}

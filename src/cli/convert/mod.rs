//! `otus convert`: a pipeline made of another program's configuration, and what of it could not be carried over.

mod draft;
mod frigate;
mod left;
mod settings;
#[cfg(test)]
mod tests;
mod yaml;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use self::left::{Left, Setting};
use crate::cli::columns::Columns;
use crate::cli::output::{failed, print_json};
use crate::cli::save;
use crate::cli::secrets::Secrets;
use crate::pipeline::contract::secret::redact;
use crate::pipeline::contract::small_file;

pub fn convert(from: &Path, to: Option<&Path>, json: bool) -> ExitCode {
    let to = to.map_or_else(|| beside(from), Path::to_path_buf);
    match write(from, &to) {
        Err(message) => failed(redact(&message)),
        Ok((nodes, left)) => {
            match json {
                true => {
                    print_json(&json!({ "ok": true, "file": to, "nodes": nodes, "left": left }))
                }
                false => print!("{}", redact(&told(&to, nodes, &left))),
            }
            ExitCode::SUCCESS
        }
    }
}

/// In the folder of whoever calls, as Frigate's own is often not writable.
fn beside(from: &Path) -> PathBuf {
    PathBuf::from(from.file_name().unwrap_or_default()).with_extension("toml")
}

fn write(from: &Path, to: &Path) -> Result<(usize, Vec<Setting>), String> {
    save::is_free(to)?;
    let shown = from.display();
    let bytes = small_file::read(from).map_err(|it| format!("cannot read {shown}: {it}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{shown} is not text"))?;
    let (text, secrets, left) = converted(&text).map_err(|it| format!("{shown}: {it}"))?;
    let text = with_secrets(text, to, &secrets);
    let nodes = save::write(to, &text, &secrets.text())?;
    Ok((nodes, left))
}

/// The pipeline, what its variables stand for, and what was left out.
fn converted(text: &str) -> Result<(String, Secrets, Vec<Setting>), String> {
    let root = yaml::parse(text)?;
    let (mut left, mut secrets) = (Left::default(), Secrets::default());
    let frigate = frigate::read(&root, &mut left)?;
    let text = draft::text(&frigate, &mut left, &mut secrets)?;
    left.0.sort_by_key(|it| it.line);
    Ok((text, secrets, left.0))
}

fn with_secrets(text: String, to: &Path, secrets: &Secrets) -> String {
    if secrets.is_empty() {
        return text;
    }
    let file = save::secrets_of(to);
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = toml::Value::String(name);
    format!(
        "{text}\n# What `${{…}}` stands for; nobody else may read it.\n[runtime]\nsecrets_file = {name}\n"
    )
}

fn told(to: &Path, nodes: usize, left: &[Setting]) -> String {
    let file = to.display();
    let mut text = format!("{file} is written and right: {nodes} nodes.\n");
    if !left.is_empty() {
        text += &format!("\nNot carried over, {} in all:\n", left.len());
    }
    for it in left {
        let line = match it.line {
            0 => String::new(),
            line => format!("line {line}, "),
        };
        text += &format!("  {line}{}: {}\n", it.name, it.why);
    }
    text += &format!("\n  otus run {file}\n");
    Columns::here().fold(&text)
}

//! `[runtime] secrets_file`: what `${NAME}` stands for, in a file beside the pipeline, for who runs otus by hand.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use crate::pipeline::contract::small_file;

/// Values by their names.
pub type Secrets = HashMap<String, String>;

/// Reads the file that a document names, if it names one. The environment and systemd come before it.
///
/// # Errors
/// That it cannot be read, that others can read it too, or which line of it is none.
pub fn of(document: &DeTable<'_>, base: &Path) -> Result<Secrets, Problem> {
    let named = document.get("runtime").and_then(|it| match it.get_ref() {
        DeValue::Table(table) => table.get("secrets_file"),
        _ => None,
    });
    let Some(value) = named else {
        return Ok(Secrets::new());
    };
    let DeValue::String(path) = value.get_ref() else {
        // Whoever reads the options says so.
        return Ok(Secrets::new());
    };
    read(&base.join(&**path)).map_err(|(message, help)| Problem::new(value.span(), message, help))
}

fn read(path: &Path) -> Result<Secrets, (String, String)> {
    let shown = path.display();
    let trouble = |error: std::io::Error| {
        let help = "write it, a line `NAME=value` for each, and `chmod 600` it";
        (format!("cannot read {shown}: {error}"), help.to_owned())
    };
    let file = small_file::open(path).map_err(trouble)?;
    let mode = file.metadata().map_err(trouble)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        let message = format!("others can read the secrets in {shown} (mode {mode:o})");
        return Err((message, format!("run `chmod 600 {shown}`")));
    }
    let bytes = small_file::of(file).map_err(trouble)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut secrets = Secrets::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The line itself is not shown: it may be a password.
        let (name, value) = line.split_once('=').ok_or_else(|| {
            let message = format!("line {} of {shown} is none of secrets", number + 1);
            (message, "write `NAME=value`".to_owned())
        })?;
        secrets.insert(name.trim().to_owned(), unquoted(value.trim()).to_owned());
    }
    Ok(secrets)
}

/// Without the quotation marks around a value that begins or ends with a space or a mark.
fn unquoted(value: &str) -> &str {
    let within = |mark: char| value.strip_prefix(mark)?.strip_suffix(mark);
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn check(text: &str, mode: u32) -> Result<Secrets, String> {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let path = folder.path().join("x.secrets");
        fs::write(&path, text).expect("it can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
        read(&path).map_err(|(message, help)| format!("{message}; {help}"))
    }

    #[test]
    fn a_value_is_what_stands_behind_the_name() {
        let told = check(
            "# of the porch\n\nPORCH=p@ss=w0rd #1\r\n ODD = \" a'\" \n",
            0o600,
        );
        let told = told.expect("it is right");
        assert_eq!(told["PORCH"], "p@ss=w0rd #1");
        assert_eq!(told["ODD"], " a'");
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn what_others_can_read_is_no_secret() {
        for mode in [0o640, 0o604, 0o644] {
            let told = check("A=hunter2-file\n", mode);
            assert!(told.is_err_and(|it| it.contains("chmod 600") && !it.contains("hunter2")));
        }
        let told = check("A=b\nhunter2-file\n", 0o600);
        assert!(told.is_err_and(|it| it.contains("line 2") && !it.contains("hunter2")));
        let told = read(Path::new("/nowhere/x.secrets"));
        assert!(told.is_err_and(|it| it.0.contains("/nowhere/x.secrets")));
    }
}

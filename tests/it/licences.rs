//! Nothing is linked whose licence or source `cross/deny.toml` does not allow.

use std::path::Path;
use std::process::Command;

use toml::Table;

fn table(name: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = std::fs::read_to_string(path).expect("the file is there");
    text.parse().expect("it is TOML")
}

/// Whether an SPDX expression can be met with these licences. AND binds tighter than OR; of brackets there is at most
/// one level, as in the licences of today's crates.
fn met(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.replace('/', " OR ");
    if let Some((before, rest)) = expression.split_once('(') {
        let (inside, after) = rest.split_once(')').expect("brackets are closed");
        let answer = match met(inside, allowed) {
            true => allowed.first().expect("something is allowed"),
            false => "none",
        };
        return met(&format!("{before}{answer}{after}"), allowed);
    }
    expression
        .split(" OR ")
        .any(|all| all.split(" AND ").all(|one| allowed.contains(&one.trim())))
}

#[test]
fn licences_of_linked_crates_are_allowed() {
    let rules = table("cross/deny.toml");
    let allowed = rules["licenses"]["allow"].as_array().expect("a list");
    let allowed: Vec<&str> = allowed.iter().filter_map(|it| it.as_str()).collect();
    // What this machine builds, for which everything has been fetched.
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges=normal"])
        .args(["--prefix=none", "--format={p}|{l}|"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for line in printed.lines().filter(|it| !it.is_empty()) {
        let mut fields = line.split('|');
        let (name, licence) = (fields.next(), fields.next().unwrap_or_default());
        assert!(
            met(licence, &allowed),
            "{name:?}: cross/deny.toml does not allow {licence:?}"
        );
    }
}

#[test]
fn crates_come_from_one_registry() {
    let lock = table("Cargo.lock");
    let packages = lock["package"].as_array().expect("a list");
    let mut sources: Vec<&str> = packages
        .iter()
        .filter_map(|it| it.get("source")?.as_str())
        .collect();
    sources.sort_unstable();
    sources.dedup();
    assert!(
        matches!(sources[..], [one] if one.starts_with("registry+")),
        "{sources:?}"
    );
}

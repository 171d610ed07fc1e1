//! The manual page and the shell completions that packages bring are what the command line is.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it manual` writes them anew; review the difference.

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::pipelines::up_to_date;

/// What no command line tells. Roff, as manual pages are written.
const MORE: &str = include_str!("../../cross/share/otus.1.in");

/// The command line without what is hidden from people.
fn command() -> Command {
    let whole = otus::cli::command();
    let shown = Command::new("otus")
        .version(env!("CARGO_PKG_VERSION"))
        .about(whole.get_about().cloned().unwrap_or_default())
        .subcommand_required(whole.is_subcommand_required_set())
        .args(whole.get_arguments());
    shown.subcommands(whole.get_subcommands().filter(|it| !it.is_hide_set()))
}

/// Commands that can be called, with the words that call them.
fn leaves(command: &Command, words: &str) -> Vec<(String, Command)> {
    let mut found = Vec::new();
    for inner in command.get_subcommands() {
        let words = format!("{words} {}", inner.get_name());
        if inner.has_subcommands() {
            found.extend(leaves(inner, &words));
        } else {
            found.push((words, inner.clone().disable_help_flag(true)));
        }
    }
    found
}

/// What a renderer of `clap_mangen` writes, without headings and the definitions that it puts before each.
fn body(render: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut roff = Vec::new();
    render(&mut roff).expect("memory can be written");
    let roff = String::from_utf8(roff).expect("the texts are UTF-8");
    let extra = |line: &&str| [".SH", ".ie", ".el"].iter().any(|it| line.starts_with(it));
    let lines = roff.lines().filter(|it| !extra(it));
    lines.map(|it| format!("{it}\n")).collect()
}

/// How it is called, and its options.
fn section(words: &str, command: &Command) -> (String, String) {
    let command = command.clone().bin_name(words.to_owned());
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace('-', "\\-");
    let man = Man::new(command);
    let options = body(|to| man.render_options_section(to));
    (format!(".B {usage}\n"), options)
}

#[test]
fn the_manual_page_is_fresh() {
    let command = command().disable_help_subcommand(true);
    let (usage, options) = section("otus", &command);
    let name = body(|to| Man::new(command.clone()).render_name_section(to));
    let mut page = format!(
        ".TH OTUS 1 \"\" otus \"User Commands\"\n\
         .SH NAME\n{name}.SH SYNOPSIS\n{usage}.SH OPTIONS\n{options}.SH COMMANDS\n"
    );
    for (words, command) in leaves(&command, "otus") {
        let (usage, options) = section(&words, &command);
        let about = command.get_about().cloned().unwrap_or_default();
        page += &format!(".SS {words}\n{usage}.PP\n{about}.\n{options}");
    }
    up_to_date("cross/share/otus.1", &(page + MORE));
}

#[test]
fn the_shell_completions_are_fresh() {
    for (shell, file) in [
        (Shell::Bash, "otus.bash"),
        (Shell::Zsh, "_otus"),
        (Shell::Fish, "otus.fish"),
    ] {
        let script = otus::cli::completion_script(shell).expect("there is one");
        let script = String::from_utf8(script).expect("the texts are UTF-8");
        up_to_date(&format!("cross/share/completions/{file}"), &script);
    }
}

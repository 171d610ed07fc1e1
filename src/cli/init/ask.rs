//! Questions at a terminal, and what is said to whoever cannot be asked.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use crossterm::event::{Event, KeyCode, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::cli::columns::Columns;

/// Who answers.
pub enum Asker {
    /// A person at a terminal.
    Person,
    /// Nobody: what is proposed is taken.
    Proposals,
    /// Nobody, and nobody has said that what is proposed be taken.
    Nobody,
}

impl Asker {
    /// Who answers where questions may be left out (`yes`) or may not be printed (`quiet`).
    pub fn of(yes: bool, quiet: bool) -> Asker {
        match () {
            () if yes => Asker::Proposals,
            () if !quiet && stdin().is_terminal() && stdout().is_terminal() => Asker::Person,
            () => Asker::Nobody,
        }
    }

    /// Whether somebody can be asked.
    pub fn is_person(&self) -> bool {
        matches!(self, Asker::Person)
    }

    /// Says something to a person who is there.
    pub fn say(&self, text: &str) {
        if self.is_person() {
            println!("{}", Columns::here().fold(text));
        }
    }

    /// Asks; an empty answer is what is proposed. `option` is the one that answers it on the command line.
    ///
    /// # Errors
    /// That nobody can be asked.
    pub fn ask(&self, question: &str, proposal: &str, option: &str) -> Result<String, String> {
        match self {
            Asker::Proposals => return Ok(proposal.to_owned()),
            Asker::Nobody => {
                return Err(format!(
                    "this is no terminal, so nothing can be asked: say it by `{option}`, or take what is proposed \
                     by `--yes`"
                ));
            }
            Asker::Person => {}
        }
        let proposed = match proposal {
            "" => String::new(),
            it => format!(" [{it}]"),
        };
        print!(
            "{}",
            Columns::here().fold(&format!("{question}{proposed}: "))
        );
        let _ = stdout().flush();
        let mut answer = String::new();
        match stdin().lock().read_line(&mut answer) {
            Ok(0) | Err(_) => Err("nothing was written, as no answer came".to_owned()),
            Ok(_) => Ok(match answer.trim() {
                "" => proposal.to_owned(),
                answer => answer.to_owned(),
            }),
        }
    }

    /// Asks for yes or no; yes is what is proposed.
    ///
    /// # Errors
    /// That nobody can be asked.
    pub fn agrees(&self, question: &str, option: &str) -> Result<bool, String> {
        loop {
            let answer = self.ask(question, "yes", option)?.to_lowercase();
            match answer.as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.say("Please answer yes or no."),
            }
        }
    }

    /// Asks for what nobody may read over a shoulder.
    ///
    /// # Errors
    /// That nobody can be asked, or that whoever was asked has left.
    pub fn hidden(&self, question: &str, option: &str) -> Result<String, String> {
        if !self.is_person() {
            return self.ask(question, "", option);
        }
        print!("{question} (it is not shown): ");
        let _ = stdout().flush();
        let typed = enable_raw_mode().and_then(|()| unseen());
        let _ = disable_raw_mode();
        println!();
        let left = || "nothing was written, as no answer came".to_owned();
        typed.ok().flatten().ok_or_else(left)
    }
}

/// What is typed until Enter; none if it is broken off.
fn unseen() -> std::io::Result<Option<String>> {
    let mut typed = String::new();
    loop {
        let Event::Key(key) = read()? else { continue };
        match key.code {
            KeyCode::Enter => return Ok(Some(typed)),
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Ok(None);
            }
            KeyCode::Esc => return Ok(None),
            KeyCode::Backspace => drop(typed.pop()),
            KeyCode::Char(letter) => typed.push(letter),
            _ => {}
        }
    }
}

/// Numbers of a list, as `1,3` or `2-4` or `all`; from 1. None if it is something else.
pub fn numbers(answer: &str, count: usize) -> Option<Vec<usize>> {
    if answer.trim() == "all" {
        return Some((1..=count).collect());
    }
    let mut chosen = Vec::new();
    for part in answer.split([',', ' ']).filter(|it| !it.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        if first == 0 || last > count || first > last {
            return None;
        }
        for number in first..=last {
            if !chosen.contains(&number) {
                chosen.push(number);
            }
        }
    }
    (!chosen.is_empty()).then_some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_of_a_list_can_be_named() {
        assert_eq!(numbers("2", 3), Some(vec![2]));
        assert_eq!(numbers("3, 1-2,1", 3), Some(vec![3, 1, 2]));
        assert_eq!(numbers("all", 2), Some(vec![1, 2]));
        for wrong in [
            "",
            "0",
            "4",
            "2-1",
            "1-9",
            "10.0.0.7",
            "/dev/video0",
            "-",
            "1-",
        ] {
            assert_eq!(numbers(wrong, 3), None, "{wrong}");
        }
    }

    #[test]
    fn who_cannot_be_asked_is_told_what_to_say() {
        let told = Asker::Nobody.ask("Which camera?", "1", "--camera ADDRESS");
        assert!(told.is_err_and(|it| it.contains("--camera ADDRESS") && it.contains("--yes")));
        let taken = Asker::Proposals.ask("Which camera?", "1", "--camera");
        assert_eq!(taken.as_deref(), Ok("1"));
    }
}

//! What came of one test.

use std::time::Duration;

use crate::cli::output::printable;

/// A test that was run.
pub struct Run {
    pub name: String,
    pub took: Duration,
    /// What is wrong, in lines; empty if nothing is.
    pub wrong: Vec<String>,
}

impl Run {
    /// For people.
    pub fn print(&self) {
        let seconds = self.took.as_secs_f64();
        match self.wrong.is_empty() {
            true => println!("  ok, {seconds:.1} s"),
            false => println!("  FAILED, {seconds:.1} s"),
        }
        for line in &self.wrong {
            println!("    {}", printable(line));
        }
    }
}

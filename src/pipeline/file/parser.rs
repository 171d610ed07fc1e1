//! A pass over one pipeline file, which collects what is wrong.

use std::ops::Range;
use std::path::Path;

use super::interpolation::Meanings;
use super::problem::Problem;
use crate::pipeline::contract::catalogue::Entry;

/// A pass over one file.
pub struct Parser<'a> {
    /// The text of the file.
    pub text: &'a str,
    /// Where relative paths start.
    pub base: &'a Path,
    /// What strings stand for where a number is wanted.
    pub meanings: &'a Meanings,
    pub catalogue: &'static [Entry],
    pub problems: Vec<Problem>,
    /// Names of nodes of unknown type: what is wired to them cannot be judged.
    pub untyped: Vec<String>,
    /// Whether there are nodes whose names are not known either.
    pub lost: bool,
}

impl Parser<'_> {
    pub fn report(&mut self, span: Range<usize>, message: String, help: impl Into<String>) {
        self.problems.push(Problem::new(span, message, help));
    }
}

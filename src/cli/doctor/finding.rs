//! What a check of the doctor comes to, and what all checks need.

use serde::Serialize;

use crate::pipeline::contract::error::Error;
use crate::pipeline::file::PlannedNode;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Ok,
    Warning,
    Problem,
}

/// What one check came to.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub verdict: Verdict,
    /// What was looked at.
    pub check: String,
    /// What it is like.
    pub found: String,
    /// What to do, unless all is well.
    pub remedy: Option<String>,
    /// Lines for the pipeline file that suit what was found.
    pub config: Option<String>,
}

impl Finding {
    pub fn ok(check: impl Into<String>, found: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Ok,
            check: check.into(),
            found: found.into(),
            remedy: None,
            config: None,
        }
    }

    /// A problem. Errors say what is so, then after a semicolon what to do; `otherwise` is for those
    /// that do not.
    pub fn failed(check: impl Into<String>, error: &Error, otherwise: &str) -> Finding {
        let said = error.to_string();
        let (found, remedy) = said.split_once("; ").unwrap_or((&said, otherwise));
        Finding::ok(check, found).problem(remedy)
    }

    pub fn warning(self, remedy: impl Into<String>) -> Finding {
        self.but(Verdict::Warning, remedy)
    }

    pub fn problem(self, remedy: impl Into<String>) -> Finding {
        self.but(Verdict::Problem, remedy)
    }

    /// A run can do without an optional node.
    pub fn of(self, node: &PlannedNode) -> Finding {
        match node.optional {
            true => self.at_most_a_warning(),
            false => self,
        }
    }

    pub fn at_most_a_warning(self) -> Finding {
        match self.verdict {
            Verdict::Problem => Finding {
                verdict: Verdict::Warning,
                ..self
            },
            _ => self,
        }
    }

    pub fn but(self, verdict: Verdict, remedy: impl Into<String>) -> Finding {
        Finding {
            verdict,
            remedy: Some(remedy.into()),
            ..self
        }
    }

    pub fn recommend(self, config: impl Into<String>) -> Finding {
        Finding {
            config: Some(config.into()),
            ..self
        }
    }
}

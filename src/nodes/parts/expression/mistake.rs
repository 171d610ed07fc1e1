//! What is wrong with a condition, and where.

use std::borrow::Cow;
use std::ops::Range;

use crate::pipeline::contract::error::Misuse;

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Which bytes of its text are.
    pub part: Range<usize>,
    /// What is wrong with them.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Mistake {
    /// The same of an option.
    pub fn of(self, option: impl Into<Cow<'static, str>>) -> Misuse {
        Misuse {
            part: Some(self.part),
            ..Misuse::new(option, self.message, self.help)
        }
    }
}

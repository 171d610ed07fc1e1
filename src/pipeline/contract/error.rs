//! How a node fails, and what is wrong with its options.

use std::borrow::Cow;
use std::ops::Range;

/// What the runtime should do about a failure. Messages do not name the node; the runtime does.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Reopening the node later may work: unplugged device, full disk.
    #[error("{0}")]
    Retry(String),
    /// It is there and refuses us, such as for a wrong password: asking again soon would make it worse, as many cameras
    /// lock an account after five tries.
    #[error("{0}")]
    Refused(String),
    /// Only an operator can fix it: bad model file, missing permission.
    #[error("{0}")]
    Fatal(String),
    /// Nobody takes what it gives any more: the run ends, and nothing has failed.
    #[error("nobody takes it any more")]
    Over,
}

impl Error {
    /// A failure that reopening may mend.
    pub fn retry(message: impl ToString) -> Error {
        Error::Retry(message.to_string())
    }

    /// The same failure with other words, made of these.
    #[must_use]
    pub fn reworded(self, words: impl FnOnce(String) -> String) -> Error {
        match self {
            Error::Retry(why) => Error::Retry(words(why)),
            Error::Refused(why) => Error::Refused(words(why)),
            Error::Fatal(why) => Error::Fatal(words(why)),
            Error::Over => Error::Over,
        }
    }

    /// Whether opening it anew may work some day.
    pub fn may_pass(&self) -> bool {
        matches!(self, Error::Retry(_) | Error::Refused(_))
    }

    /// A failure that only an operator can mend.
    pub fn fatal(message: impl ToString) -> Error {
        Error::Fatal(message.to_string())
    }
}

/// That the system has no room for one more thread, and the remedy.
pub fn no_thread(error: &std::io::Error) -> Error {
    Error::retry(format!(
        "the system has no room for one more thread ({error}): see `ulimit -u`, in a service TasksMax="
    ))
}

/// Result of what a node does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A wrong option that is found without touching the world.
#[derive(Clone, Debug)]
pub struct Misuse {
    /// Name of the option at fault; inside a list of tables, the way to it: `rules[1].when`.
    pub option: Cow<'static, str>,
    /// Which bytes of its text are at fault, if that is known and not all of it.
    pub part: Option<Range<usize>>,
    /// What is wrong with it.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Misuse {
    /// An option that names a file that is not there, or not what it should be.
    pub fn missing(option: &'static str, why: impl ToString) -> Misuse {
        let help = "put the file there or name another; relative paths start at the folder of the pipeline file";
        Misuse::new(option, why.to_string(), help)
    }

    /// An option that is wrong as a whole.
    pub fn new(
        option: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Misuse {
        Misuse {
            option: option.into(),
            part: None,
            message: message.into(),
            help: help.into(),
        }
    }
}

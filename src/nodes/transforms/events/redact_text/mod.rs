//! `redact_text`: takes out of transcripts what is not to be told.

mod addresses;
mod cut;
mod emails;
#[cfg(test)]
mod nonsense;
mod numbers;
mod options;
mod redactor;
#[cfg(test)]
mod sentences;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use self::options::Config;
use self::redactor::Redactor;
use crate::media::events::{Gap, Of, Transcript};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::ports;

/// What is taken out, and where a number may go on.
pub struct RedactText(Redactor);

ports! {
    /// What was said, and that something could not be heard: `gap` events go on as they are.
    pub enum Told {
        Transcript(Of<Transcript>),
        Gap(Of<Gap>),
    }
}

impl Node for RedactText {
    const NAME: &'static str = "redact_text";
    const ALSO: &'static [&'static str] = &[
        "redaction",
        "anonymize",
        "anonymise",
        "anonymizer",
        "mask",
        "censor",
        "privacy",
        "pii",
        "scrub",
    ];
    const ABOUT: &'static str = "Takes numbers, addresses and words of a list out of transcripts, or all but these words, or every word.";
    const EXAMPLE: &'static str = "words = [\"Alice\", \"Acme Corporation\"]";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        config.misuses()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        config.phrases(base).err().into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<RedactText> {
        let phrases = config.phrases(&context.base);
        let phrases = phrases.map_err(|it| Error::fatal(format!("{}; {}", it.message, it.help)))?;
        Ok(RedactText(Redactor::new(config.mode, phrases)))
    }
}

impl Transform for RedactText {
    type In = Told;
    type Out = Told;
    const PASSES: bool = true;
    const REDACTS: bool = true;

    fn apply(&mut self, told: Told, out: &mut Emit<Told>) -> Result<()> {
        let transcript = match told {
            Told::Gap(gap) => {
                out.send(gap);
                return Ok(());
            }
            Told::Transcript(it) => it,
        };
        let head = transcript.head();
        let redacted = self.0.redact(&head.source, head.at, transcript.body());
        out.event(&head.source, head.at, head.seq, redacted);
        Ok(())
    }
}

//! `redact_text`: takes out of transcripts what is not to be told.

mod addresses;
mod cut;
mod emails;
#[cfg(test)]
mod nonsense;
mod numbers;
#[cfg(test)]
mod sentences;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use self::cut::Cut;
use crate::media::clock::Time;
use crate::media::events::{Gap, Hidden, Mode, Of, Redaction, Transcript};
use crate::nodes::parts::words::phrase::Phrase;
use crate::nodes::parts::words::{self, Token, list};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::ports;

/// A number goes on in the next transcript of a source if that begins so soon.
const GOES_ON: Duration = Duration::from_secs(3);
/// So many words at the end of what has been said so far are not told yet: an address may begin there.
const UNTOLD: usize = 8;

/// Options of `redact_text`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `redacted` puts markers such as `[number]` in the place of numbers, e-mail addresses, house numbers with their
    /// street, and `words`; names of people are gone where they are among `words` only. Numbers are words with a digit
    /// in them and, in English, number words: those above twelve, those that follow each other, and those that no word
    /// follows (`two dogs` stay, `my code is two` does not). E-mail addresses can be spoken: `john dot smith at example
    /// dot com`. Streets are known by English words such as `road`. That is done as well as it can be, and more is
    /// taken out rather than less; of what has been said so far the last eight words are not told. `keywords_only`
    /// leaves nothing but `words`, `presence_only` no word at all: that something was said, when, and in which language.
    #[serde(default)]
    pub mode: Mode,
    /// Words and phrases: those that are taken out or, with `keywords_only`, those that are left. Case, accents and
    /// punctuation do not count.
    #[serde(default)]
    pub words: Vec<String>,
    /// A text file with more of them, one a line; what begins with `#` is a comment.
    #[serde(default)]
    pub words_file: Option<PathBuf>,
}

/// What is taken out, and where a number may go on.
pub struct RedactText {
    mode: Mode,
    phrases: Vec<Phrase>,
    /// Ends of those transcripts that ended in a number, by source.
    numbers: HashMap<Arc<str>, Time>,
}

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
        "redact",
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
        let mut misuses = list::misuses("words", &config.words);
        let has_none = config.words.is_empty() && config.words_file.is_none();
        if config.mode == Mode::KeywordsOnly && has_none {
            let message = "without `words` or `words_file` nothing would be left";
            let help = "name the words that may be told, or write \"presence_only\"";
            misuses.push(Misuse::new("mode", message, help));
        }
        if config.mode == Mode::PresenceOnly && !has_none {
            let option = if config.words.is_empty() {
                "words_file"
            } else {
                "words"
            };
            let message = "with `mode = \"presence_only\"` no word is told";
            misuses.push(Misuse::new(
                option,
                message,
                "remove them, or write \"keywords_only\"",
            ));
        }
        misuses
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let file = config.words_file.as_ref().map(|it| base.join(it));
        let read = file.map(|it| list::read("words_file", &it));
        read.and_then(Result::err).into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<RedactText> {
        let mut phrases = list::parse(&config.words);
        if let Some(file) = &config.words_file {
            let read = list::read("words_file", &context.resolve(file));
            phrases
                .extend(read.map_err(|it| Error::fatal(format!("{}; {}", it.message, it.help)))?);
        }
        Ok(RedactText {
            mode: config.mode,
            phrases,
            numbers: HashMap::new(),
        })
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
        let redacted = self.redact(&head.source, head.at, transcript.body());
        out.event(&head.source, head.at, head.seq, redacted);
        Ok(())
    }
}

impl RedactText {
    fn redact(&mut self, source: &Arc<str>, at: Time, said: &Transcript) -> Transcript {
        // Field by field, so that none that is new goes on unseen.
        let mut redacted = Transcript {
            start: said.start,
            end: said.end,
            text: String::new(),
            redaction: None,
            words: Vec::new(),
            language: Arc::clone(&said.language),
            language_prob: said.language_prob,
            avg_logprob: said.avg_logprob,
            min_logprob: said.min_logprob,
            no_speech_prob: said.no_speech_prob,
            voiced: said.voiced,
            partial: said.partial,
            accepted: said.accepted,
            doubt: said.doubt,
            lag_ms: said.lag_ms,
            model: Arc::clone(&said.model),
        };
        let mut spans = Vec::new();
        match self.mode {
            Mode::PresenceOnly => {}
            Mode::KeywordsOnly => {
                let text = words::masked(&said.text, said.redaction.as_ref());
                let keep = self.listed(&text, &words::tokens(&text));
                let keep = keep.into_iter().map(|it| it.place).collect::<Vec<_>>();
                (redacted.text, redacted.words) = cut::kept(&said.text, &said.words, &keep);
            }
            Mode::Redacted => {
                let cuts = self.cuts(source, at, said);
                let end = match said.partial {
                    true => self.told_so_far(&said.text, &cuts),
                    false => said.text.len(),
                };
                (redacted.text, spans) = cut::text(&said.text, 0..end, &cuts);
                redacted.words = cut::words(&said.text[..end], &said.words, &cuts);
            }
        }
        let mode = self.mode;
        redacted.redaction = Some(Redaction { mode, spans });
        redacted
    }

    /// All that is taken out of a text; remembers whether it ends in a number.
    fn cuts(&mut self, source: &Arc<str>, at: Time, said: &Transcript) -> Vec<Cut> {
        let text = words::masked(&said.text, said.redaction.as_ref());
        let tokens = words::tokens(&text);
        let bytes =
            |words: Range<usize>| tokens[words.start].place.start..tokens[words.end - 1].place.end;
        let goes_on = |end: &Time| at.since(*end) <= GOES_ON;
        let before = self.numbers.get(source).is_some_and(goes_on);
        let runs = numbers::runs(&tokens);
        let told = runs
            .iter()
            .filter(|it| it.is_certain || numbers::is_open(it, &tokens, before));
        let numbers = told.map(|it| (it.words.clone(), it.kind(&text, &tokens)));
        let emails = emails::find(&text, &tokens)
            .into_iter()
            .map(|it| (it, Hidden::Email));
        let addresses = addresses::find(&text, &tokens, &runs).into_iter();
        let addresses = addresses.map(|it| (it, Hidden::Address));
        let found = numbers.chain(emails).chain(addresses);
        let mut cuts: Vec<Cut> = found
            .map(|(words, kind)| Cut {
                place: bytes(words),
                kind,
            })
            .collect();
        if !said.partial {
            let ends = cuts.iter().any(|it| {
                tokens
                    .last()
                    .is_some_and(|last| it.place.end == last.place.end)
            });
            match ends {
                true => self
                    .numbers
                    .insert(Arc::clone(source), Time::from_secs_f64(said.end)),
                false => self.numbers.remove(source),
            };
        }
        cuts.extend(self.listed(&text, &tokens));
        let earlier = said.redaction.iter().flat_map(|it| &it.spans);
        let places = words::gone(&said.text, said.redaction.as_ref()).into_iter();
        cuts.extend(places.zip(earlier).map(|(place, span)| Cut {
            place,
            kind: span.kind,
        }));
        cut::merged(cuts)
    }

    /// Where the words of the list stand.
    fn listed(&self, text: &str, tokens: &[Token]) -> Vec<Cut> {
        let mut found = Vec::new();
        for phrase in &self.phrases {
            for heard in tokens.windows(phrase.words.len()) {
                let (first, last) = (&heard[0], &heard[heard.len() - 1]);
                if let Some(end) = end_of(phrase, heard, text) {
                    let place = first.place.start..last.place.end - end;
                    found.push(Cut {
                        place,
                        kind: Hidden::Word,
                    });
                }
            }
        }
        cut::merged(found)
    }

    /// How many bytes of what has been said so far are told: whatever may turn out to be more is not.
    fn told_so_far(&self, text: &str, cuts: &[Cut]) -> usize {
        let tokens = words::tokens(text);
        let longest = self.phrases.iter().map(|it| it.words.len()).max();
        let untold = longest.unwrap_or_default().max(UNTOLD);
        let Some(last) = tokens.len().checked_sub(untold + 1) else {
            return 0;
        };
        let end = tokens[last].place.end;
        let within = |it: &&Cut| it.place.start < end && end < it.place.end;
        cuts.iter().find(within).map_or(end, |it| it.place.start)
    }
}

/// If a phrase was heard, how many bytes of the last word are no part of it: `Alice's` is `Alice` too.
fn end_of(phrase: &Phrase, heard: &[Token], text: &str) -> Option<usize> {
    if phrase.distance(heard, 0).is_some() {
        return Some(0);
    }
    let (last, before) = heard.split_last()?;
    let written = &text[last.place.clone()];
    let endings = ["'s", "’s", "'S", "’S"];
    let ending = endings.iter().find(|it| written.ends_with(**it))?;
    let plain = last.plain.strip_suffix('s')?.to_owned();
    let mut owner = before.to_vec();
    owner.push(Token {
        plain,
        ..last.clone()
    });
    phrase.distance(&owner, 0).map(|_| ending.len())
}

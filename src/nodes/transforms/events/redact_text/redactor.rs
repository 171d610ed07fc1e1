//! What is told of a transcript.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::cut::Cut;
use super::{addresses, cut, emails, numbers};
use crate::media::clock::Time;
use crate::media::events::{Hidden, Mode, Redaction, Transcript};
use crate::nodes::parts::words::phrase::Phrase;
use crate::nodes::parts::words::{self, Token};

/// A number goes on in the next transcript of a source if that begins so soon.
const GOES_ON: Duration = Duration::from_secs(3);
/// So many words at the end of what has been said so far are not told yet: an address may begin there.
const UNTOLD: usize = 8;

/// What is taken out, and where a number may go on.
pub struct Redactor {
    mode: Mode,
    phrases: Vec<Phrase>,
    /// Ends of those transcripts that ended in a number, by source.
    numbers: HashMap<Arc<str>, Time>,
}

impl Redactor {
    /// Takes these words out, or leaves them.
    pub fn new(mode: Mode, phrases: Vec<Phrase>) -> Redactor {
        Redactor {
            mode,
            phrases,
            numbers: HashMap::new(),
        }
    }

    /// The transcript as it may be told.
    pub fn redact(&mut self, source: &Arc<str>, at: Time, said: &Transcript) -> Transcript {
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
        let goes_on = |end: &Time| at.since(*end) <= GOES_ON;
        let before = self.numbers.get(source).is_some_and(goes_on);
        let mut cuts = found(&text, &tokens, before);
        let last = tokens.last().map(|it| it.place.end);
        let ends = cuts.iter().any(|it| Some(it.place.end) == last);
        if !said.partial && ends {
            let end = Time::from_secs_f64(said.end);
            self.numbers.insert(Arc::clone(source), end);
        } else if !said.partial {
            self.numbers.remove(source);
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

/// Numbers and addresses in a text. `before`: a number ends the one before it.
fn found(text: &str, tokens: &[Token], before: bool) -> Vec<Cut> {
    let runs = numbers::runs(tokens);
    let is_number = |it: &&numbers::Run| it.is_certain || numbers::is_open(it, tokens, before);
    let numbers = runs.iter().filter(is_number);
    let numbers = numbers.map(|it| (it.words.clone(), it.kind(text, tokens)));
    let emails = emails::find(text, tokens).into_iter();
    let addresses = addresses::find(text, tokens, &runs).into_iter();
    let found = numbers
        .chain(emails.map(|it| (it, Hidden::Email)))
        .chain(addresses.map(|it| (it, Hidden::Address)));
    let cut = |(words, kind): (Range<usize>, Hidden)| Cut {
        place: tokens[words.start].place.start..tokens[words.end - 1].place.end,
        kind,
    };
    found.map(cut).collect()
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

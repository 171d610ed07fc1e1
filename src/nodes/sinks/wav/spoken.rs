//! Which words belong to which file of sound.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::media::audio::Utterance;
use crate::media::clock::Time;
use crate::media::events::{Of, Transcript};

/// So many utterances wait for their words.
const MOST: usize = 64;

/// The latest utterances.
#[derive(Default)]
pub struct Spoken(VecDeque<Said>);

struct Said {
    source: Arc<str>,
    start: Time,
    end: Time,
    stem: String,
    text: String,
}

impl Spoken {
    /// An utterance has been written under this name.
    pub fn heard(&mut self, utterance: &Utterance, stem: String) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(Said {
            source: Arc::clone(&utterance.source),
            start: utterance.start,
            end: utterance.end,
            stem,
            text: String::new(),
        });
    }

    /// Words of an utterance: its name, and all that is known to be said in it.
    pub fn written(&mut self, transcript: &Of<Transcript>) -> Option<(String, String)> {
        let (head, body) = (transcript.head(), transcript.body());
        let is_it =
            |it: &&mut Said| it.source == head.source && it.start <= head.at && head.at < it.end;
        let said = self.0.iter_mut().rev().find(is_it)?;
        if !body.accepted || body.partial {
            return None;
        }
        said.text.push_str(&body.text);
        said.text.push('\n');
        Some((said.stem.clone(), said.text.clone()))
    }
}

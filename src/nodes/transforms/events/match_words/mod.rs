//! `match_words`: finds phrases and patterns in what is said.

mod heard;
mod memory;
mod options;
mod search;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use self::heard::Hit;
use self::memory::Memory;
pub use self::options::Config;
use self::search::Search;
use crate::media::clock::Time;
use crate::media::events::{Found, Of, Transcript};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// What is looked for, and what each source said last.
pub struct MatchWords {
    search: Search,
    across: Duration,
    sources: HashMap<Arc<str>, Memory>,
}

impl Node for MatchWords {
    const NAME: &'static str = "match_words";
    const ALSO: &'static [&'static str] = &[
        "match",
        "keyword",
        "keywords",
        "keyword_spotting",
        "wake_word",
        "phrase",
        "phrases",
        "find_words",
        "grep",
    ];
    const ABOUT: &'static str =
        "Finds phrases and patterns in transcripts, also phrases that go on in the next one.";
    const EXAMPLE: &'static str = "phrases = [\"turn on the light\", \"help\"]\nspelling = 1";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        config.misuses()
    }

    fn open(config: &Config, _: &Context) -> Result<MatchWords> {
        let search = config.search().map_err(|it| Error::fatal(it.message))?;
        Ok(MatchWords {
            search,
            across: Duration::from_millis(config.across_ms),
            sources: HashMap::new(),
        })
    }
}

impl Transform for MatchWords {
    type In = Of<Transcript>;
    type Out = Of<Found>;

    fn apply(&mut self, transcript: Of<Transcript>, out: &mut Emit<Of<Found>>) -> Result<()> {
        let (head, said) = (transcript.head(), transcript.body());
        let memory = self.sources.entry(Arc::clone(&head.source)).or_default();
        memory.wait_for(said, self.across);
        let (words, hits) = self.search.hits(said, memory);
        let fresh = memory.fresh(said, &hits);
        match said.partial {
            true => memory.tell(said, &fresh),
            false => memory.keep(said, words, self.search.longest().saturating_sub(1), &hits),
        }
        for hit in fresh {
            // What began in the transcript before is told with this one.
            let at = Time::from_secs_f64(hit.start).max(head.at);
            out.event(&head.source, at, head.seq, self.found(hit, said));
        }
        Ok(())
    }
}

impl MatchWords {
    fn found(&self, hit: Hit, said: &Transcript) -> Found {
        Found {
            start: hit.start,
            end: hit.end,
            by_words: hit.by_words,
            phrase: Arc::clone(self.search.written(hit.what)),
            heard: hit.heard,
            distance: hit.distance,
            accepted: said.accepted,
            partial: said.partial,
        }
    }
}

//! `transcribe`: writes down utterances with Whisper.

mod joining;
mod options;
mod shadow;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::joining::{Joined, Joiner};
pub use self::options::Config;
use self::shadow::{Job, Watch};
use crate::inference::speech::listener::Listener;
use crate::inference::speech::whisper::header;
use crate::inference::speech::whisper::heard::{About, Heard};
use crate::inference::store;
use crate::media::audio::Utterance;
use crate::media::clock::Time;
use crate::media::events::{Gap, Of, Transcript, Word};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::pipeline::contract::pressure::Way;
use crate::ports;

/// What has been said so far is told again soon: later than this it is of no use.
const PARTIAL_LAG: Duration = Duration::from_secs(1);
/// A language is remembered from a text that is in it by so much.
const REMEMBERED: f32 = 0.5;

/// A model, and what it has not heard yet.
pub struct Transcribe {
    listener: Listener,
    context: Context,
    /// Longest pause in what is heard together, of devices and of files.
    join: [Duration; 2],
    max_lag: Duration,
    joiner: Joiner,
    /// What each source spoke last.
    languages: HashMap<Arc<str>, Arc<str>>,
    shadow: Option<Watch>,
}

ports! {
    /// What was said, and what could not be heard in time.
    pub enum Written {
        Transcript(Of<Transcript>),
        Gap(Of<Gap>),
    }
}

impl Node for Transcribe {
    const NAME: &'static str = "transcribe";
    const ALSO: &'static [&'static str] = &[
        "whisper",
        "stt",
        "asr",
        "speech_to_text",
        "speech_recognition",
        "transcription",
        "transcript",
    ];
    const ABOUT: &'static str = "Writes down what is said in utterances (Whisper by whisper.cpp).";
    const EXAMPLE: &'static str = "model = \"whisper-tiny.en\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        config.misuses()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        // A file of the manifest may take seconds to sum up, and is known.
        if let Some(entry) = store::named(&config.model.name) {
            let missing = store::local(entry).is_none();
            return missing
                .then(|| store::not_here(entry))
                .into_iter()
                .collect();
        }
        let file = store::at_hand(&config.model.name, config.model.sha256(), base);
        let header = file.and_then(|it| header::look(&it, &config.language));
        header.err().into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Transcribe> {
        let mut listener = Listener::open(&config.wanted(), context)?;
        listener.transcribe(&[], &About::default())?;
        Ok(Transcribe {
            joiner: Joiner::new(listener.told.window),
            listener,
            context: context.clone(),
            join: config.join(),
            max_lag: Duration::from_millis(config.max_lag_ms),
            languages: HashMap::new(),
            shadow: Watch::start(config, context),
        })
    }
}

impl Transform for Transcribe {
    type In = Arc<Utterance>;
    type Out = Written;
    const INFERS: bool = true;

    fn apply(&mut self, utterance: Arc<Utterance>, out: &mut Emit<Written>) -> Result<()> {
        let lag = self.lag(utterance.live, utterance.end);
        if !utterance.complete {
            return match lag > PARTIAL_LAG || self.context.yields(Way::Partials) {
                true => Ok(()),
                false => self.hear(Joined::of(&utterance), true, out),
            };
        }
        if lag > self.max_lag {
            let behind = format!("speech to text is {:.1} s behind", lag.as_secs_f32());
            let gap = Gap::new(utterance.start, utterance.end, behind);
            out.event(&utterance.source, utterance.start, None, gap);
            return Ok(());
        }
        // Who is behind hears together whatever it can.
        let pause = match self.is_behind(lag) {
            true => Duration::MAX,
            false => self.join_of(utterance.live),
        };
        if let Some(before) = self.joiner.push(&utterance, pause) {
            self.hear(before, false, out)?;
        }
        self.hear_due(out, |this, it| {
            it.live && (this.is_late(it) || this.waits_for_nothing(it))
        })
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Written>) -> Result<()> {
        self.hear_due(out, |this, it| {
            let join = this.join_of(it.live);
            let may_join = !it.live || !join.is_zero();
            may_join && to > it.end.after(join)
        })
    }

    fn idle(&mut self, out: &mut Emit<Written>) -> Result<()> {
        self.hear_due(out, |this, it| {
            it.live && (this.join_of(true).is_zero() || this.is_late(it))
        })
    }

    fn holds(&self) -> Option<Time> {
        self.joiner.start()
    }

    fn finish(&mut self, out: &mut Emit<Written>) -> Result<()> {
        self.hear_due(out, |_, _| true)
    }
}

impl Transcribe {
    /// How long ago it was said; files have no lag.
    fn lag(&self, live: bool, end: Time) -> Duration {
        match live {
            true => self.context.clock.now().since(end),
            false => Duration::ZERO,
        }
    }

    fn join_of(&self, live: bool) -> Duration {
        self.join[usize::from(!live)]
    }

    fn is_behind(&self, lag: Duration) -> bool {
        lag > self.max_lag / 4
    }

    /// Whether the first of what waits must wait no longer.
    fn is_late(&self, joined: &Joined) -> bool {
        self.lag(joined.live, joined.first_end) > self.max_lag / 2
    }

    fn waits_for_nothing(&self, joined: &Joined) -> bool {
        self.join_of(joined.live).is_zero() && !self.is_behind(self.lag(joined.live, joined.end))
    }

    fn hear_due(
        &mut self,
        out: &mut Emit<Written>,
        is_due: impl Fn(&Transcribe, &Joined) -> bool,
    ) -> Result<()> {
        loop {
            let found = self.joiner.waiting().position(|it| is_due(self, it));
            let Some(at) = found else { return Ok(()) };
            let joined = self.joiner.take(at);
            self.hear(joined, false, out)?;
        }
    }

    fn hear(&mut self, joined: Joined, partial: bool, out: &mut Emit<Written>) -> Result<()> {
        let about = About {
            spoken: self.languages.get(&joined.source).cloned(),
            partial,
        };
        let heard = self.listener.transcribe(&joined.samples, &about);
        if let (Err(error), false) = (&heard, partial) {
            let gap = Gap::new(joined.start, joined.end, error.to_string());
            out.event(&joined.source, joined.start, None, gap);
        }
        let heard = heard?;
        if !partial && let Some(shadow) = &mut self.shadow {
            shadow.follow(|| Job {
                samples: joined.samples.clone(),
                about,
                text: heard.text.clone(),
            });
        }
        if heard.doubt.is_none() && heard.language_prob > Some(REMEMBERED) {
            let (source, language) = (Arc::clone(&joined.source), Arc::clone(&heard.language));
            self.languages.insert(source, language);
        }
        let lag = self.lag(joined.live, joined.end);
        let transcript = Transcript {
            start: joined.start.as_secs_f64(),
            end: joined.end.as_secs_f64(),
            words: words(&heard, &joined),
            text: heard.text,
            redaction: None,
            language: heard.language,
            language_prob: heard.language_prob,
            avg_logprob: heard.avg_logprob,
            min_logprob: heard.min_logprob,
            no_speech_prob: heard.no_speech_prob,
            voiced: joined.voiced(),
            partial,
            accepted: heard.doubt.is_none(),
            doubt: heard.doubt,
            lag_ms: joined.live.then_some(lag.as_millis() as u64),
            model: Arc::clone(&self.listener.told.name),
        };
        out.event(&joined.source, joined.start, None, transcript);
        Ok(())
    }
}

/// Words in capture time.
fn words(heard: &Heard, joined: &Joined) -> Vec<Word> {
    let word = |it: &Word| Word {
        start: joined.time_of(it.start),
        end: joined.time_of(it.end),
        ..it.clone()
    };
    heard.words.iter().map(word).collect()
}

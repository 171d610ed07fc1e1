//! Which model writes down what is said: the best that is here and keeps up, measured.

use super::draft::Ears;

/// Without Whisper nothing is written down.
#[cfg(not(feature = "whisper"))]
pub fn ears() -> Result<Ears, String> {
    Err("this build of otus lacks `whisper`, so it writes no words down".to_owned())
}

/// The best model that is here and keeps up, else the small one that is part of the program.
#[cfg(feature = "whisper")]
pub fn ears() -> Result<Ears, String> {
    Ok(measured::best())
}

#[cfg(feature = "whisper")]
mod measured {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use crate::cli::init::draft::Ears;
    use crate::cli::init::propose::is_here;
    use crate::cli::patience::within;
    use crate::inference::speech::whisper::Whisper;
    use crate::inference::speech::whisper::heard::{About, Wanted};
    use crate::media::audio::SAMPLE_RATE;
    use crate::pipeline::contract::context::Context;
    use crate::pipeline::contract::error::Result;
    use crate::pipeline::contract::runtime_options::Runtime;

    /// From the manifest, the best first.
    const MODELS: [&str; 8] = [
        "whisper-base-q8_0",
        "whisper-base",
        "whisper-base.en",
        "whisper-base-q5_1",
        "whisper-tiny.en-q8_0",
        "whisper-tiny.en",
        "whisper-tiny",
        "whisper-tiny-q5_1",
    ];
    const BUILT_IN: &str = "otus-words";
    /// So many seconds are heard.
    const SAID: u32 = 5;
    /// Loading a model and hearing them.
    const PATIENCE: Duration = Duration::from_secs(60);

    pub fn best() -> Ears {
        let mut slow = String::new();
        for model in MODELS.into_iter().filter(|it| is_here(it)) {
            let took = within(PATIENCE, move || hear(model)).and_then(Result::ok);
            let seconds = took.map_or(f64::INFINITY, |it| it.as_secs_f64());
            if seconds < f64::from(SAID) / 2.0 {
                return Ears {
                    model: model.to_owned(),
                    remark: format!(
                        "Measured here: {SAID} s of speech take it {seconds:.1} s, on one core."
                    ),
                };
            }
            slow = format!("{model} does not keep up here. ");
        }
        Ears {
            model: BUILT_IN.to_owned(),
            remark: format!(
                "{slow}Part of the program, and knows some 46 words of English: `help`, `stop`, `fire`, numbers.\n\
                 For free speech `otus models pull whisper-tiny.en-q8_0` (44 MB), and write its name here."
            ),
        }
    }

    /// How long a model takes for noise, in which it has to look for words all the same.
    fn hear(model: &str) -> Result<Duration> {
        let wanted = Wanted {
            model: model.to_owned(),
            sha256: None,
            language: "en".to_owned(),
            prompt: String::new(),
            words: false,
        };
        let context = Context::new("init", Path::new("."), Runtime::default());
        let mut whisper = Whisper::open(&wanted, &context)?;
        let mut chance = fastrand::Rng::with_seed(1);
        let noise = (0..SAID * SAMPLE_RATE).map(|_| 0.1 * (chance.f32() - 0.5));
        let noise: Vec<f32> = noise.collect();
        let begun = Instant::now();
        whisper.transcribe(&noise, &About::default())?;
        Ok(begun.elapsed())
    }
}

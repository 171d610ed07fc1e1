//! `otus replay`: recordings through a pipeline, in place of what is live in it.

mod against;
mod listener;
pub mod play;
pub mod recording;
pub mod stage;
mod wanted;
pub mod whole;

use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::NamedTempFile;
use toml::Table;

use self::against::Against;
use self::play::{Trouble, play};
pub use self::wanted::parts;
use self::wanted::wanted;
use self::whole::{beside, keep};
use crate::cli::output::{failed, reject};
use crate::media::events::Event;

/// What is played, and what becomes of the events.
#[derive(Args)]
pub struct Wish {
    /// The pipeline file.
    file: PathBuf,
    /// What live sources play: folders of `record`, films, sounds or pictures; `porch=PATH` where the file has several.
    #[arg(long, value_name = "RECORDING", num_args = 1.., required = true)]
    at: Vec<String>,
    /// The events go into this file. Default: to the terminal; with --against none are written.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tell what is decided otherwise than in this file of events, which an earlier run has left.
    #[arg(long, value_name = "EVENTS")]
    against: Option<PathBuf>,
    /// The same as a page, with pictures.
    #[arg(long, value_name = "FILE", requires = "against")]
    page: Option<PathBuf>,
    /// Seconds by which two events may be apart and be the same.
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "against",
        default_value_t = 0.5
    )]
    tolerance: f64,
    /// Play on where nothing was recorded for a while; a `gap` tells of it.
    #[arg(long)]
    allow_gaps: bool,
}

pub fn replay(wish: &Wish, json: bool) -> ExitCode {
    let parts = match wanted(&wish.file, &wish.at, wish.allow_gaps) {
        Ok(parts) => parts,
        Err(trouble) => return tell(trouble),
    };
    let against = wish.against.as_deref().map(Against::read).transpose();
    let (mut against, mut out) = match against.and_then(|it| Ok((it, Out::of(wish)?))) {
        Ok(ready) => ready,
        Err(message) => return failed(message),
    };
    let progress = progress(wish.out.is_some() || wish.against.is_some());
    let played = play(&wish.file, &parts, Table::new(), |event| {
        progress.set_message(position(event));
        if let Some(against) = &mut against {
            against.take(event)?;
        }
        out.write(event)
    });
    progress.finish_and_clear();
    let began = match played {
        Ok(began) => began,
        Err(trouble) => return tell(trouble),
    };
    let told = out.finish().and_then(|()| match &against {
        Some(against) => {
            let found = against.compare(wish.tolerance, began)?;
            found.print(json);
            let page = wish.page.as_deref();
            page.map_or(Ok(()), |page| found.write_page(page, &parts, began))
        }
        None => Ok(()),
    });
    told.map_or_else(failed, |()| ExitCode::SUCCESS)
}

/// Says why nothing, or not all, was played; gives the exit code for that.
pub fn tell(trouble: Trouble) -> ExitCode {
    match trouble {
        Trouble::Wrong(remarks) => reject(&remarks),
        Trouble::Failed(message) => failed(message),
    }
}

/// On a terminal that shows nothing else.
fn progress(is_free: bool) -> ProgressBar {
    if !is_free {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    bar.set_style(style.expect("the template is ours"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn position(event: &Event) -> String {
    let seconds = event.head.t as u64;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!(
        "at {hours}:{minutes:02}:{:02} of the recording",
        seconds % 60
    )
}

/// Where events go.
enum Out {
    Nowhere,
    Terminal(BufWriter<std::io::Stdout>),
    /// A file that has its name when it is whole.
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl Out {
    fn of(wish: &Wish) -> Result<Out, String> {
        let Some(path) = &wish.out else {
            return Ok(match wish.against {
                Some(_) => Out::Nowhere,
                None => Out::Terminal(BufWriter::new(stdout())),
            });
        };
        let file = beside(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Out::File(BufWriter::new(file), path.clone()))
    }

    fn write(&mut self, event: &Event) -> Result<(), String> {
        let to: &mut dyn Write = match self {
            Out::Nowhere => return Ok(()),
            Out::Terminal(to) => to,
            Out::File(to, _) => to,
        };
        writeln!(to, "{}", event.to_json()).map_err(|error| format!("events: {error}"))
    }

    fn finish(self) -> Result<(), String> {
        match self {
            Out::Nowhere => Ok(()),
            Out::Terminal(mut to) => to.flush().map_err(|error| format!("events: {error}")),
            Out::File(to, path) => {
                let told = to.into_inner().map_err(|error| error.to_string());
                let kept = told.and_then(|it| keep(it, &path));
                kept.map_err(|error| format!("{}: {error}", path.display()))
            }
        }
    }
}

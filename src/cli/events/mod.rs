//! `otus events`: what a pipeline has kept in its history, searched.

pub mod table;
mod when;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use self::table::Table;
use crate::cli::output::{failed, load};
use crate::nodes::history::{History, Told, Wish};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::local_time;
use crate::pipeline::file::Plan;

/// How often it is looked for what has come since.
const EVERY: Duration = Duration::from_millis(500);
/// What every SQLite database begins with.
const BEGINNING: &[u8; 16] = b"SQLite format 3\0";

/// Which events are shown, and how.
#[derive(Args)]
pub struct Search {
    /// The pipeline file, or the database itself.
    file: PathBuf,
    /// Only of this kind, such as `track`, `zone`, `transcript`, `sound` or `saved`.
    #[arg(long)]
    kind: Option<String>,
    /// Only with this label, such as `person`.
    #[arg(long)]
    label: Option<String>,
    /// Only about this source.
    #[arg(long)]
    source: Option<String>,
    /// Only in this zone or over this line.
    #[arg(long)]
    zone: Option<String>,
    /// From then on: `2h` ago, `16:42`, `2026-11-29`, `2026-11-29T16:42`, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Before then, said in the same way.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only with all of these words in what was said; `wor*` finds what begins so.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// So many at most: the latest.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Go on with what comes, until interrupted.
    #[arg(long)]
    follow: bool,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    when::moment(text, local_time::here(), Timestamp::now())
}

pub fn events(search: &Search, json: bool) -> ExitCode {
    let path = match database(&search.file) {
        Ok(path) => path,
        Err(code) => return code,
    };
    match show(&path, search, json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => failed(message),
    }
}

/// Where the history is that a file is, or that a pipeline file tells of.
fn database(file: &Path) -> Result<PathBuf, ExitCode> {
    let mut beginning = [0; BEGINNING.len()];
    let read = File::open(file).and_then(|mut it| it.read_exact(&mut beginning));
    if read.is_ok() && beginning == *BEGINNING {
        return Ok(file.to_owned());
    }
    let plan = load(file)?;
    let mut found = histories(&plan);
    let shown = file.display();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(failed(format!(
            "{shown} keeps no history: give it a sink of type `sqlite`"
        ))),
        _ => {
            let found: Vec<_> = found.iter().map(|it| it.display().to_string()).collect();
            let found = found.join(", ");
            Err(failed(format!(
                "{shown} keeps several histories; name one of them instead: {found}"
            )))
        }
    }
}

fn histories(plan: &Plan) -> Vec<PathBuf> {
    let sinks = plan.nodes.iter().filter(|it| it.ty.name == "sqlite");
    let files = sinks.flat_map(|it| &it.claims).filter_map(|it| match it {
        Claim::File(path) => Some(path.clone()),
        _ => None,
    });
    files.collect()
}

fn show(path: &Path, search: &Search, json: bool) -> Result<(), String> {
    let history = History::open(path)?;
    let milliseconds = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
    let wish = Wish {
        kind: search.kind.clone(),
        label: search.label.clone(),
        source: search.source.clone(),
        zone: search.zone.clone(),
        text: search.text.clone(),
        since: milliseconds(search.since),
        until: milliseconds(search.until),
        limit: search.limit as usize,
        ..Wish::default()
    };
    let last = history.last()?;
    let mut told = history.latest(&wish)?;
    // What has come between the two is told as what comes.
    told.retain(|it| it.id <= last);
    told.reverse();
    let table = Table::of(&told);
    if told.is_empty() && !search.follow && !json {
        eprintln!("nothing that was kept fits");
    } else if !json {
        println!("{}", table.head());
    }
    told.iter().for_each(|it| table.print(it, json));
    match search.follow {
        true => follow(path, history, &wish, last, |it| table.print(it, json)),
        false => Ok(()),
    }
}

/// Prints what comes after the event of this number, without end.
fn follow(
    path: &Path,
    mut history: History,
    wish: &Wish,
    mut last: i64,
    print: impl Fn(&Told),
) -> Result<(), String> {
    loop {
        std::thread::sleep(EVERY);
        if history.is_replaced() {
            let Ok(new) = History::open(path) else {
                continue;
            };
            (history, last) = (new, 0);
        }
        let seen = history.last()?;
        let told = history.after(last, wish)?;
        told.iter().for_each(&print);
        let told_to = told.last().map_or(last, |it| it.id);
        last = match told.len() < wish.limit {
            true => seen.max(told_to),
            false => told_to,
        };
    }
}

//! F12: killed at random moments while all sinks are at work: what each had acknowledged is there, and once; every file can be
//! read; what was being written is completed by the next start, and told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use jiff::Timestamp;
use libc::SIGKILL;
use serde_json::Value;

use crate::broker::{self, Broker, PATIENCE};
use crate::evidence::{bundles, verify};
use crate::history::reader;
use crate::kept::{cues, in_order, is_open, numbers_of, rows, whole_sound};
use crate::live_camera::{self, rig_is_here};
use crate::recorded::{decoded, ffmpeg, films, seconds};
use crate::samples::{stubborn_model, sum};
use crate::scratch::{Scratch, wait_for};
use crate::webhooks::{KEY, Receiver};

/// A minute of moving pictures, and of somebody who speaks now and then.
const FILM: &str = concat!(
    "-f lavfi -i testsrc2=size=320x180:rate=10 -stream_loop -1 -i ",
    env!("CARGO_MANIFEST_DIR"),
    "/.demo/Front_Center.wav -t 60 -c:v libx264 -preset ultrafast -g 5 -pix_fmt yuv420p -c:a aac -ar 16000 \
     -af volume=volume=0:enable=gte(mod(t\\,2.4)\\,1.4) film.mp4"
);
/// Of the film, coded packets in a second: pictures, and pieces of sound.
const PACKETS: f64 = 10.0 + 16_000.0 / 1024.0;
/// What of a film waits for its fragment to be whole, in seconds.
const WAITS: f64 = 1.6;
/// Each of so many detections is worth a bundle.
const WORTH: u64 = 7;

fn pipeline(scratch: &Scratch, broker: u16, receiver: u16) -> String {
    let model = stubborn_model([0.25, 0.5, 0.5_f32.ln(), 0.0, 1.0, 1.0]);
    let sum = sum(&model);
    scratch.write("model.onnx", model);
    let room = "min_free_mb = 0";
    format!(
        "[sources.front_porch]\ntype = 'camera'\nuri = 'film.mp4'\npace = 'realtime'\n\
         [transforms.see]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{sum}'\ninputs = ['front_porch']\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['front_porch']\n\
         [sinks.log]\ntype = 'jsonl'\npath = 'log.jsonl'\n\
         inputs = ['see', 'films', 'clips', 'pictures', 'said', 'keep']\n\
         [sinks.lines]\ntype = 'text'\ninputs = ['see']\npath = 'lines.srt'\nformat = 'srt'\n\
         [sinks.book]\ntype = 'sqlite'\ninputs = ['see']\npath = 'history.db'\n{room}\n\
         [sinks.films]\ntype = 'record'\ninputs = ['front_porch']\nfolder = 'films'\nsegment_s = 2\n{room}\n\
         [sinks.clips]\ntype = 'clip'\ninputs = ['front_porch', 'see']\nfolder = 'clips'\npre_s = 0.4\npost_s = 0.4\nmax_s = 1\n{room}\n\
         [sinks.pictures]\ntype = 'snapshot'\ninputs = ['see']\nfolder = 'pictures'\nevery_ms = 200\n{room}\n\
         [sinks.said]\ntype = 'wav'\ninputs = ['speech']\nfolder = 'said'\n{room}\n\
         [sinks.keep]\ntype = 'bundle'\ninputs = ['see', 'pictures']\nfolder = 'evidence'\npre_s = 0.3\npost_s = 0\nwait_s = 0.2\n\
         when = \"kind == 'detection' && seq % {WORTH} == 0\"\n{room}\n{}\
         [sinks.post]\ntype = 'webhook'\ninputs = ['see']\nuri = 'http://127.0.0.1:{receiver}/hook'\nsecret = '{KEY}'\nfolder = 'post'\n",
        broker::mqtt(broker, "")
    )
}

/// What has passed each edge of a run, as far as it was told.
type Acknowledged = BTreeMap<(String, String), u64>;

/// None while nobody answers.
fn acknowledged(scratch: &Scratch) -> Acknowledged {
    let status = live_camera::status(scratch).unwrap_or_default();
    let edges = status["pipeline"]["edges"].as_array();
    let told = edges.into_iter().flatten().map(|it| {
        let name = |what: &str| it[what].as_str().unwrap_or_default().to_owned();
        let count = it["forwarded"].as_u64().unwrap_or(0);
        ((name("from"), name("to")), count)
    });
    told.collect()
}

fn of(acknowledged: &Acknowledged, from: &str, to: &str) -> u64 {
    let edge = (from.to_owned(), to.to_owned());
    acknowledged.get(&edge).copied().unwrap_or(0)
}

/// What is known from round to round.
struct Rig<'a> {
    scratch: &'a Scratch,
    /// Bytes of the log that were read.
    read: u64,
    /// Rows of the history that were read.
    row: i64,
    /// All files that were told of, and how often.
    told: HashMap<PathBuf, usize>,
    /// Names of pictures, sounds and films that were looked at.
    seen: BTreeSet<PathBuf>,
    /// Files that were told of by nobody, as a kill came between.
    untold: usize,
    /// Films that kills have left, and those of them that were told to be so.
    left: BTreeSet<PathBuf>,
    completed: BTreeSet<PathBuf>,
    rounds: Vec<Round>,
}

/// One run and its kill.
struct Round {
    /// Before it began, as events write times.
    since: String,
    acknowledged: Acknowledged,
    /// Films that it has begun.
    films: Vec<PathBuf>,
}

impl<'a> Rig<'a> {
    fn of(scratch: &'a Scratch) -> Rig<'a> {
        Rig {
            scratch,
            read: 0,
            row: 0,
            told: HashMap::new(),
            seen: BTreeSet::new(),
            untold: 0,
            left: BTreeSet::new(),
            completed: BTreeSet::new(),
            rounds: Vec::new(),
        }
    }

    /// Looks through all that a kill has left.
    fn look(&mut self, since: String, acknowledged: Acknowledged) {
        let given = |to: &str| of(&acknowledged, "see", to);
        let lines = self.more_lines();
        in_order("log", numbers_of(&lines), given("log"));
        self.hear(&lines);
        for sink in ["films", "clips", "pictures", "said", "keep"] {
            let told = lines.iter().filter(|it| it["node"] == sink).count() as u64;
            assert!(told >= of(&acknowledged, sink, "log"), "{sink}: {told}");
        }
        in_order("book", self.more_rows(), given("book"));
        in_order(
            "lines",
            cues(&self.scratch.path("lines.srt")),
            given("lines"),
        );
        self.new_files("pictures", "jpg", &|it| {
            image::open(it).map(drop).map_err(|it| it.to_string())
        });
        let sounds = self.new_files("said", "wav", &whole_sound);
        assert!(sounds as u64 >= of(&acknowledged, "speech", "said"));
        self.new_films("clips");
        let films = self.new_films("films");
        self.rounds.push(Round {
            since,
            acknowledged,
            films,
        });
    }

    /// Whole lines that are new in the log.
    fn more_lines(&mut self) -> Vec<Value> {
        let text = fs::read_to_string(self.scratch.path("log.jsonl")).unwrap_or_default();
        let new = &text[self.read as usize..];
        let whole = new.rsplit_once('\n').map_or("", |it| it.0);
        if !whole.is_empty() {
            self.read += whole.len() as u64 + 1;
        }
        let parse =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|it| panic!("{line}: {it}"));
        whole.lines().map(parse).collect()
    }

    /// Files are there as they were told.
    fn hear(&mut self, lines: &[Value]) {
        for line in lines.iter().filter(|it| it["kind"] == "saved") {
            let path = PathBuf::from(line["path"].as_str().expect("a path"));
            assert_eq!(line["source"], "front_porch", "{line}");
            let content = match line["what"] == "bundle" {
                true => path.join("evidence.json"),
                false => path.clone(),
            };
            let content = fs::read(content).unwrap_or_else(|it| panic!("{line}: {it}"));
            assert_eq!(line["sha256"], sum(&content), "{line}");
            *self.told.entry(path.clone()).or_default() += 1;
            if line["interrupted"] == true && line["what"] != "bundle" {
                self.completed.insert(path);
            }
        }
    }

    fn more_rows(&mut self) -> Vec<u64> {
        let path = self.scratch.path("history.db");
        if !path.exists() {
            return Vec::new();
        }
        let book = reader(&path);
        let state: rusqlite::Result<String> =
            book.query_row("PRAGMA integrity_check", [], |row| row.get(0));
        assert_eq!(state.as_deref(), Ok("ok"));
        let rows = rows(&book, self.row).unwrap_or_default();
        self.row = rows.last().map_or(self.row, |it| it.0);
        rows.into_iter().map(|it| it.1).collect()
    }

    /// How many files of a folder are new; all of them can be read, and all but the last were told of.
    fn new_files(
        &mut self,
        folder: &str,
        extension: &str,
        read: &dyn Fn(&Path) -> Result<(), String>,
    ) -> usize {
        let all = films(&self.scratch.path(folder)).into_iter();
        let new = all.filter(|it| it.extension().is_some_and(|it| it == extension));
        let new: Vec<PathBuf> = new.filter(|it| !self.seen.contains(it)).collect();
        for file in &new {
            read(file).unwrap_or_else(|it| panic!("{}: {it}", file.display()));
            self.seen.insert(file.clone());
        }
        let untold = new.iter().filter(|it| !self.told.contains_key(*it)).count();
        // One that was being told, and those that were on their way.
        assert!(untold <= 2, "{folder}: {untold} of {new:?}");
        self.untold += untold;
        new.len()
    }

    /// Films that are new play, also the one that was being written.
    fn new_films(&mut self, folder: &str) -> Vec<PathBuf> {
        let all = films(&self.scratch.path(folder)).into_iter();
        let new: Vec<PathBuf> = all.filter(|it| !self.seen.contains(it)).collect();
        for film in &new {
            assert!(!decoded(film, "v").is_empty(), "{}", film.display());
            match is_open(film) {
                true => drop(self.left.insert(film.clone())),
                false => self.untold += usize::from(!self.told.contains_key(film)),
            }
        }
        self.seen.extend(new.iter().cloned());
        new
    }

    /// What can only be known when all has been sent and completed.
    fn conclude(&mut self) {
        assert!(self.told.values().all(|it| *it == 1), "{:?}", self.told);
        // Another kill may come between the completion of what a kill has left and the line that tells of it, which was not
        // acknowledged then.
        let missing: Vec<_> = self.left.difference(&self.completed).collect();
        assert!(
            missing.len() * 50 <= self.rounds.len(),
            "completed and not told: {missing:?}"
        );
        self.untold += missing.len();
        for folder in ["films", "clips", "pictures", "said", "evidence"] {
            let entries = fs::read_dir(self.scratch.path(folder)).expect("it is there");
            let names = entries.flatten().map(|it| it.file_name());
            let hidden = |it: &std::ffi::OsString| it.as_encoded_bytes().starts_with(b".");
            let half: Vec<_> = names.filter(hidden).collect();
            assert!(half.is_empty(), "{folder}: {half:?}");
        }
        for round in &self.rounds {
            let lasts: f64 = round
                .films
                .iter()
                .map(|it| seconds(it, "format=duration"))
                .sum();
            let seen = of(&round.acknowledged, "front_porch", "films") as f64 / PACKETS;
            assert!(
                lasts > seen - WAITS,
                "{seen} s acknowledged, {lasts} s in {:?}",
                round.films
            );
        }
    }

    /// Events of each round came in order, first ones first, and no fewer than it had acknowledged to this sink.
    fn all_came(&self, sink: &str, events: &[Value], step: u64) {
        let mut seen = BTreeSet::new();
        let mut rounds = vec![Vec::new(); self.rounds.len()];
        for event in events {
            let time = event["time"].as_str().expect("a time");
            let number = event["seq"].as_u64().expect("a number");
            let begun = self.rounds.iter().filter(|it| *it.since <= *time).count();
            if seen.insert((time, number)) {
                rounds[begun - 1].push(number / step);
            }
        }
        for (came, round) in rounds.into_iter().zip(&self.rounds) {
            in_order(
                sink,
                came,
                of(&round.acknowledged, "see", sink).div_ceil(step),
            );
        }
    }
}

/// Kills a run at a random moment, some while they open; gives what it had acknowledged just before.
fn kill(scratch: &Scratch, pipeline: &str, round: usize) -> Acknowledged {
    let log = scratch.path("log.jsonl");
    let length = || fs::metadata(&log).map_or(0, |it| it.len());
    let before = length();
    let running = live_camera::start(scratch, pipeline, &[]);
    if round % 5 < 4 {
        wait_for("a line", PATIENCE, || (length() > before).then_some(()));
    }
    sleep(Duration::from_millis(fastrand::u64(0..2_000)));
    let told = acknowledged(scratch);
    running.signal(SIGKILL);
    running.wait();
    told
}

/// Runs once more until all that has waited was sent.
fn last_run(scratch: &Scratch, pipeline: &str) -> Acknowledged {
    let running = live_camera::start(scratch, pipeline, &[]);
    wait_for("all that waits", PATIENCE, || {
        // What is told meanwhile may be on its way.
        let is_sent = |id| {
            let facts = live_camera::node(scratch, id)?["facts"].clone();
            let queued: usize = facts["queued"].as_str()?.parse().ok()?;
            (facts["receiver"] == "connected" && queued < 20).then_some(())
        };
        is_sent("tell")?;
        is_sent("post")?;
        (of(&acknowledged(scratch), "see", "log") > 20).then_some(())
    });
    let told = acknowledged(scratch);
    broker::stop(running, scratch);
    told
}

fn killed(times: usize) {
    let scratch = Scratch::new();
    if !rig_is_here() || !ffmpeg(FILM, &scratch) {
        return;
    }
    let Some(mut broker) = Broker::new(&scratch, "") else {
        return;
    };
    let mut receiver = Receiver::new(&scratch);
    broker.start();
    receiver.start();
    let listener = broker.listen(&[]);
    let pipeline = pipeline(&scratch, broker.port, receiver.port);
    let mut rig = Rig::of(&scratch);
    for round in 0..=times {
        if round == times {
            broker.stop();
            receiver.stop();
            broker.start();
            receiver.start();
        }
        let now = format!("{:.3}", Timestamp::now());
        let told = match round < times {
            true => kill(&scratch, &pipeline, round),
            false => last_run(&scratch, &pipeline),
        };
        rig.look(now, told);
        // Both are away in half of the rounds.
        match round % 4 {
            0 => receiver.stop(),
            1 => broker.stop(),
            2 => receiver.start(),
            _ => broker.start(),
        }
    }
    sleep(Duration::from_secs(1));
    rig.conclude();
    rig.all_came("tell", &listener.events(), 1);
    rig.all_came("post", &receiver.events(), 1);
    let kept = bundles(&scratch).into_iter().map(|it| {
        let manifest = fs::read(it.join("evidence.json")).expect("it is complete");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        manifest["event"].clone()
    });
    let kept: Vec<Value> = kept.collect();
    rig.all_came("keep", &kept, WORTH);
    let whole = verify(&scratch, &["evidence"]);
    assert_eq!(whole.code, Some(0), "{}", whole.stdout);
    // By the schema, too.
    let lines = scratch.events("log.jsonl").len();
    println!(
        "{times} kills: {lines} lines, {} files told and {} not, {} films left and completed, {} bundles",
        rig.told.len(),
        rig.untold,
        rig.left.len(),
        kept.len()
    );
}

#[test]
fn a_kill_takes_nothing_that_any_sink_had_acknowledged() {
    killed(4);
}

#[test]
#[ignore = "takes a quarter of an hour: make test-faults"]
fn two_hundred_kills_take_nothing_that_any_sink_had_acknowledged() {
    killed(std::env::var("KILLS").map_or(200, |it| it.parse().expect("a number")));
}

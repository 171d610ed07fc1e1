//! Histories: what they keep, what is found in them, and whose files they leave alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use tempfile::TempDir;

use super::history::{History, Wish};
use super::*;
use crate::media::events::{Body, Kept, Saved, Step, Track, Transcript};
use crate::media::packet::Packet;
use crate::nodes;
use crate::pipeline::contract::catalogue::{Configured, Running};
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::testing::{configure, gap, told};

/// A folder with a pipeline file that has one history.
struct World {
    folder: TempDir,
    context: Context,
    configured: Configured,
}

impl World {
    fn new(options: &str) -> World {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let ty = nodes::find("sqlite").expect("it is always there");
        let options = format!("path = 'kept/history.db'\nmin_free_mb = 0\n{options}");
        World {
            context: Context::new("book", folder.path(), Runtime::default()),
            configured: configure(ty, &options).expect("they are right"),
            folder,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("kept/history.db")
    }

    fn open(&self) -> Result<Box<dyn Running>> {
        (self.configured.open)(&self.context)
    }

    fn give(&self, node: &mut dyn Running, events: impl IntoIterator<Item = Packet>) {
        let mut out = |_| panic!("a sink makes nothing");
        for event in events {
            let mut emit = Emit::new(&self.context, &mut out);
            node.step(Some(event), &mut emit).expect("it is taken");
        }
    }

    fn settle(&self, node: &mut dyn Running) {
        let mut out = |_| panic!("a sink makes nothing");
        node.settle(&mut Emit::new(&self.context, &mut out))
            .expect("it is written");
    }

    fn keep(&self, events: impl IntoIterator<Item = Packet>) {
        let mut node = self.open().expect("it is writable");
        self.give(&mut *node, events);
        self.settle(&mut *node);
    }

    fn history(&self) -> History {
        History::open(&self.path()).expect("it is a history")
    }

    fn says(&self, wish: &Wish) -> Vec<String> {
        let told = self.history().latest(wish).expect("it can be read");
        told.into_iter().map(|it| it.says).collect()
    }
}

fn all() -> Wish {
    Wish {
        limit: 1000,
        ..Wish::default()
    }
}

/// What is told of `source` so many seconds after noon.
fn event(source: &str, second: f64, body: impl Into<Body>) -> Packet {
    let noon: Timestamp = "2026-11-29T12:00:00Z".parse().expect("a time");
    told(
        source,
        second,
        noon + SignedDuration::from_secs_f64(second),
        body,
    )
}

fn visit(phase: Step, id: u64, start: f64, end: f64) -> Track {
    Track {
        phase,
        id,
        label: Arc::from("person"),
        score: 0.9,
        bounds: [1.0; 4],
        start,
        end,
        frames: 3,
        best: None,
    }
}

fn said(text: &str, start: f64) -> Transcript {
    Transcript {
        start,
        end: start + 1.0,
        text: text.to_owned(),
        accepted: true,
        model: Arc::from("base.en@0123"),
        ..Transcript::default()
    }
}

fn picture(track: u64, at: f64) -> Saved {
    Saved {
        what: Kept::Picture,
        path: format!("/pictures/{track}.jpg"),
        bytes: 9,
        sha256: "0".repeat(64),
        start: at,
        end: at,
        why: None,
        events: Vec::new(),
        label: Some(Arc::from("person")),
        track: Some(track),
        subject: None,
        interrupted: false,
    }
}

fn evening() -> Vec<Packet> {
    vec![
        event("porch", 1.0, visit(Step::Start, 7, 1.0, 1.0)),
        event("porch", 2.0, visit(Step::Update, 7, 1.0, 2.0)),
        event("porch", 2.5, said("Leave it at the DÖOR, please", 2.5)),
        event("porch", 3.0, visit(Step::End, 7, 1.0, 3.0)),
        event("porch", 3.2, picture(7, 2.0)),
        event("porch", 3.3, picture(8, 2.0)),
        gap("yard", 4),
    ]
}

#[test]
fn what_is_kept_is_found_by_what_it_says() {
    let world = World::new("");
    world.keep(evening());
    assert_eq!(world.says(&all()).len(), 6, "updates are told again");
    let text = |words: &str| {
        let text = Some(words.to_owned());
        world.says(&Wish { text, ..all() })
    };
    let words = ["\"Leave it at the DÖOR, please\""];
    assert_eq!(text("door leave"), words);
    assert_eq!(text("plea*"), words);
    assert_eq!(text("plea"), [""; 0]);
    assert_eq!(text("OR"), [""; 0]);
    let label = Some("person".to_owned());
    let kind = Some("track".to_owned());
    let visits = Wish {
        label,
        kind,
        ..all()
    };
    let expected = ["person 7 has left after 2.0 s", "person 7 has come"];
    assert_eq!(world.says(&visits), expected);
    let noon = "2026-11-29T12:00:00Z".parse::<Timestamp>();
    let noon = noon.expect("a time").as_millisecond();
    let (since, until) = (Some(noon + 2000), Some(noon + 3000));
    let between = Wish {
        since,
        until,
        ..all()
    };
    assert_eq!(world.says(&between), words);
    let door = |since, until| {
        let text = Some("door".to_owned());
        let wish = Wish {
            text,
            since,
            until,
            ..all()
        };
        world.says(&wish).len()
    };
    let (before, after) = (Some(noon), Some(noon + 60_000));
    assert_eq!(
        (door(before, after), door(after, None), door(None, before)),
        (1, 0, 0)
    );
}

#[test]
fn an_event_is_told_as_it_was_with_the_files_and_words_around_it() {
    let world = World::new("updates = true");
    let events = evening();
    let lines: Vec<String> = events
        .iter()
        .map(|it| match it {
            Packet::Event(event) => event.to_json(),
            other => panic!("unexpected {}", other.kind()),
        })
        .collect();
    world.keep(events);
    let history = world.history();
    let told = history.after(0, &all()).expect("it can be read");
    let kept: Vec<&str> = told.iter().map(|it| &*it.json).collect();
    assert_eq!(kept, lines);
    let end = &told[3];
    assert_eq!((end.end - end.start, end.track), (2000, Some(7)));
    let files = history.files(end, false).expect("it can be read");
    let paths: Vec<_> = files
        .iter()
        .map(|it| it.path.display().to_string())
        .collect();
    assert_eq!(paths, ["/pictures/7.jpg"]);
    let words = history.words(end, false).expect("it can be read");
    assert_eq!(words, ["Leave it at the DÖOR, please"]);
    let names = history.names().expect("it can be read");
    assert_eq!(names.kinds, ["gap", "saved", "track", "transcript"]);
    assert_eq!(names.sources, ["porch", "yard"]);
    let counts = history.counts(&all()).expect("it can be read");
    assert_eq!(counts.iter().map(|it| it.events).sum::<i64>(), 7);
    assert_eq!(history.files(end, true).map(|it| it.len()), Ok(0));
}

/// A sink that fails gets the same events again; where the disk failed after all was done, they are there already.
#[test]
fn what_is_given_again_is_there_once() {
    let world = World::new("");
    let events = |range: std::ops::Range<u64>| range.map(|it| gap("mic", it));
    let mut node = world.open().expect("it is writable");
    world.give(&mut *node, events(0..3));
    drop(node);
    world.keep(events(0..5));
    assert_eq!(world.says(&all()).len(), 5);
    let token = Store::open(&world.path(), true).and_then(|it| it.last_batch());
    let token = token.expect("it can be read").expect("there is one");
    let kept = world.context.kept::<Mutex<Option<Doubt>>>();
    *lock(&kept) = Some(Doubt { token, events: 5 });
    let mut node = world.open().expect("it is writable");
    world.give(&mut *node, events(0..2));
    world.settle(&mut *node);
    drop(node);
    world.keep(events(2..7));
    assert_eq!(world.says(&all()).len(), 7);
}

#[test]
fn files_of_others_are_refused_and_left_as_they_are() {
    let world = World::new("");
    fs::create_dir(world.folder.path().join("kept")).expect("writable");
    let database = |sql: &str| {
        let connection = Connection::open(world.path()).expect("writable");
        connection.execute_batch(sql).expect("it is SQL");
    };
    let refused = |words: &str| {
        let before = fs::read(world.path()).expect("it is there");
        let found = (world.configured.at_hand)(world.folder.path());
        assert!(found[0].message.contains(words), "{found:?}");
        let error = world.open().err();
        let is_told = |it: &Error| !it.may_pass() && it.to_string().contains(words);
        assert!(error.as_ref().is_some_and(is_told), "{error:?}");
        let after = fs::read(world.path()).expect("it is there");
        assert!(before == after, "{words}: it was changed");
        fs::remove_file(world.path()).expect("it is there");
    };
    fs::write(world.path(), "five years of notes, which are no database").expect("writable");
    refused("it is no database");
    database("CREATE TABLE notes (text)");
    refused("another program's database");
    world.keep([gap("mic", 0)]);
    database("PRAGMA user_version = 9");
    refused("made by a newer otus (version 9");
    fs::create_dir(world.path()).expect("writable");
    let found = (world.configured.at_hand)(world.folder.path());
    assert!(found[0].message.contains("is a folder"), "{found:?}");
    let error = world.open().err();
    assert!(error.is_some_and(|it| !it.may_pass()));
}

#[test]
fn a_history_is_for_owner_and_group_and_begins_anew_where_it_was_removed() {
    let world = World::new("");
    let mut node = world.open().expect("it is writable");
    world.give(&mut *node, [gap("mic", 0)]);
    world.settle(&mut *node);
    for name in ["history.db", "history.db-wal", "history.db-shm"] {
        let path = world.folder.path().join("kept").join(name);
        let mode = fs::metadata(path).map(|it| it.permissions().mode() & 0o777);
        assert_eq!(mode.ok(), Some(0o640), "{name}");
    }
    assert_eq!(world.says(&all()).len(), 1, "it is read while it is open");
    fs::rename(
        world.folder.path().join("kept"),
        world.folder.path().join("old"),
    )
    .expect("ours");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    world.give(&mut *node, [gap("mic", 1)]);
    let mut out = |_| panic!("a sink makes nothing");
    let error = node.settle(&mut Emit::new(&world.context, &mut out)).err();
    assert!(error.is_some_and(|it| it.may_pass()));
    drop(node);
    world.keep([gap("mic", 1)]);
    assert_eq!(world.says(&all()).len(), 1);
}

/// No query goes through all events, and none sorts them.
#[test]
fn an_index_answers_every_query() {
    let world = World::new("");
    world.keep(evening());
    let connection = Connection::open(world.path()).expect("it is there");
    let some = || Some("x".to_owned());
    let wishes = [
        all(),
        Wish {
            kind: some(),
            ..all()
        },
        Wish {
            source: some(),
            but: some(),
            ..all()
        },
        Wish {
            label: some(),
            ..all()
        },
        Wish {
            zone: some(),
            since: Some(1),
            ..all()
        },
        Wish {
            text: some(),
            kind: some(),
            ..all()
        },
        Wish {
            kind: some(),
            source: some(),
            before: Some((5, 5)),
            ..all()
        },
    ];
    for wish in wishes {
        let (latest, values) = wish.latest("e.json");
        let mut plan = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {latest}"))
            .expect("it is SQL");
        let steps = plan.query_map(rusqlite::params_from_iter(values), |row| row.get(3));
        let steps: rusqlite::Result<Vec<String>> = steps.expect("it is a plan").collect();
        let steps = steps.expect("it is a plan").join("; ");
        let sorts = steps.contains("TEMP B-TREE");
        let scans = steps.contains("SCAN e") && !steps.contains("USING INDEX events_t");
        assert!(!sorts && !scans, "{latest}: {steps}");
    }
}

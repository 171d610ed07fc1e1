//! Cameras on one machine, models on another: two runs of otus, and Zenoh between them.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use libc::SIGTERM;
use serde_json::Value;
use zenoh::{Config, Session, Wait};

use crate::live_camera::{PATIENCE, frames, log, more_frames, node, start, state};
use crate::scratch::{Scratch, has_opencv, shared, skipped, wait_for};

/// Where nobody listens yet.
fn place() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("tcp/{}", listener.local_addr().expect("it is bound"))
}

/// What both machines look for in what comes.
const MODELS: &str = "[transforms.people]\ntype = 'detect'\ninputs = ['cam']\nmodel = 'otus-person'\n\
     [transforms.speech]\ntype = 'vad'\ninputs = ['cam']\n\
     [sinks.log]\ntype = 'jsonl'\ninputs = ['people', 'speech']\npath = 'events.jsonl'\n";

fn of_kind(scratch: &Scratch, kind: &str) -> Vec<Value> {
    let all = scratch.events("events.jsonl").into_iter();
    all.filter(|it| it["kind"] == kind).collect()
}

/// Milliseconds since 1970.
fn moment(event: &Value) -> i64 {
    let time = event["time"].as_str().expect("a text");
    let time: jiff::Timestamp = time.parse().expect("a time");
    time.as_millisecond()
}

fn fact(scratch: &Scratch, name: &str) -> Option<String> {
    let node = node(scratch, "cam")?;
    Some(node["facts"][name].as_str()?.to_owned())
}

/// The film has people and words in it; the machine that plays it looks and listens too, to be compared with.
#[test]
fn another_machine_sees_and_hears_the_same_at_the_same_times() {
    let Some(shared) = shared().filter(|_| has_opencv()) else {
        return skipped("there is no film, or no libotus_opencv.so");
    };
    let (board, models, place) = (Scratch::new(), Scratch::new(), place());
    let film = board.path("film.mp4");
    let cut = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(shared.join("media/joint_people_speech.mp4"))
        .args(["-t", "30", "-c", "copy"])
        .arg(&film)
        .status();
    assert!(cut.is_ok_and(|it| it.success()));
    let there = start(
        &models,
        &format!(
            "[sources.cam]\ntype = 'zenoh'\nkey = 'board/cam'\nlisten = ['{place}']\n{MODELS}"
        ),
        &[],
    );
    wait_for("the models", PATIENCE, || {
        (state(&models)? == "retrying").then_some(())
    });
    let here = start(
        &board,
        &format!(
            "[sources.cam]\ntype = 'camera'\nuri = '{}'\npace = 'realtime'\nfps = 2\n{MODELS}\
             [sinks.far]\ntype = 'zenoh'\ninputs = ['cam', 'speech']\nkey = 'board'\nconnect = ['{place}']\n\
             quality = 95\nsound = true\n",
            film.display()
        ),
        &[],
    );
    let ended = here.wait();
    assert_eq!(ended.code, Some(0), "{}", log(&board));
    sleep(Duration::from_secs(1));
    there.signal(SIGTERM);
    there.wait();
    same_people(&board, &models);
    same_speech(&board, &models);
}

fn same_people(board: &Scratch, models: &Scratch) {
    let (here, there) = (of_kind(board, "detection"), of_kind(models, "detection"));
    let people = |it: &Value| it["objects"].as_array().map_or(0, Vec::len);
    let (mut seen, mut found) = (0, 0);
    for event in &here {
        let mut twins = there.iter();
        let twin = twins.find(|it| it["seq"] == event["seq"]);
        seen += people(event);
        let Some(twin) = twin else { continue };
        let apart = moment(twin) - moment(event);
        assert!(apart.abs() <= 1, "{apart} ms: {event} {twin}");
        found += people(twin).min(people(event));
    }
    println!(
        "{found} of {seen} people in {} of {} frames",
        there.len(),
        here.len()
    );
    assert!(here.len() >= 10, "{here:?}");
    assert!(there.len() * 10 >= here.len() * 9, "{}", log(models));
    assert!(found * 20 >= seen * 19, "{found} of {seen}");
}

fn same_speech(board: &Scratch, models: &Scratch) {
    let (here, there) = (of_kind(board, "speech"), of_kind(models, "speech"));
    let told = |it: &Value| {
        let lasted = it["end"].as_f64()? - it["start"].as_f64()?;
        Some((moment(it), (lasted * 1e3).round() as i64))
    };
    let [here, there] = [here, there].map(|all| all.iter().filter_map(told).collect::<Vec<_>>());
    println!("speech: {here:?}");
    assert!(!here.is_empty() && here.len() == there.len(), "{there:?}");
    for (here, there) in here.iter().zip(&there) {
        let apart = [here.0 - there.0, here.1 - there.1];
        assert!(apart.iter().all(|it| it.abs() <= 1), "{here:?} {there:?}");
    }
}

/// A session of somebody who was not asked for.
fn stranger(place: &str) -> Session {
    let config = format!(
        "{{mode: 'peer', connect: {{endpoints: ['{place}']}}, listen: {{endpoints: []}}, \
           scouting: {{multicast: {{enabled: false}}}}}}"
    );
    let config = Config::from_json5(&config).expect("it is right");
    zenoh::open(config).wait().expect("it opens")
}

#[test]
fn rubbish_is_counted_and_named_and_ends_nothing() {
    let (scratch, place) = (Scratch::new(), place());
    let otus = start(
        &scratch,
        &format!(
            "[sources.cam]\ntype = 'zenoh'\nkey = 'board/cam'\nlisten = ['{place}']\n\
             [transforms.moves]\ntype = 'motion'\ninputs = ['cam']\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['cam']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['moves', 'cam', 'speech']\npath = 'events.jsonl'\n"
        ),
        &[],
    );
    wait_for("the source", PATIENCE, || {
        (state(&scratch)? == "retrying").then_some(())
    });
    let session = stranger(&place);
    let header = |what: &str, number: u64| {
        let now = jiff::Timestamp::now().as_nanosecond();
        format!("{{\"v\":1,\"run\":7,\"number\":{number},\"wall_ns\":{now},\"what\":{what}}}")
    };
    let frame = "{\"kind\":\"frame\",\"seq\":1}";
    let sound = "{\"kind\":\"audio\",\"first_sample\":1}";
    let event = "{\"kind\":\"event\",\"at\":1}";
    let large = vec![7; 700_000];
    let sent: [(&str, Option<String>, &[u8]); 9] = [
        ("frame", None, b"no header"),
        ("frame", Some("rubbish".to_owned()), b""),
        ("frame", Some(header(frame, 0)), b"\xff\xd8\xff no JPEG"),
        ("frame", Some(header(frame, u64::MAX)), b""),
        ("frame", Some(header(sound, 1)), b""),
        ("audio", Some(header(sound, 0)), b"\0\0\xc0\x7f"),
        ("audio", Some(header(sound, 1)), &large),
        (
            "event",
            Some(header(event, 0)),
            b"{\"v\":1,\"kind\":\"gap\"}",
        ),
        ("event", Some(header(event, 1)), &[b'['; 100_000]),
    ];
    let count = sent.len() as u64;
    // Its first word may come before the other side has said what it wants.
    sleep(Duration::from_secs(2));
    for (lane, header, payload) in sent {
        let put = session.put(format!("board/cam/{lane}"), payload);
        let put = match header {
            Some(header) => put.attachment(header),
            None => put,
        };
        put.wait().expect("it is connected");
        sleep(Duration::from_millis(300));
    }
    let refused = wait_for("the refusals", PATIENCE, || {
        let refused = fact(&scratch, "refused")?;
        let number = refused.split(',').next()?.parse().ok();
        (number >= Some(count)).then_some(refused)
    });
    println!("refused: {refused}");
    assert!(refused.contains("this is no event"), "{refused}");
    let said = log(&scratch);
    assert!(said.contains("something came that is of no use"), "{said}");
    otus.signal(SIGTERM);
    assert!(otus.wait().code.is_some(), "{}", log(&scratch));
}

#[test]
fn wrong_options_are_told_with_what_to_write() {
    let scratch = Scratch::new();
    for (options, said, help) in [
        (
            "key = 'a/b'",
            "nothing leads to another machine",
            "`listen`",
        ),
        (
            "key = 'a/*'\nconnect = ['tcp/b:1']",
            "is no key",
            "yard/porch",
        ),
        (
            "key = 'a/b'\nconnect = ['tcp/b:1', 'udp/10.0.0.5:7447']",
            "is no such place",
            "tcp/10.0.0.5:7447",
        ),
        (
            "key = 'a/b'\nlisten = ['tcp/0.0.0.0']",
            "is no such place",
            "tcp/HOST:PORT",
        ),
        ("key = 'a/b'\nconect = ['tcp/b:1']", "conect", "connect"),
    ] {
        let pipeline = format!(
            "[sources.cam]\ntype = 'zenoh'\n{options}\n[sinks.log]\ntype = 'console'\ninputs = ['cam']\n"
        );
        let file = scratch.write("wrong.toml", pipeline);
        let mut command = scratch.otus(&["check"]);
        let ended = command.arg(file).output().expect("it starts");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned()
            + &String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(78), "{options}: {told}");
        assert!(told.contains(said) && told.contains(help), "{told}");
        assert!(told.contains("wrong.toml:"), "{told}");
    }
}

/// The blocks of the guide that only this build can check.
#[test]
fn pipelines_of_the_guide_are_right() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/guides/two-machines.md");
    let text = std::fs::read_to_string(guide).expect("the guide is there");
    let blocks: Vec<&str> = text.split("```toml zenoh\n").skip(1).collect();
    assert!(blocks.len() >= 2);
    let scratch = Scratch::new();
    for block in blocks {
        let block = block.split("```").next().expect("it is closed");
        let file = scratch.write("guide.toml", block);
        let ended = scratch.otus(&["check"]).arg(file).output();
        let ended = ended.expect("it starts");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success(), "{block}\n{told}");
    }
}

/// Plays for longer than the test lasts.
fn street() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi"))
}

mod cut {
    //! Two machines with a cable between them, which is pulled.

    use std::process::Stdio;
    use std::time::Instant;

    use super::*;
    use crate::live_camera::gaps;
    use crate::scratch::{Running, most_memory};

    /// Two network namespaces and a cable. They go away with the test.
    struct Cable([String; 2]);

    impl Cable {
        /// None where no network can be made up.
        fn new() -> Option<Cable> {
            let id = std::process::id();
            let cable = Cable([format!("otus-a{id}"), format!("otus-b{id}")]);
            let [a, b] = &cable.0;
            let made = [
                format!("netns add {a}"),
                format!("netns add {b}"),
                format!("-n {a} link add wire type veth peer name wire netns {b}"),
                format!("-n {a} address add 10.97.0.1/24 dev wire"),
                format!("-n {b} address add 10.97.0.2/24 dev wire"),
                format!("-n {a} link set wire up"),
                format!("-n {b} link set wire up"),
            ];
            made.iter().all(|it| ip(it)).then_some(cable)
        }

        fn set(&self, how: &str) {
            assert!(ip(&format!("-n {} link set wire {how}", self.0[0])));
        }

        /// Starts otus on one of the machines.
        fn start(&self, at: usize, scratch: &Scratch, pipeline: &str) -> Running {
            let socket = scratch.path("status.socket");
            let status = format!("[status]\nlisten = 'unix:{}'\n", socket.display());
            scratch.write("pipeline.toml", format!("{pipeline}{status}"));
            let otus = scratch.otus(&["run", "pipeline.toml", "--json"]);
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &self.0[at]]);
            command.arg(otus.get_program()).args(otus.get_args());
            command.current_dir(scratch.path("."));
            command.env("OTUS_LOG", "warn,otus=debug,ort=error");
            command.stdin(Stdio::null()).stdout(Stdio::null());
            let log = std::fs::File::create(scratch.path("log.txt"));
            command.stderr(log.expect("the scratch directory is writable"));
            Running::start(command)
        }
    }

    impl Drop for Cable {
        fn drop(&mut self) {
            self.0.iter().for_each(|it| {
                ip(&format!("netns del {it}"));
            });
        }
    }

    fn ip(words: &str) -> bool {
        let mut command = Command::new("ip");
        command.args(words.split(' ')).stderr(Stdio::null());
        command.status().is_ok_and(|it| it.success())
    }

    #[test]
    fn a_cable_that_is_pulled_is_an_outage_and_ends_by_itself() {
        let film = street();
        if !has_opencv() || !film.exists() {
            return skipped("there is no film, or no libotus_opencv.so");
        }
        let Some(cable) = Cable::new() else {
            return skipped(
                "no network can be made up here: that takes root and network namespaces",
            );
        };
        let (board, models) = (Scratch::new(), Scratch::new());
        let here = cable.start(
            0,
            &board,
            &format!(
                "[sources.cam]\ntype = 'camera'\nuri = '{}'\npace = 'realtime'\n\
                 [transforms.moves]\ntype = 'motion'\ninputs = ['cam']\n\
                 [sinks.log]\ntype = 'jsonl'\ninputs = ['moves']\npath = 'events.jsonl'\n\
                 [sinks.far]\ntype = 'zenoh'\ninputs = ['cam']\nkey = 'board'\nlisten = ['tcp/10.97.0.1:7447']\n",
                film.display()
            ),
        );
        let there = cable.start(
            1,
            &models,
            "[sources.cam]\ntype = 'zenoh'\nkey = 'board/cam'\nconnect = ['tcp/10.97.0.1:7447']\n\
             stall_timeout_ms = 2000\n\
             [transforms.moves]\ntype = 'motion'\ninputs = ['cam']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['cam', 'moves']\npath = 'events.jsonl'\n",
        );
        more_frames(&models, 20);
        let memory = [&here, &there].map(|it| most_memory(it.id()));
        cable.set("down");
        let cut = Instant::now();
        wait_for("the outage", PATIENCE, || {
            (state(&models)? == "retrying").then_some(())
        });
        println!("noticed after {:.1} s", cut.elapsed().as_secs_f64());
        let (before, since) = (frames(&board), Instant::now());
        sleep(Duration::from_secs(15).saturating_sub(cut.elapsed()));
        let made = frames(&board).unwrap_or(0) - before.unwrap_or(0);
        let rate = made as f64 / since.elapsed().as_secs_f64();
        println!("the sender went on with {rate:.1} frames a second");
        cable.set("up");
        let back = Instant::now();
        more_frames(&models, 1);
        let recovery = back.elapsed();
        println!("frames again after {:.1} s", recovery.as_secs_f64());
        more_frames(&models, 20);
        for (before, running) in memory.iter().zip([&here, &there]) {
            let grown = most_memory(running.id()).unwrap_or(0) - before.unwrap_or(0);
            println!("memory grew by {} KB", grown >> 10);
            assert!(grown < 40 << 20, "{grown} bytes more");
        }
        there.signal(SIGTERM);
        there.wait();
        let told = gaps(&models);
        println!("{told:?}");
        assert!(rate > 8.0, "{rate}\n{}", log(&board));
        assert!(recovery < Duration::from_secs(10), "{}", log(&models));
        let lasted = |it: &Value| it["end"].as_f64().zip(it["start"].as_f64());
        let long = told
            .iter()
            .filter_map(lasted)
            .any(|(to, from)| to - from > 13.0);
        assert!(long, "{told:?}\n{}", log(&models));
    }
}

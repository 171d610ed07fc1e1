//! Programs that listen well, and those that do not.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::media::packet::Packet;
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::testing::gap;

struct Rig {
    folder: TempDir,
    context: Context,
    socket: Socket,
}

fn event(second: u64) -> Arc<Event> {
    match gap("mic", second) {
        Packet::Event(event) => event,
        _ => unreachable!("a gap is an event"),
    }
}

impl Rig {
    fn new(more: &str) -> Rig {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let context = Context::new("lines", folder.path(), Runtime::default());
        let options = format!("listen = 'unix:lines.sock'\n{more}");
        let config: Config = toml::from_str(&options).expect("they are right");
        let socket = Socket::open(&config, &context).expect("nobody else listens");
        Rig {
            folder,
            context,
            socket,
        }
    }

    fn connect(&self) -> UnixStream {
        UnixStream::connect(self.folder.path().join("lines.sock")).expect("it listens")
    }

    fn write(&mut self, seconds: std::ops::Range<u64>) {
        let mut none = |_| panic!("a sink makes nothing");
        let mut out = Emit::new(&self.context, &mut none);
        for second in seconds {
            let written = self.socket.write(event(second), &mut out.only());
            written.expect("nothing fails");
        }
    }

    fn fact(&self, name: &str) -> String {
        self.context.stats.read().facts[name].clone()
    }
}

fn seconds(stream: impl Read, count: usize) -> Vec<f64> {
    let lines = BufReader::new(stream).lines().take(count);
    let second = |line: String| {
        let line: Value = serde_json::from_str(&line).expect("JSON");
        line["t"].as_f64().expect("a number")
    };
    lines.map(|it| second(it.expect("a line"))).collect()
}

#[test]
fn whoever_listens_gets_whole_lines_from_then_on() {
    let mut rig = Rig::new("clients = 2");
    rig.write(0..1);
    let first = rig.connect();
    rig.write(1..2);
    let second = rig.connect();
    rig.write(2..4);
    assert_eq!(seconds(&first, 3), [1.0, 2.0, 3.0]);
    assert_eq!(seconds(&second, 2), [2.0, 3.0]);
    let mut third = rig.connect();
    rig.write(4..5);
    assert_eq!(third.read(&mut [0; 8]).ok(), Some(0), "there is no room");
    assert_eq!(
        (rig.fact("clients"), rig.fact("cut_off")),
        ("2".into(), "1".into())
    );
    drop(first);
    rig.write(5..6);
    assert_eq!(rig.fact("clients"), "1");
}

#[test]
fn who_reads_too_slowly_is_cut_off_and_the_others_are_not() {
    let mut rig = Rig::new("buffer_kb = 64");
    let deaf = rig.connect();
    let quick = rig.connect();
    // It stays connected when it has read all.
    let reader = std::thread::spawn(move || (seconds(&quick, 20_000), quick));
    for second in 0..20_000 {
        rig.write(second..second + 1);
        // So that the quick one is not too slow where the machine is.
        if rig.socket.clients.iter().all(|it| it.waits()) {
            std::thread::sleep(LOOK);
        }
    }
    let mut none = |_| panic!("a sink makes nothing");
    let mut out = Emit::new(&rig.context, &mut none);
    rig.socket.finish(&mut out.only()).expect("nothing fails");
    assert_eq!(
        (rig.fact("clients"), rig.fact("cut_off")),
        ("1".into(), "1".into())
    );
    let (read, _quick) = reader.join().expect("it reads");
    assert_eq!(read, (0..20_000).map(f64::from).collect::<Vec<_>>());
    drop(deaf);
}

#[test]
fn a_socket_is_for_owner_and_group_and_other_files_are_left_alone() {
    let rig = Rig::new("");
    let path = rig.folder.path().join("lines.sock");
    let mode = fs_mode(&path);
    assert_eq!(mode & 0o777, 0o660);
    let second = Listener::open("unix:lines.sock", &rig.context).err();
    let second = second.expect("somebody listens").to_string();
    assert!(second.contains("another program listens there"), "{second}");
    drop(rig.socket);
    assert!(!path.exists());
    std::fs::write(&path, "a note").expect("writable");
    assert!(Listener::open("unix:lines.sock", &rig.context).is_err());
    assert_eq!(std::fs::read(&path).ok().as_deref(), Some(&b"a note"[..]));
}

fn fs_mode(path: &Path) -> u32 {
    std::fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
}

#[test]
fn only_this_machine_is_listened_to() {
    for listen in [
        "0.0.0.0:80",
        "10.0.0.5:80",
        "[::]:80",
        "unix:",
        "events.sock",
        "localhost",
    ] {
        assert!(Place::of(listen).is_err(), "{listen}");
    }
    for listen in ["127.0.0.1:80", "[::1]:80", "unix:events.sock"] {
        assert!(Place::of(listen).is_ok(), "{listen}");
    }
}

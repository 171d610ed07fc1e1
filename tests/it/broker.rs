//! A real broker for the tests, somebody who listens to it, and a pipeline that tells it something.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use libc::SIGTERM;
use serde_json::Value;

use crate::live_camera::{self, node};
use crate::samples::{stubborn_model, sum};
use crate::scratch::{Running, Scratch, wait_for};
use crate::status::free_port;
use crate::tools::installed;

pub const PATIENCE: Duration = Duration::from_secs(60);
pub const STREET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");
pub const SECOND: Duration = Duration::from_secs(1);

/// A broker of this test alone, which keeps what a listener has not got yet from one start to the next.
pub struct Broker<'a> {
    scratch: &'a Scratch,
    pub port: u16,
    more: String,
    process: Option<Running>,
}

impl<'a> Broker<'a> {
    /// None where there is no mosquitto. `more` are lines of its configuration.
    pub fn new(scratch: &'a Scratch, more: &str) -> Option<Broker<'a>> {
        installed("mosquitto_sub", "apt install mosquitto-clients")?;
        let more = match more {
            "" => "allow_anonymous true\n".to_owned(),
            more => more.to_owned(),
        };
        fs::create_dir(scratch.path("broker")).expect("writable");
        Some(Broker {
            scratch,
            port: free_port(),
            more,
            process: None,
        })
    }

    pub fn start(&mut self) {
        let folder = self.scratch.path("broker");
        let config = format!(
            "listener {} 127.0.0.1\npersistence true\npersistence_location {}/\nuser root\nlog_type all\n\
             max_queued_messages 0\n{}",
            self.port,
            folder.display(),
            self.more
        );
        let file = self.scratch.write("mosquitto.conf", config);
        let log = File::options()
            .append(true)
            .create(true)
            .open(self.scratch.path("broker.txt"));
        let log = log.expect("writable");
        let mut command = Command::new("/usr/sbin/mosquitto");
        command.arg("-c").arg(file).stdin(Stdio::null());
        command
            .stdout(log.try_clone().expect("a handle"))
            .stderr(log);
        self.process = Some(Running::start(command));
        wait_for("the broker", PATIENCE, || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
    }

    /// It writes down what it has to, and ends.
    pub fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.signal(SIGTERM);
            process.wait();
        }
    }

    pub fn signal(&self, signal: i32) {
        self.process.as_ref().expect("it runs").signal(signal);
    }

    /// What the broker keeps for those who come late.
    pub fn late(&self, scratch: &Scratch) -> BTreeMap<String, String> {
        let file = scratch.path("late.txt");
        let mut command = Command::new("mosquitto_sub");
        command.args([
            "-p",
            &self.port.to_string(),
            "-t",
            "#",
            "--retained-only",
            "-W",
            "2",
        ]);
        command
            .args(["-F", "%r %t %x"])
            .stdout(File::create(&file).expect("writable"));
        let process = Running::start(command);
        process.wait();
        let none = Running::start(Command::new("true"));
        Listener {
            _process: none,
            file,
        }
        .last()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.scratch.path("broker.txt")).unwrap_or_default()
    }

    /// Listens to everything, for good: what comes while the broker restarts is kept for it.
    pub fn listen(&self, options: &[&str]) -> Listener {
        let file = self.scratch.path("heard.txt");
        let mut command = Command::new("mosquitto_sub");
        command
            .args([
                "-p",
                &self.port.to_string(),
                "-t",
                "#",
                "-q",
                "1",
                "-c",
                "-i",
                "listener",
            ])
            .args(["-F", "%r %t %x"])
            .args(options)
            .stdout(File::create(&file).expect("writable"))
            .stderr(Stdio::null());
        let process = Running::start(command);
        wait_for("the listener", PATIENCE, || {
            self.log()
                .contains("Sending SUBACK to listener")
                .then_some(())
        });
        Listener {
            _process: process,
            file,
        }
    }
}

/// What has come from the broker.
pub struct Listener {
    _process: Running,
    file: std::path::PathBuf,
}

/// One message: whether it was kept, its topic and what it says.
type Message = (bool, String, Vec<u8>);

impl Listener {
    pub fn messages(&self) -> Vec<Message> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |it| it.0);
        let byte = |it: &[u8]| {
            let digits = std::str::from_utf8(it).expect("digits");
            u8::from_str_radix(digits, 16).expect("hexadecimal")
        };
        let parse = |line: &str| {
            let mut words = line.splitn(3, ' ');
            let mut word = || words.next().unwrap_or_default().to_owned();
            let (kept, topic, hex) = (word() == "1", word(), word());
            (kept, topic, hex.as_bytes().chunks(2).map(byte).collect())
        };
        whole.lines().map(parse).collect()
    }

    /// Events, in the order in which they came, each time they did.
    pub fn events(&self) -> Vec<Value> {
        let messages = self.messages().into_iter();
        let events = messages.filter(|(_, topic, _)| topic.contains("/events/"));
        events
            .map(|it| serde_json::from_slice(&it.2).expect("JSON"))
            .collect()
    }

    /// The last word on each topic.
    pub fn last(&self) -> BTreeMap<String, String> {
        let messages = self.messages().into_iter();
        let texts =
            messages.map(|(_, topic, it)| (topic, String::from_utf8_lossy(&it).into_owned()));
        texts.collect()
    }
}

/// The street and a detector that finds the same in each of its 795 frames.
pub fn street(scratch: &Scratch, pace: &str, sink: &str) -> String {
    let model = stubborn_model([0.25, 0.5, 0.5_f32.ln(), 0.0, 1.0, 1.0]);
    let sum = sum(&model);
    scratch.write("model.onnx", model);
    format!(
        "[sources.street]\ntype = 'camera'\nuri = '{STREET}'\npace = '{pace}'\n\
         [transforms.see]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{sum}'\ninputs = ['street']\n{sink}"
    )
}

pub fn mqtt(port: u16, more: &str) -> String {
    format!(
        "[sinks.tell]\ntype = 'mqtt'\nuri = 'mqtt://127.0.0.1:{port}'\nfolder = 'outbox'\ntopic = 'otus/test'\n\
         inputs = ['see']\n{more}"
    )
}

/// Numbers of frames, each time one came for the first time by its id; how many came again, too.
pub fn numbers(events: &[Value]) -> (Vec<u64>, usize) {
    let mut ids = HashSet::new();
    let is_new =
        |it: &&Value| ids.insert(it["delivery"].as_str().expect("which delivery").to_owned());
    let first: Vec<&Value> = events.iter().filter(is_new).collect();
    let again = events.len() - first.len();
    let numbers = first.iter().map(|it| it["seq"].as_u64().expect("a number"));
    (numbers.collect(), again)
}

/// Checks that each run's events came from the first on, without a hole; gives how many each run has.
pub fn runs(numbers: &[u64]) -> Vec<u64> {
    let mut runs: Vec<u64> = Vec::new();
    for number in numbers {
        if *number == 0 {
            runs.push(0);
        }
        let run = runs.last_mut().expect("a run begins with its first frame");
        assert_eq!(*number, *run, "a hole or another order in {numbers:?}");
        *run += 1;
    }
    runs
}

/// Runs a film for some events while nobody takes them; gives how many counted as delivered, at least.
pub fn miss(scratch: &Scratch, film: &str) -> u64 {
    let running = live_camera::start(scratch, film, &[]);
    let count = wait_for("events", PATIENCE, || {
        forwarded(scratch).filter(|it| *it > 50)
    });
    stop(running, scratch);
    count
}

pub fn stop(running: Running, scratch: &Scratch) {
    running.signal(SIGTERM);
    assert_eq!(
        running.wait().code,
        Some(0),
        "{}",
        live_camera::log(scratch)
    );
}

pub fn fact(scratch: &Scratch, name: &str) -> Option<String> {
    Some(node(scratch, "tell")?["facts"][name].as_str()?.to_owned())
}

pub fn forwarded(scratch: &Scratch) -> Option<u64> {
    let status = live_camera::status(scratch)?;
    let mut edges = status["pipeline"]["edges"].as_array()?.iter();
    edges.find(|it| it["to"] == "tell")?["forwarded"].as_u64()
}

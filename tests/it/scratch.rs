//! A scratch directory, a pipeline file in it, and the program run on it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A directory that goes away with the test.
pub struct Scratch {
    directory: TempDir,
}

/// How a run of the program ended.
pub struct Ended {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// The folder of real models and media, if it lies beside the checkout. Says so if it does not.
pub fn shared() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let named = std::env::var_os("OTUS_SHARED").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from(beside));
    let found = folder
        .join("models")
        .is_dir()
        .then(|| folder.canonicalize().ok())
        .flatten();
    if found.is_none() {
        skipped("there is no shared folder with models and media beside the checkout");
    }
    found
}

/// Says on the terminal, past the test runner's capture, that a test did not run and why.
pub fn skipped(why: &str) {
    say(&format!("SKIPPED {}: {why}", test()));
}

fn say(line: &str) {
    use std::io::Write;
    let terminal = std::fs::OpenOptions::new().append(true).open("/dev/stderr");
    if let Ok(mut terminal) = terminal {
        let _ = writeln!(terminal, "{line}");
    }
}

/// The test that this thread runs.
fn test() -> String {
    std::thread::current().name().unwrap_or("a test").to_owned()
}

/// A test that takes longer says so when its thread ends.
const LONG: Duration = Duration::from_secs(5);

struct Took {
    test: String,
    since: Instant,
}

thread_local!(static TOOK: Took = Took { test: test(), since: Instant::now() });

impl Drop for Took {
    fn drop(&mut self) {
        let took = self.since.elapsed();
        if took > LONG {
            say(&format!("SLOW {}: {:.1} s", self.test, took.as_secs_f32()));
        }
    }
}

/// Whether OpenCV's part of otus was built; `cargo test` alone does not build it.
pub fn has_opencv() -> bool {
    let program = Path::new(env!("CARGO_BIN_EXE_otus"));
    program.with_file_name("libotus_opencv.so").is_file()
}

impl Scratch {
    pub fn new() -> Scratch {
        TOOK.with(|_| ());
        let directory = tempfile::tempdir().expect("a scratch directory");
        Scratch { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file and gives its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the scratch directory is writable");
        path
    }

    /// The program, with models of the shared folder if there is one, and no status endpoint's
    /// default port taken by a neighbour.
    pub fn otus(&self, arguments: &[&str]) -> Command {
        self.otus_at(Path::new(env!("CARGO_BIN_EXE_otus")), arguments)
    }

    /// The same, at another place.
    pub fn otus_at(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.directory.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(shared) = shared_quietly() {
            command.env("OTUS_MODELS", shared.join("models"));
        }
        command
    }

    /// Writes `pipeline.toml` with the status endpoint off, runs it and waits.
    pub fn run(&self, pipeline: &str, arguments: &[&str]) -> Ended {
        self.start(pipeline, arguments).wait()
    }

    /// Writes `pipeline.toml` with the status endpoint off and starts it.
    pub fn start(&self, pipeline: &str, arguments: &[&str]) -> Running {
        self.write(
            "pipeline.toml",
            format!("{pipeline}\n[status]\nlisten = \"off\"\n"),
        );
        let arguments: Vec<&str> = ["run", "pipeline.toml"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        Running::start(self.otus(&arguments))
    }

    /// The events that a `jsonl` sink has written to `name`.
    pub fn events(&self, name: &str) -> Vec<Value> {
        events(&self.path(name))
    }
}

/// Lines of a file as events that keep to the schema; a line still being written is left out.
pub fn events(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let schema = serde_json::from_str(include_str!("../../pipelines/events.schema.json"));
    let schema = jsonschema::validator_for(&schema.expect("the schema is JSON"));
    let schema = schema.expect("the schema is a schema");
    let parse = |line: &str| {
        let event = serde_json::from_str(line).unwrap_or_else(|it| panic!("{line}: {it}"));
        schema
            .validate(&event)
            .unwrap_or_else(|it| panic!("{line}: {it}"));
        event
    };
    whole.lines().map(parse).collect()
}

/// The same, for tests that have another way without it.
pub fn shared_quietly() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let named = std::env::var_os("OTUS_SHARED").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from(beside));
    folder.join("models").is_dir().then_some(folder)
}

/// A program under way. Dropping it kills it.
pub struct Running {
    child: Child,
}

impl Running {
    pub fn start(mut command: Command) -> Running {
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Running { child }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by its number.
    pub fn signal(&self, signal: i32) {
        // SAFETY: the child has not been waited for, so its id is not another process's.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    /// Waits at most two minutes, or what patience makes of them, for the end.
    pub fn wait(mut self) -> Ended {
        let mut stdout = self.child.stdout.take();
        let mut stderr = self.child.stderr.take();
        let read = |pipe: Option<&mut dyn Read>| {
            let mut text = Vec::new();
            if let Some(pipe) = pipe {
                let _ = pipe.read_to_end(&mut text);
            }
            String::from_utf8_lossy(&text).into_owned()
        };
        let (stdout, stderr) = std::thread::scope(|scope| {
            let errors = scope.spawn(move || read(stderr.as_mut().map(|it| it as &mut dyn Read)));
            let output = scope.spawn(move || read(stdout.as_mut().map(|it| it as &mut dyn Read)));
            let deadline = Instant::now() + patience(Duration::from_secs(120));
            while self
                .child
                .try_wait()
                .expect("it can be waited for")
                .is_none()
            {
                if Instant::now() > deadline {
                    let _ = self.child.kill();
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            let text = "reading a pipe does not panic";
            (output.join().expect(text), errors.join().expect(text))
        });
        let status = self.child.wait().expect("it has ended");
        Ended {
            code: status.code(),
            stdout,
            stderr,
        }
    }
}

/// The most memory that a process has had, in bytes; none if it has ended.
pub fn most_memory(id: u32) -> Option<usize> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kilobytes: usize = line.split_whitespace().next()?.parse().ok()?;
    Some(1024 * kilobytes)
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long to wait for what takes `usual` on a machine of today: `OTUS_TEST_PATIENCE` times as long.
pub fn patience(usual: Duration) -> Duration {
    let factor = std::env::var("OTUS_TEST_PATIENCE").ok();
    usual * factor.and_then(|it| it.parse().ok()).unwrap_or(1)
}

/// Asks until `condition` gives something or the time is over.
pub fn wait_for<T>(what: &str, at_most: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    TOOK.with(|_| ());
    let at_most = patience(at_most);
    let deadline = Instant::now() + at_most;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {at_most:?} for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

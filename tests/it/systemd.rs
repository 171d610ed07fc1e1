//! What systemd is told, heard on a socket that plays systemd, and the units that it is given.

use std::fs;
use std::io::{PipeReader, PipeWriter, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::samples::wav;
use crate::scratch::{Running, Scratch, shared, skipped, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);
/// `WatchdogSec` of the tests.
const WATCHDOG: Duration = Duration::from_secs(2);

/// The socket that systemd would listen on.
struct Systemd {
    socket: UnixDatagram,
    started: Instant,
}

impl Systemd {
    /// Runs `pipeline` as a service would be run.
    fn run(scratch: &Scratch, pipeline: &str) -> (Systemd, Running) {
        Systemd::run_with(scratch, pipeline, |_| ())
    }

    fn run_with(
        scratch: &Scratch,
        pipeline: &str,
        change: impl FnOnce(&mut Command),
    ) -> (Systemd, Running) {
        let path = scratch.path("notify");
        let socket = UnixDatagram::bind(&path).expect("a free name");
        let short = Some(Duration::from_millis(50));
        socket.set_read_timeout(short).expect("it is not zero");
        scratch.write(
            "pipeline.toml",
            format!("{pipeline}\n[status]\nlisten = \"off\"\n"),
        );
        let mut command = scratch.otus(&["run", "pipeline.toml"]);
        command
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string());
        change(&mut command);
        let started = Instant::now();
        (Systemd { socket, started }, Running::start(command))
    }

    /// Everything that has been said so far, with the time since the start.
    fn heard(&self) -> Vec<(Duration, String)> {
        let mut heard = Vec::new();
        while let Some(message) = self.message() {
            let at = self.started.elapsed();
            heard.extend(message.lines().map(|line| (at, line.to_owned())));
        }
        heard
    }

    /// The next message, if one comes soon.
    fn message(&self) -> Option<String> {
        let mut datagram = [0; 4096];
        let length = self.socket.recv(&mut datagram).ok()?;
        Some(String::from_utf8_lossy(&datagram[..length]).into_owned())
    }

    /// Listens until something starts with `wanted`; gives all that was said until then. What comes
    /// after it is left for who listens next.
    #[track_caller]
    fn wait_for(&self, wanted: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        wait_for(wanted, PATIENCE, || {
            let message = self.message()?;
            all.extend(message.lines().map(str::to_owned));
            all.iter()
                .any(|line| line.starts_with(wanted))
                .then_some(())
        });
        all
    }

    /// Listens so long; gives the times of pings.
    fn pings(&self, so_long: Duration) -> Vec<Duration> {
        let until = Instant::now() + so_long;
        let mut pings = Vec::new();
        while Instant::now() < until {
            let heard = self.heard().into_iter();
            pings.extend(
                heard
                    .filter(|(_, line)| line == "WATCHDOG=1")
                    .map(|it| it.0),
            );
        }
        pings
    }
}

/// A minute of sound at its own pace into a file.
fn sound(scratch: &Scratch, more: &str) -> String {
    scratch.write("tone.wav", wav(960_000, 960_000));
    format!(
        "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\npace = 'realtime'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['mic']\npath = 'events.jsonl'\n{more}"
    )
}

#[test]
fn a_service_is_ready_then_alive_then_stopping() {
    let scratch = Scratch::new();
    let (systemd, otus) = Systemd::run(&scratch, &sound(&scratch, ""));
    let said = systemd.wait_for("READY=1");
    assert!(!said.contains(&"STOPPING=1".to_owned()), "{said:?}");
    let pings = systemd.pings(2 * WATCHDOG);
    let longest = pings.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(longest < Some(WATCHDOG / 2) && pings.len() > 4, "{pings:?}");
    otus.signal(libc::SIGTERM);
    let said = systemd.wait_for("STOPPING=1");
    assert!(!said.contains(&"READY=1".to_owned()), "{said:?}");
    assert_eq!(otus.wait().code, Some(0));
}

#[test]
fn whoever_asks_to_be_told_and_does_not_read_holds_nothing_up() {
    let scratch = Scratch::new();
    let (systemd, otus) = Systemd::run(&scratch, &sound(&scratch, ""));
    systemd.wait_for("READY=1");
    // A socket takes ten messages or so (net.unix.max_dgram_qlen), and there are four a watchdog's time.
    let otus_tells = UnixDatagram::unbound().expect("a socket");
    otus_tells.set_nonblocking(true).expect("it can be set");
    while otus_tells.send_to(b"FULL", scratch.path("notify")).is_ok() {}
    let started = Instant::now();
    otus.signal(libc::SIGTERM);
    assert_eq!(otus.wait().code, Some(0));
    assert!(started.elapsed() < PATIENCE / 2);
}

/// F19: reload and stop while frames and sound flow.
#[test]
fn reload_and_stop_under_load_are_prompt() {
    let scratch = Scratch::new();
    let seeing = format!(
        "[sources.street]\ntype = 'camera'\nuri = '{}/.demo/vtest.avi'\npace = 'realtime'\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
         [sinks.seen]\ntype = 'jsonl'\ninputs = ['people']\npath = 'seen.jsonl'\n",
        env!("CARGO_MANIFEST_DIR")
    );
    let (systemd, otus) = Systemd::run(&scratch, &sound(&scratch, &seeing));
    systemd.wait_for("READY=1");
    wait_for("frames", PATIENCE, || {
        (scratch.events("seen.jsonl").len() > 5).then_some(())
    });
    let more = "[sinks.too]\ntype = 'jsonl'\ninputs = ['people']\npath = 'too.jsonl'\n";
    let file = sound(&scratch, &format!("{seeing}{more}"));
    scratch.write(
        "pipeline.toml",
        format!("{file}[status]\nlisten = \"off\"\n"),
    );
    let _ = systemd.heard();
    let asked = Instant::now();
    otus.signal(libc::SIGHUP);
    let mut said = systemd.wait_for("RELOADING=1");
    said.extend(systemd.wait_for("READY=1"));
    let reload = asked.elapsed();
    assert!(
        said.iter().any(|it| it.starts_with("MONOTONIC_USEC=")),
        "{said:?}"
    );
    wait_for("the new sink", PATIENCE, || {
        (!scratch.events("too.jsonl").is_empty()).then_some(())
    });
    let asked = Instant::now();
    otus.signal(libc::SIGTERM);
    systemd.wait_for("STOPPING=1");
    assert_eq!(otus.wait().code, Some(0));
    let stop = asked.elapsed();
    println!("reload {reload:.2?}, stop {stop:.2?}");
    assert!(reload < Duration::from_secs(2) && stop < Duration::from_secs(3));
}

/// F20.
#[test]
fn pings_end_with_progress() {
    let scratch = Scratch::new();
    let (systemd, otus) = Systemd::run(&scratch, &sound(&scratch, ""));
    systemd.wait_for("WATCHDOG=1");
    otus.signal(libc::SIGSTOP);
    let _ = systemd.heard();
    assert_eq!(systemd.pings(WATCHDOG), []);
    otus.signal(libc::SIGCONT);
    systemd.wait_for("WATCHDOG=1");
    otus.signal(libc::SIGTERM);
    assert_eq!(otus.wait().code, Some(0));
}

#[test]
fn a_sink_that_hangs_ends_the_pings() {
    let spoken = "/usr/share/sounds/alsa/Front_Center.wav";
    if !Path::new(spoken).exists() {
        return skipped("no speech: apt install alsa-utils");
    }
    let scratch = Scratch::new();
    let pipeline = format!(
        "[sources.mic]\ntype = 'audio_file'\npath = '{spoken}'\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
         [sinks.screen]\ntype = 'console'\ninputs = ['speech']\n"
    );
    let (reader, writer) = full_pipe();
    let (systemd, otus) = Systemd::run_with(&scratch, &pipeline, |command| {
        command.stdout(writer);
    });
    systemd.wait_for("READY=1");
    systemd.wait_for("STATUS=running, STUCK: screen hangs in a call");
    assert_eq!(systemd.pings(WATCHDOG), []);
    drop((otus, reader));
}

/// A pipe that takes not one byte more until somebody reads it.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let block = |blocking: bool| {
        let flags = if blocking { 0 } else { libc::O_NONBLOCK };
        // SAFETY: the pipe is open, and no other flag of it is in use.
        unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, flags) };
    };
    block(false);
    while (&writer).write(&[b'.'; 4096]).is_ok() {}
    while (&writer).write(b".").is_ok() {}
    block(true);
    (reader, writer)
}

/// A model that is being fetched and does not come: the start is extended and not over.
#[test]
fn a_start_that_opens_a_model_is_extended() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("bin")).expect("a new folder");
    let pip = scratch.write("bin/python3", "#!/bin/sh\nexec sleep 100\n");
    fs::set_permissions(&pip, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", scratch.path("bin").display());
    let model = "[transforms.people]\ntype = 'vad'\ninputs = ['mic']\n";
    let (systemd, otus) = Systemd::run_with(
        &scratch,
        &sound(&scratch, model)
            .replace("inputs = ['mic']\npath", "inputs = ['mic', 'people']\npath"),
        |command| {
            command
                .env("PATH", path)
                .env("XDG_CACHE_HOME", scratch.path("cache"))
                .env_remove("OTUS_MODELS");
        },
    );
    let mut said = systemd.wait_for("EXTEND_TIMEOUT_USEC=30000000");
    said.extend(systemd.wait_for("WATCHDOG=1"));
    assert!(!said.contains(&"READY=1".to_owned()), "{said:?}");
    drop(otus);
}

#[test]
fn a_camera_that_is_not_plugged_in_holds_up_neither_start_nor_watchdog() {
    if shared().is_none() {
        return;
    }
    let scratch = Scratch::new();
    let (systemd, otus) = Systemd::run(
        &scratch,
        "[sources.porch]\ntype = 'camera'\nuri = '/dev/video97'\n\
         [transforms.people]\ntype = 'detect'\ninputs = ['porch']\nmodel = 'yolox-nano'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'events.jsonl'\n",
    );
    let said = systemd.wait_for("STATUS=running");
    assert!(said.contains(&"READY=1".to_owned()), "{said:?}");
    let lost = |line: &String| line.contains("porch is being retried (there is no /dev/video97");
    assert!(said.iter().any(lost), "{said:?}");
    assert!(systemd.pings(3 * WATCHDOG).len() > 8);
    otus.signal(libc::SIGTERM);
    systemd.wait_for("STOPPING=1");
    assert_eq!(
        otus.wait().code,
        Some(0),
        "a stop that was asked for is no failure"
    );
}

#[test]
fn a_secret_comes_from_a_credential_and_is_not_said() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("file")).expect("a new folder");
    fs::create_dir(scratch.path("folder")).expect("a new folder");
    scratch.write("file/PORCH_PASSWORD", "hunter2-credential\n");
    scratch.write("folder/otus_PORCH_PASSWORD", "hunter2-credential\n");
    scratch.write(
        "pipeline.toml",
        "[sources.porch]\ntype = 'camera'\nuri = 'rtsp://u:${PORCH_PASSWORD}@127.0.0.1:9/x'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['porch']\npath = 'events.jsonl'\n\
         [status]\nlisten = 'off'\n",
    );
    let run = |credentials: Option<&str>| {
        let mut command = scratch.otus(&["run", "pipeline.toml", "--for", "3s"]);
        command
            .env_remove("PORCH_PASSWORD")
            .env("OTUS_LOG", "trace");
        if let Some(folder) = credentials {
            command.env("CREDENTIALS_DIRECTORY", scratch.path(folder));
        }
        Running::start(command).wait()
    };
    let without = run(None);
    assert_eq!(without.code, Some(78));
    assert!(without.stderr.contains("LoadCredential=PORCH_PASSWORD"));
    for folder in ["file", "folder"] {
        let with = run(Some(folder));
        assert_eq!(with.code, Some(1), "{}", with.stderr);
        let events = fs::read_to_string(scratch.path("events.jsonl")).unwrap_or_default();
        let said = format!("{}{}{events}", with.stdout, with.stderr);
        assert!(!said.contains("hunter2") && said.contains("***"), "{said}");
    }
}

/// F24.
#[test]
fn units_leave_little_to_attack() {
    let scratch = Scratch::new();
    let kept = |name: &str| format!("{}/cross/systemd/{name}", env!("CARGO_MANIFEST_DIR"));
    let unit = scratch.path("otus.service");
    fs::copy(kept("otus.service"), &unit).expect("it is there");
    let exposure = |most: u32| {
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--no-pager", "--offline=true"]);
        command.arg(format!("--threshold={most}")).arg(&unit);
        let output = command.output().ok()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let verdict = said.lines().find(|line| line.contains("Overall exposure"));
        assert!(output.status.success(), "{said}");
        println!("{}", verdict.expect("it judges"));
        verdict.map(str::to_owned)
    };
    let Some(cpu) = exposure(15) else {
        return skipped("no systemd-analyze: apt install systemd");
    };
    fs::create_dir(scratch.path("otus.service.d")).expect("a new folder");
    fs::copy(kept("gpu.conf"), scratch.path("otus.service.d/gpu.conf")).expect("it is there");
    assert_ne!(exposure(20), Some(cpu), "the drop-in was not seen");
}

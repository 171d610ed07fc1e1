//! `otus init`: from nothing to a pipeline that runs, and what it says where there is nothing.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::broker::{Broker, STREET};
use crate::live_camera::{PATIENCE, Server, rig_is_here};
use crate::namespace;
use crate::scratch::{Ended, Running, Scratch, skipped, wait_for};

const PERSON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rigs/terminal.py");
const CAMERAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rigs/onvif_cameras.py");
const PASSWORD: &str = "hunter2@the:first-evening";

fn init(scratch: &Scratch, arguments: &[&str]) -> Ended {
    Running::start(scratch.otus(&[&["init"], arguments].concat())).wait()
}

fn failed(scratch: &Scratch, arguments: &[&str]) -> String {
    let ended = init(scratch, arguments);
    assert_ne!(ended.code, Some(0), "{}", ended.stdout);
    ended.stderr
}

fn read(scratch: &Scratch, name: &str) -> String {
    fs::read_to_string(scratch.path(name)).unwrap_or_default()
}

/// What a person sees who types these answers in a terminal of so many columns.
fn person(scratch: &Scratch, columns: usize, answers: &[&str], arguments: &[&str]) -> Ended {
    Running::start(typing(scratch, columns, answers, arguments)).wait()
}

fn typing(scratch: &Scratch, columns: usize, answers: &[&str], arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.args([PERSON, "--columns", &columns.to_string()]);
    command.args(answers.iter().map(|it| format!("--answer={it}")));
    let otus = scratch.otus(arguments);
    command.arg("--").arg(otus.get_program()).args(arguments);
    for (name, value) in otus.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.current_dir(scratch.path("."));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn has_street() -> bool {
    let here = Path::new(STREET).exists();
    if !here {
        skipped("no video: make setup-demo");
    }
    here
}

#[test]
fn a_camera_with_a_password_is_found_behind_its_address_and_runs() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let path = "/Streaming/Channels/102";
    let server = Server::start(
        "0",
        &["--path", path, "--user", "admin", "--password", PASSWORD],
    );
    let place = server
        .uri
        .trim_start_matches("rtsp://")
        .trim_end_matches(path);
    let wants_one = failed(&scratch, &["--camera", place, "--yes"]);
    assert!(
        wants_one.contains("wants a user and a password"),
        "{wants_one}"
    );
    let refused = failed(
        &scratch,
        &["--camera", &format!("admin:hunter1@{place}"), "--yes"],
    );
    assert!(refused.contains("refuses user or password"), "{refused}");
    assert!(!scratch.path("otus.toml").exists() && !scratch.path("otus.secrets").exists());

    let address = format!("porch=admin:{PASSWORD}@{place}");
    let ended = init(
        &scratch,
        &["--camera", &address, "--tell", "jsonl", "--yes"],
    );
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let text = read(&scratch, "otus.toml");
    let uri = format!("uri  = \"rtsp://admin:${{PORCH_PASSWORD}}@{place}{path}\"");
    assert!(text.contains(&uri) && text.contains("640 x 360"), "{text}");
    for told in [&text, &ended.stdout, &ended.stderr, &wants_one, &refused] {
        assert!(!told.contains("hunter"), "{told}");
    }
    let secrets = read(&scratch, "otus.secrets");
    assert_eq!(secrets, format!("PORCH_PASSWORD={PASSWORD}\n"));
    let mode = |it: &str| {
        fs::metadata(scratch.path(it))
            .expect("it is there")
            .permissions()
            .mode()
    };
    assert_eq!(mode("otus.secrets") & 0o777, 0o600);

    let run = scratch.otus(&["run", "otus.toml", "--for", "3s", "--json"]);
    let ended = Running::start(run).wait();
    let report: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        report["summary"]["frames"].as_u64() > Some(5),
        "{}",
        report["summary"]
    );
    fs::set_permissions(
        scratch.path("otus.secrets"),
        fs::Permissions::from_mode(0o644),
    )
    .expect("ours");
    let ended = Running::start(scratch.otus(&["check", "otus.toml"])).wait();
    assert_eq!(ended.code, Some(78));
    assert!(
        ended.stderr.contains("run `chmod 600 ./otus.secrets`"),
        "{}",
        ended.stderr
    );
}

/// The goal of it all: three answers, no editing, until a camera's first person is told to a broker.
#[test]
fn after_three_answers_a_person_is_told_to_a_broker() {
    if !rig_is_here() || !has_street() {
        return;
    }
    let scratch = Scratch::new();
    let Some(mut broker) = Broker::new(&scratch, "") else {
        return;
    };
    broker.start();
    let server = Server::start(
        "0",
        &[
            "--path", "/stream2", "--file", STREET, "--width", "768", "--height", "576",
        ],
    );
    let place = server
        .uri
        .trim_start_matches("rtsp://")
        .trim_end_matches("/stream2");
    let to = format!("mqtt://127.0.0.1:{}", broker.port);
    let mut heard = Command::new("mosquitto_sub");
    heard.args([
        "-p",
        &broker.port.to_string(),
        "-t",
        "+/+/events/track",
        "-C",
        "1",
        "-W",
        "60",
    ]);
    heard
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let heard = Running::start(heard);
    let dialog = typing(&scratch, 80, &[place, "persons", &to], &["init", "--run"]);
    let otus = Running::start(dialog);
    let event: Value = serde_json::from_str(&heard.wait().stdout).unwrap_or_default();
    assert_eq!(event["label"], "person", "{event}");
    assert_eq!(event["source"], "camera", "{event}");
    drop(otus);
}

#[test]
fn a_person_at_a_narrow_terminal_is_asked_again_until_it_fits() {
    if !has_street() {
        return;
    }
    let scratch = Scratch::new();
    let answers = [
        "ftp://h/x",
        STREET,
        "everything",
        "pictures",
        "nobody",
        "jsonl history",
        "no",
    ];
    let ended = person(&scratch, 40, &answers, &["init", "street.toml"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    for said in [
        "`ftp` is no camera's scheme",
        "`everything` cannot be wanted",
        "`nobody` cannot be told",
    ] {
        let folded = ended.stdout.replace("\r\n", " ");
        assert!(folded.contains(said), "{said}\n{}", ended.stdout);
    }
    // What was typed is longer than the terminal is wide, and an address is not folded.
    let typed = |it: &str| it.contains(STREET) || it.contains("rtsp://") || it.contains("http://");
    for line in ended.stdout.lines().filter(|it| !typed(it)) {
        assert!(line.trim_end().chars().count() <= 40, "{line}");
    }
    let text = read(&scratch, "street.toml");
    for part in [
        "type      = \"snapshot\"",
        "path      = \"history.db\"",
        "path   = \"events.jsonl\"",
        "Measured here:",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!scratch.path("street.secrets").exists());
    let checked = Running::start(scratch.otus(&["check", "street.toml", "--strict"])).wait();
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
}

#[test]
fn nothing_is_written_over_and_nobody_is_asked_where_there_is_no_terminal() {
    let scratch = Scratch::new();
    let told = failed(&scratch, &[]);
    assert!(
        told.contains("this is no terminal") && told.contains("--camera ADDRESS"),
        "{told}"
    );
    for (file, named) in [("otus.toml", "otus.toml"), ("porch.secrets", "porch.toml")] {
        scratch.write(file, "mine");
        let told = failed(&scratch, &[named, "--yes"]);
        assert!(told.contains(&format!("{file} is there already")), "{told}");
        assert_eq!(read(&scratch, file), "mine");
    }
    for (arguments, expected) in [
        (&["notes.txt"][..], "ends in `.toml`"),
        (&["no/where.toml"], "there is no folder no"),
        (
            &["a.toml", "--camera", "127.0.0.1:9"],
            "nothing listens at this port",
        ),
        (
            &["a.toml", "--camera", "/dev/video97", "--yes"],
            "there is no /dev/video97",
        ),
        (&["a.toml", "--camera", "${OTUS_UNSET}"], "names no camera"),
        (
            &["a.toml", "--camera", "a:${OTUS_UNSET}@h"],
            "`${OTUS_UNSET}` is not set",
        ),
    ] {
        let told = failed(&scratch, arguments);
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert!(!scratch.path("a.toml").exists());
}

#[test]
fn a_machine_with_nothing_is_told_what_to_do() {
    let scratch = Scratch::new();
    let otus = scratch.otus(&["init", "--yes"]);
    let Some(ended) = namespace::run(&namespace::no_devices(), false, &otus) else {
        return;
    };
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    for part in [
        "no camera and no microphone is here",
        "--camera 10.0.0.7",
        "--find",
    ] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
}

#[test]
fn a_port_that_is_taken_is_not_written() {
    if !has_street() {
        return;
    }
    let scratch = Scratch::new();
    // A neighbour may have it, and may give it back at any time.
    let _taken = wait_for("the port", PATIENCE, || {
        TcpListener::bind("127.0.0.1:9860").ok()
    });
    let ended = init(
        &scratch,
        &["--camera", STREET, "--tell", "console", "--yes", "--json"],
    );
    let told: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
    assert_eq!(told["file"], "otus.toml", "{}", ended.stderr);
    let text = read(&scratch, "otus.toml");
    let listen = text
        .lines()
        .find_map(|it| it.strip_prefix("listen = \"127.0.0.1:"));
    let port = listen.and_then(|it| it.trim_end_matches('"').parse::<u16>().ok());
    assert!(port > Some(9860), "{text}");
}

/// Forty cameras, and liars among them, in a network of this test's own.
#[test]
fn forty_cameras_are_found_and_those_that_lie_are_known_by_where_they_are() {
    let scratch = Scratch::new();
    let network = "set -e; ip link set lo up; ip link add eyes type bridge; ip link set eyes up\n\
                   for n in $(seq 1 48); do echo address add 10.98.0.$n/24 dev eyes; done | ip -batch -\n\
                   ip route add 239.0.0.0/8 dev eyes src 10.98.0.1\n";
    let dialog = typing(&scratch, 60, &["find", "none", ""], &["init"]);
    let words: Vec<String> = std::iter::once(dialog.get_program())
        .chain(dialog.get_args())
        .map(|it| format!("'{}'", it.to_string_lossy()))
        .collect();
    let script = format!(
        "{network}python3 {CAMERAS} --cameras 40 --liars > asked.txt & cameras=$!\n\
         until grep -q ready asked.txt; do sleep 0.05; done\n{} || true; {} devices --find; kill $cameras\n",
        words.join(" "),
        env!("CARGO_BIN_EXE_otus")
    );
    let mut command = Command::new("unshare");
    command
        .args(["-n", "sh", "-c", &script])
        .current_dir(scratch.path("."));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ended = Running::start(command).wait();
    if ended.stderr.contains("unshare: ")
        || ended.stderr.contains("RTNETLINK")
        || ended.stderr.contains("Unknown device")
    {
        return skipped("no network can be made up here: that takes root and network namespaces");
    }
    let seen = ended.stdout;
    for number in 1..=40 {
        let line = format!("10.98.0.{}", number + 1);
        let told = seen.lines().any(|it| {
            it.contains(&format!("{line} ")) && it.contains(&format!("Camera {number} T1"))
        });
        assert!(told, "{number}\n{seen}\n{}", ended.stderr);
    }
    let asked = read(&scratch, "asked.txt");
    assert_eq!(
        asked.matches("asked").count(),
        2,
        "one question to all, and one of `otus devices`: {asked}"
    );
    assert!(
        seen.contains("10.98.0.2  Camera 1 T1  (ONVIF profiles S)"),
        "{seen}"
    );
    assert!(seen.contains("10.98.0.42     Liar T1"), "{seen}");
    for lie in [
        "192.0.2.6",
        "Stranger",
        "\u{1b}[2J",
        "10.98.0.43 ",
        "10.98.0.45",
        "10.98.0.46",
    ] {
        assert!(!seen.contains(lie), "{lie}\n{seen}");
    }
}

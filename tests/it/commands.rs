//! Commands that watch a running instance, and those that make files for other programs.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::broker::STREET;
use crate::live_camera::PATIENCE;
use crate::scratch::{Ended, Running, Scratch, skipped, wait_for};

fn otus(scratch: &Scratch, arguments: &[&str]) -> Ended {
    Running::start(scratch.otus(arguments)).wait()
}

#[test]
fn a_running_instance_is_tapped_and_looked_at() {
    if !std::path::Path::new(STREET).exists() {
        return skipped("no video: make setup-demo");
    }
    let scratch = Scratch::new();
    scratch.write(
        "street.toml",
        format!(
            "[sources.street]\ntype = 'camera'\nuri = '{STREET}'\npace = 'realtime'\nfps = 5\n\
             [transforms.people]\ntype = 'detect'\ninputs = ['street']\nmodel = 'otus-person'\n\
             [transforms.visits]\ntype = 'track'\ninputs = ['people']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['visits', 'people']\npath = 'events.jsonl'\n\
             [status]\nlisten = 'unix:status.socket'\n"
        ),
    );
    let nobody = otus(&scratch, &["tap", "street.toml"]);
    assert_eq!(nobody.code, Some(1));
    assert!(
        nobody.stderr.contains("is `otus run` under way there?"),
        "{}",
        nobody.stderr
    );
    let running = Running::start(scratch.otus(&["run", "street.toml"]));
    wait_for("an event", PATIENCE, || {
        fs::read_to_string(scratch.path("events.jsonl"))
            .ok()?
            .contains("\"track\"")
            .then_some(())
    });
    let tapped = tap(&scratch, &["--kind", "track", "--count", "2", "--json"]);
    let events: Vec<Value> = tapped
        .lines()
        .map(|it| serde_json::from_str(it).expect("JSON"))
        .collect();
    let tracks = events.iter().filter(|it| it["kind"] == "track").count();
    assert_eq!((events.len(), tracks), (2, 2), "{events:?}");
    let sure = "kind == 'detection' && objects.exists(it, it.score > 0.5)";
    let line = tap(&scratch, &["--where", sure, "--count", "1"]);
    assert!(
        line.contains("street") && line.contains("detection"),
        "{line}"
    );
    let wrong = otus(&scratch, &["tap", "street.toml", "--where", "score >"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);

    looked_at(&scratch);
    drop(running);
}

fn tap(scratch: &Scratch, more: &[&str]) -> String {
    let tapped = otus(scratch, &[&["tap", "street.toml"], more].concat());
    assert_eq!(tapped.code, Some(0), "{}", tapped.stderr);
    tapped.stdout
}

fn looked_at(scratch: &Scratch) {
    let saved = otus(
        scratch,
        &["snapshot", "street", "street.toml", "--to", "now.jpg"],
    );
    assert_eq!(
        (saved.code, &*saved.stdout),
        (Some(0), "now.jpg\n"),
        "{}",
        saved.stderr
    );
    let picture = image::open(scratch.path("now.jpg")).expect("it is a JPEG");
    assert_eq!((picture.width(), picture.height()), (768, 576));
    let named = otus(scratch, &["snapshot", "street", "street.toml"]);
    let name = named.stdout.trim();
    assert!(
        name.starts_with("street_2") && scratch.path(name).exists(),
        "{name}{}",
        named.stderr
    );
    let unknown = otus(scratch, &["snapshot", "stret", "street.toml"]);
    assert!(
        unknown.code == Some(1) && unknown.stderr.contains("`street`"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_pipeline_can_come_by_standard_input() {
    let scratch = Scratch::new();
    let checked = |text: &str| {
        let mut command = scratch.otus(&["check", "-"]);
        command.stdin(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let written = child
            .stdin
            .take()
            .map(|mut it| it.write_all(text.as_bytes()));
        written.expect("a pipe").expect("it reads");
        let ended = child.wait_with_output().expect("it ends");
        (
            ended.status.code(),
            String::from_utf8_lossy(&ended.stderr).into_owned(),
        )
    };
    let right =
        "[sources.mic]\ntype = 'microphone'\n[sinks.log]\ntype = 'console'\ninputs = ['mic']\n";
    assert_eq!(checked(right), (Some(0), String::new()));
    let (code, said) = checked("[sources.mic]\ntype = 'mikrophone'\n");
    assert!(code == Some(78) && said.contains("--> -:2:"), "{said}");
}

/// What otus answers the script of a shell, with the words on the line so far.
fn completed(scratch: &Scratch, words: &[&str]) -> String {
    let mut command = scratch.otus(&[&["--", "otus"], words].concat());
    command.env("OTUS_COMPLETE", "fish");
    let ended = Running::start(command).wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

#[test]
fn shells_complete_commands_node_types_models_and_nodes() {
    let scratch = Scratch::new();
    for (shell, mark) in [
        ("bash", "complete -o"),
        ("zsh", "#compdef otus"),
        ("fish", "complete --keep-order"),
    ] {
        let script = otus(&scratch, &["completions", shell]).stdout;
        assert!(
            script.contains(mark) && script.contains("OTUS_COMPLETE"),
            "{shell}: {script}"
        );
    }
    let commands = completed(&scratch, &[""]);
    assert!(
        commands.contains("snapshot\t") && !commands.contains("trial"),
        "{commands}"
    );
    let types = completed(&scratch, &["nodes", "tag"]);
    assert!(types.starts_with("tag_sound\t"), "{types}");
    let models = completed(&scratch, &["models", "pull", "whisper-t"]);
    assert!(models.contains("whisper-tiny.en\n"), "{models}");
}

#[test]
fn a_log_can_be_long_short_or_lines_of_json() {
    let scratch = Scratch::new();
    scratch.write("tone.wav", crate::samples::wav(16_000, 16_000));
    let pipeline = "[sources.talk]\ntype = 'audio_file'\npath = 'tone.wav'\n\
                    [sinks.log]\ntype = 'jsonl'\ninputs = ['talk']\npath = 'events.jsonl'\n[status]\nlisten = 'unix:s'\n";
    scratch.write("talk.toml", pipeline);
    let said = |arguments: &[&str]| {
        let mut command = scratch.otus(&[arguments, &["run", "talk.toml"]].concat());
        command.env_remove("OTUS_LOG");
        let ended = Running::start(command).wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stderr
    };
    let (usual, quiet) = (said(&[]), said(&["-q"]));
    assert!(
        usual.contains("status at") && quiet.is_empty(),
        "{usual}{quiet}"
    );
    let lines = said(&["-v", "--log", "json"]);
    assert!(!lines.is_empty());
    for line in lines.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|it| panic!("{it}: {line}"));
        assert!(
            event["level"].is_string() && event["message"].is_string(),
            "{event}"
        );
    }
}

#[test]
fn a_configuration_of_frigate_becomes_a_pipeline() {
    let scratch = Scratch::new();
    let config = "mqtt:\n  host: 127.0.0.1\n  user: frigate\n  password: hunter2-frigate\ncameras:\n  porch:\n    ffmpeg:\n      \
                  inputs:\n        - path: rtsp://admin:hunter3-frigate@10.0.0.7/stream2\n          roles: [detect]\n    \
                  zones:\n      step:\n        coordinates: 0.2,0.5,0.8,0.5,0.8,1\nbirdseye:\n  enabled: true\n";
    scratch.write("config.yml", config);
    let ended = otus(&scratch, &["convert", "config.yml"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("line 14, birdseye: the page"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains("hunter"), "{}", ended.stdout);
    let checked = otus(&scratch, &["check", "config.toml"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    let secrets = fs::read_to_string(scratch.path("config.secrets")).unwrap_or_default();
    assert_eq!(
        secrets,
        "PORCH_PASSWORD=hunter3-frigate\nMQTT_PASSWORD=hunter2-frigate\n"
    );
    let again = otus(&scratch, &["convert", "config.yml"]);
    assert!(
        again.code == Some(1) && again.stderr.contains("config.toml is there already"),
        "{}",
        again.stderr
    );
    scratch.write("junk.yml", "a: [");
    let junk = otus(&scratch, &["convert", "junk.yml"]);
    assert!(
        junk.code == Some(1) && junk.stderr.contains("junk.yml: line "),
        "{}",
        junk.stderr
    );
}

#[test]
fn the_demo_at_a_terminal_says_where_to_look_and_plays_on() {
    if !std::path::Path::new(STREET).exists() {
        return skipped("no video: make setup-demo");
    }
    let root = env!("CARGO_MANIFEST_DIR");
    let mut demo = Command::new("python3");
    demo.args(["tests/rigs/terminal.py", "--columns", "60", "--"]);
    demo.args([env!("CARGO_BIN_EXE_otus"), "demo", "--for", "12s"]);
    demo.current_dir(root).stdin(Stdio::null());
    demo.stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = Running::start(demo).wait();
    for said in [
        "The page: http://127.0.0.1:9860/",
        "person 1 has come",
        "front center",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
}

//! The image and what stands beside it, without podman: names, paths and ports that exist. `make -C cross/container test` runs it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libc::SIGTERM;
use saphyr::{LoadableYamlNode, Yaml};

use crate::broker::PATIENCE;
use crate::samples::wav;
use crate::scratch::{Running, Scratch, wait_for};
use crate::status::free_port;
use crate::tools::{certificate, installed};

const CONTAINERFILE: &str = include_str!("../../cross/container/Containerfile");
const COMPOSE: &str = include_str!("../../cross/container/compose.yml");
const HEALTH: &str = include_str!("../../cross/container/health.sh");
const PIPELINE: &str = include_str!("../../cross/container/otus/pipeline.toml");
const PACKAGE: &str = include_str!("../../cross/package.sh");

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/cross/container"))
}

fn yaml(text: &str) -> Yaml<'_> {
    let documents = Yaml::load_from_str(text).expect("it is YAML");
    documents.into_iter().next().expect("a document")
}

fn texts(list: &Yaml<'_>) -> Vec<String> {
    let items = list.as_vec().map(Vec::as_slice).unwrap_or_default();
    let text = |it: &Yaml<'_>| it.as_str().unwrap_or_default().to_owned();
    items.iter().map(text).collect()
}

/// What follows a word at the beginning of a line.
fn instruction(word: &str) -> Vec<&'static str> {
    let lines = CONTAINERFILE.lines();
    let rest = lines.filter_map(|it| it.strip_prefix(word)?.strip_prefix(' '));
    rest.collect()
}

#[test]
fn the_image_is_made_of_files_that_exist() {
    for copied in instruction("COPY") {
        let parts: Vec<&str> = copied
            .split_whitespace()
            .filter(|it| !it.starts_with("--"))
            .collect();
        for file in &parts[..parts.len() - 1] {
            assert!(folder().join(file).is_file(), "{copied}");
        }
    }
    // The program, the pipeline file and the user's folder are where the package has them.
    assert_eq!(instruction("ENTRYPOINT"), ["[\"otus\"]"]);
    assert_eq!(
        instruction("CMD"),
        ["[\"run\", \"/etc/otus/pipeline.toml\"]"]
    );
    for path in ["usr/bin/otus", "etc/otus/pipeline.toml"] {
        assert!(PACKAGE.contains(&format!(" {path}\n")), "{path}");
    }
    assert_eq!(instruction("VOLUME"), ["/var/lib/otus"]);
    assert_eq!(instruction("USER"), ["9860"], "nobody needs root");
    assert!(CONTAINERFILE.contains("useradd --uid 9860 --gid otus"));
    let health = "CMD [\"otus-health\"]";
    assert!(
        instruction("HEALTHCHECK")
            .iter()
            .all(|it| it.ends_with(health))
    );
    assert!(CONTAINERFILE.contains("health.sh /usr/local/bin/otus-health"));
}

#[test]
fn the_compose_file_names_what_exists() {
    let compose = yaml(COMPOSE);
    let services = &compose["services"];
    let otus = &services["otus"];
    let image = otus["image"].as_str();
    assert_eq!(image, Some("localhost/otus:latest"));
    assert_eq!(otus["network_mode"].as_str(), Some("host"));
    let named = |section: &str, name: &str| {
        let there = compose[section].as_mapping();
        let there = there.is_some_and(|it| it.keys().any(|key| key.as_str() == Some(name)));
        assert!(there, "no {section} has {name}");
    };
    let all = services.as_mapping().expect("services");
    for (name, service) in all {
        let service_name = name.as_str().expect("a name");
        assert!(service["image"].as_str().is_some(), "{service_name}");
        let restart = service["restart"].as_str();
        assert_eq!(restart, Some("unless-stopped"), "{service_name}");
        for volume in service
            .as_mapping_get("volumes")
            .map(texts)
            .unwrap_or_default()
        {
            let (from, to) = volume.split_once(':').expect("from and to");
            assert!(to.starts_with('/'), "{volume}");
            match from.strip_prefix("./") {
                Some(path) => assert!(folder().join(path).exists(), "{volume}"),
                None if from.starts_with('/') => {}
                None => named("volumes", from),
            }
        }
        for other in service
            .as_mapping_get("depends_on")
            .map(texts)
            .unwrap_or_default()
        {
            named("services", &other);
        }
        for port in service
            .as_mapping_get("ports")
            .map(texts)
            .unwrap_or_default()
        {
            assert!(port.starts_with("127.0.0.1:"), "{port} is open to others");
        }
        let secrets = service.as_mapping_get("secrets").and_then(Yaml::as_vec);
        for secret in secrets.map(Vec::as_slice).unwrap_or_default() {
            let name = secret.as_str().or_else(|| secret["source"].as_str());
            named("secrets", name.expect("a name"));
        }
    }
    let mounts = texts(&otus["volumes"]);
    assert!(mounts.iter().any(|it| it.starts_with("./otus:/etc/otus")));
    assert!(mounts.iter().any(|it| it == "otus:/var/lib/otus"));
    assert_eq!(texts(&otus["healthcheck"]["test"]), ["CMD", "otus-health"]);
    // What it is told to read and to tell is what the others have.
    let ports = |name: &str| texts(&services[name]["ports"]).concat();
    assert!(ports("mediamtx").ends_with(":8554") && PIPELINE.contains("127.0.0.1:8554/camera1"));
    assert!(ports("mosquitto").ends_with(":1883") && PIPELINE.contains("mqtt://127.0.0.1\""));
}

#[test]
fn its_secrets_are_those_that_the_pipeline_file_asks_for() {
    let compose = yaml(COMPOSE);
    let given = texts(&compose["services"]["otus"]["secrets"]);
    let asked: Vec<&str> = PIPELINE
        .split("${")
        .skip(1)
        .filter_map(|it| it.split('}').next())
        .collect();
    assert_eq!(given, asked);
    assert!(CONTAINERFILE.contains("CREDENTIALS_DIRECTORY=/run/secrets"));
    let (scratch, secrets) = (Scratch::new(), Scratch::new());
    let file = folder().join("otus/pipeline.toml");
    let check = |with: bool| {
        let mut command = scratch.otus(&["check", "--strict", file.to_str().expect("plain")]);
        if with {
            command.env("CREDENTIALS_DIRECTORY", secrets.path(""));
        }
        command.output().expect("it runs")
    };
    for name in asked {
        assert!(!check(false).status.success(), "it asks for {name}");
        secrets.write(name, "hunter2-container\n");
    }
    let said = check(true);
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{text}");
}

#[test]
fn configurations_of_the_others_hold_together() {
    let read = |name: &str| std::fs::read_to_string(folder().join(name)).expect("it is there");
    let text = read("mediamtx.yml");
    let media = yaml(&text);
    assert!(media["paths"]["camera1"]["source"].as_str().is_some());
    let broker = read("mosquitto.conf");
    assert!(broker.contains("listener 1883\n") && broker.contains("allow_anonymous false\n"));
    assert!(broker.contains("password_file /run/secrets/mosquitto\n"));
    assert!(read(".gitignore").contains("/secrets\n"));
}

/// The health check as the image has it.
fn health(environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(folder().join("health.sh"));
    command.envs(environment.iter().copied());
    command.output().expect("it runs")
}

fn silence(scratch: &Scratch, status: &str) -> Running {
    scratch.write("tone.wav", wav(960_000, 16_000));
    let pipeline = format!(
        "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\npace = 'realtime'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['mic']\npath = 'events.jsonl'\n[status]\n{status}"
    );
    scratch.write("pipeline.toml", pipeline);
    Running::start(scratch.otus(&["run", "pipeline.toml"]))
}

fn until_healthy(environment: &[(&str, &str)]) {
    wait_for("a health check that passes", PATIENCE, || {
        health(environment).status.success().then_some(())
    });
}

#[test]
fn the_health_check_asks_where_otus_listens() {
    if installed("curl", "apt install curl").is_none() {
        return;
    }
    assert!(HEALTH.contains("${OTUS_URL:-http://127.0.0.1:9860}"));
    let scratch = Scratch::new();
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    assert!(!health(&[("OTUS_URL", &url)]).status.success());
    let running = silence(&scratch, &format!("listen = '127.0.0.1:{port}'\n"));
    until_healthy(&[("OTUS_URL", &url)]);
    end(running);
    assert!(!health(&[("OTUS_URL", &url)]).status.success());
    let running = silence(&scratch, "listen = 'unix:otus.sock'\n");
    let socket = format!("unix:{}", scratch.path("otus.sock").display());
    until_healthy(&[("OTUS_URL", &socket)]);
    end(running);
}

#[test]
fn the_health_check_bears_a_token_and_knows_a_certificate() {
    let there = |it: &str| installed(it, it).is_some();
    if !there("curl") || !there("openssl") {
        return;
    }
    let (scratch, port) = (Scratch::new(), free_port());
    let path = |name: &str| scratch.path(name).display().to_string();
    certificate(&scratch, &path("cert.pem"), &path("key.pem"));
    let token = scratch.write("token", "0b9d2a7c64e84f1c8d53a1f0c7e2b986\n");
    private(&token);
    let running = silence(
        &scratch,
        &format!(
            "listen = '0.0.0.0:{port}'\ntoken_file = 'token'\ntls_cert = 'cert.pem'\ntls_key = 'key.pem'\n"
        ),
    );
    let url = format!("https://localhost:{port}");
    let (token, certificate) = (path("token"), path("cert.pem"));
    let all = [
        ("OTUS_URL", &*url),
        ("OTUS_TOKEN_FILE", &*token),
        ("OTUS_CA", &*certificate),
    ];
    until_healthy(&all);
    for missing in 1..3 {
        let some = [all[0], all[3 - missing]];
        assert!(
            !health(&some).status.success(),
            "without {}",
            all[missing].0
        );
    }
    end(running);
}

fn private(file: &Path) {
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).expect("it is ours");
}

fn end(running: Running) {
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

//! Who a broker lets in, and what Home Assistant is told there.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread::sleep;
use std::time::Instant;

use libc::{SIGHUP, SIGKILL};
use serde_json::Value;

use crate::broker::{Broker, PATIENCE, SECOND, STREET, fact, forwarded, mqtt, stop, street};
use crate::live_camera::{self, Server, node, rig_is_here};
use crate::scratch::{Scratch, wait_for};
use crate::status::free_port;
use crate::tools::installed;

/// A kill is told by the broker, a return by otus; a reload to other topics goes by one client.
#[test]
fn a_will_is_told_within_seconds_and_a_reload_makes_no_second_client() {
    let scratch = Scratch::new();
    let Some(mut broker) = Broker::new(&scratch, "") else {
        return;
    };
    broker.start();
    let listener = broker.listen(&[]);
    let text = |topic: &str| {
        let sink = mqtt(broker.port, "client_id = 'porch'\n").replace("otus/test", topic);
        street(&scratch, "realtime", &sink)
    };
    let says = |topic: &str, word: &str| {
        let topic = format!("{topic}/availability");
        wait_for(word, PATIENCE, || {
            (listener.last().get(&topic)? == word).then_some(())
        });
    };
    let running = live_camera::start(&scratch, &text("otus/one"), &[]);
    says("otus/one", "online");
    let killed = Instant::now();
    running.signal(SIGKILL);
    running.wait();
    says("otus/one", "offline");
    println!(
        "offline {:.1} s after the kill",
        killed.elapsed().as_secs_f64()
    );
    assert!(killed.elapsed() < 5 * SECOND);
    let running = live_camera::start(&scratch, &text("otus/one"), &[]);
    says("otus/one", "online");
    let socket = scratch.path("status.socket");
    let status = format!("[status]\nlisten = 'unix:{}'\n", socket.display());
    scratch.write("pipeline.toml", text("otus/two") + &status);
    running.signal(SIGHUP);
    says("otus/two", "online");
    says("otus/one", "offline");
    wait_for("the reload", PATIENCE, || {
        let log = live_camera::log(&scratch);
        log.contains("the new graph runs").then_some(())
    });
    stop(running, &scratch);
    says("otus/two", "offline");
    assert!(
        !broker.log().contains("already connected"),
        "{}",
        broker.log()
    );
}

/// A password that is refused is not tried again at once, and not told.
#[test]
fn a_refused_password_is_named_and_not_hammered() {
    let scratch = Scratch::new();
    let passwords = scratch.write("passwords", "");
    let more = format!("password_file {}\n", passwords.display());
    let Some(mut broker) = Broker::new(&scratch, &more) else {
        return;
    };
    let mut command = Command::new("mosquitto_passwd");
    let made = command
        .args(["-b"])
        .arg(&passwords)
        .args(["otus", "right-password"])
        .status();
    assert!(made.is_ok_and(|it| it.success()));
    broker.start();
    let with = |password: &str| {
        let sink = mqtt(
            broker.port,
            "user = 'otus'\npassword = '${MQTT_PASSWORD}'\n",
        );
        live_camera::start(
            &scratch,
            &street(&scratch, "realtime", &sink),
            &[("MQTT_PASSWORD", password)],
        )
    };
    let running = with("wrong-password");
    let why = wait_for("the refusal", PATIENCE, || {
        let node = node(&scratch, "tell")?;
        (node["state"] == "degraded").then(|| node["last_error"].to_string())
    });
    assert!(
        why.contains("refuses us: see `user` and `password`"),
        "{why}"
    );
    sleep(4 * SECOND);
    let tries = broker.log().matches("not authorised").count();
    assert_eq!(tries, 1, "{}", broker.log());
    stop(running, &scratch);
    assert!(!live_camera::log(&scratch).contains("wrong-password"));
    let running = with("right-password");
    wait_for("a connection", PATIENCE, || {
        fact(&scratch, "receiver")?
            .starts_with("connected")
            .then_some(())
    });
    stop(running, &scratch);
}

/// A certificate for this machine that vouches for itself, and its key.
fn certificate(scratch: &Scratch, name: &str) {
    let [key, cert] = ["key", "pem"].map(|it| scratch.path(&format!("{name}.{it}")));
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]);
    command.args([
        "-days",
        "2",
        "-subj",
        &format!("/CN={name}"),
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    command.args(["-addext", "subjectAltName=IP:127.0.0.1,IP:::1"]);
    let made = command
        .arg("-keyout")
        .arg(key)
        .arg("-out")
        .arg(cert)
        .output();
    assert!(made.is_ok_and(|it| it.status.success()));
}

/// An authority of one's own, a key of one's own, and a certificate that nobody vouches for.
#[test]
fn certificates_of_ones_own_are_enough_and_others_are_refused() {
    if installed("openssl", "apt install openssl").is_none() {
        return;
    }
    let scratch = Scratch::new();
    for name in ["right", "wrong"] {
        certificate(&scratch, name);
    }
    let path = |it: &str| scratch.path(it).display().to_string();
    let certificates = format!(
        "certfile {}\nkeyfile {}\ncafile {}\nrequire_certificate true\n",
        path("right.pem"),
        path("right.key"),
        path("right.pem")
    );
    let sixth = free_port();
    let more = format!("allow_anonymous true\n{certificates}listener {sixth} ::1\n{certificates}");
    let Some(mut broker) = Broker::new(&scratch, &more) else {
        return;
    };
    broker.start();
    let place = format!("mqtt://127.0.0.1:{}", broker.port);
    let with = |ca: &str, other: &str| {
        let own = format!("tls_ca = '{ca}.pem'\ntls_cert = 'right.pem'\ntls_key = 'right.key'\n");
        let sink = mqtt(broker.port, &own).replace(&place, other);
        live_camera::start(&scratch, &street(&scratch, "realtime", &sink), &[])
    };
    let fourth = place.replace("mqtt", "mqtts");
    let running = with("wrong", &fourth);
    let why = wait_for("the refusal", PATIENCE, || {
        let node = node(&scratch, "tell")?;
        (node["state"] == "degraded").then(|| node["last_error"].to_string())
    });
    assert!(
        why.contains("refuses us: ") && why.contains("as `tls_ca`"),
        "{why}"
    );
    stop(running, &scratch);
    for other in [fourth, format!("mqtts://[::1]:{sixth}")] {
        let running = with("right", &other);
        wait_for("events", PATIENCE, || {
            (fact(&scratch, "receiver")?.starts_with("connected") && forwarded(&scratch)? > 3)
                .then_some(())
        });
        stop(running, &scratch);
    }
}

/// Who is there, a picture of them, how many they are, and the camera itself, as Home Assistant learns of them.
#[test]
fn home_assistant_is_told_of_people_pictures_and_the_camera() {
    let scratch = Scratch::new();
    let Some(mut broker) = Broker::new(&scratch, "") else {
        return;
    };
    broker.start();
    let listener = broker.listen(&[]);
    let sink = mqtt(broker.port, "home_assistant = true\nevents = false\n")
        .replace("['see']", "['street', 'visits', 'places', 'shots']");
    let behind = "[transforms.visits]\ntype = 'track'\ninputs = ['see']\n\
         [transforms.places]\ntype = 'zones'\ninputs = ['visits']\n\
         zones = [{ name = 'all', polygon = [[0, 0], [1, 0], [1, 1], [0, 1]] }]\n\
         [sinks.shots]\ntype = 'snapshot'\nfolder = 'shots'\ninputs = ['visits']\nafter_ms = 500\n";
    let pipeline = street(&scratch, "realtime", &format!("{behind}{sink}"));
    let running = live_camera::start(&scratch, &pipeline, &[]);
    let says = |topic: &str, word: &str| {
        wait_for(&format!("{topic} {word}"), PATIENCE, || {
            (listener.last().get(topic)? == word).then_some(())
        });
    };
    says("otus/test/availability", "online");
    says("otus/test/street/connected", "ON");
    let is_there = |it: &&String| it.ends_with("/occupancy") && !it.contains("/all/");
    let last = wait_for("a picture", PATIENCE, || {
        let last = listener.last();
        last.keys()
            .any(|it| it.ends_with("/picture"))
            .then_some(last)
    });
    let there = last
        .keys()
        .find(is_there)
        .expect("somebody is there")
        .clone();
    assert_eq!(last[&there], "ON");
    assert_eq!(last["otus/test/street/all/count"], "1");
    let messages = listener.messages();
    let picture = messages.iter().find(|it| it.1.ends_with("/picture"));
    let picture = &picture.expect("it came").2;
    assert!(image::load_from_memory(picture).is_ok());
    every_entity_says_something(&last);
    running.signal(SIGKILL);
    running.wait();
    says("otus/test/availability", "offline");
    // Who comes later is told the last word all the same; and the next run says first that nobody is there.
    let late = broker.late(&scratch);
    assert_eq!(late[&there], "ON");
    let sink = sink.replace(", 'visits', 'places', 'shots'", "");
    let pipeline =
        format!("[sources.street]\ntype = 'camera'\nuri = '{STREET}'\npace = 'realtime'\n{sink}");
    let running = live_camera::start(&scratch, &pipeline, &[]);
    says(&there, "OFF");
    // The zone is in the pipeline file no more.
    says("otus/test/street/all/count", "");
    stop(running, &scratch);
    let late = broker.late(&scratch);
    let of_zone: Vec<&String> = late.keys().filter(|it| it.contains("all")).collect();
    assert!(
        of_zone.is_empty() && late.contains_key(&there),
        "{of_zone:?}"
    );
}

/// Each has a state at the broker, and says when we are away.
fn every_entity_says_something(last: &BTreeMap<String, String>) {
    let announced = last.iter().filter(|it| it.0.starts_with("homeassistant/"));
    let configs: Vec<Value> = announced
        .map(|it| serde_json::from_str(it.1).expect("JSON"))
        .collect();
    assert!(configs.len() >= 5, "{configs:?}");
    for config in &configs {
        let place = config.get("state_topic").or(config.get("image_topic"));
        let place = place.and_then(Value::as_str).expect("a topic");
        assert!(last.contains_key(place), "{config} says nothing");
        assert_eq!(config["availability_topic"], "otus/test/availability");
    }
}

/// A camera that is unplugged, and comes back.
#[test]
fn an_outage_and_its_end_reach_home_assistant_within_seconds() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let Some(mut broker) = Broker::new(&scratch, "") else {
        return;
    };
    broker.start();
    let listener = broker.listen(&[]);
    let server = Server::start("0", &[]);
    let sink = mqtt(broker.port, "home_assistant = true\n").replace("'see'", "'cam'");
    let camera = format!(
        "[sources.cam]\ntype = 'camera'\nuri = '{}'\nstall_timeout_ms = 2000\n{sink}",
        server.uri
    );
    let running = live_camera::start(&scratch, &camera, &[]);
    live_camera::more_frames(&scratch, 15);
    let says = |word: &str| {
        let since = Instant::now();
        wait_for(word, PATIENCE, || {
            let said = listener.last().get("otus/test/cam/connected")?.clone();
            (said == word).then_some(())
        });
        since.elapsed()
    };
    let port = server.port();
    drop(server);
    let (away, server) = (says("OFF"), Server::start(&port, &[]));
    let back = says("ON");
    println!("away told after {away:?}, back after {back:?}");
    assert!(away < 10 * SECOND && back < 10 * SECOND);
    stop(running, &scratch);
    drop(server);
}

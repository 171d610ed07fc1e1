//! Events at a real broker that comes and goes.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::sleep;
use std::time::Duration;

use libc::{SIGCONT, SIGKILL, SIGSTOP};

use crate::broker::{
    Broker, PATIENCE, SECOND, fact, forwarded, miss, mqtt, numbers, runs, stop, street,
};
use crate::faults::Disk;
use crate::live_camera::{self, node};
use crate::scratch::{Scratch, wait_for};

/// Nobody is there at first; then the broker comes, goes three times, and hangs.
#[test]
fn what_a_broker_missed_comes_in_order_when_it_is_back() {
    let scratch = Scratch::new();
    let Some(mut broker) = Broker::new(&scratch, "") else {
        return;
    };
    let film = street(&scratch, "fast", &mqtt(broker.port, ""));
    let waits = miss(&scratch, &film);
    broker.start();
    let listener = broker.listen(&[]);
    let running = live_camera::start(
        &scratch,
        &street(&scratch, "realtime", &mqtt(broker.port, "")),
        &[],
    );
    wait_for("what waited", PATIENCE, || {
        (listener.events().len() as u64 > waits + 5).then_some(())
    });
    for _ in 0..3 {
        broker.stop();
        wait_for("otus to notice", PATIENCE, || {
            fact(&scratch, "receiver")?
                .starts_with("away")
                .then_some(())
        });
        broker.start();
        let before = listener.events().len();
        wait_for("more", PATIENCE, || {
            (listener.events().len() > before + 3).then_some(())
        });
    }
    broker.signal(SIGSTOP);
    sleep(2 * SECOND);
    broker.signal(SIGCONT);
    stop(running, &scratch);
    wait_for("the rest", PATIENCE, || {
        listener
            .last()
            .get("otus/test/availability")
            .is_some_and(|it| it == "offline")
            .then_some(())
    });
    let (numbers, again) = numbers(&listener.events());
    println!("{} events, {again} came twice", numbers.len());
    let runs = runs(&numbers);
    assert!(
        runs.len() == 2 && runs[0] >= waits && runs[1] > 10,
        "{runs:?}"
    );
    assert!(!scratch.path("outbox/00000000000000000000.out").exists());
}

/// Killed at random moments, while the broker is there and while it is not: what counted as delivered comes, in order.
#[test]
fn a_kill_loses_nothing_that_counted_as_delivered() {
    let scratch = Scratch::new();
    let Some(mut broker) = Broker::new(&scratch, "") else {
        return;
    };
    broker.start();
    let listener = broker.listen(&[]);
    let kills = std::env::var("OTUS_KILLS")
        .ok()
        .and_then(|it| it.parse().ok());
    let kills: usize = kills.unwrap_or(3);
    let mut delivered = Vec::new();
    for kill in 0..kills {
        if kill % 2 == 1 {
            broker.stop();
        }
        let pipeline = street(&scratch, "fast", &mqtt(broker.port, ""));
        let running = live_camera::start(&scratch, &pipeline, &[]);
        wait_for("events", PATIENCE, || {
            (forwarded(&scratch)? > 20).then_some(())
        });
        sleep(Duration::from_millis(fastrand::u64(0..300)));
        let before = forwarded(&scratch).unwrap_or_default();
        running.signal(SIGKILL);
        running.wait();
        delivered.push(before);
        if kill % 2 == 1 {
            broker.start();
        }
    }
    let film = street(&scratch, "fast", &mqtt(broker.port, ""));
    let running = live_camera::start(&scratch, &film, &[]);
    wait_for("events", PATIENCE, || {
        (forwarded(&scratch)? > 20).then_some(())
    });
    stop(running, &scratch);
    let all = wait_for("the last film", PATIENCE, || {
        let all = numbers(&listener.events());
        let begun = all.0.iter().filter(|it| **it == 0).count();
        (begun > kills && all.0.last() > Some(&20)).then_some(all)
    });
    let runs = runs(&all.0);
    println!(
        "{kills} kills, {} events, {} came twice",
        all.0.len(),
        all.1
    );
    assert_eq!(runs.len(), kills + 1);
    for (came, delivered) in runs.iter().zip(&delivered) {
        assert!(came >= delivered, "{runs:?} {delivered:?}");
    }
}

/// What listens there is no broker: it is asked again later and later, and all else goes on.
#[test]
fn nonsense_is_no_broker() {
    let scratch = Scratch::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (mut stream, mut bytes) = (stream, [0; 64]);
            count.fetch_add(1, Relaxed);
            let _ = stream.read(&mut bytes);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let pipeline = street(&scratch, "realtime", &mqtt(port, ""));
    let running = live_camera::start(&scratch, &pipeline, &[]);
    wait_for("two tries", PATIENCE, || {
        (asked.load(Relaxed) >= 2 && forwarded(&scratch)? > 10).then_some(())
    });
    let node = node(&scratch, "tell").expect("it is there");
    assert_eq!(node["state"], "degraded");
    stop(running, &scratch);
    assert!(asked.load(Relaxed) < 10, "{asked:?}");
}

/// While the broker is there, a full disk is no matter; while it is not, the sink waits for room.
#[test]
fn a_full_disk_holds_up_only_what_has_nowhere_to_go() {
    let scratch = Scratch::new();
    let Some(mut broker) = Broker::new(&scratch, "") else {
        return;
    };
    let Some(_disk) = Disk::mount(scratch.path("disk")) else {
        return;
    };
    broker.start();
    let listener = broker.listen(&[]);
    let sink = mqtt(broker.port, "").replace("'outbox'", "'disk/outbox'");
    let mut camera = street(&scratch, "realtime", &sink);
    camera += "[sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'events.jsonl'\n";
    let running = live_camera::start(&scratch, &camera, &[]);
    wait_for("a connection", PATIENCE, || {
        fact(&scratch, "receiver")?
            .starts_with("connected")
            .then_some(())
    });
    let _ = fs::write(scratch.path("disk/filler"), vec![0; 256 * 1024]);
    let came = listener.events().len();
    wait_for("events", PATIENCE, || {
        (listener.events().len() > came + 20).then_some(())
    });
    broker.stop();
    let why = wait_for("a sink that waits", PATIENCE, || {
        let node = node(&scratch, "tell")?;
        (node["state"] == "retrying").then(|| node["last_error"].to_string())
    });
    assert!(why.contains("No space left"), "{why}");
    let seen = scratch.events("events.jsonl").len();
    wait_for("the other sink", PATIENCE, || {
        (scratch.events("events.jsonl").len() > seen + 5).then_some(())
    });
    broker.start();
    wait_for("what waited", PATIENCE, || {
        (listener.events().len() > seen).then_some(())
    });
    stop(running, &scratch);
    runs(&numbers(&listener.events()).0);
}

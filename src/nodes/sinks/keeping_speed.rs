//! How many events per second sinks keep; `benches/keeping.py` runs it and does the same in Python.

use std::sync::Arc;
use std::time::Instant;

use crate::media::events::{Body, Step, Track, Transcript};
use crate::media::packet::Packet;
use crate::nodes;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::node::Emit;
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::testing::{configure, told};

const EVENTS: u64 = 100_000;

fn event(number: u64) -> Packet {
    let t = number as f64 / 2.0;
    let body: Body = match number % 5 {
        0 => Transcript {
            start: t - 2.0,
            end: t,
            text: "please leave the parcel at the door and ring".to_owned(),
            language: Arc::from("en"),
            accepted: true,
            model: Arc::from("base.en@0123456789ab"),
            ..Transcript::default()
        }
        .into(),
        _ => Track {
            phase: Step::End,
            id: number,
            label: Arc::from("person"),
            score: 0.912,
            bounds: [412.0, 188.0, 96.0, 260.0],
            start: t - 2.0,
            end: t,
            frames: 20,
            best: None,
        }
        .into(),
    };
    let time = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs_f64(1.8e9 + t);
    told("porch", t, time, body)
}

/// Events per second into a sink of this type, all of them settled.
fn speed(name: &str, path: &str) -> f64 {
    let folder = tempfile::tempdir_in(".").expect("the checkout is writable");
    let ty = nodes::find(name).expect("it is always there");
    let configured = configure(ty, &format!("path = '{path}'")).expect("they are right");
    let context = Context::new("speed", folder.path(), Runtime::default());
    let mut node = (configured.open)(&context).expect("it is writable");
    let events: Vec<Packet> = (0..EVENTS).map(event).collect();
    let start = Instant::now();
    let mut out = |_| panic!("a sink makes nothing");
    for batch in events.chunks(ty.batch) {
        for event in batch {
            let mut emit = Emit::new(&context, &mut out);
            node.step(Some(event.clone()), &mut emit).expect("room");
        }
        let mut emit = Emit::new(&context, &mut out);
        node.settle(&mut emit).expect("room");
    }
    let mut emit = Emit::new(&context, &mut out);
    node.finish(&mut emit).expect("room");
    EVENTS as f64 / start.elapsed().as_secs_f64()
}

#[test]
#[ignore = "measures"]
fn events_per_second() {
    let (jsonl, sqlite) = (
        speed("jsonl", "events.jsonl"),
        speed("sqlite", "history.db"),
    );
    println!("{{\"jsonl\": {jsonl:.0}, \"sqlite\": {sqlite:.0}}}");
}

//! Has `track` follow boxes, with the options in the first argument: frames in, a line each of their time and of `score x y
//! width height` for each box; out come as many lines of numbers, `-` where a box is nobody's yet, and what a frame cost.

use std::io::BufRead;
use std::sync::Arc;
use std::time::Instant;

use otus::media::clock::Time;
use otus::media::kind::Lane;
use otus::media::objects::{Object, Objects};
use otus::media::packet::Packet;
use otus::nodes;
use otus::pipeline::contract::emit::Emit;
use otus::pipeline::contract::testing::{configure, context};

fn main() {
    let options = std::env::args().nth(1).expect("options of `track`");
    let ty = nodes::find("track").expect("it is always there");
    let configured = configure(ty, &options).expect("right options");
    let context = context();
    context.wanted.set(Lane::ALL.iter().copied());
    let mut node = (configured.open)(&context).expect("it opens");
    let mut times = Vec::new();
    for (seq, line) in std::io::stdin().lock().lines().enumerate() {
        let frame = frame(seq as u64, &line.expect("text"));
        let mut ids = String::new();
        let mut sink = |packet| {
            if let Packet::Objects(objects) = packet {
                ids = objects.found.iter().map(id).collect::<Vec<_>>().join(" ");
            }
        };
        let begun = Instant::now();
        node.step(Some(frame), &mut Emit::new(&context, &mut sink))
            .expect("it works");
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        println!("{ids}");
    }
    times.sort_by(f64::total_cmp);
    println!("{:.3}", times[times.len() / 2]);
}

fn id(object: &Object) -> String {
    let id = object.more.as_ref().and_then(|it| it.track);
    id.map_or("-".to_owned(), |it| it.to_string())
}

fn frame(seq: u64, line: &str) -> Packet {
    let numbers: Vec<f64> = line
        .split_whitespace()
        .map(|it| it.parse().expect("a number"))
        .collect();
    let found = numbers[1..].chunks_exact(5).map(|it| {
        let it: Vec<f32> = it.iter().map(|it| *it as f32).collect();
        Object {
            label: "person".into(),
            score: it[0],
            bounds: [it[1], it[2], it[3], it[4]],
            more: None,
        }
    });
    Packet::from(Arc::new(Objects {
        source: "cam".into(),
        seq,
        at: Time::from_secs_f64(numbers[0]),
        size: [1280, 720],
        file: None,
        frame: None,
        complete: true,
        found: found.collect(),
        model: "bench".into(),
        provider: "cpu".into(),
        areas: Arc::default(),
    }))
}

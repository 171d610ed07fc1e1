//! P11: in steady state no frame costs an allocation of its size. A program of its own, because it counts all that
//! is allocated in it; libraries in C are not seen.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use otus::media::clock::Time;
use otus::media::kind::Lane;
use otus::media::objects::{Object, Objects};
use otus::media::packet::Packet;
use otus::nodes::{self, NODES};
use otus::pipeline::contract::catalogue::Running;
use otus::pipeline::contract::context::Context;
use otus::pipeline::contract::node::Emit;
use otus::pipeline::contract::testing::{configure, context};
use otus::pipeline::{file, run};

/// As P11 has it.
const LARGE: usize = 64 * 1024;
/// Frames that may be on their way at once, by chance in one run and not in the other: each has a buffer.
const IN_FLIGHT: usize = 4;
static LARGE_ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// What one test allocates must not be counted by another.
static ALONE: Mutex<()> = Mutex::new(());

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(at, layout, size) }
    }
}

fn count(size: usize) {
    if size >= LARGE {
        LARGE_ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Large allocations of a run of the demo's street through `otus-person`, at so many frames a second
/// of its 79 s.
fn allocations(folder: &Path, fps: f32) -> usize {
    let street = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");
    let file = folder.join("pipeline.toml");
    let text = format!(
        "[sources.street]\ntype = 'camera'\nuri = '{street}'\nfps = {fps}\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
         [sinks.log]\ntype = 'jsonl'\npath = 'log.jsonl'\ninputs = ['people']\n"
    );
    std::fs::write(&file, text).expect("the folder is writable");
    let plan = file::load(&file, NODES).unwrap_or_else(|_| panic!("the pipeline is wrong"));
    let before = LARGE_ALLOCATIONS.load(Ordering::Relaxed);
    let outcome = run::start(plan).wait();
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    LARGE_ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn frames_are_not_paid_for_with_large_allocations() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().expect("a scratch directory");
    let (eight, sixteen) = (
        allocations(folder.path(), 0.1),
        allocations(folder.path(), 0.2),
    );
    assert!(
        sixteen <= eight + IN_FLIGHT,
        "8 frames cost {eight} large allocations, 16 frames {sixteen}"
    );
}

/// Fifty people who walk beside each other through a crowd of zones, in one frame.
fn walkers(seq: u64) -> Packet {
    let mut random = fastrand::Rng::with_seed(seq);
    let found = (0..50).map(|who| {
        let x = who as f32 * 25.0 + random.f32() * 4.0;
        Object {
            label: "person".into(),
            score: 0.9,
            bounds: [x, 300.0 + seq as f32 * 0.3, 20.0, 60.0],
            more: None,
        }
    });
    Packet::from(Arc::new(Objects {
        source: "cam".into(),
        seq,
        at: Time::from_secs_f64(seq as f64 / 25.0),
        size: [1280, 720],
        file: None,
        frame: None,
        complete: true,
        found: found.collect(),
        model: "test".into(),
        provider: "cpu".into(),
        areas: Arc::default(),
    }))
}

/// A node by itself of which everything is wanted.
fn open(name: &str, options: &str) -> (Box<dyn Running>, Context) {
    let ty = nodes::find(name).expect("it is always there");
    let configured = configure(ty, options).expect("the options are right");
    let context = context();
    context.wanted.set(Lane::ALL.iter().copied());
    let node = (configured.open)(&context).expect("it opens");
    (node, context)
}

fn given((node, context): &mut (Box<dyn Running>, Context), packet: Packet) -> Vec<Packet> {
    let mut made = Vec::new();
    let mut sink = |packet| made.push(packet);
    node.step(Some(packet), &mut Emit::new(context, &mut sink))
        .expect("it works");
    made
}

/// Also prints what a frame costs, which is the goal in a release build: at most 0.2 ms.
#[test]
fn who_is_followed_is_not_paid_for_with_large_allocations() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let zone = |it: u32| {
        format!("{{ name = 'z{it}', polygon = [[0.0{it}, 0], [0.9, 0.1], [0.8, 1], [0.1, 0.9]] }}")
    };
    let line = |it: u32| format!("{{ name = 'l{it}', from = [0.{it}, 1], to = [0.5, 0] }}");
    let zones: Vec<String> = (0..4).map(zone).collect();
    let lines: Vec<String> = (0..4).map(line).collect();
    let places = format!(
        "zones = [{}]\nlines = [{}]",
        zones.join(", "),
        lines.join(", ")
    );
    let (mut track, mut zones) = (open("track", ""), open("zones", &places));
    let frames: Vec<Packet> = (0..550).map(walkers).collect();
    let (mut took, mut before) = (Vec::new(), 0);
    for (seq, frame) in frames.into_iter().enumerate() {
        if seq == 50 {
            before = LARGE_ALLOCATIONS.load(Ordering::Relaxed);
        }
        let begun = Instant::now();
        for packet in given(&mut track, frame) {
            drop(given(&mut zones, packet));
        }
        took.push(begun.elapsed());
    }
    let large = LARGE_ALLOCATIONS.load(Ordering::Relaxed) - before;
    took.sort_unstable();
    println!("a frame of 50 objects: {:?}", took[took.len() / 2]);
    assert_eq!(large, 0);
}

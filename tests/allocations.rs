//! P11: in steady state no frame costs an allocation of its size. A program of its own, because it counts all that
//! is allocated in it; libraries in C are not seen.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use otus::nodes::NODES;
use otus::pipeline::{file, run};

/// As P11 has it.
const LARGE: usize = 64 * 1024;
/// Frames that may be on their way at once, by chance in one run and not in the other: each has a buffer.
const IN_FLIGHT: usize = 4;
static LARGE_ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

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

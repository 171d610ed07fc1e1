//! A sink that falls behind, as one whose disk hangs, holds up nothing else downstream of a device.

use super::{edge, numbers, run};

#[test]
fn a_slow_sink_stops_neither_the_device_nor_the_other_sinks() {
    let (written, outcome) = run(
        "[sources.cam]\ntype='ticks'\nframes=290\nlive=true\nevery_ms=3\n\
         [transforms.see]\ntype='work'\ninputs=[{from='cam', capacity=300}]\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='BOOK'\n\
         [sinks.slow]\ntype='sequences'\ninputs=['see']\npath='BOOK.slow'\ndelay_ms=10\n",
    );
    assert_eq!(written, numbers(290));
    for (from, to) in [("cam", "see"), ("see", "book"), ("see", "slow")] {
        let link = outcome.snapshot.edges.iter();
        let mut link = link.filter(|it| (&*it.from, &*it.to) == (from, to));
        let counts = &link.next().expect("it is there").counts;
        assert_eq!(
            (counts.received, counts.dropped),
            (290, 0),
            "{from} -> {to}"
        );
    }
    assert_eq!(edge(&outcome, "cam").counts.forwarded, 290);
}

/// F4: one of two sinks takes far longer than the distance of events, and may lose some.
#[test]
fn a_slow_sink_costs_its_own_events_and_nobody_else_s() {
    let (written, outcome) = run(
        "[sources.cam]\ntype='ticks'\nframes=100\nlive=true\nevery_ms=10\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\n\
         [sinks.slow]\ntype='sequences'\npath='/dev/null'\ndelay_ms=100\n\
         inputs=[{from='see',capacity=4,when_full='drop_oldest'}]\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='BOOK'\n",
    );
    assert!(outcome.failures.is_empty());
    let seen = edge(&outcome, "cam").counts.forwarded;
    assert_eq!(written.split(' ').count() as u64, seen);
    let mut edges = outcome.snapshot.edges.iter();
    let slow = edges.find(|it| *it.to == *"slow");
    let counts = &slow.expect("the edge is there").counts;
    assert!(seen > 50 && counts.dropped > seen / 2, "{seen} {counts:?}");
    assert_eq!(counts.forwarded + counts.dropped, seen, "{counts:?}");
}

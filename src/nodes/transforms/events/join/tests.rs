//! Decisions over scripted events, whatever the order in which they come.

use super::*;
use crate::media::events::{Body, Event, Found, Gap, InBody, Step, Track};
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::transform;
use crate::pipeline::contract::testing::{configure, context};

const HELP: &str = "all = [{ name = 'somebody', when = \"kind == 'track' && label == 'person'\" }, \
    { name = 'help', when = \"kind == 'match'\" }]\nwithin_s = 5\ncooldown_s = 20\n";

fn event(node: &str, source: &str, second: f64, body: impl Into<Body>) -> Packet {
    let at = Time::from_secs_f64(second);
    let mut event = (*context().event(&source.into(), at, None, body)).clone();
    event.head.node = node.into();
    Packet::Event(Arc::new(event))
}

fn person(phase: Step, id: u64, start: f64, end: f64) -> Packet {
    let track = Track {
        phase,
        id,
        label: "person".into(),
        score: 0.8,
        bounds: [0.0; 4],
        start,
        end,
        frames: 1,
        best: None,
    };
    event(
        "people",
        "porch",
        if phase == Step::Start { start } else { end },
        track,
    )
}

fn help(second: f64) -> Packet {
    let found = Found {
        start: second,
        end: second,
        by_words: true,
        phrase: "help".into(),
        heard: "help".to_owned(),
        distance: 0,
        accepted: true,
        partial: false,
    };
    event("words", "mic", second, found)
}

/// What is decided by these options: a packet, or up to where all has come.
fn decided(
    options: &str,
    inputs: impl IntoIterator<Item = Result<Packet, f64>>,
) -> Vec<(f64, Alert)> {
    let configured = configure(&transform::<Join>(), options).unwrap_or_else(|it| panic!("{it}"));
    let context = context();
    let mut node = (configured.open)(&context).expect("it opens");
    let mut made = Vec::new();
    let mut sink = |packet| made.push(packet);
    let mut out = Emit::new(&context, &mut sink);
    let mut earliest = Time::ZERO;
    for input in inputs {
        match input {
            Ok(packet) => drop(node.step(Some(packet), &mut out).expect("it runs")),
            Err(second) => {
                earliest = Time::from_secs_f64(second);
                node.pass(earliest, &mut out).expect("it runs");
            }
        }
    }
    assert!(
        node.holds()
            .is_none_or(|it| it <= earliest || it >= Time::ZERO)
    );
    node.pass(Time::END, &mut out).expect("it runs");
    made.into_iter()
        .map(|it| match it {
            Packet::Event(event) => {
                let alert = Alert::of(&event.body).expect("an alert").clone();
                (event.head.at.as_secs_f64(), alert)
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

fn times(options: &str, inputs: Vec<Result<Packet, f64>>) -> Vec<f64> {
    decided(options, inputs)
        .into_iter()
        .map(|it| it.0)
        .collect()
}

#[test]
fn what_is_seen_and_heard_together_is_told_once_with_all_that_it_rests_on() {
    let inputs = vec![
        Ok(person(Step::Start, 7, 10.0, 10.0)),
        Ok(help(12.0)),
        Ok(help(14.0)),
        Ok(person(Step::End, 7, 10.0, 30.0)),
        Ok(help(50.0)),
    ];
    let told = decided(
        &format!("{HELP}severity = 'alarm'\nsay = 'somebody calls for help'"),
        inputs,
    );
    let [(at, alert)] = &told[..] else {
        panic!("one alert: {told:?}")
    };
    assert_eq!((*at, alert.start, alert.end), (12.0, 10.0, 12.0));
    assert_eq!(alert.text, "somebody calls for help");
    let evidence: Vec<_> = alert
        .evidence
        .iter()
        .map(|it| (&*it.condition, &*it.source, it.t))
        .collect();
    assert_eq!(
        evidence,
        [("somebody", "porch", 10.0), ("help", "mic", 12.0)]
    );
    assert_eq!(
        (alert.evidence[0].track, alert.evidence[0].node.as_deref()),
        (Some(7), Some("people"))
    );
}

/// The person is told after the words that were said while they were there; the end of the track comes last of all.
#[test]
fn the_order_in_which_events_come_changes_nothing() {
    let start = || Ok(person(Step::Start, 1, 10.0, 10.0));
    let end = |second| Ok(person(Step::End, 1, 10.0, second));
    let orders = [
        vec![start(), Ok(help(16.0)), end(20.0), Err(40.0)],
        vec![Ok(help(16.0)), start(), end(20.0), Err(40.0)],
        vec![
            Err(9.0),
            end(20.0),
            Ok(help(16.0)),
            Err(10.0),
            start(),
            Err(16.0),
            Err(17.0),
        ],
    ];
    for inputs in orders {
        assert_eq!(times(HELP, inputs), [16.0]);
    }
    // Who left six seconds before is too long gone, who left four seconds before is not.
    assert_eq!(
        times(HELP, vec![start(), end(10.0), Ok(help(16.0))]),
        [0.0; 0]
    );
    assert_eq!(
        times(HELP, vec![start(), end(12.0), Ok(help(16.0))]),
        [16.0]
    );
    // Words before the person belong to it as well.
    assert_eq!(times(HELP, vec![Ok(help(6.0)), start()]), [10.0]);
    assert_eq!(times(HELP, vec![Ok(help(4.0)), start()]), [0.0; 0]);
}

#[test]
fn an_episode_is_told_again_when_it_has_cooled_down() {
    let mut inputs = vec![Ok(person(Step::Start, 1, 1.0, 1.0))];
    inputs.extend([5.0, 20.0, 39.0, 60.0, 61.0].map(|it| Ok(help(it))));
    assert_eq!(times(HELP, inputs), [5.0, 60.0]);
}

#[test]
fn a_sequence_has_an_order() {
    let options = "sequence = [{ name = 'came', when = \"kind == 'track' && phase == 'start'\" }, \
        { name = 'rang', when = \"kind == 'match'\" }]\nwithin_s = 5\n";
    let came = |second| Ok(event("people", "porch", second, gone(second)));
    assert_eq!(times(options, vec![came(1.0), Ok(help(4.0))]), [4.0]);
    assert_eq!(times(options, vec![Ok(help(1.0)), came(4.0)]), [0.0; 0]);
}

/// Somebody who is there for a moment.
fn gone(second: f64) -> Track {
    let Packet::Event(event) = person(Step::Start, 9, second, second) else {
        unreachable!("it is an event")
    };
    Track::of(&event.body).expect("a track").clone()
}

#[test]
fn what_must_not_be_there_is_waited_for() {
    let options = "any = [{ name = 'help', when = \"kind == 'match'\" }]\n\
        without = [{ name = 'person', when = \"kind == 'track'\" }]\nwithin_s = 3\n";
    let alone = decided(options, vec![Ok(help(5.0)), Err(8.0), Err(8.1)]);
    assert_eq!(
        (alone[0].0, &*alone[0].1.text),
        (5.0, "help without person")
    );
    let late = vec![
        Ok(help(5.0)),
        Err(6.0),
        Ok(person(Step::Start, 1, 7.5, 7.5)),
        Err(20.0),
    ];
    assert_eq!(times(options, late), [0.0; 0]);
    let before = vec![
        Ok(person(Step::Start, 1, 0.5, 0.5)),
        Ok(person(Step::End, 1, 0.5, 1.5)),
        Ok(help(5.0)),
    ];
    assert_eq!(times(options, before), [5.0]);
}

#[test]
fn what_is_missed_for_long_is_told_once() {
    let options = "without = [{ name = 'person', when = \"kind == 'track'\" }]\nwithin_s = 60\n";
    let inputs = vec![
        Ok(help(1.0)),
        Err(50.0),
        Err(61.5),
        Err(500.0),
        Ok(person(Step::Start, 1, 510.0, 510.0)),
        Err(700.0),
        Ok(person(Step::End, 1, 510.0, 800.0)),
        Err(850.0),
        Err(900.0),
        Err(2000.0),
    ];
    let told = decided(options, inputs);
    let times: Vec<f64> = told.iter().map(|it| it.0).collect();
    assert_eq!(times, [61.0, 860.0]);
    assert_eq!(told[0].1.text, "no person for 60 s");
}

#[test]
fn each_source_decides_on_its_own() {
    let options = "all = [{ name = 'a', when = \"kind == 'track'\" }, { name = 'b', when = \"kind == 'match'\" }]\nper = 'source'\n";
    let of = |second| Ok(event("words", "porch", second, body_of(help(second))));
    assert_eq!(
        times(
            options,
            vec![Ok(person(Step::Start, 1, 1.0, 1.0)), Ok(help(2.0))]
        ),
        [0.0; 0]
    );
    let told = decided(options, vec![Ok(person(Step::Start, 1, 1.0, 1.0)), of(2.0)]);
    assert_eq!(told[0].1.group.as_deref(), Some("porch"));
}

fn body_of(packet: Packet) -> Body {
    match packet {
        Packet::Event(event) => event.body.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_can_never_be_decided_is_refused() {
    let misuses = |options: &str| {
        configure(&transform::<Join>(), options)
            .err()
            .unwrap_or_default()
    };
    let none = misuses("");
    assert!(
        none.contains("it has no condition and never decides"),
        "{none}"
    );
    let one = "[{ name = 'a', when = \"kind == 'match'\" }]";
    let two = misuses(&format!("all = {one}\nany = {one}"));
    assert!(
        two.contains("`all` and `any` are two ways to decide"),
        "{two}"
    );
    assert!(misuses("all = [{ name = 'a', when = \"knid == 'match'\" }]").contains("knid"));
}

#[test]
fn how_late_it_was_told_is_known_live_and_no_part_of_which_event_it_is() {
    let configured = configure(&transform::<Join>(), HELP).unwrap_or_else(|it| panic!("{it}"));
    let [recorded, live] = [false, true].map(|live| {
        let context = Context { live, ..context() };
        let mut node = (configured.open)(&context).expect("it opens");
        let mut made = Vec::new();
        let mut sink = |packet| made.push(packet);
        let mut out = Emit::new(&context, &mut sink);
        for packet in [person(Step::Start, 7, 0.0, 0.0), help(0.001)] {
            node.step(Some(packet), &mut out).expect("it runs");
        }
        std::thread::sleep(Duration::from_millis(20));
        node.pass(Time::END, &mut out).expect("it runs");
        match made.pop() {
            Some(Packet::Event(event)) => event,
            other => panic!("{other:?}"),
        }
    });
    let lag = |event: &Event| Alert::of(&event.body).expect("an alert").lag_ms;
    assert_eq!(lag(&recorded), None);
    assert!(
        lag(&live).is_some_and(|it| (10..10_000).contains(&it)),
        "{live:?}"
    );
    assert_eq!(recorded.head.id, live.head.id);
}

/// `cargo test --release --lib deciding_speed -- --ignored --nocapture`
#[test]
#[ignore = "measures"]
fn deciding_speed() {
    let options = format!(
        "{HELP}without = [{{ name = 'badge', when = \"kind == 'sound' && score > 0.5\" }}]\n"
    );
    let configured = configure(&transform::<Join>(), &options).unwrap_or_else(|it| panic!("{it}"));
    let context = context();
    let mut node = (configured.open)(&context).expect("it opens");
    let mut sink = |_| {};
    let mut out = Emit::new(&context, &mut sink);
    // A day's mix: what is seen again and again, what no condition is about, and a word now and then.
    let gap = |second: f64| {
        let at = Time::from_secs_f64(second);
        event("cam", "porch", second, Gap::new(at, at, "test"))
    };
    let packets: Vec<Packet> = (0..100_000u32)
        .map(|it| (it, f64::from(it) / 10_000.0))
        .map(|(it, second)| match it % 100 {
            0 => help(second),
            it if it % 2 == 0 => person(Step::Update, u64::from(it), 0.0, second),
            _ => gap(second),
        })
        .collect();
    let count = packets.len();
    let begun = std::time::Instant::now();
    for (number, packet) in packets.into_iter().enumerate() {
        node.step(Some(packet), &mut out).expect("it runs");
        if number % 100 == 99 {
            let to = Time::from_secs_f64(number as f64 / 10_000.0);
            node.pass(to, &mut out).expect("it runs");
        }
    }
    let each = begun.elapsed().as_secs_f64() / count as f64;
    println!(
        "{:.2} us an event, {:.1} % of a core at 10,000 a second",
        each * 1e6,
        each * 1e6
    );
}

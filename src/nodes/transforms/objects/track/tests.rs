//! Scripted walks at several rates, a camera that is lost, and real boxes with known identities.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::assign::assign;
use super::tracker::overlap;
use super::*;
use crate::media::events::Event;
use crate::media::objects::Object;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::transform;
use crate::pipeline::contract::testing::drive;

type Bounds = [f32; 4];

fn object(label: &str, score: f32, bounds: Bounds) -> Object {
    Object {
        label: label.into(),
        score,
        bounds,
        more: None,
    }
}

fn frame(seq: u64, at: f64, found: Vec<Object>) -> Packet {
    let objects = Objects {
        source: "cam".into(),
        seq,
        at: Time::from_secs_f64(at),
        size: [1280, 720],
        file: None,
        frame: None,
        complete: true,
        found: found.into(),
        model: "test".into(),
        provider: "cpu".into(),
        areas: Arc::default(),
    };
    Packet::from(Arc::new(objects))
}

/// What `track` tells, and the ids of each frame's objects.
fn follow(options: &str, frames: Vec<Packet>) -> (Vec<Arc<Event>>, Vec<Vec<Option<u64>>>) {
    let (mut events, mut ids) = (Vec::new(), Vec::new());
    for packet in drive(&transform::<Follow>(), options, frames).expect("it runs") {
        match packet {
            Packet::Event(event) => events.push(event),
            Packet::Objects(objects) => {
                let id = |it: &Object| it.more.as_ref().and_then(|it| it.track);
                ids.push(objects.found.iter().map(id).collect());
            }
            other => unreachable!("no {} is made", other.kind()),
        }
    }
    (events, ids)
}

fn told(events: &[Arc<Event>]) -> Vec<String> {
    events
        .iter()
        .map(|it| format!("{:.1} {}", it.head.t, it.sentence()))
        .collect()
}

/// Two people who meet in the middle, one before the other, who is not seen then. Boxes tremble, and one in twenty is missing.
fn meeting(rate: f64, seed: u64) -> (Vec<Packet>, Vec<Vec<usize>>) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut frames, mut truth) = (Vec::new(), Vec::new());
    for seq in 0..(12.0 * rate) as u64 {
        let at = seq as f64 / rate;
        let near = [100.0 + 80.0 * at as f32, 200.0, 90.0, 270.0];
        let far = [1060.0 - 80.0 * at as f32, 190.0, 80.0, 240.0];
        let mut found = Vec::new();
        let mut of_frame = Vec::new();
        for (who, bounds) in [near, far].into_iter().enumerate() {
            let is_hidden = who == 1 && overlap(near, far) > 0.5;
            if is_hidden || random.u8(0..20) == 0 {
                continue;
            }
            let mut tremble = || (random.f32() - 0.5) * 8.0;
            let bounds = bounds.map(|it| it + tremble());
            found.push(object("person", 0.6 + 0.3 * random.f32(), bounds));
            of_frame.push(who);
        }
        frames.push(frame(seq, at, found));
        truth.push(of_frame);
    }
    (frames, truth)
}

#[test]
fn two_who_meet_are_the_same_two_afterwards_at_any_rate() {
    for rate in [1.0, 2.0, 5.0, 15.0, 25.0] {
        let mut right = 0;
        for seed in 0..20 {
            let (frames, truth) = meeting(rate, seed);
            let (events, ids) = follow("lost_ms = 3000", frames);
            let mut of: [HashSet<u64>; 2] = Default::default();
            for (ids, who) in ids.iter().zip(&truth) {
                for (id, who) in ids.iter().zip(who) {
                    of[*who].extend(id);
                }
            }
            let same = of.iter().all(|it| it.len() == 1) && of[0].is_disjoint(&of[1]);
            right += u32::from(same && events.len() == 4);
        }
        println!("{rate} frames a second: {right} of 20");
        assert_eq!(right, 20, "{rate} frames a second");
    }
}

#[test]
fn one_who_stays_is_one_visit_and_updates_come_when_asked_for() {
    let minute = || {
        (0..600).map(|it| {
            frame(
                it,
                it as f64 / 10.0,
                vec![object("car", 0.9, [10.0, 10.0, 80.0, 40.0])],
            )
        })
    };
    let (events, _) = follow("", minute().collect());
    assert_eq!(
        told(&events),
        ["0.0 car 1 has come", "59.9 car 1 has left after 59.9 s"]
    );
    let (events, _) = follow("update_ms = 20_000", minute().collect());
    let phases: Vec<_> = events
        .iter()
        .map(|it| format!("{:.0}", it.head.t))
        .collect();
    assert_eq!(phases, ["0", "20", "40", "60"]);
}

#[test]
fn what_is_seen_once_or_hardly_has_not_come() {
    let ghost = |score| {
        (0..20).map(move |it| {
            let found = if it % 5 == 0 {
                vec![object("person", score, [10.0, 10.0, 50.0, 90.0])]
            } else {
                vec![]
            };
            frame(it, it as f64 / 10.0, found)
        })
    };
    assert_eq!(told(&follow("", ghost(0.9).collect()).0), [""; 0]);
    assert_eq!(
        follow("frames = 1\nlost_ms = 100", ghost(0.9).collect())
            .0
            .len(),
        8
    );
    let doubted = (0..20).map(|it| {
        frame(
            it,
            it as f64 / 10.0,
            vec![object("person", 0.3, [10.0, 10.0, 50.0, 90.0])],
        )
    });
    assert_eq!(told(&follow("", doubted.collect()).0), [""; 0]);
    // Who was surely there and is hardly seen now is there still.
    let fades = (0..40).map(|it| {
        let score = if it < 5 { 0.9 } else { 0.2 };
        frame(
            it,
            it as f64 / 10.0,
            vec![object("person", score, [10.0, 10.0, 50.0, 90.0])],
        )
    });
    let fades = told(&follow("", fades.collect()).0);
    assert_eq!(
        fades,
        ["0.0 person 1 has come", "3.9 person 1 has left after 3.9 s"]
    );
}

#[test]
fn what_another_thing_is_is_another_one_and_all_leave_with_a_camera_that_is_lost() {
    let both = |it: u64| {
        let (dog, man) = ([10.0, 10.0, 50.0, 90.0], [12.0, 10.0, 50.0, 90.0]);
        vec![object("dog", 0.8, dog), object("person", 0.9, man)]
            .into_iter()
            .skip((it % 2) as usize)
            .collect()
    };
    let mut frames: Vec<Packet> = (0..20)
        .map(|it| frame(it, it as f64 / 10.0, both(it)))
        .collect();
    // Nothing for a minute, then somebody else.
    frames.extend((0..5).map(|it| {
        frame(
            20 + it,
            62.0 + it as f64 / 10.0,
            vec![object("person", 0.9, [11.0, 10.0, 50.0, 90.0])],
        )
    }));
    let (events, _) = follow("", frames);
    let sentences = told(&events);
    let people = sentences.iter().filter(|it| it.contains("person")).count();
    assert_eq!(people, 4, "{sentences:?}");
    assert!(
        sentences
            .iter()
            .any(|it| it.starts_with("1.9 person") && it.contains("left")),
        "{sentences:?}"
    );
    assert!(
        sentences
            .iter()
            .any(|it| it.starts_with("62.0 person") && it.contains("come")),
        "{sentences:?}"
    );
}

/// Boxes of a file of MOTChallenge by frame, with the identities in it.
fn boxes(path: &Path) -> BTreeMap<u64, Vec<(u64, Bounds)>> {
    let mut frames: BTreeMap<u64, Vec<(u64, Bounds)>> = BTreeMap::new();
    for line in fs::read_to_string(path).expect("it is there").lines() {
        let numbers: Vec<f32> = line.split(',').filter_map(|it| it.parse().ok()).collect();
        let bounds = [numbers[2], numbers[3], numbers[4], numbers[5]];
        frames
            .entry(numbers[0] as u64)
            .or_default()
            .push((numbers[1] as u64, bounds));
    }
    frames
}

/// IDF1: boxes whose identity is right under the best pairing of identities, as a share of all boxes, by half an overlap.
fn idf1(
    truth: &BTreeMap<u64, Vec<(u64, Bounds)>>,
    found: &BTreeMap<u64, Vec<(u64, Bounds)>>,
) -> f32 {
    let mut shared: HashMap<(u64, u64), f32> = HashMap::new();
    for (number, known) in truth {
        for (id, bounds) in found.get(number).into_iter().flatten() {
            for (who, _) in known.iter().filter(|it| overlap(it.1, *bounds) >= 0.5) {
                *shared.entry((*who, *id)).or_default() += 1.0;
            }
        }
    }
    let (mut whos, mut ids): (Vec<u64>, Vec<u64>) = shared.keys().copied().unzip();
    for list in [&mut whos, &mut ids] {
        list.sort_unstable();
        list.dedup();
    }
    let count = |who, id| shared.get(&(who, id)).copied().unwrap_or(0.0);
    let costs: Vec<Vec<f32>> = whos
        .iter()
        .map(|who| ids.iter().map(|id| 1000.0 - count(*who, *id)).collect())
        .collect();
    let pairs = assign(&costs, 1000.0);
    let right: f32 = pairs
        .iter()
        .enumerate()
        .filter_map(|(row, it)| Some(count(whos[row], ids[(*it)?])))
        .sum();
    let all =
        |it: &BTreeMap<u64, Vec<(u64, Bounds)>>| it.values().map(Vec::len).sum::<usize>() as f32;
    2.0 * right / (all(truth) + all(found))
}

/// MOTA: 1 less what is missed, invented, and taken for another than before, as a share of all true boxes.
fn mota(
    truth: &BTreeMap<u64, Vec<(u64, Bounds)>>,
    found: &BTreeMap<u64, Vec<(u64, Bounds)>>,
) -> f32 {
    let (mut wrong, mut was) = (0, HashMap::new());
    for (number, known) in truth {
        let told = &found[number][..];
        // Who was whom before stays so where the boxes allow it.
        let cost = |who: u64, place, (id, bounds): &(u64, Bounds)| match overlap(place, *bounds) {
            fits if fits >= 0.5 => 2.0 - fits - f32::from(was.get(&who) == Some(id)),
            _ => 9.0,
        };
        let line = |it: &(u64, Bounds)| told.iter().map(|one| cost(it.0, it.1, one)).collect();
        let costs: Vec<Vec<f32>> = known.iter().map(line).collect();
        let pairs = assign(&costs, 9.0);
        let paired: Vec<(u64, u64)> = known
            .iter()
            .zip(pairs)
            .filter_map(|(it, at)| Some((it.0, told[at?].0)))
            .collect();
        wrong += known.len() + told.len() - 2 * paired.len();
        for (who, id) in paired {
            wrong += usize::from(was.insert(who, id).is_some_and(|before| before != id));
        }
    }
    1.0 - wrong as f32 / truth.values().map(Vec::len).sum::<usize>() as f32
}

#[test]
fn people_of_a_street_are_told_apart_as_well_as_by_others() {
    let media = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/media");
    if !media.join("mot_TUD-Campus_gt.txt").exists() {
        return eprintln!("skipped: there is no shared folder");
    }
    let truth = boxes(&media.join("mot_TUD-Campus_gt.txt"));
    for (name, least) in [("gt", 0.98), ("test", 0.55)] {
        let given = boxes(&media.join(format!("mot_TUD-Campus_{name}.txt")));
        let last = *truth.keys().last().expect("there are frames");
        let numbers = 1..=last;
        let of = |number: &u64| given.get(number).cloned().unwrap_or_default();
        let frames = numbers.clone().map(|number| {
            let found = of(&number)
                .into_iter()
                .map(|it| object("person", 0.9, it.1));
            frame(number, number as f64 / 25.0, found.collect())
        });
        let (_, ids) = follow("frames = 1", frames.collect());
        let mut found: BTreeMap<u64, Vec<(u64, Bounds)>> = BTreeMap::new();
        for (number, ids) in numbers.zip(&ids) {
            let named = ids
                .iter()
                .zip(of(&number))
                .filter_map(|(id, it)| Some(((*id)?, it.1)));
            found.insert(number, named.collect());
        }
        let (score, as_given) = (idf1(&truth, &found), idf1(&truth, &given));
        let mota = mota(&truth, &found);
        println!(
            "{name}: IDF1 {score:.3}, MOTA {mota:.3}; the identities in the file: {as_given:.3}"
        );
        assert!(score > least, "{name}: {score}");
    }
}

#[test]
fn who_comes_nearer_is_the_same_and_a_crowd_that_never_ends_fills_no_memory() {
    let nearer = (0..40).map(|it| {
        let size = 40.0 * 1.06f32.powi(it);
        let bounds = [600.0 - size / 2.0, 300.0 - size, size, 2.0 * size];
        frame(
            it as u64,
            f64::from(it) / 5.0,
            vec![object("person", 0.9, bounds)],
        )
    });
    assert_eq!(follow("", nearer.collect()).0.len(), 2);
    let crowd = (0..5u64).map(|it| {
        let place = |n: u64| [(n * 11) as f32, (it * 40) as f32, 10.0, 20.0];
        let found = (0..200).map(|n| object("person", 0.9, place(n)));
        frame(it, it as f64 / 100.0, found.collect())
    });
    let (events, _) = follow("frames = 1\nlost_ms = 600_000", crowd.collect());
    assert_eq!(events.len(), 2 * 512);
}

//! Walks through zones and over lines, at several rates, with boxes that tremble.

use std::time::Instant;

use super::*;

/// Eight people who walk through the frame to and fro, meet each other, turn around in the zone before the line, stay in it
/// or vanish there.
fn street(random: &mut fastrand::Rng) -> (Vec<Way>, Vec<Vec<&'static str>>) {
    let mut ways = Vec::new();
    let mut truth = Vec::new();
    for who in 0..8 {
        let speed = 60.0 + 100.0 * random.f32();
        let start = f64::from(random.f32() * 10.0);
        let down = 400.0 + 300.0 * random.f32();
        let (points, deeds): (&[f32], &[&str]) = match who % 4 {
            0 => (&[60.0, 1220.0], &["enter", "right", "exit"]),
            1 => (&[1220.0, 60.0], &["enter", "left", "exit"]),
            // Before the line they turn around.
            2 => (&[60.0, 560.0, 60.0], &["enter", "exit"]),
            // They stand in the zone and vanish.
            _ => (&[1220.0, 540.0], &["enter", "left", "gone"]),
        };
        let mut way = vec![(start, [points[0], down])];
        for pair in points.windows(2) {
            let seconds = f64::from((pair[1] - pair[0]).abs() / speed);
            way.push((way[way.len() - 1].0 + seconds, [pair[1], down]));
        }
        if who % 4 == 3 {
            way.push((way[1].0 + 3.0, way[1].1));
        }
        ways.push(way);
        truth.push(deeds.to_vec());
    }
    (ways, truth)
}

#[test]
fn everybody_is_counted_once_at_any_rate() {
    let mut random = fastrand::Rng::with_seed(3);
    for rate in [1.0, 2.0, 5.0, 15.0] {
        for seed in 0..25 {
            let (ways, truth) = street(&mut random);
            let mut run = Run::new(MIDDLE);
            walk(&mut run, &ways, rate, seed);
            for (who, expect) in truth.iter().enumerate() {
                let told = deeds(&run, who as u64);
                assert_eq!(
                    told, *expect,
                    "{who} at {rate} a second, seed {seed}: {:?}",
                    ways[who]
                );
            }
            let counts = run.events().iter().map(|it| it.1.count).collect::<Vec<_>>();
            let last = run
                .events()
                .iter()
                .rev()
                .find(|it| it.1.action == Action::Exit)
                .map(|it| it.1.count);
            assert_eq!(last, Some(0), "{counts:?}");
        }
    }
}

#[test]
fn who_stands_at_a_border_or_upon_a_line_does_nothing() {
    for rate in [1.0, 5.0, 15.0] {
        // A few pixels before and behind the border of the zone, which is at 384, and the line, at 640.
        for beside in [-6.0, -2.0, 0.0, 2.0, 6.0] {
            let stands = |x: f32| {
                vec![
                    (0.0, [100.0, 600.0]),
                    (5.0, [x, 600.0]),
                    (305.0, [x, 600.0]),
                    (310.0, [100.0, 600.0]),
                ]
            };
            let mut run = Run::new(MIDDLE);
            walk(
                &mut run,
                &[stands(384.0 + beside), stands(640.0 + beside)],
                rate,
                1,
            );
            let told = deeds(&run, 0);
            assert_eq!(told, [""; 0], "{beside} at {rate}");
            let told = deeds(&run, 1);
            assert_eq!(told, ["enter", "exit"], "{beside} at {rate}");
        }
    }
}

#[test]
fn who_paces_over_a_line_crosses_it_each_time() {
    for rate in [1.0, 5.0, 15.0] {
        let mut way = vec![(0.0, [500.0, 600.0])];
        for turn in 1..=10 {
            way.push((
                f64::from(turn) * 4.0,
                [if turn % 2 == 1 { 780.0 } else { 500.0 }, 600.0],
            ));
        }
        let mut run = Run::new("lines = [{ name = 'gate', from = [0.5, 1], to = [0.5, 0] }]");
        walk(&mut run, &[way], rate, 9);
        let expect: Vec<_> = (0..10)
            .map(|it| if it % 2 == 0 { "right" } else { "left" })
            .collect();
        assert_eq!(deeds(&run, 0), expect, "{rate}");
        let counts: Vec<u64> = run.events().iter().map(|it| it.1.count).collect();
        assert_eq!(counts, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }
}

#[test]
fn who_runs_past_between_two_sights_is_counted() {
    let mut run = Run::new(MIDDLE);
    let runs = vec![(0.0, [40.0, 600.0]), (2.4, [1240.0, 600.0])];
    walk(
        &mut run,
        &[
            runs.clone(),
            runs.into_iter()
                .map(|(at, [x, y])| (at + 5.1, [1280.0 - x, y]))
                .collect(),
        ],
        1.0,
        5,
    );
    assert_eq!(deeds(&run, 0), ["enter", "right", "exit"]);
    assert_eq!(deeds(&run, 1), ["enter", "left", "exit"]);
}

#[test]
fn who_walks_around_the_end_of_a_line_has_not_crossed_it() {
    let mut run = Run::new("lines = [{ name = 'gate', from = [0.5, 1], to = [0.5, 0.8] }]");
    let around = vec![
        (0.0, [300.0, 700.0]),
        (3.0, [640.0, 450.0]),
        (6.0, [1000.0, 700.0]),
        (10.0, [300.0, 700.0]),
    ];
    walk(&mut run, &[around], 5.0, 4);
    assert_eq!(deeds(&run, 0), ["left"]);
}

#[test]
fn a_line_close_to_the_edge_is_crossed_by_who_leaves_there() {
    let mut run = Run::new("lines = [{ name = 'out', from = [0, 0.97], to = [1, 0.97] }]");
    for step in 0..10 {
        run.stand(1, f64::from(step), [600.0, 500.0 + 30.0 * step as f32]);
    }
    assert_eq!(deeds(&run, 1), ["right"]);
    // Of who vanishes just behind a line it is told at the end.
    let mut run = Run::new("lines = [{ name = 'door', from = [0.5, 1], to = [0.5, 0] }]");
    for (at, x) in [(0.0, 500.0), (1.0, 560.0), (2.0, 620.0), (3.0, 655.0)] {
        run.stand(1, at, [x, 600.0]);
    }
    assert_eq!(run.told(), [""; 0]);
    run.track(Step::End, 1, 3.0);
    assert_eq!(
        run.told(),
        ["3.0 person 1 has crossed door to the right, 1 so far"]
    );
}

#[test]
fn who_stays_loiters_once() {
    let options = MIDDLE.replace("[0.3, 1]]", "[0.3, 1]], loiter_ms = 10_000");
    let mut run = Run::new(&options);
    let stays = vec![
        (0.0, [100.0, 600.0]),
        (5.0, [600.0, 600.0]),
        (65.0, [610.0, 600.0]),
        (70.0, [100.0, 600.0]),
    ];
    let passes = vec![(3.0, [100.0, 650.0]), (12.0, [1200.0, 650.0])];
    walk(&mut run, &[stays, passes], 5.0, 2);
    assert_eq!(deeds(&run, 0), ["enter", "loiter", "exit"]);
    assert_eq!(deeds(&run, 1), ["enter", "right", "exit"]);
    let loiters = run
        .events()
        .into_iter()
        .find(|it| it.1.action == Action::Loiter);
    let seconds = loiters
        .and_then(|it| it.1.seconds)
        .expect("it says how long");
    assert!((10.0..11.0).contains(&seconds), "{seconds}");
}

#[test]
fn where_a_crowd_stays_a_frame_costs_little() {
    let zones: Vec<String> = (0..10)
        .map(|it| format!("{{ name = 'z{it}', polygon = [[0.0{it}, 0], [1, 0], [1, 0.5], [0.9, 0.6], [1, 1], [0.5, 1], [0.0{it}, 1], [0.2, 0.5]] }}"))
        .collect();
    let lines: Vec<String> = (0..10)
        .map(|it| format!("{{ name = 'l{it}', from = [0.{it}, 1], to = [0.5, 0] }}"))
        .collect();
    let mut run = Run::new(&format!(
        "zones = [{}]\nlines = [{}]",
        zones.join(", "),
        lines.join(", ")
    ));
    let mut random = fastrand::Rng::with_seed(1);
    let mut frame_of = |seq: u64| {
        let place = |it: u64, random: &mut fastrand::Rng| {
            [
                (it * 25) as f32 + random.f32() * 8.0,
                300.0 + random.f32() * 8.0,
            ]
        };
        frame(
            "cam",
            seq as f64 / 10.0,
            (0..50)
                .map(|it| person(it, place(it, &mut random)))
                .collect(),
        )
    };
    let frames: Vec<Packet> = (0..500).map(&mut frame_of).collect();
    let begun = Instant::now();
    frames.into_iter().for_each(|it| run.give(it));
    let each = begun.elapsed().as_secs_f64() * 1e3 / 500.0;
    println!("{each:.3} ms a frame of 50 objects, with 10 zones and 10 lines");
    assert!(run.events().len() < 1_000, "{}", run.events().len());
}

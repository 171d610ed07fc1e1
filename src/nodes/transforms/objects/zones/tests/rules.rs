//! What is told of whom, and when: debounce, ends, reloads, labels.

use super::*;

#[test]
fn what_is_short_is_not_told_and_what_is_told_has_the_time_at_which_it_began() {
    let options = format!(
        "{}, min_ms = 1_000 }}]",
        MIDDLE
            .lines()
            .next()
            .expect("a line")
            .trim_end_matches(" }]")
    );
    let mut run = Run::new(&options);
    let inside =
        |at: f64| (2.0..2.4).contains(&at) || (5.0..9.0).contains(&at) && !(6.0..6.8).contains(&at);
    for step in 0..150 {
        let at = f64::from(step) / 10.0;
        run.stand(4, at, [if inside(at) { 600.0 } else { 100.0 }, 600.0]);
        if at == 5.5 {
            assert_eq!(run.node.holds(), Some(Time::from_secs_f64(5.0)));
        }
    }
    assert_eq!(
        run.told(),
        [
            "5.0 person 4 has entered middle, 1 is there",
            "9.0 person 4 has left middle after 4.0 s, nobody is there"
        ]
    );
    assert_eq!(run.node.holds(), None);
    let numbers: Vec<_> = run.events().iter().map(|it| it.0.head.seq).collect();
    assert_eq!(numbers, [Some(5_000), Some(9_000)]);
}

#[test]
fn who_is_hidden_stays_and_who_ends_is_gone() {
    let mut run = Run::new(MIDDLE);
    for step in (0..20).chain(60..80) {
        run.stand(1, f64::from(step) / 10.0, [600.0, 600.0]);
    }
    assert_eq!(run.told(), ["0.0 person 1 has entered middle, 1 is there"]);
    // The camera is lost, and `track` says so; later somebody else is there.
    run.track(Step::End, 1, 7.9);
    for step in 0..10 {
        run.stand(2, 60.0 + f64::from(step) / 10.0, [600.0, 600.0]);
    }
    assert_eq!(
        run.told()[1..],
        [
            "7.9 person 1 is seen no more in middle after 7.9 s, nobody is there",
            "60.0 person 2 has entered middle, 1 is there"
        ]
    );
}

#[test]
fn an_end_that_comes_before_the_last_sight_waits_for_it() {
    let mut run = Run::new(MIDDLE);
    run.stand(1, 0.0, [600.0, 600.0]);
    run.stand(1, 1.0, [600.0, 600.0]);
    run.track(Step::End, 1, 2.0);
    assert_eq!(run.node.holds(), Some(Time::from_secs_f64(2.0)));
    run.stand(1, 2.0, [600.0, 600.0]);
    assert_eq!(
        run.told()[1..],
        ["2.0 person 1 is seen no more in middle after 2.0 s, nobody is there"]
    );
    // That of another was dropped on the way.
    run.stand(2, 10.0, [600.0, 600.0]);
    run.stand(2, 11.0, [600.0, 600.0]);
    run.track(Step::End, 2, 12.0);
    assert_eq!(run.events().len(), 3);
    run.pass(12.5);
    assert_eq!(
        run.told()[3..],
        ["11.0 person 2 is seen no more in middle after 1.0 s, nobody is there"]
    );
    assert_eq!(run.node.holds(), None);
}

#[test]
fn an_id_that_is_given_anew_is_somebody_else() {
    let mut run = Run::new(MIDDLE);
    run.stand(1, 0.0, [600.0, 600.0]);
    run.stand(1, 1.0, [600.0, 600.0]);
    run.track(Step::Start, 1, 30.0);
    run.stand(1, 30.2, [600.0, 600.0]);
    run.stand(1, 31.0, [600.0, 600.0]);
    let told: Vec<_> = run
        .events()
        .iter()
        .map(|it| (it.1.action, it.1.count))
        .collect();
    assert_eq!(
        told,
        [(Action::Enter, 1), (Action::Exit, 0), (Action::Enter, 1)]
    );
    // And who is never heard of again is forgotten.
    run.pass(1_000.0);
    assert_eq!(deeds(&run, 1), ["enter", "gone", "enter", "gone"]);
}

#[test]
fn a_reload_loses_nobody_and_what_has_the_same_name_is_the_same() {
    let mut run = Run::new(MIDDLE);
    run.stand(1, 0.0, [500.0, 600.0]);
    run.stand(1, 1.0, [500.0, 600.0]);
    run.stand(1, 2.0, [700.0, 600.0]);
    assert_eq!(deeds(&run, 1), ["enter", "right"]);
    // Another zone comes first, and the old one moves by some pixels.
    let other = "zones = [{ name = 'all', polygon = [[0, 0], [1, 0], [1, 1], [0, 1]] }, ";
    let moved = MIDDLE.replace("zones = [", other).replace("0.7", "0.71");
    run.reload(&moved);
    run.stand(1, 3.0, [700.0, 600.0]);
    run.stand(1, 4.0, [500.0, 600.0]);
    run.stand(1, 5.0, [100.0, 600.0]);
    run.stand(1, 6.0, [100.0, 600.0]);
    assert_eq!(
        run.told()[2..],
        [
            "3.0 person 1 has entered all, 1 is there",
            "4.0 person 1 has crossed gate to the left, 1 so far",
            "5.0 person 1 has left middle after 5.0 s, nobody is there",
        ]
    );
    let counts = &run.context.stats.read().facts["counts"];
    assert_eq!(counts, "cam: all 1, middle 0, gate 1 left 1 right");
    // Who is in one that is taken away is told to be out of it.
    run.reload(MIDDLE);
    run.pass(6.5);
    assert_eq!(
        run.told()[5..],
        ["6.0 person 1 was in all for 3.0 s, which is there no more, nobody is there"]
    );
    run.track(Step::End, 1, 6.0);
    assert_eq!(run.events().len(), 6);
}

#[test]
fn zones_and_lines_are_shown_with_who_is_there_of_their_own_cameras() {
    let mut run = Run::new(&MIDDLE.replace("}]\nlines", ", sources = ['cam'] }]\nlines"));
    run.stand(1, 0.0, [500.0, 600.0]);
    run.stand(1, 1.0, [500.0, 600.0]);
    run.stand(1, 2.0, [700.0, 600.0]);
    run.give(frame("yard", 2.0, Vec::new()));
    let told = serde_json::to_value(run.context.stats.read().areas).expect("it is written");
    let gate = serde_json::json!([[0.5, 1.0], [0.5, 0.0]]);
    let middle = serde_json::json!([[0.3, 0.0], [0.7, 0.0], [0.7, 1.0], [0.3, 1.0]]);
    let line = |source: &str, right: u64| serde_json::json!({ "source": source, "name": "gate", "points": gate, "left": 0, "right": right });
    assert_eq!(
        told,
        serde_json::json!([
            { "source": "cam", "name": "middle", "points": middle, "inside": 1 },
            line("cam", 1),
            line("yard", 0),
        ])
    );
}

#[test]
fn a_zone_counts_its_own_labels_anchor_and_cameras() {
    let lower = "polygon = [[0, 0.5], [1, 0.5], [1, 1], [0, 1]], min_ms = 0";
    let options = format!(
        "zones = [{{ name = 'feet', {lower} }}, {{ name = 'bodies', {lower}, anchor = 'centre' }}, \
         {{ name = 'cars', {lower}, labels = ['car', 'bus'] }}, {{ name = 'yard', {lower}, sources = ['yard'] }}]"
    );
    let mut run = Run::new(&options);
    // Feet in the lower half, and the middle of the body in the upper one.
    run.give(frame("cam", 1.0, vec![person(1, [300.0, 400.0])]));
    run.give(frame(
        "cam",
        2.0,
        vec![object(1, "car", [600.0, 400.0, 200.0, 100.0])],
    ));
    run.give(frame("yard", 3.0, vec![person(1, [300.0, 500.0])]));
    let told: Vec<_> = run
        .events()
        .iter()
        .map(|it| (&*it.0.head.source, it.0.head.t, &*it.1.zone, it.1.count))
        .collect();
    let expect = [
        ("cam", 1.0, "feet", 1),
        ("cam", 2.0, "feet", 2),
        ("cam", 2.0, "bodies", 1),
        ("cam", 2.0, "cars", 1),
        ("yard", 3.0, "feet", 1),
        ("yard", 3.0, "bodies", 1),
        ("yard", 3.0, "yard", 1),
    ];
    assert_eq!(told, expect);
}

#[test]
fn objects_go_on_with_the_zones_that_they_are_in() {
    let mut run = Run::new(&MIDDLE.replace("[0.3, 1]]", "[0.3, 1]], min_ms = 0"));
    let empty = frame("cam", 0.0, vec![person(1, [100.0, 600.0])]);
    run.give(empty.clone());
    let (Packet::Objects(given), Some(Packet::Objects(passed))) = (&empty, run.out.pop()) else {
        panic!("objects go on");
    };
    assert!(
        Arc::ptr_eq(&given.found, &passed.found),
        "nothing is copied for nothing"
    );
    let names: Vec<&str> = passed.areas.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["middle", "gate"], "for those who draw them");
    run.give(frame(
        "cam",
        1.0,
        vec![person(1, [600.0, 600.0]), person(2, [100.0, 600.0])],
    ));
    let Some(Packet::Objects(passed)) = run.out.last() else {
        panic!("objects go on");
    };
    let zones = passed
        .found
        .iter()
        .map(|it| it.more.as_ref().map(|it| it.zones.concat()));
    assert_eq!(
        zones.collect::<Vec<_>>(),
        [Some("middle".to_owned()), Some(String::new())]
    );
    let written = serde_json::to_value(&**passed).expect("it is written");
    assert_eq!(
        written["objects"][0]["zones"],
        serde_json::json!(["middle"])
    );
    assert!(written["objects"][1].get("zones").is_none());
}

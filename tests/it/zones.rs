//! Zones behind `track`: what is checked of a pipeline file, and people who come, meet and leave, from boxes to counts.

use std::path::Path;
use std::sync::Arc;

use otus::media::clock::Time;
use otus::media::objects::{Object, Objects};
use otus::media::packet::Packet;
use otus::nodes::{self, NODES};
use otus::pipeline::contract::testing::drive;
use otus::pipeline::file;

/// What is said of a pipeline with these nodes between a camera and a sink, which takes `last`.
fn said(nodes: &str) -> Vec<(String, String, String)> {
    let text = format!(
        "[sources.cam]\ntype = 'camera'\nuri = '0'\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'yolox-nano'\ninputs = ['cam']\n\
         [sinks.o]\ntype = 'console'\ninputs = ['last']\n{nodes}"
    );
    let problems = file::parse(&text, Path::new("/"), NODES).err();
    let problems = problems.into_iter().flatten();
    let said = problems.map(|it| (text[it.span.clone()].to_owned(), it.message, it.help));
    said.collect()
}

#[track_caller]
fn once(nodes: &str, place: &str, message: &str, help: &str) {
    let said = said(nodes);
    let is_right = |it: &(String, String, String)| {
        it.0.contains(place) && it.1.contains(message) && it.2.contains(help)
    };
    assert!(said.len() == 1 && is_right(&said[0]), "{nodes}\n{said:?}");
}

const TRACK: &str = "[transforms.who]\ntype = 'track'\ninputs = ['people']\n";
const LAST: &str = "[transforms.last]\ntype = 'zones'\ninputs = ['who']\n";
const ZONE: &str = "name = 'z'\npolygon = [[0, 0], [1, 0], [1, 1]]\n";

#[test]
fn zones_want_a_track_before_them() {
    let zone = format!("[[transforms.last.zones]]\n{ZONE}");
    assert_eq!(said(&format!("{TRACK}{LAST}{zone}")), []);
    let untracked = LAST.replace("who", "people");
    once(
        &format!("{untracked}{zone}"),
        "'people'",
        "`zones` takes objects and `track` events, but `people` makes objects",
        "put a `track` between `people` and `last`",
    );
    let beside = format!(
        "{TRACK}{}{zone}",
        LAST.replace("['who']", "['who', 'people']")
    );
    once(
        &beside,
        "'people'",
        "but `people` makes",
        "take `who` as input instead",
    );
    // What passes both on is as good.
    let filtered = "[transforms.few]\ntype = 'filter'\ninputs = ['who']\n";
    let behind = LAST.replace("who", "few");
    assert_eq!(said(&format!("{TRACK}{filtered}{behind}{zone}")), []);
}

#[test]
fn a_wrong_zone_is_shown_where_it_stands() {
    let base = format!("{TRACK}{LAST}");
    let good = format!("[[transforms.last.zones]]\n{ZONE}");
    let with = |line: &str| format!("{base}{good}[[transforms.last.zones]]\n{}", line);
    let crossed = "name = 'y'\npolygon = [[0, 0], [1, 1], [1, 0], [0, 1]]\n";
    once(
        &with(crossed),
        "[[0, 0], [1, 1], [1, 0], [0, 1]]",
        "its side from",
        "in the order",
    );
    let again = "name = 'z'\npolygon = [[0, 0], [1, 0], [1, 1]]\n";
    once(
        &with(again),
        "'z'",
        "there is another `z`",
        "one of its own",
    );
    let unknown = "name = 'y'\npolygon = [[0, 0], [1, 0], [1, 1]]\nlabel = ['person']\n";
    once(&with(unknown), "label", "label", "labels");
    let elsewhere = "name = 'y'\npolygon = [[0, 0], [1, 0], [1, 1]]\nsources = ['cam', 'came']\n";
    once(
        &with(elsewhere),
        "'came'",
        "`last` sees nothing of a source `came`",
        "did you mean `cam`?",
    );
    once(
        &base,
        "last",
        "there is no zone and no line",
        "[[transforms.NAME.zones]]",
    );
}

#[test]
fn a_label_that_no_detector_before_a_node_has_is_told() {
    let base = format!("{TRACK}{LAST}[[transforms.last.zones]]\n{ZONE}");
    let unknown = format!("{base}labels = ['car', 'persn']\n");
    let never = "what `last` is given is never called `persn`";
    once(&unknown, "'persn'", never, "did you mean `person`?");
    assert_eq!(said(&format!("{base}labels = ['car']\n")), []);
    // Through others that only pass objects on, and of those alone that are reported.
    let few = "[transforms.few]\ntype = 'filter'\ninputs = ['who']\n";
    let drawn = "[transforms.last]\ntype = 'redact'\ninputs = ['few']\nlabels = ['face']\n\
                 [sinks.s]\ntype = 'snapshot'\nfolder = 's'\ninputs = ['last']\n";
    let drawn = format!("{TRACK}{few}{drawn}");
    let told = said(&drawn);
    let of = |it: &&(String, String, String)| it.1.contains("is never called `face`");
    assert_eq!(told.iter().filter(of).count(), 1, "{told:?}");
    // Of a model whose names stand in its file nothing is known here.
    let own = base.replace("['who']", "['mine']")
        + "labels = ['owl']\n[transforms.mine]\ntype = 'track'\ninputs = ['find']\n\
           [transforms.find]\ntype = 'detect'\nmodel = './own.onnx'\nsha256 = 'SUM'\ninputs = ['cam']\n";
    let own = own.replace("SUM", &"0".repeat(64)).replace(TRACK, "")
        + "[sinks.p]\ntype = 'console'\ninputs = ['people']\n";
    let told = said(&own);
    assert_eq!(told, []);
}

fn frame(seq: u64, at: f64, boxes: &[[f32; 4]]) -> Packet {
    let found = boxes.iter().map(|bounds| Object {
        label: "person".into(),
        score: 0.9,
        bounds: *bounds,
        more: None,
    });
    Packet::from(Arc::new(Objects {
        source: "cam".into(),
        seq,
        at: Time::from_secs_f64(at),
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

#[test]
fn a_filter_behind_zones_goes_by_who_is_where() {
    let node = |name| nodes::find(name).expect("it is there");
    // The second of two stands in the zone, from the third frame on.
    let frames = (0..5).map(|it| {
        let x = if it < 2 { 100.0 } else { 900.0 };
        frame(
            it,
            it as f64,
            &[[100.0, 100.0, 90.0, 270.0], [x, 400.0, 90.0, 270.0]],
        )
    });
    let tracked = drive(node("track"), "lost_ms = 3000", frames).expect("it runs");
    let zone =
        "zones = [{ name = 'porch', polygon = [[0.6, 0], [1, 0], [1, 1], [0.6, 1]], min_ms = 0 }]";
    let placed = drive(node("zones"), zone, tracked).expect("it runs");
    let when = "when = \"kind == 'objects' && objects.exists(it, 'porch' in it.zones)\"";
    let passed = drive(node("filter"), when, placed).expect("it runs");
    let times: Vec<f64> = passed.iter().map(|it| it.at().as_secs_f64()).collect();
    assert_eq!(times, [3.0, 4.0]);
}

/// Two people who walk through the frame from its sides and meet in its middle, where one hides the other. Boxes tremble.
fn meeting(rate: f64, seed: u64) -> Vec<Packet> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut frames = Vec::new();
    for seq in 0..(18.0 * rate) as u64 {
        let at = seq as f64 / rate;
        let near = [60.0 + 80.0 * at as f32, 200.0, 90.0, 270.0];
        let far = [1120.0 - 80.0 * at as f32, 190.0, 80.0, 240.0];
        let is_hidden = (near[0] - far[0]).abs() < 40.0;
        let mut boxes = Vec::new();
        for bounds in [near, far].into_iter().take(if is_hidden { 1 } else { 2 }) {
            let mut tremble = || (random.f32() - 0.5) * 8.0;
            if bounds[0] > 0.0 && bounds[0] + bounds[2] < 1280.0 {
                boxes.push(bounds.map(|it| it + tremble()));
            }
        }
        frames.push(frame(seq, at, &boxes));
    }
    frames
}

#[test]
fn two_who_meet_behind_a_tracker_are_counted_once_each() {
    let node = |name| nodes::find(name).expect("it is there");
    let options = "zones = [{ name = 'middle', polygon = [[0.2, 0], [0.8, 0], [0.8, 1], [0.2, 1]] }]\n\
                   lines = [{ name = 'line', from = [0.4, 1], to = [0.4, 0] }]";
    let expect = [
        r#""cross","left","count":1"#,
        r#""cross","right","count":1"#,
        r#""enter","count":1"#,
        r#""enter","count":2"#,
        r#""exit","left","count":0"#,
        r#""exit","left","count":1"#,
    ];
    for rate in [1.0, 2.0, 5.0, 15.0] {
        for seed in 0..10 {
            let tracked = drive(node("track"), "lost_ms = 3000", meeting(rate, seed));
            let placed = drive(node("zones"), options, tracked.expect("it runs"));
            let mut told: Vec<String> = Vec::new();
            for packet in placed.expect("it runs") {
                let Packet::Event(event) = packet else {
                    continue;
                };
                let json: serde_json::Value = serde_json::from_str(&event.to_json()).expect("JSON");
                let way = json.get("direction").or(json.get("reason"));
                let way = way.map(|it| format!("{it},")).unwrap_or_default();
                told.push(format!(
                    "{},{way}\"count\":{}",
                    json["action"], json["count"]
                ));
            }
            told.sort();
            assert_eq!(told, expect, "{rate} frames a second, seed {seed}");
        }
    }
}

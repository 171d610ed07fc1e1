//! Visits as `track` tells them, sights without numbers, and what is in the files.

use std::fs;
use std::path::Path;

use image::RgbImage;
use jiff::Timestamp;

use super::*;
use crate::inference::store::sum;
use crate::media::events;
use crate::media::frame::{Frame, PixelFormat};
use crate::media::objects::{More, Object};
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::sink;
use crate::pipeline::contract::testing::{context, drive};

const GREEN: [u8; 3] = [0, 200, 0];

/// A person of this height at this second, with a number or without.
fn person(second: f64, height: f32, id: Option<u64>) -> Arc<Objects> {
    sight(second, [320, 240], [("person", height, id)])
}

/// Objects side by side in a green frame of this size, blue first.
fn sight<const N: usize>(
    second: f64,
    size: [u32; 2],
    found: [(&str, f32, Option<u64>); N],
) -> Arc<Objects> {
    let mut frame = Frame::empty();
    let at = Time::from_secs_f64(second);
    (frame.source, frame.at) = ("cam".into(), at);
    let pixels = frame.reshape(size[0], size[1], PixelFormat::Bgr8);
    pixels
        .chunks_exact_mut(3)
        .for_each(|it| it.copy_from_slice(&GREEN));
    let object = |(place, (label, height, track)): (usize, (&str, f32, Option<u64>))| {
        let more = More {
            track,
            ..More::default()
        };
        Object {
            label: label.into(),
            score: 0.8,
            bounds: [20.0 + 80.0 * place as f32, 50.0, 40.0, height],
            more: track.map(|_| Box::new(more)),
        }
    };
    Arc::new(Objects {
        complete: true,
        source: "cam".into(),
        seq: (second * 10.0) as u64,
        at,
        size,
        file: None,
        frame: Some(Arc::new(frame)),
        found: found.into_iter().enumerate().map(object).collect(),
        model: "test".into(),
        provider: "cpu".into(),
        areas: Arc::default(),
    })
}

fn left(second: f64, id: u64) -> Packet {
    let track = events::Track {
        phase: Step::End,
        id,
        label: "person".into(),
        score: 0.8,
        bounds: [0.0; 4],
        start: 0.0,
        end: second,
        frames: 2,
        best: None,
    };
    let at = Time::from_secs_f64(second);
    context().event(&Arc::from("cam"), at, None, track).into()
}

fn rules(after: f64, every: f64) -> Rules {
    Rules {
        labels: Vec::new(),
        score: 0.0,
        after: Duration::from_secs_f64(after),
        every: Duration::from_secs_f64(every),
    }
}

/// Seconds and numbers of the pictures that are due.
fn due(visits: &mut Visits, rules: &Rules) -> Vec<(f64, Option<u64>)> {
    let mut all = Vec::new();
    while let Some(shot) = visits.due(rules) {
        all.push((shot.sight.objects.at.as_secs_f64(), shot.id));
        visits.wrote(&shot, Timestamp::UNIX_EPOCH);
    }
    all
}

#[test]
fn a_visit_has_its_best_picture_so_far_and_a_better_one_at_its_end() {
    let (mut visits, rules) = (Visits::default(), rules(3.0, 10.0));
    let cam = Arc::from("cam");
    for (second, height, expected) in [
        (1.0, 50.0, vec![]),
        (2.0, 90.0, vec![]),
        (3.0, 60.0, vec![]),
        (4.0, 70.0, vec![(2.0, Some(7))]),
        (5.0, 80.0, vec![]),
        (6.0, 120.0, vec![]),
        (7.0, 119.0, vec![]),
    ] {
        visits.see(&person(second, height, Some(7)), &rules);
        assert_eq!(due(&mut visits, &rules), expected, "at {second} s");
    }
    visits.leave(&cam, 7);
    assert_eq!(due(&mut visits, &rules), [(6.0, Some(7))]);
    // What was on its way is no second visit.
    visits.see(&person(7.5, 200.0, Some(7)), &rules);
    visits.pass(Time::END);
    assert_eq!(due(&mut visits, &rules), []);
}

#[test]
fn where_somebody_follows_what_has_no_number_is_no_picture() {
    let (mut visits, rules) = (Visits::default(), rules(0.0, 1.0));
    visits.see(&person(0.0, 99.0, None), &rules);
    visits.see(&person(1.9, 99.0, None), &rules);
    visits.see(&person(2.1, 50.0, Some(1)), &rules);
    visits.see(&person(9.0, 99.0, None), &rules);
    visits.pass(Time::END);
    assert_eq!(due(&mut visits, &rules), [(2.1, Some(1))]);
}

#[test]
fn where_nobody_follows_there_is_a_picture_and_then_none_for_a_while() {
    let (mut visits, rules) = (Visits::default(), rules(0.0, 10.0));
    let mut written = Vec::new();
    for second in 0..25 {
        visits.see(&person(f64::from(second), 50.0, None), &rules);
        written.extend(due(&mut visits, &rules));
    }
    assert_eq!(written, [(0.0, None), (10.0, None), (20.0, None)]);
    // A single still is over before anything shows.
    let mut visits = Visits::default();
    visits.see(&person(0.0, 50.0, None), &rules);
    assert_eq!(due(&mut visits, &rules), []);
    visits.pass(Time::END);
    assert_eq!(due(&mut visits, &rules), [(0.0, None)]);
}

#[test]
fn only_what_is_wanted_and_lies_within_the_frame_has_a_picture() {
    let mut visits = Visits::default();
    let mut rules = rules(0.0, 0.0);
    rules.labels = vec!["person".to_owned()];
    let both = sight(
        0.0,
        [320, 240],
        [("dog", 90.0, Some(1)), ("person", 90.0, Some(2))],
    );
    visits.see(&both, &rules);
    assert_eq!(due(&mut visits, &rules), [(0.0, Some(2))]);
    visits.see(&sight(1.0, [80, 40], [("person", 90.0, Some(3))]), &rules);
    rules.score = 0.9;
    visits.see(&person(1.0, 90.0, Some(4)), &rules);
    assert_eq!(due(&mut visits, &rules), []);
}

#[test]
fn frames_that_find_no_room_are_counted_and_a_frame_of_several_counts_once() {
    let (mut visits, rules) = (Visits::default(), rules(60.0, 60.0));
    let large = [4096, 2048];
    let both = [("person", 50.0, Some(1)), ("person", 50.0, Some(2))];
    for second in 0..3 {
        visits.see(&sight(f64::from(second), large, both), &rules);
    }
    // Better ones take the place of the ones before.
    let better = both.map(|(label, height, id)| (label, 2.0 * height, id));
    visits.see(&sight(3.0, large, better), &rules);
    assert_eq!(visits.left_out().told(), None);
    for id in 3..6 {
        visits.see(&sight(4.0, large, [("person", 50.0, Some(id))]), &rules);
    }
    assert_eq!(visits.left_out().told().as_deref(), Some("2 sights"));
    visits.pass(Time::END);
    let all: Vec<_> = due(&mut visits, &rules).iter().map(|it| it.1).collect();
    assert_eq!(all, [Some(1), Some(2), Some(3)]);
}

/// Names and pictures in a folder.
fn pictures(folder: &Path) -> Vec<(String, RgbImage)> {
    let entries = fs::read_dir(folder).expect("it is there").flatten();
    let picture = |it: fs::DirEntry| {
        let picture = image::open(it.path()).expect("it is whole").to_rgb8();
        (it.file_name().into_string().expect("plain"), picture)
    };
    let mut all: Vec<_> = entries.map(picture).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn is_near(pixel: [u8; 3], other: [u8; 3]) -> bool {
    pixel.iter().zip(other).all(|(a, b)| a.abs_diff(b) < 40)
}

#[test]
fn pictures_are_scaled_cut_and_drawn_into_and_the_frame_is_not() {
    let scratch = tempfile::tempdir().expect("a directory");
    let folder = scratch.path().display();
    let objects = person(1.0, 100.0, Some(17));
    let inputs = [Packet::Objects(Arc::clone(&objects)), left(1.0, 17)];
    let options =
        format!("folder = '{folder}'\nshow = 'both'\nmax_width = 160\nmargin = 0.5\nafter_ms = 0");
    drive(&sink::<Snapshot>(), &options, inputs).expect("it is writable");
    let all = pictures(scratch.path());
    let names: Vec<&str> = all.iter().map(|it| &it.0[24..]).collect();
    assert_eq!(names, ["_cam_person_17.jpg", "_cam_person_17_crop.jpg"]);
    let (whole, crop) = (&all[0].1, &all[1].1);
    assert_eq!(
        (whole.dimensions(), crop.dimensions()),
        ((160, 120), (80, 200))
    );
    // The box is `[20, 50, 40, 100]` of 320 x 240: half as large in the one, from 0,0 on in the other.
    let at = |picture: &RgbImage, x, y| picture.get_pixel(x, y).0;
    assert!(!is_near(at(whole, 10, 50), GREEN) && !is_near(at(whole, 29, 60), GREEN));
    assert!(is_near(at(whole, 20, 50), GREEN) && is_near(at(whole, 100, 100), GREEN));
    assert!(!is_near(at(crop, 20, 100), GREEN) && is_near(at(crop, 40, 100), GREEN));
    let frame = objects.frame.as_ref().expect("it is there");
    assert!(frame.pixels.chunks_exact(3).all(|it| *it == GREEN));
}

#[test]
fn colours_stay_what_they_are() {
    let scratch = tempfile::tempdir().expect("a directory");
    let mut objects = (*person(1.0, 100.0, None)).clone();
    let mut frame = Frame::empty();
    let blue = [255, 0, 0];
    let pixels = frame.reshape(320, 240, PixelFormat::Bgr8);
    pixels
        .chunks_exact_mut(3)
        .for_each(|it| it.copy_from_slice(&blue));
    objects.frame = Some(Arc::new(frame));
    let options = format!(
        "folder = '{}'\nboxes = false\nquality = 95",
        scratch.path().display()
    );
    let inputs = [Packet::Objects(Arc::new(objects))];
    drive(&sink::<Snapshot>(), &options, inputs).expect("it is writable");
    let all = pictures(scratch.path());
    assert_eq!(all[0].1.dimensions(), (320, 240));
    assert!(all[0].1.pixels().all(|it| is_near(it.0, [0, 0, 255])));
    let told: Timestamp = name::time(&all[0].0, "jpg").expect("it is ours");
    assert!(Timestamp::now().duration_since(told).as_secs() < 60);
}

#[test]
fn a_picture_that_cannot_be_written_is_still_due() {
    let scratch = tempfile::tempdir().expect("a directory");
    let folder = scratch.path().join("pictures");
    let context = context();
    let config = format!(
        "folder = '{}'\nafter_ms = 0\nmin_free_mb = 0",
        folder.display()
    );
    let config: Config = toml::from_str(&config).expect("it is right");
    let mut node = Snapshot::open(&config, &context).expect("it is writable");
    fs::remove_dir(&folder).expect("it is empty");
    fs::write(&folder, "").expect("room");
    let seen = || Seen::Objects(person(1.0, 100.0, Some(3)));
    let mut made = Vec::new();
    let mut sink = |packet: Packet| made.push(packet);
    let mut out = Emit::new(&context, &mut sink);
    let error = node
        .write(seen(), &mut out.only())
        .expect_err("it is a file");
    assert!(error.to_string().contains("_cam_person_3.jpg"), "{error}");
    let error = Snapshot::open(&config, &context)
        .err()
        .expect("it is a file");
    assert!(error.to_string().contains("choose a `folder`"), "{error}");
    // The next instance is given the same again.
    fs::remove_file(&folder).expect("it is there");
    let mut node = Snapshot::open(&config, &context).expect("it is writable");
    node.write(seen(), &mut out.only()).expect("it is writable");
    node.pass(Time::END, &mut out.only())
        .expect("it is writable");
    let [(name, _)] = &pictures(&folder)[..] else {
        panic!("one picture")
    };
    let [Packet::Event(event)] = &made[..] else {
        panic!("one event")
    };
    let events::Body::Saved(saved) = &event.body else {
        panic!("of a file")
    };
    assert_eq!(
        (Path::new(&saved.path), saved.track),
        (&*folder.join(name), Some(3))
    );
    assert_eq!(
        saved.sha256,
        sum::sum(&fs::read(&saved.path).expect("it is there"))
    );
}

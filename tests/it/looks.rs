//! Pictures in which nobody is to be recognised: what leaves `redact`, and what does not.

use std::time::Duration;

use serde_json::Value;

use crate::bad_input::refused;
use crate::eyes::named;
use crate::live_camera::fetch;
use crate::samples::{constant_model, picture, stubborn_model, sum};
use crate::scratch::{Ended, Running, Scratch, has_opencv, shared, skipped, wait_for};

const NO_ONNX_RUNTIME: &str = "there is no ONNX Runtime";
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_camera_is_not_wired_into_it() {
    refused(
        "sources.cam = { type = 'camera', uri = 'picture.bmp' }
         transforms.calm = { type = 'redact', inputs = ['cam'] }
         transforms.moves = { type = 'motion', inputs = ['calm'] }
         sinks.log = { type = 'console', inputs = ['moves'] }",
        "`redact` takes objects and `track` events, but `cam` makes frames … pipeline.toml:2:57 … put a `detect` between `cam` and `calm`",
    );
    refused(
        "sources.cam = { type = 'camera', uri = 'picture.bmp' }
         transforms.calm = { type = 'redact', inputs = ['cam'], masks = [[[0, 0], [1, 0], [0, 7]]] }
         sinks.log = { type = 'console', inputs = ['calm'] }",
        "[0.0, 7.0] lies outside the frame … pipeline.toml:2",
    );
}

fn events(scratch: &Scratch, node: &str) -> Vec<Value> {
    let events = scratch.events("log.jsonl").into_iter();
    events.filter(|it| it["node"] == node).collect()
}

fn boxes(event: &Value) -> Vec<[f64; 4]> {
    let objects = event["objects"].as_array().expect("a list");
    let side = |it: &Value, at: usize| it["box"][at].as_f64().expect("a number");
    let of = |it: &Value| std::array::from_fn(|at| side(it, at));
    objects.iter().map(of).collect()
}

/// Whether the middle of a box lies in another.
fn lies_in(one: &[f64; 4], other: &[f64; 4]) -> bool {
    (0..2).all(|at| {
        let middle = one[at] + one[at + 2] / 2.0 - other[at];
        (0.0..other[at + 2]).contains(&middle)
    })
}

#[test]
fn faces_that_were_found_are_not_found_again() {
    let Some(shared) = shared() else { return };
    if !has_opencv() {
        return skipped("there is no libotus_opencv.so");
    }
    let scratch = Scratch::new();
    let people = [
        "media/dusty_peds_0.jpg",
        "data/people/train/18f_bechdel_team.jpg",
        "data/people/train/gmdcsa_S1ADL16_f0010.jpg",
        "data/people/train/intel_head-pose-face-detection-female_f0005.jpg",
    ];
    for (at, name) in people.iter().enumerate() {
        let bytes = std::fs::read(shared.join(name)).expect("it is there");
        scratch.write(&format!("p{at}.jpg"), bytes);
    }
    let model = named(&shared.join("models/yunet_n_dynamic.onnx"));
    let detect = format!("type = 'detect'\n{model}score = 0.3\n");
    let pipeline = format!(
        "[sources.cam]\ntype = 'camera'\nuri = 'p*.jpg'\n\
         [transforms.faces]\n{detect}inputs = ['cam']\n\
         [transforms.calm]\ntype = 'redact'\ninputs = ['faces']\n\
         [transforms.again]\n{detect}inputs = ['calm']\n\
         [sinks.log]\ntype = 'jsonl'\npath = 'log.jsonl'\ninputs = ['faces', 'again']\n\
         [runtime]\nprivacy = 'required'\n"
    );
    let ended = scratch.run(&pipeline, &[]);
    if ended.stderr.contains(NO_ONNX_RUNTIME) {
        return skipped(NO_ONNX_RUNTIME);
    }
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (found, again) = (events(&scratch, "faces"), events(&scratch, "again"));
    assert_eq!(found.len(), people.len());
    let faces: usize = found.iter().map(|it| boxes(it).len()).sum();
    assert!(faces > 40, "{faces}");
    for event in &again {
        let before = found.iter().find(|it| it["seq"] == event["seq"]);
        let before = boxes(before.expect("its frame"));
        for face in boxes(event) {
            assert!(!before.iter().any(|it| lies_in(&face, it)), "{face:?}");
        }
    }
}

/// How many frames a node has made.
fn made(ended: &Ended, id: &str) -> u64 {
    let said: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
    let nodes = said["pipeline"]["nodes"].as_array().expect("a list");
    let node = nodes.iter().find(|it| it["id"] == id).expect("it is there");
    node["made"]["frame"].as_u64().unwrap_or_default()
}

#[test]
fn of_a_detector_that_fails_nothing_comes_out() {
    let scratch = Scratch::new();
    (0..3).for_each(|at| drop(scratch.write(&format!("p{at}.bmp"), picture())));
    // No family can make anything of what it puts out.
    let model = stubborn_model([0.5, 0.5, 0.0, 0.0, 60.2, 1.0]);
    let model = named(&scratch.write("model.onnx", model));
    let pipeline = format!(
        "[sources.cam]\ntype = 'camera'\nuri = 'p*.bmp'\n\
         [transforms.faces]\ntype = 'detect'\noptional = true\n{model}inputs = ['cam']\n\
         [transforms.calm]\ntype = 'redact'\ninputs = ['faces']\n\
         [transforms.moves]\ntype = 'motion'\ninputs = ['calm']\n\
         [sinks.log]\ntype = 'jsonl'\npath = 'log.jsonl'\ninputs = ['moves', 'cam']\n"
    );
    let ended = scratch.run(&pipeline, &["--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!((made(&ended, "cam"), made(&ended, "calm")), (3, 0));
}

/// Pictures whose middle has a colour that nothing is drawn in, and what is found there.
fn bright(scratch: &Scratch) -> String {
    let is_middle = |it: u32| (24..40).contains(&it);
    for at in 0..4 {
        let picture = image::RgbImage::from_fn(64, 64, |x, y| match is_middle(x) && is_middle(y) {
            true => image::Rgb([250, 10, 250]),
            false => image::Rgb([90, 120, 200]),
        });
        picture
            .save(scratch.path(&format!("p{at}.png")))
            .expect("it can be written");
    }
    let mut found = [0.0; 120];
    found[..6].copy_from_slice(&[3.0, 3.0, 5.0, 5.0, 0.9, 0.0]);
    let model = named(&scratch.write("model.onnx", constant_model(&[1, 20, 6], &found)));
    format!(
        "[sources.cam]\ntype = 'camera'\nuri = 'p*.png'\n\
         [transforms.faces]\ntype = 'detect'\n{model}family = 'yolo-nms'\ninputs = ['cam']\n\
         [transforms.follow]\ntype = 'track'\ninputs = ['faces']\n"
    )
}

/// Whether there is anything of that colour in a folder's only picture.
fn shows_it(scratch: &Scratch, folder: &str) -> bool {
    let pictures = std::fs::read_dir(scratch.path(folder)).expect("it was made");
    let paths = pictures.flatten().map(|it| it.path());
    let jpegs = paths.filter(|it| it.extension().is_some_and(|it| it == "jpg"));
    let [path] = &jpegs.collect::<Vec<_>>()[..] else {
        panic!("{folder} holds not one picture");
    };
    let picture = image::open(path).expect("it is whole").into_rgb8();
    assert_eq!(picture.dimensions(), (64, 64));
    picture
        .pixels()
        .any(|it| it[0] > 180 && it[1] < 90 && it[2] > 180)
}

#[test]
fn what_was_covered_is_in_no_picture_that_is_kept_or_drawn_upon() {
    let scratch = Scratch::new();
    let bright = bright(&scratch);
    let pictures = "type = 'snapshot'\nshow = 'whole'\n";
    let private = format!(
        "{bright}[transforms.calm]\ntype = 'redact'\ninputs = ['follow']\n\
         [transforms.drawn]\ntype = 'annotate'\ninputs = ['calm']\n\
         [transforms.again]\ntype = 'motion'\ninputs = ['drawn']\n\
         [sinks.visits]\n{pictures}folder = 'visits'\ninputs = ['calm']\n\
         [sinks.log]\ntype = 'jsonl'\npath = 'log.jsonl'\ninputs = ['again', 'calm']\n\
         [runtime]\nprivacy = 'required'\n"
    );
    let ended = scratch.run(&private, &["--json"]);
    if ended.stderr.contains(NO_ONNX_RUNTIME) {
        return skipped(NO_ONNX_RUNTIME);
    }
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(made(&ended, "drawn"), 4);
    assert!(!shows_it(&scratch, "visits"));
    let phases: Vec<_> = events(&scratch, "follow")
        .iter()
        .map(|it| it["phase"].clone())
        .collect();
    assert_eq!(phases, ["start", "end"]);
    // And it would be seen.
    let open = format!("{bright}[sinks.open]\n{pictures}folder = 'open'\ninputs = ['follow']\n");
    let ended = scratch.run(&open, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(shows_it(&scratch, "open"));
}

/// A grey picture each second, in which nothing is found, and of which the left half is always covered.
#[test]
fn the_page_shows_no_picture_but_what_leaves_it() {
    let scratch = Scratch::new();
    (10..90).for_each(|at| drop(scratch.write(&format!("p{at}.bmp"), picture())));
    let model = constant_model(&[1, 20, 6], &[0.0; 120]);
    scratch.write("model.onnx", &model);
    let pipeline = format!(
        "[sources.cam]\ntype = 'camera'\nuri = 'p*.bmp'\npace = 'realtime'\n\
         [transforms.faces]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{}'\nfamily = 'yolo-nms'\ninputs = ['cam']\n\
         [transforms.calm]\ntype = 'redact'\ninputs = ['faces']\nmasks = [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]\n\
         [transforms.moves]\ntype = 'motion'\ninputs = ['calm']\n\
         [sinks.log]\ntype = 'jsonl'\npath = 'log.jsonl'\ninputs = ['moves']\n\
         [runtime]\nprivacy = 'required'\n[status]\nlisten = 'unix:status.socket'\n",
        sum(&model)
    );
    scratch.write("pipeline.toml", pipeline);
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let refused = wait_for("the endpoint", PATIENCE, || {
        let answer = fetch(&scratch, "/nodes/cam/frame.jpg")?;
        String::from_utf8(answer).ok()
    });
    assert!(refused.contains("none that may be shown"), "{refused}");
    let covered = wait_for("a picture", PATIENCE, || {
        let answer = fetch(&scratch, "/nodes/calm/frame.jpg")?;
        image::load_from_memory(&answer).ok()
    });
    let covered = covered.into_luma8();
    assert_eq!(covered.dimensions(), (8, 8));
    let at = |x| covered.get_pixel(x, 4).0[0];
    assert!(at(0) < 40 && at(7) > 90, "{} {}", at(0), at(7));
    running.signal(libc::SIGTERM);
    assert_eq!(running.wait().code, Some(0));
}

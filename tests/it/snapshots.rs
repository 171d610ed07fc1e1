//! Pictures that `snapshot` writes of people in a street, and of what happens to its disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use image::RgbImage;
use libc::SIGTERM;
use serde_json::Value;

use crate::bad_input::check;
use crate::faults::Disk;
use crate::live_camera::{self, Server, rig_is_here};
use crate::namespace;
use crate::samples::{stubborn_model, sum, world};
use crate::scratch::{Running, Scratch, wait_for};

const STREET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");
const PATIENCE: Duration = Duration::from_secs(60);

/// Names of the pictures in a folder; none of half ones.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|it| it.file_name().into_string().ok());
    names.filter(|it| !it.starts_with('.')).collect()
}

/// The pictures of a folder, all of which can be read.
fn pictures(folder: &Path) -> BTreeMap<String, RgbImage> {
    let read = |name: String| {
        let picture = image::open(folder.join(&name));
        let picture = picture.unwrap_or_else(|it| panic!("{name}: {it}"));
        (name, picture.to_rgb8())
    };
    names(folder).into_iter().map(read).collect()
}

/// Whether two pictures differ clearly at one place.
fn differ(one: &RgbImage, other: &RgbImage, [x, y]: [u32; 2]) -> bool {
    let (one, other) = (one.get_pixel(x, y).0, other.get_pixel(x, y).0);
    let differences = one.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)));
    differences.sum::<u32>() > 60
}

/// The share of the left line of a box that is drawn into one picture and not into the other.
fn drawn(one: &RgbImage, other: &RgbImage, bounds: &Value) -> f64 {
    let side = |at: usize| bounds[at].as_f64().expect("a number") as u32;
    let rows: Vec<u32> = (side(1)..(side(1) + side(3)).min(one.height())).collect();
    let is_drawn = |y: &&u32| differ(one, other, [side(0), **y]);
    rows.iter().filter(is_drawn).count() as f64 / rows.len() as f64
}

/// One picture of each visit, at its best moment and with its box, of the numbers and times that `track` tells.
#[test]
fn everyone_who_walks_by_is_in_one_picture_with_a_box() {
    let scratch = Scratch::new();
    let ended = scratch.run(
        &format!(
            "[sources.street]\ntype = 'camera'\nuri = '{STREET}'\nfps = 2\n\
             [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
             [transforms.visits]\ntype = 'track'\ninputs = ['people']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['visits']\npath = 'events.jsonl'\n\
             [sinks.drawn]\ntype = 'snapshot'\ninputs = ['visits']\nfolder = 'drawn'\nquality = 95\n\
             [sinks.plain]\ntype = 'snapshot'\ninputs = ['visits']\nfolder = 'plain'\nquality = 95\n\
             boxes = false\n\
             [sinks.small]\ntype = 'snapshot'\ninputs = ['visits']\nfolder = 'small'\n\
             show = 'both'\nmax_width = 96\n"
        ),
        &[],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let [drawn_in, plain] = ["drawn", "plain"].map(|it| pictures(&scratch.path(it)));
    let ends = scratch.events("events.jsonl");
    let ends: Vec<&Value> = ends.iter().filter(|it| it["phase"] == "end").collect();
    println!("{} visits, {} pictures", ends.len(), drawn_in.len());
    assert!(ends.len() > 10 && ends.len() == drawn_in.len());
    assert!(drawn_in.keys().eq(plain.keys()));
    for end in ends {
        let tail = format!("_street_person_{}.jpg", end["track"]);
        let (name, picture) = drawn_in
            .iter()
            .find(|it| it.0.ends_with(&tail))
            .expect("its picture");
        assert_eq!(picture.dimensions(), (768, 576));
        // A frame in which it may still have been a mistake has no number yet.
        if end["best"]["t"] == end["start"] {
            continue;
        }
        let share = drawn(picture, &plain[name], &end["best"]["box"]);
        assert!(share > 0.8, "{name}: {share}: {end}");
    }
    let small = pictures(&scratch.path("small"));
    let (cut, whole): (Vec<_>, Vec<_>) = small.iter().partition(|it| it.0.ends_with("_crop.jpg"));
    assert!(cut.len() == plain.len() && whole.len() == plain.len());
    assert!(whole.iter().all(|it| it.1.dimensions() == (96, 72)));
    assert!(
        cut.iter()
            .all(|it| it.1.width() <= 96 && it.1.height() > it.1.width())
    );
}

/// The street in real time, and a detector that always finds the same.
fn stubborn(scratch: &Scratch, options: &str) -> String {
    let model = stubborn_model([0.25, 0.5, 0.5_f32.ln(), 0.0, 1.0, 1.0]);
    let sum = sum(&model);
    scratch.write("model.onnx", model);
    format!(
        "[sources.street]\ntype = 'camera'\nuri = '{STREET}'\npace = 'realtime'\n\
         [transforms.see]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{sum}'\ninputs = ['street']\n\
         [sinks.pictures]\ntype = 'snapshot'\ninputs = ['see']\nfolder = 'pictures'\n{options}"
    )
}

/// F9, F10: the disk fills up and has room again; meanwhile the camera is looked at.
#[test]
fn a_full_disk_stops_pictures_and_nothing_else() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let Some(_disk) = Disk::mount(scratch.path("disk")) else {
        return;
    };
    let server = Server::start("0", &[]);
    let text = stubborn(
        &scratch,
        "every_ms = 500\nmin_free_mb = 0\nkeep_mb = 1\nmax_width = 160\n",
    );
    let text = text
        .replace(STREET, &server.uri)
        .replace("pace = 'realtime'\n", "");
    let text = text.replace("'pictures'\n", "'disk/pictures'\n")
        + "[sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'events.jsonl'\n";
    let running = live_camera::start(&scratch, &text, &[]);
    let folder = scratch.path("disk/pictures");
    let more = || {
        let before = names(&folder).len();
        wait_for("pictures", PATIENCE, || {
            (names(&folder).len() > before + 1).then_some(())
        });
    };
    more();
    let filler = scratch.path("disk/filler");
    let _ = fs::write(&filler, vec![0; 256 * 1024]);
    wait_for("a sink that tries again", PATIENCE, || {
        let state = live_camera::node(&scratch, "pictures")?["state"].clone();
        (state == "retrying").then_some(())
    });
    let seen = || scratch.events("events.jsonl").len();
    let before = seen();
    wait_for("events", PATIENCE, || (seen() > before + 10).then_some(()));
    fs::remove_file(&filler).expect("it is there");
    more();
    running.signal(SIGTERM);
    let ended = running.wait();
    let log = live_camera::log(&scratch);
    assert_eq!(ended.code, Some(0), "{log}");
    let warned = log
        .lines()
        .filter(|it| it.contains("WARN") && it.contains("No space left"));
    assert_eq!(warned.count(), 1, "{log}");
    pictures(&folder);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let scratch = world();
    let pipeline = |folder: &str| {
        format!(
            "[sources.pic]\ntype = 'camera'\nuri = 'picture.bmp'\n\
             [transforms.people]\ntype = 'detect'\ninputs = ['pic']\nmodel = 'otus-person'\n\
             [sinks.shots]\ntype = 'snapshot'\nfolder = '{folder}'\ninputs = ['people']\n\
             [status]\nlisten = 'off'\n"
        )
    };
    scratch.write("pipeline.toml", pipeline("text.png/shots"));
    let ended = Running::start(scratch.otus(&["check", "pipeline.toml"])).wait();
    let said = "text.png is no folder … pipeline.toml:10:10 … name a folder";
    check(&ended, 0, said);
    scratch.write("pipeline.toml", pipeline("shots"));
    let otus = scratch.otus(&["run", "pipeline.toml", "--for", "1s"]);
    let Some(ended) = namespace::run(&namespace::read_only(), false, &otus) else {
        return;
    };
    check(
        &ended,
        1,
        "shots: Read-only file system … choose a `folder` elsewhere, such as a tmpfs",
    );
    let nowhere = pipeline("/proc/shots");
    let ended = scratch.run(&nowhere.replace("[status]\nlisten = 'off'\n", ""), &[]);
    check(
        &ended,
        1,
        "cannot write /proc/shots: … choose a `folder` that this user can write to",
    );
}

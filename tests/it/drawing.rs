//! Zones, lines and masks that a person draws on the page's picture, in a real Chromium, and what comes of them.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::browser::{CHROMIUM, Tab};
use crate::samples::{constant_model, sum};
use crate::scratch::{Running, Scratch, skipped, wait_for};
use crate::status::{free_port, get};

const PATIENCE: Duration = Duration::from_secs(60);

/// A picture each second in which the same is found.
pub fn pipeline(scratch: &Scratch) -> String {
    let picture =
        image::RgbImage::from_fn(640, 360, |x, y| image::Rgb([(x / 4) as u8, 120, y as u8]));
    picture
        .save(scratch.path("p10.png"))
        .expect("it can be written");
    for at in 11..90 {
        std::fs::hard_link(scratch.path("p10.png"), scratch.path(&format!("p{at}.png")))
            .expect("it can be linked");
    }
    let mut found = [0.0; 120];
    found[..6].copy_from_slice(&[1.0, 2.0, 4.0, 5.0, 0.9, 0.0]);
    let model = constant_model(&[1, 20, 6], &found);
    scratch.write("model.onnx", &model);
    format!(
        "[sources.cam]\ntype = 'camera'\nuri = 'p*.png'\npace = 'realtime'\n\
         [transforms.find]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{}'\nfamily = 'yolo-nms'\ninputs = ['cam']\n\
         [transforms.follow]\ntype = 'track'\ninputs = ['find']\n\
         [sinks.log]\ntype = 'jsonl'\npath = 'log.jsonl'\ninputs = ['find', 'places']\n",
        sum(&model)
    )
}

const PLACES: &str = "[transforms.places]\ntype = 'zones'\ninputs = ['follow']\n\
    zones = [{ name = 'porch', polygon = [[0.6, 0.2], [0.9, 0.2], [0.9, 0.8], [0.6, 0.8]] }]\n\
    lines = [{ name = 'gate', from = [0.5, 1], to = [0.5, 0.25] }]\n";

/// Clicks at a place of the picture, in parts of it.
fn click(tab: &mut Tab, x: f64, y: f64) {
    let room = tab.evaluate(
        "(it => [it.left, it.top, it.width, it.height])(document.querySelector('.over').getBoundingClientRect())",
    );
    let side = |at: usize| room[at].as_f64().expect("a number");
    let (x, y) = (side(0) + x * side(2), side(1) + y * side(3));
    for kind in ["mousePressed", "mouseReleased"] {
        tab.call(
            "Input.dispatchMouseEvent",
            json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 }),
        );
    }
}

fn press(tab: &mut Tab, key: &str, times: usize) {
    for kind in ["keyDown", "keyUp"].repeat(times) {
        let key = json!({ "type": kind, "key": key, "code": key });
        tab.call("Input.dispatchKeyEvent", key);
    }
}

fn text(tab: &mut Tab, of: &str) -> String {
    let said = tab.evaluate(of);
    said.as_str().unwrap_or_default().to_owned()
}

/// What can be copied; and the same with places to two digits, as a mouse is at whole pixels.
fn copied(tab: &mut Tab) -> (String, String) {
    let copied = text(tab, "document.querySelector('textarea').value");
    let round = "document.querySelector('textarea').value.replace(/0\\.[0-9]+/g, it => Number(Number(it).toFixed(2)))";
    (copied, text(tab, round))
}

fn open(tab: &mut Tab, port: u16) {
    tab.resize(1280, 900);
    let address = json!({ "url": format!("http://127.0.0.1:{port}/") });
    wait_for("a picture to draw on", PATIENCE, || {
        tab.call("Page.navigate", address.clone());
        std::thread::sleep(Duration::from_millis(700));
        let is_there =
            "!!document.querySelector('.open') && document.querySelector('canvas').height === 360";
        (tab.evaluate(is_there) == true).then_some(())
    });
    tab.evaluate("document.querySelector('.open').scrollIntoView({ block: 'end' })");
}

#[test]
fn what_is_drawn_on_a_picture_is_taken_as_it_is_copied() {
    if !Path::new(CHROMIUM).exists() {
        return skipped("there is no Chromium (Debian's package `chromium`)");
    }
    let scratch = Scratch::new();
    let base = pipeline(&scratch);
    let port = free_port();
    let listen = format!("[status]\nlisten = '127.0.0.1:{port}'\n");
    scratch.write("pipeline.toml", format!("{base}{PLACES}{listen}"));
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let mut tab = Tab::open();
    open(&mut tab, port);
    // What there is already.
    wait_for("the zone that there is", PATIENCE, || {
        let said = text(&mut tab, "document.querySelector('.over').textContent");
        (said == "porch · 0rightgate · 0 left, 0 right").then_some(())
    });
    let drawn = text(
        &mut tab,
        "document.querySelector('.over polygon').getAttribute('points')",
    );
    assert_eq!(drawn, "384,72 576,72 576,288 384,288");

    // A zone by mouse, whose second corner is taken back, and whose last click closes it; then one by keys.
    tab.evaluate("document.querySelector('.open').click()");
    for (x, y) in [(0.1, 0.2), (0.9, 0.9)] {
        click(&mut tab, x, y);
    }
    press(&mut tab, "Backspace", 1);
    for (x, y) in [(0.4, 0.2), (0.4, 0.997), (0.1, 0.8), (0.101, 0.201)] {
        click(&mut tab, x, y);
    }
    tab.evaluate("document.querySelector('[value=line]').click()");
    tab.evaluate("document.querySelector('.over').focus()");
    press(&mut tab, "ArrowRight", 10);
    press(&mut tab, "Enter", 1);
    press(&mut tab, "ArrowDown", 30);
    press(&mut tab, " ", 1);
    tab.evaluate(
        "document.querySelector('.name input').value = 'side \"door\"'; document.querySelector('.name input').oninput()",
    );
    let (copied, rounded) = copied(&mut tab);
    assert_eq!(
        rounded,
        "[[transforms.places.zones]]\nname = \"zone1\"\npolygon = [[0.1, 0.2], [0.4, 0.2], [0.4, 1], [0.1, 0.8]]\n\n\
         [[transforms.places.lines]]\nname = \"side \\\"door\\\"\"\nfrom = [0.2, 0.2]\nto = [0.2, 0.5]\n"
    );
    check(
        &scratch,
        &format!("{base}[transforms.places]\ntype = 'zones'\ninputs = ['follow']\n{copied}"),
    );
    for (width, height) in [(390, 844), (1280, 900)] {
        tab.resize(width, height);
        let wide = tab.evaluate("document.documentElement.scrollWidth");
        assert!(wide.as_u64() <= Some(width.into()), "{wide} at {width}");
    }
    tab.evaluate("document.querySelector('.over').focus()");
    press(&mut tab, "Escape", 1);
    let left = "[document.querySelector('.panel').hidden, document.activeElement.className]";
    assert_eq!(tab.evaluate(left), json!([true, "open"]));

    is_counted(port);
    running.signal(libc::SIGTERM);
    assert_eq!(running.wait().code, Some(0));
}

fn is_counted(port: u16) {
    let (_, metrics) = get(&format!("http://127.0.0.1:{port}/metrics"), &[]).expect("an answer");
    for line in [
        "otus_zone_objects{node=\"places\",source=\"cam\",zone=\"porch\"} 0",
        "otus_line_crossings_total{node=\"places\",source=\"cam\",line=\"gate\",direction=\"left\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

fn check(scratch: &Scratch, pipeline: &str) {
    scratch.write("drawn.toml", pipeline);
    let output = scratch.otus(&["check", "drawn.toml"]).output();
    let output = output.expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{pipeline}\n{said}");
}

#[test]
fn where_there_are_no_zones_yet_the_node_is_written_too_and_a_mask_for_the_camera() {
    if !Path::new(CHROMIUM).exists() {
        return skipped("there is no Chromium (Debian's package `chromium`)");
    }
    let scratch = Scratch::new();
    let base = pipeline(&scratch);
    let port = free_port();
    let listen = format!("[status]\nlisten = '127.0.0.1:{port}'\n");
    let running = base.replace("'places'", "'follow'") + &listen;
    scratch.write("pipeline.toml", running);
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let mut tab = Tab::open();
    open(&mut tab, port);
    tab.evaluate("document.querySelector('.open').click()");
    let corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75)];
    corners.iter().for_each(|it| click(&mut tab, it.0, it.1));
    tab.evaluate("document.querySelector('[value=mask]').click()");
    corners.iter().for_each(|it| click(&mut tab, it.0, it.1));
    let (copied, rounded) = copied(&mut tab);
    let triangle = "[[0.25, 0.25], [0.75, 0.25], [0.75, 0.75]]";
    let parts = |it: &str| {
        let (zones, mask) = it
            .split_once("# in [sources.cam]\n")
            .expect("it says where");
        (zones.to_owned(), mask.to_owned())
    };
    let (zones, mask) = parts(&rounded);
    assert_eq!(
        zones,
        format!(
            "[transforms.places]\ntype = \"zones\"\ninputs = [\"follow\"]\n\n\
             [[transforms.places.zones]]\nname = \"zone1\"\npolygon = {triangle}\n\n"
        )
    );
    assert_eq!(mask, format!("mask = [{triangle}]\n"));
    let (zones, mask) = parts(&copied);
    let camera = "type = 'camera'\n";
    check(
        &scratch,
        &(base.replacen(camera, &format!("{camera}{mask}"), 1) + &zones),
    );
    // What is followed is told as a visit; what is not, in one line.
    wait_for("the visit", PATIENCE, || {
        let told = text(&mut tab, "document.getElementById('events').innerText");
        told.contains("1 has come").then_some(())
    });
    tab.evaluate(
        "for (let t = 0; t < 3; t++) happened({ kind: 'detection', node: 'other', source: 'yard', \
         time: '2026-01-01T00:00:00Z', t, frame: [64, 64], objects: [], says: 'car' })",
    );
    let detections = "[...document.querySelectorAll('#events li')].filter(it => /^detection/.test(it.dataset.stream))\
        .map(it => it.lastChild.textContent).join()";
    assert_eq!(text(&mut tab, detections), "yard: car × 3");
    running.signal(libc::SIGTERM);
    assert_eq!(running.wait().code, Some(0));
}

//! Parts of a camera's picture that are black before any node sees it, whatever decodes it.

use std::process::Command;
use std::sync::Arc;

use otus::media::frame::Frame;
use otus::media::kind::Lane;
use otus::media::packet::Packet;
use otus::pipeline::contract::node::{Emit, Flow};
use otus::pipeline::contract::testing::{configure, context};

use crate::bad_input::refused;
use crate::hard_cameras::snapshot_camera;
use crate::scratch::{Scratch, has_opencv};

const FEW: usize = 3;

/// Covers the left half of every picture.
const MASK: &str = "mask = [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]\nfps = 20";

/// The first frames of a camera with these options.
fn frames(options: &str) -> Vec<Arc<Frame>> {
    let camera = otus::nodes::find("camera").expect("it is always there");
    let options = format!("{options}\n{MASK}");
    let configured = configure(camera, &options).expect("the options are right");
    let context = context();
    context.wanted.set([Lane::Frame].into_iter());
    let mut node = (configured.open)(&context).expect("it opens");
    let mut frames = Vec::new();
    while frames.len() < FEW {
        let mut sink = |packet| match packet {
            Packet::Frame(frame) => frames.push(frame),
            other => panic!("{other:?}"),
        };
        match node.step(None, &mut Emit::new(&context, &mut sink)) {
            Ok(Flow::More) => {}
            Ok(Flow::Done) => break,
            Err(error) => panic!("{options}: {error}"),
        }
    }
    frames
}

#[track_caller]
fn are_covered(backend: &str, frames: &[Arc<Frame>]) {
    assert_eq!(frames.len(), FEW, "{backend}");
    for frame in frames {
        let rows = frame.pixels.chunks_exact(frame.width as usize * 3);
        for row in rows {
            let (left, right) = row.split_at(row.len() / 2);
            assert!(left.iter().all(|it| *it == 0), "{backend}: {left:?}");
            let is_bright = |it: &[u8]| it.iter().any(|it| *it > 60);
            assert!(right.chunks_exact(3).all(is_bright), "{backend}: {right:?}");
        }
    }
}

#[test]
fn a_mask_that_is_no_area_is_refused() {
    let refuse = |mask: &str, said: &str| {
        let pipeline = format!(
            "sources.cam = {{ type = 'camera', uri = 'picture.bmp', mask = {mask} }}\n\
             sinks.log = {{ type = 'console', inputs = ['cam'] }}"
        );
        refused(pipeline, said);
    };
    refuse(
        "[[[0, 0], [1, 0]]]",
        "it has 2 points … pipeline.toml:1:63 … three at least",
    );
    refuse(
        "[[[0, 0], [1, 0], [1, 1]], [[0, 0], [320, 0], [1, 1]]]",
        "[320.0, 0.0] lies outside the frame … of 640 pixels, 320 are 0.5",
    );
    refuse(
        "[[[0, 0], [1, 1], [1, 0], [0, 1]]]",
        "its side from [0.0, 0.0] to [1.0, 1.0] meets that from [1.0, 0.0] to [0.0, 1.0]",
    );
}

#[test]
fn what_a_mask_covers_is_black_whatever_decodes() {
    let scratch = Scratch::new();
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i"])
        .args(["color=white:s=98x50:r=10:d=0.5", "-c:v", "mjpeg"])
        .arg(scratch.path("film.avi"))
        .status();
    assert!(made.is_ok_and(|it| it.success()));
    for name in ["a.png", "b.png", "c.png"] {
        let picture = image::RgbImage::from_pixel(41 * 2, 30, image::Rgb([200; 3]));
        picture.save(scratch.path(name)).expect("it can be written");
    }
    let film = format!("uri = '{}'", scratch.path("film.avi").display());
    let pictures = format!("uri = '{}'", scratch.path("*.png").display());
    let pipeline = "uri = 'videotestsrc pattern=white ! video/x-raw,width=98,height=50,framerate=10/1 ! videoconvert ! appsink'\n\
        width = 98\nheight = 50";
    are_covered("pictures", &frames(&pictures));
    for backend in ["ffmpeg", "opencv"] {
        if backend == "opencv" && !has_opencv() {
            continue;
        }
        for medium in [&film, pipeline] {
            // Emulated, OpenCV has no plugins of GStreamer.
            if medium == pipeline && backend == "opencv" && cfg!(target_arch = "aarch64") {
                continue;
            }
            let options = format!("{medium}\nbackend = '{backend}'");
            are_covered(backend, &frames(&options));
        }
    }
    let (_rig, address) = snapshot_camera(&scratch, &[]);
    are_covered("snapshots", &frames(&format!("uri = '{address}'")));
}

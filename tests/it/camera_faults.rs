//! What cameras and networks do to those who watch (F1, F2): black holes, nonsense, other sizes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use libc::SIGTERM;

use crate::live_camera::{PATIENCE, Server, fetch, log, more_frames, node, rig_is_here, start};
use crate::scratch::{Scratch, wait_for};

const SECOND: Duration = Duration::from_secs(1);

/// A network between a camera and its viewers that can swallow everything.
struct Network {
    port: u16,
    swallows: Arc<AtomicBool>,
}

impl Network {
    fn to(camera: &str) -> Network {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let swallows = Arc::new(AtomicBool::new(false));
        let (camera, black_hole) = (format!("127.0.0.1:{camera}"), Arc::clone(&swallows));
        spawn(move || {
            for viewer in listener.incoming().flatten() {
                let Ok(camera) = TcpStream::connect(&camera) else {
                    continue;
                };
                let ends = (viewer.try_clone(), camera.try_clone());
                let (Ok(back), Ok(forth)) = ends else {
                    continue;
                };
                for (from, to) in [(viewer, camera), (forth, back)] {
                    let black_hole = Arc::clone(&black_hole);
                    spawn(move || forward(from, to, &black_hole));
                }
            }
        });
        Network { port, swallows }
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, black_hole: &AtomicBool) {
    let mut bytes = [0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        while black_hole.load(Relaxed) {
            sleep(Duration::from_millis(10));
        }
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

fn cameras(list: &[(&str, &str)]) -> String {
    let source =
        |(name, uri): &(&str, &str)| format!("[sources.{name}]\ntype = 'camera'\nuri = '{uri}'\n");
    let sources: String = list.iter().map(source).collect();
    let names: Vec<String> = list.iter().map(|(name, _)| format!("'{name}'")).collect();
    let names = names.join(", ");
    format!("{sources}[sinks.log]\ntype = 'jsonl'\ninputs = [{names}]\npath = 'events.jsonl'\n")
}

fn frames_of(scratch: &Scratch, name: &str) -> Option<u64> {
    node(scratch, name)?["made"]["frame"].as_u64()
}

fn more_of(scratch: &Scratch, name: &str, count: u64) {
    let before = frames_of(scratch, name).unwrap_or(0);
    wait_for("frames", PATIENCE, || {
        (frames_of(scratch, name)? >= before + count).then_some(())
    });
}

/// F1: the network swallows what one camera sends, and the connection stays.
#[test]
fn a_black_hole_is_noticed_in_five_seconds_and_other_cameras_go_on() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let server = Server::start("0", &[]);
    let network = Network::to(&server.port());
    let uri = format!("rtsp://127.0.0.1:{}/cam", network.port);
    let watch = cameras(&[("far", &uri), ("near", &server.uri)]);
    let otus = start(&scratch, &watch, &[]);
    more_of(&scratch, "far", 15);
    more_of(&scratch, "near", 15);
    network.swallows.store(true, Relaxed);
    let (lost, near) = (Instant::now(), frames_of(&scratch, "near"));
    let state = |wanted: &str| {
        let state = node(&scratch, "far")?["state"].as_str()?.to_owned();
        (state == wanted).then_some(())
    };
    wait_for("otus to notice", PATIENCE, || state("retrying"));
    let noticed = lost.elapsed();
    sleep((8 * SECOND).saturating_sub(lost.elapsed()));
    let seen = frames_of(&scratch, "near")
        .zip(near)
        .map(|(now, then)| now - then);
    let rate = seen.unwrap_or(0) as f64 / lost.elapsed().as_secs_f64();
    network.swallows.store(false, Relaxed);
    let back = Instant::now();
    more_of(&scratch, "far", 1);
    println!(
        "noticed after {noticed:.1?}; the other camera at {rate:.2} of 15 frames a second; frames again {:.1?} after the network's return",
        back.elapsed()
    );
    assert!(noticed < 6 * SECOND, "{}", log(&scratch));
    assert!((13.5..16.5).contains(&rate), "{rate}");
    assert!(back.elapsed() < 5 * SECOND, "{}", log(&scratch));
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
}

/// F2: a part of the bytes of the video is nonsense.
#[test]
fn nonsense_in_a_stream_hurts_that_camera_only() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let (broken, whole) = (
        Server::start("0", &["--garble", "0.002"]),
        Server::start("0", &[]),
    );
    let watch = cameras(&[("broken", &broken.uri), ("whole", &whole.uri)]);
    let otus = start(&scratch, &watch, &[]);
    more_of(&scratch, "whole", 15);
    let begun = Instant::now();
    more_of(&scratch, "whole", 100);
    println!(
        "100 frames of the whole one in {:.1?}; the broken one gave {:?}",
        begun.elapsed(),
        frames_of(&scratch, "broken")
    );
    otus.signal(SIGTERM);
    let ended = otus.wait();
    assert_eq!(ended.code, Some(0), "{}", log(&scratch));
    assert!(!log(&scratch).contains("panic"), "{}", log(&scratch));
    let gaps = scratch.events("events.jsonl");
    assert!(gaps.iter().all(|it| it["source"] != "whole"), "{gaps:?}");
}

/// Whether the ball in the latest picture of the camera is large, and that the picture has its size.
fn is_large(scratch: &Scratch) -> Option<bool> {
    let picture = fetch(scratch, "/nodes/cam/frame.jpg")?;
    let picture = image::load_from_memory(&picture).ok()?.into_luma8();
    assert_eq!(picture.dimensions(), (640, 360));
    let bright = picture.pixels().filter(|it| it.0[0] > 128).count();
    Some(bright as f64 / f64::from(640 * 360) > 0.008)
}

/// F2: the pictures get another size while they flow, and are put back into the first. The ball's
/// radius is 20 pixels in pictures of either size, so it is larger in those that were small.
#[test]
fn a_camera_that_changes_its_size_goes_on() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let server = Server::start("0", &["--resize", "3"]);
    let otus = start(&scratch, &cameras(&[("cam", &server.uri)]), &[]);
    more_frames(&scratch, 5);
    for wanted in [true, false, true] {
        wait_for("the other size", PATIENCE, || {
            (is_large(&scratch)? == wanted).then_some(())
        });
    }
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    assert!(!log(&scratch).contains("panic"), "{}", log(&scratch));
}

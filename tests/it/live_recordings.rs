//! Films of a live camera: whole after a kill, with a camera that goes away, on a disk that is full.

use std::fs;
use std::time::Duration;

use libc::{SIGKILL, SIGTERM};

use crate::faults::Disk;
use crate::live_camera::{self, Server, rig_is_here};
use crate::recorded::{
    PATIENCE, camera, decoded, films, log, of_kind, pictures_so_far, record, say, seconds,
};
use crate::scratch::{Running, Scratch, wait_for};
use crate::tools::{certificate, installed};

/// A kill at any time leaves films that play, and so does the next start.
#[test]
fn a_kill_leaves_films_that_play() {
    if !rig_is_here() {
        return;
    }
    let server = Server::start("0", &["--sound", "aac"]);
    let scratch = Scratch::new();
    let times = std::env::var("KILLS").map_or(3, |it| it.parse().expect("a number"));
    let pipeline = camera(&server.uri) + &record("segment_s = 2") + "[status]\nlisten = 'off'\n";
    scratch.write("pipeline.toml", pipeline);
    let folder = scratch.path("films");
    for round in 0..times {
        let before = films(&folder).len();
        let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
        wait_for("a film", PATIENCE, || {
            let films = films(&folder);
            let length = fs::metadata(films.last()?).ok()?.len();
            (films.len() > before && length > 10_000).then_some(())
        });
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..1500)));
        running.signal(SIGKILL);
        running.wait();
        let last = films(&folder).pop().expect("there is one");
        let pictures = decoded(&last, "v").len();
        assert!(pictures > 1, "{round}: {pictures}");
    }
    let running = Running::start(scratch.otus(&["run", "pipeline.toml", "--for", "4s"]));
    assert_eq!(running.wait().code, Some(0));
    let films = films(&folder);
    println!("{} films after {times} kills", films.len());
    for film in &films {
        let lasts = seconds(film, "format=duration");
        assert!(lasts > 0.1, "{}: {lasts}", film.display());
        assert!(decoded(film, "a").len() > 1, "{}", film.display());
    }
}

/// A film plays while it is written; a camera that is away ends it, and another begins when it is back. So it is with clips.
#[test]
fn a_camera_that_goes_away_leaves_two_good_films_and_a_gap() {
    if !rig_is_here() {
        return;
    }
    let server = Server::start("0", &[]);
    let port = server.port();
    let scratch = Scratch::new();
    let pipeline = camera(&server.uri).replace("\nuri", "\nstall_timeout_ms = 1000\nuri")
        + "[transforms.moves]\ntype = 'motion'\ninputs = ['cam']\n\
           [sinks.clips]\ntype = 'clip'\ninputs = ['cam', 'moves']\nfolder = 'clips'\nmin_free_mb = 0\nmax_s = 600\n"
        + &record("segment_s = 86400")
        + &log("'films', 'clips', 'cam'");
    let running = live_camera::start(&scratch, &pipeline, &[]);
    let film = wait_for("a film", PATIENCE, || films(&scratch.path("films")).pop());
    wait_for("three seconds of it", PATIENCE, || {
        (fs::metadata(&film).ok()?.len() > 60_000).then_some(())
    });
    assert!(pictures_so_far(&film) > 15, "it plays while it is written");
    drop(server);
    wait_for("the ends", PATIENCE, || {
        (of_kind(&scratch, "saved").len() >= 2).then_some(())
    });
    println!("{:?}", of_kind(&scratch, "saved"));
    let _server = Server::start(&port, &[]);
    wait_for("a second film", PATIENCE, || {
        (films(&scratch.path("films")).len() == 2 && films(&scratch.path("clips")).len() == 2)
            .then_some(())
    });
    std::thread::sleep(Duration::from_secs(2));
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", live_camera::log(&scratch));
    let saved = of_kind(&scratch, "saved");
    assert_eq!(saved.len(), 4, "{saved:?}");
    assert_eq!(of_kind(&scratch, "gap").len(), 1);
    for folder in ["films", "clips"] {
        for film in films(&scratch.path(folder)) {
            assert!(decoded(&film, "v").len() > 10, "{}", film.display());
        }
    }
}

/// The disk is full for a while: what is there stays whole, and films begin again when there is room.
#[test]
fn a_full_disk_stops_films_and_they_begin_again() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let Some(_disk) = Disk::mount(scratch.path("disk")) else {
        return;
    };
    let server = Server::start("0", &["--width", "160", "--height", "90"]);
    let pipeline = camera(&server.uri)
        + &record("segment_s = 2\nkeep_mb = 1").replace("'films'\nmin", "'disk/films'\nmin");
    let running = live_camera::start(&scratch, &pipeline, &[]);
    let folder = scratch.path("disk/films");
    let more = || {
        let before = films(&folder).len();
        wait_for("another film", PATIENCE, || {
            (films(&folder).len() > before).then_some(())
        });
    };
    more();
    let filler = scratch.path("disk/filler");
    let _ = fs::write(&filler, vec![0; 256 * 1024]);
    wait_for("a sink that tries again", PATIENCE, || {
        let state = live_camera::node(&scratch, "films")?["state"].clone();
        (state == "retrying").then_some(())
    });
    fs::remove_file(&filler).expect("it is there");
    more();
    running.signal(SIGTERM);
    assert_eq!(
        running.wait().code,
        Some(0),
        "{}",
        live_camera::log(&scratch)
    );
    let good = films(&folder);
    let whole = good
        .iter()
        .filter(|it| fs::metadata(it).is_ok_and(|it| it.len() > 0));
    let pictures: usize = whole.map(|it| decoded(it, "v").len()).sum();
    assert!(pictures > 20, "{pictures}");
}

/// Pictures and sound as cameras code them, by TLS too, are in the film as they came.
#[test]
fn whatever_a_live_camera_codes_is_recorded() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let certified = installed("openssl", "apt install openssl").is_some();
    let pem = ["cert.pem", "key.pem"].map(|it| scratch.path(it).display().to_string());
    if certified {
        certificate(&scratch, &pem[0], &pem[1]);
        let both = pem
            .clone()
            .map(|it| fs::read_to_string(it).expect("it was made"));
        scratch.write("both.pem", both.concat());
    }
    let both = scratch.path("both.pem").display().to_string();
    for (options, codecs) in [
        (vec!["--codec", "h265", "--sound", "pcma"], ["hevc", "flac"]),
        (
            vec!["--codec", "mjpeg", "--sound", "pcmu"],
            ["mjpeg", "flac"],
        ),
        (vec!["--sound", "aac", "--tls", &both], ["h264", "aac"]),
        (
            vec!["--codec", "h264-bframes", "--sound", "aac"],
            ["h264", "aac"],
        ),
    ] {
        if options.contains(&"--tls") && !certified {
            continue;
        }
        let server = Server::start("0", &options);
        let _ = fs::remove_dir_all(scratch.path("films"));
        let pipeline = camera(&server.uri) + &record("segment_s = 86400");
        let running = live_camera::start(&scratch, &pipeline, &[]);
        let film = wait_for("a film", PATIENCE, || films(&scratch.path("films")).pop());
        wait_for("pictures", PATIENCE, || {
            (pictures_so_far(&film) > 20).then_some(())
        });
        running.signal(SIGTERM);
        let ended = running.wait();
        assert_eq!(
            ended.code,
            Some(0),
            "{options:?}: {}",
            live_camera::log(&scratch)
        );
        let told = say(
            "ffprobe",
            "-of csv=p=0 -show_entries stream=codec_name",
            &film,
        );
        assert_eq!(told.lines().collect::<Vec<_>>(), codecs, "{options:?}");
        let [pictures, sounds] = ["v", "a"].map(|it| decoded(&film, it).len());
        assert!(
            pictures > 20 && sounds > 10,
            "{options:?}: {pictures}, {sounds}"
        );
        let starts =
            ["v", "a"].map(|it| seconds(&film, &format!("stream=start_time -select_streams {it}")));
        println!("{options:?}: {pictures} pictures, {sounds} pieces of sound, from {starts:?}");
        assert!(
            (starts[0] - starts[1]).abs() < 1.5,
            "{options:?}: {starts:?}"
        );
    }
}

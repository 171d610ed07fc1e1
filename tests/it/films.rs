//! Films as people have them: turned by their own metadata, of a recorder that was started anew, with uneven times. By
//! both decoders every frame comes, upright, at its own time.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::scratch::Scratch;

const STREET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");

fn ffmpeg(arguments: &str, scratch: &Scratch) {
    let words = arguments.split_whitespace().map(|word| match word {
        "STREET" => STREET,
        other => other,
    });
    let mut command = Command::new("ffmpeg");
    let made = command
        .args(["-nostdin", "-y", "-v", "error"])
        .args(words)
        .current_dir(scratch.path("."))
        .status();
    assert!(made.is_ok_and(|it| it.success()), "{arguments}");
}

/// When each frame is shown, in seconds, as ffprobe says.
fn times(film: &Path) -> Vec<f64> {
    let mut command = Command::new("ffprobe");
    let entry = "frame=best_effort_timestamp_time";
    let said = command
        .args([
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-of",
            "csv=p=0",
            "-show_entries",
            entry,
        ])
        .arg(film)
        .output()
        .expect("ffprobe is installed");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let numbers = said
        .lines()
        .filter_map(|line| line.trim_end_matches(',').parse().ok());
    numbers.collect()
}

/// What a run over a film tells: its detections and gaps.
fn seen(scratch: &Scratch, film: &str, backend: &str) -> Vec<Value> {
    let pipeline = format!(
        "[sources.film]\ntype = 'camera'\nuri = '{film}'\nbackend = '{backend}'\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\nscore = 0.05\ninputs = ['film']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people', 'film']\npath = '{backend}.jsonl'\n"
    );
    let log = format!("{backend}.jsonl");
    let _ = std::fs::remove_file(scratch.path(&log));
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{film}, {backend}: {}", ended.stderr);
    scratch.events(&log)
}

fn of<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|it| it["kind"] == kind).collect()
}

fn seconds(events: &[&Value]) -> Vec<f64> {
    events.iter().filter_map(|it| it["t"].as_f64()).collect()
}

fn close(one: &[f64], other: &[f64]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| (a - b).abs() <= 0.001)
}

/// Both decoders tell these times, about as many boxes in pictures of this size, and as many jumps.
#[track_caller]
fn both_see(scratch: &Scratch, film: &str, expected: &[f64], size: [u32; 2], jumps: usize) {
    let by = ["opencv", "ffmpeg"].map(|backend| seen(scratch, film, backend));
    for events in &by {
        let found = of(events, "detection");
        let told = seconds(&found);
        assert!(close(&told, expected), "{film}: {told:?} for {expected:?}");
        assert!(
            found
                .iter()
                .all(|it| it["frame"] == serde_json::json!(size)),
            "{film}"
        );
        assert_eq!(of(events, "gap").len(), jumps, "{film}");
    }
    let boxes = |events: &[Value]| -> usize {
        let objects = of(events, "detection")
            .into_iter()
            .map(|it| it["objects"].as_array());
        objects.map(|it| it.map_or(0, Vec::len)).sum()
    };
    // They turn colours into bytes in their own ways, by a level here and there.
    let (one, other) = (boxes(&by[0]), boxes(&by[1]));
    assert!(
        one > 0 && one.abs_diff(other) <= one / 10,
        "{film}: {one} and {other} boxes"
    );
}

#[test]
fn a_film_turned_by_its_metadata_comes_upright() {
    let scratch = Scratch::new();
    ffmpeg(
        "-i STREET -t 1 -vf transpose=2 -c:v libx264 -preset ultrafast side.mp4",
        &scratch,
    );
    for turn in [90, 270] {
        let film = format!("turned{turn}.mp4");
        ffmpeg(
            &format!("-i side.mp4 -c copy -metadata:s:v rotate={turn} {film}"),
            &scratch,
        );
        let expected = times(&scratch.path(&film));
        both_see(&scratch, &film, &expected, [768, 576], 0);
    }
}

#[test]
fn a_stream_that_begins_late_begins_at_nothing() {
    let scratch = Scratch::new();
    ffmpeg(
        "-i STREET -t 1 -c:v libx264 -preset ultrafast -output_ts_offset 90000 late.ts",
        &scratch,
    );
    let own = times(&scratch.path("late.ts"));
    let expected: Vec<f64> = own.iter().map(|it| it - own[0]).collect();
    both_see(&scratch, "late.ts", &expected, [768, 576], 0);
}

#[test]
fn recordings_in_one_file_go_on_and_the_jump_is_told() {
    let scratch = Scratch::new();
    for (from, name) in [(0, "a.ts"), (20, "b.ts")] {
        let options = "-t 1 -c:v libx264 -preset ultrafast -f mpegts";
        ffmpeg(&format!("-ss {from} -i STREET {options} {name}"), &scratch);
    }
    let parts = ["a.ts", "b.ts"].map(|it| std::fs::read(scratch.path(it)).expect("it was made"));
    scratch.write("joined.ts", parts.concat());
    let expected: Vec<f64> = (0..20).map(|it| f64::from(it) / 10.0).collect();
    both_see(&scratch, "joined.ts", &expected, [768, 576], 1);
}

#[test]
fn uneven_times_are_kept() {
    let scratch = Scratch::new();
    let uneven =
        "-i STREET -t 4 -vf select='not(mod(n\\,7))+not(mod(n\\,3))' -vsync vfr -c:v libx264";
    ffmpeg(
        &format!("{uneven} -preset ultrafast uneven.mp4").replace('\'', ""),
        &scratch,
    );
    let expected = times(&scratch.path("uneven.mp4"));
    assert!(
        expected.len() > 10 && (expected[1] - 0.3).abs() < 0.001,
        "{expected:?}"
    );
    both_see(&scratch, "uneven.mp4", &expected, [768, 576], 0);
}

#[test]
fn a_film_without_pictures_says_so() {
    let scratch = Scratch::new();
    ffmpeg("-f lavfi -i sine -t 1 -c:a aac sound.mp4", &scratch);
    for backend in ["opencv", "ffmpeg"] {
        let pipeline = format!(
            "[sources.film]\ntype = 'camera'\nuri = 'sound.mp4'\nbackend = '{backend}'\n\
             [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['film']\n\
             [sinks.log]\ntype = 'console'\ninputs = ['people']\n"
        );
        let ended = scratch.run(&pipeline, &[]);
        let complaint = "sound.mp4 is no video that FFmpeg can read";
        assert!(
            ended.code == Some(1) && ended.stderr.contains(complaint),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stderr.matches("ERROR").count(), 1, "{}", ended.stderr);
    }
}

//! Films that `record` and `clip` write: as the camera sent it, in step, and played by others.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::recorded::{
    CLAP, camera, decoded, ffmpeg, films, log, of_kind, record, say, seconds, sound,
};
use crate::samples::sum;
use crate::scratch::{Running, Scratch, most_memory};

/// Pictures that are shown in another order than they come, sound that begins before them.
#[test]
fn films_hold_what_was_sent_and_begin_by_the_clock() {
    let scratch = Scratch::new();
    let coded = format!("{CLAP} -c:v libx264 -g 25 -bf 2 -pix_fmt yuv420p -c:a aac film.mp4");
    if !ffmpeg(&coded, &scratch) {
        return;
    }
    let pipeline = camera("film.mp4") + &record("segment_s = 4") + &log("'films'");
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let films = films(&scratch.path("films"));
    let saved = of_kind(&scratch, "saved");
    assert!(
        (4..=5).contains(&films.len()) && films.len() == saved.len(),
        "{films:?}"
    );
    let original = scratch.path("film.mp4");
    let pictures: Vec<String> = films.iter().flat_map(|it| decoded(it, "v")).collect();
    assert_eq!(pictures, decoded(&original, "v"));
    for (film, saved) in films.iter().zip(&saved) {
        let content = fs::read(film).expect("it is there");
        assert_eq!(saved["sha256"], sum(&content));
        assert_eq!(saved["bytes"], content.len());
        assert_eq!(saved["path"], film.to_str().expect("a plain path"));
        let lasts =
            saved["end"].as_f64().expect("seconds") - saved["start"].as_f64().expect("seconds");
        assert!(
            (seconds(film, "format=duration") - lasts).abs() < 0.3,
            "{film:?}: {lasts}"
        );
        let mode = fs::metadata(film).expect("it is there").mode();
        assert_eq!(mode & 0o777, 0o640);
        let starts =
            ["v", "a"].map(|it| seconds(film, &format!("stream=start_time -select_streams {it}")));
        assert!((starts[0] - starts[1]).abs() < 0.1, "{starts:?}");
    }
    let begin = |it: &Value| it["start"].as_f64().expect("seconds");
    assert!(
        saved[1..saved.len() - 1]
            .windows(2)
            .all(|it| (begin(&it[1]) - begin(&it[0]) - 4.0).abs() < 0.1),
        "{saved:?}"
    );
}

#[test]
fn every_codec_of_cameras_plays_in_other_programs() {
    let scratch = Scratch::new();
    let mut coded = 0;
    for (name, codecs, tags) in [
        (
            "hevc_mulaw.mkv",
            "-c:v libx265 -x265-params log-level=error -c:a pcm_mulaw -ar 8000",
            ["hevc", "flac"],
        ),
        (
            "avc_alaw.mkv",
            "-c:v libx264 -c:a pcm_alaw -ar 8000",
            ["h264", "flac"],
        ),
        (
            "avc_opus.mkv",
            "-c:v libx264 -tune zerolatency -c:a libopus",
            ["h264", "opus"],
        ),
        ("avc_aac.ts", "-c:v libx264 -c:a aac", ["h264", "aac"]),
        (
            "avc_mp3.mkv",
            "-c:v libx264 -c:a libmp3lame",
            ["h264", "mp3"],
        ),
        (
            "jpeg_pcm.avi",
            "-c:v mjpeg -c:a pcm_s16le",
            ["mjpeg", "flac"],
        ),
    ] {
        if !ffmpeg(
            &format!("{CLAP} -pix_fmt yuv420p {codecs} {name}"),
            &scratch,
        ) {
            continue;
        }
        coded += 1;
        let _ = fs::remove_dir_all(scratch.path("films"));
        let ended = scratch.run(&(camera(name) + &record("segment_s = 86400")), &[]);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        let films = films(&scratch.path("films"));
        let [film] = &films[..] else {
            panic!("{name}: {films:?}")
        };
        let told = say(
            "ffprobe",
            "-of csv=p=0 -show_entries stream=codec_name",
            film,
        );
        assert_eq!(told.lines().collect::<Vec<_>>(), tags, "{name}");
        let original = scratch.path(name);
        assert_eq!(decoded(film, "v"), decoded(&original, "v"), "{name}");
        if tags[1] == "flac" {
            assert!(
                sound(film) == sound(&original),
                "{name}: sound without loss"
            );
        }
    }
    assert!(coded > 3, "{coded}");
}

/// The square and its tone are in one clip, in step, from two seconds before.
#[test]
fn a_clip_shows_what_has_happened_and_what_was_before() {
    let scratch = Scratch::new();
    let coded = format!(
        "{CLAP} -c:v libx264 -g 10 -bf 0 -pix_fmt yuv420p -c:a pcm_mulaw -ar 8000 film.mkv"
    );
    if !ffmpeg(&coded, &scratch) {
        return;
    }
    let pipeline = camera("film.mkv")
        + "[transforms.moves]\ntype = 'motion'\ninputs = ['cam']\nhold_ms = 500\n\
           [sinks.clips]\ntype = 'clip'\ninputs = ['cam', 'moves']\nfolder = 'clips'\nmin_free_mb = 0\n\
           pre_s = 2\npost_s = 1.5\n"
        + &log("'clips', 'moves'");
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let saved = of_kind(&scratch, "saved");
    let [saved] = &saved[..] else {
        panic!("one clip: {saved:?}")
    };
    let at = |what: &str| saved[what].as_f64().expect("seconds");
    assert!((5.9..6.5).contains(&at("subject")), "{saved}");
    assert!(
        (3.4..=4.5).contains(&at("start")) && at("subject") - at("start") >= 2.0,
        "{saved}"
    );
    let over = of_kind(&scratch, "motion").last().expect("it ended")["end"]
        .as_f64()
        .expect("seconds");
    assert!((over + 1.5 - at("end")).abs() < 0.2, "{saved} {over}");
    // Told within a second of its end.
    assert!(
        saved["t"].as_f64().expect("seconds") - at("end") < 1.0,
        "{saved}"
    );
    let film = &films(&scratch.path("clips"))[0];
    let seen = square_and_tone(film, 8_000.0);
    assert!((seen - (6.0 - at("start"))).abs() < 0.3, "{seen} {saved}");
}

/// When the square is seen in a film whose sound has so many samples a second: as good as when the tone is heard.
fn square_and_tone(film: &Path, rate: f64) -> f64 {
    let tone = sound(film)
        .iter()
        .position(|it| it.unsigned_abs() > 4000)
        .expect("the tone");
    let heard = seconds(film, "stream=start_time -select_streams a") + tone as f64 / rate;
    let squares = say(
        "ffmpeg",
        "-vf crop=40:40:30:70,blackframe=amount=0,signalstats,metadata=print:key=lavfi.signalstats.YMAX:file=- -f null -",
        film,
    );
    let lines: Vec<&str> = squares.lines().collect();
    let bright = lines
        .windows(2)
        .find(|it| it[1].rsplit('=').next().and_then(|it| it.parse().ok()) > Some(200.0));
    let time = bright.expect("the square")[0]
        .rsplit("pts_time:")
        .next()
        .map(str::trim);
    let seen: f64 = time.and_then(|it| it.parse().ok()).expect("a time");
    println!("seen {seen}, heard {heard}");
    assert!((seen - heard).abs() <= 0.04, "seen {seen}, heard {heard}");
    seen
}

/// The camera sends no sound: its films and clips have that of the microphone, in step and without a hole.
#[test]
fn a_microphone_beside_a_deaf_camera_is_in_its_films() {
    let scratch = Scratch::new();
    let made = [
        format!("{CLAP} -c:v libx264 -g 10 -bf 0 -pix_fmt yuv420p -c:a pcm_s16le both.mkv"),
        "-i both.mkv -an -c:v copy film.mkv -vn -ar 16000 tone.wav".to_owned(),
    ];
    if !made.iter().all(|it| ffmpeg(it, &scratch)) {
        return;
    }
    let beside = |text: String| text.replace("inputs = ['cam'", "inputs = ['cam', 'mic'");
    let pipeline = camera("film.mkv")
        + "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\n\
           [transforms.moves]\ntype = 'motion'\ninputs = ['cam']\nhold_ms = 500\n"
        + &beside(record("segment_s = 4"))
        + &beside(
            "[sinks.clips]\ntype = 'clip'\ninputs = ['cam', 'moves']\nfolder = 'clips'\nmin_free_mb = 0\n\
             pre_s = 2\npost_s = 1.5\n"
                .to_owned(),
        );
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    square_and_tone(&films(&scratch.path("clips"))[0], 16_000.0);
    let films = films(&scratch.path("films"));
    let heard: Vec<i16> = films.iter().flat_map(|it| sound(it)).collect();
    let original = sound(&scratch.path("tone.wav"));
    assert!(
        films.len() > 2 && original.len() - heard.len() < 3_200,
        "{}",
        heard.len()
    );
    assert!(
        heard == original[..heard.len()],
        "the films go on where they ended"
    );
}

/// A camera that gives raw pictures is coded; all its pictures are in the film, at their times.
#[test]
fn raw_pictures_are_coded_for_films() {
    let scratch = Scratch::new();
    if !ffmpeg(
        &format!("{CLAP} -c:a pcm_s16le -c:v rawvideo -pix_fmt yuv420p film.avi"),
        &scratch,
    ) {
        return;
    }
    let pipeline = camera("film.avi")
        + "[transforms.code]\ntype = 'encode'\ninputs = ['cam']\nkey_s = 1\n"
        + &record("segment_s = 86400").replace("['cam']", "['code']")
        + &log("'films'");
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let film = &films(&scratch.path("films"))[0];
    assert_eq!(decoded(film, "v").len(), 14 * 25);
    assert!((seconds(film, "format=duration") - 14.0).abs() < 0.05);
    let keys = say(
        "ffprobe",
        "-of csv=p=0 -skip_frame nokey -show_entries frame=pts_time",
        film,
    );
    let keys: Vec<f64> = keys
        .lines()
        .filter_map(|it| it.split(',').next()?.parse().ok())
        .collect();
    assert!(
        keys.len() >= 14 && keys.windows(2).all(|it| it[1] - it[0] <= 1.01),
        "{keys:?}"
    );
}

#[test]
fn what_cannot_be_recorded_is_told_by_check() {
    let scratch = Scratch::new();
    let check = |pipeline: &str| {
        scratch.write("pipeline.toml", pipeline);
        let ended = Running::start(scratch.otus(&["check", "pipeline.toml"])).wait();
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        ended.stderr
    };
    let usb = check(&(camera("/dev/video0") + &record("")));
    assert!(
        usb.contains("`films` takes nothing of `cam`: it gives pictures that are not coded"),
        "{usb}"
    );
    assert!(usb.contains("put an `encode` between"), "{usb}");
    let clip = "[transforms.moves]\ntype = 'motion'\ninputs = ['cam']\n\
         [sinks.clips]\ntype = 'clip'\ninputs = ['cam', 'moves']\nfolder = 'clips'\n";
    let usb = check(&(camera("/dev/video0") + clip));
    assert!(
        usb.contains("`clips` gets no coded packets of `cam`"),
        "{usb}"
    );
    let blind = check(&(camera("rtsp://porch/1") + &clip.replace("'cam', 'moves'", "'moves'")));
    assert!(
        blind.contains("`clips` gets no coded packets: none of its inputs gives any"),
        "{blind}"
    );
    let masked = camera("rtsp://porch/1") + "mask = [[[0, 0], [1, 0], [1, 1]]]\n" + &record("");
    let masked = check(&masked);
    assert!(masked.contains("what its `mask` covers"), "{masked}");
    let private =
        check(&(camera("rtsp://porch/1") + &record("") + "[runtime]\nprivacy = 'required'\n"));
    assert!(
        private.contains("must not reach `films` as they were"),
        "{private}"
    );
}

/// Pictures of a day, one in two seconds, as fast as they can be read: a film an hour, none of them lost, in little memory.
#[test]
fn a_day_is_twenty_four_films() {
    let scratch = Scratch::new();
    let day = "-f lavfi -i color=gray:size=64x36:rate=1/2:duration=86400 -c:v libx264 -preset ultrafast -g 30 \
        -pix_fmt yuv420p day.mkv";
    if !ffmpeg(day, &scratch) {
        return;
    }
    scratch.write(
        "pipeline.toml",
        camera("day.mkv")
            + &record("segment_s = 3600")
            + &log("'films'")
            + "[status]\nlisten = 'off'\n",
    );
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    // Of one that has ended there is no memory any more.
    let mut most = 0;
    while let Some(memory) = most_memory(running.id()) {
        most = memory;
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let films = films(&scratch.path("films"));
    let count = |film| {
        say(
            "ffprobe",
            "-count_packets -of csv=p=0 -show_entries stream=nb_read_packets",
            film,
        )
    };
    let pictures: Vec<u64> = films
        .iter()
        .map(|it| {
            count(it)
                .trim()
                .trim_end_matches(',')
                .parse()
                .expect("a number")
        })
        .collect();
    println!("{pictures:?}, {} MB", most / 1_000_000);
    assert!((24..=25).contains(&films.len()), "{}", films.len());
    assert_eq!(pictures.iter().sum::<u64>(), 43_200);
    assert_eq!(of_kind(&scratch, "saved").len(), films.len());
    assert!(most < 150_000_000, "{most} bytes");
}

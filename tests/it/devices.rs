//! Cameras and microphones that are not there, belong to others, or need what is not installed:
//! named when running and by the doctor, with what to do about them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bad_input::{check, says};
use crate::doctor::{doctor, problem, report, said};
use crate::live_microphone::{Sound, rig_is_here};
use crate::namespace::{self, devices, no_devices};
use crate::scratch::{Ended, Running, Scratch, has_opencv, skipped};

const CHILD: &str = "backend = 'ffmpeg'\nwidth = 320\nheight = 240";
const NO_MICROPHONE: &str = "nothing in /dev/snd records";

fn pipeline(source: &str) -> String {
    format!(
        "[sources.it]\n{source}\n[sinks.log]\ntype = 'console'\ninputs = ['it']\n\
         [status]\nlisten = 'off'\n"
    )
}

fn camera(uri: &str, more: &str) -> String {
    pipeline(&format!("type = 'camera'\nuri = '{uri}'\n{more}"))
}

fn microphone() -> Option<String> {
    cfg!(feature = "microphone").then(|| pipeline("type = 'microphone'"))
}

/// The backends that read this, as lines of the pipeline file.
fn backends() -> &'static [&'static str] {
    if has_opencv() { &["", CHILD] } else { &[CHILD] }
}

/// What a run of `pipeline` ends with.
fn run(pipeline: &str, environment: &[(&str, &str)]) -> Ended {
    let scratch = Scratch::new();
    scratch.write("pipeline.toml", pipeline);
    let mut otus = scratch.otus(&["run", "pipeline.toml", "--for", "1500ms"]);
    otus.envs(environment.iter().copied());
    Running::start(otus).wait()
}

/// Runs `pipeline` on a machine that `setup` makes, which must say `said`, as must the doctor there
/// of each of `checks`. None if no machine can be made.
fn elsewhere(
    setup: &str,
    as_nobody: bool,
    pipeline: &str,
    said: &str,
    checks: &[&str],
) -> Option<()> {
    let scratch = Scratch::new();
    let path = scratch.write("pipeline.toml", pipeline);
    let path = path.to_string_lossy();
    open_to_all(&scratch);
    let otus = scratch.otus(&["run", &path, "--for", "1500ms"]);
    let ended = namespace::run(setup, as_nobody, &otus)?;
    check(&ended, 1, said);
    let otus = scratch.otus(&["doctor", &path, "--json"]);
    let (code, report) = report(namespace::run(setup, as_nobody, &otus)?);
    assert_eq!(code, Some(1), "{report:#}");
    for check in checks {
        says(&problem(&report, check), &said.replace("; ", " -> "));
    }
    Some(())
}

fn open_to_all(scratch: &Scratch) {
    use std::os::unix::fs::PermissionsExt;
    let all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(scratch.path("."), all).expect("it is ours");
}

#[test]
fn a_camera_that_is_not_there_is_named_whatever_reads_it() {
    let said =
        "there is no /dev/video97; … plugged in? … libcamerasrc … DeviceAllow=char-video4linux";
    for backend in backends() {
        for uri in ["97", "v4l2src device=/dev/video97 ! videoconvert ! appsink"] {
            let pipeline = camera(uri, backend);
            check(&run(&pipeline, &[]), 1, said);
            let (code, report) = doctor(&Scratch::new(), &pipeline, &[]);
            assert_eq!(code, Some(1), "{report:#}");
            says(&problem(&report, "camera it"), &said.replace("; ", " -> "));
        }
    }
}

#[test]
fn devices_of_a_group_are_told_the_group() {
    // Not the groups of Debian.
    let machine = devices(0o660, ["games", "tape"]);
    let said = |node, group| {
        format!(
            "no permission for {node}: it is for the group `{group}`; `sudo usermod -aG {group} \
             $USER` … SupplementaryGroups={group}"
        )
    };
    let (video, audio) = (
        said("/dev/video0", "games"),
        said("/dev/snd/pcmC0D0c", "tape"),
    );
    for backend in backends() {
        for uri in ["0", "v4l2src device=/dev/video0 ! videoconvert ! appsink"] {
            let checks = ["camera it", "permission for cameras"];
            if elsewhere(&machine, true, &camera(uri, backend), &video, &checks).is_none() {
                return;
            }
        }
    }
    if let Some(pipeline) = microphone() {
        let checks = ["microphone it", "permission for sound cards"];
        elsewhere(&machine, true, &pipeline, &audio, &checks);
    }
}

#[test]
fn devices_of_root_alone_are_told_how_to_give_them_to_a_group() {
    let machine = devices(0o600, ["root", "root"]);
    let said = "no permission for /dev/video0: its mode is 600 and its group `root`; \
                … chgrp video /dev/video0 … udev … usermod -aG video … SupplementaryGroups=video";
    let checks = ["camera it", "permission for cameras"];
    if elsewhere(&machine, true, &camera("0", CHILD), said, &checks).is_none() {
        return;
    }
    if let Some(pipeline) = microphone() {
        let said = said
            .replace("/dev/video0", "/dev/snd/pcmC0D0c")
            .replace("video", "audio");
        let checks = ["microphone it", "permission for sound cards"];
        elsewhere(&machine, true, &pipeline, &said, &checks);
    }
}

#[test]
fn a_node_without_a_driver_is_no_camera() {
    let machine = devices(0o666, ["root", "root"]);
    let said = "no driver answers behind /dev/video0 … ; … dmesg";
    elsewhere(&machine, false, &camera("0", CHILD), said, &["camera it"]);
}

#[test]
fn a_machine_without_sound_cards_has_no_microphone() {
    let Some(pipeline) = microphone() else {
        return skipped("this build has no `microphone`");
    };
    let said =
        format!("this machine has no microphone: {NO_MICROPHONE} … ; … DeviceAllow=char-alsa");
    elsewhere(&no_devices(), true, &pipeline, &said, &["microphone it"]);
}

/// ALSA writes its own words on standard error, a screen of them at every attempt.
#[test]
fn one_sentence_is_said_of_a_microphone_that_cannot_be_opened() {
    let Some(pipeline) = microphone() else {
        return skipped("this build has no `microphone`");
    };
    let scratch = Scratch::new();
    let config = "</usr/share/alsa/alsa.conf>\npcm.!default { type plug slave.pcm \"nowhere\" }\n";
    let config = scratch.write("asound.conf", config);
    let config = ("ALSA_CONFIG_PATH", config.to_str().expect("it is text"));
    let ended = run(&pipeline, &[config]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let lines = ended.stderr.lines();
    let foreign: Vec<&str> = lines.filter(|it| it.contains("ALSA lib")).collect();
    assert!(foreign.is_empty(), "{foreign:#?}");
    let ended = run(&pipeline, &[config, ("OTUS_LOG", "info,alsa=debug")]);
    says(&ended.stderr, "DEBUG alsa: … Unknown PCM nowhere");
}

#[test]
fn microphones_are_listed_and_plug_ins_of_alsa_are_not() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let sound = Sound::start(&scratch);
    let listed = |environment: &[(&str, &str)]| -> Vec<String> {
        let mut otus = scratch.otus(&["devices", "--json"]);
        otus.envs(environment.iter().copied());
        let ended = Running::start(otus).wait();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        let listed: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
        let microphones = listed["microphones"].as_array().expect("a list");
        let device = |it: &Value| it["device"].as_str().expect("it has one").to_owned();
        microphones.iter().map(device).collect()
    };
    let with_server = listed(&sound.environment());
    for device in ["default", "pulse", "otus_test"] {
        assert!(with_server.iter().any(|it| it == device), "{with_server:?}");
    }
    for plugin in ["null", "samplerate", "oss", "vdownmix", "jack"] {
        assert!(with_server.iter().all(|it| it != plugin), "{with_server:?}");
    }
    // Nothing answers any more.
    let environment = sound.environment();
    let config = scratch.path("kept.conf");
    std::fs::copy(scratch.path("sound/asound.conf"), &config).expect("it is there");
    let gone = [
        environment[0],
        ("ALSA_CONFIG_PATH", config.to_str().expect("it is text")),
    ];
    let gone = gone.map(|(name, value)| (name.to_owned(), value.to_owned()));
    sound.stop();
    let gone: Vec<(&str, &str)> = gone.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let without = listed(&gone);
    for device in ["default", "pulse", "otus_test"] {
        assert!(without.iter().all(|it| it != device), "{without:?}");
    }
}

/// GStreamer without a single plugin has no elements but its own.
#[test]
fn an_element_that_is_missing_is_told_its_package() {
    if Command::new("gst-launch-1.0")
        .arg("--version")
        .output()
        .is_err()
    {
        return skipped("there is no `gst-launch-1.0`: make setup-demo");
    }
    let scratch = Scratch::new();
    let registry = scratch.path("registry");
    let registry = registry.to_str().expect("it is text");
    let bare = [
        ("GST_PLUGIN_SYSTEM_PATH_1_0", "/nowhere"),
        ("GST_REGISTRY_1_0", registry),
    ];
    for (element, package) in [
        ("libcamerasrc", "gstreamer1.0-libcamera"),
        ("v4l2src ! v4l2h264dec", "gstreamer1.0-plugins-good"),
        ("nvv4l2decoder", "nvidia-l4t-gstreamer"),
        ("avdec_h264", "gstreamer1.0-libav"),
        ("h264parse", "gstreamer1.0-plugins-bad"),
        ("no_such_thing", "apt-cache search gstreamer1.0"),
    ] {
        let name = element.split(' ').next().expect("it has a name");
        for backend in backends() {
            let pipeline = camera(&format!("{element} ! appsink"), backend);
            let said = format!("GStreamer has no element `{name}` here; … {package}");
            check(&run(&pipeline, &bare), 1, &said);
        }
    }
    let pipeline = camera("libcamerasrc ! appsink", CHILD);
    let (_, report) = doctor(&scratch, &pipeline, &bare);
    let said = "no element `libcamerasrc` here -> … apt install gstreamer1.0-libcamera";
    says(&problem(&report, "camera it"), said);
}

#[test]
fn programs_that_decode_are_told_the_package_where_they_are_missing() {
    let video = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");
    if !Path::new(video).exists() {
        return skipped("no video: make setup-demo");
    }
    let nowhere = [("PATH", "/nowhere")];
    for (uri, check, package) in [
        (video, "FFmpeg", "apt install ffmpeg"),
        (
            "videotestsrc ! appsink",
            "GStreamer",
            "apt install gstreamer1.0-tools",
        ),
    ] {
        let (_, report) = doctor(&Scratch::new(), &camera(uri, CHILD), &nowhere);
        says(&problem(&report, "camera it"), package);
        let (verdict, found) = said(&report, check);
        assert!(found.contains("there is no `"), "{found}");
        // With OpenCV it need not be there.
        let expected = if has_opencv() { "ok" } else { "warning" };
        assert_eq!(verdict, expected);
    }
}

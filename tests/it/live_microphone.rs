//! A microphone that is real down to ALSA and cpal: a sound server without hardware.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use libc::{SIGCONT, SIGSTOP, SIGTERM};
use serde_json::Value;

use crate::live_camera::{PATIENCE, gaps, log, one_gap, start, state, status, uptime};
use crate::scratch::{Running, Scratch, shared_quietly, skipped, wait_for};

const RIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rigs/sound.sh");
/// What lengths and distances of speech may differ by from the file's, in seconds.
const TOLERANCE: f64 = 0.2;

#[test]
fn a_microphone_hears_the_speech_that_is_in_the_file() {
    let scratch = Scratch::new();
    let Some(clip) = rig_is_here().then(|| clip(&scratch)).flatten() else {
        return;
    };
    let source = format!("type = \"audio_file\"\npath = \"{}\"", clip.display());
    let ended = scratch.run(&pipeline(&source, "file.jsonl"), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let expected = speech(&scratch, "file.jsonl");
    assert!(
        expected.len() > 1,
        "the clip holds too little speech: {expected:?}"
    );

    let sound = Sound::start(&scratch);
    let otus = start(
        &scratch,
        &pipeline("type = \"microphone\"", "events.jsonl"),
        &sound.environment(),
    );
    more_audio(&scratch);
    sound.play(&clip);
    let heard = || Some(speech(&scratch, "events.jsonl")).filter(|it| it.len() >= expected.len());
    wait_for("speech", PATIENCE, heard);
    // One more would come now.
    sleep(Duration::from_secs(1));
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    sound.stop();
    let heard = speech(&scratch, "events.jsonl");
    assert_eq!(
        heard.len(),
        expected.len(),
        "{heard:?} instead of {expected:?}"
    );
    for ((start, end), (file_start, file_end)) in heard.iter().zip(&expected) {
        let late = (start - heard[0].0) - (file_start - expected[0].0);
        let longer = (end - start) - (file_end - file_start);
        println!(
            "{start:.3} to {end:.3}: {late:+.3} s late, {longer:+.3} s longer than in the file"
        );
        assert!(
            late.abs() < TOLERANCE && longer.abs() < TOLERANCE,
            "{heard:?} instead of {expected:?}"
        );
    }
    assert!(gaps(&scratch).is_empty(), "{:?}", gaps(&scratch));
}

#[test]
fn a_microphone_gives_the_words_that_are_in_the_file() {
    let scratch = Scratch::new();
    let spoken = Path::new("/usr/share/sounds/alsa/Front_Center.wav");
    if !rig_is_here() || !spoken.exists() {
        return;
    }
    let sound = Sound::start(&scratch);
    let words = "[transforms.words]\ntype = \"transcribe\"\nmodel = \"otus-words\"\ninputs = [\"speech\"]\n\
                 [sinks.words_log]\ntype = \"jsonl\"\ninputs = [\"words\"]\npath = \"words.jsonl\"\n";
    let source = "type = \"microphone\"\ndevice = \"*TEST*\"\nbuffer_ms = 400";
    let pipeline = pipeline(source, "events.jsonl") + words;
    let otus = start(&scratch, &pipeline, &sound.environment());
    more_audio(&scratch);
    sound.play(spoken);
    let text = || Some(scratch.events("words.jsonl").first()?["text"].clone());
    assert_eq!(wait_for("words", PATIENCE, text), "front center");
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    sound.stop();
}

#[test]
fn a_named_microphone_is_heard_again_after_its_sound_server_died() {
    let scratch = Scratch::new();
    let Some(clip) = rig_is_here().then(|| clip(&scratch)).flatten() else {
        return;
    };
    let sound = Sound::start(&scratch);
    let source = "type = \"microphone\"\ndevice = \"otus_test\"\nstall_timeout_ms = 2000";
    let otus = start(
        &scratch,
        &pipeline(source, "events.jsonl"),
        &sound.environment(),
    );
    more_audio(&scratch);
    let (lost, lost_at) = (Instant::now(), uptime(&scratch));
    sound.stop();
    wait_for("otus to notice", PATIENCE, || {
        (state(&scratch)? == "retrying").then_some(())
    });
    println!("noticed after {:.2} s", lost.elapsed().as_secs_f64());
    sleep(Duration::from_secs(2).saturating_sub(lost.elapsed()));
    let sound = Sound::start(&scratch);
    let back = Instant::now();
    more_audio(&scratch);
    println!(
        "sound again {:.2} s after the sound server's return",
        back.elapsed().as_secs_f64()
    );
    let found_at = uptime(&scratch);
    sound.play(&clip);
    wait_for("speech", PATIENCE, || {
        speech(&scratch, "events.jsonl").pop()
    });
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    sound.stop();
    one_gap(&scratch, lost_at, found_at);
    assert!(!log(&scratch).contains("ALSA lib"), "{}", log(&scratch));
}

#[test]
fn a_channel_that_a_microphone_does_not_have_is_told_how_many_it_has() {
    let scratch = Scratch::new();
    if !rig_is_here() {
        return;
    }
    let sound = Sound::start(&scratch);
    let source = "type = \"microphone\"\nchannel = 40";
    let mut otus = scratch.otus(&["run", "pipeline.toml", "--for", "10s"]);
    scratch.write(
        "pipeline.toml",
        pipeline(source, "events.jsonl") + "[status]\nlisten = \"off\"\n",
    );
    otus.envs(sound.environment());
    let ended = Running::start(otus).wait();
    sound.stop();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let said = "there is no `channel` 40: it has 2 channels, 0 to 1";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

/// F21: sound that is lost on the way, here because the whole program stands still.
#[test]
fn what_the_sound_card_loses_is_a_gap_and_the_rest_is_heard() {
    let scratch = Scratch::new();
    let Some(clip) = rig_is_here().then(|| clip(&scratch)).flatten() else {
        return;
    };
    let sound = Sound::start(&scratch);
    let otus = start(
        &scratch,
        &pipeline("type = \"microphone\"", "events.jsonl"),
        &sound.environment(),
    );
    more_audio(&scratch);
    let lost_at = uptime(&scratch);
    otus.signal(SIGSTOP);
    sleep(Duration::from_secs(4));
    otus.signal(SIGCONT);
    wait_for("a gap", PATIENCE, || gaps(&scratch).pop());
    sound.play(&clip);
    wait_for("speech", PATIENCE, || {
        speech(&scratch, "events.jsonl").pop()
    });
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    sound.stop();
    // The server has kept the sound of these seconds, and the ring has room for two of them: it may run over once
    // more while the rest is read.
    let gaps = gaps(&scratch);
    println!("{gaps:?}");
    assert!((1..=3).contains(&gaps.len()), "{gaps:?}");
    for gap in &gaps {
        let (start, end) = (gap["start"].as_f64(), gap["end"].as_f64());
        assert!(start > Some(lost_at) && end > start, "{gap}");
        assert!(end < Some(lost_at + 6.0), "{gap}");
    }
}

pub fn pipeline(source: &str, log: &str) -> String {
    format!(
        "[sources.mic]\n{source}\n[transforms.speech]\ntype = \"vad\"\ninputs = [\"mic\"]\n\
         [sinks.log]\ntype = \"jsonl\"\ninputs = [\"speech\", \"mic\"]\npath = \"{log}\"\n"
    )
}

/// Start and end of every stretch of speech.
pub fn speech(scratch: &Scratch, log: &str) -> Vec<(f64, f64)> {
    let events = scratch.events(log);
    let number = |value: &Value| value.as_f64().expect("it is a number");
    let speech = events.iter().filter(|event| event["kind"] == "speech");
    speech
        .map(|event| (number(&event["start"]), number(&event["end"])))
        .collect()
}

fn more_audio(scratch: &Scratch) {
    let made = || status(scratch)?["pipeline"]["nodes"][0]["made"]["audio"].as_u64();
    let before = made().unwrap_or(0);
    wait_for("sound", PATIENCE, || (made()? > before).then_some(()));
}

/// A sound server that plays into what otus hears. Its files lie in the scratch directory.
pub struct Sound {
    process: Running,
    variables: Vec<(String, String)>,
}

impl Sound {
    pub fn start(scratch: &Scratch) -> Sound {
        let said = scratch.path("sound.txt");
        let mut command = Command::new("sh");
        command
            .arg(RIG)
            .arg(scratch.path("sound"))
            .stdin(Stdio::null());
        command.stdout(File::create(&said).expect("the scratch directory is writable"));
        let process = Running::start(command);
        let said = wait_for("the sound server", PATIENCE, || {
            fs::read_to_string(&said)
                .ok()
                .filter(|said| said.ends_with("ready\n"))
        });
        let variables = said
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        let variables = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Sound { process, variables }
    }

    pub fn environment(&self) -> Vec<(&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    fn play(&self, clip: &Path) {
        let mut command = Command::new("paplay");
        command
            .arg("--device=otus_test")
            .arg(clip)
            .envs(self.environment());
        assert!(command.status().is_ok_and(|it| it.success()), "{command:?}");
    }

    /// Ends it and waits until it has cleaned up.
    pub fn stop(self) {
        self.process.signal(SIGTERM);
        self.process.wait();
    }
}

pub fn rig_is_here() -> bool {
    if !cfg!(feature = "microphone") {
        skipped("this build has no `microphone`");
        return false;
    }
    let answers = |program: &&str| {
        let quiet = Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        quiet.is_ok_and(|it| it.success())
    };
    // Opened, not looked for: QEMU shows ARM code its own libraries only when they are opened.
    let plugin = format!(
        "/usr/lib/{}-linux-gnu/alsa-lib/libasound_module_pcm_pulse.so",
        std::env::consts::ARCH
    );
    let here = ["pulseaudio", "paplay", "pactl", "setpriv"]
        .iter()
        .all(answers)
        && std::fs::File::open(plugin).is_ok();
    if !here {
        skipped("no sound server: apt install pulseaudio pulseaudio-utils libasound2-plugins");
    }
    here
}

/// A meeting from the shared folder, else the channel names that Debian's alsa-utils speaks.
pub fn clip(scratch: &Scratch) -> Option<PathBuf> {
    if let Some(shared) = shared_quietly() {
        return Some(shared.join("media/ami_ES2011a_40-46s.wav"));
    }
    // 48 kHz, mono, 16 bits, header of 44 bytes. These three names are said without a long pause.
    let second = vec![0; 96_000];
    let mut sound = second.clone();
    for name in ["Rear_Center", "Side_Left", "Side_Right"] {
        let Ok(spoken) = fs::read(format!("/usr/share/sounds/alsa/{name}.wav")) else {
            skipped("no speech: apt install alsa-utils");
            return None;
        };
        sound.extend_from_slice(&spoken[44..]);
        sound.extend_from_slice(&second);
    }
    let length = sound.len() as u32;
    let mut file = fs::read("/usr/share/sounds/alsa/Side_Left.wav").expect("it was there just now");
    file.truncate(44);
    file[4..8].copy_from_slice(&(length + 36).to_le_bytes());
    file[40..44].copy_from_slice(&length.to_le_bytes());
    file.extend(sound);
    Some(scratch.write("spoken.wav", file))
}

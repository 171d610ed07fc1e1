//! `otus test`: tests that stand beside the pipeline.

use std::fs;

use crate::recorded::{CLAP, ffmpeg};
use crate::scratch::{Ended, Running, Scratch};

const PIPELINE: &str = "[sources.cam]\ntype = 'camera'\nuri = 'rtsp://me:${NOBODYS_PASSWORD}@192.0.2.1/live'\n\
     [transforms.moves]\ntype = 'motion'\ninputs = ['cam']\nhold_ms = 500\n\
     [sinks.log]\ntype = 'jsonl'\ninputs = ['moves']\npath = 'real.jsonl'\n";

fn otus(scratch: &Scratch, tests: &str, words: &[&str]) -> Ended {
    scratch.write("own.toml", format!("{PIPELINE}{tests}"));
    Running::start(scratch.otus(words)).wait()
}

/// A square that comes at second 6 and is gone at second 9.
fn film() -> Option<Scratch> {
    let scratch = Scratch::new();
    let coded = format!("{CLAP} -c:v libx264 -pix_fmt yuv420p -c:a aac film.mp4");
    ffmpeg(&coded, &scratch).then_some(scratch)
}

#[test]
fn tests_beside_a_pipeline_say_what_came_instead() {
    let Some(scratch) = film() else { return };
    let tests = "\
        [[test]]\nname = 'comes once'\nmedia = { cam = 'film.mp4' }\n\
        expect = [{ kind = 'motion', node = 'moves', at = [5.5, 6.5], where = \"phase == 'start'\", count = 1 }]\n\
        never = [{ kind = 'motion', at = [0, 5] }, { kind = 'gap' }]\n\
        [[test]]\nname = 'comes <late>'\nmedia = { cam = 'film.mp4' }\n\
        expect = [{ kind = 'motion', at = [20, 30] }]\nnever = [{ node = 'moves', at = [6, 7] }]\n\
        [[test]]\nname = 'not seen'\nmedia = { cam = 'film.mp4' }\noptions.transforms.moves.min_area = 0.9\n\
        never = [{ kind = 'motion' }]\n";
    let ended = otus(&scratch, tests, &["test", "own.toml", "--junit", "out.xml"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("2 ok, 1 failed, 0 left out"),
        "{}",
        ended.stdout
    );
    for said in [
        "expected: motion from 20 to 30 s",
        "came: none",
        "s too early)",
        "never: any event of `moves` from 6 to 7 s",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let xml = fs::read_to_string(scratch.path("out.xml")).expect("it is there");
    assert!(
        xml.contains("tests=\"3\" failures=\"1\"") && xml.contains("name=\"comes &lt;late&gt;\""),
        "{xml}"
    );
    assert!(!scratch.path("real.jsonl").exists());
    let some = otus(&scratch, tests, &["test", "own.toml", "comes o"]);
    assert_eq!(some.code, Some(0), "{}", some.stdout);
    assert!(
        some.stdout.contains("1 ok, 0 failed, 2 left out"),
        "{}",
        some.stdout
    );
    let none = otus(&scratch, tests, &["test", "own.toml", "nix"]);
    assert!(
        none.code == Some(1) && none.stderr.contains("there are: comes once"),
        "{}",
        none.stderr
    );
    let untested = otus(&scratch, "", &["test", "own.toml"]);
    assert!(
        untested.code == Some(1) && untested.stderr.contains("has no tests"),
        "{}",
        untested.stderr
    );
}

/// What is wrong with a test, and what is said of it.
const UNFIT: [(&str, &str); 11] = [
    (
        "media = { cam = 'film.mp4' }",
        "the test `it` expects nothing",
    ),
    (
        "never = [{}]",
        "the test `it` gives the live source `cam` nothing to play",
    ),
    (
        "media = { cat = 'film.mp4' }\nnever = [{}]",
        "there is no source `cat`",
    ),
    (
        "media = { cam = 'film.mp4' }\nnever = [{ node = 'move' }]",
        "there is no node `move`",
    ),
    (
        "media = { cam = 'film.mp4' }\nnever = [{ kind = 'motions' }]",
        "there is no kind of event `motions`",
    ),
    (
        "media = { cam = 'film.mp4' }\nnever = [{ kind = 'speech', node = 'moves' }]",
        "`moves` tells no `speech`",
    ),
    (
        "media = { cam = 'film.mp4' }\nnever = [{ at = [3, 2] }]",
        "this is no time",
    ),
    (
        "media = { cam = 'film.mp4' }\nnever = [{ where = 'lable == 1' }]",
        "no kind of event has a field `lable`",
    ),
    (
        "media = { cam = 'film.mp4' }\nnever = [{}]\noptions.transforms.moves.min_aera = 1",
        "unknown option `min_aera`",
    ),
    (
        "media = { cam = 'film.mp4' }\nnever = [{}]\noptions.transforms.move.fps = 1",
        "there is no node `move` whose options",
    ),
    (
        "media = { cam = 'film.mp4' }\nnevr = [{}]",
        "unknown option `nevr`",
    ),
];

#[test]
fn tests_that_cannot_hold_are_named_by_check() {
    let scratch = Scratch::new();
    scratch.write("film.mp4", "no film, but it is there");
    let with_password = |tests: &str, strict: bool| {
        scratch.write("own.toml", format!("{PIPELINE}{tests}"));
        let words: &[&str] = if strict {
            &["check", "--strict", "own.toml"]
        } else {
            &["check", "own.toml"]
        };
        let mut command = scratch.otus(words);
        command.env("NOBODYS_PASSWORD", "secret");
        Running::start(command).wait()
    };
    for (test, said) in UNFIT {
        let ended = with_password(&format!("[[test]]\nname = 'it'\n{test}\n"), false);
        assert_eq!(ended.code, Some(78), "{test}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{test}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("own.toml:1"),
            "{test}: {}",
            ended.stderr
        );
    }
    let twice = "[[test]]\nname = 'it'\nmedia.cam = 'film.mp4'\nnever = [{}]\n".repeat(2);
    assert!(
        with_password(&twice, false)
            .stderr
            .contains("there is another test `it`")
    );
    let gone = "[[test]]\nname = 'it'\nmedia.cam = 'gone.mp4'\nnever = [{}]\n";
    assert!(
        with_password(gone, true)
            .stderr
            .contains("there is no ./gone.mp4")
    );
    let right = with_password(&gone.replace("gone", "film"), true);
    assert_eq!(right.code, Some(0), "{}", right.stderr);
}

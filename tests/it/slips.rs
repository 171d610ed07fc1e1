//! What people write instead of what they mean: each slip is told once, with what to write.

use std::path::Path;

use otus::nodes::NODES;
use otus::pipeline::file;

const SINK: &str = "[sinks.o]\ntype = 'console'\ninputs = ['c']\n";

/// What is said of a pipeline: messages and remedies.
fn said(text: &str) -> Vec<(String, String)> {
    let problems = file::parse(text, Path::new("/"), NODES).err();
    let problems = problems.into_iter().flatten();
    problems.map(|it| (it.message, it.help)).collect()
}

/// That one thing is said, with this in its message and this in its remedy.
#[track_caller]
fn once(text: &str, message: &str, help: &str) {
    let said = said(text);
    let is_right = |it: &(String, String)| it.0.contains(message) && it.1.contains(help);
    assert!(said.len() == 1 && is_right(&said[0]), "{text}\n{said:?}");
}

fn typed(section: &str, word: &str) -> String {
    let inputs = if section == "sources" {
        ""
    } else {
        "inputs = ['c']\n"
    };
    let camera = "[sources.c]\ntype = 'camera'\nuri = '0'\n";
    let source = if section == "sources" { "" } else { camera };
    format!("{source}[{section}.n]\ntype = '{word}'\nno_such = 1\n{inputs}")
}

#[test]
fn a_word_that_people_try_is_told_the_type_or_what_there_is_today() {
    let cases = [
        ("sources", "webcam", "`type = \"camera\"`"),
        ("sources", "USB-Camera", "`type = \"camera\"`"),
        ("sources", "rtsp", "`type = \"camera\"`"),
        ("sources", "video", "`type = \"camera\"`"),
        ("sources", "mp3", "`type = \"audio_file\"`"),
        ("sources", "file", "`type = \"audio_file\"`"),
        ("transforms", "yolo", "`type = \"detect\"`"),
        ("transforms", "object_detection", "`type = \"detect\"`"),
        ("transforms", "tracker", "`type = \"track\"`"),
        ("transforms", "line_crossing", "`type = \"zones\"`"),
        (
            "transforms",
            "stdout",
            "`type = \"console\"` under `[sinks.NAME]`",
        ),
        ("transforms", "detct", "did you mean `detect`?"),
        ("sinks", "print", "`type = \"console\"`"),
        ("sinks", "log", "`type = \"jsonl\"`"),
        ("sinks", "kafka", "`/events`"),
        ("sinks", "telegram", "Home Assistant"),
        ("sinks", "nvr", "`type = \"record\"`"),
        ("sinks", "http", "`type = \"webhook\"`"),
        ("sinks", "homeassistant", "`type = \"mqtt\"`"),
        ("sinks", "consol", "did you mean `console`?"),
        ("sinks", "nonsense", "known here: console, jsonl"),
    ];
    for (section, word, help) in cases {
        once(
            &typed(section, word),
            &format!("unknown type `{word}`"),
            help,
        );
    }
    #[cfg(feature = "microphone")]
    once(
        &typed("sources", "mic"),
        "unknown type",
        "`type = \"microphone\"`",
    );
    #[cfg(feature = "whisper")]
    for word in ["whisper", "stt", "asr"] {
        once(
            &typed("transforms", word),
            "unknown type",
            "`type = \"transcribe\"`",
        );
    }
}

#[test]
fn a_slip_in_a_value_is_told_what_to_write() {
    let cases = [
        ("uri = 0", "expected a string", "write `uri = \"0\"`"),
        (
            "uri = '0'\nfps = '5'",
            "expected a number",
            "write `fps = 5`",
        ),
        (
            "uri = '0'\nfps = '0,5'",
            "expected a number",
            "write `fps = 0.5`",
        ),
        (
            "uri = '0'\nwidth = 640.0",
            "expected a whole number",
            "write `width = 640`",
        ),
        (
            "uri = '0'\noptional = 'yes'",
            "`optional`",
            "write `optional = true`",
        ),
        (
            "uri = '0'\noptional = no",
            "`no` is no value",
            "write `false`",
        ),
        (
            "uri = '0'\noptional = True",
            "`True` is no value",
            "write `true`",
        ),
        ("uri = front door", "`front` is no value", "in quotes"),
        (
            "uri = \"C:\\users\\x.mp4\"",
            "unicode",
            "in '…' a backslash",
        ),
        ("uri = '0'\nfps = .5", "digits", "0.5"),
        ("uri = '0'\nfps = 2,5", "unexpected", "a point, not a comma"),
        ("uri = '0'\nuri = '1'", "duplicate key", "once"),
        ("url = '0'", "unknown option `url`", "did you mean `uri`?"),
    ];
    for (written, message, help) in cases {
        let text = format!("[sources.c]\ntype = 'camera'\n{written}\n{SINK}");
        once(&text, message, help);
    }
    let detect =
        "[transforms.d]\ntype = 'detect'\nmodel = 'yunet'\nlabels = 'face'\ninputs = ['c']\n";
    let camera = "[sources.c]\ntype = 'camera'\nuri = '0'\n";
    let sink = SINK.replace("'c'", "'d'");
    once(
        &format!("{camera}{detect}{sink}"),
        "expected a list",
        "write `labels = ['face']`",
    );
    let bare = SINK.replace("['c']", "'c'");
    once(
        &format!("{camera}{bare}"),
        "must be a list",
        "write `inputs = ['c']`",
    );
    let one = SINK.replace("inputs", "input");
    once(
        &format!("{camera}{one}"),
        "no option `input`",
        "write `inputs`",
    );
}

/// What hangs on a mistake is not told beside it; what does not is.
#[test]
fn one_mistake_is_told_once_and_two_are_told_both() {
    let camera = "type = 'camera'\nuri = '0'\n";
    once(
        &format!("[source.c]\n{camera}{SINK}"),
        "unknown table",
        "`sources`",
    );
    once(
        &format!("[[sources]]\n{camera}{SINK}"),
        "must be a table",
        "[sources.NAME]",
    );
    once(
        &format!("[sources]\n{camera}{SINK}"),
        "holds nodes",
        "[sources.NAME]",
    );
    let twice = format!("[sources.c]\n{camera}[sources.c]\n{camera}{SINK}");
    once(&twice, "duplicate key", "once");
    let two =
        format!("[sources.c]\ntype = 'webcam'\n[sources.d]\ntype = 'camera'\nurl = '0'\n{SINK}");
    let told: Vec<String> = said(&two).into_iter().map(|it| it.0).collect();
    assert_eq!(
        told,
        ["unknown type `webcam`", "unknown option `url` of `camera`"]
    );
    let doubled = format!("[sources.c]\n{camera}uri = '1'\n[sources.d]\n{camera}uri = '1'\n{SINK}");
    assert_eq!(said(&doubled).len(), 2, "{:?}", said(&doubled));
}

#[test]
fn more_nodes_than_a_machine_has_threads_for_are_told_once_and_soon() {
    let sources = (0..5_000).map(|it| format!("[sources.s{it}]\ntype = 'camera'\nuri = '{it}'\n"));
    let text = format!("{}{SINK}", sources.collect::<String>());
    once(&text, "more than 1000 nodes", "split");
}

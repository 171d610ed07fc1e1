//! What a wrong pipeline, model, device or file is answered with: an exit code, what is at fault
//! and what to do about it; no panic, and nothing half-written.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::time::Duration;

use otus::inference::store::sum::sum;
use serde_json::Value;

use crate::samples::{TEXT, picture, tiny_model, world};
use crate::scratch::{Ended, Running, Scratch, patience, shared, skipped, wait_for};

const NO_ONNX_RUNTIME: &str = "there is no ONNX Runtime on this machine";

/// One case each. What must be said is given in its order, with ` … ` for anything in between.
macro_rules! tests {
    ($($(#[$attribute:meta])* $name:ident = $body:expr;)+) => {
        $(#[test] $(#[$attribute])* fn $name() { $body; })+
    };
}

// The pipeline file is wrong.
tests! {
    an_unknown_option_names_the_nearest = refused(camera("uri = 'picture.bmp', fsp = 3"),
        "unknown option `fsp` … pipeline.toml:1:55 … did you mean `fps`?");
    an_unknown_type_names_the_nearest = refused("sources.a.type = 'camra'",
        "unknown type `camra` … pipeline.toml:1:18 … did you mean `camera`?");
    an_unknown_table_names_the_nearest = refused("[sink.log]\ntype = 'console'",
        "unknown table `sink` … pipeline.toml:1:2 … did you mean `sinks`?");
    a_type_in_the_wrong_table_names_the_right_one = refused("[sources.log]\ntype = 'console'",
        "`console` is a sink, not a source … put the node under `[sinks.NAME]`");
    #[cfg(all(feature = "microphone", feature = "whisper"))]
    a_microphone_wired_into_transcribe_is_told_of_vad = refused(
        "sources.mic.type = 'microphone'
         transforms.words = { type = 'transcribe', inputs = ['mic'], model = 'whisper-tiny.en' }
         sinks.log = { type = 'console', inputs = ['words'] }",
        "`transcribe` takes utterance … :2:62 … put a `vad` between `mic` and `words`");
    a_cycle_is_named_at_every_node_in_it = refused(
        "transforms.a = { type = 'detect', inputs = ['b'], model = 'yunet' }
         transforms.b = { type = 'detect', inputs = ['a'], model = 'yunet' }
         sinks.log = { type = 'console', inputs = ['b'] }",
        "`a` waits for its own output … :1:12 … remove the input … `b` waits … :2:21");
    a_node_cannot_be_its_own_input = refused(
        detect("model = 'yunet'").replace("['pic']", "['pic', 'd']"),
        "`d` waits for its own output: the inputs form a cycle … remove the input");
    a_missing_input_names_the_nearest = refused(
        camera("uri = '0'").replace("['pic']", "['pik']"),
        "there is no node `pik` … pipeline.toml:2:64 … did you mean `pic`?");
    an_input_cannot_be_taken_twice = refused(
        camera("uri = '0'").replace("['pic']", "['pic', 'pic']"),
        "`pic` is an input of `log` twice … pipeline.toml:2:71 … remove one");
    a_file_cannot_be_written_by_two = refused(
        camera("uri = 'no*.png'") + "\nsinks.more = { type = 'jsonl', path = './events.jsonl', inputs = ['pic'] }",
        "`log` and `more` both want the file … events.jsonl … pipeline.toml:3:7 … give each its own");
    a_device_cannot_be_read_by_two = refused(
        camera("uri = '0'").replace("['pic']", "['pic', 'again']")
            + "\nsources.again = { type = 'camera', uri = '/dev/video0' }",
        "`pic` and `again` both want the device /dev/video0 … pipeline.toml:3:9");
    a_source_that_nobody_uses_is_named = refused(
        camera("uri = '0'") + "\nsources.more = { type = 'camera', uri = '1' }",
        "nothing takes the output of `more` … pipeline.toml:3:9 … add \"more\" to the inputs");
    a_transform_that_nobody_uses_is_named = refused(
        detect("model = 'yunet'").replace("['d']", "['pic']"),
        "nothing takes the output of `d` … pipeline.toml:2:12");
    a_name_serves_one_node_only = refused(
        camera("uri = '0'").replace("sinks.log", "sinks.pic"),
        "there is another node `pic` … every name must be unique");
    a_number_out_of_range_is_told_the_range = refused(camera("uri = 'picture.bmp', fps = 0"),
        "`fps` is out of range … pipeline.toml:1:61 … from 0.01 to 1000");
    a_value_of_the_wrong_type_is_told_the_meaning = refused(camera("uri = '0', fps = 'ten'"),
        "`fps`: invalid type: string \"ten\" … pipeline.toml:1:51 … Frames per second at most");
    what_several_nodes_share_has_its_place_too = refused(detect("model = 3"),
        "`model`: invalid type: integer `3`, expected a string … pipeline.toml:2:61 … write `model = \"3\"`");
    all_problems_come_at_once_in_the_order_of_the_file = refused(
        detect("modle = 'yunet', score = 7").replace("['pic']", "['pik']")
            + "\nsink.x = 1\nruntime.threads = 'two'",
        "no node `pik` … :2:45 … `modle` … :2:53 … `score` is out of range … :2:78 … `sink` … :4:1 … `threads` … :5:19");
    an_unset_variable_is_named = refused(camera("uri = 'rtsp://user:${OTUS_UNSET}@10.0.0.7/x'"),
        "`${OTUS_UNSET}` is not set … pipeline.toml:1:40 … LoadCredential=OTUS_UNSET");
    an_unknown_model_names_the_nearest = refused(detect("model = 'yolo-nano'"),
        "there is no model `yolo-nano` … did you mean `yolox-nano`?");
    a_model_for_another_task_is_told_those_that_fit = refused(detect("model = 'silero-vad'"),
        "there is no model `silero-vad` for this … known here: otus-person");
    a_model_file_needs_its_sum = refused(detect("model = 'text.onnx'"),
        "a model file needs its sum … add `sha256 = … sha256sum text.onnx");
    a_sum_has_64_digits = refused(detect("model = 'text.onnx', sha256 = 'abc'"),
        "this is no sha256 … 64 hex digits");
    a_file_of_another_machine_is_refused = refused(camera("uri = 'file://nas/films/a.mp4'"),
        "a file's address begins with `file:///`");
    a_file_address_leads_to_a_file = fails(camera("uri = 'file:///etc/passwd'"),
        "file:///etc/passwd is no video that FFmpeg can read");
    other_schemes_of_ffmpeg_are_no_cameras = refused(camera("uri = 'concat://a|b'"),
        "`concat` is no camera's scheme … rtsp, rtsps, http, https");
    an_empty_file_is_told_how_to_start = no_pipeline(b"",
        "has no nodes … pipeline.toml:1:1 … start with `[sources.NAME]`");
    a_binary_file_is_no_pipeline = no_pipeline(&tiny_model(), "pipeline.toml:1: … help");
    a_file_in_another_encoding_is_no_pipeline = no_pipeline(b"# caf\xe9\n",
        "the pipeline file is not text … pipeline.toml … UTF-8");
    a_large_file_is_not_read = no_pipeline(&[b'#'; 10 << 20],
        "is larger than 1 MiB … pipeline.toml … is this the right file?");
    a_log_file_is_refused_in_a_few_lines = no_pipeline(&TEXT.repeat(20_000),
        "pipeline.toml:1: … problems more … is this the right file?");
    a_directory_is_no_pipeline = program("run .", 78, "cannot read the pipeline file: Is a dir");
    a_missing_pipeline_is_named = program("run absent.toml", 78, "No such file … absent.toml … help");
    no_command_is_a_usage_error = program("", 2, "Usage: otus");
    an_unknown_command_is_a_usage_error = program("runn x", 2, "subcommand 'runn' … 'run'");
    a_time_that_is_none_is_a_usage_error = program("run x --for soon", 2, "'soon' for '--for");
    an_unknown_node_is_a_usage_error = program("nodes camra", 2, "did you mean `camera`?");
}

// What the pipeline names is missing or wrong.
tests! {
    a_missing_model_file_is_named = fails(detect(&model("absent.onnx", TEXT)),
        "cannot read … absent.onnx: No such file");
    a_wrong_sum_is_told_beside_the_right_one = fails(detect(&model("text.onnx", b"another")),
        &format!("text.onnx is not the file … {} … {} … correct the sum", sum(TEXT), sum(b"another")));
    text_is_no_model = fails(detect(&model("text.onnx", TEXT)), "text.onnx … not an ONNX model");
    outputs_that_no_head_knows_are_listed = with_onnx_runtime(detect(&tiny()),
        "no decoder knows … y [1, 3, 8, 8] … known: YOLOX … YuNet");
    a_detector_does_not_hear = with_onnx_runtime(vad(&tiny()), "is no Silero VAD … takes x");
    an_unknown_detector_is_told_the_known_ones = with_shared_model("deeplab_v3.onnx",
        "no decoder knows … ResizeBilinear_3 [1, 257, 257, 21] … known: YOLOX … YuNet");
    silero_does_not_see = with_shared_model("silero_vad.onnx",
        "takes input [-1, -1], … it must take one picture");
    a_missing_camera_is_waited_for = keeps_failing("uri = '/dev/video97'",
        "there is no /dev/video97 … is it plugged in? … retrying");
    a_camera_that_does_not_open_may_be_busy = keeps_failing("uri = '/dev/null'",
        "/dev/null … does another program use it? … retrying");
    a_missing_sound_file_is_named = fails(sound("no.wav"), "there is no file … no.wav");
    an_empty_sound_file_is_named = fails(sound("empty.wav"), "empty.wav is empty");
    a_sound_file_without_sound_is_named = fails(sound("silent.wav"), "silent.wav holds no sound");
    text_is_no_sound = fails(sound("text.wav"), "text.wav is text and holds no sound");
    an_empty_video_is_named = fails(camera("uri = 'empty.mp4'"), "empty.mp4 is empty");
    a_missing_video_is_named = fails(camera("uri = 'no.mp4'"), "no.mp4: No such file");
    text_is_no_video = fails(camera("uri = 'text.mp4'"), "text.mp4 is no video");
    a_missing_picture_is_named = fails(camera("uri = 'n*.png'"), "there is no picture … n*.png");
    text_is_no_picture = fails(camera("uri = 'text.png'"), "text.png is no picture that can be read");
    ffmpeg_finds_no_addresses_in_file_names = fails(camera("uri = 'concat:text.mp4|text.mp4'"),
        "concat:text.mp4|text.mp4: No such file");
    a_directory_cannot_be_written_to = fails(
        camera("uri = 'picture.bmp'").replace("events.jsonl", "."),
        "cannot write … Is a directory … choose a `path`");
    nothing_can_be_written_below_a_file = fails(
        camera("uri = 'picture.bmp'").replace("events.jsonl", "text.wav/events.jsonl"),
        "cannot write … text.wav/events.jsonl … choose a `path`");
    a_status_endpoint_for_other_machines_is_refused = listens("status.listen = '0.0.0.0:0'", 78,
        "0.0.0.0:0 can be reached from other machines … listen on 127.0.0.1");
    a_status_endpoint_without_an_address_is_refused = listens("status.listen = '9860'", 78,
        "`9860` is not `IP:PORT`, `unix:PATH` or `off`");
    what_is_no_socket_is_not_replaced_by_one = listens("status.listen = 'unix:picture.bmp'", 1,
        "cannot listen on unix:picture.bmp");
}

#[test]
fn a_cut_off_sound_file_is_heard_as_far_as_it_goes() {
    let said = "cut.wav is cut off: it holds 1.00 of 10.00 s";
    let ended = answers(&world(), &sound("cut.wav"), "--json", 1, said);
    let report: Value = serde_json::from_str(&ended.stdout).expect("the report is JSON");
    let heard = report["pipeline"]["nodes"][0]["media_seconds"].as_f64();
    assert!(
        heard > Some(0.7),
        "there is 1 s in chunks of 0.26 s: {report:#}"
    );
}

#[test]
fn a_camera_that_must_not_be_read_is_told_the_group() {
    // All below /dev counts as a device, and a file there takes no privilege to make.
    let Ok(device) = tempfile::NamedTempFile::new_in("/dev/shm") else {
        return skipped("nothing can be made in /dev/shm");
    };
    let (scratch, device) = (Scratch::new(), device.path());
    let modes = [(device.to_owned(), 0), (scratch.path("."), 0o777)];
    for (path, mode) in modes {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
    }
    let pipeline = camera(&format!("uri = '{}'", device.display()));
    scratch.write("pipeline.toml", pipeline + "\nstatus.listen = 'off'");
    let mut otus = scratch.otus(&["run", "pipeline.toml", "--for", "1s"]);
    // SAFETY: asks for a number. Root may read everything, nobody may not.
    if unsafe { libc::geteuid() } == 0 {
        otus.uid(65534).gid(65534);
    }
    let Ok(output) = otus.output() else {
        return skipped("this checkout is shut to the user `nobody`");
    };
    let ended = Ended {
        code: output.status.code(),
        stdout: String::new(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    check(
        &ended,
        1,
        "no permission for /dev/shm … SupplementaryGroups=video",
    );
}

#[test]
fn a_secret_is_never_printed() {
    let at = |options: &str| camera(options) + "\nstatus.listen = 'off'";
    let address = at("uri = 'rtsp://user:${OTUS_SECRET}@127.0.0.1:1/x'");
    let as_type = address.replace("camera", "${OTUS_SECRET}");
    let as_number = at("uri = '0', fps = '${OTUS_SECRET}'");
    // Long enough for the camera to have failed.
    let run = format!(
        "run --json --for {}s",
        patience(Duration::from_secs(2)).as_secs()
    );
    for (pipeline, arguments, code, said) in [
        (&address, &*run, 1, "rtsp://***@127.0.0.1"),
        (&as_type, "check", 78, "unknown type `***`"),
        (&as_number, "check", 78, "invalid type: string \"***\""),
        (&as_number, "check --json", 78, ""),
    ] {
        let scratch = Scratch::new();
        scratch.write("pipeline.toml", pipeline);
        let mut otus = scratch.otus(&words(arguments));
        otus.arg("pipeline.toml").env("OTUS_LOG", "trace");
        otus.env("OTUS_SECRET", r#"hunter2-"b\c"#);
        let ended = Running::start(otus).wait();
        check(&ended, code, said);
        let all = ended.stdout + &ended.stderr;
        assert!(!all.contains("hunter2") && !all.contains(r"b\"), "{all}");
    }
}

#[test]
fn problems_as_json_have_line_and_column() {
    let scratch = Scratch::new();
    scratch.write("pipeline.toml", camera("uri = '0', fsp = 3") + "\nx = 1");
    let ended = finished(&scratch, "check pipeline.toml --json", 78, "");
    let found: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    let place = |at: usize, what: &str| found["problems"][at][what].as_u64();
    assert_eq!(found["ok"], false);
    assert_eq!((place(0, "line"), place(0, "column")), (Some(1), Some(45)));
    assert_eq!((place(1, "line"), place(1, "column")), (Some(3), Some(1)));
}

#[test]
fn a_closed_terminal_does_not_keep_it_from_stopping() {
    let scratch = Scratch::new();
    let pipeline = camera("uri = '/dev/video97'") + "\nstatus.listen = 'off'";
    scratch.write("pipeline.toml", pipeline);
    let otus = scratch.otus(&["run", "pipeline.toml"]).spawn();
    let mut otus = otus.expect("it starts");
    drop((otus.stdout.take(), otus.stderr.take()));
    let (started, patience) = (scratch.path("events.jsonl"), Duration::from_secs(20));
    wait_for("the sink", patience, || fs::metadata(&started).ok());
    std::thread::sleep(Duration::from_millis(300));
    // SAFETY: the child has not been waited for, so its id is not another process's.
    unsafe { libc::kill(otus.id() as i32, libc::SIGTERM) };
    let status = wait_for("its end", patience, || otus.try_wait().expect("it is ours"));
    assert_eq!(status.code(), Some(0), "it was asked to stop");
}

#[test]
fn a_busy_port_is_an_error_if_chosen_and_a_warning_if_not() {
    let busy = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = busy.local_addr().expect("it listens");
    let chosen = format!("status.listen = '{address}'");
    listens(&chosen, 1, "cannot listen on 127.0.0.1: … in use");
    // Taken by this test or by somebody else.
    let _default = TcpListener::bind("127.0.0.1:9860");
    listens("", 0, "WARN no status endpoint: 127.0.0.1:9860 … in use");
}

pub fn refused(pipeline: impl AsRef<str>, said: &str) {
    answers(&world(), pipeline.as_ref(), "", 78, said);
}

fn fails(pipeline: String, said: &str) {
    answers(&world(), &pipeline, "", 1, said);
}

fn keeps_failing(options: &str, said: &str) {
    let long_enough = patience(Duration::from_millis(1500)).as_millis();
    let arguments = format!("--for {long_enough}ms");
    answers(&world(), &camera(options), &arguments, 1, said);
}

fn program(arguments: &str, code: i32, said: &str) {
    finished(&Scratch::new(), arguments, code, said);
}

fn no_pipeline(content: &[u8], said: &str) {
    let scratch = Scratch::new();
    scratch.write("pipeline.toml", content);
    let ended = finished(&scratch, "run pipeline.toml", 78, said);
    let length = ended.stderr.len();
    assert!(length < 20_000, "nobody reads {length} bytes");
}

fn listens(status: &str, code: i32, said: &str) {
    let scratch = world();
    let pipeline = camera("uri = 'picture.bmp'") + "\n" + status;
    scratch.write("pipeline.toml", pipeline);
    finished(&scratch, "run pipeline.toml", code, said);
    let ran = scratch.path("events.jsonl").exists();
    assert_eq!(ran, code == 0, "it is refused before anything is opened");
    let left = fs::read(scratch.path("picture.bmp")).expect("it is still there");
    assert_eq!(left, picture());
}

fn with_onnx_runtime(pipeline: String, said: &str) {
    let ended = world().run(&pipeline, &[]);
    match ended.stderr.contains(NO_ONNX_RUNTIME) {
        true => skipped(NO_ONNX_RUNTIME),
        false => check(&ended, 1, said),
    }
}

fn with_shared_model(name: &str, said: &str) {
    let Some(path) = shared().map(|it| it.join("models").join(name)) else {
        return;
    };
    let content = fs::read(&path).expect("it is in the shared folder");
    with_onnx_runtime(detect(&model(&path.to_string_lossy(), &content)), said);
}

/// Runs a pipeline and checks the answer, and that no more is left of it than whole lines.
fn answers(scratch: &Scratch, pipeline: &str, more: &str, code: i32, said: &str) -> Ended {
    scratch.write("pipeline.toml", "");
    let files = || fs::read_dir(scratch.path(".")).expect("it is there");
    let before = files().count();
    let ended = scratch.run(pipeline, &words(more));
    check(&ended, code, said);
    let log = fs::read_to_string(scratch.path("events.jsonl")).ok();
    let expected = before + usize::from(log.is_some() && code != 78);
    assert_eq!(files().count(), expected, "files are left");
    let whole = log.is_none_or(|it| it.is_empty() || it.ends_with('\n'));
    assert!(whole, "half a line is left");
    ended
}

/// Runs the program and checks the answer.
fn finished(scratch: &Scratch, arguments: &str, code: i32, said: &str) -> Ended {
    let ended = Running::start(scratch.otus(&words(arguments))).wait();
    check(&ended, code, said);
    ended
}

pub fn check(ended: &Ended, code: i32, said: &str) {
    let Ended { stdout, stderr, .. } = ended;
    assert_eq!(ended.code, Some(code), "{stdout}{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    says(stderr, said);
}

/// All parts of `said` are in the text, in their order.
pub fn says(text: &str, said: &str) {
    let mut rest = text;
    for part in said.split(" … ") {
        let found = rest.split_once(part);
        rest = found.unwrap_or_else(|| panic!("no `{part}` in:\n{rest}")).1;
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

pub fn camera(options: &str) -> String {
    format!("sources.pic = {{ type = 'camera', {options} }}\n") + &log("pic")
}

pub fn detect(options: &str) -> String {
    let source = "sources.pic = { type = 'camera', uri = 'picture.bmp' }\n";
    let detect = format!("transforms.d = {{ type = 'detect', inputs = ['pic'], {options} }}\n");
    source.to_owned() + &detect + &log("d")
}

fn vad(options: &str) -> String {
    let vad = format!("\ntransforms.d = {{ type = 'vad', inputs = ['clip'], {options} }}\n");
    sound("clip.wav").replace("['clip']", "['d']") + &vad
}

fn sound(path: &str) -> String {
    format!("sources.clip = {{ type = 'audio_file', path = '{path}' }}\n") + &log("clip")
}

pub fn log(input: &str) -> String {
    format!("sinks.log = {{ type = 'jsonl', path = 'events.jsonl', inputs = ['{input}'] }}")
}

fn model(path: &str, content: &[u8]) -> String {
    format!("model = '{path}', sha256 = '{}'", sum(content))
}

pub fn tiny() -> String {
    model("tiny.onnx", &tiny_model())
}

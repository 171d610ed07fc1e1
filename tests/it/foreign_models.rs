//! Files that are no whole Whisper model are named for what they are, with what to do, before whisper.cpp sees them.

use otus::inference::store::ggml::read;
use otus::inference::store::ggml::refusal::Refusal;

use crate::bad_input::says;
use crate::samples::{sum, tiny_model, wav};
use crate::scratch::{Ended, Running, Scratch, shared};

const WORDS: &[u8] = include_bytes!("../../models/otus-words.bin");

fn refusal(bytes: &[u8]) -> Refusal {
    read::check(bytes).expect_err("it is no whole model")
}

/// The refusal is about this, and its remedy tells that.
fn named(bytes: &[u8], said: &str) {
    let Refusal { what, remedy } = refusal(bytes);
    says(&format!("{what}; {remedy}"), said);
}

#[test]
fn other_formats_are_named_with_what_to_do() {
    let padded = |it: &[u8]| [it, &[0, 1, 255, 254].repeat(20)].concat();
    let binary = |it: &[u8], said: &str| named(&padded(it), said);
    named(b"", "is empty … fetch it again");
    binary(b"GGUF", "GGUF … convert-pt-to-ggml.py");
    binary(b"fmgg", "ggmf … convert");
    binary(b"tjgg", "ggjt … convert");
    binary(b"ggml", "other byte order");
    binary(
        b"\x80\x02\x8a\x0a",
        "PyTorch … convert it with … otus models pull whisper-base",
    );
    binary(
        b"PK\x03\x04\0\0model/data.pkl",
        "PyTorch … convert-pt-to-ggml.py",
    );
    binary(b"PK\x03\x04\0\0weights.mlmodel", "zip archive … unpack it");
    binary(
        b"\x40\0\0\0\0\0\0\0{\"__metadata__\"",
        "safetensors … convert-h5-to-ggml.py",
    );
    binary(
        b"\x06\0\0\0\x0c\0WhisperSpec\0",
        "CTranslate2 … faster-whisper",
    );
    binary(b"\x1c\0\0\0TFL3", "TensorFlow Lite");
    binary(b"lmgg\x0a\0\0\0silero-16k", "Silero VAD … the node `vad`");
    binary(b"\x1f\x8b\x08", "gzip … unpack it");
    named(&tiny_model(), "ONNX");
    named(
        b"<!doctype html><title>404",
        "web page … its download failed",
    );
    named(
        "\u{feff} <?xml version='1.0'?><Error>".as_bytes(),
        "web page or XML",
    );
    named(
        b"version https://git-lfs.github.com/spec/v1\noid",
        "Git LFS pointer … git lfs pull",
    );
    named(
        b"Entry not found",
        "is text, not a model: \"Entry not found\"",
    );
    binary(
        b"\x01\x02\x03",
        "is no ggml Whisper model … otus models pull",
    );
}

/// LLaMA's head begins with tokens, too.
#[test]
fn ggml_files_of_other_models_are_told_by_their_head() {
    for tokens in [0_u32, 32_000, 50_257, 51_867, u32::MAX] {
        let bytes = [b"lmgg", &tokens.to_le_bytes()[..], &[1; 100]].concat();
        named(&bytes, &format!("another kind of model … {tokens} tokens"));
    }
}

/// Numbers of the head, and the filters after it, of which one is wrong.
#[test]
fn a_wrong_number_in_the_head_is_found() {
    assert!(read::check(WORDS).is_ok());
    for number in 2..14 {
        for wrong in [0, 3, 4001, 1 << 30, u32::MAX] {
            let mut bytes = WORDS.to_vec();
            bytes[4 * number..][..4].copy_from_slice(&u32::to_le_bytes(wrong));
            let said = refusal(&bytes);
            assert!(!said.what.is_empty(), "{number} {wrong}");
        }
    }
}

/// whisper.cpp ends the process without the one, and writes beyond its memory with the other.
#[test]
fn what_whisper_cpp_does_not_survive_is_found() {
    let mut bytes = WORDS.to_vec();
    let space = bytes.windows(5).position(|it| it == b"\x01\0\0\0 ");
    bytes[space.expect("it is a word") + 4] = b'x';
    named(&bytes, "no word that is a space");
    let mut bytes = WORDS.to_vec();
    bytes[4 * 6] = 4;
    named(&bytes, "it has 4 positions");
}

#[test]
fn a_cut_off_model_is_told_where() {
    let ends = [
        (3, "text"),
        (30, "its head"),
        (1000, "its filters"),
        (100_000, "its vocabulary"),
    ];
    for (end, said) in ends {
        named(&WORDS[..end], said);
    }
    let weights = refusal(&WORDS[..4_000_000]);
    says(
        &weights.what,
        "cut off: it ends within the tensor `decoder.token_embedding.weight`",
    );
    for end in (0..WORDS.len()).step_by(9_973) {
        assert!(read::check(&WORDS[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_model_without_weights_is_told() {
    let Some(shared) = shared() else { return };
    let model = std::fs::read(shared.join("models/for-tests-ggml-tiny.bin"));
    named(&model.expect("it is there"), "holds no weights … for-tests");
}

/// Checks and runs a pipeline with a model of this content; gives what was said both times.
fn answers(scratch: &Scratch, model: &[u8], language: &str) -> (Ended, Ended) {
    scratch.write("tone.wav", wav(16_000, 16_000));
    scratch.write("model.bin", model);
    let pipeline = format!(
        "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
         [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = 'model.bin'\n\
         sha256 = '{}'\nlanguage = '{language}'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['words']\npath = 'log.jsonl'\n",
        sum(model)
    );
    let ran = scratch.run(&pipeline, &[]);
    let checked = Running::start(scratch.otus(&["check", "pipeline.toml"])).wait();
    (checked, ran)
}

#[test]
fn check_warns_at_the_line_and_a_run_fails_at_once() {
    let cases = [
        (
            &b"GGUF\x03\0\0\0"[..],
            "en",
            "model.bin@ … is a GGUF file",
            ":10:9",
        ),
        (
            &WORDS[..4_000_000],
            "en",
            "model.bin@ … is cut off",
            ":10:9",
        ),
        (WORDS, "de", "`model.bin@ … ` knows English only", ":12:12"),
        (
            WORDS,
            "auto",
            "`model.bin@ … ` knows English only",
            ":12:12",
        ),
    ];
    for (model, language, said, place) in cases {
        let scratch = Scratch::new();
        let (checked, ran) = answers(&scratch, model, language);
        assert_eq!(
            (checked.code, ran.code),
            (Some(0), Some(1)),
            "{}",
            ran.stderr
        );
        says(
            &checked.stderr,
            &format!("warning: {said} … pipeline.toml{place} … help: "),
        );
        says(&ran.stderr, said);
        assert!(!ran.stderr.contains("retrying"), "{}", ran.stderr);
    }
}

#[test]
fn a_folder_is_no_model() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("whisper")).expect("writable");
    scratch.write("whisper/model.bin", "");
    let pipeline = format!(
        "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
         [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = './whisper'\nsha256 = '{}'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['words']\npath = 'log.jsonl'\n",
        sum(b"")
    );
    scratch.write("pipeline.toml", pipeline);
    let checked = Running::start(scratch.otus(&["check", "pipeline.toml"])).wait();
    says(&checked.stderr, "is a folder … CTranslate2 … convert");
}

/// What a name tells needs no file.
#[test]
fn a_language_that_a_known_model_lacks_is_an_error_at_its_line() {
    let cases = [
        ("otus-words", "de", "`otus-words` knows English only"),
        (
            "whisper-tiny.en",
            "auto",
            "`whisper-tiny.en` knows English only",
        ),
        (
            "whisper-base",
            "yue",
            "`whisper-base` does not know `yue` … large-v3",
        ),
        (
            "whisper-base",
            "klingon",
            "Whisper knows no language `klingon`",
        ),
        (
            "whisper-base",
            "e\\u0000n",
            "Whisper knows no language `e\\0n`",
        ),
    ];
    for (model, language, said) in cases {
        let scratch = Scratch::new();
        let pipeline = format!(
            "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
             [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = '{model}'\n\
             language = \"{language}\"\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['words']\npath = 'log.jsonl'\n"
        );
        scratch.write("pipeline.toml", pipeline);
        let checked = Running::start(scratch.otus(&["check", "pipeline.toml"])).wait();
        assert_eq!(checked.code, Some(78), "{}", checked.stderr);
        assert!(!checked.stderr.contains("whisper_"), "{}", checked.stderr);
        says(&checked.stderr, said);
        assert!(
            checked.stderr.contains("pipeline.toml:11:12"),
            "{}",
            checked.stderr
        );
    }
}

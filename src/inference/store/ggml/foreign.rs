//! What a file is that is no ggml Whisper model, told by how it begins.

use std::path::Path;

use super::ctranslate2;
use super::form::Bytes;
use super::refusal::Refusal;

const TAKE: &str =
    "otus runs whisper.cpp's ggml files: take one, such as `otus models pull whisper-base`";
const CONVERT: &str = "convert it with whisper.cpp's models/convert-pt-to-ggml.py, or take a ready one: \
                       `otus models pull whisper-base`";
const CONVERT_FOLDER: &str = "convert its folder with whisper.cpp's models/convert-h5-to-ggml.py, or take a ready \
                              one: `otus models pull whisper-base`";
const FROM_ORIGINAL: &str = "otus runs whisper.cpp's ggml files: convert the PyTorch model that it was made of with \
                             models/convert-pt-to-ggml.py, or `otus models pull whisper-base`";
const AGAIN: &str = "its download failed; fetch it again, or `otus models pull whisper-base`";
const UNPACK: &str = "unpack it, and name the file within";

/// How many bytes are looked at.
const BEGINNING: usize = 4096;

/// How files begin, and what they are.
const BEGINNINGS: [(&[u8], &str, &str); 19] = [
    (
        b"GGUF",
        "is a GGUF file, as llama.cpp reads it",
        FROM_ORIGINAL,
    ),
    (b"fmgg", "is an old ggml file (ggmf)", FROM_ORIGINAL),
    (
        b"tjgg",
        "is an old ggml file of llama.cpp (ggjt)",
        FROM_ORIGINAL,
    ),
    (b"algg", "is an adapter of llama.cpp (ggla)", TAKE),
    (
        b"ggml",
        "is a ggml file for processors of the other byte order",
        CONVERT,
    ),
    (
        b"\x80\x02",
        "is a PyTorch file of the old form (pickle)",
        CONVERT,
    ),
    (b"\x80\x03", "is a Python pickle", CONVERT),
    (b"\x80\x04", "is a Python pickle", CONVERT),
    (b"\x80\x05", "is a Python pickle", CONVERT),
    (
        b"\x89HDF",
        "is an HDF5 file, as Keras and TensorFlow write it",
        CONVERT_FOLDER,
    ),
    (
        b"version https://git-lfs",
        "is a Git LFS pointer, not the model itself",
        "fetch it with `git lfs pull`, or \
     `otus models pull whisper-base`",
    ),
    (b"\x1f\x8b", "is compressed with gzip", UNPACK),
    (b"BZh", "is compressed with bzip2", UNPACK),
    (b"\xfd7zXZ", "is compressed with xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", UNPACK),
    (b"RIFF", "is a sound or video file", TAKE),
    (
        b"lmgg\x0a\0\0\0silero",
        "is whisper.cpp's Silero VAD",
        "`transcribe` takes a Whisper model; the node `vad` has \
     a Silero VAD of its own",
    ),
    (b"\x7fELF", "is a program or library", TAKE),
    (b"%PDF", "is a PDF document", TAKE),
];

/// What a file is, unless it begins as a ggml file does.
pub fn named(bytes: &[u8]) -> Option<Refusal> {
    let beginning = &bytes[..bytes.len().min(BEGINNING)];
    let known = BEGINNINGS.iter().find(|it| bytes.starts_with(it.0));
    if let Some((_, what, remedy)) = known {
        return Some(Refusal::new(*what, remedy));
    }
    if beginning.starts_with(b"lmgg") {
        return None;
    }
    let (what, remedy) = match beginning {
        [] => ("is empty", AGAIN),
        it if it.starts_with(b"PK\x03\x04") => zip(it),
        it if is_safetensors(it) => (
            "is a safetensors file, as Transformers writes it",
            CONVERT_FOLDER,
        ),
        it if is_onnx(it) => ("is an ONNX model", FROM_ORIGINAL),
        it if it.get(4..8) == Some(b"TFL3") => ("is a TensorFlow Lite model", FROM_ORIGINAL),
        it if is_ctranslate2(it) => (
            "is a model of CTranslate2, as faster-whisper reads it",
            FROM_ORIGINAL,
        ),
        it => {
            return Some(
                text(it).unwrap_or_else(|| Refusal::new("is no ggml Whisper model", TAKE)),
            );
        }
    };
    Some(Refusal::new(what, remedy))
}

/// A ggml file with another head than Whisper's, where the number of tokens comes first.
pub fn another(tokens: usize) -> Refusal {
    let what = format!(
        "is a ggml file of another kind of model, as of llama.cpp: its head tells of {tokens} tokens, and Whisper has \
         51864 to 51866"
    );
    Refusal::new(what, TAKE)
}

/// What to say of a folder where a file should be.
pub fn folder(path: &Path) -> String {
    let is_there = |name: &str| path.join(name).is_file();
    let (what, remedy) = match () {
        () if is_there("pytorch_model.bin") || is_there("model.safetensors") => {
            ("is a folder of Transformers", CONVERT_FOLDER)
        }
        () if is_there("model.bin") => (
            "is a folder, perhaps of CTranslate2, as faster-whisper reads it",
            FROM_ORIGINAL,
        ),
        () => ("is a folder", "name the model file in it"),
    };
    format!("{} {what}; {remedy}", path.display())
}

fn zip(beginning: &[u8]) -> (&'static str, &'static str) {
    let has = |name: &[u8]| beginning.windows(name.len()).any(|it| it == name);
    match has(b"/data.pkl") || has(b".data/serialization_id") {
        true => ("is a PyTorch file", CONVERT),
        false => ("is a zip archive", UNPACK),
    }
}

/// The length of a description in JSON comes first.
fn is_safetensors(beginning: &[u8]) -> bool {
    beginning
        .get(8..10)
        .is_some_and(|it| it == b"{\"" || it == b"{}")
        && beginning[6..8] == [0, 0]
}

/// A version of one byte, then a text, a number or the graph.
fn is_onnx(beginning: &[u8]) -> bool {
    matches!(
        beginning,
        [
            8,
            1..=30,
            0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42 | 0x72,
            ..
        ]
    )
}

fn is_ctranslate2(beginning: &[u8]) -> bool {
    ctranslate2::kind(&mut Bytes(beginning)).is_ok_and(|it| it.ends_with("Spec"))
}

fn text(beginning: &[u8]) -> Option<Refusal> {
    let text = match std::str::from_utf8(beginning) {
        Ok(text) => text,
        // Cut off within a letter.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&beginning[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    if text.contains(|it: char| it.is_control() && !it.is_whitespace()) {
        return None;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        return Some(Refusal::new("is a web page or XML, not a model", AGAIN));
    }
    let line: String = text.lines().next()?.chars().take(60).collect();
    Some(Refusal::new(
        format!("is text, not a model: {line:?}"),
        AGAIN,
    ))
}

//! What of another program's configuration is not carried over, and what to do instead.

use serde::Serialize;

/// What otus does in another way, by the end of a setting's name.
const KNOWN: [(&str, &str); 22] = [
    (
        "detectors",
        "otus runs models on the processor, or by CUDA or TensorRT: `[runtime] providers`",
    ),
    (
        "model",
        "`model` of `detect` takes the ONNX file of a detector; `otus models inspect FILE` tells what it is taken for",
    ),
    (
        "ffmpeg.hwaccel_args",
        "otus decodes by OpenCV or ffmpeg without such arguments; take the sub-stream",
    ),
    (
        "audio",
        "`tag_sound` names sounds, with YAMNet, of which you bring the file; `vad` and `transcribe` write words down",
    ),
    (
        "birdseye",
        "the page at http://127.0.0.1:9860 shows all cameras",
    ),
    (
        "live",
        "the page at http://127.0.0.1:9860 shows all cameras",
    ),
    ("ui", "the page at http://127.0.0.1:9860 has no settings"),
    (
        "go2rtc",
        "otus hands no streams on; go2rtc can run beside it",
    ),
    (
        "motion.threshold",
        "`motion` before `detect` has a `threshold` of its own, in steps of brightness",
    ),
    (
        "motion",
        "`motion` before `detect` lets pictures through only while something moves",
    ),
    (
        "review",
        "`otus events` and the page's history show what was kept",
    ),
    ("database", "`sqlite` keeps a history"),
    (
        "face_recognition",
        "otus recognises nobody; `yunet` finds faces, and `redact` covers them",
    ),
    ("lpr", "otus reads no number plates"),
    (
        "semantic_search",
        "otus does not search by meaning; `embed` gives vectors",
    ),
    (
        "genai",
        "otus asks no service outside; `webhook` can tell one",
    ),
    ("notifications", "`webhook` and `mqtt` tell others"),
    ("onvif", "otus moves no cameras"),
    ("auth", "`[status] token_file`"),
    ("tls", "`[status] tls_cert` and `tls_key`"),
    ("timestamp_style", "`annotate` draws the time into pictures"),
    (
        "inertia",
        "`min_ms` of a zone says how long somebody must be inside",
    ),
];

/// A setting that is not carried over.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The line of the file, from 1.
    pub line: usize,
    /// Its name, with those of the tables around it.
    pub name: String,
    /// Why not, or what to do instead; may be empty.
    pub why: String,
}

/// All of them, in the order of the file.
#[derive(Default)]
pub struct Left(pub Vec<Setting>);

impl Left {
    /// Notes one.
    pub fn note(&mut self, line: usize, name: &str, why: &str) {
        self.0.push(Setting {
            line,
            name: name.to_owned(),
            why: why.to_owned(),
        });
    }

    /// Notes one that otus has nothing like, or does in another way.
    pub fn unknown(&mut self, line: usize, name: &str) {
        let ends = |end: &str| name == end || name.ends_with(&format!(".{end}"));
        let known = KNOWN.iter().find(|it| ends(it.0));
        self.note(
            line,
            name,
            known.map_or("otus has nothing like it", |it| it.1),
        );
    }
}

//! The program `otus`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Quiet, because otus says itself what failed. ONNX Runtime would otherwise keep an identifier of the machine in the
    // home directory, and what it did, to be sent to its makers.
    let wishes = [
        otus::nodes::OPENCV_OPTIONS,
        ("OPENCV_FFMPEG_LOGLEVEL", "-8"),
        ("ORT_DISABLE_TELEMETRY", "1"),
    ];
    for (name, value) in wishes {
        if std::env::var_os(name).is_none() {
            // SAFETY: no other thread exists yet that could read the environment.
            unsafe { std::env::set_var(name, value) };
        }
    }
    otus::cli::main()
}

//! The program `otus`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // OpenCV takes these from the environment only. TCP, because lost UDP packets smear pictures;
    // half a second of probing, because the default of five delays every reconnect; quiet,
    // because otus says what failed itself. ONNX Runtime would otherwise keep an identifier of the
    // machine in the home directory, and what it did, to be sent to its makers.
    let wishes = [
        (
            "OPENCV_FFMPEG_CAPTURE_OPTIONS",
            "rtsp_transport;tcp|analyzeduration;500000|fpsprobesize;0",
        ),
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

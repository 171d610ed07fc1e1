//! OpenCV's part of otus loads as little of OpenCV as it can, and the rest when it is needed.

use std::ffi::{c_char, c_int};
use std::path::Path;
use std::time::Duration;

use crate::bad_input::check;
use crate::scratch::{Running, Scratch, has_opencv, patience, skipped, wait_for};

const LIBRARY: &str = "libotus_opencv.so";
/// cv::imread(const std::string&, int)
const READ: &str = "_ZN2cv6imreadERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEi";

/// `std::string` of GCC's C++ library.
#[repr(C)]
struct Text {
    characters: *const c_char,
    length: usize,
    inside: [usize; 2],
}

/// `cv::Mat`, as far as it is looked at.
#[repr(C)]
struct Mat {
    flags: c_int,
    dimensions: c_int,
    rows: c_int,
    columns: c_int,
    pixels: *const u8,
    rest: [usize; 9],
}

fn libraries(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("the process lives")
}

fn library() -> &'static libloading::Library {
    let file = Path::new(env!("CARGO_BIN_EXE_otus")).with_file_name(LIBRARY);
    // SAFETY: it is otus's own.
    let library = unsafe { libloading::Library::new(file) };
    Box::leak(Box::new(library.expect("it loads")))
}

/// Whether the process has a file open.
fn reads(pid: u32, file: &Path) -> bool {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("the process lives");
    open.flatten()
        .any(|it| std::fs::read_link(it.path()).is_ok_and(|it| it == file))
}

#[test]
fn a_video_needs_no_library_for_picture_files() {
    if !has_opencv() {
        return skipped("this build has no OpenCV");
    }
    let street = Path::new(env!("CARGO_MANIFEST_DIR")).join(".demo/vtest.avi");
    let scratch = Scratch::new();
    let otus = scratch.start(
        &format!(
            "[sources.street]\ntype = 'camera'\nuri = '{}'\nbackend = 'opencv'\npace = 'realtime'\n\
             [sinks.log]\ntype = 'console'\ninputs = ['street']\n",
            street.display()
        ),
        &[],
    );
    let loaded = wait_for("OpenCV", patience(Duration::from_secs(10)), || {
        let loaded = libraries(otus.id());
        let decodes = loaded.contains("libopencv_videoio") && reads(otus.id(), &street);
        decodes.then_some(loaded)
    });
    assert!(!loaded.contains("libopencv_imgcodecs"), "{loaded}");
    otus.signal(libc::SIGTERM);
    assert_eq!(otus.wait().code, Some(0));
}

/// What decodes a webcam's pictures is reached in the same way.
#[test]
fn what_is_asked_of_that_library_is_passed_on_to_it() {
    if !has_opencv() {
        return skipped("this build has no OpenCV");
    }
    let scratch = Scratch::new();
    let path = scratch.path("red.png");
    let red = image::RgbImage::from_pixel(40, 30, image::Rgb([200, 20, 10]));
    red.save(&path).expect("the folder is writable");
    // SAFETY: the types are those of the C++ function, which only reads the text.
    let read = unsafe { library().get::<unsafe extern "C" fn(*const Text, c_int) -> Mat>(READ) };
    let read = read.expect("it stands in for the library with this function");
    let path = path.to_string_lossy();
    let text = Text {
        characters: path.as_ptr().cast(),
        length: path.len(),
        inside: [0; 2],
    };
    // SAFETY: as above; the picture is never freed.
    let (shape, pixel) = unsafe {
        let picture = read(&text, 1);
        assert!(!picture.pixels.is_null(), "it has read nothing");
        let shape = (picture.rows, picture.columns);
        (shape, std::slice::from_raw_parts(picture.pixels, 3))
    };
    assert_eq!((shape, pixel), ((30, 40), &[10, 20, 200][..]));
    assert!(libraries(std::process::id()).contains("libopencv_imgcodecs"));
}

#[test]
fn a_webcam_without_the_library_for_picture_files_is_told_so() {
    if !has_opencv() {
        return skipped("this build has no OpenCV");
    }
    library();
    let loaded = libraries(std::process::id());
    let mut files = loaded.split_whitespace();
    let video = files.find(|it| it.contains("libopencv_videoio"));
    let video = Path::new(video.expect("it was loaded")).to_owned();
    // Under all its names in a folder where OpenCV has nothing else.
    let scratch = Scratch::new();
    let beside = std::fs::read_dir(video.parent().expect("it is in a folder"));
    for entry in beside.expect("the folder can be read").flatten() {
        if entry.path().canonicalize().is_ok_and(|it| it == video) {
            let copy = scratch.path(&entry.file_name().to_string_lossy());
            std::fs::copy(&video, copy).expect("there is room");
        }
    }
    scratch.write(
        "pipeline.toml",
        "status.listen = 'off'\n[sources.it]\ntype = 'camera'\nuri = '/dev/null'\nbackend = 'opencv'\n\
         [sinks.log]\ntype = 'console'\ninputs = ['it']\n",
    );
    let mut otus = scratch.otus(&["run", "pipeline.toml"]);
    otus.env("LD_LIBRARY_PATH", scratch.path("."));
    let said = "OpenCV is not whole: … libopencv_imgcodecs … No such file … install it again";
    check(&Running::start(otus).wait(), 1, said);
}

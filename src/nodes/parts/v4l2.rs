//! What a V4L2 device says that it can do, without starting it.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Of `v4l2_capability`: it captures pictures, and what this device of several does counts.
const VIDEO_CAPTURE: u32 = 0x1;
const DEVICE_CAPS: u32 = 0x8000_0000;
/// A buffer type, and a kind of size and of interval: one by one.
const CAPTURE: u32 = 1;
const DISCRETE: u32 = 1;
/// No camera lists more formats, sizes or rates.
const MOST: u32 = 64;

/// Asks the kernel: direction and size, then `V` and a number.
const fn request(direction: u64, size: usize, number: u64) -> u64 {
    direction << 30 | (size as u64) << 16 | 0x56 << 8 | number
}

const QUERY: u64 = request(2, size_of::<Capability>(), 0);
const FORMATS: u64 = request(3, size_of::<Format>(), 2);
const SIZES: u64 = request(3, size_of::<Size>(), 74);
const INTERVALS: u64 = request(3, size_of::<Interval>(), 75);

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Capability {
    /// Names of 16, 32 and 32 bytes, the version, what the hardware and what this device can do, and three of reserve.
    words: [u32; 26],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Format {
    index: u32,
    kind: u32,
    flags: u32,
    description: [u32; 8],
    pixels: u32,
    code: u32,
    reserved: [u32; 3],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Size {
    index: u32,
    pixels: u32,
    kind: u32,
    numbers: [u32; 6],
    reserved: [u32; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Interval {
    index: u32,
    pixels: u32,
    width: u32,
    height: u32,
    kind: u32,
    numbers: [u32; 6],
    reserved: [u32; 2],
}

/// A size that a camera has, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// How pictures are coded, such as `MJPG`.
    pub format: String,
    /// Width and height.
    pub size: (u32, u32),
    /// Pictures a second, at most; none if it does not say.
    pub rate: Option<f64>,
}

/// Whether pictures come of it; none if it cannot be asked. A webcam has a second device that only tells about its pictures.
pub fn captures(path: &Path) -> Option<bool> {
    let device = open(path)?;
    let mut about = Capability::default();
    ask(&device, QUERY, &mut about)?;
    let (all, own) = (about.words[21], about.words[22]);
    let caps = if all & DEVICE_CAPS != 0 { own } else { all };
    Some(caps & VIDEO_CAPTURE != 0)
}

/// What it says that it can do, in its own order; empty if it cannot be asked.
pub fn modes(path: &Path) -> Vec<Mode> {
    let Some(device) = open(path) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for index in 0..MOST {
        let mut format = Format {
            index,
            kind: CAPTURE,
            ..Format::default()
        };
        if ask(&device, FORMATS, &mut format).is_none() {
            break;
        }
        sizes(&device, format.pixels, &mut found);
    }
    found
}

fn sizes(device: &File, pixels: u32, found: &mut Vec<Mode>) {
    for index in 0..MOST {
        let mut size = Size {
            index,
            pixels,
            ..Size::default()
        };
        if ask(device, SIZES, &mut size).is_none() || size.kind != DISCRETE {
            return;
        }
        let (width, height) = (size.numbers[0], size.numbers[1]);
        let mode = Mode {
            format: name(pixels),
            size: (width, height),
            rate: fastest(device, pixels, (width, height)),
        };
        found.push(mode);
    }
}

fn fastest(device: &File, pixels: u32, (width, height): (u32, u32)) -> Option<f64> {
    let rates = (0..MOST).map_while(|index| {
        let mut interval = Interval {
            index,
            pixels,
            width,
            height,
            ..Interval::default()
        };
        ask(device, INTERVALS, &mut interval)?;
        let [seconds, parts, ..] = interval.numbers;
        (interval.kind == DISCRETE && seconds > 0).then(|| f64::from(parts) / f64::from(seconds))
    });
    rates.reduce(f64::max)
}

/// A code of four letters.
fn name(pixels: u32) -> String {
    let letters = pixels.to_le_bytes().map(char::from);
    letters.into_iter().filter(char::is_ascii_graphic).collect()
}

fn open(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK);
    options.open(path).ok()
}

fn ask<T: Copy>(device: &File, request: u64, about: &mut T) -> Option<()> {
    // SAFETY: the request's number holds the size of `T`, which is laid out as the kernel's and holds numbers only.
    let done = unsafe { libc::ioctl(device.as_raw_fd(), request as _, std::ptr::from_mut(about)) };
    (done == 0).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel's own header has them, on 64-bit machines.
    #[test]
    fn requests_are_those_of_the_kernel() {
        assert_eq!(QUERY, 0x8068_5600);
        assert_eq!(FORMATS, 0xc040_5602);
        assert_eq!(SIZES, 0xc02c_564a);
        assert_eq!(INTERVALS, 0xc034_564b);
        assert_eq!(name(u32::from_le_bytes(*b"MJPG")), "MJPG");
    }

    #[test]
    fn what_is_no_camera_says_nothing() {
        assert_eq!(captures(Path::new("/dev/null")), None);
        assert_eq!(modes(Path::new("/dev/null")), []);
        assert_eq!(captures(Path::new("/nowhere")), None);
    }
}

//! OpenCV's VideoCapture: devices through V4L2, streams and files through FFmpeg, GStreamer.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use opencv::core::{
    LogLevel, Mat, MatTraitConst, MatTraitConstManual, Vec3b, Vector, get_version_string,
    set_log_level,
};
use opencv::videoio::{
    CAP_FFMPEG, CAP_GSTREAMER, CAP_PROP_BUFFERSIZE, CAP_PROP_FPS, CAP_PROP_FRAME_HEIGHT,
    CAP_PROP_FRAME_WIDTH, CAP_PROP_OPEN_TIMEOUT_MSEC, CAP_PROP_POS_MSEC,
    CAP_PROP_READ_TIMEOUT_MSEC, CAP_V4L2, VideoCapture, VideoCaptureTrait, VideoCaptureTraitConst,
};

use super::medium::{Medium, RIBBON};
use super::{Config, RateLimit, elements, silent};
use crate::media::clock::Time;
use crate::media::frame::{Frame, PixelFormat};
use crate::media::recycle::Recycle;
use crate::pipeline::blocking::Blocking;
use crate::pipeline::context::Context;
use crate::pipeline::node::{Error, Result};

/// Version of OpenCV, if it tells.
pub fn version() -> Option<String> {
    get_version_string().ok()
}

/// Starts to read; connecting happens on the reader's thread too.
pub fn start(medium: Medium, config: &Config, context: &Context) -> Blocking<Arc<Frame>> {
    let name = format!("{}-read", context.id);
    let mut reader = Reader {
        live: medium.is_live(),
        stall_timeout: Duration::from_millis(config.stall_timeout_ms),
        limit: RateLimit::new(config.fps),
        pool: Recycle::new(Frame::empty),
        shape: (0, 0),
        previous: None,
        in_file: 0,
        context: context.clone(),
    };
    let (config, context) = (config.clone(), context.clone());
    Blocking::start(
        &name,
        move || connect(&medium, &config, &context),
        move |capture| reader.read(capture),
    )
}

fn connect(medium: &Medium, config: &Config, context: &Context) -> Result<VideoCapture> {
    // OpenCV's own warnings go past every log; what matters comes back as an error.
    let _ = set_log_level(LogLevel::LOG_LEVEL_SILENT);
    let (address, backend) = match medium {
        Medium::Device(path) => (path.display().to_string(), CAP_V4L2),
        Medium::Stream(uri) => (uri.expose().to_owned(), CAP_FFMPEG),
        Medium::GStreamer(uri) => {
            // OpenCV would wait for ever for a pipeline that lacks one.
            elements::check(uri.expose())?;
            (uri.expose().to_owned(), CAP_GSTREAMER)
        }
        Medium::Video(path) | Medium::Stills(path) => {
            (context.resolve(path).display().to_string(), CAP_FFMPEG)
        }
    };
    let limits = match medium {
        Medium::Stream(_) => vec![
            CAP_PROP_OPEN_TIMEOUT_MSEC,
            config.connect_timeout_ms as i32,
            CAP_PROP_READ_TIMEOUT_MSEC,
            config.stall_timeout_ms as i32,
        ],
        _ => Vec::new(),
    };
    let limits = Vector::from_slice(&limits);
    let capture = VideoCapture::from_file_with_params(&address, backend, &limits);
    let opened = capture.ok().filter(|it| it.is_opened().unwrap_or(false));
    let mut capture = opened.ok_or_else(|| unopened(medium, config))?;
    if matches!(medium, Medium::Device(_)) {
        // Wishes: a driver may refuse them. Old frames in its queue are of no use.
        let _ = capture.set(CAP_PROP_BUFFERSIZE, 2.0);
        for (property, pixels) in [
            (CAP_PROP_FRAME_WIDTH, config.width),
            (CAP_PROP_FRAME_HEIGHT, config.height),
        ] {
            let _ = pixels.map(|pixels| capture.set(property, f64::from(pixels)));
        }
    }
    Ok(capture)
}

/// OpenCV does not say why it cannot open something; this is what it can be.
fn unopened(medium: &Medium, config: &Config) -> Error {
    match medium {
        Medium::Device(_) => Error::retry(format!(
            "cannot be opened as a camera; does another program use it? {RIBBON}"
        )),
        Medium::Stream(_) => {
            Error::retry("cannot connect; is it on, and are address and password right?")
        }
        Medium::GStreamer(_) => Error::retry(
            "GStreamer does not start it; `gst-launch-1.0` with the same words says why",
        ),
        Medium::Video(_) | Medium::Stills(_) => {
            Error::fatal(format!("{} is no video that FFmpeg can read", config.uri))
        }
    }
}

/// Turns what OpenCV decodes into frames.
struct Reader {
    live: bool,
    stall_timeout: Duration,
    limit: RateLimit,
    pool: Recycle<Frame>,
    /// Width and height of the latest picture.
    shape: (u32, u32),
    previous: Option<Time>,
    /// Frames of the file so far.
    in_file: u64,
    context: Context,
}

impl Reader {
    fn read(&mut self, capture: &mut VideoCapture) -> Result<Option<Arc<Frame>>> {
        loop {
            let asked = Instant::now();
            let grabbed = capture.grab().map_err(Error::retry)?;
            // After a time-out FFmpeg's decoder gives what it had held back, as if it were new.
            if self.live && asked.elapsed() >= self.stall_timeout {
                return Err(silent(self.stall_timeout));
            }
            if !grabbed {
                return Ok(None);
            }
            let at = self.capture_time(capture);
            let seq = self.context.captured.fetch_add(1, Relaxed);
            if self.limit.passes(at) {
                return self.retrieve(capture, at, seq).map(Some);
            }
        }
    }

    /// Now for a device; the presentation time for a file, or its frame rate if it has none.
    fn capture_time(&mut self, capture: &VideoCapture) -> Time {
        if self.live {
            return self.context.clock.now();
        }
        let number = self.in_file;
        self.in_file += 1;
        let stamped = capture.get(CAP_PROP_POS_MSEC).unwrap_or_default();
        let mut at = Time::from_secs_f64(stamped / 1000.0);
        if self.previous.is_some_and(|previous| at <= previous) {
            let fps = capture
                .get(CAP_PROP_FPS)
                .ok()
                .filter(|fps| *fps > 0.0)
                .unwrap_or(25.0);
            at = Time::from_secs_f64(number as f64 / fps);
        }
        self.previous = Some(at);
        at
    }

    /// Decodes straight into a recycled buffer: the only copy that a frame ever sees.
    fn retrieve(&mut self, capture: &mut VideoCapture, at: Time, seq: u64) -> Result<Arc<Frame>> {
        let shape = &mut self.shape;
        let source = &self.context.id;
        self.pool.share(|frame| {
            frame.source = Arc::clone(source);
            (frame.at, frame.seq) = (at, seq);
            let buffer = frame.reshape(shape.0, shape.1, PixelFormat::Bgr8);
            let start = buffer.as_ptr();
            let mut elsewhere = Mat::default();
            let size = if buffer.is_empty() {
                capture.retrieve_def(&mut elsewhere).map_err(Error::retry)?;
                elsewhere.size().map_err(Error::retry)?
            } else {
                let (rows, columns) = (shape.1 as i32, shape.0 as i32);
                let mut picture = Mat::new_rows_cols_with_bytes_mut::<Vec3b>(rows, columns, buffer)
                    .map_err(Error::fatal)?;
                capture.retrieve_def(&mut picture).map_err(Error::retry)?;
                // OpenCV makes a new buffer if the picture has another size than the last.
                if !std::ptr::eq(picture.data(), start) {
                    elsewhere = picture.try_clone().map_err(Error::retry)?;
                }
                picture.size().map_err(Error::retry)?
            };
            *shape = (size.width as u32, size.height as u32);
            if elsewhere.empty() && shape.0 * shape.1 > 0 {
                return Ok(());
            }
            let bytes = elsewhere.data_bytes().map_err(Error::retry)?;
            let room = frame.reshape(shape.0, shape.1, PixelFormat::Bgr8);
            if bytes.is_empty() || bytes.len() != room.len() {
                return Err(Error::retry("the decoder gave a picture without colours"));
            }
            room.copy_from_slice(bytes);
            Ok(())
        })
    }
}

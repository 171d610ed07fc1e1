//! The latest picture of each camera, as JPEG. Encoded only when somebody looks, and once for all who do.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::StatusCode;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::guard::Refusal;
use crate::media::frame::{Frame, PixelFormat};
use crate::pipeline::flow::tap::Tap;

/// A picture is as fresh as this: five a second, however many look.
pub const FRESH: Duration = Duration::from_millis(200);
/// A camera that gives nothing for so long has no picture.
const PATIENCE: Duration = Duration::from_secs(5);
/// Wider frames are thinned out: a page shows no more, and a small board saves its time.
const WIDEST: u32 = 960;
const QUALITY: u8 = 75;

/// The latest picture of every camera that somebody has looked at.
#[derive(Default)]
pub struct PictureCache {
    cameras: std::sync::Mutex<HashMap<String, Camera>>,
}

type Camera = Arc<Mutex<Option<Picture>>>;

#[derive(Clone)]
pub struct Picture {
    pub taken: Instant,
    pub seq: u64,
    pub seconds: f64,
    pub jpeg: Bytes,
}

impl PictureCache {
    /// The latest picture if it is fresh, else the next one. Those who ask meanwhile wait for it.
    pub async fn picture(&self, id: &str, tap: &Tap) -> Result<Picture, Refusal> {
        let camera = {
            let cameras = &self.cameras;
            let mut cameras = cameras.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cameras.entry(id.to_owned()).or_default())
        };
        let mut latest = camera.lock().await;
        if let Some(picture) = latest.as_ref().filter(|it| it.taken.elapsed() < FRESH) {
            return Ok(picture.clone());
        }
        let Ok(Ok(frame)) = timeout(PATIENCE, tap.next_frame()).await else {
            let text = "the camera gives no picture\n";
            return Err((StatusCode::SERVICE_UNAVAILABLE, text));
        };
        let picture = tokio::task::spawn_blocking(move || Picture::of(&frame)).await;
        let picture = picture.expect("the encoder does not panic");
        *latest = Some(picture.clone());
        Ok(picture)
    }
}

impl Picture {
    fn of(frame: &Frame) -> Picture {
        let (width, height, pixels) = thinned(frame);
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
            .encode(&pixels, width, height, ExtendedColorType::Rgb8)
            .expect("a frame has as many bytes as its size says, and a vector takes them all");
        Picture {
            taken: Instant::now(),
            seq: frame.seq,
            seconds: frame.at.as_secs_f64(),
            jpeg: Bytes::from(jpeg),
        }
    }

    /// One part of a stream of pictures.
    pub fn as_part(&self) -> Bytes {
        let head = format!(
            "--otus\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nX-Otus-Seq: {}\r\n\
             X-Otus-Time: {:.3}\r\n\r\n",
            self.jpeg.len(),
            self.seq,
            self.seconds
        );
        [head.as_bytes(), &self.jpeg, b"\r\n"].concat().into()
    }
}

/// Width, height and RGB of a frame, of which every n-th pixel is taken if it is wide.
fn thinned(frame: &Frame) -> (u32, u32, Vec<u8>) {
    let step = frame.width.div_ceil(WIDEST).max(1);
    let (width, height) = (frame.width / step, frame.height / step);
    let row = frame.width as usize * Frame::CHANNELS;
    let skip = step as usize;
    let mut pixels = Vec::with_capacity(width as usize * height as usize * Frame::CHANNELS);
    let rows = frame.pixels.chunks_exact(row).step_by(skip);
    for row in rows.take(height as usize) {
        let taken = row.chunks_exact(Frame::CHANNELS).step_by(skip);
        for pixel in taken.take(width as usize) {
            match frame.format {
                PixelFormat::Rgb8 => pixels.extend_from_slice(pixel),
                PixelFormat::Bgr8 => pixels.extend(pixel.iter().rev()),
            }
        }
    }
    (width, height, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_frame_is_thinned_and_its_colours_are_put_in_order() {
        let mut frame = Frame::empty();
        let blue = [255, 0, 0].repeat(1921 * 4);
        frame
            .reshape(1921, 4, PixelFormat::Bgr8)
            .copy_from_slice(&blue);
        let (width, height, pixels) = thinned(&frame);
        assert_eq!((width, height, &pixels[..3]), (640, 1, &[0, 0, 255][..]));
        let jpeg = Picture::of(&frame).jpeg;
        assert_eq!(jpeg[..2], [0xff, 0xd8]);
    }
}

//! What a camera sees, as JPEG. Encoded only when somebody looks, and once for all who do.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::guard::Refusal;
use super::routes::Seen;
use crate::media::frame::{Frame, PixelFormat};
use crate::pipeline::tap::Tap;

/// A picture is as fresh as this: five a second, however many look.
const FRESH: Duration = Duration::from_millis(200);
/// A camera that gives nothing for so long has no picture.
const PATIENCE: Duration = Duration::from_secs(5);
/// Wider frames are thinned out: a page shows no more, and a small board saves its time.
const WIDEST: u32 = 960;
const QUALITY: u8 = 75;

/// The latest picture of every camera that somebody has looked at.
#[derive(Default)]
pub struct Studio {
    cameras: std::sync::Mutex<HashMap<String, Camera>>,
}

type Camera = Arc<Mutex<Option<Picture>>>;

#[derive(Clone)]
struct Picture {
    taken: Instant,
    seq: u64,
    seconds: f64,
    jpeg: Bytes,
}

/// One picture.
pub async fn frame(State(seen): State<Seen>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let picture = seen.picture(&id).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert("x-otus-seq", HeaderValue::from(picture.seq));
    let seconds = format!("{:.3}", picture.seconds);
    let seconds = HeaderValue::from_str(&seconds).expect("digits are a header value");
    headers.insert("x-otus-time", seconds);
    Ok((headers, picture.jpeg).into_response())
}

/// Pictures one after the other, as fast as the reader takes them, until the camera gives none.
pub async fn stream(State(seen): State<Seen>, Path(id): Path<String>) -> Result<Response, Refusal> {
    seen.tap(&id)?;
    let place = seen.streams.enter()?;
    let parts = stream::unfold((seen, id, place), |(seen, id, place)| async move {
        let picture = seen.picture(&id).await.ok()?;
        let rest = FRESH.saturating_sub(picture.taken.elapsed());
        let part = picture.as_part();
        sleep(rest).await;
        Some((
            Ok::<Bytes, std::convert::Infallible>(part),
            (seen, id, place),
        ))
    });
    let kind = [(
        header::CONTENT_TYPE,
        "multipart/x-mixed-replace; boundary=otus",
    )];
    Ok((kind, Body::from_stream(parts)).into_response())
}

impl Seen {
    fn tap(&self, id: &str) -> Result<Arc<Tap>, Refusal> {
        let text = "no node of this name makes pictures\n";
        self.view.tap(id).ok_or((StatusCode::NOT_FOUND, text))
    }

    /// The latest picture if it is fresh, else the next one. Those who ask meanwhile wait for it.
    async fn picture(&self, id: &str) -> Result<Picture, Refusal> {
        let tap = self.tap(id)?;
        let camera = {
            let cameras = &self.studio.cameras;
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

    fn as_part(&self) -> Bytes {
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

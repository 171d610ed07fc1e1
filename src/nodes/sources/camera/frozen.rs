//! Notices a camera that gives the same picture again and again.

use std::time::Duration;

use crate::media::clock::Time;
use crate::media::frame::Frame;

/// Bytes of a picture that are compared: enough for the noise of any sensor to show.
const SAMPLES: usize = 1024;

/// Remembers the latest picture that was different.
#[derive(Debug, Default)]
pub struct Frozen {
    fingerprint: u64,
    since: Option<Time>,
}

impl Frozen {
    /// For how long the picture has been the same.
    pub fn still_for(&mut self, frame: &Frame) -> Duration {
        let fingerprint = fingerprint(&frame.pixels);
        if fingerprint != self.fingerprint || self.since.is_none() {
            self.fingerprint = fingerprint;
            self.since = Some(frame.at);
        }
        frame.at.since(self.since.expect("it was set just now"))
    }
}

/// FNV-1a over bytes that are spread evenly, by a step that is odd so that all colours count.
fn fingerprint(bytes: &[u8]) -> u64 {
    let step = (bytes.len() / SAMPLES) | 1;
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().step_by(step).fold(0xcbf2_9ce4_8422_2325, mix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::PixelFormat;

    #[test]
    fn a_picture_that_stays_is_still_until_a_single_sampled_byte_changes() {
        let mut frame = Frame::empty();
        frame.reshape(64, 48, PixelFormat::Bgr8).fill(100);
        let mut frozen = Frozen::default();
        for second in 0..5u32 {
            frame.at = Time::from_secs_f64(f64::from(second));
            assert_eq!(frozen.still_for(&frame).as_secs(), u64::from(second));
        }
        frame.reshape(64, 48, PixelFormat::Bgr8)[0] = 101;
        assert_eq!(frozen.still_for(&frame), Duration::ZERO);
    }
}

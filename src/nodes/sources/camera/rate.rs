//! How many frames of a camera are wanted, how large they may be, and how long it may give none.

use std::time::Duration;

use super::config::Config;
use crate::media::clock::Time;
use crate::pipeline::contract::error::{Error, Result};

/// It has given nothing for so long.
pub fn silent(stall_timeout: Duration) -> Error {
    Error::retry(format!("no frame for {} s", stall_timeout.as_secs_f64()))
}

/// Refuses a video of more pixels than the pipeline file allows.
///
/// # Errors
/// `Fatal` with the remedy.
pub fn small_enough(width: u64, height: u64, config: &Config) -> Result<()> {
    if width.saturating_mul(height) <= config.max_pixels {
        return Ok(());
    }
    let most = config.max_pixels;
    Err(Error::fatal(format!(
        "pictures of {width} x {height} pixels are more than `max_pixels` ({most}) allows"
    )))
}

/// Lets frames through at a limited rate.
pub struct RateLimit {
    interval: Duration,
    due: Option<Time>,
}

impl RateLimit {
    /// At most so many frames a second; all, if none.
    pub fn new(fps: Option<f64>) -> RateLimit {
        let interval = Duration::from_secs_f64(fps.map_or(0.0, f64::recip));
        RateLimit {
            interval,
            due: None,
        }
    }

    /// Whether a frame of this capture time may pass. Timestamps are rounded in many containers,
    /// so a frame that is a millisecond early is in time.
    pub fn passes(&mut self, at: Time) -> bool {
        let due = *self.due.get_or_insert(at);
        if at.after(Duration::from_millis(1)) < due {
            return false;
        }
        // After a pause the rhythm starts anew instead of catching up in a burst.
        let behind = at.since(due) > self.interval;
        self.due = Some(if behind { at } else { due }.after(self.interval));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_takes_every_third_frame_of_thirty_a_second() {
        let mut limit = RateLimit::new(Some(10.0));
        let passed = (0..90).filter(|n| limit.passes(Time::from_secs_f64(f64::from(*n) / 30.0)));
        assert_eq!(
            passed.collect::<Vec<_>>(),
            (0..90).step_by(3).collect::<Vec<_>>()
        );
    }
}

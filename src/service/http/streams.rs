//! How many answers that do not end can be open.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::guard::Refusal;
use super::seat::Seat;

/// Streams of events and pictures that can be open at a time, fewer than there are connections, so
/// that `/status` can always be asked.
const MOST_STREAMS: usize = 16;

/// Places for answers that do not end.
#[derive(Clone)]
pub struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Streams {
        Streams(Arc::new(Semaphore::new(MOST_STREAMS)))
    }
}

impl Streams {
    /// Takes a place, to be held as long as the stream lasts.
    pub fn enter(&self, seat: &Seat) -> Result<OwnedSemaphorePermit, Refusal> {
        let text = "too many streams are open; close one\n";
        let place = Arc::clone(&self.0).try_acquire_owned();
        let place = place.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, text))?;
        seat.is_stream();
        Ok(place)
    }
}

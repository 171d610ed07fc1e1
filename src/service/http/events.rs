//! Events as they happen, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::guard::Refusal;
use super::routes::Seen;
use crate::pipeline::secret::redact;
use crate::pipeline::tap::Told;

/// Streams of events and pictures that can be open at a time, fewer than there are connections, so
/// that `/status` can always be asked.
const MOST_STREAMS: usize = 16;
/// Tells both ends that the other one is still there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

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
    pub fn enter(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = Arc::clone(&self.0).try_acquire_owned();
        let text = "too many streams are open; close one\n";
        place.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, text))
    }
}

/// What is remembered after `Last-Event-ID`, then what comes. A client that falls too far behind is
/// cut; it comes back with the number of the last event that it has.
pub async fn events(State(seen): State<Seen>, headers: HeaderMap) -> Result<Response, Refusal> {
    let place = seen.streams.enter()?;
    let last = headers.get("last-event-id").and_then(|it| it.to_str().ok());
    let last = last.and_then(|it| it.parse().ok()).unwrap_or(0);
    let (recent, live) = seen.view.feed().listen(last);
    let recent = stream::iter(recent.into_iter().map(message));
    let traffic = Arc::clone(&seen.traffic);
    let coming = stream::unfold((live, place), move |(mut live, place)| {
        let traffic = Arc::clone(&traffic);
        async move {
            match live.recv().await {
                Ok(told) => Some((message(told), (live, place))),
                Err(RecvError::Closed) => None,
                Err(RecvError::Lagged(_)) => {
                    traffic.slow.fetch_add(1, Relaxed);
                    None
                }
            }
        }
    });
    let keep_alive = KeepAlive::new().interval(SIGN_OF_LIFE);
    Ok(Sse::new(recent.chain(coming))
        .keep_alive(keep_alive)
        .into_response())
}

fn message(told: Told) -> Result<Message, Infallible> {
    let number = told.number.to_string();
    Ok(Message::default()
        .id(number)
        .data(redact(&told.event.to_json())))
}

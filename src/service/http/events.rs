//! Events as they happen, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;

use super::guard::Refusal;
use super::seat::Seat;
use super::state::AppState;
use crate::media::events::{Event, Line};
use crate::pipeline::flow::tap::Published;

/// Tells both ends that the other one is still there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// What is remembered after `Last-Event-ID`, then what comes. A client that falls too far behind is
/// cut; it comes back with the number of the last event that it has.
pub async fn events(
    State(state): State<AppState>,
    Extension(seat): Extension<Arc<Seat>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let place = state.streams.enter(&seat)?;
    let last = headers.get("last-event-id").and_then(|it| it.to_str().ok());
    let last = last.and_then(|it| it.parse().ok()).unwrap_or(0);
    let (recent, live) = state.view.feed().listen(last);
    let recent = stream::iter(recent.into_iter().map(message));
    let traffic = Arc::clone(&state.traffic);
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

fn message(told: Published) -> Result<Message, Infallible> {
    let number = told.number.to_string();
    Ok(Message::default()
        .id(number)
        .data(with_sentence(&told.event)))
}

/// An event as sinks write it, and what it says to a person.
fn with_sentence(event: &Event) -> String {
    #[derive(Serialize)]
    struct Said<'a> {
        #[serde(flatten)]
        line: Line<'a>,
        says: String,
    }
    let (line, says) = (Line::from(event), event.sentence().to_string());
    serde_json::to_string(&Said { line, says }).expect("events hold nothing that JSON cannot say")
}

//! What a camera sees, as one picture and as a stream of them.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::time::sleep;

use super::guard::Refusal;
use super::picture_cache::FRESH;
use super::seat::Seat;
use super::state::AppState;

/// One picture.
pub async fn frame(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let picture = state.picture(&id).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert("x-otus-seq", HeaderValue::from(picture.seq));
    let seconds = format!("{:.3}", picture.seconds);
    let seconds = HeaderValue::from_str(&seconds).expect("digits are a header value");
    headers.insert("x-otus-time", seconds);
    Ok((headers, picture.jpeg).into_response())
}

/// Pictures one after the other, as fast as the reader takes them, until the camera gives none.
pub async fn stream(
    State(state): State<AppState>,
    Extension(seat): Extension<Arc<Seat>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    state.tap(&id)?;
    let place = state.streams.enter(&seat)?;
    let parts = stream::unfold((state, id, place), |(state, id, place)| async move {
        let picture = state.picture(&id).await.ok()?;
        let rest = FRESH.saturating_sub(picture.taken.elapsed());
        let part = picture.as_part();
        sleep(rest).await;
        Some((Ok::<Bytes, Infallible>(part), (state, id, place)))
    });
    let kind = [(
        header::CONTENT_TYPE,
        "multipart/x-mixed-replace; boundary=otus",
    )];
    Ok((kind, Body::from_stream(parts)).into_response())
}

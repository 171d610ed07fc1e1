//! What every route can see.

use std::sync::Arc;

use axum::http::StatusCode;

use super::guard::Refusal;
use super::picture_cache::{Picture, PictureCache};
use super::streams::Streams;
use super::traffic::Traffic;
use crate::pipeline::flow::tap::Tap;
use crate::pipeline::run::View;

/// The running pipeline, and what the endpoint keeps beside it. Cloned for every request.
#[derive(Clone)]
pub struct AppState {
    pub view: View,
    pub traffic: Arc<Traffic>,
    pub pictures: Arc<PictureCache>,
    pub streams: Streams,
}

impl AppState {
    /// Where to ask a node for its frames.
    ///
    /// # Errors
    /// If no node of this name makes frames that may be shown.
    pub fn tap(&self, id: &str) -> Result<Arc<Tap>, Refusal> {
        let text = "no node of this name makes pictures, or none that may be shown (`[runtime] privacy`)\n";
        self.view.tap(id).ok_or((StatusCode::NOT_FOUND, text))
    }

    /// The latest picture of a node, or the next one.
    ///
    /// # Errors
    /// If it makes none, or gives none in time.
    pub async fn picture(&self, id: &str) -> Result<Picture, Refusal> {
        let picture = self.pictures.picture(id, &*self.tap(id)?).await?;
        // A reload may have made private what was asked for before.
        self.tap(id).map(|_| picture)
    }
}

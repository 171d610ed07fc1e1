//! Where histories are, and how they are asked without holding up anybody.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::nodes::history::History;
use crate::pipeline::run::View;
use crate::service::http::guard::Refusal;

/// No answer takes longer; what does is ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// The histories of the running pipeline: their nodes and files.
pub fn histories(view: &View) -> impl Iterator<Item = (String, PathBuf)> {
    let written = view.written().into_iter();
    let histories = written.filter(|it| it.type_name == "sqlite");
    histories.map(|it| (it.id.to_string(), it.path))
}

/// Asks the history of this node, or the first.
///
/// # Errors
/// If there is none, or it does not answer in time.
pub async fn ask<T: Send + 'static>(
    view: &View,
    sink: Option<&str>,
    work: impl FnOnce(&History) -> Result<T, String> + Send + 'static,
) -> Result<T, Refusal> {
    let mut histories = histories(view);
    let found = histories.find(|(id, _)| sink.is_none_or(|it| it == id));
    let text = "no sink of this pipeline keeps a history (type `sqlite`), or none of this name\n";
    let (_, path) = found.ok_or((StatusCode::NOT_FOUND, text))?;
    let (give, mut handle) = oneshot::channel();
    let mut asked = tokio::task::spawn_blocking(move || {
        let history = History::open(&path)?;
        // Whoever asked may have gone away.
        let _ = give.send(history.interrupt());
        work(&history)
    });
    match timeout(PATIENCE, &mut asked).await {
        Ok(done) => done.expect("reading does not panic").map_err(|why| {
            tracing::debug!("a history was not read: {why}");
            let text = "this history cannot be read now; `otus events` tells why\n";
            (StatusCode::SERVICE_UNAVAILABLE, text)
        }),
        Err(_) => {
            if let Ok(handle) = handle.try_recv() {
                handle.interrupt();
            }
            let text = "that takes too long; ask for less\n";
            Err((StatusCode::SERVICE_UNAVAILABLE, text))
        }
    }
}

//! What can be asked for.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use axum::{Router, extract::DefaultBodyLimit};
use serde::Deserialize;
use serde_json::{Value, json};

use super::guard::{self, Guard, Refusal};
use super::state::AppState;
use super::streams::Streams;
use super::traffic::Traffic;
use super::{events, history, installed, page, pictures};
use crate::pipeline::contract::secret::redact;
use crate::pipeline::count::metrics::State as NodeState;
use crate::pipeline::run::View;
use crate::pipeline::run::drawing::Drawing;
use crate::pipeline::run::snapshot::NodeReport;
use crate::service::{findings, machine, metrics, progress};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Describes every route here; a test compares the two.
const OPENAPI: &str = include_str!("openapi.json");
const LARGEST_BODY: usize = 64 * 1024;
/// How long something may make no progress, as `WatchdogSec` of the service has it.
const PATIENCE: Duration = Duration::from_secs(60);

/// All routes, behind the guard.
pub fn routes(view: View, traffic: Arc<Traffic>, guard: Guard) -> Router {
    let state = AppState {
        view,
        traffic,
        pictures: Arc::default(),
        streams: Streams::default(),
    };
    Router::new()
        .route("/", get(page::page))
        .route("/manifest.webmanifest", get(installed::manifest))
        .route("/icon.svg", get(installed::icon))
        .route("/icon-192.png", get(installed::icon_192))
        .route("/icon-512.png", get(installed::icon_512))
        .route("/livez", get(livez))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/status", get(status))
        .route("/metrics", get(openmetrics))
        .route("/events", get(events::events))
        .route("/events/{id}/file", get(history::told))
        .route("/graph", get(graph))
        .route("/nodes/{id}/frame.jpg", get(pictures::frame))
        .route("/nodes/{id}/stream.mjpg", get(pictures::stream))
        .route("/history", get(history::page))
        .route("/history/events", get(history::events))
        .route("/history/counts", get(history::counts))
        .route("/history/names", get(history::names))
        .route("/history/files/{id}", get(history::file))
        .route("/openapi.json", get(openapi))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(
            Arc::new(guard),
            guard::watch,
        ))
        .with_state(state)
}

async fn nothing() -> Response {
    let text = "there is nothing here; /openapi.json tells what there is\n";
    (StatusCode::NOT_FOUND, text).into_response()
}

/// Whether the pipeline gets on, whatever a camera does: what the watchdog goes by. For those who start a container anew.
async fn livez(State(state): State<AppState>) -> Response {
    match progress::stuck(&state.view.snapshot(), PATIENCE) {
        None => "ok\n".into_response(),
        Some(what) => (StatusCode::SERVICE_UNAVAILABLE, format!("{what}\n")).into_response(),
    }
}

/// Whether nothing that the run needs has failed or hangs.
async fn healthz(State(state): State<AppState>) -> Response {
    let sick = |state| {
        use NodeState::{Degraded, Failed, Retrying};
        matches!(state, Retrying | Degraded | Failed)
    };
    let nodes = state.view.snapshot().nodes;
    let nodes = nodes.iter();
    let bad = |it: &&NodeReport| sick(it.counts.state) || findings::hangs(it).is_some();
    verdict(nodes.filter(|it| !it.optional && bad(it)))
}

/// Whether everything that the run needs has come up: what systemd is told as `READY=1`.
async fn readyz(State(state): State<AppState>) -> Response {
    verdict(progress::awaited(&state.view.snapshot()))
}

fn verdict<'a>(bad: impl Iterator<Item = &'a NodeReport>) -> Response {
    let lines: Vec<String> = bad
        .map(|node| match &node.counts.last_error {
            _ if findings::hangs(node).is_some() => format!("{}: it hangs\n", node.id),
            Some(error) => format!("{}: {}\n", node.id, redact(error)),
            None => format!("{}: not open yet\n", node.id),
        })
        .collect();
    match lines.is_empty() {
        true => "ok\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, lines.concat()).into_response(),
    }
}

async fn status(State(state): State<AppState>) -> Json<Value> {
    let view = &state.view;
    let now = view.clock().wall(view.clock().now());
    let snapshot = view.snapshot();
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "process": std::process::id(),
        "time": format!("{now:.3}"),
        "findings": findings::of(&snapshot),
        "pipeline": snapshot,
        "machine": machine::read(),
        "endpoint": state.traffic.read(),
    }))
}

async fn openmetrics(State(state): State<AppState>) -> Response {
    let text = metrics::render(&state.view, state.traffic.read());
    ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response()
}

#[derive(Deserialize)]
struct GraphQuery {
    format: Option<GraphFormat>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum GraphFormat {
    Mermaid,
    Json,
}

async fn graph(
    State(state): State<AppState>,
    query: Result<Query<GraphQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // The refusal that comes with it repeats what was sent.
    let unknown = (StatusCode::BAD_REQUEST, "`format` is `mermaid` or `json`\n");
    let Query(query) = query.map_err(|_| unknown)?;
    let drawing = Drawing::of_snapshot(&state.view.snapshot());
    let accepts = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    let asks_json = accepts.is_some_and(|it| it.starts_with("application/json"));
    Ok(match query.format {
        Some(GraphFormat::Json) => Json(drawing).into_response(),
        None if asks_json => Json(drawing).into_response(),
        _ => drawing.mermaid().into_response(),
    })
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_of_this_version_and_these_routes() {
        let described: Value = serde_json::from_str(OPENAPI).expect("it is JSON");
        assert_eq!(described["info"]["version"], env!("CARGO_PKG_VERSION"));
        let paths = described["paths"].as_object().expect("it has paths");
        let code = include_str!("routes.rs");
        for path in paths.keys() {
            assert!(code.contains(&format!(".route(\"{path}\"")), "{path}");
        }
        assert_eq!(code.matches("\n        .route(").count(), paths.len());
    }
}

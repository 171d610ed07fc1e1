//! Events of a history with what shows them, their number over time, and what there is to choose from.

use std::path::Path;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::files::kind_of;
use super::place::{ask, histories};
use crate::nodes::history::{Count, History, Told, Wish};
use crate::service::http::guard::Refusal;
use crate::service::http::state::AppState;

/// So many events are told at a time.
const MOST: usize = 200;
const USUAL: usize = 50;

/// Which events are asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    sink: Option<String>,
    kind: Option<String>,
    but: Option<String>,
    label: Option<String>,
    source: Option<String>,
    zone: Option<String>,
    text: Option<String>,
    since: Option<i64>,
    until: Option<i64>,
    before: Option<String>,
    limit: Option<usize>,
}

/// An event, and what shows it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    told: Told,
    files: Vec<Value>,
    words: Vec<String>,
}

type Wanted = Result<Query<Asked>, QueryRejection>;

/// The latest events that are asked for, the latest first.
pub async fn events(State(state): State<AppState>, asked: Wanted) -> Result<Json<Value>, Refusal> {
    let (sink, wish) = wish(asked, &state)?;
    let answer = ask(&state.view, sink.as_deref(), move |history| {
        let told = history.latest(&wish)?;
        let last = told.last().filter(|_| told.len() == wish.limit);
        let next = last.map(|it| format!("{}-{}", it.t, it.id));
        let shown: Result<Vec<Shown>, String> = told
            .into_iter()
            .map(|it| show(history, it, wish.private))
            .collect();
        Ok(json!({ "events": shown?, "next": next }))
    });
    answer.await.map(Json)
}

/// How many events there are in each ten minutes.
pub async fn counts(
    State(state): State<AppState>,
    asked: Wanted,
) -> Result<Json<Vec<Count>>, Refusal> {
    let (sink, wish) = wish(asked, &state)?;
    let answer = ask(&state.view, sink.as_deref(), move |it| it.counts(&wish));
    answer.await.map(Json)
}

/// What there is to choose from.
pub async fn names(State(state): State<AppState>, asked: Wanted) -> Result<Json<Value>, Refusal> {
    let (sink, _) = wish(asked, &state)?;
    let sinks: Vec<String> = histories(&state.view).map(|it| it.0).collect();
    let names = ask(&state.view, sink.as_deref(), History::names).await?;
    Ok(Json(json!({
        "sinks": sinks, "kinds": names.kinds, "sources": names.sources, "labels": names.labels, "zones": names.zones,
    })))
}

fn wish(asked: Wanted, state: &AppState) -> Result<(Option<String>, Wish), Refusal> {
    let wrong = |text| (StatusCode::BAD_REQUEST, text);
    // The refusal that comes with it repeats what was sent.
    let text = "`since`, `until` and `limit` are numbers: milliseconds since 1970, and a count\n";
    let Query(asked) = asked.map_err(|_| wrong(text))?;
    let before = asked.before.as_deref().map(|it| {
        let (t, id) = it.rsplit_once('-')?;
        Some((t.parse().ok()?, id.parse().ok()?))
    });
    let before = match before {
        Some(None) => return Err(wrong("`before` is what `next` of an earlier answer says\n")),
        before => before.flatten(),
    };
    let some = |it: Option<String>| it.filter(|it| !it.trim().is_empty());
    let wish = Wish {
        kind: some(asked.kind),
        but: some(asked.but),
        label: some(asked.label),
        source: some(asked.source),
        zone: some(asked.zone),
        text: some(asked.text),
        since: asked.since,
        until: asked.until,
        before,
        private: state.view.feed().is_private(),
        limit: asked.limit.unwrap_or(USUAL).clamp(1, MOST),
    };
    Ok((some(asked.sink), wish))
}

fn show(history: &History, told: Told, private: bool) -> Result<Shown, String> {
    let files = match told.kind.as_str() {
        "saved" => history
            .file(told.id, private)?
            .map(|path| (told.id, path))
            .into_iter()
            .collect(),
        _ => {
            let files = history.files(&told, private)?.into_iter();
            files.map(|it| (it.id, it.path)).collect::<Vec<_>>()
        }
    };
    let words = match told.kind.as_str() {
        "transcript" | "saved" => Vec::new(),
        _ => history.words(&told, private)?,
    };
    Ok(Shown {
        files: files
            .iter()
            .filter_map(|(id, path)| about(*id, path))
            .collect(),
        words,
        told,
    })
}

/// What is told of a file: where to ask for it, and what it is.
fn about(id: i64, path: &Path) -> Option<Value> {
    let kind = kind_of(path)?;
    Some(json!({ "id": id, "type": kind }))
}

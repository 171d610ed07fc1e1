//! Files that sinks of the running pipeline have written, whole or in part: from their own folders, and from nowhere else.
//! A history tells of them, or an event that is still remembered.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path as Named, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;

use super::place::ask;
use crate::pipeline::run::View;
use crate::service::http::guard::Refusal;
use crate::service::http::seat::Seat;
use crate::service::http::state::AppState;

/// Bytes that are read at a time; a file that is no longer is read at once.
const AT_A_TIME: u64 = 256 * 1024;
/// Files that are shown, by how their names end.
const KINDS: [(&str, &str); 6] = [
    ("jpg", "image/jpeg"),
    ("webp", "image/webp"),
    ("png", "image/png"),
    ("mp4", "video/mp4"),
    ("wav", "audio/wav"),
    ("m4a", "audio/mp4"),
];
const GONE: Refusal = (
    StatusCode::NOT_FOUND,
    "there is no such file, or it is there no longer\n",
);

/// Which history tells of it.
#[derive(Deserialize)]
pub struct Of {
    sink: Option<String>,
}

/// What a file of this name is, if it is shown.
pub fn kind_of(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?;
    let found = KINDS.iter().find(|(it, _)| *it == ending);
    found.map(|it| it.1)
}

/// The file of which the event of this number tells.
pub async fn file(
    State(state): State<AppState>,
    Extension(seat): Extension<Arc<Seat>>,
    Named(id): Named<String>,
    of: Result<Query<Of>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id: i64 = id.parse().map_err(|_| GONE)?;
    let Query(of) = of.map_err(|_| GONE)?;
    let private = state.view.feed().is_private();
    let path = ask(&state.view, of.sink.as_deref(), move |it| {
        it.file(id, private)
    })
    .await?;
    give(&state, &seat, &path.ok_or(GONE)?, &headers).await
}

/// The file of which the remembered event of this id tells.
pub async fn told(
    State(state): State<AppState>,
    Extension(seat): Extension<Arc<Seat>>,
    Named(id): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let saved = state.view.feed().saved(&id).ok_or(GONE)?;
    give(&state, &seat, Path::new(&saved.path), &headers).await
}

/// Gives what is asked for of a file, if it is one that is shown.
async fn give(
    state: &AppState,
    seat: &Arc<Seat>,
    path: &Path,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let kind = kind_of(path).ok_or(GONE)?;
    let (path, folders) = (path.to_owned(), folders(&state.view));
    let opened = tokio::task::spawn_blocking(move || open(&path, &folders)).await;
    let (file, length) = opened.expect("opening does not panic").ok_or(GONE)?;
    let wanted = headers.get(header::RANGE).and_then(|it| it.to_str().ok());
    let (code, part) = match wanted.map(|it| range(it, length)) {
        Some(Some(Ok(part))) => (StatusCode::PARTIAL_CONTENT, part),
        Some(Some(Err(()))) => {
            let whole = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok((
                StatusCode::RANGE_NOT_SATISFIABLE,
                whole,
                "it is not so long\n",
            )
                .into_response());
        }
        _ => (StatusCode::OK, 0..length),
    };
    let size = part.end - part.start;
    let about = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
    ];
    let place = (size > AT_A_TIME)
        .then(|| state.streams.enter(seat))
        .transpose()?;
    let parts = stream::try_unfold(
        (file, part.clone(), place),
        |(file, part, place)| async move {
            if part.is_empty() {
                return Ok(None);
            }
            let read = tokio::task::spawn_blocking(move || read(file, part)).await;
            let (file, bytes, rest) = read.expect("reading does not panic")?;
            Ok::<_, std::io::Error>(Some((bytes, (file, rest, place))))
        },
    );
    let mut answer = (code, about, Body::from_stream(parts)).into_response();
    if code == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
        let range = range.parse().expect("digits are a header value");
        answer.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    Ok(answer)
}

/// Folders into which sinks of the pipeline write.
fn folders(view: &View) -> Vec<PathBuf> {
    let written = view.written().into_iter().map(|it| it.path);
    written.filter(|it| it.is_dir()).collect()
}

/// Opens a file that lies below one of the folders, wherever links lead.
fn open(path: &Path, folders: &[PathBuf]) -> Option<(File, u64)> {
    let path = path.canonicalize().ok()?;
    let is_below = |it: &PathBuf| it.canonicalize().is_ok_and(|it| path.starts_with(it));
    if !folders.iter().any(is_below) {
        return None;
    }
    let file = File::open(&path).ok()?;
    let about = file.metadata().ok().filter(|it| it.is_file())?;
    Some((file, about.len()))
}

/// Reads a piece of what is wanted; gives what is still to be read.
fn read(mut file: File, part: Range<u64>) -> std::io::Result<(File, Bytes, Range<u64>)> {
    let size = (part.end - part.start).min(AT_A_TIME);
    let mut bytes = vec![0; size as usize];
    file.seek(SeekFrom::Start(part.start))?;
    file.read_exact(&mut bytes)?;
    Ok((file, bytes.into(), part.start + size..part.end))
}

/// The part of so many bytes that is asked for; none if it is not understood, an error if there is no such part.
fn range(asked: &str, length: u64) -> Option<Result<Range<u64>, ()>> {
    let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
    let part = match (first.trim(), last.trim()) {
        ("", tail) => length.saturating_sub(tail.parse().ok()?)..length,
        (first, "") => first.parse().ok()?..length,
        (first, last) => {
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(length)
        }
    };
    Some(if part.start < part.end {
        Ok(part)
    } else {
        Err(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_that_are_asked_for() {
        for (asked, part) in [
            ("bytes=0-", Some(Ok(0..10))),
            ("bytes=2-4", Some(Ok(2..5))),
            ("bytes=8-99", Some(Ok(8..10))),
            ("bytes=-3", Some(Ok(7..10))),
            ("bytes=-99", Some(Ok(0..10))),
            ("bytes=10-", Some(Err(()))),
            ("bytes=-0", Some(Err(()))),
            ("bytes=4-2", None),
            ("bytes=1-2,4-5", None),
            ("lines=1-2", None),
            ("bytes=x-", None),
            ("bytes=0-18446744073709551615", Some(Ok(0..10))),
        ] {
            assert_eq!(range(asked, 10), part, "{asked}");
        }
    }

    #[test]
    fn nothing_is_opened_outside_of_the_folders() {
        let scratch = tempfile::tempdir().expect("a directory");
        let at = |it: &str| scratch.path().join(it);
        for folder in ["clips", "clips-of-others"] {
            std::fs::create_dir(at(folder)).expect("writable");
            std::fs::write(at(folder).join("a.mp4"), "clip").expect("writable");
        }
        std::os::unix::fs::symlink(at("clips-of-others/a.mp4"), at("clips/b.mp4"))
            .expect("writable");
        let opens = |it: &str| open(&at(it), &[at("clips"), at("nowhere")]).map(|it| it.1);
        assert_eq!(opens("clips/a.mp4"), Some(4));
        for it in [
            "clips-of-others/a.mp4",
            "clips/../clips-of-others/a.mp4",
            "clips/b.mp4",
            "clips",
        ] {
            assert_eq!(opens(it), None, "{it}");
        }
    }
}

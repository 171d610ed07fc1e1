//! The status endpoint: `/healthz`, `/status` and `/metrics`, on loopback or a Unix socket.
//!
//! It only reads. Any page in any browser on this machine can send requests to loopback, so every
//! request must name this host and must not come from another site.

use std::io;
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread::JoinHandle;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use axum::{Router, serve};
use serde_json::json;
use tokio::sync::oneshot;

use crate::pipeline::metrics::State as NodeState;
use crate::pipeline::options::Listen;
use crate::pipeline::runtime::View;
use crate::service::metrics;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A listening endpoint. Dropping it stops it.
pub struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Where it listens, for people.
    pub address: String,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, RemoveOnDrop),
}

/// A place where nobody is served yet.
pub struct Bound {
    socket: Socket,
    /// Where it is, for people.
    address: String,
}

/// Takes the place to listen at; none if it is off.
///
/// # Errors
/// If it is taken or must not be used.
pub fn bind(listen: &Listen, base: &Path) -> io::Result<Option<Bound>> {
    let (socket, address) = match listen {
        Listen::Off => return Ok(None),
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = format!("http://{}", listener.local_addr()?);
            (Socket::Tcp(listener), address)
        }
        Listen::Unix(path) => {
            let path = base.join(path);
            // A socket that a killed process left behind answers nobody and may be replaced.
            let is_socket =
                std::fs::symlink_metadata(&path).is_ok_and(|it| it.file_type().is_socket());
            if is_socket && std::os::unix::net::UnixStream::connect(&path).is_err() {
                let _ = std::fs::remove_file(&path);
            }
            let listener = UnixListener::bind(&path)?;
            listener.set_nonblocking(true)?;
            let address = format!("unix:{}", path.display());
            (Socket::Unix(listener, RemoveOnDrop(path)), address)
        }
    };
    Ok(Some(Bound { socket, address }))
}

impl Bound {
    /// Serves what `view` shows.
    pub fn serve(self, view: View) -> Server {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the system has room for one more event loop");
        let (stop, stopped) = oneshot::channel::<()>();
        let socket = self.socket;
        let body = move || {
            let stopped = async move {
                let _ = stopped.await;
            };
            if let Err(error) = runtime.block_on(listen_on(socket, view, stopped)) {
                tracing::error!("the status endpoint ended: {error}");
            }
        };
        let thread = std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(body)
            .expect("the system has room for one more thread");
        Server {
            stop: Some(stop),
            thread: Some(thread),
            address: self.address,
        }
    }
}

async fn listen_on(
    socket: Socket,
    view: View,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let pages = Router::new()
        .route("/healthz", get(healthz))
        .route("/status", get(status))
        .route("/metrics", get(openmetrics))
        .with_state(view);
    // Connections in progress are cut: this endpoint has nothing to finish.
    tokio::select! {
        () = stopped => Ok(()),
        result = async {
            match socket {
                Socket::Tcp(listener) => {
                    let listener = tokio::net::TcpListener::from_std(listener)?;
                    serve(listener, pages.layer(middleware::from_fn(same_host))).await
                }
                Socket::Unix(listener, _remove) => {
                    let listener = tokio::net::UnixListener::from_std(listener)?;
                    serve(listener, pages).await
                }
            }
        } => result,
    }
}

struct RemoveOnDrop(PathBuf);

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Refuses requests for another host (DNS rebinding) and from other sites.
async fn same_host(request: Request, next: Next) -> Response {
    match verdict(request.headers()) {
        Ok(()) => next.run(request).await,
        Err((status, why)) => (status, why).into_response(),
    }
}

fn verdict(headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
    let text = |name| headers.get(name).and_then(|it| it.to_str().ok());
    if !text(header::HOST).is_some_and(is_loopback) {
        return Err((
            StatusCode::MISDIRECTED_REQUEST,
            "this host is not served here\n",
        ));
    }
    let origin = headers
        .get(header::ORIGIN)
        .map(|it| it.to_str().unwrap_or_default());
    let own = |origin: &str| {
        origin
            .split_once("://")
            .is_some_and(|(_, host)| is_loopback(host))
    };
    if origin.is_some_and(|origin| !own(origin)) {
        return Err((StatusCode::FORBIDDEN, "other sites may not read this\n"));
    }
    match headers.get("sec-fetch-site").map(|it| it.as_bytes()) {
        Some(b"cross-site") => Err((StatusCode::FORBIDDEN, "other sites may not read this\n")),
        _ => Ok(()),
    }
}

/// Whether `host` or `host:port` is this machine by a name that no DNS server decides on.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || IpAddr::from_str(name).is_ok_and(|ip| ip.is_loopback())
}

async fn healthz(State(view): State<View>) -> Response {
    let bad: Vec<String> = view
        .snapshot()
        .nodes
        .iter()
        .filter(|node| matches!(node.counts.state, NodeState::Retrying | NodeState::Failed))
        .map(|node| {
            let error = node.counts.last_error.as_deref().unwrap_or_default();
            format!("{}: {error}\n", node.id)
        })
        .collect();
    match bad.is_empty() {
        true => "ok\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, bad.concat()).into_response(),
    }
}

async fn status(State(view): State<View>) -> Response {
    let now = view.clock().wall(view.clock().now());
    let status = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "time": format!("{now:.3}"),
        "pipeline": view.snapshot(),
    });
    Json(status).into_response()
}

async fn openmetrics(State(view): State<View>) -> Response {
    (
        [(header::CONTENT_TYPE, OPENMETRICS)],
        metrics::render(&view),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_requests_for_this_machine_from_this_machine_pass() {
        let check = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|&(name, value)| {
                (
                    header::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            verdict(&pairs.collect()).map_err(|(status, _)| status.as_u16())
        };
        assert_eq!(check(&[("host", "127.0.0.1:9860")]), Ok(()));
        assert_eq!(check(&[("host", "[::1]:9860")]), Ok(()));
        assert_eq!(
            check(&[("host", "localhost"), ("origin", "http://localhost:9860")]),
            Ok(())
        );
        assert_eq!(check(&[]), Err(421));
        assert_eq!(check(&[("host", "otus.evil.example")]), Err(421));
        assert_eq!(check(&[("host", "127.0.0.1.evil.example")]), Err(421));
        assert_eq!(
            check(&[("host", "localhost"), ("origin", "https://evil.example")]),
            Err(403)
        );
        assert_eq!(
            check(&[("host", "localhost"), ("origin", "null")]),
            Err(403)
        );
        assert_eq!(
            check(&[("host", "localhost"), ("sec-fetch-site", "cross-site")]),
            Err(403)
        );
    }
}

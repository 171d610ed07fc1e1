//! How much strangers can have open: connections, headers, time.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::traffic::Traffic;
use super::write_timeout::WriteTimeout;

const MOST_CONNECTIONS: usize = 64;
const MOST_HEADERS: usize = 64;
/// All headers of a request together, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;
/// How long a request may take to arrive, and a connection may lie idle.
const SLOWEST_HEAD: Duration = Duration::from_secs(5);

/// Set when a connection has sent a request that was answered: it is no stranger any more.
#[derive(Clone, Debug, Default)]
pub struct Admitted(Arc<AtomicBool>);

impl Admitted {
    pub fn set(&self) {
        self.0.store(true, Relaxed);
    }
}

struct Open {
    admitted: Admitted,
    task: AbortHandle,
}

/// All open connections: lets them in, and makes room by showing out the strangers who came first.
pub struct Connections {
    routes: Router,
    tls: Option<TlsAcceptor>,
    traffic: Arc<Traffic>,
    open: VecDeque<Open>,
}

impl Connections {
    pub fn new(routes: Router, tls: Option<TlsAcceptor>, traffic: Arc<Traffic>) -> Connections {
        Connections {
            routes,
            tls,
            traffic,
            open: VecDeque::with_capacity(MOST_CONNECTIONS),
        }
    }

    /// Serves a connection, if there is room.
    pub async fn admit<S>(&mut self, connection: io::Result<S>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Ok(stream) = connection else {
            // Most likely there are no descriptors left; trying at once would only spin.
            return sleep(Duration::from_millis(100)).await;
        };
        if !self.make_room() {
            return;
        }
        let admitted = Admitted::default();
        let routes = self.routes.clone().layer(Extension(admitted.clone()));
        let stream = WriteTimeout::new(stream);
        let task = match self.tls.clone() {
            None => tokio::spawn(serve(stream, routes)),
            Some(tls) => tokio::spawn(async move {
                if let Ok(Ok(stream)) = timeout(SLOWEST_HEAD, tls.accept(stream)).await {
                    serve(stream, routes).await;
                }
            }),
        };
        let task = task.abort_handle();
        self.open.push_back(Open { admitted, task });
    }

    /// A crowd that says nothing must not keep out those who ask.
    fn make_room(&mut self) -> bool {
        self.open.retain(|it| !it.task.is_finished());
        if self.open.len() < MOST_CONNECTIONS {
            return true;
        }
        self.traffic.refused.fetch_add(1, Relaxed);
        let stranger = self.open.iter().position(|it| !it.admitted.0.load(Relaxed));
        let stranger = stranger.and_then(|at| self.open.remove(at));
        if let Some(stranger) = &stranger {
            stranger.task.abort();
        }
        stranger.is_some()
    }
}

async fn serve<S>(stream: S, routes: Router)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST_HEAD)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    // What a client does wrong is its own affair.
    if let Err(error) = connection.await {
        tracing::debug!("a connection to the status endpoint ended: {error}");
    }
}

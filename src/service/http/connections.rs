//! How much anybody can have open: connections, headers, time.
//!
//! Whoever comes is let in. If the table is full, the connection with the least reason to stay goes
//! ([`Claim`]); of several, one from the address that has most of them, the oldest. So a crowd costs
//! itself its places, and neither the owner nor a health check has to wait for one.

use std::cmp::Reverse;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::peer::Peer;
use super::seat::{Claim, Seat};
use super::traffic::Traffic;
use super::write_timeout::WriteTimeout;

const MOST_CONNECTIONS: usize = 64;
/// Answers to guests that can be under way, streams among them: the other places are for those who
/// arrive, and for the owner.
const MOST_GUESTS: usize = 32;
const MOST_HEADERS: usize = 64;
/// All headers of a request together, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;
/// How long a request may take to arrive, and a connection may lie idle.
const SLOWEST_HEAD: Duration = Duration::from_secs(5);

struct Open {
    seat: Arc<Seat>,
    task: AbortHandle,
}

/// All open connections.
pub struct Connections {
    routes: Router,
    tls: Option<TlsAcceptor>,
    traffic: Arc<Traffic>,
    open: Vec<Open>,
}

impl Connections {
    pub fn new(routes: Router, tls: Option<TlsAcceptor>, traffic: Arc<Traffic>) -> Connections {
        Connections {
            routes,
            tls,
            traffic,
            open: Vec::with_capacity(MOST_CONNECTIONS),
        }
    }

    /// Serves a connection.
    pub async fn admit<S>(&mut self, connection: io::Result<(S, Peer)>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.open.retain(|it| !it.task.is_finished());
        let Ok((stream, peer)) = connection else {
            // Most likely there are no descriptors left; trying at once would only spin.
            self.show_one_out();
            return sleep(Duration::from_millis(100)).await;
        };
        if self.open.len() == MOST_CONNECTIONS {
            self.show_one_out();
        }
        let seat = Arc::new(Seat::new(peer));
        let routes = self.routes.clone().layer(Extension(Arc::clone(&seat)));
        let stream = WriteTimeout::new(stream, Arc::clone(&seat));
        let task = match self.tls.clone() {
            None => tokio::spawn(serve(stream, routes)),
            Some(tls) => tokio::spawn(async move {
                if let Ok(Ok(stream)) = timeout(SLOWEST_HEAD, tls.accept(stream)).await {
                    serve(stream, routes).await;
                }
            }),
        };
        let task = task.abort_handle();
        self.open.push(Open { seat, task });
    }

    fn show_one_out(&mut self) {
        let now = Instant::now();
        let seats: Vec<&Seat> = self.open.iter().map(|it| &*it.seat).collect();
        if let Some(at) = least(&seats, now) {
            self.traffic.refused.fetch_add(1, Relaxed);
            self.open.swap_remove(at).task.abort();
        }
    }
}

/// Which of them has the least reason to stay.
fn least(seats: &[&Seat], now: Instant) -> Option<usize> {
    let is_guest = |it: &&&Seat| matches!(it.claim(now, false), Claim::Guest | Claim::Stream);
    let crowded = seats.iter().filter(is_guest).count() > MOST_GUESTS;
    let from_there = |seat: &Seat| {
        let there = seat.peer.neighbourhood();
        let same = seats.iter().filter(|it| it.peer.neighbourhood() == there);
        same.count()
    };
    let reason = |seat: &Seat| {
        let claim = seat.claim(now, crowded);
        (claim, Reverse(from_there(seat)), seat.since())
    };
    let order = seats.iter().enumerate();
    order.min_by_key(|(_, seat)| reason(seat)).map(|it| it.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(last: u8) -> Seat {
        Seat::new(Peer(Some([10, 0, 0, last].into())))
    }

    #[test]
    fn a_crowd_costs_itself_its_places() {
        let crowd: Vec<Seat> = (0..5).map(|_| seat(1)).collect();
        let other = seat(2);
        let seats: Vec<&Seat> = [&other].into_iter().chain(&crowd).collect();
        assert_eq!(least(&seats, Instant::now()), Some(1));
        for seat in &crowd {
            seat.answer();
        }
        // Who answers is let finish, unless that takes long.
        assert_eq!(least(&seats, Instant::now()), Some(0));
        other.answer();
        other.is_owners();
        let later = Instant::now() + Duration::from_secs(30);
        assert_eq!(least(&seats, later), Some(1));
    }

    #[test]
    fn guests_leave_room_for_those_who_arrive() {
        let guests: Vec<Seat> = (0..MOST_GUESTS + 1).map(|_| seat(1)).collect();
        guests.iter().for_each(Seat::answer);
        let arriving = seat(1);
        let with = |count: usize| {
            let seats = guests[..count].iter().chain([&arriving]);
            let seats: Vec<&Seat> = seats.collect();
            least(&seats, Instant::now())
        };
        assert_eq!(with(MOST_GUESTS), Some(MOST_GUESTS));
        assert_eq!(with(MOST_GUESTS + 1), Some(0));
    }
}

//! What a connection is at, and so how soon it has to go when there is no room for another.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::response::Response;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::peer::Peer;

/// Whoever means to ask has done so by then.
const SLOW_TO_ASK: Duration = Duration::from_secs(1);
/// Answers are there and read by then, but for those that do not end.
const SLOW_TO_READ: Duration = Duration::from_secs(2);

/// Why a connection should stay. The least reason goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// Nothing is under way, or nothing was asked for long enough.
    Idle,
    /// A guest's answer that takes long, or one too many.
    Late,
    /// It has just come, and may be anybody.
    Arriving,
    /// A guest is being answered.
    Guest,
    /// A guest listens to events or looks at pictures.
    Stream,
    /// Whoever bears the token is being answered.
    Owner,
}

/// A place at the table, shared by all who serve the connection.
pub struct Seat {
    pub peer: Peer,
    /// The other end does not take what is written.
    pub blocked: AtomicBool,
    at: Mutex<At>,
}

#[derive(Clone, Copy)]
struct At {
    phase: Phase,
    since: Instant,
    is_owner: bool,
    is_stream: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Arriving,
    Answering,
    Idle,
}

impl Seat {
    pub fn new(peer: Peer) -> Seat {
        Seat {
            peer,
            blocked: AtomicBool::new(false),
            at: Mutex::new(At {
                phase: Phase::Arriving,
                since: Instant::now(),
                is_owner: false,
                is_stream: false,
            }),
        }
    }

    /// A request has arrived.
    pub fn answer(&self) {
        let mut at = self.at();
        (at.phase, at.since) = (Phase::Answering, Instant::now());
        (at.is_owner, at.is_stream) = (false, false);
    }

    /// It bears the token.
    pub fn is_owners(&self) {
        self.at().is_owner = true;
    }

    /// Its answer does not end.
    pub fn is_stream(&self) {
        self.at().is_stream = true;
    }

    /// The same answer, with which the request ends.
    pub fn until_sent(self: Arc<Seat>, answer: Response) -> Response {
        answer.map(|body| Body::new(Sending { body, seat: self }))
    }

    /// How good a reason it has to stay; `crowded`: guests have more than their share.
    pub fn claim(&self, now: Instant, crowded: bool) -> Claim {
        let at = *self.at();
        let blocked = self.blocked.load(Relaxed);
        let after = |limit| now.saturating_duration_since(at.since) > limit;
        match at.phase {
            Phase::Idle if !blocked => Claim::Idle,
            Phase::Arriving if after(SLOW_TO_ASK) => Claim::Idle,
            Phase::Arriving => Claim::Arriving,
            _ if at.is_owner => Claim::Owner,
            _ if at.is_stream => Claim::Stream,
            _ if crowded || after(SLOW_TO_READ) => Claim::Late,
            _ => Claim::Guest,
        }
    }

    /// When it came to be what it is at.
    pub fn since(&self) -> Instant {
        self.at().since
    }

    fn at(&self) -> MutexGuard<'_, At> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of an answer. The connection is idle when it is gone.
struct Sending {
    body: Body,
    seat: Arc<Seat>,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let mut at = self.seat.at();
        (at.phase, at.since) = (Phase::Idle, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_is_at_decides_how_long_it_stays() {
        let seat = Arc::new(Seat::new(Peer::default()));
        let now = Instant::now();
        let later = now + Duration::from_secs(3);
        assert_eq!(seat.claim(now, false), Claim::Arriving);
        assert_eq!(seat.claim(later, false), Claim::Idle);
        seat.answer();
        assert_eq!(seat.claim(now, false), Claim::Guest);
        assert_eq!(seat.claim(now, true), Claim::Late);
        assert_eq!(seat.claim(later, false), Claim::Late);
        seat.is_stream();
        assert_eq!(seat.claim(later, true), Claim::Stream);
        seat.is_owners();
        assert_eq!(seat.claim(later, true), Claim::Owner);
        drop(Arc::clone(&seat).until_sent(Response::default()));
        assert_eq!(seat.claim(later, true), Claim::Idle);
        seat.blocked.store(true, Relaxed);
        assert_eq!(seat.claim(later, true), Claim::Owner);
        seat.answer();
        assert_eq!(seat.claim(later, true), Claim::Late);
    }
}

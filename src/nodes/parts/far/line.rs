//! Sessions with other machines: nodes of this process that name the same places share one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::json;
use zenoh::bytes::Encoding;
use zenoh::pubsub::{Publisher, Subscriber};
use zenoh::qos::{CongestionControl, Priority};
use zenoh::{Config, Session, Wait};

use super::Network;
use super::inbox::Inbox;
use super::letter::{Header, LARGEST};
use crate::media::kind::Lane;
use crate::pipeline::contract::error::{Error, Result};

/// A machine of which nothing is heard for so long, in milliseconds, is called anew; it says each quarter of it that it is there.
const LEASE_MS: u64 = 4_000;
/// How long, in milliseconds, a call may take until it is answered.
const CALL_MS: u64 = 3_000;
/// How long, in microseconds, a message waits for room on a line that is slow, until it is dropped.
const ROOM_US: u64 = 200_000;
/// The same for a message of many parts, which a picture is.
const ROOM_FOR_ALL_US: u64 = 1_000_000;
/// So many machines at most may have called.
const CALLERS: usize = 64;

/// All that are open, by where they lead.
static OPEN: Mutex<Vec<(Network, Weak<Line>)>> = Mutex::new(Vec::new());

/// A session, and where what comes by it is put.
pub struct Line {
    session: Session,
    boxes: Mutex<Vec<(String, Weak<Inbox>)>>,
}

impl Line {
    /// The session that leads there. It calls in the background, again and again: nobody needs to be there yet.
    ///
    /// # Errors
    /// `Retry` if this machine cannot listen where it should.
    pub fn open(network: &Network) -> Result<Arc<Line>> {
        // Held while it opens, so that two nodes do not listen at one place.
        let mut all = lock(&OPEN);
        all.retain(|(_, line)| line.strong_count() > 0);
        if let Some(line) = known(&all, network) {
            return Ok(line);
        }
        let config = Config::from_json5(&options(network).to_string()).map_err(Error::fatal)?;
        let session = zenoh::open(config).wait().map_err(|error| {
            let places = network.listen.join(", ");
            Error::retry(format!("cannot listen at {places}: {error}"))
        })?;
        let boxes = Mutex::default();
        let line = Arc::new(Line { session, boxes });
        all.push((network.clone(), Arc::downgrade(&line)));
        Ok(line)
    }

    /// Whether media wait that have come with this key; none if nobody waits for them.
    pub fn has_media(network: &Network, key: &str) -> Option<bool> {
        let line = known(&lock(&OPEN), network)?;
        let boxes = lock(&line.boxes);
        let of_the_key = boxes.iter().filter(|it| it.0 == key);
        let mut inboxes = of_the_key.filter_map(|it| it.1.upgrade()).peekable();
        inboxes.peek()?;
        Some(inboxes.any(|it| it.has_media()))
    }

    /// An inbox for what comes with this key; nothing is put into it yet.
    pub fn inbox(&self, key: &str) -> Arc<Inbox> {
        let inbox = Arc::new(Inbox::default());
        let mut boxes = lock(&self.boxes);
        boxes.retain(|it| it.1.strong_count() > 0);
        boxes.push((key.to_owned(), Arc::downgrade(&inbox)));
        inbox
    }

    /// A way for what has this key.
    ///
    /// # Errors
    /// `Retry` with the session's words.
    pub fn outgoing(&self, key: &str, lane: Lane) -> Result<Outgoing> {
        let (priority, encoding) = match lane {
            Lane::Audio => (
                Priority::InteractiveHigh,
                Encoding::APPLICATION_OCTET_STREAM,
            ),
            Lane::Event => (Priority::DataHigh, Encoding::APPLICATION_JSON),
            _ => (Priority::Data, Encoding::IMAGE_JPEG),
        };
        let publisher = self.session.declare_publisher(of_lane(key, lane));
        let publisher = publisher
            .priority(priority)
            .congestion_control(CongestionControl::Drop)
            .express(true)
            .encoding(encoding);
        Ok(Outgoing {
            publisher: publisher.wait().map_err(Error::retry)?,
            sent: 0,
        })
    }

    /// Has what comes with this key put into an inbox, until what is given back is dropped.
    ///
    /// # Errors
    /// `Retry` with the session's words.
    pub fn incoming(&self, key: &str, lane: Lane, inbox: Arc<Inbox>) -> Result<Incoming> {
        let subscriber = self.session.declare_subscriber(of_lane(key, lane));
        let subscriber = subscriber.callback(move |sample| {
            let header = sample.attachment().map(|it| it.to_bytes());
            inbox.put(lane, header.as_deref(), sample.payload());
        });
        Ok(Incoming {
            _subscriber: subscriber.wait().map_err(Error::retry)?,
        })
    }
}

fn known(all: &[(Network, Weak<Line>)], network: &Network) -> Option<Arc<Line>> {
    let known = all.iter().find(|(place, _)| place == network);
    known.and_then(|(_, line)| line.upgrade())
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn of_lane(key: &str, lane: Lane) -> String {
    format!("{key}/{}", lane.name())
}

/// What the session is told: nothing but what its node asks for leads anywhere.
fn options(network: &Network) -> serde_json::Value {
    let retry =
        json!({ "period_init_ms": 500, "period_max_ms": 1_000, "period_increase_factor": 2 });
    let mut options = json!({
        "mode": "peer",
        "connect": { "endpoints": network.connect, "retry": retry },
        "scouting": {
            "multicast": { "enabled": network.multicast },
            // Nobody is told of others, and nobody is called whom others tell of.
            "gossip": {
                "enabled": true,
                "target": { "router": [], "peer": [] },
                "autoconnect": { "router": [], "peer": [], "client": [] },
            },
        },
        "transport": {
            "unicast": { "open_timeout": CALL_MS, "accept_timeout": CALL_MS, "max_sessions": CALLERS },
            "link": {
                "tx": {
                    "lease": LEASE_MS,
                    "queue": { "congestion_control": { "drop": {
                        "wait_before_drop": ROOM_US,
                        "max_wait_before_drop_fragments": ROOM_FOR_ALL_US,
                    } } },
                },
                "rx": { "max_message_size": LARGEST },
            },
        },
    });
    // Who looks for others has to be found too.
    if !network.listen.is_empty() || !network.multicast {
        options["listen"] = json!({ "endpoints": network.listen });
    }
    options
}

/// A way to whoever takes what has one key.
pub struct Outgoing {
    publisher: Publisher<'static>,
    sent: u64,
}

impl Outgoing {
    /// Whether anybody takes it.
    pub fn is_wanted(&self) -> bool {
        let status = self.publisher.matching_status().wait();
        status.is_ok_and(|it| it.matching())
    }

    /// Which one the next is, counted from 0.
    pub fn next(&self) -> u64 {
        self.sent
    }

    /// Sends it. Where the line has no room in time it is dropped, and whoever takes the next sees that one is missing.
    ///
    /// # Errors
    /// `Retry` if there is no session any more.
    pub fn send(&mut self, header: &Header, payload: Vec<u8>) -> Result<()> {
        self.sent += 1;
        let put = self.publisher.put(payload).attachment(header.written());
        put.wait().map_err(Error::retry)
    }
}

/// What has to be kept as long as something is to come in.
pub struct Incoming {
    _subscriber: Subscriber<()>,
}

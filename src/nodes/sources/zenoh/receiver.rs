//! The inbox of a source and the ways into it, which stay while the source is opened anew: what comes meanwhile ends an outage.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::course::Course;
use crate::media::kind::Lane;
use crate::nodes::parts::far::inbox::Inbox;
use crate::nodes::parts::far::line::{Incoming, Line};
use crate::nodes::parts::far::{LANES, Network};
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::memory::Wanted;

/// What a source knows of its earlier instances.
#[derive(Default)]
pub struct Kept {
    receiver: Mutex<Option<(Network, String, Arc<Receiver>)>>,
    /// What has come so far.
    pub course: Mutex<Course>,
}

/// Where what comes is put, and how it comes there.
pub struct Receiver {
    /// What waits.
    pub inbox: Arc<Inbox>,
    line: Arc<Line>,
    ways: Mutex<BTreeMap<Lane, Incoming>>,
}

impl Kept {
    /// The one that earlier instances had, if it is for the same, or a new one.
    ///
    /// # Errors
    /// As [`Line::open`].
    pub fn receiver(&self, network: &Network, key: &str) -> Result<Arc<Receiver>> {
        let is_same = |it: &&(Network, String, Arc<Receiver>)| it.0 == *network && it.1 == key;
        if let Some((.., receiver)) = lock(&self.receiver).as_ref().filter(is_same) {
            return Ok(Arc::clone(receiver));
        }
        let line = Line::open(network)?;
        let receiver = Arc::new(Receiver {
            inbox: line.inbox(key),
            line,
            ways: Mutex::default(),
        });
        let known = (network.clone(), key.to_owned(), Arc::clone(&receiver));
        *lock(&self.receiver) = Some(known);
        Ok(receiver)
    }
}

impl Receiver {
    /// Asks for what somebody takes, and no more for what nobody does.
    ///
    /// # Errors
    /// As [`Line::incoming`].
    pub fn ask_for(&self, key: &str, wanted: &Wanted) -> Result<()> {
        let mut ways = lock(&self.ways);
        for lane in LANES {
            if !wanted.has(lane) {
                ways.remove(&lane);
            } else if let Entry::Vacant(place) = ways.entry(lane) {
                let inbox = Arc::clone(&self.inbox);
                place.insert(self.line.incoming(key, lane, inbox)?);
            }
        }
        Ok(())
    }
}

/// What is shared; a panic of the other thread leaves it whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What an onlooker sees of a running pipeline: its events as they come, and single frames.
//!
//! The data path never waits for an onlooker. A frame costs one atomic read while nobody asks for
//! it, an event one short lock.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, oneshot};

use crate::media::events::{Body, Event, Report, Saved};
use crate::media::frame::Frame;
use crate::media::kind::Private;

/// Events of each kind that are kept for those who come later, so that a flood of detections does
/// not wash the last words away.
const REMEMBERED: usize = 32;
/// Events that an onlooker can be behind before it is dropped.
const BEHIND: usize = 256;

/// An event with its place in the order of all events of the run, from 1.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its place.
    pub number: u64,
    /// What happened.
    pub event: Arc<Event>,
}

/// All events of a run, for any number of onlookers.
#[derive(Debug)]
pub struct Feed {
    live: broadcast::Sender<Published>,
    history: Mutex<History>,
}

#[derive(Debug, Default)]
struct History {
    told: u64,
    private: bool,
    recent: BTreeMap<&'static str, VecDeque<Published>>,
}

impl Default for Feed {
    fn default() -> Feed {
        Feed {
            live: broadcast::Sender::new(BEHIND),
            history: Mutex::default(),
        }
    }
}

impl Feed {
    /// Shows an event to everybody who listens. What is `raw` holds what people say as it was said.
    pub fn tell(&self, event: &Arc<Event>, raw: bool) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        if raw && history.private && event.body.kind().holds(Private::Speech) {
            return;
        }
        history.told += 1;
        let told = Published {
            number: history.told,
            event: Arc::clone(event),
        };
        let recent = history.recent.entry(event.body.kind().name).or_default();
        if recent.len() == REMEMBERED {
            recent.pop_front();
        }
        recent.push_back(told.clone());
        // Inside the lock, so that `listen` neither misses an event nor gets it twice. It fails if
        // nobody listens, which is no failure.
        let _ = self.live.send(told);
    }

    /// From now on nobody sees what people say as it was said, nor what of it was remembered, nor a file that was written
    /// before; or all do again.
    pub fn keep_private(&self, private: bool) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        if private && !history.private {
            let is_open = |it: &VecDeque<Published>| {
                let first = it.front().map(|it| &it.event.body);
                first.is_some_and(|it| {
                    matches!(it, Body::Saved(_)) || it.kind().holds(Private::Speech)
                })
            };
            history.recent.retain(|_, it| !is_open(it));
        }
        history.private = private;
    }

    /// Whether what identifies people is kept from onlookers.
    pub fn is_private(&self) -> bool {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.private
    }

    /// What is remembered of a file, by the id of the event that tells of it.
    pub fn saved(&self, id: &str) -> Option<Saved> {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let mut recent = history.recent.get(Saved::NAME)?.iter().rev();
        recent.find_map(|it| match &it.event.body {
            Body::Saved(saved) if it.event.head.id.to_string() == id => Some(saved.clone()),
            _ => None,
        })
    }

    /// The remembered events after number `after`, and all that are to come.
    pub fn listen(&self, after: u64) -> (Vec<Published>, broadcast::Receiver<Published>) {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = history.recent.values().flatten();
        let mut recent: Vec<Published> = recent.filter(|it| it.number > after).cloned().collect();
        recent.sort_by_key(|it| it.number);
        (recent, self.live.subscribe())
    }
}

/// Gives out the next frame of a node to whoever asked for it.
#[derive(Debug, Default)]
pub struct Tap {
    wanted: AtomicBool,
    request: Mutex<Option<oneshot::Sender<Arc<Frame>>>>,
}

impl Tap {
    /// The next frame that the node makes. A new request takes the place of an older one.
    pub fn next_frame(&self) -> oneshot::Receiver<Arc<Frame>> {
        let (give, frame) = oneshot::channel();
        let mut request = self.request.lock().unwrap_or_else(PoisonError::into_inner);
        *request = Some(give);
        self.wanted.store(true, Relaxed);
        frame
    }

    /// Shows a frame that the node has made.
    pub fn show(&self, frame: &Arc<Frame>) {
        if !self.wanted.load(Relaxed) {
            return;
        }
        let mut request = self.request.lock().unwrap_or_else(PoisonError::into_inner);
        self.wanted.store(false, Relaxed);
        if let Some(give) = request.take() {
            // Whoever asked may have gone away.
            let _ = give.send(Arc::clone(frame));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::events::Kept;
    use crate::media::packet::Packet;
    use crate::pipeline::contract::testing;

    fn gap() -> Arc<Event> {
        match testing::gap("porch", 0) {
            Packet::Event(event) => event,
            other => panic!("unexpected {}", other.kind()),
        }
    }

    #[test]
    fn late_onlookers_get_what_is_remembered_and_then_what_comes() {
        let feed = Feed::default();
        (0..40).for_each(|_| feed.tell(&gap(), false));
        let (recent, mut live) = feed.listen(38);
        let numbers: Vec<u64> = recent.iter().map(|it| it.number).collect();
        assert_eq!(numbers, [39, 40]);
        assert_eq!(feed.listen(0).0.len(), REMEMBERED);
        feed.tell(&gap(), false);
        assert_eq!(live.try_recv().map(|it| it.number), Ok(41));
    }

    #[test]
    fn an_onlooker_who_falls_behind_learns_it_and_holds_nobody_up() {
        let feed = Feed::default();
        let (_, mut live) = feed.listen(0);
        (0..BEHIND + 10).for_each(|_| feed.tell(&gap(), false));
        assert!(matches!(
            live.try_recv(),
            Err(broadcast::error::TryRecvError::Lagged(10))
        ));
    }

    #[test]
    fn a_file_of_before_is_not_known_where_privacy_is_asked_for() {
        let head = gap().head.clone();
        let saved = Saved {
            what: Kept::Picture,
            path: "/pictures/1.jpg".to_owned(),
            bytes: 1,
            sha256: String::new(),
            start: 0.0,
            end: 0.0,
            why: None,
            events: Vec::new(),
            label: None,
            track: None,
            subject: None,
            interrupted: false,
        };
        let id = head.id.to_string();
        let event = Arc::new(Event {
            head,
            body: Body::Saved(saved),
        });
        let feed = Feed::default();
        let path = || feed.saved(&id).map(|it| it.path);
        feed.tell(&event, false);
        assert_eq!(path().as_deref(), Some("/pictures/1.jpg"));
        assert!(feed.saved("0").is_none());
        feed.keep_private(true);
        assert_eq!(path(), None);
        feed.tell(&event, false);
        assert!(path().is_some(), "it was written since");
    }

    #[test]
    fn a_frame_is_kept_for_nobody() {
        let (tap, frame) = (Tap::default(), Arc::new(Frame::empty()));
        tap.show(&frame);
        assert_eq!(Arc::strong_count(&frame), 1);
        let mut asked = tap.next_frame();
        tap.show(&frame);
        tap.show(&frame);
        assert!(asked.try_recv().is_ok());
        assert_eq!(Arc::strong_count(&frame), 1);
    }
}

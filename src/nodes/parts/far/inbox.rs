//! What has come from another machine and waits: bounded by lane, the oldest gives way, and whatever is no letter is counted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zenoh::bytes::ZBytes;

use super::letter::{Header, LARGEST, Letter};
use crate::media::kind::Lane;

/// No header is longer: that of a thousand objects is not.
const LARGEST_HEADER: usize = 4 << 20;
/// Ten seconds of sound.
const LARGEST_SOUND: usize = 10 * 16_000 * 4;
/// No event is longer.
const LARGEST_EVENT: usize = 256 << 10;

/// Letters of each lane, in the order in which they came.
#[derive(Default)]
pub struct Inbox {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    lanes: BTreeMap<Lane, VecDeque<(u64, Letter)>>,
    came: u64,
    dropped: u64,
    refused: u64,
    why: Option<String>,
    /// Why something was refused, which nobody has been told yet.
    news: Option<String>,
}

/// What has become of what has come.
#[derive(Debug, PartialEq, Eq)]
pub struct Counts {
    /// Letters that had to give way to others.
    pub dropped: u64,
    /// What was none, or not to be used.
    pub refused: u64,
    /// Why, of the last.
    pub why: Option<String>,
}

/// How many wait, and how long one may be.
fn limits(lane: Lane) -> (usize, usize) {
    match lane {
        Lane::Audio => (64, LARGEST_SOUND),
        Lane::Event => (256, LARGEST_EVENT),
        _ => (2, LARGEST),
    }
}

impl Inbox {
    /// Something has come for this lane.
    pub fn put(&self, lane: Lane, header: Option<&[u8]>, payload: &ZBytes) {
        match letter(lane, header, payload) {
            Ok(letter) => self.keep(lane, letter),
            Err(why) => self.refuse(format!("with the key of {}: {why}", lane.plural())),
        }
    }

    fn keep(&self, lane: Lane, letter: Letter) {
        let mut state = self.lock();
        let number = state.came;
        state.came += 1;
        let waiting = state.lanes.entry(lane).or_default();
        let is_full = waiting.len() >= limits(lane).0;
        if is_full {
            waiting.pop_front();
        }
        waiting.push_back((number, letter));
        state.dropped += u64::from(is_full);
        drop(state);
        self.bell.notify_one();
    }

    /// Something was no letter, or what was in it is of no use.
    pub fn refuse(&self, why: String) {
        let mut state = self.lock();
        state.refused += 1;
        state.why = Some(why.clone());
        state.news = Some(why);
    }

    /// What came first of what waits, after so long at most.
    pub fn take(&self, at_most: Duration) -> Option<Letter> {
        let end = Instant::now() + at_most;
        let mut state = self.lock();
        loop {
            let first = state.lanes.values_mut().filter(|it| !it.is_empty());
            let first = first.min_by_key(|it| it.front().map(|it| it.0));
            if let Some((_, letter)) = first.and_then(VecDeque::pop_front) {
                return Some(letter);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.bell.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether media wait.
    pub fn has_media(&self) -> bool {
        let state = self.lock();
        let mut media = state.lanes.iter().filter(|(lane, _)| **lane != Lane::Event);
        media.any(|(_, it)| !it.is_empty())
    }

    /// Why something was refused since the last time that this was asked.
    pub fn news(&self) -> Option<String> {
        self.lock().news.take()
    }

    /// What has become of what has come.
    pub fn counts(&self) -> Counts {
        let state = self.lock();
        Counts {
            dropped: state.dropped,
            refused: state.refused,
            why: state.why.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came, if it can be a letter; nothing of it is copied before.
fn letter(lane: Lane, header: Option<&[u8]>, payload: &ZBytes) -> Result<Letter, String> {
    let (_, most) = limits(lane);
    let header = header.ok_or("it has no header")?;
    if header.len() > LARGEST_HEADER || payload.len() > most {
        let bytes = header.len() + payload.len();
        return Err(format!("{bytes} bytes are more than is taken"));
    }
    let header = Header::read(header)?;
    match header.what.lane() == lane {
        true => Ok(Letter {
            header,
            payload: payload.to_bytes().into_owned(),
        }),
        false => Err(format!("this is {}", header.what.lane().plural())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::letter::What;
    use super::*;

    fn frame(inbox: &Inbox, seq: u64) {
        let header = Header::new(1, seq, 0, What::Frame { seq });
        inbox.put(Lane::Frame, Some(&header.written()), &ZBytes::from(vec![1]));
    }

    fn sound(inbox: &Inbox, number: u64) {
        let what = What::Audio { first_sample: 0 };
        let header = Header::new(1, number, 0, what);
        inbox.put(Lane::Audio, Some(&header.written()), &ZBytes::from(vec![1]));
    }

    #[test]
    fn the_oldest_frame_gives_way_and_sound_does_not() {
        let inbox = Inbox::default();
        frame(&inbox, 0);
        sound(&inbox, 0);
        (1..4).for_each(|it| frame(&inbox, it));
        sound(&inbox, 1);
        let numbers = std::iter::from_fn(|| inbox.take(Duration::ZERO));
        let taken: Vec<_> = numbers
            .map(|it| (it.header.what.lane(), it.header.number))
            .collect();
        let expected = [
            (Lane::Audio, 0),
            (Lane::Frame, 2),
            (Lane::Frame, 3),
            (Lane::Audio, 1),
        ];
        assert_eq!(taken, expected);
        assert_eq!(inbox.counts().dropped, 2);
        assert!(!inbox.has_media());
    }

    #[test]
    fn what_is_no_letter_is_counted_and_named() {
        let inbox = Inbox::default();
        let frame = Header::new(1, 0, 0, What::Frame { seq: 0 }).written();
        let empty = ZBytes::from(Vec::new());
        let long = ZBytes::from(vec![0; LARGEST_EVENT + 1]);
        for (lane, header, payload, said) in [
            (Lane::Frame, None, &empty, "no header"),
            (Lane::Frame, Some(&b"rubbish"[..]), &empty, "header is none"),
            (Lane::Audio, Some(&frame[..]), &empty, "this is frames"),
            (Lane::Event, Some(&frame[..]), &long, "more than is taken"),
        ] {
            inbox.put(lane, header, payload);
            let news = inbox.news().unwrap_or_default();
            assert!(news.contains(said), "{news}");
        }
        assert_eq!(inbox.counts().refused, 4);
        assert!(inbox.take(Duration::ZERO).is_none());
    }
}

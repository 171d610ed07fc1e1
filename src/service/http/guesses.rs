//! Wrong tokens: answered the later the more of them an address sends, and told.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::peer::Peer;

/// A person mistypes no more often.
const FREE: u32 = 3;
/// The first answer that is held back waits so long, each further one twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Answers of one address that are held back come one after the other; with so many of them under
/// way it is told to stop.
const LONGEST_LINE: Duration = Duration::from_secs(4);
/// After so long without a wrong token an address has sent none.
const FORGIVEN: Duration = Duration::from_secs(600);
/// Addresses that are remembered; the one that was quiet for longest makes room.
const MOST_ADDRESSES: usize = 256;
/// No more than one line in the log.
const QUIET: Duration = Duration::from_secs(10);

/// Who has sent wrong tokens.
#[derive(Default)]
pub struct Guesses(Mutex<Known>);

#[derive(Default)]
struct Known {
    addresses: HashMap<Option<IpAddr>, Guesser>,
    told: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Guesser {
    count: u32,
    last: Instant,
    /// When the next answer may go out.
    next: Instant,
}

/// What becomes of a wrong token.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    /// How long its answer is held back; none if there are too many of them already.
    pub wait: Option<Duration>,
    /// How many the address has sent, if it is time to say so.
    pub tell: Option<u32>,
}

impl Guesses {
    /// Notes a wrong token. The right one is never asked about here.
    pub fn wrong(&self, peer: Peer, now: Instant) -> Outcome {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (wait, count) = known.note(peer.neighbourhood(), now);
        let is_time = known
            .told
            .is_none_or(|told| now.saturating_duration_since(told) > QUIET);
        if is_time {
            known.told = Some(now);
        }
        let tell = is_time.then_some(count);
        Outcome { wait, tell }
    }
}

impl Known {
    fn note(&mut self, address: Option<IpAddr>, now: Instant) -> (Option<Duration>, u32) {
        let quiet = |it: &Guesser| now.saturating_duration_since(it.last);
        if !self.addresses.contains_key(&address) && self.addresses.len() == MOST_ADDRESSES {
            let stalest = self.addresses.iter().max_by_key(|(_, it)| quiet(it));
            let stalest = stalest.map(|(address, _)| *address);
            stalest.and_then(|it| self.addresses.remove(&it));
        }
        let new = Guesser {
            count: 0,
            last: now,
            next: now,
        };
        let guesser = self.addresses.entry(address).or_insert(new);
        if quiet(guesser) > FORGIVEN {
            *guesser = new;
        }
        guesser.count = guesser.count.saturating_add(1);
        guesser.last = now;
        let turn = guesser.next.max(now);
        let wait = turn - now;
        if wait > LONGEST_LINE {
            return (None, guesser.count);
        }
        guesser.next = turn + pause(guesser.count);
        (Some(wait), guesser.count)
    }
}

/// How long after this answer the next one may come.
fn pause(count: u32) -> Duration {
    match count.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(doublings) => {
            let factor = 2u32.saturating_pow(doublings);
            FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> Peer {
        Peer(Some(IpAddr::from([10, 0, 0, last])))
    }

    #[test]
    fn an_address_waits_ever_longer_and_no_other_does() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        let mut now = start;
        for _ in 0..20 {
            now += guesses.wrong(from(1), now).wait.expect("it waits its turn");
        }
        assert_eq!(
            now - start,
            Duration::from_millis(50 + 100 + 200 + 400 + 800 + 11_000)
        );
        assert_eq!(guesses.wrong(from(2), now).wait, Some(Duration::ZERO));
        let later = now + FORGIVEN + LONGEST_LINE;
        assert_eq!(guesses.wrong(from(1), later).wait, Some(Duration::ZERO));
    }

    #[test]
    fn many_at_once_gain_nothing() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        let answers = (0..1000).filter_map(|_| guesses.wrong(from(1), now).wait);
        let answers: Vec<Duration> = answers.collect();
        assert!(answers.len() < 15, "{answers:?}");
        assert!(answers.iter().all(|it| *it <= LONGEST_LINE));
    }

    #[test]
    fn one_line_in_ten_seconds_and_not_more_addresses_than_fit() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        assert_eq!(guesses.wrong(from(1), now).tell, Some(1));
        for network in 0..2000u16 {
            let [high, low] = network.to_be_bytes();
            let peer = Peer(Some(IpAddr::from([10, 1, high, low])));
            assert_eq!(guesses.wrong(peer, now).tell, None);
        }
        let known = guesses.0.lock().expect("nobody panicked");
        assert_eq!(known.addresses.len(), MOST_ADDRESSES);
        drop(known);
        let later = now + QUIET + FIRST_WAIT;
        assert_eq!(guesses.wrong(from(2), later).tell, Some(1));
    }
}

//! Which sights are worth a picture, and when it is written.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use jiff::Timestamp;

use crate::media::clock::Time;
use crate::media::objects::{Object, Objects};
use crate::nodes::parts::looked;
use crate::nodes::parts::worth::worth;

/// So many bytes of frames are held, one frame at least.
const MOST_BYTES: usize = 64 << 20;
/// So many things are known at a time.
const MOST_VISITS: usize = 512;
/// So many that have left are remembered: what was still on its way when that was told makes no second visit.
const MOST_LEFT: usize = 512;
/// Whether somebody follows the objects of a source shows within this time: `track` gives its first number then.
const UNKNOWN: Duration = Duration::from_secs(2);
/// Nobody follows what is hidden for longer, whoever may have kept the news of its end back.
const GONE: Duration = Duration::from_secs(11 * 60);

/// What is worth a picture.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What; all if there is none.
    pub labels: Vec<String>,
    /// From this score on.
    pub score: f32,
    /// For how long it must be there to have a picture before it leaves.
    pub after: Duration,
    /// How much time is between two pictures where nobody follows.
    pub every: Duration,
}

impl Rules {
    /// Whether an object is worth one.
    pub fn wants(&self, object: &Object) -> bool {
        let is_named = |it: &String| **it == *object.label;
        object.score >= self.score && (self.labels.is_empty() || self.labels.iter().any(is_named))
    }
}

/// An object in a frame.
#[derive(Clone, Debug)]
pub struct Sight {
    /// What was found there.
    pub objects: Arc<Objects>,
    /// Which of it.
    pub which: usize,
    worth: f32,
}

/// A picture to be written.
#[derive(Clone, Debug)]
pub struct Shot {
    /// What it shows.
    pub sight: Sight,
    /// Which one it is, if somebody follows it.
    pub id: Option<u64>,
    /// When it was first seen.
    pub since: Time,
    /// What that is by the clock of the wall, if an earlier picture of it is named so: the clock may have been put right since.
    pub wall: Option<Timestamp>,
}

/// One thing from when it comes to when it leaves.
#[derive(Debug)]
struct Visit {
    since: Time,
    last: Time,
    /// The best sight that is not written yet.
    best: Option<Sight>,
    /// What the best one is worth, written or not.
    worth: f32,
    /// The time by which its picture is named, once it is written.
    written: Option<Timestamp>,
    has_left: bool,
}

/// What is known of a source.
#[derive(Debug, Default)]
struct Source {
    /// Whether somebody follows its objects: those without a number may be mistakes then.
    is_followed: bool,
    /// The same, if it is known that nobody does.
    is_alone: bool,
    /// The first sight while that is not known.
    first: Option<Sight>,
    /// A sight that is to be written.
    next: Option<Sight>,
    /// When the latest picture is of.
    latest: Option<Time>,
}

/// How often a sight was not taken for want of room.
#[derive(Clone, Debug, Default)]
pub struct LeftOut(Arc<AtomicU64>);

impl LeftOut {
    /// In words, if it has happened.
    pub fn told(&self) -> Option<String> {
        let count = self.0.load(Relaxed);
        (count > 0).then(|| format!("{count} sights"))
    }

    fn count(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

type Who = (Arc<str>, u64);

/// Everything that is seen, of all sources.
#[derive(Debug, Default)]
pub struct Visits {
    visits: BTreeMap<Who, Visit>,
    left: VecDeque<Who>,
    sources: BTreeMap<Arc<str>, Source>,
    now: Time,
    left_out: LeftOut,
}

impl Visits {
    /// Counts what finds no room.
    pub fn left_out(&self) -> LeftOut {
        self.left_out.clone()
    }

    /// The latest capture time that it has heard of.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Looks at the objects of a frame.
    pub fn see(&mut self, objects: &Arc<Objects>, rules: &Rules) {
        self.now = self.now.max(objects.at);
        let source = self.sources.entry(Arc::clone(&objects.source)).or_default();
        let has_number = |it: &Object| number(it).is_some();
        if !source.is_followed && objects.found.iter().any(has_number) {
            (source.is_followed, source.first, source.next) = (true, None, None);
        }
        let is_followed = source.is_followed;
        let is_wanted =
            |it: &Object| rules.wants(it) && looked::pixels(it.bounds, objects.size, 0.0).is_some();
        let wanted = objects
            .found
            .iter()
            .enumerate()
            .filter(|it| is_wanted(it.1));
        let sight = |(which, object): (usize, &Object)| Sight {
            objects: Arc::clone(objects),
            which,
            worth: worth(object.score, object.bounds),
        };
        if is_followed {
            for (which, object) in wanted {
                if let Some(id) = number(object) {
                    self.follow(id, sight((which, object)));
                }
            }
        } else if let Some(first) = wanted.map(sight).next() {
            source.see(first, rules.every);
        }
    }

    /// This one has left.
    pub fn leave(&mut self, source: &Arc<str>, id: u64) {
        let who = (Arc::clone(source), id);
        if let Some(visit) = self.visits.get_mut(&who) {
            visit.has_left = true;
        }
        if self.left.len() == MOST_LEFT {
            self.left.pop_front();
        }
        self.left.push_back(who);
    }

    /// Nothing that is still to come is about anything earlier.
    pub fn pass(&mut self, to: Time) {
        for source in self.sources.values_mut() {
            let waits = |it: &Sight| to.since(it.objects.at) >= UNKNOWN;
            if source.first.as_ref().is_some_and(waits) {
                source.be_alone();
            }
        }
        for visit in self.visits.values_mut() {
            visit.has_left |= to.since(visit.last) > GONE;
        }
        if to < Time::END {
            self.now = self.now.max(to);
        }
    }

    /// The next picture to be written. It stays due until it is.
    pub fn due(&mut self, rules: &Rules) -> Option<Shot> {
        // What has left and has its picture, or never had one, is done with.
        self.visits
            .retain(|_, it| !it.has_left || it.best.is_some());
        let now = self.now;
        let is_due = |it: &Visit| {
            it.has_left || (it.written.is_none() && now.since(it.since) >= rules.after)
        };
        let mut visits = self.visits.iter().filter(|it| is_due(it.1));
        let of_visit = visits.find_map(|((_, id), it)| {
            Some(Shot {
                sight: it.best.clone()?,
                id: Some(*id),
                since: it.since,
                wall: it.written,
            })
        });
        of_visit.or_else(|| {
            let sight = self.sources.values().find_map(|it| it.next.clone())?;
            let since = sight.objects.at;
            Some(Shot {
                sight,
                id: None,
                since,
                wall: None,
            })
        })
    }

    /// It is written, and named by this time.
    pub fn wrote(&mut self, shot: &Shot, at: Timestamp) {
        let source = &shot.sight.objects.source;
        match shot.id {
            None => {
                if let Some(source) = self.sources.get_mut(source) {
                    source.next = None;
                }
            }
            Some(id) => {
                if let Some(visit) = self.visits.get_mut(&(Arc::clone(source), id)) {
                    (visit.best, visit.written) = (None, Some(at));
                }
            }
        }
    }

    fn follow(&mut self, id: u64, sight: Sight) {
        let who = (Arc::clone(&sight.objects.source), id);
        if self.left.contains(&who) {
            return;
        }
        if !self.visits.contains_key(&who) && self.visits.len() == MOST_VISITS {
            return self.left_out.count();
        }
        let at = sight.objects.at;
        let visit = self
            .visits
            .entry(who.clone())
            .or_insert_with(|| Visit::new(at));
        visit.last = at;
        if sight.worth <= visit.worth {
            return;
        }
        // The one before makes room for it if nobody else needs it.
        let before = visit.best.take();
        if self.has_room(&sight) {
            if let Some(visit) = self.visits.get_mut(&who) {
                (visit.worth, visit.best) = (sight.worth, Some(sight));
            }
        } else {
            self.left_out.count();
            if let Some(visit) = self.visits.get_mut(&who) {
                visit.best = before;
            }
        }
    }

    /// Whether its frame can be held with the others, each of which counts once.
    fn has_room(&self, sight: &Sight) -> bool {
        let frame = |it: &Sight| {
            let frame = it.objects.frame.as_ref();
            frame.map(|it| (Arc::as_ptr(it), it.pixels.len()))
        };
        let held = self.visits.values().filter_map(|it| it.best.as_ref());
        let held: BTreeSet<_> = held.filter_map(frame).collect();
        let bytes: usize = held.iter().map(|it| it.1).sum();
        let Some(new) = frame(sight) else {
            return false;
        };
        held.is_empty() || held.contains(&new) || bytes + new.1 <= MOST_BYTES
    }
}

impl Visit {
    fn new(at: Time) -> Visit {
        Visit {
            since: at,
            last: at,
            best: None,
            worth: 0.0,
            written: None,
            has_left: false,
        }
    }
}

impl Source {
    /// Something was found, and it has no number.
    fn see(&mut self, sight: Sight, every: Duration) {
        if !self.is_alone {
            let at = sight.objects.at;
            let first = self.first.get_or_insert(sight);
            if at.since(first.objects.at) >= UNKNOWN {
                self.be_alone();
            }
            return;
        }
        let at = sight.objects.at;
        let is_due = self.latest.is_none_or(|it| at.since(it) >= every);
        if is_due && self.next.is_none() {
            (self.latest, self.next) = (Some(at), Some(sight));
        }
    }

    /// Nobody follows its objects.
    fn be_alone(&mut self) {
        self.is_alone = true;
        self.next = self.first.take();
        self.latest = self.next.as_ref().map(|it| it.objects.at);
    }
}

fn number(object: &Object) -> Option<u64> {
    object.more.as_ref().and_then(|it| it.track)
}

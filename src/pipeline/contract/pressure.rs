//! Who gives way while the machine is short of processor time or memory, or too hot, and in which order.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

/// What gives way, the first first. Whoever stands later gives way only if all before it do, and only downstream of
/// devices: of files everything is done, however long it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Shadow models rest.
    Shadows = 1,
    /// Nobody is told what has been said so far; whole utterances are written down as ever.
    Partials,
    /// `tag_sound` listens half as often.
    Sounds,
    /// Cameras with `least_needed = true` hand on every fourth frame.
    LeastNeeded,
    /// All cameras hand on every other frame.
    Cameras,
}

/// All of them, in this order.
pub const WAYS: [Way; 5] = [
    Way::Shadows,
    Way::Partials,
    Way::Sounds,
    Way::LeastNeeded,
    Way::Cameras,
];

impl Way {
    /// What people are told of it.
    pub fn words(self) -> &'static str {
        match self {
            Way::Shadows => "shadow models rest",
            Way::Partials => "no partial texts",
            Way::Sounds => "sounds are listened to half as often",
            Way::LeastNeeded => "a quarter of the frames of the least needed cameras",
            Way::Cameras => "half of the frames of all cameras",
        }
    }
}

/// What gives way now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Relief {
    /// How many of [`WAYS`]; more than none.
    pub level: u8,
    /// What the machine is short of, in words.
    pub reason: Arc<str>,
    /// What that means for the results, in words.
    pub gives_way: Vec<&'static str>,
}

/// How much gives way in a run. All clones are about the same run.
#[derive(Clone, Debug, Default)]
pub struct Pressure {
    level: Arc<AtomicU8>,
    reason: Arc<RwLock<Arc<str>>>,
}

impl Pressure {
    /// Whether this gives way now.
    pub fn yields(&self, way: Way) -> bool {
        self.level.load(Relaxed) >= way as u8
    }

    /// So many of [`WAYS`] give way from now on, for this reason; none if nothing is short.
    pub fn set(&self, level: u8, reason: &str) {
        let mut told = self.reason.write().unwrap_or_else(PoisonError::into_inner);
        *told = reason.into();
        self.level.store(level.min(WAYS.len() as u8), Relaxed);
    }

    /// What gives way now, if anything does.
    pub fn now(&self) -> Option<Relief> {
        let reason = self.reason.read().unwrap_or_else(PoisonError::into_inner);
        let level = self.level.load(Relaxed);
        (level > 0).then(|| Relief {
            level,
            reason: Arc::clone(&reason),
            gives_way: WAYS[..usize::from(level)]
                .iter()
                .map(|it| it.words())
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_stands_first_gives_way_first() {
        let pressure = Pressure::default();
        assert!(pressure.now().is_none() && !pressure.yields(Way::Shadows));
        pressure.clone().set(2, "it is hot");
        let yielding = WAYS.map(|it| pressure.yields(it));
        assert_eq!(yielding, [true, true, false, false, false]);
        let relief = pressure.now().expect("two give way");
        assert_eq!(relief.gives_way, ["shadow models rest", "no partial texts"]);
        assert_eq!(&*relief.reason, "it is hot");
        pressure.set(99, "");
        assert_eq!(pressure.now().map(|it| it.level), Some(5));
    }
}

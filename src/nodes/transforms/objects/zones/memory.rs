//! Who is where, as it is known also after a reopening and a reload, whatever zones there are then.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::crossing::Crossing;
use super::options::Config;
use super::stay::{Change, Sight, Stay};
use crate::media::clock::Time;
use crate::media::events::Direction;
use crate::nodes::parts::polygon::Point;
use crate::pipeline::count::areas::{Area, Count};

/// Names of zones and lines, in their order.
#[derive(Debug, Default, PartialEq)]
pub struct Names {
    /// Those of zones.
    pub zones: Vec<Arc<str>>,
    /// Those of lines.
    pub lines: Vec<Arc<str>>,
}

/// What is known of all sources.
#[derive(Debug, Default)]
pub struct Known {
    names: Arc<Names>,
    /// Of each source.
    pub sources: BTreeMap<Arc<str>, Seen>,
}

/// What is known of a source.
#[derive(Debug, Default)]
pub struct Seen {
    /// Who is followed.
    pub tracks: Vec<Followed>,
    /// What is counted.
    pub tally: Tally,
    /// Who has ended, when they were seen last, though that frame has not come yet.
    pub ended: Vec<(u64, Arc<str>, Time)>,
}

/// How many are in each zone, and have crossed each line.
#[derive(Debug, Default)]
pub struct Tally {
    /// By zone.
    pub inside: Vec<u64>,
    /// By line: to the left, and to the right.
    pub crossed: Vec<[u64; 2]>,
}

/// What becomes of one who is in a zone that is no more.
#[derive(Debug)]
pub struct Evicted {
    /// Where it was seen.
    pub source: Arc<str>,
    /// Which one it is, and what.
    pub who: (u64, Arc<str>),
    /// Name of the zone.
    pub zone: Arc<str>,
    /// How it has left it.
    pub change: Change,
    /// How many are left there.
    pub count: u64,
}

/// One that is followed.
#[derive(Debug)]
pub struct Followed {
    /// Which one it is, and what: two nodes may follow what one camera shows, each things of its own.
    pub id: u64,
    /// What it is.
    pub label: Arc<str>,
    /// When it was first seen.
    pub first: Time,
    /// When and where it was seen last.
    pub last: Sight,
    /// Where its anchors were then.
    pub anchors: [Point; 2],
    /// By zone.
    pub stays: Vec<Stay>,
    /// By line.
    pub crossings: Vec<Crossing>,
    /// The zones that it is in.
    pub inside: Arc<[Arc<str>]>,
}

impl Known {
    /// Goes by these zones and lines from now on. What has the same name is the same. Gives who was in zones that are no
    /// more.
    pub fn fit(&mut self, names: &Arc<Names>) -> Vec<Evicted> {
        let mut evicted = Vec::new();
        if Arc::ptr_eq(&self.names, names) {
            return evicted;
        }
        let old = std::mem::replace(&mut self.names, Arc::clone(names));
        for (source, seen) in &mut self.sources {
            for (at, zone) in old.zones.iter().enumerate() {
                if !names.zones.contains(zone) {
                    seen.evict((at, zone), source, &mut evicted);
                }
            }
            seen.tally.fit(&old, names);
            for track in &mut seen.tracks {
                moved(&mut track.stays, &old.zones, &names.zones);
                moved(&mut track.crossings, &old.lines, &names.lines);
                track.inside = inside(&track.stays, names);
            }
        }
        evicted
    }

    /// What is known of a source.
    pub fn of(&mut self, source: &Arc<str>) -> &mut Seen {
        let names = &self.names;
        self.sources.entry(Arc::clone(source)).or_insert_with(|| {
            let mut seen = Seen::default();
            seen.tally.fit(&Names::default(), names);
            seen
        })
    }

    /// The earliest time that may still be told.
    pub fn holds(&self) -> Option<Time> {
        let of = |seen: &Seen| {
            let stays = seen.tracks.iter().flat_map(|it| &it.stays);
            let ended = seen.ended.iter().map(|it| it.2);
            stays.filter_map(Stay::holds).chain(ended).min()
        };
        self.sources.values().filter_map(of).min()
    }

    /// Zones and lines of each source that they are for, and how many are where.
    pub fn areas(&self, config: &Config) -> Vec<Area> {
        let of = |(source, seen): (&Arc<str>, &Seen)| {
            let zones = config.zones.iter().filter(|it| it.is_of(source));
            let zones = zones.map(|zone| Area {
                source: Arc::clone(source),
                name: Arc::clone(&zone.name),
                points: zone.polygon.iter().map(rounded).collect(),
                count: Count::Zone {
                    inside: of_name(&self.names.zones, &zone.name, &seen.tally.inside),
                },
            });
            let lines = config.lines.iter().filter(|it| it.is_of(source));
            let lines = lines.map(|line| {
                let [left, right] = of_name(&self.names.lines, &line.name, &seen.tally.crossed);
                Area {
                    source: Arc::clone(source),
                    name: Arc::clone(&line.name),
                    points: [line.from, line.to].iter().map(rounded).collect(),
                    count: Count::Line { left, right },
                }
            });
            zones.chain(lines).collect::<Vec<_>>()
        };
        self.sources.iter().flat_map(of).collect()
    }

    /// How many are where, in words; none as long as nothing was seen.
    pub fn counts(&self) -> Option<String> {
        let of = |(source, seen): (&Arc<str>, &Seen)| {
            let zones = self.names.zones.iter().zip(&seen.tally.inside);
            let zones = zones.map(|(name, count)| format!("{name} {count}"));
            let lines = self.names.lines.iter().zip(&seen.tally.crossed);
            let lines =
                lines.map(|(name, [left, right])| format!("{name} {left} left {right} right"));
            format!(
                "{source}: {}",
                zones.chain(lines).collect::<Vec<_>>().join(", ")
            )
        };
        let all: Vec<String> = self.sources.iter().map(of).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

impl Seen {
    /// The place of one that is followed.
    pub fn place(&self, id: u64, label: &str) -> Option<usize> {
        self.tracks
            .iter()
            .position(|it| it.id == id && *it.label == *label)
    }

    /// Lets all out of a zone that is no more.
    fn evict(&mut self, (at, zone): (usize, &Arc<str>), source: &Arc<str>, to: &mut Vec<Evicted>) {
        let count = &mut self.tally.inside[at];
        for track in &mut self.tracks {
            track.stays[at].end(track.last, &mut |change| {
                *count = count.saturating_sub(1);
                to.push(Evicted {
                    source: Arc::clone(source),
                    who: (track.id, Arc::clone(&track.label)),
                    zone: Arc::clone(zone),
                    change: change.of_no_zone(),
                    count: *count,
                });
            });
        }
    }

    /// When one was seen for the last time, as was heard before that sight came.
    pub fn end_of(&self, id: u64, label: &str) -> Option<Time> {
        let mut ended = self.ended.iter();
        ended
            .find(|it| it.0 == id && *it.1 == *label)
            .map(|it| it.2)
    }
}

impl Tally {
    /// Counts one more; gives how many that makes.
    pub fn cross(&mut self, line: usize, to: Direction) -> u64 {
        let count = &mut self.crossed[line][to as usize];
        *count += 1;
        *count
    }

    fn fit(&mut self, old: &Names, new: &Names) {
        moved(&mut self.inside, &old.zones, &new.zones);
        moved(&mut self.crossed, &old.lines, &new.lines);
    }
}

impl Followed {
    /// One that is seen for the first time.
    pub fn new(
        (id, label): (u64, &Arc<str>),
        sight: Sight,
        anchors: [Point; 2],
        names: &Names,
    ) -> Followed {
        Followed {
            id,
            label: Arc::clone(label),
            first: sight.frame.0,
            last: sight,
            anchors,
            stays: vec![Stay::default(); names.zones.len()],
            crossings: vec![Crossing::default(); names.lines.len()],
            inside: Arc::default(),
        }
    }

    /// It has entered or left a zone.
    pub fn note(&mut self, names: &Names) {
        self.inside = inside(&self.stays, names);
    }
}

fn inside(stays: &[Stay], names: &Names) -> Arc<[Arc<str>]> {
    let inside = names.zones.iter().zip(stays).filter(|it| it.1.is_in());
    inside.map(|it| Arc::clone(it.0)).collect()
}

fn moved<T: Default + Copy>(values: &mut Vec<T>, old: &[Arc<str>], new: &[Arc<str>]) {
    *values = new.iter().map(|name| of_name(old, name, values)).collect();
}

/// To a tenth of a pixel of a large frame.
fn rounded(point: &Point) -> [f64; 2] {
    point.map(|it| (f64::from(it) * 1e5).round() / 1e5)
}

/// The value of what has this name.
fn of_name<T: Default + Copy>(names: &[Arc<str>], name: &Arc<str>, values: &[T]) -> T {
    let at = names.iter().position(|it| it == name);
    at.and_then(|it| values.get(it))
        .copied()
        .unwrap_or_default()
}

//! `zones`: tells when things that are followed enter and leave parts of the frame, stay there, and cross lines.

mod borders;
mod crossing;
mod flaws;
mod geometry;
mod memory;
mod options;
mod placed;
mod stay;
mod tell;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::borders::{anchors, is_inside, margin, place};
use self::memory::{Followed, Known, Names, Seen, Tally};
pub use self::options::Config;
use self::options::{Zone, concerns};
use self::placed::placed;
use self::stay::{Lasting, Sight};
use self::tell::{tell_evicted, tell_line, tell_zone};
use crate::media::clock::Time;
use crate::media::events::{self, Of, Step};
use crate::media::kind::Lane;
use crate::media::objects::{Area, Object, Objects};
use crate::nodes::parts::polygon::{Point, corners};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::ports;

/// So many are followed at most of a source.
const MOST_TRACKS: usize = 1_024;
/// Nobody is followed any more who was not seen for so long, and of whose end nothing was heard.
const FORGOTTEN: Duration = Duration::from_secs(11 * 60);

/// Zones and lines, and who is where.
pub struct Zones {
    config: Config,
    names: Arc<Names>,
    known: Arc<Mutex<Known>>,
    /// Where they are in the frames of each source.
    areas: HashMap<Arc<str>, Arc<[Area]>>,
}

ports! {
    /// Who is where, and who has come and left.
    pub enum Given {
        Objects(Arc<Objects>),
        Track(Of<events::Track>),
    }
}

ports! {
    /// What is told.
    pub enum Placed {
        Objects(Arc<Objects>),
        Zone(Of<events::Zone>),
    }
}

impl Node for Zones {
    const NAME: &'static str = "zones";
    const ALSO: &'static [&'static str] = &[
        "zone",
        "roi",
        "region",
        "regions",
        "polygon",
        "line",
        "lines",
        "line_crossing",
        "tripwire",
        "loitering",
        "dwell",
        "counter",
        "count",
        "counting",
    ];
    const ABOUT: &'static str = "Tells when objects that `track` follows enter and leave zones of the frame, loiter in them, and cross lines, and counts them. Objects go on with the names of the zones that they are in, as `zones`.";
    const EXAMPLE: &'static str = "zones = [{ name = \"porch\", polygon = [[0.1, 0.5], [0.6, 0.5], [0.6, 1.0], [0.1, 1.0]], loiter_ms = 30_000 }]\nlines = [{ name = \"gate\", from = [0.7, 1.0], to = [0.7, 0.3], labels = [\"person\"] }]";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        config.misuses()
    }

    fn sources(config: &Config) -> Vec<(String, String)> {
        config.named_sources()
    }

    fn labels(config: &Config) -> Vec<(String, String)> {
        config.named_labels()
    }

    fn areas(config: &Config) -> Vec<Arc<str>> {
        let zones = config.zones.iter().map(|it| &it.name);
        let lines = config.lines.iter().map(|it| &it.name);
        zones.chain(lines).cloned().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Zones> {
        let mut config = config.clone();
        for zone in &mut config.zones {
            zone.polygon = corners(&zone.polygon);
        }
        let names = Names {
            zones: config.zones.iter().map(|it| Arc::clone(&it.name)).collect(),
            lines: config.lines.iter().map(|it| Arc::clone(&it.name)).collect(),
        };
        let known: Arc<Mutex<Known>> = context.kept();
        let shown = Arc::clone(&known);
        context.describe_live("counts", move || lock(&shown).counts());
        let (shown, drawn) = (Arc::clone(&known), config.clone());
        context.describe_areas(move || lock(&shown).areas(&drawn));
        Ok(Zones {
            config,
            names: Arc::new(names),
            known,
            areas: HashMap::new(),
        })
    }
}

impl Transform for Zones {
    type In = Given;
    type Out = Placed;
    const TOGETHER: bool = true;

    fn apply(&mut self, given: Given, out: &mut Emit<Placed>) -> Result<()> {
        let mut known = fitted(&self.known, &self.names, out);
        match given {
            Given::Objects(objects) => {
                let seen = known.of(&objects.source);
                self.look(seen, &objects, out);
                if out.wants(Lane::Objects) {
                    let areas = self.areas.entry(Arc::clone(&objects.source));
                    let areas = areas.or_insert_with(|| self.config.areas(&objects.source));
                    out.send(placed(&objects, seen, areas));
                }
            }
            Given::Track(track) => {
                let seen = known.of(&track.head().source);
                self.hear(seen, &track, out);
            }
        }
        Ok(())
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Placed>) -> Result<()> {
        let mut known = fitted(&self.known, &self.names, out);
        for (source, seen) in &mut known.sources {
            while let Some(at) = seen.ended.iter().position(|it| it.2 < to) {
                let (id, label, _) = seen.ended.swap_remove(at);
                self.end(seen, seen.place(id, &label), source, out);
            }
            let is_forgotten = |it: &Followed| to.since(it.last.frame.0) > FORGOTTEN;
            while let Some(at) = seen.tracks.iter().position(is_forgotten) {
                self.end(seen, Some(at), source, out);
            }
        }
        Ok(())
    }

    fn holds(&self) -> Option<Time> {
        lock(&self.known).holds()
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is known, by the zones that there are now.
fn fitted<'a>(
    known: &'a Mutex<Known>,
    names: &Arc<Names>,
    out: &mut Emit<Placed>,
) -> MutexGuard<'a, Known> {
    let mut known = lock(known);
    for evicted in known.fit(names) {
        tell_evicted(evicted, out);
    }
    known
}

impl Zones {
    /// Looks where everybody in a frame is.
    fn look(&self, seen: &mut Seen, objects: &Objects, out: &mut Emit<Placed>) {
        let source = &objects.source;
        let size = objects.size.map(|it| it.max(1) as f32);
        for object in &*objects.found {
            let Some(id) = id_of(object) else { continue };
            let sight = Sight {
                frame: (objects.at, objects.seq),
                bounds: object.bounds,
            };
            let known = seen.place(id, &object.label);
            let is_new = known.is_none();
            if is_new && seen.tracks.len() >= MOST_TRACKS {
                continue;
            }
            let at = known.unwrap_or_else(|| {
                let anchors = anchors(object.bounds, size);
                let who = (id, &object.label);
                seen.tracks
                    .push(Followed::new(who, sight, anchors, &self.names));
                seen.tracks.len() - 1
            });
            let track = &mut seen.tracks[at];
            if is_new || track.last.frame.0 < objects.at {
                self.see(source, track, &mut seen.tally, (sight, size), out);
            }
            if let Some(end) = seen
                .end_of(id, &object.label)
                .filter(|it| *it <= objects.at)
            {
                seen.ended.retain(|it| (it.0, it.2) != (id, end));
                self.end(seen, Some(at), source, out);
            }
        }
    }

    /// Somebody has come, or has ended, be it that the last sight is still to come.
    fn hear(&self, seen: &mut Seen, track: &Of<events::Track>, out: &mut Emit<Placed>) {
        let (head, body) = (track.head(), track.body());
        let place = seen.place(body.id, &body.label);
        let followed = place.map(|it| &seen.tracks[it]);
        let is_over = match body.phase {
            // Somebody else had this id before `track` began anew.
            Step::Start => followed.is_some_and(|it| it.first < head.at),
            Step::Update => false,
            Step::End if followed.is_some_and(|it| it.last.frame.0 >= head.at) => true,
            Step::End => {
                seen.ended.truncate(MOST_TRACKS);
                seen.ended.push((body.id, Arc::clone(&body.label), head.at));
                false
            }
        };
        if is_over {
            self.end(seen, place, &head.source, out);
        }
    }

    /// One is seen again.
    fn see(
        &self,
        source: &Arc<str>,
        track: &mut Followed,
        tally: &mut Tally,
        (sight, size): (Sight, Point),
        out: &mut Emit<Placed>,
    ) {
        let margin = margin(sight.bounds);
        let anchors = anchors(sight.bounds, size);
        let who = (track.id, &track.label);
        let mut has_changed = false;
        for (at, (zone, stay)) in self.config.zones.iter().zip(&mut track.stays).enumerate() {
            if !concerns(&zone.labels, &track.label) || !zone.is_of(source) {
                continue;
            }
            let anchor = anchors[zone.anchor as usize];
            let is_inside = is_inside(zone, anchor, size, margin, stay.is_inside());
            stay.see(sight, is_inside, &lasting(zone), &mut |change| {
                has_changed = true;
                tell_zone(&zone.name, who, change, &mut tally.inside[at], source, out);
            });
        }
        for (at, (line, crossing)) in self
            .config
            .lines
            .iter()
            .zip(&mut track.crossings)
            .enumerate()
        {
            if !concerns(&line.labels, &track.label) || !line.is_of(source) {
                continue;
            }
            let way = [track.anchors, anchors].map(|it| it[line.anchor as usize]);
            if let Some(to) = crossing.see(place(line, way, size, margin)) {
                tell_line(line, who, (sight, to), tally.cross(at, to), source, out);
            }
        }
        (track.last, track.anchors) = (sight, anchors);
        if has_changed {
            track.note(&self.names);
        }
    }

    /// One is seen no more.
    fn end(
        &self,
        seen: &mut Seen,
        place: Option<usize>,
        source: &Arc<str>,
        out: &mut Emit<Placed>,
    ) {
        let Some(place) = place else { return };
        let mut track = seen.tracks.swap_remove(place);
        let who = (track.id, &track.label);
        let tally = &mut seen.tally;
        for (at, (zone, stay)) in self.config.zones.iter().zip(&mut track.stays).enumerate() {
            stay.end(track.last, &mut |change| {
                tell_zone(&zone.name, who, change, &mut tally.inside[at], source, out);
            });
        }
        for (at, (line, crossing)) in self
            .config
            .lines
            .iter()
            .zip(&mut track.crossings)
            .enumerate()
        {
            if let Some(to) = crossing.end() {
                tell_line(
                    line,
                    who,
                    (track.last, to),
                    tally.cross(at, to),
                    source,
                    out,
                );
            }
        }
    }
}

fn id_of(object: &Object) -> Option<u64> {
    object.more.as_ref()?.track
}

fn lasting(zone: &Zone) -> Lasting {
    Lasting {
        least: Duration::from_millis(zone.min_ms),
        loiter: (zone.loiter_ms > 0).then(|| Duration::from_millis(zone.loiter_ms)),
    }
}

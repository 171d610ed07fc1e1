//! Cuts clips: what each camera has sent lately, and the clip of it that is being written.

use std::collections::{BTreeMap, VecDeque};
use std::io::Result;
use std::sync::Arc;
use std::time::Duration;

use super::options::Config;
use super::ring::{Ring, begins};
use super::scene::Scene;
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::coded::{Coded, Medium};
use crate::media::events::{Event, Kept, Saved};
use crate::nodes::parts::beside::Sounds;
use crate::nodes::parts::course::About;
use crate::nodes::parts::folder::{Folder, name};
use crate::nodes::parts::take::{EXTENSION, Take};
use crate::pipeline::contract::context::Context;

/// So much later than it happens something may be told, and its clip still begins before it.
const LATE: Duration = Duration::from_secs(30);
/// A camera that sends nothing for so long is away, and its clip ends.
const AWAY: Duration = Duration::from_secs(5);
/// So many events wait for the first picture of their source.
const MOST_EARLY: usize = 64;

/// Where and how clips are made.
pub struct Set<'a> {
    /// Where they go.
    pub folder: &'a mut Folder,
    /// How they are.
    pub config: &'a Config,
    /// Of the node.
    pub context: &'a Context,
}

/// All cameras.
#[derive(Default)]
pub struct Studio {
    cameras: BTreeMap<Arc<str>, Camera>,
    sounds: Sounds,
    untold: Vec<(Arc<str>, Saved)>,
    now: Time,
    /// Clips that begin later than they should, for want of memory or because the camera had just come.
    short: u64,
    /// Events of sources that have sent no pictures yet, and whether a camera has shown them.
    early: VecDeque<(Arc<Event>, bool)>,
    /// Events of which there is no clip, as there were no pictures.
    unseen: u64,
}

#[derive(Default)]
struct Camera {
    ring: Ring,
    scene: Option<Scene>,
    take: Option<Take>,
    /// A packet of the sound that goes with its pictures.
    sound: Option<Arc<Coded>>,
    last: Time,
    left_out: Option<String>,
}

impl Studio {
    /// The latest capture time that it has heard of.
    pub fn now(&self) -> Time {
        self.now
    }

    /// What has been saved since this was last asked.
    pub fn untold(&mut self) -> Vec<(Arc<str>, Saved)> {
        std::mem::take(&mut self.untold)
    }

    /// How many clips begin too late, if any.
    pub fn short(&self) -> Option<String> {
        (self.short > 0).then(|| format!("{} clips", self.short))
    }

    /// How many events have no clip for want of pictures, if any.
    pub fn unseen(&self) -> Option<String> {
        (self.unseen > 0).then(|| format!("{} events", self.unseen))
    }

    /// What cannot be put into clips, if anything.
    pub fn left_out(&self) -> Option<String> {
        let all = self.cameras.iter();
        let told =
            all.filter_map(|(source, it)| Some(format!("{source}: {}", it.left_out.as_ref()?)));
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// The files that were being written are another's now: they were left when a call did not come back.
    pub fn abandon(&mut self) {
        self.cameras.values_mut().for_each(|it| it.take = None);
    }

    /// Takes what a microphone hears.
    pub fn listen(&mut self, audio: &Audio) {
        self.sounds.hear(audio);
    }

    /// Takes a unit of a camera, and what was heard beside it.
    pub fn see(&mut self, unit: &Arc<Coded>, set: &mut Set) -> Result<()> {
        let units = self.sounds.in_step(unit);
        units.iter().try_for_each(|it| self.take(it, set))
    }

    fn take(&mut self, unit: &Arc<Coded>, set: &mut Set) -> Result<()> {
        self.now = self.now.max(unit.at);
        if !set.config.sound && matches!(unit.stream.medium, Medium::Sound { .. }) {
            return Ok(());
        }
        let rules = set.config.rules();
        self.forget(unit.at.before(LATE), set);
        let is_new = !self.cameras.contains_key(&unit.source);
        let camera = self.cameras.entry(Arc::clone(&unit.source)).or_default();
        camera.sound = self.sounds.of(&unit.source, unit.at).cloned();
        if is_new {
            for (event, is_shown) in &mut self.early {
                self.short += u64::from(camera.hear(event, set)?);
                *is_shown = true;
            }
        }
        camera.ring.push(unit, rules.pre + LATE);
        let taken = camera.take_in(unit, set);
        self.untold
            .extend(taken?.map(|it| (Arc::clone(&unit.source), it)));
        self.make_room(set.config.buffer_mb << 20);
        Ok(())
    }

    /// Something has happened.
    pub fn hear(&mut self, event: &Arc<Event>, set: &mut Set) -> Result<()> {
        self.now = self.now.max(event.head.at);
        let its_own = self.cameras.contains_key(&event.head.source);
        let shows = |source: &Arc<str>| !its_own || *source == event.head.source;
        let mut is_shown = false;
        for (_, camera) in self.cameras.iter_mut().filter(|it| shows(it.0)) {
            self.short += u64::from(camera.hear(event, set)?);
            is_shown = true;
        }
        if !its_own {
            self.early.push_back((Arc::clone(event), is_shown));
            if self.early.len() > MOST_EARLY {
                self.forget_first(set);
            }
        }
        Ok(())
    }

    /// Lets go of events that are older than this.
    fn forget(&mut self, than: Time, set: &Set) {
        while self.early.front().is_some_and(|it| it.0.head.at < than) {
            self.forget_first(set);
        }
    }

    fn forget_first(&mut self, set: &Set) {
        if let Some((event, false)) = self.early.pop_front() {
            self.unseen += u64::from(worth(&event, set).is_some_and(|it| it.begins()));
        }
    }

    /// Nothing that is still to come is about anything earlier.
    pub fn pass(&mut self, to: Time, set: &mut Set) -> Result<()> {
        if to < Time::END {
            self.now = self.now.max(to);
        }
        for (source, camera) in &mut self.cameras {
            let saved = camera.pass(to, set)?;
            self.untold.extend(saved.map(|it| (Arc::clone(source), it)));
        }
        self.forget(self.now.before(LATE), set);
        Ok(())
    }

    /// Completes what is being written.
    pub fn finish(&mut self, set: &mut Set) -> Result<()> {
        for (source, camera) in &mut self.cameras {
            let saved = camera.end(set)?;
            self.untold.extend(saved.map(|it| (Arc::clone(source), it)));
            camera.scene = None;
        }
        self.forget(Time::END, set);
        Ok(())
    }

    /// Lets go of the oldest of those that hold most.
    fn make_room(&mut self, most: usize) {
        while self
            .cameras
            .values()
            .map(|it| it.ring.bytes())
            .sum::<usize>()
            > most
        {
            let largest = self.cameras.values_mut().max_by_key(|it| it.ring.bytes());
            if !largest.is_some_and(|it| it.ring.drop_group()) {
                return;
            }
        }
    }
}

impl Camera {
    /// Something has happened that it may show; says whether its clip begins too late.
    fn hear(&mut self, event: &Event, set: &mut Set) -> Result<bool> {
        let rules = set.config.rules();
        let Some(about) = worth(event, set) else {
            return Ok(false);
        };
        if let Some(scene) = &mut self.scene {
            scene.go_on(event, about, rules);
            return Ok(false);
        }
        self.scene = Scene::begin(event, about, rules);
        self.begin(set)
    }

    /// Puts a unit where it belongs; gives the clip that it has ended.
    fn take_in(&mut self, unit: &Coded, set: &mut Set) -> Result<Option<Saved>> {
        let was_away = unit.at.since(self.last) > AWAY;
        self.last = self.last.max(unit.at);
        let rules = set.config.rules();
        let is_over = self
            .scene
            .as_ref()
            .is_some_and(|it| unit.at >= it.end(rules));
        let mut saved = None;
        if was_away {
            self.cut_off();
        }
        if was_away || is_over || self.take.as_ref().is_some_and(|it| !it.fits(unit)) {
            saved = self.end(set)?;
        }
        if is_over {
            self.scene = None;
        }
        match (&mut self.take, &self.scene) {
            (Some(take), _) => {
                let pushed = take.push(set.folder, unit);
                self.left_out = take.left_out().map(ToString::to_string);
                if let Err(error) = pushed {
                    // What is in the file is whole.
                    self.end(set)?;
                    return Err(error);
                }
            }
            (None, Some(_)) if begins(unit) => self.open(unit, set),
            _ => {}
        }
        Ok(saved)
    }

    /// Begins the clip of the scene with what was sent before; says whether that does not reach far enough.
    fn begin(&mut self, set: &mut Set) -> Result<bool> {
        let Some(scene) = &self.scene else {
            return Ok(false);
        };
        let rules = set.config.rules();
        let (wanted, end) = (scene.subject.before(rules.pre), scene.end(rules));
        let units: Vec<_> = self
            .ring
            .since(wanted)
            .take_while(|it| it.at < end)
            .cloned()
            .collect();
        let mut is_short = true;
        for unit in &units {
            match &mut self.take {
                Some(take) => take.push(set.folder, unit)?,
                None if begins(unit) => {
                    is_short = unit.at > wanted;
                    self.open(unit, set);
                }
                None => {}
            }
        }
        Ok(is_short)
    }

    /// Begins a file.
    fn open(&mut self, picture: &Coded, set: &Set) {
        let label = self.scene.as_ref().and_then(|it| it.label.as_deref());
        let words: Vec<&str> = [&*picture.source].into_iter().chain(label).collect();
        let name = name::of(set.context.clock.wall(picture.at), &words, EXTENSION);
        let sound = self.sound.as_deref().filter(|_| set.config.sound);
        match Take::begin(name, picture, sound) {
            Ok(take) => self.take = Some(take),
            Err(unfit) => self.left_out = Some(unfit.to_string()),
        }
    }

    fn pass(&mut self, to: Time, set: &mut Set) -> Result<Option<Saved>> {
        let rules = set.config.rules();
        // What it sent until then is still on its way for a while.
        let is_over = self
            .scene
            .as_ref()
            .is_some_and(|it| to.before(AWAY) >= it.end(rules));
        let is_away = self.take.as_ref().is_some_and(|it| to.since(it.end) > AWAY);
        if is_away {
            self.cut_off();
        }
        let saved = match is_over || is_away {
            true => self.end(set)?,
            false => None,
        };
        if is_over {
            self.scene = None;
        }
        Ok(saved)
    }

    fn cut_off(&mut self) {
        if let Some(take) = &mut self.take {
            take.cut_off();
        }
    }

    /// Completes the file, if there is one.
    fn end(&mut self, set: &mut Set) -> Result<Option<Saved>> {
        let Some(take) = self.take.take() else {
            return Ok(None);
        };
        let saved = take.finish(set.folder, Kept::Clip)?;
        let scene = self.scene.as_ref();
        Ok(saved.map(|saved| Saved {
            why: scene.map(|it| it.why.clone()),
            events: scene.map_or_else(Vec::new, |it| it.events.clone()),
            label: scene.and_then(|it| it.label.clone()),
            track: scene.and_then(|it| it.track),
            subject: scene.map(|it| it.subject.as_secs_f64()),
            ..saved
        }))
    }
}

/// What an event is about, if that is worth a clip.
fn worth(event: &Event, set: &Set) -> Option<About> {
    let labels = &set.config.labels;
    let is_worth = |it: &Arc<str>| labels.is_empty() || labels.iter().any(|label| **label == **it);
    About::of(event).filter(|it| it.label.as_ref().is_none_or(is_worth))
}

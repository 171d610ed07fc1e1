//! What Home Assistant sees: entities that come up as there is something to tell, and what they say.

mod entity;
mod presence;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{Result, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use self::entity::{Entity, What};
use self::presence::Presence;
use super::book::{Book, Word};
use super::topics::Topics;
use crate::media::events::{
    Action, Body, Condition, Event, Health, Kept, Phase, Saved, Step, Transcript, Zone,
};
use crate::pipeline::contract::around::File;

/// Where the entities are noted, so that after a kill none says for ever what was so before.
const NOTED: &str = "entities.json";
/// What is seen and heard at home is for the owner and the group.
const FILE_MODE: u32 = 0o640;
/// Home Assistant takes no longer state.
const LONGEST_STATE: usize = 255;
/// No pipeline has more; labels and sources are of the pipeline file and the models.
const MOST: usize = 1_000;

/// All entities and what they say.
pub struct Home {
    topics: Topics,
    noted: PathBuf,
    off_after: Duration,
    entities: BTreeSet<Entity>,
    presence: BTreeMap<Entity, Presence>,
    /// What is wrong with each source, apart from being away.
    troubles: BTreeMap<String, BTreeSet<&'static str>>,
    is_new: bool,
    /// The pipeline file, once it is known.
    file: Option<Arc<File>>,
}

impl Home {
    /// Begins with the entities that an earlier run has noted in this folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(topics: Topics, folder: &Path, off_after_s: u64) -> Result<Home> {
        let noted = folder.join(NOTED);
        let entities = match fs::read(&noted) {
            // What cannot be read is made anew.
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(_) => BTreeSet::new(),
        };
        Ok(Home {
            topics,
            noted,
            off_after: Duration::from_secs(off_after_s),
            entities,
            presence: BTreeMap::new(),
            troubles: BTreeMap::new(),
            is_new: false,
            file: None,
        })
    }

    /// Tells of all entities. Nobody is there, nothing is wrong, until an event says so.
    pub fn tell_all(&self, book: &mut Book) {
        for entity in &self.entities {
            self.announce(entity, book);
            if let Some(state) = entity.what.at_first() {
                book.set(entity.state(&self.topics), Word::Text(state.to_owned()));
            }
        }
    }

    /// Takes back entities of sources and parts of pictures that the pipeline file does not name.
    ///
    /// # Errors
    /// That this could not be noted.
    pub fn keep_to(&mut self, file: &Arc<File>, book: &mut Book) -> Result<()> {
        self.file = Some(Arc::clone(file));
        let gone = self
            .entities
            .iter()
            .filter(|it| !self.names(&it.source, &it.zone));
        let gone: Vec<Entity> = gone.cloned().collect();
        for entity in &gone {
            self.entities.remove(entity);
            self.presence.remove(entity);
            // What is empty is kept by no broker, and is no entity.
            for topic in [
                entity.announcement(&self.topics),
                entity.state(&self.topics),
            ] {
                book.set(topic, Word::Text(String::new()));
            }
        }
        match gone.is_empty() {
            true => Ok(()),
            false => self.note(),
        }
    }

    /// Whether the pipeline file has a source and a part of pictures of these names, as far as it is known.
    fn names(&self, source: &str, zone: &str) -> bool {
        let Some(file) = &self.file else { return true };
        let has = |names: &[Arc<str>], name: &str| names.iter().any(|it| **it == *name);
        has(&file.sources, source) && (zone.is_empty() || has(&file.areas, zone))
    }

    /// Learns from an event.
    ///
    /// # Errors
    /// That a new entity could not be noted.
    pub fn hear(&mut self, event: &Event, now: Instant, book: &mut Book) -> Result<()> {
        let source = &*event.head.source;
        let zone = match &event.body {
            Body::Zone(it) => &*it.zone,
            _ => "",
        };
        // The last words of what is gone.
        if !self.names(source, zone) {
            return Ok(());
        }
        if self.add(&Entity::of(What::Connected, source), book) {
            self.add(&Entity::of(What::Problem, source), book);
        }
        self.learn(source, &event.body, now, book);
        self.tell_presence(now, book);
        match std::mem::take(&mut self.is_new) {
            true => self.note(),
            false => Ok(()),
        }
    }

    /// Time has passed: what was not seen again is gone.
    pub fn tick(&mut self, now: Instant, book: &mut Book) {
        self.tell_presence(now, book);
    }

    /// The run ends: nobody is looked for any more.
    pub fn leave(&mut self, book: &mut Book) {
        let topics = &self.topics;
        let on = self.entities.iter().filter(|it| it.what.is_present());
        on.for_each(|it| book.set(it.state(topics), Word::Text("OFF".to_owned())));
        self.presence.clear();
    }

    fn learn(&mut self, source: &str, body: &Body, now: Instant, book: &mut Book) {
        let presence = |label: &str| Entity::of(What::Present, source).label(label);
        match body {
            Body::Track(it) => match it.phase {
                Step::Start | Step::Update => self.come(presence(&it.label), it.id, book),
                Step::End => self.go(&presence(&it.label), it.id),
            },
            Body::Detection(it) => {
                for object in it.objects.iter() {
                    self.seen(presence(&object.label), now, book);
                }
            }
            Body::Zone(it) => self.zone(source, it, book),
            Body::Motion(it) => self.switch(
                &Entity::of(What::Moves, source),
                it.phase == Phase::Start,
                book,
            ),
            Body::Sound(it) => {
                let entity = Entity::of(What::Sounds, source).label(&it.label);
                self.switch(&entity, it.phase == Phase::Start, book);
            }
            Body::Transcript(it) => self.words(source, it, book),
            Body::Health(it) => self.health(source, it, book),
            Body::Gap(_) => self.switch(&Entity::of(What::Connected, source), true, book),
            Body::Saved(it) => self.picture(source, it, book),
            _ => {}
        }
    }

    fn zone(&mut self, source: &str, it: &Zone, book: &mut Book) {
        let present = Entity::of(What::Present, source)
            .label(&it.label)
            .zone(&it.zone);
        match it.action {
            Action::Enter | Action::Loiter => self.come(present, it.track, book),
            Action::Exit => self.go(&present, it.track),
            Action::Cross => {
                let side = it.direction.map_or("", |it| it.name());
                let crossed = Entity::of(What::Crossed, source).label(side).zone(&it.zone);
                return self.say(&crossed, it.count.to_string(), book);
            }
        }
        let count = Entity::of(What::Count, source).zone(&it.zone);
        self.say(&count, it.count.to_string(), book);
    }

    fn words(&mut self, source: &str, it: &Transcript, book: &mut Book) {
        if !it.accepted || it.partial {
            return;
        }
        let short: String = it.text.chars().take(LONGEST_STATE).collect();
        let words = json!({ "text": short, "language": it.language, "all": it.text });
        self.say(&Entity::of(What::Words, source), words.to_string(), book);
    }

    fn health(&mut self, source: &str, it: &Health, book: &mut Book) {
        if it.condition == Condition::Away {
            self.switch(&Entity::of(What::Connected, source), !it.active, book);
            if it.active {
                self.presence.retain(|entity, _| {
                    let is_here = entity.source == source;
                    if is_here {
                        book.set(entity.state(&self.topics), Word::Text("OFF".to_owned()));
                    }
                    !is_here
                });
            }
            return;
        }
        if !it.condition.is_alarm() {
            return;
        }
        let troubles = self.troubles.entry(source.to_owned()).or_default();
        match it.active {
            true => troubles.insert(it.condition.name()),
            false => troubles.remove(it.condition.name()),
        };
        let is_trouble = !troubles.is_empty();
        self.switch(&Entity::of(What::Problem, source), is_trouble, book);
    }

    fn picture(&mut self, source: &str, it: &Saved, book: &mut Book) {
        if it.what != Kept::Picture {
            return;
        }
        let label = it.label.as_deref().unwrap_or_default();
        let entity = Entity::of(What::Picture, source).label(label);
        self.add(&entity, book);
        book.set(
            entity.state(&self.topics),
            Word::Picture(it.path.clone().into()),
        );
    }

    fn come(&mut self, entity: Entity, id: u64, book: &mut Book) {
        self.add(&entity, book);
        self.presence.entry(entity).or_default().come(id);
    }

    fn go(&mut self, entity: &Entity, id: u64) {
        if let Some(presence) = self.presence.get_mut(entity) {
            presence.go(id);
        }
    }

    fn seen(&mut self, entity: Entity, now: Instant, book: &mut Book) {
        self.add(&entity, book);
        self.presence
            .entry(entity)
            .or_default()
            .seen_until(now + self.off_after);
    }

    fn tell_presence(&mut self, now: Instant, book: &mut Book) {
        let topics = &self.topics;
        self.presence.retain(|entity, presence| {
            let is_there = presence.is_there(now);
            let state = if is_there { "ON" } else { "OFF" };
            book.set(entity.state(topics), Word::Text(state.to_owned()));
            is_there
        });
    }

    fn switch(&mut self, entity: &Entity, is_on: bool, book: &mut Book) {
        let state = if is_on { "ON" } else { "OFF" };
        self.say(entity, state.to_owned(), book);
    }

    fn say(&mut self, entity: &Entity, state: String, book: &mut Book) {
        self.add(entity, book);
        book.set(entity.state(&self.topics), Word::Text(state));
    }

    /// Makes an entity if it is new; says whether it was.
    fn add(&mut self, entity: &Entity, book: &mut Book) -> bool {
        let is_new = self.entities.len() < MOST && !self.entities.contains(entity);
        if is_new {
            self.entities.insert(entity.clone());
            self.is_new = true;
            self.announce(entity, book);
            if let Some(state) = entity.what.at_first() {
                book.set(entity.state(&self.topics), Word::Text(state.to_owned()));
            }
        }
        is_new
    }

    fn announce(&self, entity: &Entity, book: &mut Book) {
        let config = entity.config(&self.topics).to_string();
        book.set(entity.announcement(&self.topics), Word::Text(config));
    }

    fn note(&self) -> Result<()> {
        let text = serde_json::to_vec(&self.entities)?;
        let part = self.noted.with_extension("part");
        let mut options = OpenOptions::new();
        options
            .create(true)
            .truncate(true)
            .write(true)
            .mode(FILE_MODE);
        options.open(&part)?.write_all(&text)?;
        fs::rename(&part, &self.noted)
    }
}

//! What an event means for the conditions of a `join`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::group::{Group, Held, Rules};
use super::options::{Condition, Per};
use crate::media::clock::Time;
use crate::media::events::{Event, Evidence, Line};
use crate::media::objects::Objects;
use crate::nodes::parts::course::{About, Course};
use crate::nodes::parts::expression::{Expression, Fields};
use crate::nodes::parts::told::{Looked, OBJECTS};
use crate::pipeline::contract::error::{Error, Result};

/// All conditions, those that decide before those that must not hold.
pub struct Conditions {
    all: Vec<(Arc<str>, Expression)>,
    /// Names of the fields that they ask for.
    asked: BTreeSet<String>,
    per: Option<Per>,
}

/// Something that holds from a time on, or no longer does.
pub struct Item {
    pub at: Time,
    /// Who told it.
    pub from: String,
    pub group: String,
    pub source: Arc<str>,
    what: What,
}

enum What {
    /// Of these conditions.
    Holds(Vec<(usize, Held)>),
    /// What went on under this name.
    Ends(String, Time),
}

impl Conditions {
    /// Of these options.
    ///
    /// # Errors
    /// The first mistake in one of them.
    pub fn of<'a>(
        options: impl Iterator<Item = &'a Condition>,
        per: Option<Per>,
    ) -> Result<Conditions> {
        let parsed = options.map(|it| {
            let when = Expression::parse(&it.when).map_err(|it| Error::fatal(it.message))?;
            Ok((Arc::clone(&it.name), when))
        });
        let all = parsed.collect::<Result<Vec<(_, Expression)>>>()?;
        let asked = all.iter().flat_map(|it| it.1.asks_for()).cloned().collect();
        Ok(Conditions { all, asked, per })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// What an event means.
    pub fn of_event(&self, event: &Event) -> Vec<Item> {
        let (head, kind) = (&event.head, event.body.kind().name);
        let about = About::of(event);
        let course = about.as_ref().map(|it| it.course.clone());
        let ends = matches!(course, Some(Course::Ends(_)));
        let may_hold = |it: &(_, Expression)| it.1.may_hold(kind, Some(&head.node), &head.source);
        if !ends && !self.all.iter().any(may_hold) {
            return Vec::new();
        }
        let Ok(Value::Object(fields)) = serde_json::to_value(Line::from(event)) else {
            return Vec::new();
        };
        let group = self.group(&head.source, &fields);
        let item = |at, what| Item {
            at,
            from: head.node.to_string(),
            group,
            source: Arc::clone(&head.source),
            what,
        };
        if let Some(Course::Ends(name)) = course {
            return vec![item(head.at, What::Ends(name, event.end()))];
        }
        let (end, name) = match course {
            Some(Course::Begins(name)) => (None, Some(name)),
            _ => (Some(event.end()), None),
        };
        let score = fields.get("score").and_then(Value::as_f64);
        let model = fields.get("model").and_then(Value::as_str);
        let model = model.map(str::to_owned);
        let held = |condition: &Arc<str>| Held {
            start: head.at,
            end,
            course: name.clone(),
            source: Arc::clone(&head.source),
            evidence: Evidence {
                condition: Arc::clone(condition),
                node: Some(Arc::clone(&head.node)),
                id: Some(head.id),
                kind: kind.into(),
                source: Arc::clone(&head.source),
                t: head.at.as_secs_f64(),
                label: about.as_ref().and_then(|it| it.label.clone()),
                track: about.as_ref().and_then(|it| it.track),
                score: score.or_else(|| Some(f64::from(event.body.objects().first()?.score))),
                model: model.clone(),
            },
        };
        let fields = Fields::of(fields, &self.asked);
        let holds = self.holding(&fields, may_hold, held);
        if holds.is_empty() {
            return Vec::new();
        }
        vec![item(head.at, What::Holds(holds))]
    }

    /// What the objects of a frame mean.
    pub fn of_objects(&self, objects: &Objects) -> Vec<Item> {
        let kind = OBJECTS;
        let first = objects.found.first();
        let held = |condition: &Arc<str>| Held {
            start: objects.at,
            end: Some(objects.at),
            course: None,
            source: Arc::clone(&objects.source),
            evidence: Evidence {
                condition: Arc::clone(condition),
                node: None,
                id: None,
                kind: kind.into(),
                source: Arc::clone(&objects.source),
                t: objects.at.as_secs_f64(),
                label: first.map(|it| Arc::clone(&it.label)),
                track: first.and_then(|it| it.more.as_ref()?.track),
                score: first.map(|it| f64::from(it.score)),
                model: None,
            },
        };
        let may_hold = |it: &(_, Expression)| it.1.may_hold(kind, None, &objects.source);
        if !self.all.iter().any(may_hold) {
            return Vec::new();
        }
        let Ok(Value::Object(fields)) = serde_json::to_value(Looked::at(objects)) else {
            return Vec::new();
        };
        let fields = Fields::of(fields, &self.asked);
        let holds = self.holding(&fields, may_hold, held);
        if holds.is_empty() {
            return Vec::new();
        }
        vec![Item {
            at: objects.at,
            from: kind.to_owned(),
            group: self.group(&objects.source, &Map::new()),
            source: Arc::clone(&objects.source),
            what: What::Holds(holds),
        }]
    }

    /// The group that is quiet if nothing of this source holds; zones and tracks are heard of first.
    pub fn quiet_group(&self, source: &Arc<str>) -> String {
        match self.per {
            Some(Per::Source) => source.to_string(),
            _ => String::new(),
        }
    }

    fn holding(
        &self,
        fields: &Fields,
        may_hold: impl Fn(&(Arc<str>, Expression)) -> bool,
        held: impl Fn(&Arc<str>) -> Held,
    ) -> Vec<(usize, Held)> {
        let all = self.all.iter().enumerate();
        let holding = all.filter(|(_, it)| may_hold(it) && it.1.holds_of(fields));
        holding.map(|(at, (name, _))| (at, held(name))).collect()
    }

    fn group(&self, source: &Arc<str>, fields: &Map<String, Value>) -> String {
        let of = |names: &[&str]| {
            let found = names.iter().find_map(|it| fields.get(*it));
            found.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
        };
        match self.per {
            None => String::new(),
            Some(Per::Source) => source.to_string(),
            Some(Per::Zone) => of(&["zone"]).unwrap_or_default(),
            Some(Per::Track) => of(&["track"]).unwrap_or_default(),
        }
    }
}

impl Item {
    /// Lets it hold, or end, in its group.
    pub fn put_into(self, group: &mut Group, rules: Rules) {
        match self.what {
            What::Ends(name, at) => group.end(&name, at),
            What::Holds(holds) => holds.into_iter().for_each(|(condition, held)| {
                group.hold(condition, held, rules);
            }),
        }
    }
}

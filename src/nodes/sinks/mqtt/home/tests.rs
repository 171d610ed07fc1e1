//! What Home Assistant is told of events.

use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::media::clock::Time;
use crate::media::events::{Detection, Gap, Motion, Track};
use crate::media::objects::Object;
use crate::pipeline::contract::testing::context;

/// A home and the book that the broker is told from.
struct House {
    folder: TempDir,
    home: Home,
    book: Book,
    told: BTreeMap<String, String>,
    now: Instant,
}

fn topics() -> Topics {
    Topics {
        own: "otus/board".to_owned(),
        discovery: "homeassistant".to_owned(),
    }
}

impl House {
    fn new() -> House {
        let folder = tempfile::tempdir().expect("a scratch directory");
        House {
            home: Home::open(topics(), folder.path(), 10).expect("readable"),
            folder,
            book: Book::default(),
            told: BTreeMap::new(),
            now: Instant::now(),
        }
    }

    fn hear(&mut self, source: &str, body: impl Into<Body>) {
        let event = context().event(&Arc::from(source), Time::ZERO, None, body);
        let heard = self.home.hear(&event, self.now, &mut self.book);
        heard.expect("it can be noted");
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.home.tick(self.now, &mut self.book);
    }

    /// What the broker holds on our topics.
    fn says(&mut self, topic: &str) -> Option<&str> {
        while let Some((topic, word)) = self.book.next() {
            let text = word.bytes().and_then(|it| String::from_utf8(it).ok());
            self.told.extend(text.map(|it| (topic, it)));
        }
        self.told
            .get(&format!("otus/board/{topic}"))
            .map(|it| &**it)
    }
}

fn track(phase: Step, id: u64, label: &str) -> Track {
    Track {
        phase,
        id,
        label: Arc::from(label),
        score: 0.9,
        bounds: [0.0; 4],
        start: 0.0,
        end: 1.0,
        frames: 2,
        best: None,
    }
}

fn zone(action: Action, track: u64, count: u64) -> Zone {
    Zone {
        action,
        zone: Arc::from("door"),
        track,
        label: Arc::from("person"),
        bounds: [0.0; 4],
        count,
        seconds: None,
        direction: None,
        reason: None,
    }
}

fn seen(label: &str) -> Detection {
    let object = Object {
        label: Arc::from(label),
        score: 0.9,
        bounds: [0.0; 4],
        more: None,
    };
    Detection {
        file: None,
        frame: [10, 10],
        objects: Arc::new([object]),
        model: Arc::from("m"),
        provider: Arc::from("cpu"),
    }
}

#[test]
fn somebody_is_there_until_the_last_has_left() {
    let mut house = House::new();
    house.hear("porch", track(Step::Start, 1, "person"));
    house.hear("porch", track(Step::Start, 2, "person"));
    house.hear("porch", track(Step::End, 1, "person"));
    house.wait(3600);
    assert_eq!(house.says("porch/person/occupancy"), Some("ON"));
    house.hear("porch", track(Step::End, 2, "person"));
    assert_eq!(house.says("porch/person/occupancy"), Some("OFF"));
}

#[test]
fn what_is_not_followed_is_gone_when_it_was_not_seen_for_so_long() {
    let mut house = House::new();
    house.hear("porch", seen("cat"));
    house.wait(9);
    house.hear("porch", seen("cat"));
    house.wait(9);
    assert_eq!(house.says("porch/cat/occupancy"), Some("ON"));
    house.wait(2);
    assert_eq!(house.says("porch/cat/occupancy"), Some("OFF"));
}

#[test]
fn zones_have_their_own_occupancy_and_count() {
    let mut house = House::new();
    house.hear("porch", zone(Action::Enter, 1, 1));
    house.hear("porch", zone(Action::Enter, 2, 2));
    assert_eq!(house.says("porch/door/count"), Some("2"));
    house.hear("porch", zone(Action::Exit, 1, 1));
    assert_eq!(house.says("porch/door/person/occupancy"), Some("ON"));
    house.hear("porch", zone(Action::Exit, 2, 0));
    assert_eq!(house.says("porch/door/person/occupancy"), Some("OFF"));
    assert_eq!(house.says("porch/door/count"), Some("0"));
}

#[test]
fn a_camera_that_is_away_or_frozen_is_told_and_nobody_is_there() {
    let mut house = House::new();
    house.hear("porch", track(Step::Start, 1, "person"));
    assert_eq!(house.says("porch/connected"), Some("ON"));
    let lasts = Duration::from_secs(3);
    house.hear("porch", Health::new(Condition::Frozen, true, lasts));
    assert_eq!(house.says("porch/problem"), Some("ON"));
    house.hear("porch", Health::new(Condition::Frozen, false, lasts));
    house.hear("porch", Health::new(Condition::Away, true, lasts));
    assert_eq!(house.says("porch/problem"), Some("OFF"));
    assert_eq!(house.says("porch/connected"), Some("OFF"));
    assert_eq!(house.says("porch/person/occupancy"), Some("OFF"));
    house.hear("porch", Gap::new(Time::ZERO, Time::ZERO, "unplugged"));
    assert_eq!(house.says("porch/connected"), Some("ON"));
}

#[test]
fn only_words_that_are_believed_are_last_words() {
    let mut house = House::new();
    let words = |text: &str, accepted: bool| Transcript {
        text: text.to_owned(),
        accepted,
        ..Transcript::default()
    };
    house.hear("mic", words("ä".repeat(300).as_str(), true));
    house.hear("mic", words("not sure", false));
    let said: Value = serde_json::from_str(house.says("mic/words").expect("told")).expect("JSON");
    assert_eq!(said["text"], "ä".repeat(LONGEST_STATE));
}

/// After a kill the broker may still hold that somebody is there.
#[test]
fn the_next_run_begins_with_nobody_there() {
    let mut house = House::new();
    house.hear("porch", track(Step::Start, 1, "person"));
    let motion = Motion {
        phase: Phase::Start,
        start: 0.0,
        end: 0.0,
        area: 0.5,
    };
    house.hear("porch", motion);
    house.home = Home::open(topics(), house.folder.path(), 10).expect("readable");
    house.home.tell_all(&mut house.book);
    assert_eq!(house.says("porch/person/occupancy"), Some("OFF"));
    assert_eq!(house.says("porch/motion"), Some("OFF"));
}

/// What Home Assistant's own documentation says that such entities have.
#[test]
fn every_entity_is_announced_with_what_it_needs() {
    let mut ids = BTreeSet::new();
    for what in [
        What::Present,
        What::Moves,
        What::Sounds,
        What::Words,
        What::Count,
        What::Crossed,
        What::Connected,
        What::Problem,
        What::Picture,
    ] {
        for label in ["traffic light", "traffic_light", "Traffic light", "灯"] {
            let entity = Entity::of(what, "porch").label(label);
            let config = entity.config(&topics());
            let topic = entity.announcement(&topics());
            let fits = |it: char| it.is_ascii_alphanumeric() || "_-/".contains(it);
            assert!(
                topic.chars().all(fits) && topic.split('/').count() == 5,
                "{topic}"
            );
            let place = if what == What::Picture {
                "image_topic"
            } else {
                "state_topic"
            };
            assert_eq!(config[place], entity.state(&topics()));
            assert_eq!(config["availability_topic"], "otus/board/availability");
            assert!(config["device"]["identifiers"][0].is_string());
            assert!(
                config["name"]
                    .as_str()
                    .is_some_and(|it| it.starts_with("porch"))
            );
            assert!(ids.insert(config["unique_id"].to_string()), "{config}");
        }
    }
}

#[test]
fn what_the_pipeline_file_names_no_more_is_taken_back() {
    let mut house = House::new();
    let enters = |name: &str| Zone {
        zone: name.into(),
        ..zone(Action::Enter, 7, 1)
    };
    for (source, name) in [("porch", "door"), ("porch", "steps"), ("yard", "gate")] {
        house.hear(source, enters(name));
    }
    assert_eq!(house.says("porch/steps/count"), Some("1"));
    let file = File {
        sha256: "1".into(),
        sources: vec!["porch".into()],
        areas: vec!["door".into(), "gate".into()],
    };
    let kept = house.home.keep_to(&Arc::new(file), &mut house.book);
    kept.expect("it can be noted");
    // It was under way.
    house.hear("porch", enters("steps"));
    house.wait(1);
    let told = [
        "porch/door/count",
        "porch/steps/count",
        "yard/gate/count",
        "yard/connected",
    ];
    let says = told.map(|it| house.says(it).map(str::to_owned));
    assert_eq!(says.map(|it| it.expect("it was told")), ["1", "", "", ""]);
    let announced = |it: &str| {
        let topic = house.told.keys().find(|topic| topic.ends_with(it));
        house.told[topic.expect("it was announced")].clone()
    };
    assert_eq!(announced("/porch_steps_count/config"), "");
    assert_ne!(announced("/porch_door_count/config"), "");
    let again = Home::open(topics(), house.folder.path(), 10).expect("readable");
    assert!(
        again
            .entities
            .iter()
            .all(|it| it.source == "porch" && it.zone != "steps")
    );
}

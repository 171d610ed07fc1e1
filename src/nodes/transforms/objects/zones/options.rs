//! Options of `zones`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::objects::Area;
use crate::nodes::parts::polygon::Point;
use crate::pipeline::contract::node::numbered;

/// Options of `zones`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Parts of the frame that things enter and leave.
    #[serde(default)]
    pub zones: Vec<Zone>,
    /// Lines that things cross.
    #[serde(default)]
    pub lines: Vec<Line>,
}

/// A part of the frame.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// What events call it.
    pub name: Arc<str>,
    /// Its corners, one after the other, in parts of the frame's width and height from the upper left:
    /// `[[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]` is the lower half.
    pub polygon: Vec<Point>,
    /// What counts, in the model's words. Default: everything.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Which point of the box must be inside.
    #[serde(default)]
    pub anchor: Anchor,
    /// Cameras that it is a part of the frames of. Default: all that the node sees.
    #[serde(default)]
    pub sources: Vec<String>,
    /// So long somebody must be inside, or outside, before it is told, with the time at which it began.
    #[serde(default = "min_ms")]
    #[schemars(range(min = 0, max = 60_000))]
    pub min_ms: u64,
    /// Who stays so long loiters, which is told once. 0: nobody does.
    #[serde(default)]
    #[schemars(range(min = 0, max = 86_400_000))]
    pub loiter_ms: u64,
}

/// A line across the frame.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What events call it.
    pub name: Arc<str>,
    /// Where it begins, in parts of the frame's width and height from the upper left. What is left and right of it is
    /// so for somebody who goes from here to its end.
    pub from: Point,
    /// Where it ends.
    pub to: Point,
    /// What counts, in the model's words. Default: everything.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Which point of the box must cross it.
    #[serde(default)]
    pub anchor: Anchor,
    /// Cameras that it lies across the frames of. Default: all that the node sees.
    #[serde(default)]
    pub sources: Vec<String>,
}

impl Zone {
    /// Whether it is a part of this camera's frames.
    pub fn is_of(&self, source: &str) -> bool {
        concerns(&self.sources, source)
    }
}

impl Line {
    /// Whether it lies across this camera's frames.
    pub fn is_of(&self, source: &str) -> bool {
        concerns(&self.sources, source)
    }
}

/// Whether a list names something, or is empty and means all.
pub fn concerns(list: &[String], it: &str) -> bool {
    list.is_empty() || list.iter().any(|one| one == it)
}

/// A point of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The middle of the lower side: where somebody stands.
    #[default]
    Bottom,
    /// The middle of the box.
    Centre,
}

fn min_ms() -> u64 {
    500
}

impl Config {
    /// Where they are in the frames of a camera.
    pub fn areas(&self, source: &str) -> Arc<[Area]> {
        let zones = self.zones.iter().filter(|it| it.is_of(source));
        let zones = zones.map(|it| Area {
            name: Arc::clone(&it.name),
            points: it.polygon.clone(),
        });
        let lines = self.lines.iter().filter(|it| it.is_of(source));
        let lines = lines.map(|it| Area {
            name: Arc::clone(&it.name),
            points: vec![it.from, it.to],
        });
        zones.chain(lines).collect()
    }

    /// The cameras that they name, each after the option that does.
    pub fn named_sources(&self) -> Vec<(String, String)> {
        self.named("sources", |it| &it.sources, |it| &it.sources)
    }

    /// The labels that they name, each after the option that does.
    pub fn named_labels(&self) -> Vec<(String, String)> {
        self.named("labels", |it| &it.labels, |it| &it.labels)
    }

    fn named(
        &self,
        option: &str,
        of_zone: fn(&Zone) -> &Vec<String>,
        of_line: fn(&Line) -> &Vec<String>,
    ) -> Vec<(String, String)> {
        let zones = self.zones.iter().map(of_zone).enumerate();
        let lines = self.lines.iter().map(of_line).enumerate();
        let zones = zones.map(|(at, it)| (format!("zones[{at}].{option}"), it));
        let lines = lines.map(|(at, it)| (format!("lines[{at}].{option}"), it));
        let named = zones.chain(lines);
        named
            .flat_map(|(option, it)| numbered(&option, it))
            .collect()
    }
}

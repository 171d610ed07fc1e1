//! `[[test]]`: what a pipeline is to decide over recordings, beside the pipeline.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::path::place_of;
use super::problem::Problem;

/// The name of the list in a pipeline file.
pub const SECTION: &str = "test";

/// What is given, and what is to come of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// What it is called; each has its own name.
    pub name: String,
    /// What sources play, by their names: a film, a sound, pictures, or a folder of `record`. Relative paths start at the
    /// pipeline file. Every live source must have something to play.
    #[serde(default)]
    pub media: BTreeMap<String, PathBuf>,
    /// Options of nodes that are otherwise than in the file: `options.transforms.people.score = 0.5`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, BTreeMap<String, serde_json::Value>>>")]
    pub options: BTreeMap<String, BTreeMap<String, toml::Table>>,
    /// Events that must come.
    #[serde(default)]
    pub expect: Vec<Pattern>,
    /// Events that must not.
    #[serde(default)]
    pub never: Vec<Pattern>,
}

/// Which events are meant: all that is said of them must be so.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Their kind, such as `alert`.
    pub kind: Option<String>,
    /// The node that tells them.
    pub node: Option<String>,
    /// The source that they are about.
    pub source: Option<String>,
    /// The seconds of the run between which they come: `[10.0, 12.5]`.
    pub at: Option<[f64; 2]>,
    /// What else holds of them: a condition in CEL, as in `filter`.
    pub r#where: Option<String>,
    /// How many there are. Default: one at least.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub count: Option<u64>,
}

/// A test of a plan.
#[derive(Clone, Debug)]
pub struct PlannedTest {
    /// What it says.
    pub test: Test,
    /// Where it stands in the file.
    pub span: Range<usize>,
    /// Where the values in it stand.
    pub places: Vec<(String, Range<usize>)>,
}

impl PlannedTest {
    /// Its options, as TOML.
    pub fn options(&self) -> String {
        toml::to_string(&self.test.options).expect("it was TOML before")
    }

    /// Where one of its values stands.
    pub fn place(&self, option: &str) -> Range<usize> {
        place_of(option, &self.places).unwrap_or(&self.span).clone()
    }

    /// Its patterns, each with the way to it.
    pub fn patterns(&self) -> impl Iterator<Item = (String, &Pattern)> {
        let expect = self.test.expect.iter().enumerate();
        let expect = expect.map(|(at, it)| (format!("expect[{at}]"), it));
        let never = self.test.never.iter().enumerate();
        expect.chain(never.map(|(at, it)| (format!("never[{at}]"), it)))
    }

    /// Media that are not there.
    pub fn at_hand(&self, base: &Path) -> Vec<Problem> {
        let missing = |(source, path): (&String, &PathBuf)| {
            let path = base.join(path);
            let is_pattern = path.to_string_lossy().contains(['*', '?']);
            (!is_pattern && !path.exists()).then(|| {
                let message = format!("there is no {}", path.display());
                let help = "put the file there or name another; relative paths start at the folder of the pipeline file";
                Problem::new(self.place(&format!("media.{source}")), message, help)
            })
        };
        self.test.media.iter().filter_map(missing).collect()
    }
}

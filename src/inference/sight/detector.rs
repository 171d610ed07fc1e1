//! Which family a model is of that finds objects, by what its file tells and by what it puts out.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::eye::First;
use super::heads::{self, FAMILIES, Facts, Head, Reading};
use super::input::Input;
use super::labelled::{Labelled, Names};
use super::nms::{Candidate, sort, suppress};
use super::options::Shown;
use super::picture::{Fit, Picture};
use super::plausible;
use crate::inference::onnx::tensor::{About, Array, Port, listed};
use crate::media::objects::{More, Object};
use crate::pipeline::contract::error::{Error, Misuse};
use crate::pipeline::file::problem::suggest;

/// Pictures with more proposals than this are noise; suppression takes quadratic time.
const MOST_CANDIDATES: usize = 3_000;

/// Which proposals are taken for objects.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Least confidence.
    pub score: f32,
    /// Of two boxes of a label that overlap more (intersection over union), the weaker is dropped.
    pub overlap: f32,
}

/// How a model that finds objects is to be understood.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Options {
    /// Which classes it has and which are reported.
    #[serde(flatten)]
    pub labelled: Labelled,
    /// The family of the model, where its file leaves open how it is read: `otus models inspect FILE` tells what it is taken
    /// for and names the families.
    #[serde(default)]
    pub family: Option<String>,
    /// What it is shown.
    #[serde(flatten)]
    pub shown: Shown,
}

impl Options {
    /// What is wrong with them, without touching the world.
    pub fn check(&self) -> Vec<Misuse> {
        let is_known = |name: &String| FAMILIES.iter().any(|it| it.name == name);
        let unknown = self.family.iter().find(|it| !is_known(it)).map(|family| {
            let help = suggest(family, FAMILIES.iter().map(|it| it.name));
            Misuse::new("family", format!("there is no family `{family}`"), help)
        });
        self.labelled.check().into_iter().chain(unknown).collect()
    }
}

/// A model that finds objects, understood.
pub struct Detector {
    /// As in the option `family`.
    pub family: &'static str,
    /// What decodes its outputs.
    pub head: Box<dyn Head>,
    /// As what it could not be read, and why.
    pub doubts: Vec<String>,
    /// What it is shown.
    pub picture: Picture,
    /// A name for every class.
    pub labels: Vec<Arc<str>>,
    /// By class: whether it is among those chosen.
    pub wanted: Vec<bool>,
}

impl Detector {
    /// Makes sense of a model by its file alone. Where several readings are left, it is the likeliest.
    ///
    /// # Errors
    /// What is wrong with which option.
    pub fn declared(model: &About, options: &Options, base: &Path) -> Result<Detector, Misuse> {
        let input = Input::of(model, options.shown.size)?;
        choose(model, &input, &model.outputs, None, options, base)
    }

    /// Makes sense of a model by its file and by what it puts out at first.
    ///
    /// # Errors
    /// What is wrong with which option, also if what it puts out leaves several families or none.
    pub fn of(
        model: &About,
        input: &Input,
        first: &First,
        options: &Options,
        base: &Path,
    ) -> Result<Detector, Misuse> {
        choose(
            model,
            input,
            &first.outputs,
            Some(&first.arrays()),
            options,
            base,
        )
    }
}

impl Detector {
    /// Looks for what no picture leads to.
    ///
    /// # Errors
    /// `Retry` that tells which assumption may be wrong.
    fn believe(&self, found: &[Candidate], width: usize, height: usize) -> Result<(), Error> {
        let class = found.iter().map(|it| it.class).max().unwrap_or(0);
        let seen = match self.labels.len() {
            labels if class >= labels => Err(format!(
                "a class has the number {class}, and there are {labels} labels"
            )),
            _ => plausible::check(found, width, height),
        };
        seen.map_err(|why| {
            let (family, reading) = (self.family, self.head.reading());
            Error::retry(format!(
                "the model is read as {family} ({reading}), and {why}: name another `family`, or its `normalise` or `classes`"
            ))
        })
    }

    /// Fills `into` with what are objects, the surest first, in model pixels.
    ///
    /// # Errors
    /// `Retry` if what the model puts out cannot be what its family means.
    pub fn pick(
        &mut self,
        outputs: &[Array<'_>],
        [width, height]: [usize; 2],
        rules: Rules,
        into: &mut Vec<Candidate>,
    ) -> Result<(), Error> {
        into.clear();
        let decoded = self.head.decode(outputs, rules.score, into);
        decoded.map_err(Error::Retry)?;
        if !into.iter().all(Candidate::is_sound) {
            return Err(Error::retry("the model puts out what is no number"));
        }
        self.believe(into, width, height)?;
        into.retain(|it| self.wanted[it.class]);
        sort(into);
        into.truncate(MOST_CANDIDATES);
        if !self.head.suppressed() {
            suppress(into, rules.overlap);
        }
        Ok(())
    }

    /// What was found, in pixels of the frame.
    pub fn object(&self, found: &Candidate, outputs: &[Array<'_>], fit: Fit) -> Object {
        let landmarks = self.head.landmarks(outputs, found.row);
        let landmarks: Vec<[f32; 2]> = landmarks.into_iter().map(|it| fit.point(it)).collect();
        let has_more = !landmarks.is_empty();
        let more = More {
            landmarks,
            ..More::default()
        };
        Object {
            label: Arc::clone(&self.labels[found.class]),
            score: found.score,
            bounds: fit.to_frame(found.corners),
            more: has_more.then(|| Box::new(more)),
        }
    }
}

fn choose(
    model: &About,
    input: &Input,
    outputs: &[Port],
    first: Option<&[Array<'_>]>,
    options: &Options,
    base: &Path,
) -> Result<Detector, Misuse> {
    let (width, height) = (input.width, input.height);
    let facts = Facts {
        model,
        outputs,
        width,
        height,
    };
    let asked = options.family.as_deref().or(facts.note("otus.family"));
    let mut readings = heads::readings(&facts, asked);
    let counts: Vec<usize> = readings.iter().filter_map(|it| it.head.classes()).collect();
    let names = options.labelled.names(model, &counts, base)?;
    if options.family.is_none()
        && let Some((why, help)) = heads::refused(&facts, names.as_ref().map(|it| it.names.len()))
    {
        return Err(Misuse::new("model", format!("{}: {why}", model.name), help));
    }
    if readings.is_empty() {
        return Err(unknown(model, outputs, options));
    }
    fitting(&mut readings, names.as_ref());
    let (chosen, doubts) = match first {
        Some(first) => plausible(model, readings, first, [width, height])?,
        None => (readings.remove(0), Vec::new()),
    };
    let Reading { family, head } = chosen;
    let (labels, wanted) = options
        .labelled
        .all(model, names, head.names(), head.classes())?;
    let picture = options.shown.picture(head.picture().noted(model));
    Ok(Detector {
        family,
        head,
        doubts,
        picture,
        labels,
        wanted,
    })
}

/// Leaves the readings that have as many classes as there are names, if any has.
fn fitting(readings: &mut Vec<Reading>, names: Option<&Names>) {
    let Some(names) = names else { return };
    let fits = |it: &Reading| {
        it.head
            .classes()
            .is_none_or(|classes| classes == names.names.len())
    };
    if readings.iter().any(fits) {
        readings.retain(fits);
    }
}

/// The one reading under which the outputs can be what they are said to be, and why they cannot be under the others.
fn plausible(
    model: &About,
    readings: Vec<Reading>,
    first: &[Array<'_>],
    size: [usize; 2],
) -> Result<(Reading, Vec<String>), Misuse> {
    let mut doubts = Vec::new();
    let mut left: Vec<Reading> = Vec::new();
    for mut reading in readings {
        match doubt(&mut *reading.head, first, size) {
            Some(why) => doubts.push(format!(
                "as {} ({}): {why}",
                reading.family,
                reading.head.reading()
            )),
            None => left.push(reading),
        }
    }
    let families: Vec<&str> = left.iter().map(|it| it.family).collect();
    if left.is_empty() {
        let message = format!(
            "{} is understood by no family. {}",
            model.name,
            doubts.join(". ")
        );
        let help =
            "export it as its authors do, with its scores as probabilities, or name its `family`";
        return Err(Misuse::new("model", message, help));
    }
    if families.iter().any(|it| *it != families[0]) {
        let message = format!(
            "{} can be read in several ways: {}",
            model.name,
            listed(&model.outputs)
        );
        let mut ways: Vec<String> = families
            .iter()
            .map(|it| format!("`family = \"{it}\"`"))
            .collect();
        ways.dedup();
        let help = format!(
            "say what it is by {}, or name its classes in `classes`",
            ways.join(" or ")
        );
        return Err(Misuse::new("family", message, help));
    }
    Ok((left.remove(0), doubts))
}

/// Why the outputs cannot be what a head takes them for.
fn doubt(head: &mut dyn Head, first: &[Array<'_>], [width, height]: [usize; 2]) -> Option<String> {
    let is_finite = |it: &Array<'_>| it.numbers.iter().all(|it| it.is_finite());
    if !first.iter().all(is_finite) {
        // A model gone wrong is told at its first frame, whatever its family.
        return None;
    }
    if let Some(doubt) = head.doubt(first) {
        return Some(doubt.to_owned());
    }
    let mut found = Vec::new();
    if let Err(why) = head.decode(first, f32::MIN, &mut found) {
        return Some(why);
    }
    if !found.iter().all(Candidate::is_sound) {
        return Some("a box has no end".to_owned());
    }
    plausible::check(&found, width, height).err()
}

fn unknown(model: &About, outputs: &[Port], options: &Options) -> Misuse {
    let (name, outputs) = (&model.name, listed(outputs));
    match &options.family {
        Some(family) => {
            let known = FAMILIES.iter().find(|it| it.name == family);
            let known = known.map_or("", |it| it.by);
            let message = format!("{name} is no `{family}`: it puts out {outputs}");
            Misuse::new("family", message, format!("known by that name: {known}"))
        }
        None => {
            let message = format!("{name}: no decoder knows outputs like these: {outputs}");
            let known: Vec<&str> = FAMILIES.iter().map(|it| it.by).collect();
            Misuse::new("model", message, format!("known: {}", known.join("; ")))
        }
    }
}

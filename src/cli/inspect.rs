//! `otus models inspect`: what a model is taken for and why, and the boxes that it finds in a picture.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::cli::output::{failed, print_json};
use crate::inference::onnx::tensor::{About, Port};
use crate::inference::sight::detector::{Detector, Options, Rules};
use crate::inference::sight::eye::{Eye, fatal};
use crate::inference::sight::finder::Finder;
use crate::inference::sight::labelled::{Classes, Labelled};
use crate::inference::sight::options::Shown;
use crate::inference::sight::picture::Picture;
use crate::inference::store::{self, manifest, sum::sum};
use crate::media::draw::Canvas;
use crate::media::frame::{Frame, PixelFormat};
use crate::media::objects::Object;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Runtime;

/// Least confidence and most overlap of what is drawn: the defaults of most exporters.
const LIMITS: Rules = Rules {
    score: 0.25,
    overlap: 0.45,
};
/// So many names of classes are shown.
const SHOWN_NAMES: usize = 8;

/// What to look at.
#[derive(Args)]
pub struct Look {
    /// An ONNX file, or a name of the manifest.
    model: String,
    /// A picture to find objects in.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Where to put the picture with its boxes. Default: beside it, as `NAME.boxes.jpg`.
    #[arg(long, value_name = "FILE", requires = "picture")]
    to: Option<PathBuf>,
    /// As the option of `detect`.
    #[arg(long)]
    family: Option<String>,
    /// As the option of `detect`: names with commas between them, or `coco`.
    #[arg(long)]
    classes: Option<String>,
    /// As the option of `detect`: WIDTHxHEIGHT.
    #[arg(long, value_parser = size)]
    size: Option<[usize; 2]>,
}

fn size(text: &str) -> std::result::Result<[usize; 2], String> {
    let sides = text
        .split_once('x')
        .and_then(|(width, height)| Some([width.parse().ok()?, height.parse().ok()?]));
    sides.ok_or_else(|| "it must be like 640x384".to_owned())
}

pub fn inspect(look: &Look, as_json: bool) -> ExitCode {
    match report(look, as_json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error),
    }
}

fn report(look: &Look, as_json: bool) -> Result<()> {
    let options = look.options();
    if let Some(wrong) = options.check().into_iter().next() {
        return Err(fatal(wrong));
    }
    let file = Named::of(&look.model)?;
    let base = std::env::current_dir().unwrap_or_default();
    let context = Context::new("inspect", &base, Runtime::default());
    let model = (&*file.model, file.told.as_deref());
    // Kept until the finder has it too, which shares its session then.
    let (eye, _) = Eye::open(model.0, model.1, &options.shown, &context)?;
    if !as_json {
        // What it takes is shown even if what it puts out is not understood.
        println!(
            "{} ({:.1} MB, sha256 {})",
            look.model, file.megabytes, file.sum
        );
        show_input(&eye);
    }
    let mut finder = Finder::open(model, &options, LIMITS, &context)?;
    drop(eye);
    let found = look.picture.as_ref();
    let found = found.map(|it| drawn(it, look, &mut finder)).transpose()?;
    match as_json {
        true => print_json(&as_value(&finder, &file, found)),
        false => show(&finder.detector, &finder.eye.picture, found),
    }
    Ok(())
}

impl Look {
    fn options(&self) -> Options {
        Options {
            family: self.family.clone(),
            labelled: Labelled {
                classes: self.classes.clone().map(Classes::Known),
                ..Labelled::default()
            },
            shown: Shown {
                size: self.size,
                ..Shown::default()
            },
        }
    }
}

/// A file as the option `model` names it, and what it is.
struct Named {
    model: String,
    told: Option<String>,
    sum: String,
    megabytes: f64,
}

impl Named {
    fn of(model: &str) -> Result<Named> {
        let known = manifest::find(model);
        let content = match known {
            Some(known) => store::obtain(known, &mut |_| {})?.read(&known.sha256)?,
            None => {
                let read = fs::read(model);
                Cow::Owned(read.map_err(|it| Error::fatal(format!("{model}: {it}")))?)
            }
        };
        let sum = sum(&content);
        // A path has a slash, by which it is told from a name.
        let path = || Path::new(model).canonicalize().unwrap_or_default();
        Ok(Named {
            model: match known {
                Some(_) => model.to_owned(),
                None => path().to_string_lossy().into_owned(),
            },
            told: known.is_none().then(|| sum.clone()),
            sum,
            megabytes: content.len() as f64 / 1e6,
        })
    }
}

/// What is in a picture, and the file with it drawn in.
type Drawn = (Vec<Object>, PathBuf);

fn as_value(finder: &Finder, file: &Named, found: Option<Drawn>) -> serde_json::Value {
    let (about, detector) = (&finder.eye.session.about, &finder.detector);
    let input = &finder.eye.input;
    json!({
        "model": about.name, "sha256": file.sum,
        "inputs": about.inputs, "outputs": about.outputs, "notes": about.notes,
        "family": detector.family, "reading": detector.head.reading(), "doubts": detector.doubts,
        "size": [input.width, input.height], "labels": detector.labels,
        "objects": found.as_ref().map(|it| &it.0), "picture": found.as_ref().map(|it| &it.1),
    })
}

fn show_input(eye: &Eye) {
    let (about, input) = (&eye.session.about, &eye.input);
    ports("takes", &about.inputs);
    ports("puts out", &about.outputs);
    notes(about);
    let (width, height) = (input.width, input.height);
    let numbers = format!("{:?} of {:?}", input.layout, input.element);
    row(
        "input",
        &format!("one picture, {width} x {height}, {numbers}"),
    );
}

fn show(detector: &Detector, shown: &Picture, found: Option<Drawn>) {
    row(
        "family",
        &format!("{}: {}", detector.family, detector.head.reading()),
    );
    for doubt in &detector.doubts {
        row("not", doubt);
    }
    row("picture", &picture(shown));
    match detector.labels.iter().all(|it| it.parse::<usize>().is_ok()) {
        true => row(
            "classes",
            "without names: tell them in `classes` or `labels_file`",
        ),
        false => row("classes", &names(&detector.labels)),
    }
    if let Some((objects, path)) = found {
        for it in &objects {
            let bounds = it.bounds.map(f32::round);
            println!("  {:<16} {:.3}  {bounds:?}", it.label, it.score);
        }
        row(
            "drawn",
            &format!("{} objects in {}", objects.len(), path.display()),
        );
    }
}

fn row(what: &str, text: &str) {
    println!("{what:<9} {text}");
}

fn ports(what: &str, ports: &[Port]) {
    for port in ports {
        row(what, &format!("{port} {:?}", port.element));
    }
}

fn notes(about: &About) {
    let shown = ["task", "head", "end2end", "stride", "imgsz", "otus.family"];
    let told = shown
        .iter()
        .filter_map(|key| Some(format!("{key} = {}", about.notes.get(*key)?)));
    let told: Vec<String> = told.collect();
    if !told.is_empty() {
        row("notes", &told.join(", "));
    }
}

fn picture(it: &Picture) -> String {
    let (place, colours) = (format!("{:?}", it.place), format!("{:?}", it.colours));
    let numbers = format!("less {:?}, divided by {:?}", it.mean, it.std);
    format!("{colours}, {numbers}, {place}")
}

fn names(labels: &[std::sync::Arc<str>]) -> String {
    let some: Vec<&str> = labels.iter().take(SHOWN_NAMES).map(|it| &**it).collect();
    let rest = labels.len().saturating_sub(SHOWN_NAMES);
    let rest = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{}: {}{rest}", labels.len(), some.join(", "))
}

fn drawn(picture: &Path, look: &Look, finder: &mut Finder) -> Result<Drawn> {
    let wrong = |it: &dyn std::fmt::Display| Error::fatal(format!("{}: {it}", picture.display()));
    let mut image = image::open(picture).map_err(|it| wrong(&it))?.to_rgb8();
    let (width, height) = image.dimensions();
    let mut frame = Frame::empty();
    frame
        .reshape(width, height, PixelFormat::Rgb8)
        .copy_from_slice(&image);
    let found = finder.find(&frame)?.to_vec();
    let mut canvas = Canvas::new(&mut image, width, height, PixelFormat::Rgb8);
    for it in &found {
        canvas.labelled(
            it.bounds,
            &format!("{} {:.2}", it.label, it.score),
            &it.label,
        );
    }
    let to = look
        .to
        .clone()
        .unwrap_or_else(|| picture.with_extension("boxes.jpg"));
    let saved = image.save(&to);
    saved.map_err(|it| Error::fatal(format!("{}: {it}", to.display())))?;
    Ok((found, to))
}

//! `otus models`: what there is, what is here, and whether it is what it should be.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use clap_complete::engine::ArgValueCandidates;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::completions;
use crate::cli::import::import;
use crate::cli::inspect;
use crate::cli::output::print_json;
use crate::cli::table::table;
use crate::inference::store;
use crate::inference::store::manifest::{self, Model};
use crate::pipeline::contract::error;
use crate::pipeline::file::problem::suggest;

/// What to do with models.
#[derive(Subcommand)]
pub enum Action {
    /// List the models that otus knows by name.
    List,
    /// Fetch models, and the ONNX Runtime library, into the cache.
    Pull {
        /// Names of models.
        #[arg(required = true, add = ArgValueCandidates::new(completions::models))]
        ids: Vec<String>,
    },
    /// Make an ONNX file of a TensorFlow Lite model, once.
    Import {
        /// The TensorFlow Lite file.
        file: PathBuf,
        /// The ONNX file; beside the other one if left out.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Compute the sums of the models that are here.
    Verify {
        /// Names of models; all that are here if left out.
        #[arg(add = ArgValueCandidates::new(completions::models))]
        ids: Vec<String>,
    },
    /// Tell what a model that finds objects is taken for, and draw what it finds in a picture.
    Inspect(inspect::Look),
}

pub fn models(action: &Action, json: bool) -> ExitCode {
    match action {
        Action::List => list(json),
        Action::Pull { ids } => pull(ids, json),
        Action::Import { file, to } => import(file, to.as_deref(), json),
        Action::Verify { ids } => verify(ids, json),
        Action::Inspect(look) => inspect::inspect(look, json),
    }
}

fn list(json: bool) -> ExitCode {
    if json {
        let place = |model: &Model| store::local(model).map(|it| it.to_string());
        let describe = |model: &Model| json!({ "model": model, "place": place(model) });
        print_json(&manifest::all().iter().map(describe).collect());
        return ExitCode::SUCCESS;
    }
    let row = |model: &Model| {
        let size = format!("{:.1} MB", model.bytes as f64 / 1e6);
        let place = store::local(model).map_or("not here".to_owned(), |it| it.to_string());
        vec![model.id.clone(), size, model.licence.clone(), place]
    };
    let rows = manifest::all().iter().map(row).collect();
    print!("{}", table(&["MODEL", "SIZE", "LICENCE", "PLACE"], rows));
    ExitCode::SUCCESS
}

fn pull(ids: &[String], json: bool) -> ExitCode {
    let models = match chosen(ids) {
        Ok(models) => models,
        Err(code) => return code,
    };
    let mut all_here = true;
    let mut results = Vec::new();
    for model in models {
        let result = obtain(model);
        all_here &= result.is_ok();
        match &result {
            _ if json => {}
            Ok(place) => println!("{}: {place}", model.id),
            Err(error) => eprintln!("error: {error}"),
        }
        let (place, error) = (
            result.as_ref().ok(),
            result.as_ref().err().map(ToString::to_string),
        );
        results.push(json!({ "id": model.id, "place": place, "error": error }));
    }
    finish(json, results, all_here)
}

/// Fetches a model, or the ONNX Runtime library, and checks it.
///
/// # Errors
/// Why it cannot be had.
pub fn fetch(id: &str) -> Result<(), String> {
    let model = manifest::find(id).ok_or_else(|| format!("there is no model `{id}`"))?;
    obtain(model).map(drop).map_err(|it| it.to_string())
}

/// Where a model is then.
fn obtain(model: &Model) -> error::Result<String> {
    let bar = bar(model, "fetching");
    let place = store::obtain(model, &mut |done| bar.set_position(done));
    let place = place.and_then(|it| it.read(&model.sha256).map(|_| it.to_string()));
    bar.finish_and_clear();
    place
}

fn verify(ids: &[String], json: bool) -> ExitCode {
    let models = match chosen(ids) {
        Ok(models) if ids.is_empty() => models
            .into_iter()
            .filter(|it| store::local(it).is_some())
            .collect(),
        Ok(models) => models,
        Err(code) => return code,
    };
    let mut all_right = true;
    let mut results = Vec::new();
    for model in models {
        let bar = bar(model, "verifying");
        let checked = match store::local(model) {
            Some(place) => place
                .read(&model.sha256)
                .map(|_| place.to_string())
                .map_err(|it| it.to_string()),
            None => Err(format!(
                "{} is not here; run `otus models pull {}`",
                model.id, model.id
            )),
        };
        bar.finish_and_clear();
        all_right &= checked.is_ok();
        match &checked {
            _ if json => {}
            Ok(place) => println!("{}: right, {place}", model.id),
            Err(error) => eprintln!("error: {error}"),
        }
        results.push(json!({ "id": model.id, "place": checked.as_ref().ok(), "error": checked.as_ref().err() }));
    }
    finish(json, results, all_right)
}

fn finish(json: bool, results: Vec<serde_json::Value>, good: bool) -> ExitCode {
    if json {
        print_json(&results.into());
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn chosen(ids: &[String]) -> Result<Vec<&'static Model>, ExitCode> {
    if ids.is_empty() {
        return Ok(manifest::all().iter().collect());
    }
    let find = |id: &String| {
        manifest::find(id).ok_or_else(|| {
            let help = suggest(id, manifest::all().iter().map(|it| it.id.as_str()));
            eprintln!("error: there is no model `{id}`; {help}");
            ExitCode::from(2)
        })
    };
    ids.iter().map(find).collect()
}

/// Shown on a terminal only.
fn bar(model: &Model, what: &'static str) -> ProgressBar {
    let style = "{spinner} {msg} {bar:30} {bytes}/{total_bytes} {eta}";
    let bar = ProgressBar::new(model.bytes)
        .with_style(ProgressStyle::with_template(style).expect("the template is right"))
        .with_message(format!("{what} {}", model.id));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

//! `otus verify`: whether bundles are as they were written, and the first of them that is not.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::output::{failed, print_json, printable};
use crate::nodes::evidence::key::PublicKey;
use crate::nodes::evidence::order::{self, Folder, number};
use crate::nodes::evidence::verify::{self, Checked};
use crate::nodes::evidence::{MANIFEST, parts_of};

/// Letters of a fingerprint that tell keys apart.
const SHORT: usize = 12;

/// What is checked, and against whom.
#[derive(Args)]
pub struct What {
    /// Folders of bundles, whose order is checked too, or single bundles.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// A public key that is trusted: every bundle must be signed by one of these.
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
}

pub fn verify(what: &What, json: bool) -> ExitCode {
    match check_all(what) {
        Err(why) => failed(why),
        Ok(all) => {
            let is_whole = all.iter().all(|(_, it)| it.flaws.is_empty());
            match json {
                true => print_json(&document(&all, is_whole)),
                false => all
                    .iter()
                    .for_each(|(path, it)| print(path, it, what.keys.is_empty())),
            }
            ExitCode::from(u8::from(!is_whole))
        }
    }
}

fn check_all(what: &What) -> Result<Vec<(&Path, Folder)>, String> {
    let keys = what.keys.iter().map(|it| PublicKey::read(it));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let all = what
        .paths
        .iter()
        .map(|path| Ok((&**path, check(path, &keys)?)));
    all.collect()
}

fn check(path: &Path, keys: &[PublicKey]) -> Result<Folder, String> {
    let shown = path.display();
    let is_manifest = path.file_name().is_some_and(|it| it == MANIFEST);
    let whole = path
        .canonicalize()
        .map_err(|why| format!("{shown}: {why}"))?;
    let place = if is_manifest {
        whole.parent().unwrap_or(&whole)
    } else {
        &whole
    };
    if !place.is_dir() {
        return Err(format!("{shown} is no bundle and no folder of bundles"));
    }
    let is_named = place
        .file_name()
        .and_then(|it| parts_of(it.to_str()?))
        .is_some();
    if is_named || place.join(MANIFEST).exists() {
        return Ok(alone(verify::bundle(place, keys)));
    }
    let folder = order::folder(place, keys).map_err(|why| format!("{shown}: {why}"))?;
    match folder.bundles.is_empty() && folder.flaws.is_empty() {
        true => Err(format!("{shown} holds no bundles")),
        false => Ok(folder),
    }
}

fn alone(bundle: Checked) -> Folder {
    let flaws = bundle
        .flaws
        .iter()
        .map(|it| (bundle.name.clone(), it.clone()));
    Folder {
        flaws: flaws.collect(),
        notes: vec!["by itself: name its folder to see whether others are missing".to_owned()],
        bundles: vec![bundle],
    }
}

fn print(path: &Path, folder: &Folder, is_untrusted: bool) {
    println!("{}", path.display());
    println!(
        "{:>6}  {:24}  {:>5}  {:SHORT$}  WHAT",
        "NUMBER", "WRITTEN", "FILES", "SIGNED BY"
    );
    folder
        .bundles
        .iter()
        .for_each(|it| println!("{}", line(it)));
    for note in &folder.notes {
        println!("{note}");
    }
    for key in fingerprints(folder).iter().filter(|_| is_untrusted) {
        println!(
            "signed by {key}, which nobody here vouches for: name the public key that you trust with --key"
        );
    }
    match &folder.flaws[..] {
        [] => println!("whole"),
        [(of, first), rest @ ..] => {
            println!("BROKEN at {}: {}", printable(of), printable(first));
            for (of, flaw) in rest {
                println!("and {}: {}", printable(of), printable(flaw));
            }
        }
    }
}

fn line(bundle: &Checked) -> String {
    let Some(manifest) = &bundle.manifest else {
        return format!("{:>6}  {}", number(bundle), printable(&bundle.name));
    };
    let key = bundle.key.as_ref().map(PublicKey::fingerprint);
    let key = key.as_deref().map_or("nobody", |it| &it[..SHORT]);
    let broken_off = if manifest.content.interrupted {
        " (interrupted)"
    } else {
        ""
    };
    format!(
        "{:>6}  {:24}  {:>5}  {key:SHORT$}  {}{broken_off}",
        manifest.number,
        printable(&manifest.written),
        manifest.content.files.len(),
        printable(&manifest.content.says)
    )
}

/// Those who have signed, each once.
fn fingerprints(folder: &Folder) -> Vec<String> {
    let keys = folder.bundles.iter().filter_map(|it| it.key.as_ref());
    let mut keys: Vec<String> = keys.map(PublicKey::fingerprint).collect();
    keys.sort();
    keys.dedup();
    keys
}

fn document(all: &[(&Path, Folder)], is_whole: bool) -> Value {
    let bundle = |it: &Checked| {
        let manifest = it.manifest.as_ref();
        json!({
            "name": it.name,
            "number": number(it),
            "sha256": it.sha256,
            "written": manifest.map(|it| &it.written),
            "says": manifest.map(|it| &it.content.says),
            "interrupted": manifest.map(|it| it.content.interrupted),
            "files": manifest.map(|it| it.content.files.len()),
            "signed_by": it.key.as_ref().map(PublicKey::fingerprint),
        })
    };
    let folders = all.iter().map(|(path, folder)| {
        let flaw = |(of, what): &(String, String)| json!({ "in": of, "what": what });
        json!({
            "path": path.display().to_string(),
            "bundles": folder.bundles.iter().map(bundle).collect::<Vec<_>>(),
            "notes": folder.notes,
            "flaws": folder.flaws.iter().map(flaw).collect::<Vec<_>>(),
        })
    });
    json!({ "ok": is_whole, "checked": folders.collect::<Vec<_>>() })
}

//! The pipeline that does what a configuration of Frigate asks for.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::left::Left;
use super::settings::{Camera, Frigate, Mqtt, Polygon, Usual};
use crate::cli::secrets::{Login, Secrets};
use crate::inference::sight::labels;
use crate::pipeline::contract::uri::Uri;

/// What finds people; part of the program.
const PEOPLE: &str = "otus-person";
/// What finds the 80 things of COCO, as Frigate's own model does.
const THINGS: &str = "yolox-nano";

/// A camera with all that is so for it.
struct Placed<'a> {
    camera: &'a Camera,
    all: Usual,
    name: String,
    /// What is looked for and known to the model.
    labels: Vec<String>,
}

/// Writes the pipeline; what cannot be carried over goes to `left`, passwords to `secrets`.
pub fn text(frigate: &Frigate, left: &mut Left, secrets: &mut Secrets) -> Result<String, String> {
    let placed = frigate.cameras.iter().map(|camera| {
        let all = frigate.usual.with(&camera.own);
        let labels = known(&all, &camera.name, left);
        let name = camera
            .name
            .replace(|it: char| !it.is_ascii_alphanumeric() && it != '_', "_");
        Placed {
            camera,
            all,
            name,
            labels,
        }
    });
    let placed: Vec<Placed> = placed.collect();
    let mut out = "# Made of a configuration of Frigate by `otus convert`, which told what it could not carry over.\n".to_owned();
    let mut recorded = Vec::new();
    for it in &placed {
        out += &source(it, &mut recorded, left, secrets)?;
    }
    out += &detectors(&placed);
    let zones = zones(&placed, left);
    out += &zones;
    out += &kept(&placed, &recorded, left);
    out += &told(&placed, frigate.mqtt.as_ref(), !zones.is_empty(), secrets);
    Ok(out)
}

/// The labels that are looked for, without those that the model does not know.
fn known(all: &Usual, camera: &str, left: &mut Left) -> Vec<String> {
    let wanted = all
        .track
        .clone()
        .unwrap_or_else(|| vec!["person".to_owned()]);
    let coco = labels::list("coco").unwrap_or_default();
    let (known, unknown): (Vec<_>, Vec<_>) = wanted
        .into_iter()
        .partition(|it| coco.iter().any(|label| **label == **it));
    if !unknown.is_empty() {
        let why = format!(
            "`{THINGS}` knows no {}; another model may: `model` of `detect`",
            unknown.join(", ")
        );
        left.note(0, &format!("objects.track of {camera}"), &why);
    }
    known
}

/// A camera's stream that is looked at, and the one that is recorded if that is another.
fn source(
    it: &Placed,
    recorded: &mut Vec<String>,
    left: &mut Left,
    secrets: &mut Secrets,
) -> Result<String, String> {
    let with_role = |role: &str| {
        let mut inputs = it.camera.inputs.iter();
        inputs.find(|(_, roles)| roles.iter().any(|one| one == role))
    };
    let seen = with_role("detect")
        .or(it.camera.inputs.first())
        .map(|it| &it.0);
    let seen = seen.ok_or("a camera has no stream")?;
    let kept = with_role("record").map_or(seen, |it| &it.0);
    let fps = it.all.fps.unwrap_or(5.0);
    let mut out = format!(
        "\n[sources.{}]\ntype = \"camera\"\nuri  = {}\nfps  = {fps}\n",
        it.name,
        address(seen, &it.name, secrets)?
    );
    let records = it.all.record == Some(true);
    let masks = in_parts(&it.all.masks, it, left);
    // A camera is asked once, and what is masked is not handed on as it was sent.
    let recorded_whole = records && kept == seen;
    if !masks.is_empty() && recorded_whole {
        let name = format!("cameras.{}.objects.mask", it.camera.name);
        left.note(
            0,
            &name,
            "a `mask` would keep the stream from being recorded; it stands in the file as a remark",
        );
        let _ = writeln!(out, "# mask = {}", areas(&masks));
    } else if !masks.is_empty() {
        let _ = writeln!(
            out,
            "mask = {}   # Frigate: nothing that is found there counts",
            areas(&masks)
        );
    }
    let quiet = in_parts(&it.camera.quiet, it, left);
    if !quiet.is_empty() {
        let _ = writeln!(
            out,
            "# Frigate does not look for movement there. `mask` would make it black for all:\n# mask = {}",
            areas(&quiet)
        );
    }
    if recorded_whole {
        recorded.push(it.name.clone());
    } else if records {
        let main = format!("{}_main", it.name);
        let _ = write!(
            out,
            "\n[sources.{main}]\ntype = \"camera\"\nuri  = {}\n",
            address(kept, &it.name, secrets)?
        );
        recorded.push(main);
    }
    Ok(out)
}

/// An address as TOML, its password as a variable; Frigate's own variables are those of the environment.
fn address(address: &str, node: &str, secrets: &mut Secrets) -> Result<String, String> {
    let address = variables(address);
    let uri = Uri::new(address.as_str());
    let (plain, told) = uri.without_user();
    let Some((user, password)) = told else {
        return Ok(quoted(&address));
    };
    let (scheme, rest) = plain.split_once("://").unwrap_or(("rtsp", &plain));
    let password = match password.contains("${") {
        true => password,
        false => secrets.reference(node, &Login::of(&user, &password)?),
    };
    Ok(quoted(&format!("{scheme}://{user}:{password}@{rest}")))
}

/// `{FRIGATE_PASSWORD}` as `${FRIGATE_PASSWORD}`.
fn variables(text: &str) -> String {
    text.replace("{FRIGATE_", "${FRIGATE_")
}

/// A detector for all cameras of which the same is asked.
fn detectors(placed: &[Placed]) -> String {
    let mut groups: BTreeMap<(Vec<String>, Option<String>), Vec<&str>> = BTreeMap::new();
    for it in placed.iter().filter(|it| !it.labels.is_empty()) {
        let score = it.all.score.map(|it| it.to_string());
        groups
            .entry((it.labels.clone(), score))
            .or_default()
            .push(&it.name);
    }
    let (mut out, mut names) = (String::new(), Vec::new());
    for (number, ((labels, score), cameras)) in groups.iter().enumerate() {
        let name = match number {
            0 => "seen".to_owned(),
            _ => format!("seen{}", number + 1),
        };
        let only_people = labels[..] == ["person"];
        let model = if only_people { PEOPLE } else { THINGS };
        let _ = write!(
            out,
            "\n[transforms.{name}]\ntype   = \"detect\"\ninputs = [{}]\nmodel  = \"{model}\"\n",
            list(cameras)
        );
        if !only_people {
            let _ = writeln!(out, "labels = [{}]", list(labels));
        }
        if let Some(score) = score {
            let _ = writeln!(out, "score  = {score}");
        }
        names.push(name);
    }
    if !names.is_empty() {
        let _ = write!(
            out,
            "\n[transforms.visits]\ntype   = \"track\"\ninputs = [{}]\n",
            list(&names)
        );
    }
    out
}

fn zones(placed: &[Placed], left: &mut Left) -> String {
    let mut lines = String::new();
    for it in placed.iter().filter(|it| !it.labels.is_empty()) {
        for zone in &it.camera.zones {
            let polygon = in_parts(std::slice::from_ref(&zone.polygon), it, left);
            let Some(polygon) = polygon.first() else {
                continue;
            };
            let _ = write!(
                lines,
                "  {{ name = {}, sources = [\"{}\"], polygon = {}",
                quoted(&zone.name),
                it.name,
                area(polygon)
            );
            let labels: Vec<&String> = zone
                .labels
                .iter()
                .filter(|one| it.labels.contains(one))
                .collect();
            if !labels.is_empty() {
                let _ = write!(lines, ", labels = [{}]", list(&labels));
            }
            if let Some(seconds) = zone.loiter_s {
                let _ = write!(lines, ", loiter_ms = {}", (seconds * 1000.0) as u64);
            }
            lines += " },\n";
        }
    }
    match lines.is_empty() {
        true => lines,
        false => format!(
            "\n[transforms.places]\ntype   = \"zones\"\ninputs = [\"visits\"]\nzones  = [\n{lines}]\n"
        ),
    }
}

/// Pictures, clips and recordings.
fn kept(placed: &[Placed], recorded: &[String], left: &mut Left) -> String {
    let mut out = String::new();
    let days = |of: fn(&Usual) -> Option<f64>| {
        let most = placed
            .iter()
            .filter_map(|it| of(&it.all))
            .fold(0.0, f64::max);
        most.ceil().clamp(1.0, 36_500.0) as u32
    };
    let pictured = placed
        .iter()
        .any(|it| it.all.snapshots == Some(true) && !it.labels.is_empty());
    if pictured {
        let _ = write!(
            out,
            "\n[sinks.pictures]\ntype      = \"snapshot\"\ninputs    = [\"visits\"]\nfolder    = \"pictures\"\nkeep_days = {}\n",
            days(|it| it.snapshot_days)
        );
    }
    if recorded.is_empty() {
        return out;
    }
    let always = placed
        .iter()
        .any(|it| it.all.record_days.is_some_and(|days| days > 0.0));
    let films = |out: &mut String, name: &str, ty: &str, inputs: &str, days: u32| {
        let _ = write!(
            out,
            "\n[sinks.{name}]\ntype      = \"{ty}\"\ninputs    = [{inputs}]\nfolder    = \"{name}\"\nkeep_days = {days}\n"
        );
    };
    if always {
        films(
            &mut out,
            "recordings",
            "record",
            &list(recorded),
            days(|it| it.record_days),
        );
    }
    let same_node = |it: &&Placed| recorded.contains(&it.name) && !it.labels.is_empty();
    let clipped: Vec<&str> = placed
        .iter()
        .filter(same_node)
        .map(|it| it.name.as_str())
        .collect();
    let wanted = !always || placed.iter().any(|it| it.all.clip_days.is_some());
    if wanted && !clipped.is_empty() {
        let inputs = format!("{}, \"visits\"", list(&clipped));
        films(&mut out, "clips", "clip", &inputs, days(|it| it.clip_days));
    } else if wanted {
        let why =
            "`clip` takes the stream in which something was seen, and here another one is recorded";
        left.note(0, "record.alerts", why);
    }
    out
}

/// Who is told: the broker, else a file.
fn told(placed: &[Placed], mqtt: Option<&Mqtt>, zones: bool, secrets: &mut Secrets) -> String {
    let mut inputs: Vec<&str> = placed.iter().map(|it| it.name.as_str()).collect();
    let seen = placed.iter().any(|it| !it.labels.is_empty());
    let pictured = seen && placed.iter().any(|it| it.all.snapshots == Some(true));
    inputs.extend(seen.then_some("visits"));
    inputs.extend(zones.then_some("places"));
    inputs.extend(pictured.then_some("pictures"));
    let inputs = list(&inputs);
    let Some(mqtt) = mqtt else {
        return format!(
            "\n[sinks.log]\ntype   = \"jsonl\"\ninputs = [{inputs}]\npath   = \"events.jsonl\"\nmax_mb = 100\n"
        );
    };
    let tls = mqtt.tls_ca.is_some();
    let scheme = if tls { "mqtts" } else { "mqtt" };
    let usual = if tls { 8883 } else { 1883 };
    let port = mqtt
        .port
        .filter(|it| *it != usual)
        .map_or(String::new(), |it| format!(":{it}"));
    let mut out = format!(
        "\n[sinks.home]\ntype   = \"mqtt\"\ninputs = [{inputs}]\nuri    = {}\n",
        quoted(&format!("{scheme}://{}{port}", variables(&mqtt.host)))
    );
    if let Some(user) = &mqtt.user {
        let _ = writeln!(out, "user   = {}", quoted(&variables(user)));
        let password = mqtt.password.as_deref().unwrap_or_default();
        let password = match variables(password) {
            it if it.contains("${") => it,
            it => secrets.reference("mqtt", &Login::typed(user, &it)),
        };
        let _ = writeln!(out, "password = {}", quoted(&password));
        if !tls {
            out += "unencrypted = true   # as it was: the password goes there without TLS\n";
        }
    }
    if let Some(path) = &mqtt.tls_ca {
        let _ = writeln!(out, "tls_ca = {}", quoted(path));
    }
    out + "folder = \"outbox\"\nhome_assistant = true\n"
}

/// Areas in parts of the frame; pixels need a size to be parts of.
fn in_parts(polygons: &[Polygon], it: &Placed, left: &mut Left) -> Vec<Polygon> {
    let mut found = Vec::new();
    for polygon in polygons {
        let pixels = polygon.iter().flatten().any(|it| *it > 1.0);
        let size = match (pixels, it.all.size) {
            (false, _) => [1.0, 1.0],
            (true, [Some(width), Some(height)]) => [width, height],
            (true, _) => {
                let name = format!("cameras.{}", it.camera.name);
                left.note(
                    0,
                    &name,
                    "an area in pixels without `detect.width` and `height`; draw it on the page",
                );
                continue;
            }
        };
        let part =
            |value: f64, whole: f64| (1000.0 * value / whole).round().clamp(0.0, 1000.0) / 1000.0;
        found.push(
            polygon
                .iter()
                .map(|[x, y]| [part(*x, size[0]), part(*y, size[1])])
                .collect(),
        );
    }
    found
}

fn areas(polygons: &[Polygon]) -> String {
    let areas: Vec<String> = polygons.iter().map(area).collect();
    format!("[{}]", areas.join(", "))
}

fn area(polygon: &Polygon) -> String {
    let corners: Vec<String> = polygon.iter().map(|[x, y]| format!("[{x}, {y}]")).collect();
    format!("[{}]", corners.join(", "))
}

fn list(names: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = names.iter().map(|it| quoted(it.as_ref())).collect();
    quoted.join(", ")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

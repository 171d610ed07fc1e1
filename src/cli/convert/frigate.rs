//! What a configuration of Frigate says, as far as otus has something like it; the rest is listed.

use super::left::Left;
use super::settings::{Camera, Frigate, Mqtt, Polygon, Usual, Zone};
use super::yaml::{self, Node, fields, line, number, text, texts, truth};

/// Reads a configuration.
///
/// # Errors
/// That it is none.
pub fn read(root: &Node<'_>, left: &mut Left) -> Result<Frigate, String> {
    let mut frigate = Frigate::default();
    let cameras = yaml::field(root, "cameras");
    let cameras = cameras.ok_or("it has no `cameras`, so it is no configuration of Frigate")?;
    let streams = yaml::field(root, "go2rtc").and_then(|it| yaml::field(it, "streams"));
    for (key, at, value) in fields(root) {
        match key.as_str() {
            "cameras" | "version" => {}
            "mqtt" => frigate.mqtt = mqtt(value, left),
            _ => usual(&mut frigate.usual, "", (key.as_str(), at, value), left),
        }
    }
    for (name, at, value) in fields(cameras) {
        let off = yaml::field(value, "enabled").and_then(truth) == Some(false);
        match off {
            true => left.note(at, &format!("cameras.{name}"), "it is turned off there"),
            false => frigate
                .cameras
                .extend(camera(name, at, value, streams, left)),
        }
    }
    match frigate.cameras.is_empty() {
        true => Err("no camera in it is turned on".to_owned()),
        false => Ok(frigate),
    }
}

fn mqtt(node: &Node<'_>, left: &mut Left) -> Option<Mqtt> {
    let mut mqtt = Mqtt::default();
    for (key, at, value) in fields(node) {
        match key.as_str() {
            "enabled" if truth(value) == Some(false) => return None,
            "enabled" => {}
            "host" => mqtt.host = text(value).unwrap_or_default(),
            "port" => mqtt.port = number(value).map(|it| it as u16),
            "user" => mqtt.user = text(value),
            "password" => mqtt.password = text(value),
            "tls_ca_certs" => mqtt.tls_ca = text(value),
            "topic_prefix" => left.note(
                at,
                "mqtt.topic_prefix",
                "otus has topics and events of its own, so that both can run; `topic` names others",
            ),
            _ => left.unknown(at, &format!("mqtt.{key}")),
        }
    }
    (!mqtt.host.is_empty()).then_some(mqtt)
}

/// A setting that may stand on top or in a camera.
fn usual(to: &mut Usual, path: &str, (key, at, value): (&str, usize, &Node<'_>), left: &mut Left) {
    let here = format!("{path}{key}");
    match key {
        "detect" => {
            for (key, at, value) in fields(value) {
                match key.as_str() {
                    "fps" => to.fps = number(value),
                    "width" => to.size[0] = number(value),
                    "height" => to.size[1] = number(value),
                    "enabled" => {}
                    _ => left.unknown(at, &format!("{here}.{key}")),
                }
            }
        }
        "objects" => objects(to, &here, value, left),
        "record" => record(to, &here, value, left),
        "snapshots" => snapshots(to, &here, value, left),
        _ => left.unknown(at, &here),
    }
}

fn objects(to: &mut Usual, path: &str, node: &Node<'_>, left: &mut Left) {
    for (key, at, value) in fields(node) {
        match key.as_str() {
            "track" => to.track = Some(texts(value)),
            "mask" => to.masks.extend(polygons(value, path, left)),
            "filters" => {
                for (label, _, value) in fields(value) {
                    filter(to, &format!("{path}.filters.{label}"), value, left);
                }
            }
            _ => left.unknown(at, &format!("{path}.{key}")),
        }
    }
}

fn filter(to: &mut Usual, path: &str, node: &Node<'_>, left: &mut Left) {
    for (key, at, value) in fields(node) {
        let least = |score: Option<f64>, new: Option<f64>| match (score, new) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        match key.as_str() {
            "min_score" => to.score = least(to.score, number(value)),
            _ => left.note(
                at,
                &format!("{path}.{key}"),
                "`filter` behind `detect` can say it: `when = \"objects.exists(it, it.score > 0.7)\"`",
            ),
        }
    }
}

fn record(to: &mut Usual, path: &str, node: &Node<'_>, left: &mut Left) {
    for (key, at, value) in fields(node) {
        let days = |name: &str| yaml::field(value, name).and_then(number);
        match key.as_str() {
            "enabled" => to.record = truth(value),
            "retain" | "continuous" | "motion" => {
                to.record_days = most(to.record_days, days("days"))
            }
            "alerts" | "detections" => {
                let retain = yaml::field(value, "retain");
                let days = retain
                    .and_then(|it| yaml::field(it, "days"))
                    .and_then(number);
                to.clip_days = most(to.clip_days, days);
            }
            "events" => {
                let retain = yaml::field(value, "retain");
                to.clip_days = retain
                    .and_then(|it| yaml::field(it, "default"))
                    .and_then(number);
            }
            _ => left.unknown(at, &format!("{path}.{key}")),
        }
    }
}

/// The larger of two that may not be told.
fn most(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

fn snapshots(to: &mut Usual, path: &str, node: &Node<'_>, left: &mut Left) {
    for (key, at, value) in fields(node) {
        match key.as_str() {
            "enabled" => to.snapshots = truth(value),
            "retain" => to.snapshot_days = yaml::field(value, "default").and_then(number),
            _ => left.unknown(at, &format!("{path}.{key}")),
        }
    }
}

fn camera(
    name: String,
    at: usize,
    node: &Node<'_>,
    streams: Option<&Node<'_>>,
    left: &mut Left,
) -> Option<Camera> {
    let path = format!("cameras.{name}.");
    let mut camera = Camera {
        name,
        inputs: Vec::new(),
        zones: Vec::new(),
        quiet: Vec::new(),
        own: Usual::default(),
    };
    for (key, at, value) in fields(node) {
        match key.as_str() {
            "enabled" | "friendly_name" => {}
            "ffmpeg" => camera.inputs = inputs(&path, value, streams, left),
            "zones" => {
                let zones = fields(value).into_iter();
                let read = zones.filter_map(|(name, at, value)| zone(name, at, value, &path, left));
                camera.zones = read.collect();
            }
            "motion" => {
                for (key, at, value) in fields(value) {
                    match key.as_str() {
                        "mask" => camera.quiet = polygons(value, &path, left),
                        _ => left.unknown(at, &format!("{path}motion.{key}")),
                    }
                }
            }
            _ => usual(&mut camera.own, &path, (key.as_str(), at, value), left),
        }
    }
    if camera.inputs.is_empty() {
        left.note(at, path.trim_end_matches('.'), "it has no stream");
        return None;
    }
    camera.own.size = camera.own.size.map(|it| it.filter(|it| *it > 0.0));
    Some(camera)
}

fn inputs(
    path: &str,
    node: &Node<'_>,
    streams: Option<&Node<'_>>,
    left: &mut Left,
) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (key, at, value) in fields(node) {
        if key != "inputs" {
            left.unknown(at, &format!("{path}ffmpeg.{key}"));
            continue;
        }
        for input in yaml::list(value) {
            let address = yaml::field(input, "path")
                .and_then(text)
                .unwrap_or_default();
            let roles = yaml::field(input, "roles").map(texts).unwrap_or_default();
            let address = behind(&address, streams);
            match address.contains("://") {
                true => found.push((address, roles)),
                false => left.note(
                    line(input),
                    &format!("{path}ffmpeg.inputs"),
                    "its address is none of a camera",
                ),
            }
            for (key, at, _) in fields(input) {
                if !["path", "roles"].contains(&key.as_str()) {
                    left.unknown(at, &format!("{path}ffmpeg.inputs.{key}"));
                }
            }
        }
    }
    found
}

/// What go2rtc would hand on under this address is read from where go2rtc reads it.
fn behind(address: &str, streams: Option<&Node<'_>>) -> String {
    let own = ["rtsp://127.0.0.1:8554/", "rtsp://localhost:8554/"];
    let name = own.iter().find_map(|it| address.strip_prefix(it));
    let name = name.map(|it| it.split('?').next().unwrap_or(it));
    let stream = name.and_then(|name| yaml::field(streams?, name));
    let origin = stream.map(texts).unwrap_or_default().into_iter();
    // `#` begins what go2rtc is to do with it.
    let mut origin = origin.map(|it| it.split('#').next().unwrap_or_default().to_owned());
    let is_one = |it: &String| {
        ["rtsp://", "rtsps://", "http://", "https://"]
            .iter()
            .any(|scheme| it.starts_with(scheme))
    };
    origin.find(is_one).unwrap_or_else(|| address.to_owned())
}

fn zone(name: String, at: usize, node: &Node<'_>, path: &str, left: &mut Left) -> Option<Zone> {
    let path = format!("{path}zones.{name}");
    let mut zone = Zone {
        name,
        polygon: Vec::new(),
        labels: Vec::new(),
        loiter_s: None,
    };
    for (key, at, value) in fields(node) {
        match key.as_str() {
            "coordinates" => {
                zone.polygon = polygons(value, &path, left)
                    .into_iter()
                    .next()
                    .unwrap_or_default()
            }
            "objects" => zone.labels = texts(value),
            "loitering_time" => zone.loiter_s = number(value).filter(|it| *it > 0.0),
            "friendly_name" => {}
            _ => left.unknown(at, &format!("{path}.{key}")),
        }
    }
    if zone.polygon.len() < 3 {
        left.note(at, &path, "it has no three corners");
        return None;
    }
    Some(zone)
}

/// Areas: `x,y,x,y,…` as one text, a list of such, or a list of numbers; newer ones are tables with `coordinates`.
fn polygons(node: &Node<'_>, path: &str, left: &mut Left) -> Vec<Polygon> {
    if !fields(node).is_empty() {
        let nested = fields(node)
            .into_iter()
            .filter_map(|it| yaml::field(it.2, "coordinates"));
        return nested.flat_map(|it| polygons(it, path, left)).collect();
    }
    let items = texts(node);
    let whole = match items.iter().all(|it| !it.contains(',')) {
        true => vec![items.join(",")],
        false => items,
    };
    let mut found = Vec::new();
    for text in whole.iter().filter(|it| !it.is_empty()) {
        match corners(text) {
            Some(polygon) => found.push(polygon),
            None => left.note(line(node), path, "its corners are no pairs of numbers"),
        }
    }
    found
}

fn corners(text: &str) -> Option<Polygon> {
    let numbers: Vec<f64> = text
        .split(',')
        .map(|it| it.trim().parse().ok())
        .collect::<Option<_>>()?;
    let is_right = numbers.len() >= 6
        && numbers.len().is_multiple_of(2)
        && numbers.iter().all(|it| it.is_finite());
    is_right.then(|| numbers.chunks(2).map(|it| [it[0], it[1]]).collect())
}

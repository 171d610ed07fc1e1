//! Alerts and dashboard against what a run of otus serves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use libc::SIGTERM;
use serde_json::Value;

use crate::broker::{PATIENCE, STREET};
use crate::scratch::{Running, Scratch, skipped, wait_for};
use crate::status::{free_port, get};
use crate::tools::installed;

const ALERTS: &str = include_str!("../../cross/monitoring/alerts.yml");
const DASHBOARD: &str = include_str!("../../cross/monitoring/dashboard.json");
const REFERENCE: &str = include_str!("../../pipelines/README.md");
/// What Prometheus adds, and of a histogram the end of a bucket.
const ADDED: [&str; 3] = ["job", "instance", "le"];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/cross/monitoring"))
}

/// Labels of each metric, as the reference has them, which is made of the code.
fn documented() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let lines = REFERENCE
        .lines()
        .filter_map(|it| it.strip_prefix("| `otus_"));
    let names = lines.filter_map(|it| it.split_once('`').map(|(name, _)| name));
    let parts = names.map(|it| it.split_once('{').unwrap_or((it, "}")));
    let labels = |list: &'static str| list.trim_end_matches('}').split(", ");
    parts
        .map(|(name, list)| (name, labels(list).filter(|it| !it.is_empty()).collect()))
        .collect()
}

/// A metric that a query names, and the labels that it asks of it.
#[derive(Debug, PartialEq)]
struct Named {
    metric: String,
    labels: Vec<String>,
}

/// The metrics of otus in a query, without `otus_` and the ending of a histogram's buckets.
fn named(query: &str) -> Vec<Named> {
    let mut found = Vec::new();
    for (start, word) in query.match_indices("otus_") {
        let rest = &query[start + word.len()..];
        let end = rest.find(|it: char| !it.is_ascii_lowercase() && it != '_');
        let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
        let inside = after.strip_prefix('{').and_then(|it| it.split_once('}'));
        let matchers = inside.map_or("", |(inside, _)| inside).split(',');
        let label = |it: &str| {
            let end = it.find(['=', '!']).expect("a matcher compares");
            it[..end].trim().to_owned()
        };
        found.push(Named {
            metric: name.trim_end_matches("_bucket").to_owned(),
            labels: matchers.filter(|it| !it.is_empty()).map(label).collect(),
        });
    }
    found
}

#[test]
fn queries_are_read_as_they_are_meant() {
    let query = "rate(otus_a_total{kind=~\"x|y\", node!=\"z\"}[5m]) > on (job) otus_b_bucket";
    let told = |metric: &str, labels: &[&str]| Named {
        metric: metric.to_owned(),
        labels: labels.iter().map(|it| (*it).to_owned()).collect(),
    };
    assert_eq!(
        named(query),
        [told("a_total", &["kind", "node"]), told("b", &[])]
    );
    let documented = documented();
    assert!(documented["edge_dropped_total"].contains("reason"));
    assert!(documented["pressure"].is_empty());
}

/// Queries of the alerts and, by their titles, of the panels.
fn queries() -> Vec<(String, String)> {
    let alerts = ALERTS.split("- alert: ").skip(1).map(|alert| {
        let name = alert.lines().next().unwrap_or_default().to_owned();
        let query = alert.split_once("expr: ").expect("it asks").1;
        // Up to the next key of the alert.
        let end = query.find("\n        for: ");
        let end = end.or_else(|| query.find("\n        labels: "));
        (name, query[..end.expect("it has labels")].to_owned())
    });
    let panels = panels().into_iter().flat_map(|panel| {
        let title = panel["title"].as_str().unwrap_or_default().to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        let query = |it: &Value| it["expr"].as_str().expect("it asks").to_owned();
        let queries: Vec<String> = targets.iter().map(query).collect();
        queries.into_iter().map(move |it| (title.clone(), it))
    });
    alerts.chain(panels).collect()
}

/// All but the headings.
fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("it has panels");
    let is_panel = |it: &&Value| it["type"] != "row";
    panels.iter().filter(is_panel).cloned().collect()
}

/// Runs promtool where the rules are.
fn promtool(arguments: &[&str]) {
    let Some(promtool) = installed("promtool", "apt install prometheus") else {
        return;
    };
    let output = Command::new(promtool)
        .args(arguments)
        .current_dir(folder())
        .output();
    let output = output.expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{arguments:?}: {said}");
    assert!(said.contains("SUCCESS"), "{said}");
}

#[test]
fn prometheus_takes_the_rules_and_they_do_what_their_tests_say() {
    promtool(&["check", "rules", "alerts.yml"]);
    promtool(&["check", "config", "prometheus.yml"]);
    promtool(&["test", "rules", "alerts_test.yml"]);
}

#[test]
fn every_alert_is_tried() {
    let tests = std::fs::read_to_string(folder().join("alerts_test.yml"));
    let tests = tests.expect("it is there");
    let names = ALERTS.lines().filter_map(|it| it.split_once("- alert: "));
    let names: Vec<&str> = names.map(|(_, name)| name).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(tests.contains(name), "{name}");
    }
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    let panels = panels();
    let mut seen = BTreeSet::new();
    for panel in &panels {
        let says = |value: &Value| value.as_str().is_some_and(|it| !it.is_empty());
        assert!(
            says(&panel["title"]) && says(&panel["description"]),
            "{panel}"
        );
        assert!(says(&panel["fieldConfig"]["defaults"]["unit"]), "{panel}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        assert!(seen.insert(panel["id"].as_u64()), "{panel}");
        let targets = panel["targets"].as_array().expect("it asks something");
        assert!(!targets.is_empty());
        for target in targets {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{panel}");
        }
    }
    let shown: BTreeSet<String> = panels
        .iter()
        .flat_map(|it| named(&it["targets"].to_string().replace('\\', "")))
        .map(|it| it.metric)
        .collect();
    for metric in documented().into_keys() {
        assert!(shown.contains(metric), "otus_{metric} is on no panel");
    }
}

#[test]
fn alerts_and_panels_ask_for_nothing_that_is_not_documented() {
    let documented = documented();
    for (place, query) in queries() {
        let metrics = named(&query);
        assert!(!metrics.is_empty() || query.contains("up{"), "{place}");
        for Named { metric, labels } in metrics {
            let known = documented.get(&*metric);
            let known = known.unwrap_or_else(|| panic!("{place}: no otus_{metric}"));
            for label in labels {
                let there = known.contains(&*label) || ADDED.contains(&&*label);
                assert!(there, "{place}: otus_{metric} has no {label}");
            }
        }
    }
    let all: BTreeSet<&str> = documented.values().flatten().copied().collect();
    let told = ALERTS.split("$labels.").skip(1);
    let legends = DASHBOARD.split("{{").skip(1);
    for text in told.chain(legends) {
        let end = text.find(|it: char| !it.is_ascii_lowercase());
        let label = &text[..end.unwrap_or(text.len())];
        assert!(all.contains(label) || ADDED.contains(&label), "{label}");
    }
}

/// Names and labels of all samples of a page.
fn served(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut served: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE otus_") {
            let (name, kind) = rest.split_once(' ').expect("a name and its type");
            let ending = if kind == "counter" { "_total" } else { "" };
            served.entry(format!("{name}{ending}")).or_default();
        } else if let Some(sample) = line.strip_prefix("otus_") {
            let (series, _) = sample.rsplit_once(' ').expect("a value");
            let (name, rest) = series.split_once('{').unwrap_or((series, ""));
            let endings = ["_bucket", "_sum", "_count"];
            let bare = endings.iter().find_map(|it| name.strip_suffix(it));
            // What stands before `="`, behind the brace or the comma.
            let keys = rest
                .split("=\"")
                .map(|it| it.rsplit(',').next().unwrap_or(it));
            let labels = keys.filter(|it| !it.contains(['"', '}']) && !it.is_empty());
            let labels = labels.filter(|it| *it != "le").map(str::to_owned);
            let known = served.get_mut(bare.unwrap_or(name));
            known.expect("a type stands before it").extend(labels);
        }
    }
    served
}

/// What the reference says of metrics is what is served; so alerts and panels ask for what is.
#[test]
fn a_run_serves_what_is_documented() {
    if !std::path::Path::new(STREET).exists() {
        return skipped("no .demo/vtest.avi: make setup-demo");
    }
    let (scratch, port) = (Scratch::new(), free_port());
    scratch.write(
        "pipeline.toml",
        format!(
            "[sources.street]\ntype = 'camera'\nuri = '{STREET}'\npace = 'realtime'\n\
             [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
             [transforms.visits]\ntype = 'track'\ninputs = ['people']\n\
             [transforms.places]\ntype = 'zones'\ninputs = ['visits']\n\
             zones = [{{ name = 'all', polygon = [[0, 0], [1, 0], [1, 1], [0, 1]] }}]\n\
             lines = [{{ name = 'gate', from = [0.5, 1], to = [0.5, 0] }}]\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['visits', 'places']\npath = 'events.jsonl'\n\
             [status]\nlisten = '127.0.0.1:{port}'\n"
        ),
    );
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let page = wait_for("somebody in the street", PATIENCE, || {
        let (_, page) = get(&format!("http://127.0.0.1:{port}/metrics"), &[])?;
        page.contains("kind=\"zone\"").then_some(page)
    });
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (documented, served) = (documented(), served(&page));
    let names: Vec<&String> = served.keys().collect();
    assert_eq!(names, documented.keys().collect::<Vec<_>>());
    // Of some there is nothing to tell in such a run: they have no samples.
    let told = served.iter().filter(|(_, labels)| !labels.is_empty());
    let mut count = 0;
    for (name, labels) in told {
        let documented: BTreeSet<String> = documented[&**name]
            .iter()
            .map(|it| (*it).to_owned())
            .collect();
        assert_eq!(*labels, documented, "otus_{name}");
        count += 1;
    }
    println!("{} metrics, {count} of them with labels", served.len());
    assert!(count >= 18, "{page}");
}

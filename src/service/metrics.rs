//! The counters of a pipeline, of its process and of its board as OpenMetrics text.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text::encode};
use prometheus_client::metrics::MetricType::{self, Counter, Gauge, Histogram};
use prometheus_client::registry::{Registry, Unit};

use crate::pipeline::count::areas::{Area, Count};
use crate::pipeline::count::histogram::Times;
use crate::pipeline::count::metrics::State;
use crate::pipeline::run::View;
use crate::pipeline::run::snapshot::{LinkReport, NodeReport, Snapshot};
use crate::service::http::traffic::Counts;
use crate::service::machine::{self, Machine};

/// Reads the pipeline whenever it is scraped.
#[derive(Debug)]
struct Scrape {
    view: View,
    endpoint: Counts,
}

/// Everything that can be counted, at this moment.
pub fn render(view: &View, endpoint: Counts) -> String {
    let mut registry = Registry::with_prefix("otus");
    let view = view.clone();
    registry.register_collector(Box::new(Scrape { view, endpoint }));
    let mut text = String::new();
    encode(&mut text, &registry).expect("writing to a string does not fail");
    text
}

/// Names, units and meanings of all metrics, as a Markdown table.
pub fn markdown() -> String {
    let nothing = Snapshot::default();
    let mut out = "| metric | type | meaning |\n| --- | --- | --- |\n".to_owned();
    for family in families(&nothing, &Machine::default(), Counts::default()) {
        let unit = family.unit.map_or("", |unit| match unit {
            Unit::Seconds => "_seconds",
            Unit::Bytes => "_bytes",
            Unit::Celsius => "_celsius",
            _ => unreachable!("no metric has another unit"),
        });
        let (ending, kind) = match family.kind {
            Counter => ("_total", "counter"),
            Histogram => ("", "histogram"),
            _ => ("", "gauge"),
        };
        let (name, labels, help) = (family.name, family.labels, family.help);
        let labels = match labels {
            "" => String::new(),
            _ => format!("{{{labels}}}"),
        };
        let _ = writeln!(
            out,
            "| `otus_{name}{unit}{ending}{labels}` | {kind} | {help} |"
        );
    }
    out
}

/// Labels and value.
type Sample = (Vec<(&'static str, String)>, Value);

enum Value {
    Number(f64),
    Times(Times),
}

/// One metric.
struct Family {
    name: &'static str,
    help: &'static str,
    /// Names of its labels, for people.
    labels: &'static str,
    unit: Option<Unit>,
    kind: MetricType,
    samples: Vec<Sample>,
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        for family in families(&self.view.snapshot(), &machine::read(), self.endpoint) {
            let Family {
                name, help, kind, ..
            } = family;
            let mut metric = encoder.encode_descriptor(name, help, family.unit.as_ref(), kind)?;
            for (labels, value) in family.samples {
                let labels: Vec<(&str, &str)> =
                    labels.iter().map(|(key, it)| (*key, it.as_str())).collect();
                write_sample(metric.encode_family(&labels)?, kind, value)?;
            }
        }
        Ok(())
    }
}

fn write_sample(mut sample: MetricEncoder, kind: MetricType, value: Value) -> fmt::Result {
    match (value, kind) {
        (Value::Times(it), _) => {
            sample.encode_histogram::<NoLabelSet>(it.sum, it.count, &it.buckets, None)
        }
        (Value::Number(it), Counter) => sample.encode_counter::<NoLabelSet, _, f64>(&it, None),
        (Value::Number(it), _) => sample.encode_gauge(&it),
    }
}

fn families(now: &Snapshot, machine: &Machine, endpoint: Counts) -> Vec<Family> {
    let uptime = gauge(
        "uptime",
        "Time since the run began.",
        one(now.uptime_seconds),
    );
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    let build = vec![(version, Value::Number(1.0))];
    let mut families = vec![
        gauge("build_info", "The version that runs.", build).of("version"),
        uptime.in_unit(Unit::Seconds),
    ];
    families.extend(of_nodes(&now.nodes));
    families.extend(of_edges(&now.edges));
    families.extend(of_machine(machine));
    let level = now.pressure.as_ref().map_or(0, |it| it.level);
    let help = "How many steps of what gives way while the machine is short are taken: 0 to 5.";
    families.push(gauge("pressure", help, one(f64::from(level))));
    let refused = one(endpoint.refused as f64);
    let slow = one(endpoint.slow as f64);
    let wrong_tokens = one(endpoint.wrong_tokens as f64);
    families.extend([
        counter(
            "endpoint_refused",
            "Connections cut, there being too many.",
            refused,
        ),
        counter("endpoint_slow", "Listeners cut, being too slow.", slow),
        counter(
            "endpoint_wrong_tokens",
            "Requests that bore a wrong token.",
            wrong_tokens,
        ),
    ]);
    families
}

fn of_nodes(nodes: &[NodeReport]) -> Vec<Family> {
    let each = |value: fn(&NodeReport) -> f64| per_node(nodes, |it| Some(Value::Number(value(it))));
    let up = each(|it| f64::from(u8::from(it.counts.state == State::Running)));
    let busy = each(|it| it.counts.busy_seconds);
    let called = each(|it| it.counts.call_seconds);
    let media = each(|it| it.counts.media_seconds);
    let failures = each(|it| it.counts.failures as f64);
    let objects = each(|it| it.counts.objects as f64);
    let packets = per_node_and(nodes, "kind", |it| &it.counts.made);
    let events = per_node_and(nodes, "kind", |it| &it.counts.events);
    let unsure = per_node_and(nodes, "reason", |it| &it.counts.unsure);
    let lag = per_node(nodes, |it| it.counts.lag_seconds.map(Value::Number));
    let latency = per_node(nodes, |it| {
        (it.counts.age.count > 0).then(|| Value::Times(it.counts.age.clone()))
    });
    let latency = Family {
        kind: Histogram,
        ..gauge(
            "node_latency",
            "From capture (of speech: its end) until the node was done; of a sink, capture to \
             sink. Nodes with live media only.",
            latency,
        )
    };
    let lag_help = "The same for the latest packet.";
    let families = [
        gauge("node_up", "1 while the node is at work.", up),
        counter("node_busy", "Processor time of the node's threads.", busy).in_unit(Unit::Seconds),
        counter(
            "node_call",
            "Time that calls for packets took, waiting included. Not of sources.",
            called,
        )
        .in_unit(Unit::Seconds),
        gauge("node_media", "Latest capture time put out.", media).in_unit(Unit::Seconds),
        latency.in_unit(Unit::Seconds),
        gauge("node_lag", lag_help, lag).in_unit(Unit::Seconds),
        counter("node_failures", "How often the node failed.", failures),
        counter("node_objects", "Objects in detection events.", objects),
    ];
    let per_kind = [
        counter("node_packets", "Packets made, by kind.", packets),
        counter("node_events", "Events made, by kind.", events),
    ];
    let of_areas = [
        gauge("zone_objects", "Things in a zone, now.", inside(nodes)).of("node, source, zone"),
        counter(
            "line_crossings",
            "Things that crossed a line.",
            crossings(nodes),
        )
        .of("node, source, line, direction"),
    ];
    let unsure = counter(
        "node_unsure_events",
        "Events made that may be nothing.",
        unsure,
    );
    let families = families.into_iter().map(|it| it.of("node"));
    let per_kind = per_kind.into_iter().map(|it| it.of("node, kind"));
    let per_reason = [unsure.of("node, reason")];
    let families = families.chain(of_shadows(nodes));
    let families = families.chain(per_kind).chain(per_reason);
    families.chain(of_areas).collect()
}

fn of_shadows(nodes: &[NodeReport]) -> [Family; 2] {
    let count =
        |value: fn(&NodeReport) -> u64| per_node(nodes, |it| Some(Value::Number(value(it) as f64)));
    let (compared, differing) = (
        count(|it| it.counts.compared),
        count(|it| it.counts.differing),
    );
    let help = "Inputs that the node's shadow model has worked on too.";
    let differ = "Of these, those in which it found something else.";
    [
        counter("node_compared", help, compared).of("node"),
        counter("node_differing", differ, differing).of("node"),
    ]
}

fn inside(nodes: &[NodeReport]) -> Vec<Sample> {
    let sample = |(node, area): (&NodeReport, &Area)| {
        let Count::Zone { inside } = area.count else {
            return None;
        };
        Some((
            area_labels(node, area, "zone"),
            Value::Number(inside as f64),
        ))
    };
    areas(nodes).filter_map(sample).collect()
}

fn crossings(nodes: &[NodeReport]) -> Vec<Sample> {
    let samples = |(node, area): (&NodeReport, &Area)| {
        let Count::Line { left, right } = area.count else {
            return Vec::new();
        };
        let sample = |(direction, count): (&str, u64)| {
            let mut labels = area_labels(node, area, "line");
            labels.push(("direction", direction.to_owned()));
            (labels, Value::Number(count as f64))
        };
        [("left", left), ("right", right)].map(sample).into()
    };
    areas(nodes).flat_map(samples).collect()
}

fn areas<'a>(nodes: &'a [NodeReport]) -> impl Iterator<Item = (&'a NodeReport, &'a Area)> {
    let of = |node: &'a NodeReport| node.counts.areas.iter().map(move |area| (node, area));
    nodes.iter().flat_map(of)
}

fn area_labels(node: &NodeReport, area: &Area, name: &'static str) -> Vec<(&'static str, String)> {
    let names = [
        ("node", &node.id),
        ("source", &area.source),
        (name, &area.name),
    ];
    names.map(|(key, it)| (key, it.to_string())).into()
}

fn of_edges(edges: &[LinkReport]) -> Vec<Family> {
    let each = |value: fn(&LinkReport) -> f64| per_edge(edges, value);
    let received = each(|it| it.counts.received as f64);
    let forwarded = each(|it| it.counts.forwarded as f64);
    let in_flight = each(|it| it.counts.in_flight as f64);
    let capacity = each(|it| it.capacity as f64);
    let families = [
        counter("edge_received", "Packets offered to the edge.", received),
        counter(
            "edge_forwarded",
            "Packets handled by the consumer.",
            forwarded,
        ),
        gauge(
            "edge_in_flight",
            "Packets waiting or being handled.",
            in_flight,
        ),
        gauge("edge_capacity", "Packets that can wait.", capacity),
    ];
    let families = families.into_iter().map(|it| it.of("from, to, kind"));
    let dropped = counter("edge_dropped", "Packets lost, by reason.", dropped(edges));
    families
        .chain([dropped.of("from, to, kind, reason")])
        .collect()
}

fn of_machine(machine: &Machine) -> Vec<Family> {
    let number = |value: Option<f64>| value.map_or(Vec::new(), one);
    let memory = number(machine.resident_bytes.map(|it| it as f64));
    let cpu = number(machine.cpu_seconds);
    let threads = number(machine.threads.map(|it| it as f64));
    let descriptors = number(machine.descriptors.map(|it| it as f64));
    let zone =
        |(zone, celsius): (&String, &f64)| (vec![("zone", zone.clone())], Value::Number(*celsius));
    let zones = machine.celsius.iter().map(zone).collect();
    let files = "Open files, sockets and devices.";
    vec![
        gauge("process_resident_memory", "Memory in use.", memory).in_unit(Unit::Bytes),
        counter("process_cpu", "Processor time used.", cpu).in_unit(Unit::Seconds),
        gauge("process_threads", "Threads.", threads),
        gauge("process_descriptors", files, descriptors),
        gauge("temperature", "Temperature of the board.", zones)
            .in_unit(Unit::Celsius)
            .of("zone"),
    ]
}

fn gauge(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
    Family {
        name,
        help,
        labels: "",
        unit: None,
        kind: Gauge,
        samples,
    }
}

fn counter(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
    Family {
        kind: Counter,
        ..gauge(name, help, samples)
    }
}

impl Family {
    fn in_unit(self, unit: Unit) -> Family {
        let unit = Some(unit);
        Family { unit, ..self }
    }

    fn of(self, labels: &'static str) -> Family {
        Family { labels, ..self }
    }
}

fn one(value: f64) -> Vec<Sample> {
    vec![(Vec::new(), Value::Number(value))]
}

fn per_node(nodes: &[NodeReport], value: impl Fn(&NodeReport) -> Option<Value>) -> Vec<Sample> {
    let sample = |node: &NodeReport| Some((vec![("node", node.id.to_string())], value(node)?));
    nodes.iter().filter_map(sample).collect()
}

fn edge_labels(edge: &LinkReport) -> Vec<(&'static str, String)> {
    let (from, to) = (edge.from.to_string(), edge.to.to_string());
    vec![("from", from), ("to", to), ("kind", edge.kind.to_owned())]
}

fn per_edge(edges: &[LinkReport], value: impl Fn(&LinkReport) -> f64) -> Vec<Sample> {
    edges
        .iter()
        .map(|edge| (edge_labels(edge), Value::Number(value(edge))))
        .collect()
}

fn per_node_and(
    nodes: &[NodeReport],
    label: &'static str,
    counts: impl Fn(&NodeReport) -> &BTreeMap<&'static str, u64>,
) -> Vec<Sample> {
    let mut samples = Vec::new();
    for node in nodes {
        for (value, count) in counts(node) {
            let labels = vec![("node", node.id.to_string()), (label, (*value).to_owned())];
            samples.push((labels, Value::Number(*count as f64)));
        }
    }
    samples
}

fn dropped(edges: &[LinkReport]) -> Vec<Sample> {
    let of = |edge: &LinkReport| -> Vec<Sample> {
        let reasons = edge.counts.reasons.iter().map(|(reason, count)| {
            let mut labels = edge_labels(edge);
            labels.push(("reason", (*reason).to_owned()));
            (labels, Value::Number(*count as f64))
        });
        reasons.collect()
    };
    edges.iter().flat_map(of).collect()
}

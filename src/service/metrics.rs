//! The counters of a pipeline as OpenMetrics text.

use std::collections::BTreeMap;
use std::{fmt, iter};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text::encode};
use prometheus_client::metrics::MetricType::{self, Counter, Gauge};
use prometheus_client::registry::{Registry, Unit};

use crate::pipeline::metrics::{LinkReport, NodeReport, State};
use crate::pipeline::runtime::View;

/// Reads the pipeline whenever it is scraped.
#[derive(Debug)]
struct Pipeline(View);

/// Everything that can be counted, at this moment.
pub fn render(view: &View) -> String {
    let mut registry = Registry::with_prefix("otus");
    registry.register_collector(Box::new(Pipeline(view.clone())));
    let mut text = String::new();
    encode(&mut text, &registry).expect("writing to a string does not fail");
    text
}

/// Labels and value.
type Sample = (Vec<(&'static str, String)>, f64);

/// A metric: name, help, unit, kind, samples.
type Family = (
    &'static str,
    &'static str,
    Option<Unit>,
    MetricType,
    Vec<Sample>,
);

impl Collector for Pipeline {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let now = self.0.snapshot();
        let uptime = vec![(Vec::new(), now.uptime_seconds)];
        let uptime = (
            "uptime",
            "Time since the run began.",
            Some(Unit::Seconds),
            Gauge,
            uptime,
        );
        let families = iter::once(uptime)
            .chain(of_nodes(&now.nodes))
            .chain(of_edges(&now.edges));
        for (name, help, unit, kind, samples) in families {
            let mut metric = encoder.encode_descriptor(name, help, unit.as_ref(), kind)?;
            for (labels, value) in samples {
                let labels: Vec<(&str, &str)> =
                    labels.iter().map(|(key, it)| (*key, it.as_str())).collect();
                let mut one = metric.encode_family(&labels)?;
                match kind {
                    Counter => one.encode_counter::<NoLabelSet, _, f64>(&value, None)?,
                    _ => one.encode_gauge(&value)?,
                }
            }
        }
        Ok(())
    }
}

fn of_nodes(nodes: &[NodeReport]) -> Vec<Family> {
    let each = |value: fn(&NodeReport) -> f64| per_node(nodes, value);
    let up = each(|it| f64::from(u8::from(it.counts.state == State::Running)));
    let busy = each(|it| it.counts.busy_seconds);
    let media = each(|it| it.counts.media_seconds);
    let failures = each(|it| it.counts.failures as f64);
    let objects = each(|it| it.counts.objects as f64);
    let packets = per_kind(nodes, |it| &it.counts.made);
    let events = per_kind(nodes, |it| &it.counts.events);
    let seconds = || Some(Unit::Seconds);
    vec![
        ("node_up", "1 while the node is at work.", None, Gauge, up),
        (
            "node_busy",
            "Time in the node's own code.",
            seconds(),
            Counter,
            busy,
        ),
        (
            "node_media",
            "Latest capture time put out.",
            seconds(),
            Gauge,
            media,
        ),
        (
            "node_failures",
            "How often the node failed.",
            None,
            Counter,
            failures,
        ),
        (
            "node_packets",
            "Packets made, by kind.",
            None,
            Counter,
            packets,
        ),
        (
            "node_events",
            "Events made, by kind.",
            None,
            Counter,
            events,
        ),
        (
            "node_objects",
            "Objects in detection events.",
            None,
            Counter,
            objects,
        ),
    ]
}

fn of_edges(edges: &[LinkReport]) -> Vec<Family> {
    let each = |value: fn(&LinkReport) -> f64| per_edge(edges, value);
    let received = each(|it| it.counts.received as f64);
    let forwarded = each(|it| it.counts.forwarded as f64);
    let in_flight = each(|it| it.counts.in_flight as f64);
    vec![
        (
            "edge_received",
            "Packets offered to the edge.",
            None,
            Counter,
            received,
        ),
        (
            "edge_forwarded",
            "Packets handled by the consumer.",
            None,
            Counter,
            forwarded,
        ),
        (
            "edge_dropped",
            "Packets lost, by reason.",
            None,
            Counter,
            dropped(edges),
        ),
        (
            "edge_in_flight",
            "Packets waiting or being handled.",
            None,
            Gauge,
            in_flight,
        ),
    ]
}

fn per_node(nodes: &[NodeReport], value: impl Fn(&NodeReport) -> f64) -> Vec<Sample> {
    let sample = |node: &NodeReport| (vec![("node", node.id.to_string())], value(node));
    nodes.iter().map(sample).collect()
}

fn edge_labels(edge: &LinkReport) -> Vec<(&'static str, String)> {
    let (from, to) = (edge.from.to_string(), edge.to.to_string());
    vec![("from", from), ("to", to), ("kind", edge.kind.to_owned())]
}

fn per_edge(edges: &[LinkReport], value: impl Fn(&LinkReport) -> f64) -> Vec<Sample> {
    edges
        .iter()
        .map(|edge| (edge_labels(edge), value(edge)))
        .collect()
}

fn per_kind(
    nodes: &[NodeReport],
    counts: impl Fn(&NodeReport) -> &BTreeMap<&'static str, u64>,
) -> Vec<Sample> {
    let mut samples = Vec::new();
    for node in nodes {
        for (kind, count) in counts(node) {
            let labels = vec![("node", node.id.to_string()), ("kind", (*kind).to_owned())];
            samples.push((labels, *count as f64));
        }
    }
    samples
}

fn dropped(edges: &[LinkReport]) -> Vec<Sample> {
    let of = |edge: &LinkReport| -> Vec<Sample> {
        let reasons = edge.counts.reasons.iter().map(|(reason, count)| {
            let mut labels = edge_labels(edge);
            labels.push(("reason", (*reason).to_owned()));
            (labels, *count as f64)
        });
        reasons.collect()
    };
    edges.iter().flat_map(of).collect()
}

//! The counters of a pipeline as OpenMetrics text.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text::encode};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::pipeline::metrics::{LinkReport, NodeReport, Snapshot, State};
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

type Samples<'a> = Vec<(Vec<(&'a str, String)>, f64)>;

impl Collector for Pipeline {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Snapshot {
            uptime_seconds,
            nodes,
            edges,
        } = self.0.snapshot();
        let gauge = MetricType::Gauge;
        let counter = MetricType::Counter;
        let uptime = vec![(Vec::new(), uptime_seconds)];
        let mut put = |name, help, unit: Option<&Unit>, kind, samples: Samples<'_>| {
            family(&mut encoder, name, help, unit, kind, samples)
        };
        put(
            "uptime",
            "Time since the run began.",
            Some(&Unit::Seconds),
            gauge,
            uptime,
        )?;
        let up = per_node(&nodes, |node| {
            f64::from(u8::from(node.counts.state == State::Running))
        });
        put("node_up", "1 while the node is at work.", None, gauge, up)?;
        let busy = per_node(&nodes, |node| node.counts.busy_seconds);
        put(
            "node_busy",
            "Time in the node's own code.",
            Some(&Unit::Seconds),
            counter,
            busy,
        )?;
        let media = per_node(&nodes, |node| node.counts.media_seconds);
        put(
            "node_media",
            "Latest capture time put out.",
            Some(&Unit::Seconds),
            gauge,
            media,
        )?;
        let failures = per_node(&nodes, |node| node.counts.failures as f64);
        put(
            "node_failures",
            "How often the node failed.",
            None,
            counter,
            failures,
        )?;
        put(
            "node_packets",
            "Packets made, by kind.",
            None,
            counter,
            per_kind(&nodes, |it| &it.counts.made),
        )?;
        put(
            "node_events",
            "Events made, by kind.",
            None,
            counter,
            per_kind(&nodes, |it| &it.counts.events),
        )?;
        let objects = per_node(&nodes, |node| node.counts.objects as f64);
        put(
            "node_objects",
            "Objects in detection events.",
            None,
            counter,
            objects,
        )?;
        let received = per_edge(&edges, |edge| edge.counts.received as f64);
        put(
            "edge_received",
            "Packets offered to the edge.",
            None,
            counter,
            received,
        )?;
        let forwarded = per_edge(&edges, |edge| edge.counts.forwarded as f64);
        put(
            "edge_forwarded",
            "Packets handled by the consumer.",
            None,
            counter,
            forwarded,
        )?;
        put(
            "edge_dropped",
            "Packets lost, by reason.",
            None,
            counter,
            dropped(&edges),
        )?;
        let in_flight = per_edge(&edges, |edge| edge.counts.in_flight as f64);
        put(
            "edge_in_flight",
            "Packets waiting or being handled.",
            None,
            gauge,
            in_flight,
        )
    }
}

fn family(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    kind: MetricType,
    samples: Samples<'_>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, unit, kind)?;
    for (labels, value) in samples {
        let labels: Vec<(&str, &str)> =
            labels.iter().map(|(key, it)| (*key, it.as_str())).collect();
        let mut one = metric.encode_family(&labels)?;
        match kind {
            MetricType::Counter => one.encode_counter::<NoLabelSet, _, f64>(&value, None)?,
            _ => one.encode_gauge(&value)?,
        }
    }
    Ok(())
}

fn per_node(nodes: &[NodeReport], value: impl Fn(&NodeReport) -> f64) -> Samples<'static> {
    let sample = |node: &NodeReport| (vec![("node", node.id.to_string())], value(node));
    nodes.iter().map(sample).collect()
}

fn edge_labels(edge: &LinkReport) -> Vec<(&'static str, String)> {
    let (from, to) = (edge.from.to_string(), edge.to.to_string());
    vec![("from", from), ("to", to), ("kind", edge.kind.to_owned())]
}

fn per_edge(edges: &[LinkReport], value: impl Fn(&LinkReport) -> f64) -> Samples<'static> {
    edges
        .iter()
        .map(|edge| (edge_labels(edge), value(edge)))
        .collect()
}

fn per_kind(
    nodes: &[NodeReport],
    counts: impl Fn(&NodeReport) -> &BTreeMap<&'static str, u64>,
) -> Samples<'static> {
    let mut samples = Vec::new();
    for node in nodes {
        for (kind, count) in counts(node) {
            let labels = vec![("node", node.id.to_string()), ("kind", (*kind).to_owned())];
            samples.push((labels, *count as f64));
        }
    }
    samples
}

fn dropped(edges: &[LinkReport]) -> Samples<'static> {
    let of = |edge: &LinkReport| -> Samples<'static> {
        let reasons = edge.counts.reasons.iter().map(|(reason, count)| {
            let mut labels = edge_labels(edge);
            labels.push(("reason", (*reason).to_owned()));
            (labels, *count as f64)
        });
        reasons.collect()
    };
    edges.iter().flat_map(of).collect()
}

//! Are the models here, and are they what they should be?

use serde_json::Value;

use super::finding::Finding;
use crate::inference::store::manifest;
use crate::inference::store::{self, Place};
use crate::pipeline::file::{Plan, PlannedNode};

pub fn check(plan: &Plan) -> Vec<Finding> {
    let with_model = plan.nodes.iter().filter(|node| node.ty.infers);
    with_model.map(|node| model(node, plan)).collect()
}

/// Whether a run would fetch a model, and so needs to write it into the cache.
pub fn are_to_be_fetched(plan: &Plan) -> bool {
    let ids = plan.nodes.iter().filter_map(id);
    let known: Vec<_> = ids.filter_map(|id| manifest::find(&id)).collect();
    known.into_iter().any(|model| store::local(model).is_none())
}

/// What a node's option `model` says, or its default.
fn id(node: &PlannedNode) -> Option<String> {
    let schema = (node.ty.schema)();
    let default = schema.pointer("/properties/model/default");
    let named = node.options.get("model").and_then(toml::Value::as_str);
    named.or(default.and_then(Value::as_str)).map(str::to_owned)
}

fn model(node: &PlannedNode, plan: &Plan) -> Finding {
    let check = format!("model of {}", node.id);
    let text = |option: &str| node.options.get(option).and_then(toml::Value::as_str);
    let Some(id) = id(node) else {
        return Finding::ok(check, "none");
    };
    let (place, sum) = match manifest::find(&id) {
        Some(known) => (store::local(known), known.sha256.clone()),
        None => (
            Some(Place::File(plan.base.join(&id))),
            text("sha256").unwrap_or_default().to_lowercase(),
        ),
    };
    let Some(place) = place else {
        return Finding::ok(check, format!("{id} is not here")).problem(format!(
            "`otus models pull {id}`, or put it into a folder named in OTUS_MODELS"
        ));
    };
    match place.read(&sum) {
        Ok(bytes) => {
            let megabytes = bytes.len() as f64 / 1e6;
            Finding::ok(check, format!("{id}, {megabytes:.1} MB, its sum is right"))
        }
        Err(error) => Finding::ok(check, error.to_string()).problem(format!(
            "remove it and `otus models pull {id}`, or correct `sha256`"
        )),
    }
}

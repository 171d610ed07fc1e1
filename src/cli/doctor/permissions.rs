//! May this user use the devices?

use std::path::PathBuf;

use super::finding::Finding;
use crate::nodes;
use crate::nodes::device::{self, Kind, SOUND, VIDEO};
use crate::pipeline::contract::error::Error;
use crate::pipeline::file::Plan;

pub fn check(_: &Plan) -> Vec<Finding> {
    vec![
        devices("cameras", &VIDEO, &nodes::video_devices()),
        devices("sound cards", &SOUND, &device::sound_cards()),
    ]
}

fn devices(what: &str, kind: &Kind, paths: &[PathBuf]) -> Finding {
    let check = format!("permission for {what}");
    let denied = paths.iter().find_map(|path| {
        let error = device::open(path).err()?;
        kind.forbidden(path, &error)
    });
    match (denied, paths.len()) {
        (Some(why), _) => Finding::failed(check, &Error::Fatal(why), "ask who runs this machine"),
        (None, 0) => Finding::ok(check, "this machine has none in /dev"),
        (None, count) => Finding::ok(check, format!("all {count} may be used")),
    }
}

//! What goes on of a frame: the objects, the zones that each is in, and where the zones are.

use std::sync::Arc;

use super::id_of;
use super::memory::Seen;
use crate::media::objects::{Area, Object, Objects};

/// The same objects with what is known of their places; what a node before this one knew stays.
pub fn placed(objects: &Objects, seen: &Seen, areas: &Arc<[Area]>) -> Arc<Objects> {
    let inside = |object: &Object| {
        let at = seen.place(id_of(object)?, &object.label)?;
        let inside = &seen.tracks[at].inside;
        (!inside.is_empty()).then_some(inside)
    };
    let is_anywhere = objects.found.iter().any(|it| inside(it).is_some());
    let with = |object: &Object| {
        let mut object = object.clone();
        if let Some(inside) = inside(&object) {
            let more = object.more.get_or_insert_default();
            more.zones = joined(&more.zones, inside);
        }
        object
    };
    Arc::new(Objects {
        found: match is_anywhere {
            true => objects.found.iter().map(with).collect(),
            false => Arc::clone(&objects.found),
        },
        areas: joined(&objects.areas, areas),
        ..objects.clone()
    })
}

fn joined<T: Clone>(before: &Arc<[T]>, own: &Arc<[T]>) -> Arc<[T]> {
    match before.is_empty() {
        true => Arc::clone(own),
        false => before.iter().chain(&**own).cloned().collect(),
    }
}

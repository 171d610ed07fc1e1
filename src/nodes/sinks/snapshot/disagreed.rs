//! What a model and its shadow do not agree about, as objects of one picture.

use std::sync::Arc;

use crate::media::events::{Disagreement, Head};
use crate::media::objects::{Object, Objects};

/// What each alone has found, the shadow's under its name; none if the frame is gone, or was never given as the pipeline file asks
/// for privacy.
pub fn objects(head: &Head, told: &Disagreement) -> Option<Objects> {
    let frame = told.picture.upgrade()?;
    let theirs = told.missed.iter().map(|it| Object {
        label: Arc::from(format!("{}: {}", told.shadow, it.label)),
        ..it.clone()
    });
    let found: Arc<[Object]> = told.objects.iter().cloned().chain(theirs).collect();
    let whole = frame.whole();
    (!found.is_empty()).then(|| Objects {
        source: Arc::clone(&head.source),
        seq: whole.seq,
        at: whole.at,
        size: told.frame,
        file: whole.file.clone(),
        frame: Some(Arc::clone(&frame)),
        complete: true,
        found,
        model: Arc::clone(&told.model),
        provider: Arc::from(""),
        areas: Arc::default(),
    })
}

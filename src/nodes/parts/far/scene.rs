//! What was found in a picture, in the form that it has on the way: all of it, unrounded.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::media::objects::{Area, Mask, More, Object, Objects};

/// No picture has more.
const MOST_OBJECTS: usize = 1_000;
/// In pixels. What lies further away lies in no picture.
const FURTHEST: f32 = 1e6;

/// All that is known but the picture itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scene {
    /// Sequence number of the frame.
    pub seq: u64,
    /// `[width, height]` of the frame in pixels.
    pub size: [u32; 2],
    complete: bool,
    found: Vec<Thing>,
    model: Arc<str>,
    provider: Arc<str>,
    areas: Vec<Place>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Thing {
    label: Arc<str>,
    score: f32,
    bounds: [f32; 4],
    track: Option<u64>,
    landmarks: Vec<[f32; 2]>,
    mask: Option<(u32, Vec<u8>)>,
    area: Option<f32>,
    zones: Arc<[Arc<str>]>,
    vector: Option<Arc<[f32]>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place {
    name: Arc<str>,
    points: Vec<[f32; 2]>,
}

impl From<&Objects> for Scene {
    fn from(it: &Objects) -> Scene {
        let area = |it: &Area| Place {
            name: Arc::clone(&it.name),
            points: it.points.clone(),
        };
        Scene {
            seq: it.seq,
            size: it.size,
            complete: it.complete,
            found: it.found.iter().map(Thing::from).collect(),
            model: Arc::clone(&it.model),
            provider: Arc::clone(&it.provider),
            areas: it.areas.iter().map(area).collect(),
        }
    }
}

impl From<&Object> for Thing {
    fn from(it: &Object) -> Thing {
        let more = it.more.as_deref().cloned().unwrap_or_default();
        let mask = more.mask.map(|it| (it.width, it.cells.clone()));
        Thing {
            label: Arc::clone(&it.label),
            score: it.score,
            bounds: it.bounds,
            track: more.track,
            landmarks: more.landmarks,
            mask,
            area: more.area,
            zones: more.zones,
            vector: more.vector,
        }
    }
}

impl Scene {
    /// What was found, as nodes take it, of a source that is called so here; without time and picture.
    ///
    /// # Errors
    /// What in it can be in no picture.
    pub fn objects(self, source: &Arc<str>) -> Result<Objects, &'static str> {
        if self.found.len() > MOST_OBJECTS {
            return Err("it has more than 1000 objects");
        }
        let found: Option<Vec<Object>> = self.found.into_iter().map(Thing::object).collect();
        let area = |it: Place| Area {
            name: it.name,
            points: it.points,
        };
        Ok(Objects {
            source: Arc::clone(source),
            seq: self.seq,
            at: Default::default(),
            size: self.size,
            file: None,
            frame: None,
            complete: self.complete,
            found: found
                .ok_or("it has an object that can be in no picture")?
                .into(),
            model: self.model,
            provider: self.provider,
            areas: self.areas.into_iter().map(area).collect(),
        })
    }
}

impl Thing {
    /// The object, if it can be one.
    fn object(self) -> Option<Object> {
        let is_near = |it: &f32| it.abs() <= FURTHEST;
        let is_part = |it: f32| (0.0..=1.0).contains(&it);
        let points = self.landmarks.as_flattened();
        let vector = self.vector.as_deref().unwrap_or_default();
        let is_mask = |(width, cells): &(u32, Vec<u8>)| {
            *width > 0 && !cells.is_empty() && cells.len().is_multiple_of(*width as usize)
        };
        let is_right = is_part(self.score)
            && self.bounds.iter().chain(points).all(is_near)
            && vector.iter().all(|it| it.is_finite())
            && self.area.is_none_or(is_part)
            && self.mask.as_ref().is_none_or(is_mask);
        let more = More {
            track: self.track,
            landmarks: self.landmarks,
            mask: self
                .mask
                .map(|(width, cells)| Arc::new(Mask { width, cells })),
            area: self.area,
            zones: self.zones,
            vector: self.vector,
        };
        is_right.then(|| Object {
            label: self.label,
            score: self.score,
            bounds: self.bounds,
            more: (more != More::default()).then(|| Box::new(more)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects() -> Objects {
        let person = |more| Object {
            label: Arc::from("person"),
            score: 0.912_34,
            bounds: [1.25, 2.0, 30.123, 40.0],
            more,
        };
        let more = More {
            track: Some(3),
            landmarks: vec![[1.0, 2.5]],
            mask: Some(Arc::new(Mask {
                width: 2,
                cells: vec![0, 255, 7, 1],
            })),
            area: Some(0.5),
            zones: Arc::new([Arc::from("door")]),
            vector: Some(Arc::new([0.1, -0.2])),
        };
        Objects {
            source: Arc::from("cam"),
            seq: 9,
            at: Default::default(),
            size: [64, 48],
            file: None,
            frame: None,
            complete: true,
            found: Arc::new([person(None), person(Some(Box::new(more)))]),
            model: Arc::from("m@1"),
            provider: Arc::from("cpu"),
            areas: Arc::new([Area {
                name: Arc::from("door"),
                points: vec![[0.0, 1.0]],
            }]),
        }
    }

    #[test]
    fn all_that_is_known_is_known_on_the_other_side() {
        let sent = objects();
        let line = serde_json::to_vec(&Scene::from(&sent)).expect("JSON");
        let scene: Scene = serde_json::from_slice(&line).expect("it is one");
        let taken = scene.objects(&sent.source).expect("it is right");
        assert_eq!(format!("{taken:?}"), format!("{sent:?}"));
    }

    #[test]
    fn what_can_be_in_no_picture_is_refused() {
        let right = serde_json::to_string(&Scene::from(&objects())).expect("JSON");
        for (from, to) in [
            ("1.25,", "1e30,"),
            ("0.91234,", "2.0,"),
            ("[2,[0,255", "[0,[0,255"),
            ("[2,[0,255", "[3,[0,255"),
            ("-0.2", "1e300"),
            ("\"area\":0.5", "\"area\":-1"),
        ] {
            let wrong = right.replace(from, to);
            assert_ne!(wrong, right, "{from}");
            let scene = serde_json::from_str(&wrong).ok();
            let objects = scene.and_then(|it: Scene| it.objects(&Arc::from("cam")).ok());
            assert!(objects.is_none(), "{to}");
        }
    }
}

//! What detectors put out, turned into boxes: one file a family, and one line in the list.

mod deploy;
mod detr;
mod fastestdet;
mod grid;
mod head;
mod nanodet;
mod refused;
mod ssd;
#[cfg(test)]
pub(super) mod testing;
mod yolo_ends;
mod yolov5;
mod yolov8;
mod yolox;
mod yunet;

pub use self::head::{Facts, Family, Head, Masks};
pub use self::refused::refused;

/// How a model can be read as a family's.
type Fitting = fn(&Facts<'_>) -> Vec<Box<dyn Head>>;

/// A family in the list.
pub struct Known {
    /// What it is called in the option `family`.
    pub name: &'static str,
    /// By what it is known.
    pub by: &'static str,
    fit: Fitting,
}

/// All families.
pub const FAMILIES: [Known; 16] = [
    known::<yolox::Ours>(),
    known::<yolox::Six>(),
    known::<yolov5::Yolov5>(),
    known::<yolov8::Yolov8>(),
    known::<yolo_ends::YoloEnds>(),
    known::<detr::RtDetr>(),
    known::<detr::RfDetr>(),
    known::<detr::Detr>(),
    known::<nanodet::NanoDet>(),
    known::<nanodet::Plus>(),
    known::<nanodet::PicoDet>(),
    known::<fastestdet::FastestDet>(),
    known::<ssd::Ssd>(),
    known::<deploy::Torchvision>(),
    known::<deploy::Tensorflow>(),
    known::<yunet::Yunet>(),
];

const fn known<F: Family>() -> Known {
    Known {
        name: F::NAME,
        by: F::KNOWN_BY,
        fit: F::fit,
    }
}

/// A way to read a model's outputs, and the name of the family that does so.
pub struct Reading {
    /// As in the option `family`.
    pub family: &'static str,
    /// What decodes them.
    pub head: Box<dyn Head>,
}

/// All ways to read the outputs of a model, of one family if it is named.
pub fn readings(facts: &Facts<'_>, family: Option<&str>) -> Vec<Reading> {
    let is_asked = |it: &&Known| family.is_none_or(|name| name == it.name);
    let read = |it: &Known| {
        let family = it.name;
        (it.fit)(facts)
            .into_iter()
            .map(move |head| Reading { family, head })
    };
    FAMILIES.iter().filter(is_asked).flat_map(read).collect()
}

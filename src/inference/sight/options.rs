//! Options of every node that shows pictures to a model.

use schemars::JsonSchema;
use serde::Deserialize;

use super::picture::{Colours, Picture, Place};

/// What a model is shown, where its file does not tell or tells it wrong.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Shown {
    /// Width and height of the pictures that the model is shown, in pixels, if it takes any size: `[640, 384]`. Default: the
    /// size that it was exported with, or else `[640, 640]`.
    #[serde(default)]
    pub size: Option<[usize; 2]>,
    /// What the levels of a pixel become. Default: as models of its family are trained.
    #[serde(default)]
    pub normalise: Option<Normalise>,
    /// Which colour comes first. Default: as models of its family are trained.
    #[serde(default)]
    pub colours: Option<Order>,
    /// Where a frame goes whose proportions are not those of the model's pictures. Default: as models of its family are
    /// trained.
    #[serde(default)]
    pub fit: Option<Fitting>,
}

/// What the levels of a pixel, 0 to 255, become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Normalise {
    /// They stay.
    #[serde(rename = "0-255")]
    Levels,
    /// Parts of the highest.
    #[serde(rename = "0-1")]
    Parts,
    /// From -1 to 1.
    #[serde(rename = "-1-1")]
    Signed,
    /// Less the mean of ImageNet's pictures, divided by their deviation.
    #[serde(rename = "imagenet")]
    Imagenet,
}

/// An order of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// Where a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fitting {
    /// Whole, into the upper left corner.
    Corner,
    /// Whole, into the middle.
    Centre,
    /// Everywhere: its proportions are lost.
    Stretch,
    /// Everywhere: of its longer side only the middle is seen.
    Crop,
}

impl Shown {
    /// A family's picture with what is asked for otherwise.
    pub fn picture(&self, usual: Picture) -> Picture {
        let mut picture = usual;
        if let Some(order) = self.colours {
            let colours = match order {
                Order::Rgb => Colours::Rgb,
                Order::Bgr => Colours::Bgr,
            };
            if colours != usual.colours {
                picture.mean.reverse();
                picture.std.reverse();
            }
            picture.colours = colours;
        }
        if let Some(normalise) = self.normalise {
            let Picture { mean, std, .. } = match normalise {
                Normalise::Levels => Picture::PLAIN,
                Normalise::Parts => Picture::YOLO,
                Normalise::Signed => Picture::SIGNED,
                Normalise::Imagenet => Picture::IMAGENET,
            };
            (picture.mean, picture.std) = (mean, std);
            if picture.colours == Colours::Bgr {
                picture.mean.reverse();
                picture.std.reverse();
            }
        }
        if let Some(fit) = self.fit {
            picture.place = match fit {
                Fitting::Corner => Place::Corner,
                Fitting::Centre => Place::Centre,
                Fitting::Stretch => Place::Stretch,
                Fitting::Crop => Place::Crop,
            };
        }
        picture
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_to_their_colours() {
        let shown = |normalise, colours| Shown {
            normalise,
            colours,
            ..Shown::default()
        };
        let blue_first = shown(None, Some(Order::Bgr)).picture(Picture::IMAGENET);
        assert_eq!(blue_first.mean, [103.53, 116.28, 123.675]);
        let same = shown(Some(Normalise::Imagenet), Some(Order::Bgr)).picture(Picture::YOLO);
        assert_eq!((same.mean, same.std), (blue_first.mean, blue_first.std));
        assert_eq!(shown(None, None).picture(Picture::PLAIN), Picture::PLAIN);
    }
}

//! What a family of detectors wants of a picture, and how a frame was made into one.

use crate::inference::onnx::tensor::About;

/// What a family of detectors was trained on. Layout and type of the numbers are in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picture {
    /// Where a frame of other proportions goes.
    pub place: Place,
    /// The grey around it, 0 to 255.
    pub padding: f32,
    /// Which colour comes first.
    pub colours: Colours,
    /// Taken from each level (0 to 255), a number a colour in the order of `colours`.
    pub mean: [f32; 3],
    /// By which each level is divided after that.
    pub std: [f32; 3],
}

/// Where a frame goes whose proportions are not those of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into the upper left corner, whole.
    Corner,
    /// Into the middle, whole.
    Centre,
    /// Everywhere: its proportions are lost.
    Stretch,
    /// Everywhere: what has no room on two sides is cut off before.
    Crop,
}

/// An order of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Blue first, as OpenCV has them.
    Bgr,
    /// Red first.
    Rgb,
}

impl Picture {
    /// Levels as they are, blue first, in the upper left corner.
    pub const PLAIN: Picture = Picture {
        place: Place::Corner,
        padding: 114.0,
        colours: Colours::Bgr,
        mean: [0.0; 3],
        std: [1.0; 3],
    };

    /// As YOLOv5 and its heirs are trained: parts of the highest level, red first, in the middle.
    pub const YOLO: Picture = Picture {
        place: Place::Centre,
        padding: 114.0,
        colours: Colours::Rgb,
        mean: [0.0; 3],
        std: [255.0; 3],
    };

    /// As RT-DETR is: the same, stretched.
    pub const STRETCHED: Picture = Picture {
        place: Place::Stretch,
        ..Picture::YOLO
    };

    /// As networks that were trained on ImageNet are: less the mean of its pictures, by their deviation, stretched.
    pub const IMAGENET: Picture = Picture {
        mean: [123.675, 116.28, 103.53],
        std: [58.395, 57.12, 57.375],
        ..Picture::STRETCHED
    };

    /// As YOLO is that names whole pictures: parts of the highest level, of the middle.
    pub const CROPPED: Picture = Picture {
        place: Place::Crop,
        ..Picture::YOLO
    };

    /// From -1 to 1, stretched.
    pub const SIGNED: Picture = Picture {
        mean: [127.5; 3],
        std: [127.5; 3],
        ..Picture::STRETCHED
    };

    /// The same with the mean and deviation that an importer noted in the file, a number or three.
    pub fn noted(mut self, model: &About) -> Picture {
        let numbers = |key: &str| {
            let numbers = model.notes.get(key)?.split(',').map(|it| it.trim().parse());
            match numbers.collect::<Result<Vec<f32>, _>>().ok()?[..] {
                [all] => Some([all; 3]),
                [a, b, c] => Some([a, b, c]),
                _ => None,
            }
        };
        if let (Some(mean), Some(std)) = (numbers("otus.mean"), numbers("otus.std")) {
            (self.mean, self.std) = (mean, std);
        }
        self
    }

    /// What an input of `input` pixels shows of a part of a frame, `[x, y, width, height]`.
    pub fn seen(&self, part: [u32; 4], input: [usize; 2]) -> [u32; 4] {
        if self.place != Place::Crop {
            return part;
        }
        let [x, y, width, height] = part;
        let input = input.map(|it| it as f64);
        let scale = (f64::from(width) / input[0]).min(f64::from(height) / input[1]);
        let side = |whole: u32, input: f64| ((input * scale).round() as u32).clamp(1, whole);
        let (w, h) = (side(width, input[0]), side(height, input[1]));
        [x + (width - w) / 2, y + (height - h) / 2, w, h]
    }

    /// Where a frame of `frame` pixels goes in an input of `input` pixels, and how many it has there.
    pub fn fit(&self, frame: [f64; 2], input: [usize; 2]) -> (Fit, [usize; 2]) {
        let room = input.map(|it| it as f64);
        let ratio = [room[0] / frame[0], room[1] / frame[1]];
        let whole = ratio[0].min(ratio[1]);
        let (scale, size) = match self.place {
            // Cut, as YOLOX does: one row more moved weak scores by up to 0.09.
            Place::Corner => ([whole; 2], frame.map(|it| (it * whole) as usize)),
            Place::Centre => ([whole; 2], frame.map(|it| (it * whole).round() as usize)),
            Place::Stretch | Place::Crop => (ratio, input),
        };
        let offset = match self.place {
            // Of an odd rest the smaller half comes first, as in the letterbox of YOLOv5 and its heirs.
            Place::Centre => [0, 1].map(|at| (input[at] - size[at]) / 2),
            Place::Corner | Place::Stretch | Place::Crop => [0; 2],
        };
        let fit = Fit {
            scale: scale.map(|it| it as f32),
            offset,
            frame: frame.map(|it| it as f32),
            origin: [0.0; 2],
        };
        (fit, size)
    }
}

/// How a frame was fitted into the input of a model. Pairs are `[x, y]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Model pixels per frame pixel.
    pub scale: [f32; 2],
    /// Model pixels before the first of the frame.
    pub offset: [usize; 2],
    /// Size of what is shown in frame pixels.
    pub frame: [f32; 2],
    /// Frame pixels before the first that is shown.
    pub origin: [f32; 2],
}

impl Fit {
    /// A point in model pixels in frame pixels, where it may also be outside of the frame.
    pub fn point(&self, point: [f32; 2]) -> [f32; 2] {
        [0, 1].map(|axis| {
            (point[axis] - self.offset[axis] as f32) / self.scale[axis] + self.origin[axis]
        })
    }

    /// A box `[left, top, right, bottom]` in model pixels as `[x, y, width, height]` in frame
    /// pixels, cut to what is shown.
    pub fn to_frame(&self, corners: [f32; 4]) -> [f32; 4] {
        let place = |at: usize| {
            let axis = at % 2;
            let model = corners[at] - self.offset[axis] as f32;
            (model / self.scale[axis]).clamp(0.0, self.frame[axis])
        };
        let [x, y] = self.origin;
        [
            x + place(0),
            y + place(1),
            place(2) - place(0),
            place(3) - place(1),
        ]
    }

    /// What the frame covers of the input: `[left, top, right, bottom]` in model pixels.
    pub fn shown(&self) -> [f32; 4] {
        let [left, top] = self.offset.map(|it| it as f32);
        let [width, height] = [0, 1].map(|axis| self.frame[axis] * self.scale[axis]);
        [left, top, left + width, top + height]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_come_back_in_frame_pixels_and_inside_the_frame() {
        let (fit, size) = Picture::PLAIN.fit([100.0, 60.0], [50, 50]);
        assert_eq!(size, [50, 30]);
        assert_eq!(
            fit.to_frame([5.0, 10.0, 15.0, 20.0]),
            [10.0, 20.0, 20.0, 20.0]
        );
        assert_eq!(
            fit.to_frame([-5.0, -5.0, 500.0, 500.0]),
            [0.0, 0.0, 100.0, 60.0]
        );
    }

    #[test]
    fn a_picture_in_the_middle_and_one_that_is_stretched_come_back_whole() {
        for (place, whole, offset) in [
            (Place::Centre, [0.0, 10.0, 50.0, 40.0], [0, 10]),
            (Place::Stretch, [0.0, 0.0, 50.0, 50.0], [0, 0]),
        ] {
            let picture = Picture {
                place,
                ..Picture::PLAIN
            };
            let (fit, _) = picture.fit([100.0, 60.0], [50, 50]);
            assert_eq!(fit.offset, offset);
            assert_eq!(fit.to_frame(whole), [0.0, 0.0, 100.0, 60.0]);
            assert_eq!(fit.shown(), whole);
        }
    }

    #[test]
    fn the_middle_is_shown_and_what_is_in_it_comes_back_to_its_place() {
        let crop = Picture::CROPPED;
        assert_eq!(crop.seen([0, 0, 100, 60], [50, 50]), [20, 0, 60, 60]);
        assert_eq!(crop.seen([7, 5, 10, 40], [50, 100]), [7, 15, 10, 20]);
        assert_eq!(crop.seen([0, 0, 1, 300], [50, 100]), [0, 149, 1, 2]);
        assert_eq!(Picture::YOLO.seen([7, 5, 10, 40], [9, 9]), [7, 5, 10, 40]);
        let (fit, size) = crop.fit([60.0, 60.0], [30, 30]);
        let fit = Fit {
            origin: [20.0, 0.0],
            ..fit
        };
        assert_eq!(size, [30, 30]);
        assert_eq!(
            fit.to_frame([-5.0, 10.0, 15.0, 50.0]),
            [20.0, 20.0, 30.0, 40.0]
        );
        assert_eq!(fit.point([10.0, 10.0]), [40.0, 20.0]);
    }
}

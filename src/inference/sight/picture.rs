//! What a family of detectors wants of a picture, and how a frame was made into one.

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

    /// From -1 to 1, stretched.
    pub const SIGNED: Picture = Picture {
        mean: [127.5; 3],
        std: [127.5; 3],
        ..Picture::STRETCHED
    };

    /// Where a frame of `frame` pixels goes in an input of `input` pixels, and how many it has there.
    pub fn fit(&self, frame: [f64; 2], input: [usize; 2]) -> (Fit, [usize; 2]) {
        let room = input.map(|it| it as f64);
        let ratio = [room[0] / frame[0], room[1] / frame[1]];
        let whole = ratio[0].min(ratio[1]);
        let (scale, size) = match self.place {
            // Cut, as YOLOX does: one row more moved weak scores by up to 0.09.
            Place::Corner => ([whole; 2], frame.map(|it| (it * whole) as usize)),
            Place::Centre => ([whole; 2], frame.map(|it| (it * whole).round() as usize)),
            Place::Stretch => (ratio, input),
        };
        let offset = match self.place {
            // Of an odd rest the smaller half comes first, as in the letterbox of YOLOv5 and its heirs.
            Place::Centre => [0, 1].map(|at| (input[at] - size[at]) / 2),
            Place::Corner | Place::Stretch => [0; 2],
        };
        let fit = Fit {
            scale: scale.map(|it| it as f32),
            offset,
            frame: frame.map(|it| it as f32),
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
    /// Size of the frame in pixels.
    pub frame: [f32; 2],
}

impl Fit {
    /// A point in model pixels in frame pixels, where it may also be outside of the frame.
    pub fn point(&self, point: [f32; 2]) -> [f32; 2] {
        [0, 1].map(|axis| (point[axis] - self.offset[axis] as f32) / self.scale[axis])
    }

    /// A box `[left, top, right, bottom]` in model pixels as `[x, y, width, height]` in frame
    /// pixels, cut to the frame.
    pub fn to_frame(&self, corners: [f32; 4]) -> [f32; 4] {
        let place = |at: usize| {
            let axis = at % 2;
            let model = corners[at] - self.offset[axis] as f32;
            (model / self.scale[axis]).clamp(0.0, self.frame[axis])
        };
        [place(0), place(1), place(2) - place(0), place(3) - place(1)]
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
        }
    }
}

//! Names of classes.

use std::sync::Arc;

/// The 80 classes of COCO's detection task, in the order of its models.
const COCO: &str = "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,\
fire hydrant,stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,\
backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,\
baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,\
apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,\
dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,\
refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush";

/// The labels called `name`, or `name` itself as a list with commas.
pub fn list(name: &str) -> Vec<Arc<str>> {
    let text = if name == "coco" { COCO } else { name };
    text.split(',')
        .map(|label| Arc::from(label.trim()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coco_has_80_classes_and_other_lists_are_read_as_they_are() {
        let coco = list("coco");
        assert_eq!(
            (coco.len(), &*coco[0], &*coco[79]),
            (80, "person", "toothbrush")
        );
        assert_eq!(list("face"), [Arc::from("face")]);
    }
}

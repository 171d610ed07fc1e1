"""Labels every picture and clip frame with the boxes of YOLOX-nano."""

import json

import cv2
import numpy as np

from boxes import Detector, covered, iou
from scenes import CLIPS, OPENCV, PEOPLE, PLAIN, SIGN, STREET, STREET_TEST, TEACHER, WALLPAPERS, WORK, pictures

FLOOR = 0.2  # below this the teacher's boxes are noise
SURE = 0.4  # from this on they are people; between the two they are ignored
LARGEST = 960  # larger pictures only slow the training down


def shrink(image):
    """Limit the longer side to LARGEST pixels."""
    scale = LARGEST / max(image.shape[:2])
    if scale >= 1:
        return image
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def tiles(image):
    """Four overlapping parts of an image: (x, y, part)."""
    height, width = image.shape[0] * 3 // 5, image.shape[1] * 3 // 5
    for y in (0, image.shape[0] - height):
        for x in (0, image.shape[1] - width):
            yield x, y, image[y : y + height, x : x + width]


def close_look(teacher, image, known):
    """People that only enlarged parts show; these are small in the whole frame."""
    found = []
    for x, y, part in tiles(image):
        for box in teacher.people(part, SURE):
            edge = box[:2].min() < 3 or (part.shape[1::-1] - box[2:4]).min() < 3
            box[:4] += (x, y, x, y)
            others = np.array([row[:4] for row in [*known, *found]]).reshape(-1, 4)
            fresh = iou(box[:4], others).max(initial=0) < 0.3
            # A person cut by the edge of a part has no true box: ignore it,
            # but not where it is the piece of a person already known.
            if fresh and not (edge and covered(box[:4], others).max(initial=0) > 0.6):
                found.append([*box[:4], FLOOR if edge else box[4]])
    return found


def label(teacher, image, empty):
    """Whole-frame boxes and the extra ones of the closer look."""
    if empty:
        return {"boxes": [], "small": []}
    whole = teacher.people(image, FLOOR)
    small = close_look(teacher, image, whole)
    return {"boxes": np.round(whole, 3).tolist(), "small": np.round(small, 3).tolist()}


def without_sign(entry):
    """Street labels less the sign post that is no person; only for training."""
    for key in ("boxes", "small"):
        entry[key] = [row for row in entry[key] if iou(SIGN, row[:4])[0, 0] < 0.3]


def clip_frames(path, step, stop=None):
    """Every step-th frame of a clip: (number, image)."""
    clip, number = cv2.VideoCapture(str(path)), 0
    while number != stop:
        more, image = clip.read()
        if not more:
            return
        if number % step == 0:
            yield number, image
        number += 1


def frames():
    """Everything to label: (name, scene, held out, forced empty, image)."""
    for path, scene, held, empty in pictures():
        yield path.stem, scene, held, empty, cv2.imread(str(path))
    for name in PLAIN:
        (path,) = OPENCV.glob(f"{name}.*")
        yield f"ocv_{name}", f"ocv_{name}", False, True, cv2.imread(str(path))
    for path in sorted(WALLPAPERS.rglob("*.jpg")):
        yield f"wall_{path.stem}", f"wall_{path.stem}", False, True, cv2.imread(str(path))
    for scene, step in CLIPS.items():
        for number, image in clip_frames(PEOPLE / f"train/{scene}.mp4", step):
            yield f"{scene}_clip{number:04}", scene, False, "car" in scene, image
    for number, image in clip_frames(STREET, 2):
        held = number >= STREET_TEST
        yield f"vtest_{number:04}", "vtest", held, False, image


def main():
    teacher = Detector(TEACHER)
    folder = WORK / "frames"
    folder.mkdir(parents=True, exist_ok=True)
    labels = []
    for name, scene, held, empty, image in frames():
        # Held-out pictures keep their pixels: the measurement is on the original.
        image = image if held else shrink(image)
        cv2.imwrite(str(folder / f"{name}.png"), image)
        entry = {"name": name, "scene": scene, "held": held, "empty": empty}
        entry |= label(teacher, image, empty)
        if scene == "vtest" and not held:
            without_sign(entry)
        labels.append(entry)
        if len(labels) % 100 == 0:
            print(f"teacher: {len(labels)} frames", flush=True)
    (WORK / "labels.json").write_text(json.dumps(labels))
    print(f"teacher: {len(labels)} frames, {sum(len(l['boxes']) for l in labels)} boxes")


if __name__ == "__main__":
    main()

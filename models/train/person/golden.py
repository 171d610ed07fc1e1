"""Writes the teacher's boxes on a few last-quarter street frames, for tests without the teacher."""

import json
import sys

from boxes import Detector
from scenes import SIGN, STREET, STREET_TEST, TEACHER
from teacher import SURE, clip_frames

STEP = 20


def main():
    teacher = Detector(TEACHER)
    frames = []
    for number, image in clip_frames(STREET, STEP):
        if number < STREET_TEST:
            continue
        rows = teacher.people(image, SURE)
        boxes = [[round(float(v), 1) for v in row[:4]] + [round(float(row[4]), 3)] for row in rows]
        frames.append({"frame": number, "boxes": boxes})
    height, width = image.shape[:2]
    golden = {
        "about": "people that YOLOX-nano (416x416, score >= 0.4, NMS 0.45) finds in vtest.avi of Debian's opencv-doc: "
        "x1, y1, x2, y2 in pixels, score; frame 0 is the first; sign is a sign post that it takes for a person",
        "width": width,
        "height": height,
        "sign": SIGN,
    }
    with open(sys.argv[1], "w") as file:
        # One frame per line, so that a difference can be read.
        lines = ",\n".join("    " + json.dumps(frame) for frame in frames)
        head = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items())
        file.write(f'{{\n{head},\n  "frames": [\n{lines}\n  ]\n}}\n')
    print(f"{sys.argv[1]}: {len(frames)} frames, {sum(len(f['boxes']) for f in frames)} boxes")


if __name__ == "__main__":
    main()

"""Writes the golden detections that tests compare otus with: the same models by onnxruntime and OpenCV alone.

    pip install onnxruntime==1.31.1 opencv-python-headless==5.0.0.93 numpy && python tests/reference/detect.py

Models and media come from the folder that OTUS_SHARED names, by default `../shared` beside the checkout. Boxes are
[x, y, width, height] in pixels of the source frame, clipped to it.
"""

import hashlib
import json
import os
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("OTUS_SHARED", ROOT.parent / "shared"))
SCORE, IOU, PAD, STRIDES = 0.3, 0.45, 114, (8, 16, 32)
YUNET = "yunet_n_320_320.onnx"
FACES = [  # none to nine faces, both orientations, one picture much reduced
    "data/people/train/intel_head-pose-face-detection-female-and-male_f0009.jpg",
    "data/people/train/intel_face-demographics-walking_f0013.jpg",
    "data/people/train/intel_classroom_f0005.jpg",
    "data/people/train/18f_day-in-life-content_allhands.jpg",
    "data/people/train/intel_bottle-detection_f0099.jpg",
    "media/dusty_peds_0.jpg",
]
COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,"
    "bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,"
    "skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,"
    "cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,"
    "potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,"
    "refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush"
).split(",")


def letterbox(image, size):
    """The image scaled to fit a square, in its top left corner, the rest grey; and the scale. Truncated as in YOLOX."""
    height, width = image.shape[:2]
    scale = min(size / width, size / height)
    scaled = cv2.resize(image, (int(width * scale), int(height * scale)), interpolation=cv2.INTER_LINEAR)
    canvas = np.full((size, size, 3), PAD, np.uint8)
    canvas[: scaled.shape[0], : scaled.shape[1]] = scaled
    return canvas.astype(np.float32).transpose(2, 0, 1)[None], scale


def corners(raw, size):
    """[x0, y0, x1, y1] in letterbox pixels from (dx, dy, ln w, ln h) in cells, as both families code boxes."""
    grid = [np.stack(np.divmod(np.arange((size // s) ** 2), size // s)[::-1], 1) for s in STRIDES]
    stride = np.concatenate([np.full((len(g), 1), s) for g, s in zip(grid, STRIDES)])
    centre, extent = (raw[:, :2] + np.concatenate(grid)) * stride, np.exp(raw[:, 2:]) * stride
    return np.concatenate([centre - extent / 2, centre + extent / 2], 1)


def yolox(outputs):
    """(raw boxes, scores, classes); an anchor stands for its best class only."""
    raw = outputs["output"][0]
    scores = raw[:, 4:5] * raw[:, 5:]
    return raw[:, :4], scores.max(1), scores.argmax(1)


def yunet(outputs):
    """As `yolox`, for faces; the landmarks (kps) are not part of the golden."""
    cls, obj, box = (np.concatenate([outputs[f"{name}_{s}"][0] for s in STRIDES]) for name in ("cls", "obj", "bbox"))
    score = np.sqrt(np.clip(cls, 0, 1) * np.clip(obj, 0, 1))[:, 0]
    return box, score, np.zeros(len(score), int)


def overlap(one, many):
    """Intersection over union of one [x0, y0, x1, y1] with many."""
    low, high = np.maximum(one[:2], many[:, :2]), np.minimum(one[2:], many[:, 2:])
    both = np.prod(np.clip(high - low, 0, None), 1)
    area = np.prod(one[2:] - one[:2]) + np.prod(many[:, 2:] - many[:, :2], 1)
    return both / (area - both)


def suppress(boxes, scores, classes):
    """Indices of likely boxes that survive, best first; only boxes of the same class suppress each other."""
    left, kept = np.argsort(-scores, kind="stable")[: np.sum(scores >= SCORE)], []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[(classes[left] != classes[best]) | (overlap(boxes[best], boxes[left]) <= IOU)]
    return kept


def detect(session, decode, labels, image):
    """Objects in one BGR image, values left as bytes 0-255 because both models were trained so."""
    port = session.get_inputs()[0]
    tensor, scale = letterbox(image, port.shape[2])
    names = [o.name for o in session.get_outputs()]
    raw, scores, classes = decode(dict(zip(names, session.run(names, {port.name: tensor}))))
    boxes = corners(raw, port.shape[2]) / scale
    edges, objects = image.shape[1::-1] * 2, []
    for i in suppress(boxes, scores, classes):
        x0, y0, x1, y1 = np.clip(boxes[i], 0, edges).tolist()
        box = [round(v, 2) for v in (x0, y0, x1 - x0, y1 - y0)]
        objects.append({"label": labels[classes[i]], "score": round(float(scores[i]), 4), "box": box})
    return objects


def stills(names):
    """As `frames`, for photos."""
    return [(name, 0, cv2.imread(str(SHARED / name))) for name in names]


def frames(name, every):
    """(file, index, image) of each `every`th frame; read in order, because seeking lands on key frames."""
    video, index = cv2.VideoCapture(str(SHARED / name)), 0
    while video.grab():
        if index % every == 0:
            yield name, index, video.retrieve()[1]
        index += 1


def agree(image, objects):
    """Fails where OpenCV's own YuNet sees other faces in the same letterbox: the decoding above is then wrong."""
    tensor, scale = letterbox(image, 320)
    theirs = cv2.FaceDetectorYN.create(str(SHARED / "models" / YUNET), "", (320, 320), SCORE, IOU)
    found = theirs.detect(tensor[0].transpose(1, 2, 0).astype(np.uint8))[1]
    rows = np.empty((0, 15)) if found is None else found[np.argsort(-found[:, 14])]
    assert len(rows) == len(objects), f"OpenCV finds {len(rows)} faces, not {len(objects)}"
    for row, face in zip(rows, objects):
        assert np.allclose(row[:4] / scale, face["box"], atol=0.1) and abs(row[14] - face["score"]) < 1e-3, (row, face)


def golden(path, model, decode, labels, images, check=lambda image, objects: None):
    """Runs the model over (file, frame index, image) and writes one line for each."""
    file = SHARED / "models" / model
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    head = dict(model=model, sha256=hashlib.sha256(file.read_bytes()).hexdigest(), score=SCORE, iou=IOU, pad=PAD)
    lines = []
    for name, index, image in images:
        objects = detect(session, decode, labels, image)
        check(image, objects)
        line = {"file": name, "frame": index, "size": image.shape[1::-1], "objects": objects}
        lines.append(json.dumps(line, separators=(",", ":")))
    text = json.dumps(head)[:-1] + ', "frames": [\n' + ",\n".join(lines) + "\n]}\n"
    (ROOT / "tests" / "golden" / path).write_text(text)
    print(f"{path}: {len(lines)} frames, {text.count('label')} objects")


if __name__ == "__main__":
    media = stills(["media/yolox_dog.jpg"]) + list(frames("media/one-by-one-person-detection.mp4", every=20))
    golden("detect_yolox_nano.json", "yolox_nano.onnx", yolox, COCO, media)
    golden("detect_yunet.json", YUNET, yunet, ["face"], stills(FACES), agree)

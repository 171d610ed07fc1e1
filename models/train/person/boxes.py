"""Box arithmetic that the teacher, the training and the measurement share."""

import cv2
import numpy as np
import onnxruntime

PAD = 114  # the grey YOLOX pads with


def letterbox(image, width, height):
    """Scale an image into the top left of a grey canvas; returns canvas, scale."""
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    canvas = np.full((height, width, 3), PAD, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return canvas, scale


def grid(width, height):
    """Anchor points of strides 8, 16, 32 in YOLOX order: [N, 3] of x, y, stride."""
    points = []
    for stride in (8, 16, 32):
        ys, xs = np.mgrid[: height // stride, : width // stride]
        steps = np.full(xs.size, stride)
        points.append(np.stack([xs.ravel(), ys.ravel(), steps], 1))
    return np.concatenate(points).astype(np.float32)


def decode(raw, points):
    """Turn raw YOLOX rows into corner boxes on the input canvas."""
    centre = (raw[:, :2] + points[:, :2]) * points[:, 2:]
    half = np.exp(raw[:, 2:4]) * points[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], 1)


def iou(a, b):
    """Intersection over union of every box of a with every box of b."""
    a, b = np.asarray(a).reshape(-1, 1, 4), np.asarray(b).reshape(1, -1, 4)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    inter = np.clip(high - low, 0, None).prod(-1)
    area = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1)
    return inter / np.maximum(area - inter, 1e-9)


def covered(box, others):
    """The share of a box that each of the others covers."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    return np.clip(high - low, 0, None).prod(1) / max((box[2:] - box[:2]).prod(), 1e-9)


def suppress(boxes, scores, limit=0.45):
    """Indices kept by greedy non-maximum suppression, best first."""
    order, kept = np.argsort(-scores), []
    while order.size:
        kept.append(order[0])
        order = order[1:][iou(boxes[order[0]], boxes[order[1:]])[0] <= limit]
    return kept


class Detector:
    """A YOLOX-style ONNX file, run on one thread, that finds people."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        entry = self.session.get_inputs()[0]
        self.name, (self.height, self.width) = entry.name, entry.shape[2:]
        self.points = grid(self.width, self.height)

    def run(self, canvas):
        """Raw rows for one letterboxed BGR canvas."""
        tensor = canvas.transpose(2, 0, 1)[None].astype(np.float32)
        return self.session.run(None, {self.name: tensor})[0][0]

    def people(self, image, floor):
        """Rows of x1, y1, x2, y2, score in image pixels; class 0 is the person."""
        canvas, scale = letterbox(image, self.width, self.height)
        raw = self.run(canvas)
        keep = (raw[:, 4] * raw[:, 5] >= floor) & (raw[:, 5:].argmax(1) == 0)
        boxes = decode(raw[keep], self.points[keep]) / scale
        boxes = np.clip(boxes, 0, np.tile(image.shape[1::-1], 2))
        scores = raw[keep, 4] * raw[keep, 5]
        kept = suppress(boxes, scores)
        return np.column_stack([boxes[kept], scores[kept]])

"""Makes training pictures: crops, mosaics, pasted people, and what cameras do to them."""

import json

import cv2
import numpy as np
import torch

from boxes import PAD, covered, letterbox
from scenes import STAMPS, THINGS, WORK

# How often each family of scenes is drawn; frames of one clip are much alike.
SHARES = {"vtest": 26, "18f": 30, "bg18f": 12, "ocv": 10, "wall": 8, "commons": 10, "gmdcsa": 8, "intel": 12, "meva": 6}
MOST = 40  # boxes kept per picture
SURE = 0.4


class Frames(torch.utils.data.IterableDataset):
    """An endless stream of augmented pictures: (BGR tensor, [MOST, 5] boxes)."""

    def __init__(self, width, height, seed):
        self.width, self.height, self.seed = width, height, seed
        labels = [entry for entry in json.loads((WORK / "labels.json").read_text()) if not entry["held"]]
        self.families = {name: [] for name in SHARES}
        self.empties = []
        for entry in labels:
            image = cv2.imread(str(WORK / "frames" / f"{entry['name']}.png"))
            known = np.array(entry["boxes"]).reshape(-1, 5)
            small = np.array(entry["small"]).reshape(-1, 5)
            rows = np.concatenate([known, small])
            far = np.arange(len(rows)) >= len(known)
            item = (image, np.column_stack([rows, far]))
            self.families[entry["name"].split("_")[0]].append(item)
            if not len(rows):
                self.empties.append(item)
        self.cutouts = [
            cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            for path in sorted((WORK / "cutouts").glob("*.png"))
        ]
        self.things = [
            with_alpha(path) for thing in THINGS for path in sorted((STAMPS / thing).rglob("*.png"))
        ]
        shares = np.array(list(SHARES.values()), float)
        self.shares = shares / shares.sum()

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        self.random = np.random.default_rng([self.seed, worker.id if worker else 0])
        cv2.setNumThreads(1)
        while True:
            yield self.sample()

    def draw(self):
        family = self.families[self.random.choice(list(self.families), p=self.shares)]
        return family[self.random.integers(len(family))]

    def sample(self):
        """One finished training picture."""
        kind = self.random.random()
        if kind < 0.30:
            canvas, rows = self.whole(*self.draw())
        elif kind < 0.54:
            canvas, rows = self.zoom(*self.draw(), self.width, self.height)
        elif kind < 0.70:
            canvas, rows = self.mosaic()
        else:
            canvas, rows = self.pasted()
        if self.random.random() < 0.5:
            canvas = canvas[:, ::-1]
            rows[:, [0, 2]] = self.width - rows[:, [2, 0]]
        canvas = self.camera(canvas)
        truth = np.zeros((MOST, 5), np.float32)
        rows = rows[:MOST]
        truth[: len(rows)] = rows
        return torch.from_numpy(np.ascontiguousarray(canvas.transpose(2, 0, 1))), torch.from_numpy(truth)

    def whole(self, image, rows):
        """The picture exactly as the runtime will show it."""
        canvas, scale = letterbox(image, self.width, self.height)
        return canvas, visible(rows, scale, scale, 0, 0, canvas.shape)

    def zoom(self, image, rows, width, height):
        """A part of the picture, or the picture small, somewhere in a canvas."""
        fit = min(width / image.shape[1], height / image.shape[0])
        scale = fit * np.exp(self.random.uniform(np.log(0.6), np.log(2.5)))
        stretch = np.exp(self.random.uniform(-0.12, 0.12))
        sx, sy = scale * stretch, scale / stretch
        spare_x, spare_y = width - image.shape[1] * sx, height - image.shape[0] * sy
        x, y = self.random.uniform(0, 1, 2) * (spare_x, spare_y)
        matrix = np.array([[sx, 0, x], [0, sy, y]])
        fill = (PAD,) * 3
        canvas = cv2.warpAffine(image, matrix, (width, height), borderValue=fill)
        return canvas, visible(rows, sx, sy, x, y, canvas.shape)

    def mosaic(self):
        """Four zoomed pictures around a random centre."""
        canvas = np.full((self.height, self.width, 3), PAD, np.uint8)
        cx = int(self.width * self.random.uniform(0.3, 0.7))
        cy = int(self.height * self.random.uniform(0.3, 0.7))
        parts = []
        for x1, x2 in ((0, cx), (cx, self.width)):
            for y1, y2 in ((0, cy), (cy, self.height)):
                part, rows = self.zoom(*self.draw(), x2 - x1, y2 - y1)
                canvas[y1:y2, x1:x2] = part
                parts.append(rows + (x1, y1, x1, y1, 0))
        return canvas, np.concatenate(parts)

    def pasted(self):
        """Things, then cut-out people, before a background that has none."""
        image, rows = self.empties[self.random.integers(len(self.empties))]
        canvas, rows = self.zoom(image, rows, self.width, self.height)
        for _ in range(self.random.integers(0, 5)):
            thing = self.things[self.random.integers(len(self.things))]
            slim = np.exp(self.random.uniform(-0.9, 0.2))
            self.paste(canvas, thing, slim, np.empty((0, 4)))
        for _ in range(self.random.integers(0, 4)):
            person = self.cutouts[self.random.integers(len(self.cutouts))]
            box = self.paste(canvas, person, 1, rows)
            if box is not None:
                rows = np.concatenate([rows, [[*box, 0.85]]])
        return canvas, rows

    def paste(self, canvas, part, slim, rows):
        """Puts a part somewhere at some size and light; gives its box, or None where it finds no place."""
        tall = np.exp(self.random.uniform(np.log(0.12), np.log(0.9))) * self.height
        scale = tall / part.shape[0]
        part = cv2.resize(part, None, fx=scale * slim, fy=scale, interpolation=cv2.INTER_AREA)
        h, w = part.shape[:2]
        if w >= self.width or h >= self.height:
            return None
        x, y = self.random.integers(self.width - w), self.random.integers(self.height - h)
        box = np.array([[x, y, x + w, y + h]])
        if any(covered(row[:4], box)[0] > 0.5 for row in rows):
            return None
        alpha = part[..., 3:] / 255.0
        light = self.random.uniform(0.7, 1.2)
        place = canvas[y : y + h, x : x + w]
        place[:] = np.clip(place * (1 - alpha) + part[..., :3] * light * alpha, 0, 255)
        return box[0]

    def camera(self, canvas):
        """Light, colour, blur, noise and compression of poor cameras."""
        chance = self.random.random(6)
        if chance[0] < 0.8:
            gain = self.random.uniform(0.6, 1.4) * self.random.uniform(0.88, 1.12, 3)
            levels = np.arange(256)[:, None] / 255.0
            gamma = self.random.uniform(0.7, 1.5)
            table = np.clip(levels**gamma * gain * 255 + self.random.uniform(-20, 20), 0, 255)
            canvas = cv2.LUT(np.ascontiguousarray(canvas), table.astype(np.uint8)[None])
        if chance[1] < 0.5:
            grey = cv2.cvtColor(np.ascontiguousarray(canvas), cv2.COLOR_BGR2GRAY)[..., None]
            strength = self.random.uniform(0, 1.5) if chance[1] > 0.12 else 0
            canvas = np.clip(grey + (canvas.astype(np.float32) - grey) * strength, 0, 255).astype(np.uint8)
        if chance[2] < 0.15:
            size = self.random.choice([3, 5])
            canvas = cv2.blur(canvas, (int(size), int(self.random.choice([1, size]))))
        if chance[3] < 0.15:
            small = cv2.resize(canvas, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
            canvas = cv2.resize(small, (self.width, self.height))
        if chance[4] < 0.25:
            noise = self.random.standard_normal(canvas.shape, np.float32) * self.random.uniform(2, 14)
            canvas = np.clip(canvas + noise, 0, 255).astype(np.uint8)
        if chance[5] < 0.3:
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(self.random.integers(25, 90))]
            canvas = cv2.imdecode(cv2.imencode(".jpg", canvas, quality)[1], cv2.IMREAD_COLOR)
        return canvas


def with_alpha(path):
    """A picture with transparency; the few that have none are solid."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image.ndim == 2 or image.shape[2] == 3:
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2BGRA)
    return image


def visible(rows, sx, sy, x, y, shape):
    """Boxes as they lie on a canvas; a negative score says to ignore one.

    Ignored are: boxes the teacher is unsure of, people mostly cut off or too
    small, and people it saw only enlarged unless they are shown enlarged.
    """
    moved = rows[:, :4] * (sx, sy, sx, sy) + (x, y, x, y)
    inside = np.clip(moved, 0, np.tile(shape[1::-1], 2))
    size = inside[:, 2:] - inside[:, :2]
    seen = size.prod(1) / np.maximum((moved[:, 2:] - moved[:, :2]).prod(1), 1e-6)
    tall = size[:, 1]
    doubtful = (rows[:, 4] < SURE) | (seen < 0.4) | (tall < 10) | (size[:, 0] < 4)
    doubtful |= (rows[:, 5] > 0) & (tall < 36)
    score = np.where(doubtful, -1, rows[:, 4])
    keep = (seen > 0.1) & (size.min(1) > 1)
    return np.column_stack([inside, score])[keep]

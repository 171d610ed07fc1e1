"""Cuts well-seen people out of training frames, to be pasted on other backgrounds."""

import json

import cv2
import numpy as np

from scenes import WORK

TALL = 200  # cut people are stored no taller than this
PER_SCENE = 40


def cut(image, box):
    """A person with an alpha channel, or None where the outline is not credible."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box
    margin = 0.15 * (x2 - x1) + 4
    left, top = max(0, int(x1 - margin)), max(0, int(y1 - margin))
    part = image[top : int(y2 + margin), left : int(x2 + margin)]
    scale = min(1, TALL / (y2 - y1))
    part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    x1, y1, x2, y2 = (int(v * scale) for v in (x1 - left, y1 - top, x2 - left, y2 - top))
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.grabCut(part, mask, (x1, y1, x2 - x1, y2 - y1), None, None, 4, cv2.GC_INIT_WITH_RECT)
    alpha = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8) * 255
    part, alpha = part[y1:y2, x1:x2], cv2.medianBlur(alpha, 5)[y1:y2, x1:x2]
    filled = (alpha > 0).mean()
    # A whole box is a failed outline; so is one that does not reach head and feet.
    spans = np.ptp(np.flatnonzero(alpha.any(1))) / len(alpha) if alpha.any() else 0
    if not 0.3 < filled < 0.85 or spans < 0.93:
        return None
    return np.dstack([part, cv2.GaussianBlur(alpha, (3, 3), 0)])


def main():
    folder = WORK / "cutouts"
    folder.mkdir(exist_ok=True)
    cv2.setRNGSeed(1)
    counts = {}
    labels = [entry for entry in json.loads((WORK / "labels.json").read_text()) if not entry["held"]]
    for entry in np.random.default_rng(1).permutation(np.array(labels, object)):
        image = None
        for number, (x1, y1, x2, y2, score) in enumerate(entry["boxes"]):
            tall, slim = y2 - y1 > 80, 1.3 < (y2 - y1) / (x2 - x1 + 1) < 4.5
            if score < 0.7 or not tall or not slim or counts.get(entry["scene"], 0) >= PER_SCENE:
                continue
            if image is None:
                image = cv2.imread(str(WORK / "frames" / f"{entry['name']}.png"))
            person = cut(image, (x1, y1, x2, y2))
            if person is not None:
                counts[entry["scene"]] = counts.get(entry["scene"], 0) + 1
                cv2.imwrite(str(folder / f"{entry['name']}_{number}.png"), person)
    print(f"cutouts: {sum(counts.values())} people from {len(counts)} scenes")


if __name__ == "__main__":
    main()

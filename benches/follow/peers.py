"""`track` and trackers of PyPI behind one call: frames of `(seconds, [(score, [x, y, width, height]), …])` in, whose each box is out.

Whose a box is, is a number; none where it is nobody's yet. All keep who is hidden for two seconds, and take who is seen once.
"""

import subprocess
import time
from pathlib import Path

import numpy as np
from norfair import Detection, Tracker
from supervision import Detections
from trackers import ByteTrackTracker, OCSORTTracker

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / "target" / "benches" / "follow"
LOST_S = 2
OPTIONS = f"lost_ms = {1000 * LOST_S}\nframes = 1"


def build():
    """The program that has `track` follow boxes."""
    manifest = ROOT / "benches" / "follow" / "Cargo.toml"
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", manifest, "--target-dir", KEPT]
    subprocess.run(command, check=True)


def otus(frames, _rate, options=OPTIONS):
    """`track`, and milliseconds a frame."""
    lines = [" ".join(map(str, [at, *(it for score, bounds in boxes for it in (score, *bounds))])) for at, boxes in frames]
    program = KEPT / "release" / "otus-bench-follow"
    said = subprocess.run([program, options], input="\n".join(lines) + "\n", check=True, capture_output=True, text=True).stdout
    *ids, cost = said.splitlines()
    return [[None if it == "-" else int(it) for it in line.split()] for line in ids], float(cost)


def of_trackers(kind):
    """One of the package `trackers`."""

    def make(rate):
        tracker = kind(frame_rate=rate, lost_track_buffer=30 * LOST_S, minimum_consecutive_frames=1)

        def see(boxes):
            corners = np.array([[x, y, x + width, y + height] for _, (x, y, width, height) in boxes], float).reshape(-1, 4)
            scores = np.array([score for score, _ in boxes])
            given = Detections(xyxy=corners, confidence=scores, class_id=np.zeros(len(boxes), int))
            given.data["at"] = np.arange(len(boxes))
            told = tracker.update(given)
            pairs = zip(told.data["at"], told.tracker_id) if len(told) else ()
            return {int(at): int(who) for at, who in pairs if who >= 0}

        return see

    return make


def norfair(rate):
    """`norfair` by overlap."""
    hidden = max(1, round(LOST_S * rate))
    tracker = Tracker(distance_function="iou", distance_threshold=0.7, initialization_delay=0, hit_counter_max=hidden)

    def see(boxes):
        given = [Detection(np.array([[x, y], [x + width, y + height]]), data=at) for at, (_, (x, y, width, height)) in enumerate(boxes)]
        told = tracker.update(detections=given)
        return {it.last_detection.data: it.id for it in told if any(it.last_detection is one for one in given)}

    return see


def peer(make):
    """Follows frames as `otus` does."""

    def follow(frames, rate):
        see, ids, took = make(rate), [], []
        for _, boxes in frames:
            begun = time.perf_counter()
            told = see(boxes)
            took.append(1e3 * (time.perf_counter() - begun))
            ids.append([told.get(at) for at in range(len(boxes))])
        return ids, sorted(took)[len(took) // 2]

    return follow


ALL = {
    "otus": otus,
    "ByteTrack": peer(of_trackers(ByteTrackTracker)),
    "OC-SORT": peer(of_trackers(OCSORTTracker)),
    "norfair": peer(norfair),
}


def followed(follow, frames, rate):
    """What a tracker makes of frames, as measures take it."""
    ids, _ = follow(frames, rate)
    named = zip(ids, (boxes for _, boxes in frames), strict=True)
    return [[(who, bounds) for who, (_, bounds) in zip(whos, boxes, strict=True) if who is not None] for whos, boxes in named]

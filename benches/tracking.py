#!/usr/bin/python3
"""How well trackers of PyPI tell people apart, and what a frame of fifty objects costs them, beside `track` on the same boxes.

    benches/tracking.py MEDIA

Needs `trackers` and `norfair` (pip install, in an environment of their own), and MEDIA with `mot_TUD-Campus_gt.txt` and
`mot_TUD-Campus_test.txt`. `track` has its figures by `cargo test --release --lib -- people_of_a_street --nocapture`, over the same boxes and by the same
measures, IDF1 and MOTA by half an overlap; and with `zones` behind it by `cargo test --release --test allocations -- who_is --nocapture`.
"""

import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from norfair import Detection, Tracker
from scipy.optimize import linear_sum_assignment
from supervision import Detections
from trackers import ByteTrackTracker, OCSORTTracker

RATE = 25
# As `track` has it: two seconds.
LOST = 2 * RATE


def boxes(path):
    """Boxes of a file of MOTChallenge by frame, with the identities in it."""
    frames = defaultdict(list)
    for line in path.read_text().splitlines():
        number, who, *bounds = (float(it) for it in line.split(",")[:6])
        frames[int(number)].append((int(who), bounds))
    return frames


def overlap(one, other):
    side = [max(0, min(one[it] + one[it + 2], other[it] + other[it + 2]) - max(one[it], other[it])) for it in (0, 1)]
    both = side[0] * side[1]
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def idf1(truth, found):
    shared = defaultdict(int)
    for number, known in truth.items():
        for who, place in known:
            for number_of, bounds in found.get(number, []):
                shared[who, number_of] += overlap(place, bounds) >= 0.5
    whos, ids = (sorted({pair[it] for pair in shared}) for it in (0, 1))
    counts = np.array([[shared.get((who, it), 0) for it in ids] for who in whos])
    right = counts[linear_sum_assignment(-counts)].sum()
    return 2 * right / sum(len(it) for frames in (truth, found) for it in frames.values())


def mota(truth, found):
    """1 less what is missed, invented, and taken for another than before, as a share of all true boxes."""
    wrong, was = 0, {}
    for number in sorted(truth):
        known, told = truth[number], found.get(number, [])
        fits = np.array([[overlap(place, bounds) for _, bounds in told] for _, place in known]).reshape(len(known), len(told))
        # Who was whom before stays so where the boxes allow it.
        kept = np.array([[was.get(who) == one for one, _ in told] for who, _ in known]).reshape(fits.shape)
        rows, columns = linear_sum_assignment(-((fits >= 0.5) * (fits + kept)))
        pairs = [(row, column) for row, column in zip(rows, columns) if fits[row, column] >= 0.5]
        wrong += len(known) + len(told) - 2 * len(pairs)
        for row, column in pairs:
            who, one = known[row][0], told[column][0]
            wrong += was.get(who, one) != one
            was[who] = one
    return 1 - wrong / sum(len(it) for it in truth.values())


def of_trackers(make, rate=RATE):
    tracker = make(frame_rate=rate, lost_track_buffer=60, minimum_consecutive_frames=1)

    def see(bounds):
        corners = np.array([[x, y, x + width, y + height] for x, y, width, height in bounds], float).reshape(-1, 4)
        many = len(corners)
        given = Detections(xyxy=corners, confidence=np.full(many, 0.9), class_id=np.zeros(many, int))
        given.data["at"] = np.arange(many)
        told = tracker.update(given)
        pairs = zip(told.data["at"], told.tracker_id) if len(told) else ()
        return {int(at): int(who) for at, who in pairs if who >= 0}

    return see


def norfair():
    tracker = Tracker(distance_function="iou", distance_threshold=0.7, initialization_delay=0, hit_counter_max=LOST)

    def see(bounds):
        given = [Detection(np.array([[x, y], [x + width, y + height]]), data=at) for at, (x, y, width, height) in enumerate(bounds)]
        told = tracker.update(detections=given)
        return {it.last_detection.data: it.id for it in told if any(it.last_detection is one for one in given)}

    return see


def followed(see, frames):
    found = {}
    for number in range(1, max(frames) + 1):
        given = [bounds for _, bounds in frames.get(number, [])]
        found[number] = [(who, given[at]) for at, who in see(given).items()]
    return found


def cost(see):
    """Milliseconds a frame of fifty who walk beside each other: the median of five hundred."""
    random = np.random.default_rng(1)
    took = []
    for seq in range(500):
        given = [[it * 25 + random.uniform(0, 4), 300 + seq * 0.3, 20, 60] for it in range(50)]
        begun = time.perf_counter()
        see(given)
        took.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(took)


def main():
    media = Path(sys.argv[1])
    truth = boxes(media / "mot_TUD-Campus_gt.txt")
    print("| tracker | IDF1, MOTA, true boxes | IDF1, MOTA, found boxes | ms a frame of 50 |\n| --- | --- | --- | --- |")
    byte_track, oc_sort = lambda: of_trackers(ByteTrackTracker), lambda: of_trackers(OCSORTTracker)
    for name, make in ("trackers ByteTrack", byte_track), ("trackers OC-SORT", oc_sort), ("norfair", norfair):
        told = [followed(make(), boxes(media / f"mot_TUD-Campus_{it}.txt")) for it in ("gt", "test")]
        of_true, of_found = (f"{idf1(truth, it):.3f}, {mota(truth, it):.3f}" for it in told)
        print(f"| {name} | {of_true} | {of_found} | {cost(make()):.2f} |")


if __name__ == "__main__":
    main()

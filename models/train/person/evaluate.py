"""Measures an exported model against the teacher: found people, false boxes, speed."""

import argparse
import json
import time
from collections import defaultdict

import cv2
import numpy as np

from boxes import Detector, iou, letterbox
from scenes import SIGN, TEACHER, WORK

SURE = 0.4  # the teacher's boxes from here on are the truth
FLOOR = 0.05
THRESHOLD = 0.4
ROUNDS = 200


def match(found, truth):
    """How many of the found boxes, best first, lie on a true box of their own."""
    free, hits = list(range(len(truth))), 0
    for box in found[np.argsort(-found[:, 4])]:
        if not free:
            break
        overlap = iou(box[:4], truth[free, :4])[0]
        if overlap.max() >= 0.5:
            hits += 1
            free.pop(int(overlap.argmax()))
    return hits


def count(results, threshold):
    """Hits, found and true boxes over (found, truth) pairs at a threshold."""
    total = np.zeros(3, int)
    for found, truth in results:
        sure = found[found[:, 4] >= threshold]
        total += (match(sure, truth), len(sure), len(truth))
    return total


def f1(total):
    return 2 * total[0] / max(total[1] + total[2], 1)


def held_out(model):
    """Results of a model on every held-out picture, by scene."""
    results = defaultdict(list)
    labels = json.loads((WORK / "labels.json").read_text())
    for entry in labels:
        if not entry["held"]:
            continue
        image = cv2.imread(str(WORK / "frames" / f"{entry['name']}.png"))
        truth = np.array(entry["boxes"]).reshape(-1, 5)
        found = model.people(image, FLOOR)
        results[entry["scene"], entry["empty"]].append((found, truth[truth[:, 4] >= SURE]))
    return results


def signless(pairs):
    """The street without the sign post that the teacher calls a person."""
    return [[rows[iou(SIGN, rows[:, :4])[0] < 0.3] for rows in pair] for pair in pairs]


def groups(results):
    """The three sets that the goals speak of."""
    people, street, plain = [], [], []
    for (scene, empty), pairs in results.items():
        (plain if empty else street if scene == "vtest" else people).extend(pairs)
    return people, street, plain


def sweep(results):
    """What each score threshold would give: the choice of one is made from this."""
    people, street, plain = groups(results)
    print("threshold | new scenes F1 | street F1 | false boxes in 20 backgrounds")
    for threshold in np.arange(0.2, 0.71, 0.05):
        false = count(plain, threshold)[1] * 20 / len(plain)
        scores = f1(count(people, threshold)), f1(count(street, threshold))
        print(f"{threshold:.2f} | {scores[0]:.3f} | {scores[1]:.3f} | {false:.2f}")


def table(results, threshold):
    """The Markdown table of every held-out scene."""
    print("| scene | frames | teacher boxes | found | right | precision | recall | F1 |")
    print("|---|---|---|---|---|---|---|---|")
    people, street, plain = groups(results)
    rows = [(scene, pairs) for (scene, _), pairs in sorted(results.items())]
    rows += [("**new scenes, all**", people), ("**street, last quarter**", street)]
    rows += [("**street, sign post left out**", signless(street)), ("**backgrounds, all**", plain)]
    for name, pairs in rows:
        hits, found, true = total = count(pairs, threshold)
        numbers = f"{len(pairs)} | {true} | {found} | {hits}"
        if true:
            numbers += f" | {hits / max(found, 1):.2f} | {hits / true:.2f} | {f1(total):.3f} |"
        else:
            numbers += " | | | |"
        print(f"| {name} | {numbers}")


def speed(path):
    """Times model and teacher in turns on one thread, on a true street frame."""
    image = cv2.imread(str(WORK / "frames/vtest_0600.png"))
    runners = []
    for detector in (Detector(path), Detector(TEACHER)):
        runners.append((detector, letterbox(image, detector.width, detector.height)[0], []))
    for _ in range(ROUNDS):
        for detector, canvas, times in runners:
            began = time.perf_counter()
            detector.run(canvas)
            times.append(time.perf_counter() - began)
    own, teacher = (np.array(times) * 1000 for _, _, times in runners)
    print(f"speed: {np.median(own):.2f} ms against {np.median(teacher):.2f} ms of YOLOX-nano at 416:")
    print(f"{np.median(teacher) / np.median(own):.2f} times as fast by median, {teacher.min() / own.min():.2f} by best run")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model")
    arguments.add_argument("--threshold", type=float, default=THRESHOLD)
    given = arguments.parse_args()
    results = held_out(Detector(given.model))
    sweep(results)
    table(results, given.threshold)
    speed(given.model)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Which people detectors find in photos and scenes that otus-person was not trained on.

    benches/photos.py OTUS SHARED MODEL:LABEL:SCORE…

SHARED holds `data/people`, pictures with the boxes that YOLOX-nano finds; those of the scenes in the table of otus-person in
models/README.md are shown to each model. Boxes of the teacher from 0.4 on are people, weaker ones count neither way; a box is
right that overlaps one of them by half (intersection over union). Prints a Markdown table.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SURE, OVERLAP = 0.4, 0.5
PIPELINE = """
status.listen = "off"
sources.photos = {{ type = "camera", uri = "{folder}/*.jpg" }}
transforms.people = {{ type = "detect", inputs = ["photos"], model = "{model}", labels = ["{label}"], score = {score} }}
sinks.log = {{ type = "jsonl", inputs = ["people"], path = "log.jsonl" }}
"""


def new_scenes(shared):
    """Pictures and what is known of them."""
    table = (ROOT / "models/README.md").read_text()
    scenes = tuple(re.findall(r"^\| ((?:18f|bg18f|commons|gmdcsa|intel)_\S+) \|", table, re.M))
    every = json.loads((shared / "data/people/teacher_boxes.json").read_text())
    return [it for it in every if Path(it["file"]).name.startswith(scenes)]


def overlap(one, other):
    width = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    both = width * max(0, min(one[3], other[3]) - max(one[1], other[1]))
    area = sum((it[2] - it[0]) * (it[3] - it[1]) for it in (one, other))
    return both / (area - both)


def found_by(otus, shared, pictures, model, label, score):
    """Corners by picture, the surest first."""
    with tempfile.TemporaryDirectory() as folder:
        for picture in pictures:
            Path(folder, Path(picture["file"]).name).symlink_to(shared / "data/people" / picture["file"])
        written = PIPELINE.format(folder=folder, model=model, label=label, score=score)
        Path(folder, "p.toml").write_text(written)
        subprocess.run([otus, "run", "p.toml"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        events = [json.loads(line) for line in open(Path(folder, "log.jsonl"))]
    corners = lambda box: [box[0], box[1], box[0] + box[2], box[1] + box[3]]
    told = [it for it in events if it["kind"] == "detection"]
    return {Path(it["file"]).name: [corners(found["box"]) for found in it["objects"]] for it in told}


def judged(picture, boxes):
    """How many are right, wrong and missed."""
    known = picture.get("boxes", [])
    people, unsure = ([box for score, box in known if (score >= SURE) == sure] for sure in (True, False))
    right = wrong = 0
    for box in boxes:
        best = max(people, key=lambda it: overlap(box, it), default=None)
        if best and overlap(box, best) >= OVERLAP:
            people.remove(best)
            right += 1
        elif all(overlap(box, it) < OVERLAP for it in unsure):
            wrong += 1
    return right, wrong, len(people)


def main():
    otus, shared = (Path(it).resolve() for it in sys.argv[1:3])
    pictures = new_scenes(shared)
    print("| model, score | pictures | people | precision | recall | F1 |\n| --- | --- | --- | --- | --- | --- |")
    for asked in sys.argv[3:]:
        model, label, score = asked.split(":")
        found = found_by(otus, shared, pictures, model, label, score)
        every = [judged(it, found.get(Path(it["file"]).name, [])) for it in pictures]
        right, wrong, missed = (sum(column) for column in zip(*every))
        precision, recall = right / max(1, right + wrong), right / (right + missed)
        f1 = 2 * right / (2 * right + wrong + missed)
        print(f"| {model}, {score} | {len(pictures)} | {right + missed} | {precision:.2f} | {recall:.2f} | {f1:.3f} |", flush=True)


if __name__ == "__main__":
    main()

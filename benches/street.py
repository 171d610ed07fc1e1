#!/usr/bin/python3
"""The street video: visits that otus tells beside those counted by eye (benches/street_visits.toml).

    benches/street.py OTUS MODEL… [--fps 10,5,2,1] [--peers]

Runs `detect` with each model and `track` as it is set by default over .demo/vtest.avi (`make demo`), and prints a line each:

    told       visits that `track` has told of, and of how many it says rightly when they came and went, to a second
    recall     counted visits of which at least one told visit is: it is where they are in most of its frames
    precision  told visits that are the first of a counted one, as a share of all
    split      told visits of somebody of whom one was told already; as `track` has lost them on the way
    mixed      told visits that are somebody else for a second or more
    invented   told visits of nobody who was counted

and IDF1 over all frames, by where the middle of each body was noted. --peers has the trackers of PyPI follow the same boxes, norfair the surer half of them as it knows no doubt: needs
what benches/tracking.py needs. otus-person was trained on the first three quarters of this film, the other models on nothing of it.
"""

import argparse
import json
import subprocess
import tempfile
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

from follow.measures import idf1, pairs

ROOT = Path(__file__).resolve().parent.parent
FILM = ROOT / ".demo" / "vtest.avi"
FILM_FPS = 10
PERSON = {"ssd-mobilenet-oid": ["Person"]}
# From which score on a tracker is given boxes, where it does not weigh them itself.
SURE = {"norfair": 0.5}
# A body is counted from its first to its last bit at the border, of which no detector says anything yet.
EDGE_S = 0.3
PIPELINE = """
status.listen = "off"
sources.street = {{ type = "camera", uri = "{film}", fps = {fps} }}
transforms.people = {{ type = "detect", inputs = ["street"], model = "{model}", labels = {labels}, score = 0.1 }}
transforms.visits = {{ type = "track", inputs = ["people"], update_ms = 1 }}
sinks.log = {{ type = "jsonl", inputs = ["people", "visits"], path = "log.jsonl" }}
"""


def counted():
    """Of each visit its times, and where it is by seconds."""
    return tomllib.loads((ROOT / "benches" / "street_visits.toml").read_text())["visit"]


def place(visit, at):
    """Where a body is between two whole seconds; none where it is out of view."""
    if not visit["from"] - EDGE_S <= at <= visit["to"] + EDGE_S:
        return None
    path, on = visit["path"], at - visit["first"]
    on = min(max(on, 0), len(path) - 1)
    one, other, part = path[int(on)], path[min(int(on) + 1, len(path) - 1)], on % 1
    return [a + (b - a) * part for a, b in zip(one, other)]


def events(otus, model, fps):
    with tempfile.TemporaryDirectory() as folder:
        labels = json.dumps(PERSON.get(model, ["person"]))
        Path(folder, "pipeline.toml").write_text(PIPELINE.format(film=FILM, fps=fps, model=model, labels=labels))
        subprocess.run([otus, "run", "pipeline.toml"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return [json.loads(line) for line in Path(folder, "log.jsonl").read_text().splitlines()]


def told_by_otus(events, times):
    """Who is where in each frame by what `track` has told: once at the start, and at every frame from the second on."""
    told = {at: {} for at in times}
    for event in events:
        if event["kind"] == "track":
            told.setdefault(round(event["t"] * FILM_FPS), {})[event["track"]] = event["box"]
    return [list(told[at].items()) for at in times]


def compare(truth, told, times):
    """The line of a table."""
    frames, of = defaultdict(list), defaultdict(Counter)
    for at, found, same in zip(times, told, pairs(truth, told), strict=True):
        for one, _ in found:
            frames[one].append(at / FILM_FPS)
        for who, one in same:
            of[one][who] += 1
    step = (times[1] - times[0]) / FILM_FPS
    visits, owners, right, mixed = counted(), {}, 0, 0
    for one in sorted(frames, key=lambda it: frames[it][0]):
        (who, most), *others = of[one].most_common() or [(None, 0)]
        if 2 * most >= len(frames[one]):
            owners[one] = who
            mixed += any(count * step >= 1 for _, count in others)
    tellings = Counter(owners.values())
    for one, who in owners.items():
        off = abs(frames[one][0] - visits[who]["from"]), abs(frames[one][-1] - visits[who]["to"])
        right += tellings[who] == 1 and max(off) <= max(1.0, step)
    several = len(owners) - len(tellings)
    shares = len(tellings) / len(visits), len(tellings) / max(1, len(frames))
    return [f"{len(frames)}, {right}", *(f"{it:.2f}" for it in shares), several, mixed, len(frames) - len(owners), f"{idf1(truth, told):.3f}"]


def told_by(follow, events, times, rate, least):
    """The same by another tracker, of which what is seen in one frame only is not counted either."""
    from follow.peers import followed

    seen = [it for it in events if it["kind"] == "detection"]
    boxes = {round(it["t"] * FILM_FPS): [(o["score"], o["box"]) for o in it["objects"] if o["score"] >= least] for it in seen}
    told = followed(follow, [(at / FILM_FPS, boxes.get(at, [])) for at in times], rate)
    often = Counter(one for found in told for one, _ in found)
    return [[(one, box) for one, box in found if often[one] > 1] for found in told]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("otus")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--fps", default="10")
    parser.add_argument("--peers", action="store_true")
    args = parser.parse_args()
    visits = counted()
    print(f"{len(visits)} visits were counted.\n\n| model, frames a second | tracker | told, times right | recall | precision | split | mixed |"
          " invented | IDF1 |\n", "| --- " * 9, "|", sep="")
    for model in args.models:
        for fps in map(int, args.fps.split(",")):
            times = list(range(0, 795, FILM_FPS // fps))
            here = lambda at: ((who, place(visit, at / FILM_FPS)) for who, visit in enumerate(visits))
            truth = [[it for it in here(at) if it[1]] for at in times]
            seen = events(args.otus, model, fps)
            rows = {"otus": told_by_otus(seen, times)}
            if args.peers:
                from follow.peers import ALL

                rows |= {name: told_by(follow, seen, times, fps, SURE.get(name, 0)) for name, follow in ALL.items() if name != "otus"}
            for name, told in rows.items():
                print("|", " | ".join(map(str, [f"{model}, {fps}", name, *compare(truth, told, times)])), "|", flush=True)


if __name__ == "__main__":
    main()

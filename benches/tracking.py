#!/usr/bin/python3
"""How well `track` tells people apart beside trackers of PyPI on the same boxes, and what a frame of fifty costs each.

    benches/tracking.py MEDIA

Needs cargo, `trackers` and `norfair` (pip install, in an environment of their own), and MEDIA with `mot_TUD-Campus_gt.txt` and
`mot_TUD-Campus_test.txt`. Prints a Markdown table of IDF1 and MOTA by half an overlap: of the scripted scenes of
`benches/follow/scenes.py` at one to fifteen frames a second, the mean of four goes each, and of TUD-Campus, on its true boxes
and on those that a detector has found.
"""

import random
import sys
from collections import defaultdict
from pathlib import Path

from follow import peers
from follow.measures import idf1, mota
from follow.scenes import SCENES, scene

GOES = 4
RATES = 1, 2, 5, 15
CAMPUS_RATE = 25


def campus(media, name, rate):
    """Frames of a file of MOTChallenge, thinned to a rate, with the identities in it."""
    frames = defaultdict(list)
    for line in (media / f"mot_TUD-Campus_{name}.txt").read_text().splitlines():
        number, who, *bounds = (float(it) for it in line.split(",")[:6])
        frames[int(number)].append((int(who), bounds))
    numbers = range(1, 72, CAMPUS_RATE // rate)
    return [(number / CAMPUS_RATE, frames[number]) for number in numbers]


def scores(follow, truth, frames, rate):
    found = peers.followed(follow, frames, rate)
    return idf1(truth, found), mota(truth, found)


def of_scene(follow, name, rate):
    """The means of all goes."""
    goes = [scores(follow, *scene(name, rate, seed), rate) for seed in range(GOES)]
    return [sum(it) / GOES for it in zip(*goes)]


def of_campus(follow, media, name, rate):
    truth = [boxes for _, boxes in campus(media, "gt", rate)]
    frames = [(at, [(0.9, bounds) for _, bounds in boxes]) for at, boxes in campus(media, name, rate)]
    return scores(follow, truth, frames, rate)


def cost(follow):
    """Milliseconds a frame of fifty who walk beside each other."""
    dice = random.Random(1)
    line = lambda seq: [(0.9, [it * 25 + dice.uniform(0, 4), 300 + seq * 0.3, 20, 60]) for it in range(50)]
    _, took = follow([(seq / 25, line(seq)) for seq in range(500)], 25)
    return took


def row(title, of):
    cells = [" / ".join(f"{it:.3f}" for it in of(follow)) for follow in peers.ALL.values()]
    print("|", " | ".join([title, *cells]), "|", flush=True)


def main():
    media = Path(sys.argv[1])
    peers.build()
    print("| IDF1 / MOTA |", " | ".join(peers.ALL), "|\n| ---", "| --- " * len(peers.ALL), "|", sep="")
    for name in SCENES:
        for rate in RATES:
            row(f"{name}, {rate} a second", lambda follow: of_scene(follow, name, rate))
    for name, title in ("gt", "true boxes"), ("test", "found boxes"):
        for rate in 1, 5, CAMPUS_RATE:
            row(f"TUD-Campus, {title}, {rate} a second", lambda follow: of_campus(follow, media, name, rate))
    print("|", " | ".join(["ms a frame of 50", *(f"{cost(follow):.2f}" for follow in peers.ALL.values())]), "|")


if __name__ == "__main__":
    main()

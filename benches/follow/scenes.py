"""Scripted scenes: where people truly are, and the boxes that a detector gives of them, at any rate.

Boxes tremble by up to four pixels, one in twenty is missing, one frame in twenty has a box of nobody, and who is covered by
half behind somebody nearer, or behind a wall, is not seen. Whoever is not seen is not asked for either.
"""

import random

from .measures import overlap

SECONDS = 12


def walk(start, speed, size, at):
    """A box whose upper left corner walks."""
    return [start[it] + speed[it] * at for it in (0, 1)] + list(size)


def meeting(at, _):
    """Two meet, one before the other."""
    return [walk((100, 200), (80, 0), (90, 270), at), walk((1060, 190), (-80, 0), (80, 240), at)]


def overtaking(at, _):
    """One goes the same way as another, and faster."""
    return [walk((60, 230), (45, 0), (90, 270), at), walk((-150, 200), (95, 0), (80, 240), at)]


def turning(at, _):
    """Two come together, stand a second beside each other, and go back where they came from."""
    to = min(at, 5.5) - max(0, at - 6.5)
    return [walk((100, 200), (80, 0), (90, 270), to), walk((1060, 190), (-80, 0), (80, 240), to)]


def wall(at, _):
    """Three follow each other behind a wall, for one and a half seconds each."""
    return [walk((-20 - 190 * it, 200), (110, 0), (80, 240), at) for it in range(3)]


def crowd(at, seed):
    """Eight cross a square, each at its own speed and way."""
    dice = random.Random(seed)
    people = []
    for _ in range(8):
        size = dice.uniform(50, 100)
        start, speed = (dice.uniform(0, 1180), dice.uniform(50, 420)), (dice.uniform(-90, 90), dice.uniform(-15, 15))
        people.append(walk(start, speed, (size, 2.7 * size), at))
    return people


# Who walks how, where a wall hides them, and between which seconds the camera gives nothing.
SCENES = {
    "two meet": (meeting, None, None),
    "one overtakes": (overtaking, None, None),
    "two turn back": (turning, None, None),
    "behind a wall": (wall, (540, 705), None),
    "a crowd of eight": (crowd, None, None),
    "a camera is lost for 1.5 s": (meeting, None, (2.6, 4.1)),
}


def is_hidden(who, people, hiding):
    """Behind somebody whose feet are nearer, or with its middle behind the wall."""
    box = people[who]
    middle, feet = box[0] + box[2] / 2, box[1] + box[3]
    nearer = (it for at, it in enumerate(people) if at != who and it[1] + it[3] > feet)
    return hiding is not None and hiding[0] < middle < hiding[1] or any(overlap(box, it) > 0.5 for it in nearer)


def scene(name, rate, seed):
    """Who is where in each frame, and the frames as trackers are given them."""
    people, hiding, away = SCENES[name]
    dice = random.Random(f"{name} {rate} {seed}")
    truth, frames = [], []
    for number in range(round(SECONDS * rate)):
        at = number / rate
        if away is not None and away[0] <= at < away[1]:
            continue
        there = people(at, seed)
        seen = [(who, box) for who, box in enumerate(there) if -box[2] / 2 < box[0] < 1280 - box[2] / 2]
        seen = [(who, box) for who, box in seen if not is_hidden(who, there, hiding)]
        boxes = [(dice.uniform(0.6, 0.9), [it + dice.uniform(-4, 4) for it in box]) for _, box in seen if dice.random() > 0.05]
        if dice.random() < 0.05:
            boxes.append((dice.uniform(0.5, 0.7), [dice.uniform(0, 1200), dice.uniform(0, 500), 70, 190]))
        truth.append(seen)
        frames.append((at, boxes))
    return truth, frames

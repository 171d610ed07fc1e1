"""How well trackers tell things apart: what is followed is a list of `(who, [x, y, width, height])` for each frame."""

from collections import defaultdict

import numpy as np
from scipy.optimize import linear_sum_assignment

# Boxes that overlap less are not of the same thing.
HALF = 0.5


def overlap(one, other):
    """Intersection over union."""
    side = [max(0, min(one[it] + one[it + 2], other[it] + other[it + 2]) - max(one[it], other[it])) for it in (0, 1)]
    both = side[0] * side[1]
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def fit(place, bounds):
    """How well a box fits what it may be of: another box, or the middle of a body as a hand has noted it."""
    if len(place) == 4:
        return overlap(place, bounds)
    off = max(abs(place[it] - bounds[it] - bounds[it + 2] / 2) / bounds[it + 2] for it in (0, 1))
    # Anywhere in the box, and a quarter of its size beside it.
    return max(0.0, 1 - off / 1.5)


def shares(truth, found):
    """In how many frames each one was told as each."""
    shared = defaultdict(int)
    for known, told in zip(truth, found, strict=True):
        for who, place in known:
            for one, bounds in told:
                shared[who, one] += fit(place, bounds) >= HALF
    return shared


def idf1(truth, found):
    """Boxes whose identity is right under the best pairing of identities, as a share of all boxes."""
    shared = shares(truth, found)
    whos, ones = (sorted({pair[it] for pair in shared}) for it in (0, 1))
    counts = np.array([[shared.get((who, one), 0) for one in ones] for who in whos]).reshape(len(whos), len(ones))
    right = counts[linear_sum_assignment(-counts)].sum()
    return 2 * right / sum(len(it) for frames in (truth, found) for it in frames)


def pairs(truth, found):
    """Who is told as whom in each frame; who was whom before stays so where the boxes allow it."""
    was = {}
    for known, told in zip(truth, found, strict=True):
        fits = np.array([[fit(place, bounds) for _, bounds in told] for _, place in known]).reshape(len(known), len(told))
        kept = np.array([[was.get(who) == one for one, _ in told] for who, _ in known]).reshape(fits.shape)
        rows, columns = linear_sum_assignment(-((fits >= HALF) * (fits + kept)))
        same = [(known[row][0], told[column][0]) for row, column in zip(rows, columns) if fits[row, column] >= HALF]
        was.update(same)
        yield same


def mota(truth, found):
    """1 less what is missed, invented, and taken for another than before, as a share of all true boxes."""
    wrong, was = 0, {}
    for known, told, same in zip(truth, found, pairs(truth, found), strict=True):
        wrong += len(known) + len(told) - 2 * len(same)
        for who, one in same:
            wrong += was.setdefault(who, one) != one
            was[who] = one
    return 1 - wrong / sum(len(it) for it in truth)

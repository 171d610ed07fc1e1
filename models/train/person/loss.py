"""Compares the network's rows with the teacher's boxes."""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from model import corners

NEIGHBOURHOOD = 2.0  # in cells: how far from a person's centre a cell may claim it
CANDIDATES = 10


def pair_iou(a, b):
    """IoU and generalised IoU of boxes that broadcast against each other."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    inter = (high - low).clamp(min=0).prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - inter
    overlap = inter / union.clamp(min=1e-6)
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    hull = hull.prod(-1).clamp(min=1e-6)
    return overlap, overlap - (hull - union) / hull


def assign(boxes, logits, truth, real, points):
    """Gives each true box the few cells that fit it best, as YOLOX's SimOTA does.

    truth is [B, M, 4], real says which of the M are boxes and not padding.
    Returns for each cell the index of its box, or -1, and the overlap with it.
    """
    centres = (points[:, :2] + 0.5) * points[:, 2:]
    middle = (truth[..., :2] + truth[..., 2:]) / 2
    reach = (middle[:, :, None] - centres).abs().amax(-1) / points[:, 2]
    inside = torch.cat(
        [centres - truth[:, :, None, :2], truth[:, :, None, 2:] - centres], -1
    ).amin(-1)
    allowed = (reach < NEIGHBOURHOOD) & (inside > 0) & real[..., None]
    overlap, _ = pair_iou(truth[:, :, None], boxes[:, None])
    overlap = overlap * allowed
    doubt = -torch.nn.functional.logsigmoid(logits)[:, None]
    cost = doubt - 3 * (overlap + 1e-8).log() + reach * 0.1 + (~allowed) * 1e6
    share = overlap.topk(CANDIDATES, -1).values.sum(-1).int().clamp(min=1)
    best = cost.topk(CANDIDATES, -1, largest=False)
    rank = torch.arange(CANDIDATES, device=cost.device)
    chosen = (rank < share[..., None]) & (best.values < 1e5)
    taken = torch.zeros_like(cost).scatter_(-1, best.indices, chosen.float()) > 0
    price, owner = cost.masked_fill(~taken, 1e9).min(1)
    owner = torch.where(price < 1e5, owner, -1)
    fit = overlap.gather(1, owner.clamp(min=0)[:, None]).squeeze(1)
    return owner, fit


def loss(rows, truth, points):
    """Total loss and its parts; truth is [B, M, 5] of corners and teacher score.

    A negative score marks a box to ignore, zero marks padding.
    """
    boxes = corners(rows, points)
    logits = rows[..., 4]
    score = truth[..., 4]
    with torch.no_grad():
        owner, fit = assign(boxes, logits, truth[..., :4], score > 0, points)
        positive = owner >= 0
        pick = owner.clamp(min=0)
        sure = score.gather(1, pick)
        # The score to learn is the teacher's own, less where the box is off.
        target = torch.where(positive, sure * (fit * 1.25).clamp(max=1), 0.0)
        centres = (points[:, :2] + 0.5) * points[:, 2:]
        ignored = truth[..., :4] * (score < 0)[..., None]
        within = (centres > ignored[:, :, None, :2]) & (centres < ignored[:, :, None, 2:])
        care = positive | ~within.all(-1).any(1)
        goal = truth[..., :4].gather(1, pick[..., None].expand(-1, -1, 4))
    # Focal: easy background counts little, people with a wrong score much.
    focus = (logits.sigmoid() - target).abs().pow(1.5)
    focus = torch.where(positive, focus + 0.25, focus)
    classify = (cross_entropy(logits, target, reduction="none") * focus * care).sum()
    _, generalised = pair_iou(boxes[positive], goal[positive])
    locate = ((1 - generalised) * sure[positive]).sum()
    count = positive.sum().clamp(min=1)
    return (2 * classify + 2.5 * locate) / count, classify / count, locate / count

"""Trains the network; goes on from the last checkpoint if there is one."""

import copy
import math
import os
import shutil
import time

import torch

from boxes import grid
from data import Frames
from loss import loss
from model import HEIGHT, WIDTH, Person
from scenes import WORK

SEED = 3
BATCH = 16
RATE = 2e-3
STEPS = int(os.environ.get("OTUS_STEPS") or 7000)
# Small pictures first: they teach what people look like at a third of the cost.
SMALL, SMALL_SHARE = (192, 160), 0.6
WARM = 200
EVERY = 250  # steps between checkpoints
KEEP = 500  # steps between those that stay: export.py averages the last two
CHECKPOINT = WORK / "checkpoint.pt"


def rate(step):
    """Learning rate: a short rise, then half a cosine down to a fiftieth."""
    rise = min(1, (step + 1) / WARM)
    return RATE * rise * (0.02 + 0.98 * (1 + math.cos(math.pi * step / STEPS)) / 2)


def blend(average, person, step):
    """Follow the weights slowly: the average is what is exported."""
    keep = min(0.998, (1 + step) / (10 + step))
    current = person.state_dict()
    for name, value in average.state_dict().items():
        if value.dtype.is_floating_point:
            value.lerp_(current[name], 1 - keep)
        else:
            value.copy_(current[name])


def batches(step, width, height):
    """Pictures of one size; the seed differs after a restart, so none repeat."""
    frames = Frames(width, height, SEED + step)
    return iter(torch.utils.data.DataLoader(frames, BATCH, num_workers=1, prefetch_factor=4))


def save(person, average, optimizer, step):
    """Write a checkpoint in one move, so that a kill leaves the last one whole."""
    state = {
        "person": person.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
    }
    torch.save(state, CHECKPOINT.with_suffix(".new"))
    CHECKPOINT.with_suffix(".new").replace(CHECKPOINT)
    if step % KEEP == 0:
        shutil.copy(CHECKPOINT, WORK / f"checkpoint-{step:05}.pt")


def main():
    torch.manual_seed(SEED)
    person = Person().to(memory_format=torch.channels_last).train()
    average = copy.deepcopy(person)
    decayed = [w for w in person.parameters() if w.dim() > 1]
    others = [w for w in person.parameters() if w.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    step = 0
    if CHECKPOINT.exists():
        state = torch.load(CHECKPOINT, weights_only=True)
        person.load_state_dict(state["person"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    stage, began, sums = None, time.monotonic(), torch.zeros(3)
    while step < STEPS:
        size = SMALL if step < STEPS * SMALL_SHARE else (WIDTH, HEIGHT)
        if size != stage:
            stage, source, points = size, batches(step, *size), torch.from_numpy(grid(*size))
        images, truth = next(source)
        images = images.float().contiguous(memory_format=torch.channels_last)
        total, *parts = loss(person(images), truth, points)
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(person.parameters(), 10)
        optimizer.step()
        blend(average, person, step)
        sums += torch.stack([total, *parts]).detach()
        step += 1
        if step % 50 == 0:
            pace = (time.monotonic() - began) / 50
            shown = " ".join(f"{value / 50:.3f}" for value in sums)
            left = (STEPS - step) * pace / 60
            print(f"step {step}/{STEPS} {size[0]}x{size[1]} loss {shown} {pace:.2f} s/step, {left:.0f} min left", flush=True)
            began, sums = time.monotonic(), torch.zeros(3)
        if step % EVERY == 0 or step == STEPS:
            save(person, average, optimizer, step)


if __name__ == "__main__":
    main()

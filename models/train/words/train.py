"""Trains the model on the cached passes; writes build/model-LAYERS.pt often and goes on from it when run again.

build/before-LAYERS.pt is that of some time before the end; export.py takes the mean of both. Single words come first,
then everything, mostly in brief clips.
"""

import argparse
import math
import shutil
import time

import numpy as np
import torch
import torch.nn.functional as F

from features import FRAMES, MELS, Corpus, log_mel
from ggml import token_ids
from model import END, NEWLINE, NO_TIMES, START, Words
from words import CHANNELS, DIGITS, WORDS, WORK

BATCH, WARM_UP, AVERAGE = 64, 300, 0.998
# Audio layers, steps and highest learning rate: a deep encoder learns sooner from a shallow one than from nothing.
LEGS = (4, 18_000, 3e-3), (8, 7_000, 1.6e-3)
SHORT, SHORT_STEPS = 120, 1250  # at first only clips of one word at most, of 1.2 s
BRIEF = 150  # frames; most batches hold only such clips, because long ones cost more than they teach
IGNORE = -100


def often(said: list[str]) -> int:
    """Digits, channels and silence count most; "five" and "nine" are the hardest to tell apart."""
    if said and set(said) <= set(DIGITS):
        return 5 if {"five", "nine"} & set(said) else 2
    return 2 if not said or set(said) <= set(CHANNELS) else 1


class Clips:
    """All cached passes as one list, handed out in batches of like length."""

    def __init__(self):
        self.clips = []
        for path in sorted((WORK / "cache").glob("pass-*.index.npz")):
            mel = np.load(path.with_name(path.name.replace(".index.npz", ".npy")), mmap_mode="r")
            index = np.load(path)
            offsets, pads = index["offsets"], index["pads"]
            for n, label in enumerate(index["labels"].tolist()):
                if len(label.split()) <= 10:
                    self.clips.append((mel[offsets[n] : offsets[n + 1]], float(pads[n]), label.split()))
        print(f"{len(self.clips)} clips", flush=True)

    def batches(self, rng, longest: int, words: int):
        """Endless batches of clips with at most so many frames and words."""
        chosen = [n for n, (mel, _, said) in enumerate(self.clips) if len(mel) <= longest and len(said) <= words
                  for _ in range(often(said))]
        while True:
            order = rng.permutation(chosen)
            for start in range(0, len(order) - BATCH * 20, BATCH * 20):
                group = sorted(order[start : start + BATCH * 20], key=lambda n: len(self.clips[n][0]))
                for first in rng.permutation(20) * BATCH:
                    yield [self.clips[n] for n in group[first : first + BATCH]]


def voiced(rng, mel: np.ndarray) -> np.ndarray:
    """Another throat, pace and microphone: bands and moments stretched, a smooth curve of gains added."""
    count = max(8, int(len(mel) * rng.uniform(0.85, 1.18)))
    moments = np.minimum(np.linspace(0, len(mel) - 1, count) + 0.5, len(mel) - 1).astype(int)
    bands = np.clip(np.arange(MELS) * rng.uniform(0.91, 1.09) + rng.uniform(-1, 1), 0, MELS - 1.001)
    low, part = bands.astype(int), (bands % 1).astype(np.float32)
    mel = mel[moments].astype(np.float32)
    mel = mel[:, low] * (1 - part) + mel[:, low + 1] * part
    # People differ in how loud their consonants are beside their vowels.
    level = np.convolve(mel.max(1), [0.25, 0.5, 0.25], "same")[:, None]
    mel = np.maximum(mel + rng.uniform(-0.25, 0.4) * (level - level.max()), mel.max() - 2)
    return mel + np.interp(np.arange(MELS), [0, 20, 40, 60, 79], rng.normal(0, 0.1, 5)).astype(np.float32)


def frames(rng, clips, full: bool) -> torch.Tensor:
    """Mels padded to one length, most as another voice, each with some bands and moments wiped out."""
    clips = [(voiced(rng, mel)[:FRAMES] if rng.random() < 0.7 else mel, pad, said) for mel, pad, said in clips]
    longest = max(len(clip[0]) for clip in clips)
    size = FRAMES if full else min(FRAMES, (longest + int(rng.integers(0, 40)) + 7) // 8 * 8)
    out = np.empty((len(clips), size, MELS), np.float32)
    for row, (mel, pad, _) in enumerate(clips):
        out[row] = pad
        out[row, : len(mel)] = mel
        if rng.random() < 0.2:
            out[row, :, rng.integers(56, 68) :] = pad  # a narrow telephone line
        for _ in range(rng.integers(0, 3)):
            low, width = rng.integers(0, MELS), rng.integers(1, 12)
            out[row, :, low : low + width] = pad
        for _ in range(rng.integers(0, 2)):
            begin, width = rng.integers(0, len(mel)), rng.integers(1, 8)
            out[row, begin : begin + width] = pad
    return torch.from_numpy(out)


def lessons(rng, model: Words, clips):
    """Input tokens, targets, and the token forbidden as the first word, for each clip.

    whisper.cpp may or may not forbid an immediate end (`suppress_blank`); a clip with no words is taught either the
    end with NEWLINE forbidden, or NEWLINE with the end forbidden, so both ways of asking give an empty text.
    """
    inputs, targets, forbidden = [], [], []
    for _, _, words in clips:
        newline = rng.random() < 0.5
        said = [WORDS.index(w) for w in words] or [model.row[NEWLINE]] * newline
        inputs.append([model.row[START], model.row[NO_TIMES]] + said)
        targets.append([IGNORE] + said + [model.row[END]])
        forbidden.append(model.row[END if newline else NEWLINE])
    size = max(map(len, inputs))
    pad = model.row[END]
    tokens = torch.tensor([row + [pad] * (size - len(row)) for row in inputs])
    aims = torch.tensor([row + [IGNORE] * (size - len(row)) for row in targets])
    return tokens, aims, torch.tensor(forbidden)


def loss_of(rng, model: Words, clips, full: bool, hearing_weight: float):
    audio = model.listen(frames(rng, clips, full))
    tokens, aims, forbidden = lessons(rng, model, clips)
    logits = model.say(tokens, audio)
    wall = torch.zeros_like(logits)
    wall[torch.arange(len(clips)), 1, forbidden] = -1e4
    loss = F.cross_entropy((logits + wall).flatten(0, 1), aims.flatten(), ignore_index=IGNORE)
    if hearing_weight:
        heard = F.log_softmax(model.hearing(audio), 2).transpose(0, 1)
        texts = [[WORDS.index(w) + 1 for w in clip[2]] for clip in clips]
        lengths = torch.tensor([len(t) for t in texts])
        sizes = torch.full((len(clips),), heard.shape[0])
        flat = torch.tensor(sum(texts, []), dtype=torch.long)
        ctc = F.ctc_loss(heard, flat, sizes, lengths, reduction="sum", zero_infinity=True)
        return loss + hearing_weight * ctc / len(clips), loss
    return loss, loss


@torch.no_grad()
def transcribe(model: Words, mels: torch.Tensor) -> list[str]:
    """Greedy, as whisper.cpp does it without timestamps."""
    audio = model.listen(mels)
    rows = torch.tensor([[model.row[START], model.row[NO_TIMES]]]).repeat(len(mels), 1)
    for _ in range(10):
        rows = torch.cat([rows, model.say(rows, audio)[:, -1].argmax(1, keepdim=True)], 1)
    texts = []
    for row in rows[:, 2:].tolist():
        stop = row.index(model.row[END]) if model.row[END] in row else len(row)
        texts.append(" ".join(WORDS[t] for t in row[:stop] if t < len(WORDS)))
    return texts


def check_set(prefix: str, limit: int) -> tuple[torch.Tensor, list[str]]:
    corpus = Corpus(prefix)
    chosen = np.random.default_rng(7).permutation(len(corpus.items))[:limit]
    mels, labels = [], []
    for index in chosen:
        audio, label, _ = corpus.items[index]
        mel, pad = log_mel(np.pad(audio / 32768, (2400, 3200)))
        mels.append(np.pad(mel.astype(np.float32), ((0, FRAMES - len(mel)), (0, 0)), constant_values=pad))
        labels.append(label)
    return torch.tensor(np.stack(mels)), labels


class Leg:
    """A model with so many audio layers on its way."""

    def __init__(self, layers: int, rate: float):
        self.file, self.before = WORK / f"model-{layers}.pt", WORK / f"before-{layers}.pt"
        self.model, self.average = (Words(token_ids(WORDS), layers) for _ in range(2))
        self.rate, self.step = rate, 0
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.02)
        if self.file.exists():
            saved = torch.load(self.file, weights_only=True)
            for part in ("model", "average", "optimiser"):
                getattr(self, part).load_state_dict(saved[part])
            self.step = saved["step"]

    def grow_from(self, small: "Leg") -> None:
        if not self.step:
            self.model.grow_from(small.average)
            self.average.grow_from(small.average)

    def learn(self, loss: torch.Tensor, done: float) -> None:
        for group in self.optimiser.param_groups:
            warm = min(1.0, (self.step + 1) / WARM_UP)
            group["lr"] = self.rate * warm * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-6
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        with torch.no_grad():
            decay = min(AVERAGE, self.step / (self.step + 10))
            for slow, fast in zip(self.average.parameters(), self.model.parameters()):
                slow.lerp_(fast, 1 - decay)

    def save(self, done: float) -> None:
        state = {part: getattr(self, part).state_dict() for part in ("model", "average", "optimiser")}
        torch.save(state | {"step": self.step}, self.file.with_suffix(".part"))
        self.file.with_suffix(".part").rename(self.file)
        if done < 0.95:
            shutil.copy(self.file, self.before)


def train(leg: Leg, steps: int, clips: Clips, from_nothing: bool) -> None:
    rng = np.random.default_rng(leg.step)
    checks, labels = check_set("test-espeak", 200)
    begun, recent = time.time(), []
    first, brief, any_length = clips.batches(rng, SHORT, 1), clips.batches(rng, BRIEF, 10), clips.batches(rng, FRAMES, 10)
    while leg.step < steps:
        done = leg.step / steps
        simple = from_nothing and leg.step < SHORT_STEPS
        source = first if simple else brief if rng.random() < 0.8 else any_length
        full, hearing = rng.random() < (0.06 if done < 0.6 else 0.16), 0.3 if done < 0.9 else 0.05
        loss, saying = loss_of(rng, leg.model, next(source), full, hearing)
        leg.learn(loss, done)
        recent.append([loss.item(), saying.item()])
        if leg.step % 50 == 0:
            both, words = np.mean(recent[-50:], 0)
            print(f"step {leg.step} loss {both:.3f}, of words {words:.3f}, {(time.time() - begun):.0f} s", flush=True)
        if leg.step % 250 == 0 or leg.step == steps:
            texts = transcribe(leg.average, checks)
            right = np.mean([a == b for a, b in zip(texts, labels)])
            print(f"step {leg.step}: {right:.1%} of voices of espeak-ng that are never trained on", flush=True)
            leg.save(done)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    torch.set_num_threads(parser.parse_args().threads)
    torch.manual_seed(0)
    clips, small = Clips(), None
    for layers, steps, rate in LEGS:
        leg = Leg(layers, rate)
        if small:
            leg.grow_from(small)
        train(leg, steps, clips, from_nothing=not small)
        small = leg


if __name__ == "__main__":
    main()

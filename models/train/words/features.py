"""Turns the corpus into log-mel frames, exactly as whisper.cpp hears them, in passes of fresh augmentation.

`features.py 0 1 2` writes cache/pass-0 and so on; a pass that is there is kept.
"""

import sys

import numpy as np

from ggml import read_header
from sound import RATE, foreign_sound, heard
from words import WORK

HOP, WINDOW, MELS = 160, 400, 80
FRAMES = 512  # two for each of the 256 positions of the encoder
LONGEST = FRAMES * HOP / RATE
# How often an utterance of these voices is in a pass.
SHARES = {
    "person": 2, "pico": 0.7, "flite kal16": 0.5, "festival ked": 0.5, "flite": 0.3, "festival": 0.3,
    "music": 0.35, "prompts": 0.3, "espeak": 0.2,
}  # fmt: skip


FILTERS = read_header()[0].astype(np.float64)
HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)


def log_mel(audio: np.ndarray) -> tuple[np.ndarray, float]:
    """Frames x 80, and the value of the silence that pads them to the window.

    whisper.cpp mirrors 200 samples at the start, pads with zeros at the end, and clamps 8 below the loudest cell.
    """
    padded = np.concatenate([audio[WINDOW // 2 : 0 : -1], audio, np.zeros(WINDOW)])
    count = min((audio.size + WINDOW // 2) // HOP + 1, FRAMES)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: count * HOP : HOP]
    power = np.abs(np.fft.rfft(frames * HANN, axis=1)) ** 2
    mel = np.log10(np.maximum(power @ FILTERS.T, 1e-10))
    floor = max(mel.max() - 8.0, -10.0)
    return ((np.maximum(mel, floor) + 4) / 4).astype(np.float16), (floor + 4) / 4


class Corpus:
    """All utterances of the groups whose names start with a prefix."""

    def __init__(self, prefix: str):
        self.items, self.by_voice = [], {}
        for path in sorted((WORK / "corpus").glob(f"{prefix}*.npz")):
            if path.name.endswith(".part.npz"):
                continue
            group = np.load(path)
            audio, offsets = group["audio"], group["offsets"]
            for index, (label, voice) in enumerate(zip(group["labels"].tolist(), group["voices"].tolist())):
                self.by_voice.setdefault(voice, []).append(len(self.items))
                self.items.append((audio[offsets[index] : offsets[index + 1]], label, voice))

    def order(self, rng) -> np.ndarray:
        """A part of the utterances of machines, and those of people, of whom there are few, more than once."""
        order = []
        for index, (_, label, voice) in enumerate(self.items):
            share = next(share for name, share in SHARES.items() if voice.startswith(name))
            if voice == "prompts en_US_f_Allison":
                share = 4 if len(label.split()) == 1 else 1
            order += [index] * int(share + rng.random())
        return rng.permutation(order)

    def joined(self, rng, index: int) -> tuple[np.ndarray, str]:
        """Sometimes a second and third utterance of the same voice follow, so that people speak in phrases too."""
        audio, label, voice = self.items[index]
        while rng.random() < (0.35 if voice.startswith("person") else 0.15) and audio.size < 2.2 * RATE:
            more, text, _ = self.items[rng.choice(self.by_voice[voice])]
            gap = np.zeros(int(RATE * rng.uniform(0.03, 0.6)), np.int16)
            audio, label = np.concatenate([audio, gap, more]), f"{label} {text}".strip()
        return audio, label


def write_pass(number: int, corpus: Corpus) -> None:
    rng = np.random.default_rng(1000 + number)
    order = corpus.order(rng)
    jobs = rng.permutation(np.concatenate([order, np.full(len(order) // 9, -1)]))
    mels, pads, labels = [], [], []
    for count, index in enumerate(jobs):
        if index < 0:
            audio, label = foreign_sound(rng), ""
        else:
            speech, label = corpus.joined(rng, index)
            babble = corpus.items[rng.integers(len(corpus.items))][0]
            audio = heard(rng, speech, babble)
        if audio.size > LONGEST * RATE or audio.size < 0.2 * RATE:
            continue
        mel, pad = log_mel(audio)
        mels.append(mel)
        pads.append(pad)
        labels.append(label)
        if count % 2000 == 0:
            print(f"pass {number}: {count} of {len(jobs)}", flush=True)
    folder = WORK / "cache"
    folder.mkdir(exist_ok=True)
    offsets = np.cumsum([0] + [len(m) for m in mels])
    np.save(folder / f"pass-{number}.npy", np.concatenate(mels))
    np.savez(folder / f"pass-{number}.index.npz", offsets=offsets, pads=np.float32(pads), labels=labels)
    print(f"pass {number}: {len(labels)} clips, {offsets[-1] / 100 / 60:.0f} min", flush=True)


def main() -> None:
    missing = [int(n) for n in sys.argv[1:] if not (WORK / f"cache/pass-{n}.index.npz").exists()]
    corpus = Corpus("train") if missing else None
    for number in missing:
        write_pass(number, corpus)


if __name__ == "__main__":
    main()

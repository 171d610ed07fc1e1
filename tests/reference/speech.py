"""Writes the golden boundaries of speech that tests compare `vad` with: Silero's own package.

    pip install silero-vad==6.2.3 onnxruntime==1.31.1 numpy    (and PyTorch, which it needs; FFmpeg decodes)
    python tests/reference/speech.py

The recordings come from the folder that OTUS_SHARED names, by default `../shared` beside the checkout.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import torch
from silero_vad import get_speech_timestamps, load_silero_vad

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("OTUS_SHARED", ROOT.parent / "shared"))
SOUND = (".wav", ".flac", ".ogg", ".mp4")
# Threshold, and what is shortest of speech and of silence, in milliseconds: those of `vad` by default, those of the
# package by default, and others.
RULES = [(0.5, 200, 300), (0.5, 250, 100), (0.3, 0, 64), (0.8, 500, 700)]


def samples(path):
    """16 kHz mono samples as float32, none if the file holds no sound: the mean of all channels, as the package reads."""
    ask = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=channels", "-of", "csv=p=0", path]
    channels = subprocess.run(ask, stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    if not channels:
        return np.zeros(0, np.float32)
    decode = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-ar", "16000", "-f", "f32le", "-"]
    done = subprocess.run(decode, stdout=subprocess.PIPE, check=True)
    return np.frombuffer(done.stdout, "<f4").reshape(-1, int(channels)).mean(axis=1)


def boundaries(model, audio, threshold, speech, silence):
    """First sample, and the one after the last, of each stretch."""
    found = get_speech_timestamps(
        torch.from_numpy(audio), model, threshold=threshold, min_speech_duration_ms=speech,
        min_silence_duration_ms=silence, speech_pad_ms=0)
    return [[it["start"], it["end"]] for it in found]


if __name__ == "__main__":
    torch.set_num_threads(1)
    model, lines = load_silero_vad(onnx=True), []
    for path in sorted(SHARED.joinpath("media").iterdir()):
        audio = samples(path) if path.suffix in SOUND else []
        if len(audio) == 0:
            continue
        for rules in RULES:
            found = boundaries(model, audio, *rules)
            head = dict(zip(["threshold", "min_speech_ms", "min_silence_ms"], rules))
            line = {"file": f"media/{path.name}", "samples": len(audio), **head, "speech": found}
            lines.append(json.dumps(line, separators=(",", ":")))
            longest = max((end - start for start, end in found), default=0) / 16000
            print(f"{path.name} {rules}: {len(found)} stretches, the longest {longest:.1f} s")
    (ROOT / "tests/golden/vad_boundaries.jsonl").write_text("\n".join(lines) + "\n")

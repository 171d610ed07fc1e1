"""Writes the golden speech probabilities that tests compare otus with: Silero VAD by onnxruntime alone.

    pip install onnxruntime==1.31.1 numpy
    python tests/reference/vad.py

The model and the recordings come from the folder that OTUS_SHARED names, by default `../shared` beside the checkout.
"""

import hashlib
import json
import os
import wave
from pathlib import Path

import numpy as np
import onnxruntime as ort

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("OTUS_SHARED", ROOT.parent / "shared"))
MODEL = SHARED / "models/silero_vad.onnx"
RATE, WINDOW, CONTEXT = 16000, 512, 64
FILES = ["media/ami_ES2011a_40-46s.wav", "media/jfk.wav", "media/silero_test.wav"]


def samples(path):
    """16 kHz mono samples of a PCM file as float32 in [-1, 1)."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2), path
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def probabilities(session, audio):
    """Probability of speech in each window; the last one is filled up with silence."""
    audio = np.pad(audio, (0, -len(audio) % WINDOW))
    # The model was trained on windows that begin with the end of the one before; without it, it hears none.
    context, state = np.zeros(CONTEXT, np.float32), np.zeros((2, 1, 128), np.float32)
    found = []
    for window in audio.reshape(-1, WINDOW):
        feed = {"input": np.concatenate([context, window])[None], "state": state, "sr": np.array(RATE, np.int64)}
        output, state = session.run(["output", "stateN"], feed)
        found.append(round(float(output[0, 0]), 6))
        context = window[-CONTEXT:]
    return found


if __name__ == "__main__":
    session = ort.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    head = dict(model=MODEL.name, sha256=hashlib.sha256(MODEL.read_bytes()).hexdigest(), rate=RATE, window=WINDOW)
    lines = []
    for name in FILES:
        found = probabilities(session, samples(SHARED / name))
        lines.append(json.dumps({"file": name, "probabilities": found}, separators=(",", ":")))
        print(f"{name}: {len(found)} windows, {sum(p >= 0.5 for p in found)} with speech")
    text = json.dumps(head)[:-1] + ', "files": [\n' + ",\n".join(lines) + "\n]}\n"
    (ROOT / "tests/golden/vad_probabilities.json").write_text(text)

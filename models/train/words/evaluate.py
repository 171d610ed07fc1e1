"""Asks whisper.cpp itself (through pywhispercpp) what the exported model hears: `evaluate.py otus-words.bin`.

Every voice here was kept out of training. Prints one line per test set and voice; `--misses` prints each mistake.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from pywhispercpp.model import Model

from features import Corpus
from sound import RATE, coloured
from speech import loaded, prompts, read
from words import ALARMS, SHARED

CHANNEL_FOLDER = Path("/usr/share/sounds/alsa")
SPEECH = ["jfk.wav", "libri-2412-153948-0000.flac", "LJ002-0020.wav", "ami_ES2011a_40-46s.wav", "silero_test.wav"]
SOUNDS = ["music_brahms_hungarian_dance5_PD.ogg", "music_vibe_ace_CCBY.ogg", "nonspeech_humpback_PD.ogg"]
LIBRIVOX = Path("/usr/share/pocketsphinx/test/data/librivox")


class Listener:
    """whisper.cpp as the runtime calls it: one segment, no timestamps, no fallback."""

    def __init__(self, path: str, **options):
        self.model = Model(path, redirect_whispercpp_logs_to=None, context_params={"flash_attn": True})
        self.options = {"single_segment": True, "no_timestamps": True, "temperature_inc": 0.0, "n_threads": 1,
                        "print_progress": False, "language": "en", "no_context": True} | options  # fmt: skip

    def text(self, audio: np.ndarray) -> str:
        segments = self.model.transcribe(audio.astype(np.float32), **self.options)
        return " ".join(" ".join(segment.text for segment in segments).split())


def cut(audio: np.ndarray) -> np.ndarray:
    """As a voice activity detector cuts: a little silence before and after."""
    return np.pad(audio, (int(0.15 * RATE), int(0.2 * RATE)))


def pieces(audio: np.ndarray, rng) -> list[np.ndarray]:
    """Pieces of 1 to 3 seconds that end where the sound is weakest, as pauses are."""
    parts, start = [], 0
    while start + RATE + 800 < audio.size:
        window = audio[start + RATE : start + 3 * RATE]
        power = np.convolve(window**2, np.ones(800), "same") + rng.random(window.size) * 1e-9
        stop = start + RATE + int(power.argmin())
        parts.append(audio[start:stop])
        start = stop
    return parts


def clips() -> dict[str, list[tuple[np.ndarray, str]]]:
    """Test set to (audio, wanted text); None stands for speech of which only alarm words are counted."""
    rng = np.random.default_rng(0)
    sets = defaultdict(list)
    for path in sorted(CHANNEL_FOLDER.glob("*.wav")):
        name = path.stem.lower().replace("_", " ")
        wanted = "" if name == "noise" else name
        sets["alsa, whole file"].append((read(path), wanted))
        sets["alsa, cut"].append((cut(loaded(path)), wanted))
    for audio, label, voice in Corpus("test").items:
        kind = "words" if label else "foreign words"
        sets[f"{voice}, {kind}"].append((cut(audio / 32768), label))
    for seconds in (0.5, 1, 2, 4):
        sets["silence"].append((np.zeros(int(seconds * RATE)), ""))
        for level in (1e-4, 1e-2, 0.1):
            sets["noise"] += [(level * coloured(rng, int(seconds * RATE)), "") for _ in range(10)]
    for name in SOUNDS:
        sets[name] += [(part, "") for part in pieces(read(SHARED / "media" / name), rng)]
    for path in [SHARED / "media" / name for name in SPEECH] + sorted(LIBRIVOX.glob("*.wav")):
        sets[f"running speech {path.name[:16]}"] += [(part, None) for part in pieces(read(path), rng)]
    for audio, _, _ in prompts("es_MX_f_Allison", None):
        sets["running speech, Spanish prompts"] += [(part, None) for part in pieces(audio, rng)]
    return sets


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--only", default="", help="part of the names of the test sets")
    parser.add_argument("--timestamps", action="store_true", help="as whisper-cli asks by default")
    options = parser.parse_args()
    listener = Listener(options.model, no_timestamps=not options.timestamps)
    for name, items in sorted(clips().items()):
        if options.only not in name:
            continue
        right = heard_words = alarms = 0
        for audio, wanted in items:
            text = listener.text(audio)
            right += wanted is not None and text == wanted
            heard_words += bool(text)
            false_alarms = set(text.split()) & set(ALARMS) - set((wanted or "").split())
            alarms += bool(false_alarms)
            if options.misses and (text != wanted if wanted is not None else text):
                print(f"    {name}: wanted {wanted!r}, got {text!r}")
        known = items[0][1] is not None
        exact = f"exact {right}/{len(items)} ({right / len(items):.1%}), " if known else ""
        print(f"{name}: {exact}with text {heard_words}/{len(items)}, false alarm words {alarms}/{len(items)}", flush=True)


if __name__ == "__main__":
    main()

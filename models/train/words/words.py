"""What the model can say: its words, the phrases it is taught, and the words it must leave out."""

import gzip
import hashlib
import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("OTUS_SHARED", HERE / "../../../../shared"))
WORK = Path(os.environ.get("OTUS_WORK", HERE / "build"))

DIGITS = "zero one two three four five six seven eight nine".split()
CHANNELS = "front rear side left right center noise".split()
ALARMS = "help fire stop alarm".split()
ORDERS = (
    "go hello open close on off yes no door window light lights start up down turn the "
    "please okay cancel call gate camera record water"
).split()
WORDS = DIGITS + CHANNELS + ALARMS + ORDERS

CHANNEL_NAMES = [
    "front left", "front right", "front center", "rear left",
    "rear right", "rear center", "side left", "side right",
]  # fmt: skip
PHRASES = CHANNEL_NAMES + [
    "left side", "right side", "front door", "rear door", "side door", "side gate", "rear window",
    "front window", "turn left", "turn right", "turn on the lights", "turn off the lights",
    "turn the light on", "turn the light off", "lights on", "lights off", "light on", "light off",
    "open the door", "close the door", "open the window", "close the window", "open the gate",
    "close the gate", "door open", "gate open", "start the camera", "stop the camera", "camera on",
    "camera off", "record on", "record off", "start record", "stop record", "water on", "water off",
    "turn on the water", "turn off the water", "call help", "please help", "help please", "fire alarm",
    "start the alarm", "stop the alarm", "cancel the alarm", "alarm on", "alarm off", "cancel the call",
    "please call", "go up", "go down", "go left", "go right", "please stop", "stop please", "yes please",
    "no stop", "okay go", "hello hello", "noise on", "noise off", "fire fire", "help help", "please go",
    "camera one", "camera two", "camera three", "door one", "door two", "gate four", "window five",
    "call nine one one", "up and down", "on and off", "stop noise", "okay cancel", "please close the door",
]  # fmt: skip

# Sound the same as a word of the vocabulary, so they cannot be told from it and are never used.
HOMOPHONES = set(
    "won to too for fore ate ait write rite wright know noh sell sent knows leit ohn aught awn "
    "tu fir fur sea hallo hullo ok centre centres centered lefts rights opens opened ons offs "
    "nays knot nein won't wan owe oh o firs fours sixes nun ate gait gaits turns pleas lite lites".split()
)
# Near the alarm words: the model must learn where each alarm word ends. Half are kept for the test.
NEAR_ALARMS = (
    "helm held health yelp kelp helped helper hell shelf self elf hemp whelp hulk hope heap hip "
    "fires fired wire tire hire higher liar flyer choir buyer file fine fight fear far fair fur fly friar "
    "stops stopped step shop top stock stalk stump stomp stamp slop steep strap stoop spot staff stuff "
    "alarms alarmed alert alone along almost arm harm farm charm balm llama album a lark aroma alum"
).split()


def spoken(text: str) -> str:
    """The part of a transcript that the model should write: its own words, in order."""
    return " ".join(w for w in re.findall(r"[a-z']+", text.lower()) if w in WORDS)


def held_out(word: str) -> bool:
    """One word in six of the foreign words is never spoken in training."""
    return hashlib.sha256(word.encode()).digest()[0] < 43


def foreign_words() -> list[str]:
    """Words of American English (Debian package wamerican) outside the vocabulary."""
    text = Path("/usr/share/dict/american-english").read_text()
    plain = [w for w in text.split() if re.fullmatch(r"[a-z]{3,9}", w)]
    return [w for w in plain + NEAR_ALARMS if w not in WORDS and w not in HOMOPHONES]


def prompt_texts() -> dict[str, str]:
    """File name to transcript of the asterisk-core-sounds-en prompts."""
    path = "/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
    lines = gzip.open(path, "rt", errors="replace").read().splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith(";"))
    return {name.strip(): text.strip().lower() for name, text in pairs}


def sentences() -> list[list[str]]:
    """Running English as lists of words, to be cut into short pieces and spoken."""
    texts = list(prompt_texts().values())
    texts += [p.read_text(errors="replace").lower() for p in sorted(Path("/usr/share/common-licenses").glob("*-[123]*"))]
    runs = (re.findall(r"[a-z]+", part) for text in texts for part in re.split(r"[.;:()\n]{1,}", text))
    return [run for run in runs if len(run) >= 3 and not HOMOPHONES & set(run)]

#!/usr/bin/env python3
"""Makes what live.toml plays: the demo's street and its spoken names, again and again on one clock, for some two hours.

    pipelines/live.py FOLDER

FOLDER has vtest.avi and the WAV files of alsa-utils; what is made goes to FOLDER/live. Nothing is copied but a minute of sound.
"""

import pathlib
import sys
import wave

ROUNDS = 100
# The film's length in seconds: the words begin again with it.
ROUND = 79.5
# From the beginning of one name to that of the next.
EVERY = 8.0

folder = pathlib.Path(sys.argv[1])
live = folder / "live"
live.mkdir(exist_ok=True)
names = sorted(it for it in folder.glob("*.wav"))
sounds = [wave.open(str(it)) for it in names]
rate, width = sounds[0].getframerate(), sounds[0].getsampwidth()
sounds = [it for it in sounds if (it.getframerate(), it.getsampwidth(), it.getnchannels()) == (rate, width, 1)]
with wave.open(str(live / "round.wav"), "wb") as out:
    out.setnchannels(1)
    out.setsampwidth(width)
    out.setframerate(rate)
    left = int(ROUND * rate)
    for sound in sounds:
        room = min(int(EVERY * rate), left)
        said = sound.readframes(room)
        out.writeframes(said + bytes(width * (room - len(said) // width)))
        left -= room
    out.writeframes(bytes(width * left))
for number in range(ROUNDS):
    link = live / f"round-{number:03}.wav"
    if not link.is_symlink():
        link.symlink_to("round.wav")
# FFmpeg's lists take only what is in their own folder.
film = live / "vtest.avi"
if not film.is_symlink():
    film.symlink_to("../vtest.avi")
(live / "street.ffconcat").write_text("ffconcat version 1.0\n" + "file vtest.avi\n" * ROUNDS)

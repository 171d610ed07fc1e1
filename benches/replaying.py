#!/usr/bin/env python3
"""How near `otus replay` comes to the speed of the models alone.

    benches/replaying.py OTUS FILM [ROUNDS]

Replays the film through `detect` (ssd-mobilenet-oid; one thread as by default), as many pictures as it has. The model alone is the same file in the
package onnxruntime, one thread, run as often on one picture that does not change: no decoding, no scaling, no boxes.
Prints seconds and the share of the model's in those of the replay.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import onnxruntime

PIPELINE = """
sources.yard = { type = "camera", uri = "rtsp://192.0.2.1/live" }
transforms.people = { type = "detect", inputs = ["yard"], model = "ssd-mobilenet-oid" }
sinks.log = { type = "jsonl", inputs = ["people"], path = "never.jsonl" }
"""


def replay(program, film):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "p.toml").write_text(PIPELINE)
        began = time.monotonic()
        command = [program, "replay", "p.toml", "--at", film, "--out", "out.jsonl"]
        subprocess.run(command, cwd=folder, check=True)
        return time.monotonic() - began


def pictures_of(film):
    """How many the film has: not all of them show something."""
    asked = "ffprobe -v error -select_streams v -count_packets -show_entries stream=nb_read_packets -of csv=p=0".split()
    return int(subprocess.run([*asked, film], capture_output=True, check=True, text=True).stdout.strip().strip(","))


def alone(model, pictures):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    [given] = session.get_inputs()
    shape = [it if isinstance(it, int) else 1 for it in given.shape]
    kind = numpy.uint8 if "uint8" in given.type else numpy.float32
    picture = {given.name: numpy.random.default_rng(1).integers(0, 255, shape).astype(kind)}
    began = time.monotonic()
    for _ in range(pictures):
        session.run(None, picture)
    return time.monotonic() - began


def main():
    program, film = (Path(it).resolve() for it in sys.argv[1:3])
    listed = json.loads(subprocess.run([program, "models", "list", "--json"], capture_output=True, check=True).stdout)
    models = listed if isinstance(listed, list) else listed["models"]
    [model] = [it["place"] for it in models if it["model"]["id"] == "ssd-mobilenet-oid"]
    pictures, shares = pictures_of(film), []
    for _ in range(int((sys.argv[3:] or [3])[0])):
        took = replay(program, film)
        bare = alone(model, pictures)
        shares.append(bare / took)
        print(f"{pictures} pictures: replay {took:.1f} s, model alone {bare:.1f} s, share {shares[-1]:.2f}", flush=True)
    print(f"median {statistics.median(shares):.2f}")


if __name__ == "__main__":
    main()

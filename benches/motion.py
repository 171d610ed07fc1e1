#!/usr/bin/python3
"""What `motion` saves where nothing moves: goal P9, CPU time at most 0.15 of the same pipeline without it.

    benches/motion.py OTUS [ROUNDS]

Runs a detector over six minutes of an empty 720p street at five pictures a second, noisy and at 350 kbit/s as a
camera sends it, with and without `motion` before it, in turn, and prints the CPU times of the whole process, decoding and start included, with the
ratio of each round; and that ratio less what two seconds of the street cost, which is the start, as otus runs for months. Figures are medians, with the least and the greatest. Needs ffmpeg and .demo/vtest.avi (`make demo`);
the clips stay in target/benches.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "target" / "benches"
PICTURES, START = 1800, 10
MODELS = "yolox-nano", "otus-person"
# 2 Mbit a second at thirty pictures, as cameras are set when they come, are so many at five.
RATE = "-b:v 350k -maxrate 350k -bufsize 700k".split()
PIPELINE = """
status.listen = "off"
sources.street = {{ type = "camera", uri = "{clip}", backend = "{backend}" }}
{gate}
transforms.people = {{ type = "detect", inputs = ["{seen}"], model = "{model}" }}
sinks.log = {{ type = "jsonl", inputs = ["people"], path = "log.jsonl" }}
"""
GATE = 'transforms.moves = { type = "motion", inputs = ["street"] }'


def clip(pictures):
    made = KEPT / f"still-720p-{pictures}.mp4"
    if not made.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        still = f"scale=1280:720,loop=loop={pictures - 1}:size=1,setpts=N/5/TB,noise=alls=4:allf=t"
        command = ["ffmpeg", "-v", "error", "-i", ROOT / ".demo/vtest.avi", "-vf", still, "-frames:v", str(pictures), "-r", "5"]
        subprocess.run([*command, "-c:v", "libx264", *RATE, "-g", "50", "-pix_fmt", "yuv420p", made], check=True)
    return made


def cpu_seconds(otus, pipeline):
    """User and system time of a run with all its children, and how many frames came to the detector."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pipeline.toml").write_text(pipeline)
        before = os.times()
        command = [otus, "run", "pipeline.toml", "--json"]
        said = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        after = os.times()
    edges = json.loads(said)["pipeline"]["edges"]
    looked = next(edge["forwarded"] for edge in edges if edge["to"] == "people")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return spent, looked


def shown(figures, form):
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    return f"{middle:{form}} ({low:{form}}–{high:{form}})"


def main():
    otus, rounds = os.path.abspath(sys.argv[1]), int((sys.argv[2:] or ["5"])[0])
    print("| model, decoder | without, s | with `motion`, s | ratio | without the start (P9: ≤ 0.15) | frames looked at |")
    print("| --- | --- | --- | --- | --- | --- |")
    for model in MODELS:
        for backend in "opencv", "ffmpeg":

            def run(pictures, gate, seen):
                made = dict(clip=clip(pictures), model=model, backend=backend, gate=gate, seen=seen)
                return cpu_seconds(otus, PIPELINE.format(**made))

            kinds = ("", "street"), (GATE, "moves")
            every = [[run(pictures, *kind) for pictures in (PICTURES, START) for kind in kinds] for _ in range(rounds)]
            spent = [[seconds for seconds, _ in runs] for runs in every]
            without, with_it = [it[0] for it in spent], [it[1] for it in spent]
            ratios = [it[1] / it[0] for it in spent]
            going = [(it[1] - it[3]) / (it[0] - it[2]) for it in spent]
            looked = f"{every[0][0][1]}, {every[0][1][1]}"
            figures = shown(without, ".2f"), shown(with_it, ".2f"), shown(ratios, ".3f"), shown(going, ".3f"), looked
            print(f"| {model}, {backend} |", " | ".join(figures), "|", flush=True)


if __name__ == "__main__":
    main()

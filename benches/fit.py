#!/usr/bin/python3
"""How long frames take to become tensors, beside fast_image_resize and OpenCV: at most 1.1 of the fastest.

    benches/fit.py [--rounds N]

Frames of noise, scaled bilinearly into the upper left corner of a square input, as planes of floats. In turn and with one
thread each:

    otus               `Letterbox::fill`
    fast_image_resize  bilinear without anti-aliasing, then planes of floats by a loop compiled as otus is (AVX2)
    cv2                `cv2.resize`, then the faster of two ways into planes: split first, or floats first; all arrays kept
    blob               `cv2.resize`, then `cv2.dnn.blobFromImage`, as most people write it

Prints a Markdown table of milliseconds, medians of the rounds with the least and the greatest; otus as a share of the
fastest peer, the median of the rounds; and by how many levels otus and OpenCV differ at most. Needs cargo, python3-venv and a
minute for 9 rounds; the program and the packages stay in target/benches.
"""

import argparse
import array
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "target" / "benches"
PROGRAM = KEPT / "fit" / "release" / "otus-bench-fit"
PYTHON = KEPT / "venv" / "bin" / "python"
OPENCV = "opencv-python-headless==5.0.0.93"
SIZES = {"1080p": (1920, 1080), "720p": (1280, 720), "480p": (640, 480), "480p, wide": (854, 480)}
SIDES = 640, 320
RUST, CV2 = ("otus", "fast_image_resize"), ("cv2", "blob")
CALLS = 40  # of which the median counts, in every round


def peer():
    """OpenCV in a process of its own: a line of what is wanted in, milliseconds out."""
    import cv2
    import numpy

    cv2.setNumThreads(1)

    def timed(calls, call):
        call()
        times = []
        for _ in range(calls):
            start = time.perf_counter()
            call()
            times.append(1e3 * (time.perf_counter() - start))
        return statistics.median(times)

    for line in sys.stdin:
        who, *numbers, pixels, file = line.split()
        width, height, side, calls = map(int, numbers)
        frame = numpy.fromfile(pixels, numpy.uint8).reshape(height, width, 3)
        scale = min(side / width, side / height)
        size = int(width * scale), int(height * scale)
        small = numpy.empty((size[1], size[0], 3), numpy.uint8)
        floats, planes = small.astype(numpy.float32), [small[..., 0].copy() for _ in range(3)]
        tensor = numpy.full((3, side, side), 114, numpy.float32)
        room = tensor[:, : size[1], : size[0]]

        def resize():
            cv2.resize(frame, size, dst=small, interpolation=cv2.INTER_LINEAR)

        def split_first():
            resize()
            cv2.split(small, planes)
            for plane, out in zip(planes, room):
                numpy.copyto(out, plane)

        def floats_first():
            resize()
            numpy.copyto(floats, small)
            cv2.split(floats, list(room))

        def blob():
            resize()
            room[:] = cv2.dnn.blobFromImage(small)[0]

        ways = [blob] if who == "blob" else [split_first, floats_first]
        milliseconds = min(timed(calls, way) for way in ways)
        tensor.tofile(file)
        print(milliseconds, flush=True)


def prepare():
    """otus and fast_image_resize as one program, and OpenCV for Python."""
    manifest = ROOT / "benches" / "fit" / "Cargo.toml"
    build = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", manifest]
    subprocess.run([*build, "--target-dir", KEPT / "fit"], check=True)
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", PYTHON.parent.parent], check=True)
    pip = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", OPENCV], check=True)


def started(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(process, *words):
    print(*words, file=process.stdin, flush=True)
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit(f"{process.args[0]} ended")
    return float(answer)


def apart(one, other):
    """By how much two files of floats differ at most."""
    one, other = (array.array("f", file.read_bytes()) for file in (one, other))
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def shown(figures):
    return f"{statistics.median(figures):.2f} ({min(figures):.2f}–{max(figures):.2f})"


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=9)
    rounds = asked.parse_args().rounds
    prepare()
    processes = dict.fromkeys(RUST, started(PROGRAM)) | dict.fromkeys(CV2, started(PYTHON, __file__, "--peer"))
    print("| frame, input | " + " | ".join(f"{who}, ms" for who in processes) + " | otus / fastest | levels apart |")
    print("| --- " * (len(processes) + 3) + "|")
    with tempfile.TemporaryDirectory() as here:
        here = Path(here)
        for name, (width, height) in SIZES.items():
            frame = here / "frame"
            frame.write_bytes(random.Random(7).randbytes(3 * width * height))
            for side in SIDES:
                times = {who: [] for who in processes}
                for _ in range(rounds):
                    for who, process in processes.items():
                        times[who].append(ask(process, who, width, height, side, CALLS, frame, here / who))
                shares = [ours / min(theirs) for ours, *theirs in zip(*times.values())]
                row = [f"{name}, {side}", *map(shown, times.values()), f"{statistics.median(shares):.2f}"]
                print("|", " | ".join(row), "|", apart(here / "otus", here / "cv2"), "|", flush=True)
    for process in {id(it): it for it in processes.values()}.values():
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    peer() if sys.argv[1:] == ["--peer"] else main()

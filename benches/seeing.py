#!/usr/bin/python3
"""What finding objects in a film costs, beside Python with OpenCV and ONNX Runtime: goals P4, P5, P6, P8, P20.

    benches/seeing.py OTUS MODEL[:SIDE]… [--rounds N]

MODEL is an ONNX file: of YOLOX as its authors export it, of Ultralytics raw (`[1, 84, boxes]`) or with boxes that need no
suppression (`[1, boxes, 6]`); of one that takes any size, SIDE is the size. In turn, on 600 pictures of 720p H.264, which are
ten a second:

    otus     a camera, `detect` and a log, as they are by default
    otus, 2  the same with `workers = 2`
    plain    `peer` below as most people write it: everything in a row, both libraries as they are by default
    tuned    the same with one thread, without spinning, arrays kept
    bare     the model alone in ONNX Runtime, again and again on one tensor: one thread, and two that share the session
    duty     otus and plain on every second picture of 20 seconds, as they come
    cameras  the memory of otus with one and with four films of 640x360, five pictures a second

Prints a Markdown table for each model: seconds, processor seconds and the peak of memory, medians of the rounds, and the
ratios, medians of those of each round; how many boxes each found. The start of otus, as it takes for ten pictures less, is left
out of P4 and P5. Needs ffmpeg, python3-venv and .demo/vtest.avi
(`make demo`); clip and packages stay in target/benches.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "target" / "benches"
PYTHON = KEPT / "venv" / "bin" / "python"
CLIP, START, SMALL = (KEPT / f"street-{it}.mp4" for it in ("720p-600", "720p-10", "360p-600"))
PACKAGES = "opencv-python-headless==5.0.0.93", "onnxruntime==1.31.1", "numpy"
PICTURES, START_PICTURES, DUTY = 600, 10, 200
CAMERAS = 4
SCORE, OVERLAP = 0.4, 0.45
PIPELINE = """
status.listen = "off"
{sources}
transforms.things = {{ type = "detect", inputs = [{inputs}], model = "{model}", sha256 = "{sha}", score = 0.4{size}{workers} }}
sinks.log = {{ type = "jsonl", inputs = ["things"], path = "log.jsonl" }}
"""
SOURCE = 'sources.street{at} = {{ type = "camera", uri = "{clip}"{pace} }}'
PACED = ', fps = 5, pace = "realtime"'


def peer(how, model, side, clip, log):
    """Finds objects as a script does; `duty` is plain, every second picture when it is due."""
    import cv2
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    if how == "tuned":
        cv2.setNumThreads(1)
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    [given] = session.get_inputs()
    side, is_yolox = int(side), session.get_outputs()[0].shape[-1] == 85
    steps = numpy.concatenate([numpy.full((side // it) ** 2, it) for it in (8, 16, 32)])[:, None]
    cells = [numpy.indices((side // it, side // it))[::-1].reshape(2, -1).T for it in (8, 16, 32)]
    cells = numpy.concatenate(cells)
    canvas = numpy.full((side, side, 3), 114, numpy.uint8)
    tensor = numpy.empty((1, 3, side, side), numpy.float32)
    film, began = cv2.VideoCapture(clip), time.monotonic()
    with open(log, "w") as out:
        for number in range(DUTY if how == "duty" else PICTURES):
            if how == "duty":
                time.sleep(max(0, began + number / 10 - time.monotonic()))
                if number % 2:
                    film.grab()
                    continue
            there, frame = film.read()
            if not there:
                break
            scale = min(side / frame.shape[0], side / frame.shape[1])
            width, height = int(frame.shape[1] * scale), int(frame.shape[0] * scale)
            left, top = (0, 0) if is_yolox else ((side - width) // 2, (side - height) // 2)
            resized = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
            canvas[top : top + height, left : left + width] = resized
            picture = canvas if is_yolox else canvas[..., ::-1]
            if how == "tuned":
                numpy.copyto(tensor[0], picture.transpose(2, 0, 1))
                if not is_yolox:
                    tensor *= 1 / 255
            else:
                tensor = picture.transpose(2, 0, 1)[None].astype(numpy.float32) / (1 if is_yolox else 255)
            [found] = session.run(None, {given.name: tensor})[:1]
            if found.shape[-1] == 6:
                rows = found[0][found[0][:, 4] > SCORE]
                boxes, best, classes = rows[:, :4].copy(), rows[:, 4], rows[:, 5].astype(int)
                boxes[:, 2:] -= boxes[:, :2]
                kept = range(len(rows))
            else:
                rows = found[0] if is_yolox else found[0].T
                scores = rows[:, 4:5] * rows[:, 5:] if is_yolox else rows[:, 4:]
                classes, best = scores.argmax(1), scores.max(1)
                sure = best > SCORE
                rows, classes, best = rows[sure], classes[sure], best[sure]
                middle, size = rows[:, :2], rows[:, 2:4]
                if is_yolox:
                    middle, size = (middle + cells[sure]) * steps[sure], numpy.exp(size) * steps[sure]
                boxes = numpy.concatenate([middle - size / 2, size], 1)
                given_boxes = boxes.tolist(), best.tolist(), classes.tolist()
                kept = numpy.ravel(cv2.dnn.NMSBoxesBatched(*given_boxes, SCORE, OVERLAP)) if len(rows) else []
            boxes = ((boxes - [left, top, 0, 0]) / scale).tolist()
            objects = [{"class": int(classes[it]), "score": float(best[it]), "box": boxes[it]} for it in kept]
            out.write(json.dumps({"seq": number, "objects": objects}) + "\n")


def bare(model, side):
    """Pictures a second of the model alone: by one thread, and by two that share it."""
    import threading

    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    [given] = session.get_inputs()
    tensor = {given.name: numpy.random.default_rng(1).random((1, 3, int(side), int(side)), numpy.float32)}

    def rate(threads):
        def run():
            for _ in range(PICTURES // 3):
                session.run(None, tensor)

        began, all_of_them = time.monotonic(), [threading.Thread(target=run) for _ in range(threads)]
        for thread in all_of_them:
            thread.start()
        for thread in all_of_them:
            thread.join()
        return threads * (PICTURES // 3) / (time.monotonic() - began)

    rate(1)
    print(rate(1), rate(2))


def prepare():
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", PYTHON.parent.parent], check=True)
    pip = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *PACKAGES], check=True)
    for clip, size, count in (CLIP, "1280:720", PICTURES), (START, "1280:720", START_PICTURES), (SMALL, "640:360", PICTURES):
        if not clip.exists():
            command = ["ffmpeg", "-v", "error", "-i", ROOT / ".demo/vtest.avi", "-vf", f"scale={size}"]
            coded = ["-c:v", "libx264", "-crf", "23", "-pix_fmt", "yuv420p"]
            subprocess.run([*command, "-frames:v", str(count), *coded, clip], check=True)


def spent(command, folder):
    """Seconds, processor seconds and peak memory in MB of a process with its children."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} failed; see what it says")
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def side_of(otus, model):
    told = json.loads(subprocess.run([otus, "models", "inspect", model, "--json"], check=True, capture_output=True).stdout)
    return str(told["size"][0])


def boxes_of(log):
    return sum(len(json.loads(line).get("objects", [])) for line in open(log))


def otus_on(program, model, size, clip=CLIP, workers="", cameras=1, paced=0):
    """Figures and boxes of otus; `paced` is for how many seconds, where pictures come in their time."""
    sha, pace = hashlib.sha256(model.read_bytes()).hexdigest(), PACED if paced else ""
    sources = "\n".join(SOURCE.format(at=at, clip=clip, pace=pace) for at in range(cameras))
    inputs = ", ".join(f'"street{at}"' for at in range(cameras))
    written = PIPELINE.format(sources=sources, inputs=inputs, model=model, sha=sha, size=size, workers=workers)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "p.toml").write_text(written)
        limit = ["--for", f"{paced}s"] if paced else []
        return spent([program, "run", "p.toml", *limit], folder), boxes_of(Path(folder, "log.jsonl"))


def peer_on(how, model, side):
    with tempfile.TemporaryDirectory() as folder:
        figures = spent([PYTHON, __file__, "--peer", how, model, side, CLIP, "log.jsonl"], folder)
        return figures, boxes_of(Path(folder, "log.jsonl"))


def round_of(otus, model, side, size):
    """Figures and boxes of each, in turn, and what the model alone does in a second."""
    given = otus, model, size
    seen = {
        "otus": otus_on(*given),
        "plain": peer_on("plain", model, side),
        "tuned": peer_on("tuned", model, side),
        "otus, 2": otus_on(*given, workers=", workers = 2"),
        "otus, start": otus_on(*given, clip=START),
        "otus, duty": otus_on(*given, paced=DUTY // 10),
        "plain, duty": peer_on("duty", model, side),
        "otus, 1 camera": otus_on(*given, clip=SMALL, paced=10),
        f"otus, {CAMERAS} cameras": otus_on(*given, clip=SMALL, paced=10, cameras=CAMERAS),
    }
    alone = subprocess.run([PYTHON, __file__, "--bare", model, side], check=True, capture_output=True, text=True).stdout
    return seen, [float(it) for it in alone.split()]


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("otus", type=Path)
    asked.add_argument("model", nargs="+")
    asked.add_argument("--rounds", type=int, default=3)
    asked = asked.parse_args()
    prepare()
    for named in asked.model:
        model, _, side = named.partition(":")
        model, size = Path(model).resolve(), f", size = [{side}, {side}]" if side else ""
        side = side or side_of(asked.otus, model)
        rounds = [round_of(asked.otus.resolve(), model, side, size) for _ in range(asked.rounds)]
        print(f"\n| {model.name}, {side} | seconds | processor seconds | MB | boxes |\n| --- | --- | --- | --- | --- |")
        for name, (_, boxes) in rounds[0][0].items():
            shown = [f"{statistics.median(it[0][name][0][at] for it in rounds):.2f}" for at in range(3)]
            print("|", name, "|", " | ".join(shown), "|", boxes, "|")
        goals = {
            "P4, pictures a second, otus / bare": lambda it, bare: rate(it, "otus") / bare[0],
            "P5, the same with two workers": lambda it, bare: rate(it, "otus, 2") / bare[1],
            "P8, processor seconds at five a second": lambda it, _: it["otus, duty"][0][1] / it["plain, duty"][0][1],
            "P20, MB for one more camera": lambda it, _: (
                (it[f"otus, {CAMERAS} cameras"][0][2] - it["otus, 1 camera"][0][2]) / (CAMERAS - 1)
            ),
        }
        for peer_name in ("plain", "tuned"):
            for at, what in enumerate(("seconds", "processor seconds", "memory")):
                goals[f"P6, {what}, otus / {peer_name}"] = lambda it, _, peer_name=peer_name, at=at: (
                    it["otus"][0][at] / it[peer_name][0][at]
                )
        for goal, of in goals.items():
            every = [of(*it) for it in rounds]
            print(f"{goal}: {statistics.median(every):.2f} ({min(every):.2f}–{max(every):.2f})")


def rate(seen, name):
    return (PICTURES - START_PICTURES) / (seen[name][0][0] - seen["otus, start"][0][0])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--peer", *words]:
            peer(*words)
        case ["--bare", *words]:
            bare(*words)
        case _:
            main()

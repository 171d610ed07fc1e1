#!/usr/bin/env python3
"""How long after its capture a detection is a line on the disk, and is at the broker.

    benches/lateness.py OTUS [SECONDS]

Plays the demo's street by RTSP, ten pictures a second, to `detect` (otus-person), `jsonl` and `mqtt`. An event's `time` is when its
picture was captured, by the camera's clock and when its packets come; a line counts when it can be read from the file, which is
looked at every half millisecond, a message when mosquitto_sub has it. Prints median, p99 and most, in ms. Needs what the tests of
network cameras need, and .demo/vtest.avi (`make demo`).
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PORT = 18_841
PIPELINE = f"""
status.listen = "off"
sources.street = {{ type = "camera", uri = "URI" }}
transforms.people = {{ type = "detect", inputs = ["street"], model = "otus-person" }}
sinks.lines = {{ type = "jsonl", inputs = ["people"], path = "events.jsonl" }}
sinks.tell = {{ type = "mqtt", inputs = ["people"], uri = "mqtt://127.0.0.1:{PORT}", folder = "outbox" }}
"""


def late(at, text):
    captured = datetime.fromisoformat(json.loads(text)["time"].replace("Z", "+00:00")).timestamp()
    return (at - captured) * 1000


def follow(file, found, over):
    """Lines of the file, and when they could be read."""
    while not file.exists():
        time.sleep(0.01)
    rest = ""
    with file.open() as lines:
        while not over.is_set():
            text = lines.read()
            now = time.time()
            *whole, rest = (rest + text).split("\n")
            found.extend((now, line) for line in whole)
            time.sleep(0.0005)


def shown(name, found):
    # The first second is before the models are there.
    times = sorted(late(*it) for it in found[10:])
    p99 = times[int(len(times) * 0.99)]
    print(f"{name}: {len(times)} events, median {times[len(times) // 2]:.1f} ms, p99 {p99:.1f} ms, most {times[-1]:.1f} ms")


def main():
    program, seconds = Path(sys.argv[1]).resolve(), int((sys.argv[2:] or [70])[0])
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "mosquitto.conf").write_text(f"listener {PORT} 127.0.0.1\nallow_anonymous true\n")
        broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", folder / "mosquitto.conf"], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        listen = ["mosquitto_sub", "-p", str(PORT), "-t", "+/+/events/#", "-q", "1", "-F", "%U %p"]
        with (folder / "told").open("w") as told:
            listener = subprocess.Popen(listen, stdout=told)
        serve = [ROOT / "tests/rigs/rtsp_server.py", "--file", ROOT / ".demo/vtest.avi", "--width", "768", "--height", "576", "--fps", "10"]
        camera = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
        uri = camera.stdout.readline().split()[1]
        (folder / "p.toml").write_text(PIPELINE.replace("URI", uri))
        lines, over = [], threading.Event()
        follower = threading.Thread(target=follow, args=(folder / "events.jsonl", lines, over))
        follower.start()
        subprocess.run([program, "run", "p.toml", "--for", f"{seconds}s"], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        time.sleep(0.2)
        over.set()
        follower.join()
        listener.terminate()
        listener.wait()
        told = [line.split(" ", 1) for line in (folder / "told").read_text().splitlines()]
        camera.terminate()
        broker.terminate()
        broker.wait()
    shown("line in the file", lines)
    shown("at the broker", [(float(at), text) for at, text in told])


if __name__ == "__main__":
    main()

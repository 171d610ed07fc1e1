#!/usr/bin/python3
"""Months in minutes: millions of frames and hours of sound at full speed, with faults; `make soak` runs it.

One otus process watches a long small video and hears long speech as fast as it can, beside a live RTSP camera whose
model runs in a worker process. Every few seconds something breaks: the camera dies, the worker is killed, the disk of
the log fills, the whole program stands still, its file changes under SIGHUP, a client of /events does not read. At the
end: how much memory, descriptors and threads have grown, and what is left of the camera's latencies.

Needs root (a small disk is mounted), ffmpeg, and what tests/rigs/rtsp_server.py needs.
"""

import argparse
import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / ".demo"
PAGE = os.sysconf("SC_PAGE_SIZE")


def field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def port(name, *shape):
    sizes = b"".join(field(1, bytes([8, size])) for size in shape)
    return field(1, name) + field(2, field(1, b"\x08\x01" + field(2, sizes)))


def tiny_detector():
    """An ONNX file of the YOLOX kind that finds the same box in every picture: all cost is in what is around it."""
    row = struct.pack("<6f", 0.5, 0.5, 0, 0, 0.9, 0.9)
    value = bytes([8, 1, 8, 1, 8, 6, 16, 1]) + field(8, b"v") + field(9, row)
    node = field(1, b"v") + field(2, b"y") + field(4, b"Identity")
    ports = field(11, port(b"x", 1, 3, 8, 8)) + field(12, port(b"y", 1, 1, 6))
    graph = field(1, node) + field(2, b"tiny") + field(5, value) + ports
    return b"\x08\x08" + field(7, graph) + field(8, bytes([16, 13]))


def media(folder, frames, hours):
    """A video of so many frames and a sound file of so many hours, each a short one again and again."""
    call = ["ffmpeg", "-v", "error", "-y"]
    short = folder / "short.avi"
    subprocess.run([*call, "-i", DEMO / "vtest.avi", "-vf", "scale=96:72", "-c:v", "mpeg4", short], check=True)
    loops = str(frames // 795)
    subprocess.run([*call, "-stream_loop", loops, "-i", short, "-c", "copy", folder / "long.mkv"], check=True)
    spoken = [arg for wav in sorted(DEMO.glob("*.wav")) for arg in ("-i", wav)]
    count = len(spoken) // 2
    joined = "".join(f"[{n}]apad=pad_dur=1[a{n}];" for n in range(count)) + "".join(f"[a{n}]" for n in range(count))
    joined += f"concat=n={count}:v=0:a=1"
    once = folder / "once.wav"
    subprocess.run([*call, *spoken, "-filter_complex", joined, "-ar", "16000", "-ac", "1", once], check=True)
    loops = str(int(hours * 3600 * 32000 / once.stat().st_size))
    subprocess.run([*call, "-stream_loop", loops, "-i", once, "-c", "copy", folder / "long.wav"], check=True)


def pipeline(folder, camera, keep):
    model = tiny_detector()
    (folder / "tiny.onnx").write_bytes(model)
    return f"""
[runtime]
isolation = "process"
[sources.video]
type = "camera"
uri = "long.mkv"
[sources.sound]
type = "audio_file"
path = "long.wav"
[sources.porch]
type = "camera"
uri = "{camera}"
stall_timeout_ms = 2000
[transforms.boxes]
type = "detect"
inputs = ["video"]
model = "./tiny.onnx"
sha256 = "{hashlib.sha256(model).hexdigest()}"
[transforms.people]
type = "detect"
inputs = ["porch"]
model = "otus-person"
score = 0.05
[transforms.speech]
type = "vad"
inputs = ["sound"]
[transforms.words]
type = "transcribe"
inputs = ["speech"]
model = "otus-words"
[sinks.log]
type = "jsonl"
inputs = ["people", "porch"]
path = "disk/log.jsonl"
max_mb = {keep}
[sinks.past]
type = "jsonl"
inputs = ["boxes", "speech", "words"]
path = "disk/past.jsonl"
max_mb = {keep}
[status]
listen = "unix:status.sock"
"""


def ask(folder, path, read=True):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    client.connect(str(folder / "status.sock"))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    if not read:
        return client
    answer = b"".join(iter(lambda: client.recv(65536), b""))
    return answer.split(b"\r\n\r\n", 1)[1].decode()


def family(pid):
    children = [p for t in Path(f"/proc/{pid}/task").iterdir() for p in (t / "children").read_text().split()]
    return [pid, *map(int, children)]


def weigh(pid):
    """Resident megabytes of process and workers; descriptors and threads of the process."""
    pages = sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in family(pid))
    main = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    count = lambda what: len(list(Path(f"/proc/{pid}/{what}").iterdir()))
    return pages * PAGE / 1e6, main * PAGE / 1e6, count("fd"), count("task")


class Faults:
    """One after the other, again and again."""

    def __init__(self, folder, otus, start_camera):
        self.folder, self.otus, self.start_camera, self.count, self.reader = folder, otus, start_camera, 0, None
        self.camera = start_camera()

    def next(self):
        kinds = [self.camera_dies, self.worker_dies, self.disk_fills, self.stands_still, self.reloads, self.slow_reader]
        kinds[self.count % len(kinds)]()
        self.count += 1

    def camera_dies(self):
        self.camera.kill()
        self.camera.wait()
        time.sleep(3)
        self.camera = self.start_camera()

    def worker_dies(self):
        workers = family(self.otus.pid)[1:]
        os.kill(workers[self.count % len(workers)], signal.SIGKILL)

    def disk_fills(self):
        filler = self.folder / "disk/filler"
        try:
            filler.write_bytes(bytes(64 << 20))
        except OSError:
            pass
        time.sleep(3)
        filler.unlink()

    def stands_still(self):
        self.otus.send_signal(signal.SIGSTOP)
        time.sleep(2)
        self.otus.send_signal(signal.SIGCONT)

    def reloads(self):
        file = self.folder / "pipeline.toml"
        old, new = ("max_mb = 8", "max_mb = 9") if "max_mb = 8" in file.read_text() else ("max_mb = 9", "max_mb = 8")
        file.write_text(file.read_text().replace(old, new))
        self.otus.send_signal(signal.SIGHUP)

    def slow_reader(self):
        self.reader = ask(self.folder, "/events", read=False)


def slope(samples, column):
    """Least squares over time: growth an hour, and what it is at most with 95 % certainty."""
    points = [(at, values[column]) for at, values in samples[len(samples) // 5 :]]
    n = len(points)
    mean_x, mean_y = (sum(p[axis] for p in points) / n for axis in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    tilt = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    rest = sum((y - mean_y - tilt * (x - mean_x)) ** 2 for x, y in points) / (n - 2)
    return tilt * 3600, (tilt + 1.96 * (rest / spread) ** 0.5) * 3600


def latencies(metrics):
    """Cumulative counts by upper bound, of what the log got from the live camera."""
    buckets = [line for line in metrics.splitlines() if line.startswith("otus_node_latency_seconds_bucket{")]
    lines = [line for line in buckets if 'node="log"' in line]
    bound = lambda line: float(line.split('le="')[1].split('"')[0].replace("+Inf", "inf"))
    return {bound(line): float(line.rsplit(" ", 1)[1]) for line in lines}


def p99(before, after):
    counts = {bound: count - before.get(bound, 0) for bound, count in after.items()}
    wanted = 0.99 * max(counts.values(), default=0)
    return min((bound for bound, count in counts.items() if count >= wanted), default=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("otus", type=Path)
    parser.add_argument("--frames", type=int, default=3_000_000)
    parser.add_argument("--hours", type=float, default=10, help="of sound")
    parser.add_argument("--every", type=float, default=10, help="seconds from fault to fault")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        soak(args, Path(name))


def soak(args, folder):
    media(folder, args.frames, args.hours)
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", disk], check=True)
    start_camera = lambda: subprocess.Popen([sys.executable, HERE / "rigs/rtsp_server.py", "--port", "18554"],
                                            stdout=subprocess.DEVNULL)  # fmt: skip
    (folder / "pipeline.toml").write_text(pipeline(folder, "rtsp://127.0.0.1:18554/cam", 8))
    log = open(folder / "log.txt", "w")
    otus = subprocess.Popen([args.otus.resolve(), "run", "pipeline.toml"], cwd=folder, stderr=log)
    faults = Faults(folder, otus, start_camera)
    begun = time.monotonic()
    try:
        samples, marks = watch(args, folder, otus, faults, begun)
        report(samples, marks, faults)
    finally:
        for process in (otus, faults.camera):
            process.kill()
            process.wait()
        subprocess.run(["umount", "-l", disk], check=True)
        lines = (folder / "log.txt").read_text().splitlines()
        print(f"{len(lines)} lines of log, the last:", *lines[-3:], sep="\n  ")


def watch(args, folder, otus, faults, begun):
    """Samples until both files have been read to their end."""
    samples, marks, due = [], [], args.every * 3
    while otus.poll() is None:
        time.sleep(2)
        now = time.monotonic() - begun
        try:
            status = json.loads(ask(folder, "/status"))["pipeline"]
            marks.append((now, latencies(ask(folder, "/metrics"))))
            samples.append((now, weigh(otus.pid)))
        except (OSError, json.JSONDecodeError, IndexError):
            continue
        nodes = {node["id"]: node for node in status["nodes"]}
        frames = nodes["video"]["made"].get("frame", 0)
        seconds = nodes["sound"]["made"].get("audio", 0) * 0.064
        if len(samples) % 15 == 1:
            rss, main, fds, threads = samples[-1][1]
            print(f"{now:6.0f} s: {frames} frames, {seconds / 3600:.2f} h of sound, {rss:.1f} MB ({main:.1f} in the main "
                  f"process), {fds} descriptors, {threads} threads, {faults.count} faults", flush=True)  # fmt: skip
        if nodes["video"]["state"] == nodes["sound"]["state"] == "ended":
            break
        if now > due:
            faults.next()
            due = time.monotonic() - begun + args.every
    print(f"exit code so far: {otus.poll()}")
    return samples, marks


def report(samples, marks, faults):
    hours = samples[-1][0] / 3600
    print(f"{hours * 60:.1f} minutes, {faults.count} faults, {len(samples)} samples; after the first fifth:")
    for column, what in enumerate(["MB with workers", "MB of the main process", "descriptors", "threads"]):
        values = [values[column] for _, values in samples[len(samples) // 5 :]]
        tilt, most = slope(samples, column)
        print(f"  {what}: {values[0]:.1f} first, {values[-1]:.1f} last, {min(values):.1f} to {max(values):.1f}; "
              f"{tilt:+.2f} an hour, at most {most:+.2f} (95 %)")  # fmt: skip
    quarter = len(marks) // 4
    if quarter:
        print(f"  p99 from capture to log: {p99({}, marks[quarter][1])} s in the first quarter, "
              f"{p99(marks[-quarter][1], marks[-1][1])} s in the last")  # fmt: skip


if __name__ == "__main__":
    main()

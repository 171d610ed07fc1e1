#!/usr/bin/python3
"""Size, start and memory of built programs, beside a Python script that does the same: goals P18, P19, P21, P22.

    benches/footprint.py OTUS [OTUS…]

Prints two Markdown tables. What each program is by itself: size without symbols, the libraries and the glibc that it
asks for, how long `--version` takes, memory without a model. Then, in turn with the script: the time from the start to
the first detection and to systemd's READY=1, and the memory while people are found in 720p video, five pictures a
second, decoded by OpenCV or by a child ffmpeg ("otus + ffmpeg"), as far as the program can. Of programs for another
processor only the file is looked at.

The script is `peer` below, run on its own, with OpenCV's and ONNX Runtime's Python packages, one thread, no spinning.
MB are 10^6 bytes. Figures are medians, with the least and the greatest; ratios are those of each round. Takes two
minutes for each program. Needs binutils for each program's processor, ffmpeg, python3-venv and .demo/vtest.avi
(`make demo`). The clip and the packages stay in target/benches.
"""

import inspect
import os
import re
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import wave
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "target" / "benches"
PYTHON = KEPT / "venv" / "bin" / "python"
CLIP = KEPT / "street-720p.mp4"
MODEL = ROOT / "models" / "otus-person.onnx"
OPENCV = "opencv-python-headless==5.0.0.93"
STARTS, COLD_STARTS, WATCHES = 11, 7, 3
WATCHED = 10  # seconds
DETECTION = '"kind":"detection"'
ALONE = (
    "program|MB|libraries (P22: gcc_s m c)|glibc (P22: ≤ 2.31)|`--version`, ms|"
    "no model: resident (peak), MB (P19: ≤ 12)|in libraries, MB"
).split("|")
DETECTING = (
    "program, decoder|first detection, ms|/ Python (P21: ≤ 0.7)|READY=1, ms (P21: ≤ 400)|resident (peak), MB|"
    "peak / Python (P18: ≤ 0.75)|Pss, MB|anonymous, MB|in libraries, MB|pictures with people"
).split("|")
IDLE = """
status.listen = "127.0.0.1:{port}"
sources.voice = {{ type = "audio_file", path = "silence.wav", pace = "realtime" }}
sinks.log = {{ type = "jsonl", inputs = ["voice"], path = "log.jsonl" }}
"""
PEOPLE = """
status.listen = "127.0.0.1:{port}"
sources.street = {{ type = "camera", uri = "{clip}", backend = "{decoder}", fps = 5, pace = "realtime" }}
transforms.people = {{ type = "detect", inputs = ["street"], model = "otus-person" }}
sinks.screen = {{ type = "console", inputs = ["people"], format = "json" }}
"""


def peer(video, model):
    """What one would write in Python; prints a line for each picture with people."""
    import time

    import cv2
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    taken = session.get_inputs()[0]
    capture = cv2.VideoCapture(video)
    fps = capture.get(cv2.CAP_PROP_FPS)
    size = numpy.array([capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)])
    width, height = (size * min(taken.shape[3] / size[0], taken.shape[2] / size[1])).astype(int)
    padded = numpy.full((*taken.shape[2:], 3), 114, numpy.uint8)
    number, began = 0, time.monotonic()
    while capture.grab():
        at, wanted = number / fps, number % round(fps / 5) == 0
        number += 1
        if not wanted:
            continue
        time.sleep(max(0, began + at - time.monotonic()))
        padded[:height, :width] = cv2.resize(capture.retrieve()[1], (width, height))
        tensor = padded.transpose(2, 0, 1)[None].astype(numpy.float32)
        rows = session.run(None, {taken.name: tensor})[0][0]
        found = numpy.count_nonzero(rows[:, 4] * rows[:, 5:].max(axis=1) >= 0.4)
        if found:
            print(f'{{"kind":"detection","objects":{found}}}', flush=True)


def prepare():
    """Makes the clip and the packages where they are missing; gives the packages' names and versions."""
    KEPT.mkdir(parents=True, exist_ok=True)
    if not CLIP.exists():
        half = CLIP.with_suffix(".half.mp4")
        video = ["-t", "20", "-vf", "scale=1280:720", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", ROOT / ".demo" / "vtest.avi", *video, half], check=True)
        half.rename(CLIP)
    manifest = tomllib.loads(MODEL.with_name("manifest.toml").read_text())
    packages = [next(it["pip"] for it in manifest["model"] if it["id"] == "onnxruntime"), OPENCV]
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", KEPT / "venv"], check=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([PYTHON, "-m", "pip", "install", *quiet, *packages], check=True)
    # The same library for both sides, and nothing sent to its makers.
    [library] = (KEPT / "venv").glob("lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*")
    os.environ.update(ORT_DYLIB_PATH=str(library), ORT_DISABLE_TELEMETRY="1")
    return packages


def spread(values, digits=0):
    """Median, least and greatest."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def processor(program):
    """The one it is for, from the machine number of its ELF header."""
    with open(program, "rb") as file:
        return {62: "x86_64", 183: "aarch64"}[int.from_bytes(file.read(20)[18:], "little")]


def pipeline(folder, name, text, **blanks):
    """Writes a pipeline file with a status port that is free; gives the port and the command's end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    file = folder / f"{name}.toml"
    file.write_text(text.format(port=port, **blanks))
    return port, ["run", file]


@contextmanager
def running(command, folder, **options):
    """A process that ends with the block. What it complains about goes to a file."""
    with open(folder / "errors", "w") as errors:
        process = subprocess.Popen(command, stderr=errors, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def memory(pid):
    """MB of a process: resident, its peak, its fair share (Pss), held by no file, and in how many libraries."""
    megabytes = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(("VmRSS", "VmHWM", "RssAnon")):
            megabytes[line.split(":")[0]] = int(line.split()[1]) * 1024 / 1e6
    library, libraries = None, {}
    megabytes["Pss"] = 0
    for key, *rest in map(str.split, Path(f"/proc/{pid}/smaps").read_text().splitlines()):
        if not key.endswith(":"):
            library = rest[-1] if len(rest) == 5 and ".so" in rest[-1] else None
        elif key == "Rss:" and library:
            libraries[library] = libraries.get(library, 0) + int(rest[0]) * 1024 / 1e6
        elif key == "Pss:":
            megabytes["Pss"] += int(rest[0]) * 1024 / 1e6
    return megabytes | {"libraries": sum(libraries.values()), "count": len(libraries)}


def idle(program, folder):
    """Memory of a pipeline without a model, whose metrics have been asked for."""
    with wave.open(str(folder / "silence.wav"), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(bytes(32_000 * 60))
    port, run = pipeline(folder, "idle", IDLE)
    with running([program, *run], folder, stdout=subprocess.DEVNULL) as process:
        for _ in range(WATCHED // 2):
            time.sleep(2)
            urlopen(f"http://127.0.0.1:{port}/metrics").read()
        return memory(process.pid)


def cold_start(command, folder):
    """Milliseconds to the first detection and, of otus, to READY=1; none if the program ends before."""
    address = folder / "notify"
    address.unlink(missing_ok=True)
    awaited = {"detection", "ready"} if "run" in command else {"detection"}
    times = {}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(address))
        environment = os.environ | {"NOTIFY_SOCKET": str(address)}
        began = time.perf_counter()
        with running(command, folder, stdout=subprocess.PIPE, env=environment) as process, process.stdout as output:
            while awaited - times.keys():
                readable, _, _ = select.select([ear, output], [], [])
                took = (time.perf_counter() - began) * 1e3
                if ear in readable and b"READY=1" in ear.recv(4096):
                    times["ready"] = took
                if output in readable:
                    said = os.read(output.fileno(), 1 << 16).decode()
                    if not said:
                        return None
                    if DETECTION in said:
                        times.setdefault("detection", took)
    return times


def watch(command, folder):
    """Memory of the process, and of its child if it has one, after a while; how many pictures had people."""
    with open(folder / "said", "w") as said, running(command, folder, stdout=said) as process:
        time.sleep(WATCHED)
        children = [it.read_text().split() for it in Path(f"/proc/{process.pid}/task").glob("*/children")]
        taken = [memory(pid) for pid in [process.pid, *sum(children, [])]]
    return taken, (folder / "said").read_text().count(DETECTION)


def table(head, rows):
    print("|", " | ".join(head), "|")
    print("|" + " --- |" * len(head))
    for cells in rows:
        print("|", " | ".join(cells + ["–"] * (len(head) - len(cells))), "|", flush=True)


def look_at(program, folder):
    """What a program is by itself; the file only, if it does not run here."""
    told = subprocess.run(["readelf", "-dVW", program], capture_output=True, text=True, check=True).stdout
    stripped = folder / "stripped"
    subprocess.run([f"{processor(program)}-linux-gnu-strip", "-o", stripped, program], check=True)
    libraries = re.findall(r"\(NEEDED\).*\[(?:lib)?(.+?)\.so", told)
    glibc = max(re.findall(r"GLIBC_([0-9.]+)", told), key=lambda it: [int(part) for part in it.split(".")])
    cells = [f"{program}, {processor(program)}", f"{stripped.stat().st_size / 1e6:.1f}", " ".join(libraries), glibc]
    if processor(program) != os.uname().machine:
        return cells
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run([program, "--version"], stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - began) * 1e3)
    taken = idle(program, folder)
    cells += [spread(times), f"{taken['VmRSS']:.1f} ({taken['VmHWM']:.1f})"]
    return [*cells, f"{taken['libraries']:.1f} in {taken['count']}"]


def contenders(programs, folder):
    """By name, the commands that find people in the clip; tells why others do not. Fills the page cache."""
    script = f"{inspect.getsource(peer)}\nimport sys\npeer(*sys.argv[1:])"
    commands = {"Python": [PYTHON, "-c", script, CLIP, MODEL]}
    for number, program in enumerate(programs):
        for decoder in ("opencv", "ffmpeg"):
            _, run = pipeline(folder, f"{number}-{decoder}", PEOPLE, clip=CLIP, decoder=decoder)
            commands[f"{program}, {decoder}"] = [program, *run]
    for name, command in list(commands.items()):
        if cold_start(command, folder) is None:
            print(f"\n{name} finds nobody:\n\n    {(folder / 'errors').read_text().strip()[-300:]}")
            del commands[name]
    return commands


def row(name, starts, watches):
    """One contender's line: its own figures, and its share of the script's in the same rounds."""

    def each(key, digits=1):
        rounds = zip(*([process[key] for process in it[name][0]] for it in watches))
        return " + ".join(f"{statistics.median(values):.{digits}f}" for values in rounds)

    def peak(watch):
        return sum(process["VmHWM"] for process in watch[0])

    slower = [it[name]["detection"] / it["Python"]["detection"] for it in starts]
    larger = [peak(it[name]) / peak(it["Python"]) for it in watches]
    ready = [it[name]["ready"] for it in starts if "ready" in it[name]]
    cells = [name, spread([it[name]["detection"] for it in starts]), spread(slower, 2)]
    cells += [spread(ready) if ready else "–", f"{each('VmRSS')} ({each('VmHWM')})", spread(larger, 2)]
    cells += [each("Pss"), each("RssAnon"), f"{each('libraries')} in {each('count', 0)}"]
    return [*cells, f"{statistics.median(it[name][1] for it in watches):.0f}"]


def race(commands, folder):
    """Prints starts and memory, round by round beside the script's."""
    starts = [{name: cold_start(it, folder) for name, it in commands.items()} for _ in range(COLD_STARTS)]
    watches = [{name: watch(it, folder) for name, it in commands.items()} for _ in range(WATCHES)]
    print()
    table(DETECTING, (row(name, starts, watches) for name in commands))


def main():
    programs = [os.path.abspath(it) for it in sys.argv[1:]]
    if not programs or not all(map(os.path.isfile, programs)):
        sys.exit(__doc__)
    packages = prepare()
    named = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    machine = os.uname()
    model = named.group(1) if named else machine.machine
    print(f"## Footprint on {machine.nodename}, {os.cpu_count()} cores, {model}\n")
    print(f"{time.strftime('%F')}, Linux {machine.release}, Python {sys.version.split()[0]}, {', '.join(packages)}.\n")
    with tempfile.TemporaryDirectory() as folder:
        table(ALONE, (look_at(it, Path(folder)) for it in programs))
        here = [it for it in programs if processor(it) == machine.machine]
        if here:
            race(contenders(here, Path(folder)), Path(folder))
    print("\nLoad over the last 1, 5 and 15 minutes: {:.1f}, {:.1f}, {:.1f}.".format(*os.getloadavg()))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Size, start and memory of built programs, beside a Python script that does the same: goals P18, P19, P21 and P22.

    benches/footprint.py OTUS [OTUS…]

Prints two Markdown tables. For each program: its size without symbols, the libraries and the glibc it asks for, how long
`--version` takes, and its memory without a model. Then, round by round in turn with the script: the time from its start to
the first detection and to systemd's READY=1, and the memory while it looks for people in 720p video, five pictures a second,
decoded by OpenCV and by a child ffmpeg, as far as the program can. Programs for another processor are only looked at.

The script is `peer` below, run by this file: OpenCV's and ONNX Runtime's Python packages, one thread, no spinning. MB are
10^6 bytes; a ratio is the median of the rounds' own, with the least and the greatest. Takes three minutes for one program,
two more for each other. Needs binutils for the programs' processors, ffmpeg, python3-venv and .demo/vtest.avi (`make demo`);
the clip and the packages are kept in target/benches.
"""

# What only the driver needs and takes long to import is imported where it is used: the peer's start is measured, too.
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "target" / "benches"
MODEL = ROOT / "models" / "otus-person.onnx"
OPENCV = "5.0.0.93"
STARTS, COLD_STARTS, WATCHES = 11, 5, 3  # odd, so that a median is one of them
WATCHED = 10  # seconds
DETECTION = '{"kind":"detection"'
IDLE = """
[status]
listen = "127.0.0.1:{port}"
[sources.voice]
type = "audio_file"
path = "silence.wav"
pace = "realtime"
[sinks.log]
type = "jsonl"
inputs = ["voice"]
path = "log.jsonl"
"""
PEOPLE = """
[status]
listen = "127.0.0.1:{port}"
[sources.street]
type = "camera"
uri = "{clip}"
backend = "{backend}"
fps = 5
pace = "realtime"
[transforms.people]
type = "detect"
inputs = ["street"]
model = "otus-person"
[sinks.screen]
type = "console"
format = "json"
inputs = ["people"]
"""


def peer(video, model):
    """What one would write in Python; prints a line for each picture with people."""
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
            print(f'{DETECTION},"objects":{found}}}', flush=True)


def prepare():
    """The clip and the packages, made where they are missing; gives the clip and the packages' Python."""
    import tomllib

    KEPT.mkdir(parents=True, exist_ok=True)
    clip, python = KEPT / "street-720p.mp4", KEPT / "venv" / "bin" / "python"
    if not clip.exists():
        half = clip.with_suffix(".half.mp4")
        scale = ["-t", "20", "-vf", "scale=1280:720", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", ROOT / ".demo" / "vtest.avi", *scale, half], check=True)
        half.rename(clip)
    with open(MODEL.with_name("manifest.toml"), "rb") as manifest:
        packages = {it["pip"] for it in tomllib.load(manifest)["model"] if it["id"] == "onnxruntime"}
    packages.add(f"opencv-python-headless=={OPENCV}")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", KEPT / "venv"], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    return clip, python, sorted(packages)


def environment(python):
    """ONNX Runtime for all from one package, and nothing sent to its makers."""
    [library] = (python.parent.parent / "lib").glob("python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*")
    return os.environ | {"ORT_DISABLE_TELEMETRY": "1", "ORT_DYLIB_PATH": str(library)}


def median(values):
    return sorted(values)[len(values) // 2]


def spread(values, digits):
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def memory(pid):
    """Of a process, in MB: resident, its peak, its share (Pss), what no file holds, and in how many libraries how much."""
    taken = dict.fromkeys(("resident", "peak", "share", "anonymous", "libraries"), 0)
    names = {"VmRSS": "resident", "VmHWM": "peak", "RssAnon": "anonymous"}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        key, value = line.split(":", 1)
        if key in names:
            taken[names[key]] = int(value.split()[0]) * 1024 / 1e6
    mapped, libraries = "", set()
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        key, *rest = line.split()
        if not key.endswith(":"):
            mapped = rest[-1] if len(rest) == 5 and ".so" in rest[-1] else ""
            libraries.add(mapped)
        elif key == "Pss:" or (key == "Rss:" and mapped):
            taken["share" if key == "Pss:" else "libraries"] += int(rest[0]) * 1024 / 1e6
    return taken | {"count": len(libraries - {""})}


def children(pid):
    """The processes that this one has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == str(pid):
            found.append(int(stat.parent.name))
    return found


def needs(program, folder):
    """What the file itself says: processor, MB without symbols, libraries, newest glibc."""
    told = subprocess.run(["readelf", "-hdVW", program], capture_output=True, text=True, check=True).stdout
    machine = "aarch64" if "AArch64" in told else "x86_64"
    bare = folder / "stripped"
    subprocess.run([f"{machine}-linux-gnu-strip", "-o", bare, program], check=True)
    libraries = re.findall(r"\(NEEDED\).*\[(?:lib)?(.+?)\.so", told)
    glibc = max(tuple(map(int, it.split("."))) for it in re.findall(r"GLIBC_([0-9.]+)", told))
    return machine, bare.stat().st_size / 1e6, " ".join(libraries), ".".join(map(str, glibc))


def version_time(program, env):
    """Milliseconds that `--version` takes."""
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run([program, "--version"], env=env, stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - began) * 1e3)
    return times


def idle(program, folder, env):
    """Memory of a pipeline without a model, whose metrics have been asked for."""
    import wave
    from urllib.request import urlopen

    port = free_port()
    with wave.open(str(folder / "silence.wav"), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(bytes(32_000 * 60))
    (folder / "idle.toml").write_text(IDLE.format(port=port))
    with open(folder / "idle.log", "w") as log:
        process = subprocess.Popen([program, "run", folder / "idle.toml"], env=env, stderr=log, stdout=log)
    for _ in range(WATCHED // 2):
        time.sleep(2)
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            answer.read()
    taken = memory(process.pid)
    stop(process)
    return taken


def cold_start(command, folder, env):
    """Milliseconds to the first detection and, of otus, to READY=1; none if the program ends before."""
    address = folder / "notify"
    address.unlink(missing_ok=True)
    awaited = {"detection", "ready"} if "run" in command else {"detection"}
    seen = {}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear, open(folder / "errors", "w") as errors:
        ear.bind(str(address))
        env = env | {"NOTIFY_SOCKET": str(address)}
        began = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=errors)
        while awaited - seen.keys():
            readable, _, _ = select.select([ear, process.stdout], [], [])
            took = (time.perf_counter() - began) * 1e3
            if ear in readable and b"READY=1" in ear.recv(4096):
                seen.setdefault("ready", took)
            if process.stdout in readable:
                said = os.read(process.stdout.fileno(), 1 << 16)
                if b'"kind":"detection"' in said:
                    seen.setdefault("detection", took)
                if not said:
                    break
        stop(process)
        process.stdout.close()
    return seen if awaited <= seen.keys() else None


def watch(command, folder, env):
    """Memory of the process and of its child, if it has one, after a while; and how many pictures had people."""
    with open(folder / "said", "w") as said:
        process = subprocess.Popen(command, env=env, stdout=said, stderr=subprocess.DEVNULL)
    time.sleep(WATCHED)
    taken = [memory(pid) for pid in (process.pid, *children(process.pid))]
    stop(process)
    return taken, (folder / "said").read_text().count('"kind":"detection"')


def contenders(programs, clip, python, folder, env):
    """By name, the commands that find people in the clip; those that cannot say why."""
    found = {"Python": [python, __file__, "--peer", clip, MODEL]}
    for number, program in enumerate(programs):
        for backend in ("opencv", "ffmpeg"):
            file = folder / f"{number}-{backend}.toml"
            file.write_text(PEOPLE.format(port=free_port(), clip=clip, backend=backend))
            found[f"{program}, {backend}"] = [program, "run", file]
    for name, command in list(found.items()):
        if cold_start(command, folder, env) is None:  # this one also fills the page cache
            print(f"{name}: {(folder / 'errors').read_text().strip().splitlines()[-1]}\n")
            del found[name]
    return found


def heading(packages):
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    where, what = os.uname(), processor.group(1) if processor else "processor without a name"
    print(f"## Footprint on {where.nodename}: {os.cpu_count()} cores ({what}, {where.machine}), {time.strftime('%F')}\n")
    print(f"Python {sys.version.split()[0]}, {', '.join(packages)}; Linux {where.release}.\n")


def look_at(programs, folder, env):
    """Prints what each program is by itself; gives those that run here."""
    print("| program | MB | libraries | glibc | `--version`, ms | no model: resident, MB (P19: ≤ 12) | in libraries |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    here = []
    for program in programs:
        machine, size, libraries, glibc = needs(program, folder)
        row = f"| {program} ({machine}) | {size:.1f} | {libraries} | {glibc} |"
        if machine != os.uname().machine:
            print(row, "– | – | – |")
            continue
        here.append(program)
        took, taken = version_time(program, env), idle(program, folder, env)
        print(f"{row} {spread(took, 0)} | {taken['resident']:.1f}, peak {taken['peak']:.1f} |", end=" ")
        print(f"{taken['libraries']:.1f} in {taken['count']} |", flush=True)
    return here


def race(runners, folder, env):
    """Prints starts and memory while detecting, beside the peer's in the same rounds."""
    starts, watches = {name: [] for name in runners}, {name: [] for name in runners}
    for _ in range(COLD_STARTS):
        for name, command in runners.items():
            starts[name].append(cold_start(command, folder, env))
    for _ in range(WATCHES):
        for name, command in runners.items():
            watches[name].append(watch(command, folder, env))
    print("\n| program, decoder | first detection, ms | / Python (P21: ≤ 0.7) | READY=1, ms (≤ 400) | resident, MB | peak, MB |", end="")
    print(" / Python (P18: ≤ 0.75) | share, MB | / Python | anonymous, MB | in libraries, MB | with people |")
    print("|" + " --- |" * 12)

    def total(name, key):
        return [sum(it[key] for it in taken) for taken, _ in watches[name]]

    def parts(name, key):
        return " + ".join(f"{median(values):.1f}" for values in zip(*([it[key] for it in taken] for taken, _ in watches[name])))

    def ratio(of, to):
        return spread([one / other for one, other in zip(of, to)], 2)

    for name in runners:
        first, peers = ([it["detection"] for it in starts[it]] for it in (name, "Python"))
        ready = [it["ready"] for it in starts[name] if "ready" in it]
        cells = [name, spread(first, 0), ratio(first, peers), spread(ready, 0) if ready else "–"]
        cells += [parts(name, "resident"), parts(name, "peak"), ratio(total(name, "peak"), total("Python", "peak"))]
        cells += [parts(name, "share"), ratio(total(name, "share"), total("Python", "share")), parts(name, "anonymous")]
        cells += [f"{parts(name, 'libraries')} in {parts(name, 'count').replace('.0', '')}"]
        print("|", " | ".join([*cells, str(median([count for _, count in watches[name]]))]), "|")


def main():
    import tempfile

    programs = [str(Path(it).resolve()) for it in sys.argv[1:]]
    if not programs or not all(map(os.path.isfile, programs)):
        sys.exit(__doc__)
    clip, python, packages = prepare()
    env = environment(python)
    heading(packages)
    with tempfile.TemporaryDirectory() as folder:
        here = look_at(programs, Path(folder), env)
        if here:
            race(contenders(here, clip, python, Path(folder), env), Path(folder), env)
    print(f"\nLoad of the last 1, 5 and 15 minutes: {', '.join(f'{it:.1f}' for it in os.getloadavg())}.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(*sys.argv[2:])
    else:
        main()

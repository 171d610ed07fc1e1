#!/usr/bin/env python3
"""Events into `jsonl` and `sqlite`, beside a Python script that does the same with the same care for the disk; and how soon a history of
a million events answers.

    benches/keeping.py write TESTS [EVENTS]      events per second; TESTS is what `cargo test --release --lib --no-run` makes
    benches/keeping.py search OTUS HISTORY       a history of a million events, which is made if it is not there

The script reads events as lines, parses them, and writes them as they were: into a file, with `fdatasync` once a second, or into the same
table with the same indices, 256 in a transaction that is on the disk when it ends (WAL, synchronous = FULL). Times of `search` are
those of the whole program, its start included.
"""

import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = (ROOT / "src/nodes/sinks/sqlite/schema.sql").read_text()
WORDS = "please leave the parcel at the door and ring the bell when you go home tonight thank you very much".split()
COLUMNS = "t, start, \"end\", kind, source, node, label, zone, track, score, text, path, model, private, says, json"


def events(count, days):
    """Events as lines of JSON, oldest first, up to now."""
    chance = random.Random(1)
    now = time.time()
    for number in range(count):
        at = now - days * 86400 * (count - number) / count
        stamp = datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        head = {"node": "teller", "source": chance.choice(["porch", "yard", "gate", "hall"]), "time": stamp, "t": round(at - now + days * 86400, 3)}
        kind = chance.choices(["track", "zone", "transcript", "sound"], [5, 2, 2, 1])[0]
        start = head["t"] - 2
        body = {
            "track": {"phase": "end", "id": number, "label": chance.choice(["person", "car", "dog"]), "score": 0.912,
                      "box": [412.0, 188.0, 96.0, 260.0], "start": start, "end": head["t"], "frames": 20},
            "zone": {"action": "enter", "zone": "door", "track": number, "label": "person", "box": [1.0, 2.0, 3.0, 4.0], "count": 1},
            "transcript": {"start": start, "end": head["t"], "text": " ".join(chance.choices(WORDS, k=9)) + (" needle" if number % 5000 == 0 else ""),
                           "language": "en", "avg_logprob": -0.2, "min_logprob": -1.0, "no_speech_prob": 0.01, "voiced": 0.9,
                           "accepted": True, "model": "base.en@0123456789ab"},
            "sound": {"phase": "end", "label": "Doorbell", "score": 0.8, "start": start, "end": head["t"]},
        }[kind]
        yield json.dumps({"v": 1, "kind": kind, **head, **body}, separators=(",", ":"))


def row(line):
    it = json.loads(line)
    t = round(datetime.fromisoformat(it["time"].replace("Z", "+00:00")).timestamp() * 1000)
    at = lambda second: t + round((second - it["t"]) * 1000)
    start = at(it["start"]) if "start" in it else t
    return (t, start, at(it["end"]) if "end" in it else start, it["kind"], it["source"], it["node"], it.get("label"), it.get("zone"),
            it.get("track"), it.get("score"), it.get("text"), it.get("path"), it.get("model"), 0,
            it.get("text") or f"{it.get('label')} {it.get('track')}", line)


def into_sqlite(lines, path, batch=256):
    base = sqlite3.connect(path, isolation_level=None)
    if not base.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        base.executescript("PRAGMA auto_vacuum = INCREMENTAL;" + SCHEMA)
        base.execute(f"PRAGMA application_id = {0x6F747573}")
        base.execute("PRAGMA user_version = 1")
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = FULL")
    insert = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * 16)})"
    some = []
    def write():
        base.execute("BEGIN IMMEDIATE")
        base.executemany(insert, some)
        base.execute("COMMIT")
        some.clear()
    for line in lines:
        some.append(row(line))
        if len(some) == batch:
            write()
    if some:
        write()
    base.execute("PRAGMA analysis_limit = 400")
    base.execute("PRAGMA optimize = 0x10002")
    base.close()


def into_jsonl(lines, path):
    synced = time.monotonic()
    with open(path, "a") as file:
        for line in lines:
            file.write(json.dumps(json.loads(line), separators=(",", ":")) + "\n")
            file.flush()
            if time.monotonic() - synced > 1:
                os.fdatasync(file.fileno())
                synced = time.monotonic()
        os.fdatasync(file.fileno())


def timed(work):
    start = time.monotonic()
    work()
    return time.monotonic() - start


def write(program, count):
    """otus is given its events by a test of its own, which tells how fast it took them."""
    lines = list(events(count, 1))
    with tempfile.TemporaryDirectory(dir=".") as folder:
        python = {
            "jsonl": count / timed(lambda: into_jsonl(lines, f"{folder}/python.jsonl")),
            "sqlite": count / timed(lambda: into_sqlite(lines, f"{folder}/python.db")),
        }
    told = subprocess.run([program, "--list"], capture_output=True, text=True).stdout
    own, test = {}, "nodes::sinks::keeping_speed::events_per_second"
    if test in told:
        said = subprocess.run([program, "--ignored", "--nocapture", "--exact", test],
                              capture_output=True, text=True).stdout
        own = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    for name, rate in python.items():
        print(f"{name}: Python {rate:,.0f} events/s", f"otus {own[name]:,.0f}/s, {own[name] / rate:.1f} times" if name in own else "")


def search(program, path):
    if not os.path.exists(path):
        print(f"writing a million events of 30 days took {timed(lambda: into_sqlite(events(1_000_000, 30), path, 4096)):.0f} s,", end=" ")
    print(f"{os.path.getsize(path) / 1e6:.0f} MB")
    for words in (["--limit", "50"], ["--text", "needle"], ["--text", "parcel home"], ["--kind", "zone", "--source", "gate"],
                  ["--label", "dog", "--until", "20d"], ["--text", "bell", "--until", "20d", "--limit", "50"], ["--zone", "door", "--since", "2h"]):
        took = [timed(lambda: subprocess.run([program, "events", path, *words], capture_output=True, check=True)) for _ in range(7)]
        print(f"otus events {' '.join(words)}: {1000 * statistics.median(took):.1f} ms, most {1000 * max(took):.1f} ms")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 100_000)
    else:
        search(sys.argv[2], sys.argv[3])

#!/usr/bin/python3
"""How fast what has waited reaches a broker beside it: at least five times as many events a second as by a plain script.

    benches/telling.py OTUS [ROUNDS]

Lets `mqtt` collect events while there is no broker: the detections of a film, several times over. Then starts mosquitto, and
counts how many events a second a listener gets; after that a script with Eclipse Paho sends the same lines. Its guarantees are
the same: QoS 1, in order, a queue on the disk (SQLite) from which an event goes when it is acknowledged. Prints medians, with
the least and the greatest. Needs mosquitto, mosquitto-clients, .demo/vtest.avi (`make demo`) and the package paho-mqtt 1.6.
"""

import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as mqtt

ROOT = Path(__file__).resolve().parent.parent
PORT = 18_839
FILMS = 4
PIPELINE = """
status.listen = "off"
runtime.drain_ms = {drain_ms}
sources.street = {{ type = "camera", uri = "{film}" }}
transforms.people = {{ type = "detect", inputs = ["street"], model = "otus-person", score = 0.2 }}
sinks.tell = {{ type = "mqtt", inputs = ["people"], uri = "mqtt://127.0.0.1:{port}", folder = "outbox" }}
"""


def broker(folder):
    config = Path(folder, "mosquitto.conf")
    config.write_text(f"listener {PORT} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", config], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    return process


def listen(count):
    """Somebody who gets so many events and ends."""
    command = ["mosquitto_sub", "-p", str(PORT), "-t", "+/+/events/#", "-q", "1", "-C", str(count), "-F", "%U %p"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(0.3)
    return process


def rate(listener):
    lines = listener.communicate()[0].splitlines()
    first, last = (float(line.split(" ", 1)[0]) for line in (lines[0], lines[-1]))
    return (len(lines) - 1) / (last - first), [line.split(" ", 1)[1] for line in lines]


def otus(program, folder):
    text = dict(film=ROOT / ".demo/vtest.avi", port=PORT)

    def run():
        command = [program, "run", "p.toml"]
        return subprocess.run(command, cwd=folder, check=True, stderr=subprocess.PIPE, text=True).stderr

    Path(folder, "p.toml").write_text(PIPELINE.format(drain_ms=100, **text))
    said = [run() for _ in range(FILMS)]
    count = int(re.search(r"(\d+) events wait in", said[-1])[1])
    waiting = broker(folder)
    listener = listen(count)
    # The next film is under way while what has waited is sent.
    Path(folder, "p.toml").write_text(PIPELINE.format(drain_ms=600_000, **text))
    run()
    found = rate(listener)
    waiting.terminate()
    waiting.wait()
    return found


def script(lines, folder):
    """Takes event after event from its queue, sends it, waits, and deletes it."""
    queue = sqlite3.connect(Path(folder, "queue.db"))
    queue.execute("CREATE TABLE waiting (number INTEGER PRIMARY KEY, line TEXT)")
    queue.executemany("INSERT INTO waiting (line) VALUES (?)", [(line,) for line in lines])
    queue.commit()
    waiting = broker(folder)
    listener = listen(len(lines))
    client = mqtt.Client("script")
    client.connect("127.0.0.1", PORT)
    client.loop_start()
    while row := queue.execute("SELECT number, line FROM waiting ORDER BY number LIMIT 1").fetchone():
        client.publish("otus/script/events/detection", row[1], qos=1).wait_for_publish()
        queue.execute("DELETE FROM waiting WHERE number = ?", row[:1])
        queue.commit()
    found = rate(listener)[0]
    client.loop_stop()
    waiting.terminate()
    waiting.wait()
    return found


def shown(figures, form):
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    return f"{middle:{form}} ({low:{form}}–{high:{form}})"


def main():
    program, rounds = Path(sys.argv[1]).resolve(), int((sys.argv[2:] or [3])[0])
    ours, theirs, ratios = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            fast, lines = otus(program, folder)
            slow = script(lines, folder)
        ours.append(fast)
        theirs.append(slow)
        ratios.append(fast / slow)
    print(f"otus {shown(ours, ',.0f')} events/s, script {shown(theirs, ',.0f')} events/s, ratio {shown(ratios, '.1f')}")


if __name__ == "__main__":
    main()

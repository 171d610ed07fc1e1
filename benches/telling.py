#!/usr/bin/python3
"""How fast what has waited reaches who takes it: at least five times as many events a second as by a plain script.

    benches/telling.py OTUS [ROUNDS] [mqtt|webhook]

Lets a sink collect events while nobody takes them: the detections of a film, several times over. Then starts mosquitto, or an
HTTP server, and counts how many events a second come; after that a plain script, with Eclipse Paho or `requests`, sends the same
lines. Its guarantees are the same: acknowledged each, in order, a queue on the disk (SQLite) from which an event goes when it is
acknowledged. Prints medians, with the least and the greatest. Needs mosquitto, mosquitto-clients, .demo/vtest.avi (`make demo`) and the
packages paho-mqtt 1.6 and requests.
"""

import json
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PORT = 18_839
FILMS = 4
PIPELINE = """
status.listen = "off"
runtime.drain_ms = {drain_ms}
sources.street = {{ type = "camera", uri = "{film}" }}
transforms.people = {{ type = "detect", inputs = ["street"], model = "otus-person", score = 0.2 }}
sinks.tell = {{ type = "{kind}", inputs = ["people"], uri = "{uri}", folder = "outbox" }}
"""


class Broker:
    """mosquitto, and somebody who gets so many events from it."""

    uri = f"mqtt://127.0.0.1:{PORT}"

    def __init__(self, folder, count):
        config = Path(folder, "mosquitto.conf")
        config.write_text(f"listener {PORT} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
        self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", config], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        command = ["mosquitto_sub", "-p", str(PORT), "-t", "+/+/events/#", "-q", "1", "-C", str(count), "-F", "%U %p"]
        # Not a pipe: nobody reads while the film runs, and a listener that is held up holds up the broker.
        self.told = Path(folder, "told")
        with self.told.open("w") as told:
            self.listener = subprocess.Popen(command, stdout=told)
        time.sleep(0.3)

    def took(self):
        """When each event came, and what it says."""
        self.listener.wait()
        lines = self.told.read_text().splitlines()
        self.process.terminate()
        self.process.wait()
        return [(float(at), text) for at, text in (line.split(" ", 1) for line in lines)]

    @staticmethod
    def sender():
        import paho.mqtt.client as mqtt

        client = mqtt.Client()
        client.connect("127.0.0.1", PORT)
        client.loop_start()
        while not client.is_connected():
            time.sleep(0.01)
        return lambda line: client.publish("otus/script/events/detection", line, qos=1).wait_for_publish()


class Hook:
    """An HTTP server that takes lists of events."""

    uri = f"http://127.0.0.1:{PORT}/hook"

    def __init__(self, _, count):
        told, done = [], threading.Event()

        class Taker(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                now = time.time()
                told.extend((now, event) for event in json.loads(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if len(told) >= count:
                    done.set()

            def log_message(self, *_):
                pass

        self.told, self.done = told, done
        self.server = ThreadingHTTPServer(("127.0.0.1", PORT), Taker)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def took(self):
        self.done.wait()
        self.server.shutdown()
        self.server.server_close()
        return [(at, json.dumps(event)) for at, event in self.told]

    @classmethod
    def sender(cls):
        import requests

        session = requests.Session()

        def send(line):
            headers = {"Content-Type": "application/json"}
            session.post(cls.uri, data=f"[{line}]", headers=headers).raise_for_status()

        return send


TAKERS = {"mqtt": Broker, "webhook": Hook}


def rate(took):
    return (len(took) - 1) / (took[-1][0] - took[0][0])


def otus(program, kind, folder):
    text = dict(film=ROOT / ".demo/vtest.avi", kind=kind, uri=TAKERS[kind].uri)

    def run():
        command = [program, "run", "p.toml"]
        return subprocess.run(command, cwd=folder, check=True, stderr=subprocess.PIPE, text=True).stderr

    Path(folder, "p.toml").write_text(PIPELINE.format(drain_ms=100, **text))
    said = [run() for _ in range(FILMS)]
    count = int(re.search(r"(\d+) events wait in", said[-1])[1])
    taker = TAKERS[kind](folder, count)
    # The next film is under way while what has waited is sent.
    Path(folder, "p.toml").write_text(PIPELINE.format(drain_ms=600_000, **text))
    run()
    took = taker.took()[:count]
    return rate(took), [line for _, line in took]


def script(kind, lines, folder):
    """Takes event after event from its queue, sends it, waits, and deletes it."""
    queue = sqlite3.connect(Path(folder, "queue.db"))
    queue.execute("CREATE TABLE waiting (number INTEGER PRIMARY KEY, line TEXT)")
    queue.executemany("INSERT INTO waiting (line) VALUES (?)", [(line,) for line in lines])
    queue.commit()
    taker = TAKERS[kind](folder, len(lines))
    send = taker.sender()
    while row := queue.execute("SELECT number, line FROM waiting ORDER BY number LIMIT 1").fetchone():
        send(row[1])
        queue.execute("DELETE FROM waiting WHERE number = ?", row[:1])
        queue.commit()
    return rate(taker.took())


def shown(figures, form):
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    return f"{middle:{form}} ({low:{form}}–{high:{form}})"


def measure(program, kind, rounds):
    ours, theirs, ratios = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            fast, lines = otus(program, kind, folder)
            slow = script(kind, lines, folder)
        ours.append(fast)
        theirs.append(slow)
        ratios.append(fast / slow)
    events = f"otus {shown(ours, ',.0f')} events/s, script {shown(theirs, ',.0f')} events/s"
    print(f"{kind}: {events}, ratio {shown(ratios, '.1f')}", flush=True)


def main():
    program, rounds = Path(sys.argv[1]).resolve(), int((sys.argv[2:] or [3])[0])
    for kind in sys.argv[3:] or TAKERS:
        measure(program, kind, rounds)


if __name__ == "__main__":
    main()

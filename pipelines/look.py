#!/usr/bin/env python3
"""Makes what opens the README: a picture of the demo's page (look.jpg), and the page above its terminal for some seconds (look.webp).

    pipelines/look.py PROGRAM

Runs `otus demo`; needs Chromium, FFmpeg, and a free port 9860.
"""

import base64
import html
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
WIDTH, PAGE, TERMINAL, WHOLE = 1000, 880, 190, 1260
# The first seconds are before the first word; then a picture each second.
BEFORE, SHOTS = 9, 10
LINES = 8
SCREEN = "<body style='margin:0;background:#16181d;color:#d8dee9;font:15px/1.35 monospace;padding:10px'><pre>{}</pre>"


class Tab:
    """A tab of Chromium, driven over its debugging pipe."""

    def __init__(self, profile):
        words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"]
        shell = ["sh", "-c", 'exec "$@" 3<&0 4>&1', "sh", *words, f"--user-data-dir={profile}"]
        self.browser = subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.asked, self.session, self.rest = 0, None, b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(self, method, **parameters):
        self.asked += 1
        message = {"id": self.asked, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.browser.stdin.write(json.dumps(message).encode() + b"\0")
        self.browser.stdin.flush()
        while True:
            while b"\0" not in self.rest:
                self.rest += os.read(self.browser.stdout.fileno(), 1 << 20)
            answer, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(answer)
            if answer.get("id") == self.asked:
                return answer["result"]

    def look(self, height, file):
        size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        shot = self.call("Page.captureScreenshot", format="png")["data"]
        file.write_bytes(base64.b64decode(shot))


def read(program, lines):
    for line in program.stdout:
        lines.append(line.rstrip())


def main():
    otus = pathlib.Path(sys.argv[1]).resolve()
    words = [otus, "demo", "--for", f"{BEFORE + 3 * SHOTS}s"]
    program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=HERE.parent)
    lines = ["$ otus demo"]
    threading.Thread(target=read, args=(program, lines), daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        page, screen = Tab(folder / "page"), Tab(folder / "screen")
        page.call("Page.navigate", url="http://127.0.0.1:9860/")
        time.sleep(BEFORE)
        for shot in range(SHOTS):
            text = html.escape("\n".join(lines[-LINES:]))
            screen.call("Page.setDocumentContent", frameId=frame(screen), html=SCREEN.format(text))
            page.look(PAGE, folder / f"page{shot:02}.png")
            screen.look(TERMINAL, folder / f"screen{shot:02}.png")
            time.sleep(1)
        last = folder / "last.png"
        page.look(WHOLE, last)
        program.terminate()
        ffmpeg = ["ffmpeg", "-v", "error", "-y"]
        subprocess.run([*ffmpeg, "-i", last, "-q:v", "4", HERE / "look.jpg"], check=True)
        inputs = [word for name in ("page", "screen") for word in ("-framerate", "1", "-i", folder / f"{name}%02d.png")]
        film = ["-filter_complex", "vstack,scale=880:-2", "-c:v", "libwebp_anim", "-quality", "55", "-loop", "0"]
        subprocess.run([*ffmpeg, *inputs, *film, HERE / "look.webp"], check=True)
        for tab in (page, screen):
            tab.browser.kill()
            tab.browser.wait()


def frame(tab):
    return tab.call("Page.getFrameTree")["frameTree"]["frame"]["id"]


if __name__ == "__main__":
    main()

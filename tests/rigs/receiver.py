#!/usr/bin/env python3
"""Takes what is posted, one JSON list a line, and answers as a file says: `200`, `503`, `302`, `slow` or `nonsense`."""

import argparse
import hashlib
import hmac
import json
import pathlib
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--took", type=pathlib.Path, required=True)
options.add_argument("--answer", type=pathlib.Path, required=True)
options.add_argument("--key", default="")
options = options.parse_args()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = options.answer.read_text().strip()
        if answer == "nonsense":
            self.wfile.write(b"\x00\x01 what?\r\n\r\n")
            self.close_connection = True
            return
        if answer == "slow":
            time.sleep(1)
            answer = "200"
        status = int(answer)
        code = hmac.new(options.key.encode(), body, hashlib.sha256).hexdigest()
        if options.key and self.headers["Otus-Signature"] != f"sha256={code}":
            status = 401
        if status == 200:
            with options.took.open("a") as took:
                took.write(json.dumps(json.loads(body)) + "\n")
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        options.took.open("a").write('[{"id": "a redirect was followed"}]\n')
        self.send_error(404)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", options.port), Receiver)
print("ready", server.server_port, flush=True)
server.serve_forever()

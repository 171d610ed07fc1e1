#!/usr/bin/python3
"""A camera that answers each request with one JPEG picture, for tests; until SIGTERM, when it prints what it was asked.

Usage: snapshot_camera.py PICTURE [--user USER --password PASSWORD [--basic]]
Prints `ready http://127.0.0.1:PORT/snap.jpg?size=1` once it listens, and at the end as JSON how many connections it had,
how many pictures it gave, and how many passwords it refused.
"""

import argparse
import base64
import hashlib
import http.server
import json
import re
import signal
import sys
import threading

counts = {"connections": 0, "pictures": 0, "refused": 0}


def digest(text):
    return hashlib.md5(text.encode()).hexdigest()


class Camera(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        counts["connections"] += 1
        super().setup()

    def log_message(self, *_):
        pass

    def may(self, args):
        """Whether the request has the right password, by the rules of RFC 7616 and RFC 7617."""
        said = self.headers.get("authorization", "")
        if args.basic:
            return said == "Basic " + base64.b64encode(f"{args.user}:{args.password}".encode()).decode()
        told = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^ ,"]+))', said)}
        first = digest(f"{args.user}:porch:{args.password}")
        second = digest(f"GET:{self.path}")
        middle = f"{told.get('nonce')}:{told.get('nc')}:{told.get('cnonce')}:{told.get('qop')}"
        right = digest(f"{first}:{middle}:{second}")
        return told.get("nonce") == "n1" and told.get("uri") == self.path and told.get("response") == right

    def do_GET(self):
        args = self.server.args
        if args.user and not self.may(args):
            counts["refused"] += "authorization" in self.headers
            self.send_response(401)
            kind = 'Basic realm="porch"' if args.basic else 'Digest realm="porch", nonce="n1", qop="auth"'
            self.send_header("WWW-Authenticate", kind)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        counts["pictures"] += 1
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(self.server.picture)))
        self.end_headers()
        self.wfile.write(self.server.picture)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--basic", action="store_true")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    server.args = parser.parse_args()
    with open(server.args.picture, "rb") as file:
        server.picture = file.read()
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"ready http://127.0.0.1:{server.server_port}/snap.jpg?size=1", flush=True)
    server.serve_forever()
    print(json.dumps(counts), flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()

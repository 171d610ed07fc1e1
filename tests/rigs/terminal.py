#!/usr/bin/env python3
"""A person at a terminal: runs a program in one of so many columns, answers a question each time that it asks one, and prints
all that was on the screen; its exit code is the program's.

A question is what ends in `: ` and is followed by nothing for a moment.
"""

import argparse
import ctypes
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

options = argparse.ArgumentParser()
options.add_argument("--columns", type=int, default=80)
options.add_argument("--rows", type=int, default=24)
options.add_argument("--seconds", type=float, default=60, help="then it is broken off, as by Ctrl-C")
options.add_argument("--answer", action="append", default=[])
options.add_argument("program", nargs="+")
options = options.parse_args()

child, terminal = pty.fork()
if child == 0:
    # Who is killed here leaves nothing running: prctl's PR_SET_PDEATHSIG is 1.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    os.execvp(options.program[0], options.program)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", options.rows, options.columns, 0, 0))
answers, seen, ends = list(options.answer), b"", time.monotonic() + options.seconds
asked = 0
while True:
    ready, _, _ = select.select([terminal], [], [], 0.05)
    if ready:
        try:
            some = os.read(terminal, 65536)
        except OSError:
            break
        if not some:
            break
        seen += some
    elif seen.endswith(b": ") and len(seen) > asked:
        asked = len(seen)
        os.write(terminal, (answers.pop(0) if answers else "\x04").encode() + b"\r")
    if time.monotonic() > ends:
        os.write(terminal, b"\x03")
        ends = time.monotonic() + 10
sys.stdout.buffer.write(seen)
sys.stdout.flush()
_, status = os.waitpid(child, 0)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)

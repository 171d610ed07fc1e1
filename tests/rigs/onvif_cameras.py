#!/usr/bin/env python3
"""Cameras of ONVIF that answer whoever looks for them, each from an address of its own, in a network of the test's own.

Says `ready`, then a line for each question. Some lie: one names an address that is not its own, one answers another question,
one has a name that a terminal would obey, one sends no XML, one sends a megabyte of it, in pieces that are none.
"""

import argparse
import re
import socket
import struct

options = argparse.ArgumentParser()
options.add_argument("--network", default="10.98.0", help="the first three numbers of the addresses; cameras begin at 2")
options.add_argument("--cameras", type=int, default=1)
options.add_argument("--liars", action="store_true")
options = options.parse_args()

GROUP = "239.255.255.250"
ANSWER = """<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
  xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
 <SOAP-ENV:Header><wsa:RelatesTo>{question}</wsa:RelatesTo></SOAP-ENV:Header>
 <SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>
  <d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/{name} onvif://www.onvif.org/hardware/T1 onvif://www.onvif.org/Profile/Streaming</d:Scopes>
  <d:XAddrs>http://{address}/onvif/device_service</d:XAddrs>
 </d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>"""

listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.bind((GROUP, 3702))
own = f"{options.network}.1"
listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", *map(socket.inet_aton, (GROUP, own))))
print("ready", flush=True)


def say(number, text, to):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.bind((f"{options.network}.{number}", 0))
        mouth.sendto(text if isinstance(text, bytes) else text.encode(), to)


def lie(question, to):
    first = 2 + options.cameras
    say(first, ANSWER.format(question=question, name="Liar", address="192.0.2.66"), to)
    say(first + 1, ANSWER.format(question="uuid:00000000-0000-4000-8000-000000000000", name="Stranger", address="192.0.2.67"), to)
    say(first + 2, ANSWER.format(question=question, name="%1b%5b2J%1b%5d0%3bowned%07", address="192.0.2.68"), to)
    say(first + 3, b"\xff\xfe<<<<not XML" * 100, to)
    for _ in range(20):
        say(first + 4, "<a:RelatesTo>" + "<x>" * 20000, to)


while True:
    asked, asker = listener.recvfrom(65536)
    question = re.search(rb"MessageID>([^<]+)<", asked)
    print("asked", asker[0], flush=True)
    if not question:
        continue
    question = question[1].decode()
    for number in range(2, 2 + options.cameras):
        text = ANSWER.format(question=question, name=f"Camera%20{number - 1}", address=f"{options.network}.{number}")
        # Twice, as UDP may lose one.
        say(number, text, asker)
        say(number, text, asker)
    if options.liars:
        lie(question, asker)

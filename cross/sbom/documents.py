"""Writes what a package is made of: as CycloneDX 1.6 for programs, as a list with licence texts for people."""

import json
import os
import uuid
from datetime import datetime, timezone


def bill(parts, target, built):
    """The same parts give the same bytes: its number comes from the rest, its time from SOURCE_DATE_EPOCH, if set."""
    otus, *others = parts
    properties = {"otus:target": target, "otus:cargo": " ".join(built)}
    metadata = {"lifecycles": [{"phase": "build"}], "component": component(otus),
                "properties": [{"name": name, "value": value} for name, value in properties.items()]}
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        metadata["timestamp"] = datetime.fromtimestamp(int(epoch), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"metadata": metadata, "components": [component(it) for it in others],
            "dependencies": [{"ref": it.purl, "dependsOn": sorted(it.needs)} for it in parts]}
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(body))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{number}", "version": 1}
    return json.dumps(head | body, indent=1) + "\n"


def component(part):
    fields = {
        "type": part.kind, "bom-ref": part.purl, "name": part.name, "version": part.version,
        "description": part.note,
        "hashes": part.sha256 and [{"alg": "SHA-256", "content": part.sha256}],
        "licenses": [{"expression": part.licence}],
        "purl": part.purl,
        "externalReferences": part.source and [{"type": "vcs", "url": part.source}],
    }
    return {name: value for name, value in fields.items() if value}


INTRODUCTION = """\
# What is in {package}

otus {version} is under {licence}. It carries the parts below, each under its own licence, as named by its makers with
SPDX's names; the texts follow, each once. Where a licence offers a choice, any of it may be taken.

- The parts under MPL-2.0 are unchanged; their sources can be had under name and version from the registry of Rust's
  crates, and at the addresses in `{package}.cdx.json`.
- otus-words is under CC BY-SA 4.0, <https://creativecommons.org/licenses/by-sa/4.0/>: whoever passes on a changed model
  does so under the same licence, and names what it was made from.
- OpenCV, FFmpeg, GStreamer, ALSA and the system's own libraries are not in it: it uses those of the machine.

| part | version | licence | texts |
|---|---|---|---|
"""


def licence_list(parts, package):
    otus, *others = parts
    texts, rows = {}, []
    for part in others:
        # Two that differ in their line breaks only are one.
        numbers = [texts.setdefault(" ".join(it.split()), (len(texts) + 1, it))[0] for it in part.texts]
        links = " ".join(f"[{it}](#text-{it})" for it in dict.fromkeys(numbers))
        rows.append(f"| {part.name} | {part.version} | {part.licence} | {links} |\n")
    # A fence that none of the texts can close.
    shown = [f"\n## Text {number}\n\n``````````text\n{text.strip()}\n``````````\n" for number, text in texts.values()]
    head = INTRODUCTION.format(package=package, version=otus.version, licence=otus.licence)
    return head + "".join(rows) + "".join(shown)

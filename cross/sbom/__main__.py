"""Writes the bill of materials (CycloneDX) and the licence list of each package of otus into a folder.

Needs cargo, Python 3.11 with pip, and Debian's /usr/share/common-licenses. Wheels that are not in the folder of wheels
are fetched. This is a script of our own, because cargo-cyclonedx knows neither the models nor whisper.cpp nor licence
texts: another script of this length would have to put them in afterwards. CARGO and RUSTC name another toolchain.
"""

import argparse
from pathlib import Path

import documents
import parts

FULL = ["--package=otus", "--package=otus-opencv"]
PORTABLE = ["--package=otus", "--features=cuda,tensorrt"]
# Package: processor, what cargo builds.
PACKAGES = {
    "otus-amd64": ("x86_64", FULL),
    "otus-arm64": ("aarch64", FULL),
    "otus-arm64-portable": ("aarch64", PORTABLE),
}


def contents(arch, target, built, wheels, ziglang):
    """Everything in a package, otus first, and what needs what."""
    found, folders = parts.crates(target, built)
    by_name = {it.name: it for it in found}
    needed_by = {
        "otus": [parts.standard_library()]
        + [parts.from_manifest(it, arch, wheels) for it in ("otus-person", "otus-words", "silero-vad")],
        "ort": [parts.from_manifest("onnxruntime", arch, wheels)],
        "whisper-rs-sys": parts.whisper(folders["whisper-rs-sys"]),
    }
    if ziglang:
        needed_by["whisper-rs-sys"].append(parts.cxx_runtime(ziglang))
    # Of one repository, whose licence file only the one of them brings.
    by_name["whisper-rs-sys"].texts = by_name["whisper-rs"].texts
    for name, more in needed_by.items():
        by_name[name].needs += [it.purl for it in more]
        found += more
    for part in found[1:]:
        if not part.texts:
            raise SystemExit(f"{part.name} {part.version} brings no text of {part.licence}")
    return found[:1] + sorted(found[1:], key=lambda it: (it.name, it.version))


def main():
    read = argparse.ArgumentParser(prog="cross/sbom", description=__doc__.splitlines()[0])
    read.add_argument("out", type=Path, help="where the files go")
    read.add_argument("--wheels", type=Path, default=parts.ROOT / "target/wheels", help="default: target/wheels")
    read.add_argument("--ziglang", help="version of the ziglang that links whisper.cpp's kernels and the portable build, with its C++ runtime")
    options = read.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    options.wheels.mkdir(parents=True, exist_ok=True)
    wheels = options.wheels.absolute()
    for package, (arch, built) in PACKAGES.items():
        target = f"{arch}-unknown-linux-gnu"
        found = contents(arch, target, built, wheels, options.ziglang)
        (options.out / f"{package}.cdx.json").write_text(documents.bill(found, target, built))
        (options.out / f"{package}.THIRD-PARTY.md").write_text(documents.licence_list(found, package))
        print(f"{package}: {len(found)} parts")


main()

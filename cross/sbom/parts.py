"""What a package of otus is made of, as cargo, the sources of whisper.cpp and the wheels tell it."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[2]
# Of Debian's base-files, for what names a licence and brings no text of it.
COMMON = Path("/usr/share/common-licenses")
NAMED_LIKE_A_LICENCE = re.compile(r"(?i)(un)?licen[cs]e|copying|copyright|notice|thirdpartynotices")


@dataclass
class Part:
    """Something that is inside a package; its purl is also its name within the bill."""

    name: str
    version: str
    licence: str
    purl: str
    kind: str = "library"
    sha256: str | None = None
    source: str | None = None
    note: str | None = None
    texts: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)


def purl(kind, name, version):
    return f"pkg:{kind}/{name}@{quote(version)}"


def printed(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def cargo(*arguments):
    return printed(os.environ.get("CARGO", "cargo"), *arguments, "--locked")


def crates(target, built):
    """The crates linked for a target, otus first, and the folder of each one's sources.

    `cargo tree` says what is linked: unlike `cargo metadata` it keeps the features of build scripts and macros apart.
    """
    tree = cargo("tree", "--target", target, *built, "--edges=normal,no-proc-macro", "--prefix=depth")
    metadata = json.loads(cargo("metadata", "--format-version=1", "--all-features", f"--filter-platform={target}"))
    known = {(it["name"], it["version"]): it for it in metadata["packages"]}
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    sums = {(it["name"], it["version"]): it.get("checksum") for it in locked}
    parts, folders, above = {}, {}, []
    for line in filter(None, tree.splitlines()):
        depth, *crate = re.match(r"(\d+)(\S+) v(\S+)", line).groups()
        crate = tuple(crate)
        if crate not in parts:
            folders[crate[0]] = Path(known[crate]["manifest_path"]).parent
            parts[crate] = crate_part(known[crate], sums[crate])
        above[int(depth):] = [parts[crate]]
        if above[:-1] and parts[crate].purl not in above[-2].needs:
            above[-2].needs.append(parts[crate].purl)
    otus, *others = parts.values()
    otus.needs += [it.purl for it in others if it.name == "otus-opencv"]
    return [otus, *others], folders


def crate_part(package, checksum):
    name, version, licence = package["name"], package["version"], package["license"].replace("/", " OR ")
    if not checksum:  # otus itself, which is in no registry
        kind = "application" if name == "otus" else "library"
        return Part(name, version, licence, purl("generic", name, version), kind, texts=common_texts(licence))
    texts = crate_texts(Path(package["manifest_path"]).parent) or common_texts(licence) or mit_text(licence, package)
    return Part(name, version, licence, purl("cargo", name, version), sha256=checksum, source=package["repository"],
                texts=texts)


def crate_texts(folder):
    vendored = folder / "whisper.cpp"  # a part of its own
    found = (it for it in sorted(folder.rglob("*")) if it.is_file() and NAMED_LIKE_A_LICENCE.match(it.name))
    return [it.read_text(errors="replace") for it in found if it.suffix != ".rs" and vendored not in it.parents]


def common_texts(licence):
    return [(COMMON / it).read_text() for it in ("Apache-2.0", "MPL-2.0") if it in licence]


def mit_text(licence, package):
    """For what is under MIT and brings no text of it: the one of otus is the usual one but for whom it names."""
    if licence != "MIT":
        return []
    whom = f"Copyright (c) {', '.join(package['authors']) or 'the authors'} of {package['name']}"
    text, named = re.subn(r"Copyright \(c\) .*", lambda _: whom, (ROOT / "LICENSE-MIT").read_text())
    return [text] if named == 1 else []


def standard_library():
    version = printed(os.environ.get("RUSTC", "rustc"), "--version").split()[1]
    licence = "MIT OR Apache-2.0"
    return Part("rust-std", version, licence, purl("generic", "rust-std", version),
                note="Rust's standard library", texts=common_texts(licence))


def cxx_runtime(ziglang):
    licence = "Apache-2.0 WITH LLVM-exception"
    return Part("llvm-runtimes", ziglang, licence, purl("pypi", "ziglang", ziglang),
                note="libc++, libc++abi, libunwind and compiler-rt as ziglang links them; the exception asks for no notice",
                texts=common_texts(licence))


def whisper(folder):
    """whisper.cpp and its ggml, which lie in the crate whisper-rs-sys; its checksum covers them."""
    folder = folder / "whisper.cpp"
    recipe, ggml_recipe = ((folder / it).read_text() for it in ("CMakeLists.txt", "ggml/CMakeLists.txt"))
    version = re.search(r'project\("whisper.cpp" VERSION (\S+)\)', recipe)[1]
    ggml_version = ".".join(re.findall(r"set\(GGML_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)\)", ggml_recipe))
    licence = (folder / "LICENSE").read_text()
    kernels = (folder / "ggml/src/ggml-cpu/llamafile/sgemm.cpp").read_text()
    mozilla = "\n".join(re.sub("^// ?", "", it) for it in kernels.split("\n\n")[0].splitlines())
    note = "vendored in the crate whisper-rs-sys, whose checksum covers it"
    ggml = Part("ggml", ggml_version, "MIT", purl("github/ggml-org", "ggml", "v" + ggml_version), note=note,
                texts=[licence, mozilla])
    return [ggml, Part("whisper.cpp", version, "MIT", purl("github/ggml-org", "whisper.cpp", "v" + version), note=note,
                       texts=[licence], needs=[ggml.purl])]


def from_manifest(ident, arch, wheels):
    """A library or model of models/manifest.toml."""
    models = tomllib.loads((ROOT / "models/manifest.toml").read_text())["model"]
    [model] = [it for it in models if it["id"] == ident and it.get("arch", arch) == arch]
    kind = "library" if model["task"] == "library" else "machine-learning-model"
    if "pip" not in model:
        made = (ROOT / "models/README.md").read_text()
        data = re.search(rf"## {ident}\n.*?(\*\*Data\.\*\*.*?)\n\n", made, re.DOTALL)[1]
        version = model["sha256"][:12]
        return Part(ident, version, model["licence"], purl("generic", ident, version), kind, model["sha256"],
                    note="made by this project and built into the program", texts=[data, *common_texts(model["licence"])])
    name, version = model["pip"].split("==")
    wheel = find_wheel(name, version, arch, wheels)
    if hashlib.sha256(wheel.read(model["member"])).hexdigest() != model["sha256"]:
        raise SystemExit(f"{wheel.filename}: {model['member']} is not the file of models/manifest.toml")
    texts = [wheel.read(it).decode() for it in wheel.namelist() if NAMED_LIKE_A_LICENCE.match(Path(it).name)]
    return Part(ident, version, model["licence"], purl("pypi", name, version), kind, model["sha256"],
                note=f"the file {Path(model['member']).name} of the wheel", texts=texts)


def find_wheel(name, version, arch, wheels):
    def there():
        start = f"{name.replace('-', '_')}-{version}-"
        return next((it for it in sorted(wheels.glob(start + "*.whl")) if it.stem.endswith((arch, "any"))), None)

    if not there():
        kind = ["--only-binary=:all:", "--python-version=3.11", f"--platform=manylinux_2_28_{arch}"]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        printed(*pip, *kind, "--dest", wheels, f"{name}=={version}")
    return zipfile.ZipFile(there())

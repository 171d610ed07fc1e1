"""Writes the trained network as an ONNX file that otus decodes like YOLOX."""

import hashlib
import sys

import onnx
import torch

from model import HEIGHT, WIDTH, Exported, Person
from scenes import WORK

ABOUT = {
    "otus.head": "yolox",
    "otus.labels": "person",
    "licence": "MIT OR Apache-2.0",
    "source": "otus models/train/person: trained from random weights on boxes found by YOLOX-nano (Apache-2.0)",
    "credits": "Intel sample-videos (CC BY 4.0, Intel Corporation); MEVA (CC BY 4.0, Kitware Inc. and IARPA); "
    "GMDCSA24 (MIT, Ekram Alam); 18F (CC0); Taurus Media Technik, Wikimedia Commons (CC0); OpenCV samples (Apache-2.0)",
}


def export(person, path):
    """Trace the network at its fixed size and store what otus needs beside it."""
    image = torch.zeros(1, 3, HEIGHT, WIDTH)
    torch.onnx.export(
        Exported(person).eval(),
        (image,),
        str(path),
        input_names=["images"],
        output_names=["output"],
        opset_version=13,
        dynamo=False,
    )
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, ABOUT)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def averaged(checkpoints):
    """The mean of the weights of several checkpoints: better on new scenes than each of them."""
    states = [torch.load(path, weights_only=True)["average"] for path in checkpoints]
    return {name: sum(it[name] for it in states) / len(states) for name in states[0]}


def main():
    path = sys.argv[1]
    person = Person()
    person.load_state_dict(averaged(sorted(WORK.glob("checkpoint-*.pt"))[-2:]))
    export(person, path)
    with open(path, "rb") as file:
        content = file.read()
    print(f"{path}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()

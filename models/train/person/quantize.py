"""Makes the int8 version (QDQ, per channel) of an exported model; keep it only if it wins."""

import json
import sys

import cv2
import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from boxes import letterbox
from model import HEIGHT, WIDTH
from scenes import WORK

PICTURES = 120
SEED = 5


class Pictures(CalibrationDataReader):
    """Training frames, letterboxed, to learn the range of every layer from."""

    def __init__(self):
        labels = json.loads((WORK / "labels.json").read_text())
        names = [entry["name"] for entry in labels if not entry["held"]]
        self.names = iter(np.random.default_rng(SEED).choice(names, PICTURES, replace=False))

    def get_next(self):
        name = next(self.names, None)
        if name is None:
            return None
        image = cv2.imread(str(WORK / "frames" / f"{name}.png"))
        canvas = letterbox(image, WIDTH, HEIGHT)[0]
        return {"images": canvas.transpose(2, 0, 1)[None].astype(np.float32)}


def main():
    source, target = sys.argv[1:]
    folded = str(WORK / "folded.onnx")
    quant_pre_process(source, folded, skip_symbolic_shape=True)
    quantize_static(
        folded,
        target,
        Pictures(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        # Without VNNI, 8 x 8 bit products overflow 16 bits: 7-bit weights do not.
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


if __name__ == "__main__":
    main()

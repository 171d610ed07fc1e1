"""whisper.cpp's model file: reads the header of its test model, writes tensors as f32, f16 and q8_0."""

import struct

import numpy as np

from words import SHARED

MAGIC, F32, F16, Q8_0 = 0x67676D6C, 0, 1, 8
MOSTLY_Q8_0 = 7  # as a file type
QUANT_VERSION = 2000  # the quantisation format, times 1000, which whisper.cpp adds to the file type
SOURCE = SHARED / "models/for-tests-ggml-tiny.en.bin"


def read_header() -> tuple[np.ndarray, bytes, list[bytes]]:
    """Mel filters, the bytes of filters and vocabulary as they stand in the file, and the tokens."""
    data = SOURCE.read_bytes()
    rows, bins = struct.unpack_from("<2i", data, 48)
    filters = np.frombuffer(data, "<f4", rows * bins, 56).reshape(rows, bins)
    place = 56 + filters.nbytes
    (count,) = struct.unpack_from("<i", data, place)
    place += 4
    tokens = []
    for _ in range(count):
        (size,) = struct.unpack_from("<I", data, place)
        tokens.append(data[place + 4 : place + 4 + size])
        place += 4 + size
    return filters, data[48:place], tokens


def token_ids(words: list[str]) -> list[int]:
    """Each word with the space before it is one token of the vocabulary."""
    tokens = read_header()[2]
    return [tokens.index(b" " + word.encode()) for word in words]


def q8_0(values: np.ndarray) -> bytes:
    """Blocks of 32: a half-precision scale, then 32 signed bytes."""
    blocks = values.astype(np.float32).reshape(-1, 32)
    scale = np.abs(blocks).max(1, keepdims=True) / 127
    packed = np.empty(len(blocks), [("scale", "<f2"), ("levels", "i1", 32)])
    packed["scale"] = scale[:, 0]
    packed["levels"] = np.rint(np.divide(blocks, scale, out=np.zeros_like(blocks), where=scale != 0))
    return packed.tobytes()


class Writer:
    def __init__(self, path, sizes: list[int]):
        """`sizes` are the ten numbers before the file type: vocabulary, audio, text and mel sizes."""
        self.file = open(path, "wb")
        self.file.write(struct.pack("<I11i", MAGIC, *sizes, QUANT_VERSION + MOSTLY_Q8_0))
        self.file.write(read_header()[1])

    def tensor(self, name: str, values: np.ndarray, kind: int) -> None:
        data = {F32: lambda: values.astype("<f4").tobytes(), F16: lambda: values.astype("<f2").tobytes(),
                Q8_0: lambda: q8_0(values)}[kind]()  # fmt: skip
        text = name.encode()
        self.file.write(struct.pack("<3i", values.ndim, len(text), kind))
        self.file.write(struct.pack(f"<{values.ndim}i", *values.shape[::-1]))
        self.file.write(text + data)

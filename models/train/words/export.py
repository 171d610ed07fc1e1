"""Writes the trained model as a ggml file that whisper.cpp loads: `export.py otus-words.bin`."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import torch

from features import MELS
from ggml import F16, F32, Q8_0, Writer, token_ids
from model import AUDIO_CTX, AUDIO_LAYERS, HEADS, STATE, TEXT_CTX, TEXT_LAYERS, Words
from words import WORDS, WORK

VOCABULARY = 51864  # whisper.cpp fixes the ids of the special tokens of an English model, so none may be missing
NEVER = -16.0  # times SILENCER: the logit of a token that was not trained is -64


def main() -> None:
    target = Path(sys.argv[1])
    model = Words(token_ids(WORDS))
    saved = torch.load(WORK / f"model-{AUDIO_LAYERS}.pt", weights_only=True)
    earlier = torch.load(WORK / f"before-{AUDIO_LAYERS}.pt", weights_only=True)["average"]
    # The mean of two hears a little better than either.
    model.load_state_dict({name: (value + earlier[name]) / 2 for name, value in saved["average"].items()})
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}

    table = np.zeros((VOCABULARY, STATE), np.float32)
    table[:, -1] = NEVER
    table[model.ids] = weights["embedding"]
    norm_weight, norm_bias = (part.detach().numpy() for part in model.last_norm())

    sizes = [VOCABULARY, AUDIO_CTX, STATE, HEADS, AUDIO_LAYERS, TEXT_CTX, STATE, HEADS, TEXT_LAYERS, MELS]
    file = Writer(target, sizes)
    file.tensor("encoder.positional_embedding", weights["places"], F32)
    for conv in ("conv1", "conv2"):
        file.tensor(f"encoder.{conv}.weight", weights[f"{conv}.weight"], F16)
        file.tensor(f"encoder.{conv}.bias", weights[f"{conv}.bias"][:, None], F32)
    file.tensor("encoder.ln_post.weight", weights["ln_post.weight"], F32)
    file.tensor("encoder.ln_post.bias", weights["ln_post.bias"], F32)
    file.tensor("decoder.positional_embedding", weights["positions"], F32)
    file.tensor("decoder.token_embedding.weight", table, Q8_0)
    file.tensor("decoder.ln.weight", norm_weight, F32)
    file.tensor("decoder.ln.bias", norm_bias, F32)
    for name, values in weights.items():
        side, _, rest = name.partition(".")
        if side in ("encoder", "decoder"):
            file.tensor(f"{side}.blocks.{rest}", values, Q8_0 if values.ndim == 2 else F32)
    file.file.close()
    data = target.read_bytes()
    print(f"{target}: step {saved['step']}, {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()

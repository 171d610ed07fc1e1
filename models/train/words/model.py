"""Whisper's architecture at a small size, over the few tokens that this model uses.

The file written by export.py has the whole vocabulary; training keeps only the rows that can win.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from features import FRAMES, MELS
from words import WORDS

# Two text layers make whisper.cpp always ask without timestamps (as for distilled models), so only that is taught.
STATE, HEADS, AUDIO_LAYERS, TEXT_LAYERS = 64, 2, 8, 2
AUDIO_CTX, TEXT_CTX = FRAMES // 2, 48
# The output of the last norm is this constant in its last channel, so a token that holds a large negative number
# there, and zeros elsewhere, can never win: that is how the unused tokens are written.
SILENCER = 4.0

# Ids of the English vocabulary. NEWLINE stands for "nothing said" where whisper.cpp forbids an immediate end.
NEWLINE, END, START, NO_TIMES = 198, 50256, 50257, 50362


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.value, self.out = nn.Linear(STATE, STATE), nn.Linear(STATE, STATE), nn.Linear(STATE, STATE)
        self.key = nn.Linear(STATE, STATE, bias=False)

    def forward(self, x, source=None, causal=False):
        source = x if source is None else source
        heads = [f(s).unflatten(2, (HEADS, -1)).transpose(1, 2)
                 for f, s in ((self.query, x), (self.key, source), (self.value, source))]  # fmt: skip
        mixed = F.scaled_dot_product_attention(*heads, is_causal=causal)
        return self.out(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, cross: bool):
        super().__init__()
        self.attn, self.attn_ln = Attention(), nn.LayerNorm(STATE)
        if cross:
            self.cross_attn, self.cross_attn_ln = Attention(), nn.LayerNorm(STATE)
        self.mlp = nn.Sequential(nn.Linear(STATE, 4 * STATE), nn.GELU("tanh"), nn.Linear(4 * STATE, STATE))
        self.mlp_ln = nn.LayerNorm(STATE)

    def forward(self, x, audio=None):
        x = x + self.attn(self.attn_ln(x), causal=audio is not None)
        if audio is not None:
            x = x + self.cross_attn(self.cross_attn_ln(x), audio)
        return x + self.mlp(self.mlp_ln(x))


def sinusoids() -> torch.Tensor:
    inverse = torch.exp(-math.log(10000) / (STATE // 2 - 1) * torch.arange(STATE // 2))
    angle = torch.arange(AUDIO_CTX)[:, None] * inverse
    return torch.cat([angle.sin(), angle.cos()], 1)


class Words(nn.Module):
    def __init__(self, word_ids: list[int], audio_layers: int = AUDIO_LAYERS):
        super().__init__()
        self.ids = word_ids + [NEWLINE, END, START, NO_TIMES]
        self.row = {token: row for row, token in enumerate(self.ids)}
        self.conv1 = nn.Conv1d(MELS, STATE, 3, padding=1)
        self.conv2 = nn.Conv1d(STATE, STATE, 3, stride=2, padding=1)
        for conv in (self.conv1, self.conv2):
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        # Weak beside the sound at first: with Whisper's own strength of 1 the encoder hears little but its own clock.
        self.register_buffer("places", 0.2 * sinusoids())
        self.encoder = nn.ModuleList(Block(False) for _ in range(audio_layers))
        self.ln_post = nn.LayerNorm(STATE)
        self.embedding = nn.Parameter(torch.randn(len(self.ids), STATE) * 0.05)
        self.positions = nn.Parameter(torch.randn(TEXT_CTX, STATE) * 0.01)
        self.decoder = nn.ModuleList(Block(True) for _ in range(TEXT_LAYERS))
        self.ln = nn.LayerNorm(STATE)
        # Only for training: which word is heard at each moment. It teaches the encoder before the decoder can.
        self.hearing = nn.Linear(STATE, len(WORDS) + 1)

    def grow_from(self, small: "Words") -> None:
        """Takes over a model with half the audio layers; each layer is followed by a new one that does nothing yet."""
        weights = self.state_dict()
        for name, value in small.state_dict().items():
            side, _, rest = name.partition(".")
            if side == "encoder":
                layer, _, rest = rest.partition(".")
                name = f"encoder.{2 * int(layer)}.{rest}"
            weights[name] = value
        self.load_state_dict(weights)
        for block in self.encoder[1::2]:
            for part in (block.attn.out, block.mlp[2]):
                nn.init.zeros_(part.weight)
                nn.init.zeros_(part.bias)

    def listen(self, mel):
        """Batch x frames x 80 to batch x frames/2 x state."""
        x = F.gelu(self.conv1(mel.transpose(1, 2)), approximate="tanh")
        x = F.gelu(self.conv2(x), approximate="tanh").transpose(1, 2)
        x = x + self.places[: x.shape[1]]
        for block in self.encoder:
            x = block(x)
        return self.ln_post(x)

    def last_norm(self) -> tuple[torch.Tensor, torch.Tensor]:
        open_channels = torch.ones(STATE)
        open_channels[-1] = 0
        return self.ln.weight * open_channels, self.ln.bias * open_channels + SILENCER * (1 - open_channels)

    def say(self, tokens, audio):
        """Logits over the used tokens, for rows of tokens that begin with START."""
        x = self.embedding[tokens] + self.positions[: tokens.shape[1]]
        for block in self.decoder:
            x = block(x, audio)
        return F.layer_norm(x, (STATE,), *self.last_norm()) @ self.embedding.T

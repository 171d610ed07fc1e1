"""The network: plain convolutions at first, depthwise ones where there are many channels."""

import torch
from torch import nn

from boxes import grid

WIDTH, HEIGHT = 320, 256
CHANNELS = (16, 24, 48, 80, 112)
NECK = 56


def conv(inputs, outputs, size=3, stride=1, groups=1):
    """Convolution, batch normalisation, ReLU: the form that every runtime fuses."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def separable(inputs, outputs, stride=1):
    """A wide view for few weights: 5x5 per channel, then a mix of channels."""
    return nn.Sequential(conv(inputs, inputs, 5, stride, inputs), conv(inputs, outputs, 1))


class Residual(nn.Module):
    """Adds what its layers find to what they were given."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


def wide(channels):
    """Residual block that works on twice the channels."""
    return Residual(
        conv(channels, 2 * channels, 1),
        conv(2 * channels, 2 * channels, 5, groups=2 * channels),
        conv(2 * channels, channels, 1)[:2],
    )


class Person(nn.Module):
    """Finds people; gives raw rows (x, y, log w, log h, score) per anchor point."""

    def __init__(self):
        super().__init__()
        a, b, c, d, e = CHANNELS
        self.stem = nn.Sequential(conv(3, a, 3, 2), conv(a, b, 3, 2), Residual(conv(b, b), conv(b, b)))
        self.near = nn.Sequential(conv(b, c, 3, 2), wide(c), wide(c))
        self.middle = nn.Sequential(conv(c, d, 3, 2), wide(d), wide(d), wide(d))
        self.far = nn.Sequential(conv(d, d, 5, 2, d), conv(d, e, 1), wide(e), wide(e))
        self.flat = nn.ModuleList(conv(inputs, NECK, 1) for inputs in (c, d, e))
        self.down = nn.ModuleList(separable(NECK, NECK) for _ in range(2))
        self.up = nn.ModuleList(separable(NECK, NECK, 2) for _ in range(2))
        self.grow = nn.Upsample(scale_factor=2)
        self.tower = nn.ModuleList(
            nn.Sequential(separable(NECK, NECK), separable(NECK, NECK)) for _ in range(2)
        )
        self.box = nn.ModuleList(nn.Conv2d(NECK, 4, 1) for _ in range(3))
        self.score = nn.ModuleList(nn.Conv2d(NECK, 1, 1) for _ in range(3))
        for layer in self.score:
            nn.init.constant_(layer.bias, -4.0)  # people are rare: start by saying so
        points = torch.from_numpy(grid(WIDTH, HEIGHT))
        self.register_buffer("points", points, persistent=False)

    def forward(self, image):
        """Logits in training; the exported graph applies the sigmoid."""
        x = self.near(self.stem(image / 128 - 1))
        middle = self.middle(x)
        far = self.flat[2](self.far(middle))
        middle = self.down[0](self.flat[1](middle) + self.grow(far))
        near = self.down[1](self.flat[0](x) + self.grow(middle))
        middle = middle + self.up[0](near)
        far = far + self.up[1](middle)
        rows = []
        for level, x in enumerate((near, middle, far)):
            box = self.box[level](self.tower[0](x))
            score = self.score[level](self.tower[1](x))
            rows.append(torch.cat([box, score], 1).flatten(2))
        return torch.cat(rows, 2).transpose(1, 2)


class Exported(nn.Module):
    """The network as YOLOX users expect it: rows of cx, cy, w, h, obj, cls."""

    def __init__(self, person):
        super().__init__()
        self.person = person

    def forward(self, image):
        rows = self.person(image)
        score = rows[..., 4:].sigmoid()
        # With one class there is nothing to choose: the whole score is in obj.
        return torch.cat([rows[..., :4], score, torch.ones_like(score)], 2)


def corners(rows, points):
    """Corner boxes in canvas pixels from raw rows."""
    centre = (rows[..., :2] + points[:, :2]) * points[:, 2:]
    half = rows[..., 2:4].clamp(max=6).exp() * points[:, 2:] / 2
    return torch.cat([centre - half, centre + half], -1)

"""Networks of torchvision: their children in order, and how many channels their features have.

Sources: the constructors in https://docs.pytorch.org/vision/stable/models.html; `resnet50().fc` is `Linear(2048, 1000)`.
"""

from __future__ import annotations

WIDTHS: dict[str, int] = {
    **dict.fromkeys(("resnet18", "resnet34"), 512),
    **dict.fromkeys(("resnet50", "resnet101", "resnet152", "wide_resnet50_2", "wide_resnet101_2"), 2048),
    **dict.fromkeys(("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"), 2048),
    **dict.fromkeys(("vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"), 512),
    "densenet121": 1024,
    "densenet161": 2208,
    "densenet169": 1664,
    "densenet201": 1920,
    "alexnet": 256,
    "mobilenet_v2": 1280,
    "mobilenet_v3_large": 960,
    "mobilenet_v3_small": 576,
    "efficientnet_b0": 1280,
    "efficientnet_b1": 1280,
    "efficientnet_b2": 1408,
    "efficientnet_b3": 1536,
    "efficientnet_b4": 1792,
    "efficientnet_b5": 2048,
    "efficientnet_b6": 2304,
    "efficientnet_b7": 2560,
}
"""The channels of the last feature map."""

_STAGES = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc")
_CHILDREN: tuple[tuple[str, tuple[str, ...]], ...] = (
    *((start, _STAGES) for start in ("resnet", "resnext", "wide_resnet")),
    *((start, ("features", "classifier")) for start in ("densenet", "mobilenet_v2")),
    *((start, ("features", "avgpool", "classifier")) for start in ("vgg", "alexnet", "mobilenet_v3", "efficientnet")),
)

STEM: dict[str, tuple[str, dict[str, int]]] = {
    "bn1": ("BatchNorm2d", {"channels": 64}),
    "relu": ("ReLU", {}),
    "maxpool": ("MaxPool2d", {"pool_size": 3, "strides": 2, "padding": 1}),
}
"""What follows the first convolution of the networks of stages, and its settings."""

POOLED = {"vgg": 7, "alexnet": 6}
"""The sides that `avgpool` leaves, by how a network's name begins; 1 for the others."""

SHARES = {"layer1": 8, "layer2": 4, "layer3": 2, "layer4": 1, "features": 1}
"""By what the width of a network is divided for the channels that one of its parts gives."""


def children_of(network: str) -> tuple[str, ...]:
    """The names of a network's children in order; empty if they are not known."""
    return next((names for start, names in _CHILDREN if network.startswith(start)), ()) if network in WIDTHS else ()


def channels_of(network: str, part: str) -> int | None:
    """How many channels a part of a network gives, where that is known."""
    share = SHARES.get(part)
    return WIDTHS[network] // share if network in WIDTHS and share is not None else None


def pooled_side(network: str) -> int:
    """The extent of both axes of the map behind a network's `avgpool`."""
    return next((side for start, side in POOLED.items() if network.startswith(start)), 1)

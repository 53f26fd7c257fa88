"""A network of a config as `torch.nn.Sequential`."""

from __future__ import annotations

import math
from typing import Any, Callable

import torch
from torch import Tensor, nn

from experiment_config import ConfigError, Section

# Height, width and channels of an image, or a number of features: shapes as configs state them.
Shape = tuple[int, ...]
Built = tuple[nn.Module, Shape]


class Reshape(nn.Module):
    """Features as an image, channel first.

    `nn.Unflatten` leaves the image in NCHW, so that a network in channels-last converts it only
    after the first upsampling, when it is four times as large: 3 % of a step of gan/dcgan.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        height, width, channels = shape
        self.shape = (channels, height, width)
        self.memory_format = torch.contiguous_format

    def forward(self, features: Tensor) -> Tensor:
        return features.view(-1, *self.shape).contiguous(memory_format=self.memory_format)


def build(
    section: Section, shape: Shape, memory_format: torch.memory_format
) -> tuple[nn.Sequential, Shape]:
    """The network for samples of a shape, with its first values, and the shape it ends in."""
    layers: list[nn.Module] = []
    for layer in section.sections("layers"):
        module, shape = layer.choice("type", _LAYERS)(layer, shape)
        layer.finish()
        layers.append(module)
    network = nn.Sequential(*layers)
    initialization = section.section("initialization", {})
    _initialize(network, initialization)
    initialization.finish()
    section.finish()

    network.to(memory_format=memory_format)
    for module in network:
        if isinstance(module, Reshape):
            module.memory_format = memory_format
    return network.train(), shape


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def mixes_samples(network: nn.Module) -> bool:
    """Whether a sample's output depends on the batch it is in, as it does with batch norm."""
    return any(isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) for module in network.modules())


# Layers

def _linear(layer: Section, shape: Shape) -> Built:
    features = layer.take("features")
    return nn.Linear(*shape, features), (features,)


def _conv(layer: Section, shape: Shape) -> Built:
    height, width, channels = shape
    outputs = layer.take("channels")
    kernel, stride = _number(layer, "kernel"), _number(layer, "stride", 1)
    padding = _number(layer, "padding", 0)
    module = nn.Conv2d(channels, outputs, kernel, stride, padding)
    height, width = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
    return module, (height, width, outputs)


def _number(layer: Section, key: str, default: int | None = None) -> int:
    value = layer.take(key, default)
    if not isinstance(value, int):
        raise ConfigError(f"{layer.path}.{key}: only one number for all sides can be compared")
    return value


def _upsample(layer: Section, shape: Shape) -> Built:
    height, width, channels = shape
    scale, mode = layer.take("scale", 2), layer.choice("method", {"nearest": "nearest"}, "nearest")
    return nn.Upsample(scale_factor=scale, mode=mode), (scale * height, scale * width, channels)


def _reshape(layer: Section, shape: Shape) -> Built:
    shape = tuple(layer.take("shape"))
    return Reshape(shape), shape


def _flatten(layer: Section, shape: Shape) -> Built:
    return nn.Flatten(), (math.prod(shape),)


def _batch_norm(layer: Section, shape: Shape) -> Built:
    kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    return kind(shape[-1], layer.take("epsilon", 1e-5), layer.take("momentum", 0.1)), shape


def _layer_norm(layer: Section, shape: Shape) -> Built:
    return nn.LayerNorm((shape[-1], *shape[:-1]), layer.take("epsilon", 1e-5)), shape


def _same_shape(make: Callable[[Section], nn.Module]) -> Callable[[Section, Shape], Built]:
    return lambda layer, shape: (make(layer), shape)


_LAYERS: dict[str, Callable[[Section, Shape], Built]] = {
    "linear": _linear,
    "conv": _conv,
    "upsample": _upsample,
    "reshape": _reshape,
    "flatten": _flatten,
    "batchNorm": _batch_norm,
    "layerNorm": _layer_norm,
    "leakyReLU": _same_shape(lambda layer: nn.LeakyReLU(layer.take("slope", 0.2), inplace=True)),
    "relu": _same_shape(lambda layer: nn.ReLU(inplace=True)),
    "tanh": _same_shape(lambda layer: nn.Tanh()),
    "sigmoid": _same_shape(lambda layer: nn.Sigmoid()),
    "dropout": _same_shape(lambda layer: nn.Dropout(layer.take("rate", 0.5))),
    "channelDropout": _same_shape(lambda layer: nn.Dropout2d(layer.take("rate", 0.5))),
}


# First values

def _normal(values: Section) -> Callable[[Tensor], Tensor]:
    mean, deviation = values.take("mean", 0.0), values.take("deviation")
    return lambda weight: nn.init.normal_(weight, mean, deviation)


_INITIALIZERS: dict[str, Callable[[Section], Callable[[Tensor], Any] | None]] = {
    "default": lambda values: None,
    "normal": _normal,
}

_INITIALIZED: dict[str, tuple[type[nn.Module], ...]] = {
    "linearWeights": (nn.Linear,),
    "convolutionWeights": (nn.Conv2d,),
    "normWeights": (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm),
}


def _initialize(network: nn.Module, initialization: Section) -> None:
    """Fills the weights that the config names; the others have PyTorch's first values already."""
    for key, kinds in _INITIALIZED.items():
        values = initialization.section(key, "default")
        fill = values.choice("type", _INITIALIZERS)(values)
        values.finish()
        for module in network.modules():
            if fill is not None and isinstance(module, kinds):
                fill(module.weight)

"""A network of a config as a PyTorch module."""

from __future__ import annotations

import math
from typing import Any, Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiment_config import ConfigError, Section

# Height, width and channels of an image, or a number of features: shapes as configs state them.
Shape = tuple[int, ...]
Built = tuple[nn.Module, Shape]


class Network(nn.Module):
    """Layers in a row; some read the condition, and some join what an earlier one saved."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        saved: dict[str, Tensor] = {}
        for layer in self.layers:
            if isinstance(layer, Save):
                saved[layer.name] = x
            elif isinstance(layer, Join):
                x = x + saved[layer.name] if layer.adds else torch.cat([x, saved[layer.name]], 1)
            elif isinstance(layer, Condition):
                x = layer(x, condition)
            else:
                x = layer(x)
        return x


class Save(nn.Module):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Join(nn.Module):
    def __init__(self, name: str, adds: bool) -> None:
        super().__init__()
        self.name, self.adds = name, adds


class Condition(nn.Module):
    """Features multiplied by a learnt vector of the class, given as a one-hot vector."""

    def __init__(self, classes: int, features: int) -> None:
        super().__init__()
        self.table = nn.Linear(classes, features, bias=False)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return x * self.table(condition)


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


class Recut(nn.Module):
    """A channels-last buffer read again as twice the height and width."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        flat = x.permute(0, 2, 3, 1).reshape(
            count, height * self.scale, width * self.scale, channels // self.scale**2
        )
        return flat.permute(0, 3, 1, 2)


class DepthToSpace(nn.Module):
    """Channels to pixels in the order `(row, column, channel)`, as TensorFlow does."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        scale, out = self.scale, channels // self.scale**2
        blocks = x.view(count, scale, scale, out, height, width)
        return blocks.permute(0, 3, 4, 1, 5, 2).reshape(count, out, height * scale, width * scale)


class Branches(nn.Module):
    """Branches of one input, their channels side by side."""

    def __init__(self, branches: list[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


class Residual(nn.Module):
    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def build(
    section: Section,
    shape: Shape,
    memory_format: torch.memory_format,
    classes: int = 0,
    data_channels: int = 0,
) -> tuple[Network, Shape]:
    """The network for samples of a shape, with its first values, and the shape it ends in.

    `data_channels` are those of the dataset's images, for layers that follow them.
    """
    builder = _Builder(classes, data_channels)
    layers, shape = builder.layers(section, shape)
    network = Network(layers)
    initialization = section.section("initialization", {})
    _initialize(network, initialization)
    initialization.finish()
    section.finish()

    network.to(memory_format=memory_format)
    for module in network.modules():
        if isinstance(module, Reshape):
            module.memory_format = memory_format
    return network.train(), shape


def parameter_count(network: nn.Module) -> int:
    return sum(value.numel() for value in network.parameters() if value.requires_grad)


def mixes_samples(network: nn.Module) -> bool:
    """Whether a sample's output depends on the batch it is in, as it does with batch norm."""
    return any(isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) for module in network.modules())


class _Builder:
    """Layers of a config, with the shapes that they were saved in."""

    def __init__(self, classes: int, data_channels: int) -> None:
        self.classes = classes
        self.data_channels = data_channels
        self.saved: dict[str, Shape] = {}

    def channels(self, layer: Section) -> int:
        """The output channels of a convolution."""
        channels = layer.take("channels")
        return self.data_channels if channels == "data" else channels

    def layers(self, section: Section, shape: Shape) -> tuple[list[nn.Module], Shape]:
        layers: list[nn.Module] = []
        for layer in section.sections("layers"):
            kind = layer.choice("type", {name: name for name in _LAYERS})
            layer.ignore("name")
            module, shape = _LAYERS[kind](self, layer, shape)
            if layer.take("frozen", False) is True:
                module.requires_grad_(False)
            layer.finish()
            layers.append(module)
        return layers, shape


# Layers

def _linear(builder: _Builder, layer: Section, shape: Shape) -> Built:
    features = layer.take("features")
    _take_norm(layer)
    bias = layer.take("bias", True)
    return nn.Linear(*shape, features, bias=bias is True), (features,)


def _conv(builder: _Builder, layer: Section, shape: Shape) -> Built:
    height, width, channels = shape
    outputs = builder.channels(layer)
    kernel, stride = _number(layer, "kernel"), _number(layer, "stride", 1)
    groups, bias = layer.take("groups", 1), layer.take("bias", True) is True
    _take_norm(layer)
    before, after = _padding(layer, height, kernel, stride)
    if before == after:
        module: nn.Module = nn.Conv2d(channels, outputs, kernel, stride, before, 1, groups, bias)
    else:
        module = nn.Sequential(
            nn.ZeroPad2d((before, after, before, after)),
            nn.Conv2d(channels, outputs, kernel, stride, 0, 1, groups, bias),
        )
    height, width = ((side + before + after - kernel) // stride + 1 for side in (height, width))
    return module, (height, width, outputs)


def _padding(layer: Section, size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after; `same` is TensorFlow's, which has one more after where it is odd."""
    padding = layer.take("padding", 0)
    if padding == "same":
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2
    if not isinstance(padding, int):
        raise ConfigError(f"{layer.path}.padding: {padding} cannot be compared")
    return padding, padding


def _conv_transpose(builder: _Builder, layer: Section, shape: Shape) -> Built:
    height, width, channels = shape
    outputs = builder.channels(layer)
    kernel, stride = _number(layer, "kernel"), _number(layer, "stride", 1)
    bias, more = layer.take("bias", True) is True, layer.take("outputPadding", 0)
    padding = layer.take("padding", 0)
    if padding == "same":
        padding = (kernel - stride + 1) // 2
        more = stride - kernel + 2 * padding
    module = nn.ConvTranspose2d(channels, outputs, kernel, stride, padding, more, 1, bias)
    height, width = ((s - 1) * stride - 2 * padding + kernel + more for s in (height, width))
    return module, (height, width, outputs)


def _take_norm(layer: Section) -> None:
    """A weight norm is that of weights which stay as they are: nothing to compute in a step."""
    norm = layer.section("norm", {})
    norm.ignore("type", "gain")
    norm.finish()


def _number(layer: Section, key: str, default: int | None = None) -> int:
    value = layer.take(key, default)
    if not isinstance(value, int):
        raise ConfigError(f"{layer.path}.{key}: only one number for all sides can be compared")
    return value


def _upsample(builder: _Builder, layer: Section, shape: Shape) -> Built:
    height, width, channels = shape
    scale, mode = layer.take("scale", 2), layer.choice("method", {"nearest": "nearest"}, "nearest")
    return nn.Upsample(scale_factor=scale, mode=mode), (scale * height, scale * width, channels)


def _reshape(builder: _Builder, layer: Section, shape: Shape) -> Built:
    shape = tuple(layer.take("shape"))
    return (Reshape(shape) if len(shape) == 3 else nn.Unflatten(1, shape)), shape


def _flatten(builder: _Builder, layer: Section, shape: Shape) -> Built:
    return nn.Flatten(), (math.prod(shape),)


def _batch_norm(builder: _Builder, layer: Section, shape: Shape) -> Built:
    kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    return kind(shape[-1], layer.take("epsilon", 1e-5), layer.take("momentum", 0.1)), shape


def _layer_norm(builder: _Builder, layer: Section, shape: Shape) -> Built:
    return nn.LayerNorm((shape[-1], *shape[:-1]), layer.take("epsilon", 1e-5)), shape


def _instance_norm(builder: _Builder, layer: Section, shape: Shape) -> Built:
    affine = layer.take("affine", False) is True
    return nn.InstanceNorm2d(shape[-1], layer.take("epsilon", 1e-5), affine=affine), shape


def _pool(kind: Callable[..., nn.Module]) -> Callable[[_Builder, Section, Shape], Built]:
    def make(builder: _Builder, layer: Section, shape: Shape) -> Built:
        height, width, channels = shape
        kernel = _number(layer, "kernel")
        stride = _number(layer, "stride", kernel)
        before, after = _padding(layer, height, kernel, stride)
        if before != 0:
            raise ConfigError(f"{layer.path}.padding: only zeros behind can be compared")
        height, width = ((side + after - kernel) // stride + 1 for side in (height, width))
        return kind(kernel, stride, ceil_mode=after > 0), (height, width, channels)

    return make


def _pad(builder: _Builder, layer: Section, shape: Shape) -> Built:
    height, width, channels = shape
    padding = layer.take("padding")
    top, left, bottom, right = [padding] * 4 if isinstance(padding, int) else padding
    kinds = {"zero": nn.ZeroPad2d, "reflection": nn.ReflectionPad2d}
    kind = layer.choice("content", kinds, "zero")
    return kind((left, right, top, bottom)), (height + top + bottom, width + left + right, channels)


def _depth_to_space(builder: _Builder, layer: Section, shape: Shape) -> Built:
    scale = layer.take("scale")
    height, width, channels = shape
    return DepthToSpace(scale), (height * scale, width * scale, channels // scale**2)


def _recut(builder: _Builder, layer: Section, shape: Shape) -> Built:
    target = tuple(layer.take("shape"))
    return Recut(target[0] // shape[0]), target


def _inception(builder: _Builder, layer: Section, shape: Shape) -> Built:
    height, width, inputs = shape
    channels = layer.take("channels")
    branch = layer.take("branchChannels", channels // 2)
    reads = layer.take("reads", "reduction")
    depthwise, multiplier = layer.take("depthwise", False), layer.take("widthMultiplier", 4)
    second: list[nn.Module] = []
    if reads == "reduction":
        second.append(nn.Conv2d(inputs, branch, 1))
        inputs = branch
    ends = branch
    if depthwise is True:
        ends = multiplier * branch
        second += [
            nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs), nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, ends, 1), nn.BatchNorm2d(ends),
        ]
    else:
        second.append(nn.Conv2d(inputs, branch, 3, padding=1))
    first = nn.Conv2d(shape[2], channels - branch, 1)
    return Branches([first, nn.Sequential(*second)]), (height, width, channels - branch + ends)


def _save(builder: _Builder, layer: Section, shape: Shape) -> Built:
    name = layer.take("as")
    builder.saved[name] = shape
    return Save(name), shape


def _join(builder: _Builder, layer: Section, shape: Shape) -> Built:
    name = layer.take("with")
    adds = layer.take("method", "concatenate") == "add"
    channels = shape[2] if adds else shape[2] + builder.saved[name][2]
    return Join(name, adds), (shape[0], shape[1], channels)


def _residual(builder: _Builder, layer: Section, shape: Shape) -> Built:
    layers, shape = builder.layers(layer, shape)
    return Residual(nn.Sequential(*layers)), shape


def _repeat(builder: _Builder, layer: Section, shape: Shape) -> Built:
    count, parts = layer.take("count"), layer.take("layers")
    made: list[nn.Module] = []
    for index in range(count):
        again = Section({"layers": parts}, f"{layer.path}[{index}]")
        layers, shape = builder.layers(again, shape)
        made += layers
    return nn.Sequential(*made), shape


def _condition(builder: _Builder, layer: Section, shape: Shape) -> Built:
    layer.choice("method", {"multiply": None})
    return Condition(builder.classes, shape[0]), shape


def _dropout(kind: Callable[[float], nn.Module]) -> Callable[[_Builder, Section, Shape], Built]:
    def make(builder: _Builder, layer: Section, shape: Shape) -> Built:
        layer.ignore("atEvaluation")
        return kind(layer.take("rate", 0.5)), shape

    return make


def _same_shape(
    make: Callable[[Section], nn.Module],
) -> Callable[[_Builder, Section, Shape], Built]:
    return lambda builder, layer, shape: (make(layer), shape)


_LAYERS: dict[str, Callable[[_Builder, Section, Shape], Built]] = {
    "linear": _linear,
    "conv": _conv,
    "convTranspose": _conv_transpose,
    "upsample": _upsample,
    "reshape": _reshape,
    "flatten": _flatten,
    "batchNorm": _batch_norm,
    "layerNorm": _layer_norm,
    "instanceNorm": _instance_norm,
    "maxPool": _pool(nn.MaxPool2d),
    "averagePool": _pool(nn.AvgPool2d),
    "pad": _pad,
    "depthToSpace": _depth_to_space,
    "recut": _recut,
    "inception": _inception,
    "save": _save,
    "join": _join,
    "residual": _residual,
    "repeat": _repeat,
    "condition": _condition,
    "leakyReLU": _same_shape(lambda layer: nn.LeakyReLU(layer.take("slope", 0.2))),
    "relu": _same_shape(lambda layer: nn.ReLU()),
    "tanh": _same_shape(lambda layer: nn.Tanh()),
    "sigmoid": _same_shape(lambda layer: nn.Sigmoid()),
    "dropout": _dropout(nn.Dropout),
    "channelDropout": _dropout(nn.Dropout2d),
}


# First values

def _normal(values: Section) -> Callable[[Tensor], Tensor]:
    mean, deviation = values.take("mean", 0.0), values.take("deviation")
    return lambda weight: nn.init.normal_(weight, mean, deviation)


def _truncated_normal(values: Section) -> Callable[[Tensor], Tensor]:
    mean, deviation = values.take("mean", 0.0), values.take("deviation")
    values.ignore("bound")
    low, high = mean - 2 * deviation, mean + 2 * deviation
    return lambda weight: nn.init.trunc_normal_(weight, mean, deviation, low, high)


def _constant(values: Section) -> Callable[[Tensor], Tensor]:
    value = values.take("value")
    return lambda weight: nn.init.constant_(weight, value)


_INITIALIZERS: dict[str, Callable[[Section], Callable[[Tensor], Any] | None]] = {
    "default": lambda values: None,
    "normal": _normal,
    "truncatedNormal": _truncated_normal,
    "constant": _constant,
    "xavierUniform": lambda values: lambda weight: nn.init.xavier_uniform_(weight),
    "orthogonal": lambda values: lambda weight: nn.init.orthogonal_(weight),
}

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.InstanceNorm2d)
_INITIALIZED: dict[str, tuple[type[nn.Module], ...]] = {
    "weights": (nn.Linear, *_CONVOLUTIONS),
    "linearWeights": (nn.Linear,),
    "convolutionWeights": _CONVOLUTIONS,
    "normWeights": _NORMS,
    "biases": (nn.Linear, *_CONVOLUTIONS),
}


def _initialize(network: nn.Module, initialization: Section) -> None:
    """Fills the weights that the config names; the others have PyTorch's first values already."""
    for key, kinds in _INITIALIZED.items():
        values = initialization.section(key, "default")
        fill = values.choice("type", _INITIALIZERS)(values)
        values.finish()
        for module in network.modules():
            if fill is None or not isinstance(module, kinds):
                continue
            value = module.bias if key == "biases" else module.weight
            if value is not None:
                fill(value)

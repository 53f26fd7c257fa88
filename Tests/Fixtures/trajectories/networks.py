"""The networks and optimizers that a config describes, made of PyTorch's modules."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import spectral_norm


class Condition(nn.Module):
    """A class given to the generator: its embedding times the latent, or its one-hot vector beside the latent."""

    def __init__(self, method, features, classes):
        super().__init__()
        self.embedding = nn.Embedding(classes, features) if method == "multiply" else None

    def forward(self, x, condition):
        if self.embedding is None:
            return torch.cat([x, condition], dim=1)
        return x * self.embedding(condition.argmax(dim=1))


class Table(nn.Module):
    """A row for each class."""

    def __init__(self, classes, features):
        super().__init__()
        self.embedding = nn.Parameter(torch.zeros(classes, features))

    def forward(self, condition):
        return self.embedding[condition.argmax(dim=1)]


class ConditionalBatchNorm(nn.Module):
    """Dumoulin et al., 2017, arXiv:1610.07629: batch norm with a weight and a bias for each class."""

    def __init__(self, channels, classes):
        super().__init__()
        self.weight, self.bias = Table(classes, channels), Table(classes, channels)
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x, condition):
        plain = F.batch_norm(x, self.running_mean, self.running_var, training=self.training)
        return plain * self.weight(condition)[:, :, None, None] + self.bias(condition)[:, :, None, None]


class Projection(nn.Module):
    """Miyato and Koyama, 2018, arXiv:1802.05637, eq. 6."""

    def __init__(self, features, classes, norm):
        super().__init__()
        self.score = nn.Sequential(normalised(nn.Linear(features, 1), norm))
        self.embedding = nn.Sequential(normalised(nn.Linear(classes, features, bias=False), norm))

    def forward(self, x, condition):
        return self.score(x) + (self.embedding(condition) * x).sum(dim=1, keepdim=True)


class SelfAttention(nn.Module):
    """Zhang et al., 2019, arXiv:1805.08318, with the pooling of the authors' code."""

    def __init__(self, channels):
        super().__init__()

        def map_to(count, inputs=channels):
            return nn.Sequential(nn.Conv2d(inputs, count, 1, bias=False))

        self.query, self.key = map_to(channels // 8), map_to(channels // 8)
        self.value, self.output = map_to(channels // 2), map_to(channels, channels // 2)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        count, _, height, width = x.shape
        query = self.query(x).flatten(2)
        key, value = (F.max_pool2d(layer(x), 2).flatten(2) for layer in (self.key, self.value))
        attention = torch.softmax(torch.bmm(query.transpose(1, 2), key), dim=-1)
        means = torch.bmm(value, attention.transpose(1, 2)).reshape(count, -1, height, width)
        return x + self.gamma * self.output(means)


def normalised(layer, norm):
    """A layer with the spectral norm of Miyato et al., 2018, arXiv:1802.05957, algorithm 1, or as it is.

    Each application in training mode moves the vector `weight_u` by power iterations, from which `weight_v` follows.
    """
    if norm is None:
        return layer
    settings = {"type": norm} if isinstance(norm, str) else norm
    if settings["type"] != "spectral":
        raise ValueError(f"no norm for {settings}")
    return spectral_norm(layer, n_power_iterations=settings.get("iterations", 1))


class NormalisedConvolution(nn.Conv2d):
    """A convolution with weights `v / ||v||`, the norm taken per output; never trained."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, bias=False, **settings)
        self.weight_v = nn.Parameter(self.weight.detach(), requires_grad=False)
        del self.weight

    def forward(self, x):
        lengths = self.weight_v.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)
        return F.conv2d(x, self.weight_v / lengths, None, self.stride, self.padding)


class NormalisedLinear(nn.Linear):
    """A fully connected layer with weights `v / ||v||`, the norm taken per output; neither they nor the bias are
    trained."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.weight_v = nn.Parameter(self.weight.detach(), requires_grad=False)
        self.bias.requires_grad_(False)
        del self.weight

    def forward(self, x):
        return F.linear(x, self.weight_v / self.weight_v.norm(dim=1, keepdim=True), self.bias)


class Dropout(nn.Module):
    """Numbers kept with probability `1 - rate` and divided by it. `mask`, given by the game, draws which are kept."""

    def __init__(self, rate):
        super().__init__()
        self.rate, self.mask = rate, None

    def forward(self, x):
        return x * self.mask(self.rate, x.shape) if self.mask else x


class Concat(nn.Module):
    """Branches on one input, joined along the channels."""

    def __init__(self, branches, shape):
        super().__init__()
        self.branches = nn.ModuleList([Network(layers, shape, 0) for layers in branches])

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Residual(nn.Module):
    """`layers(x) + shortcut(x)`; without layers on the shortcut, `layers(x) + x`."""

    def __init__(self, layers, shortcut, shape, classes):
        super().__init__()
        self.layers, self.shortcut = (Network(branch, shape, classes) for branch in (layers, shortcut))

    def forward(self, x, condition):
        return self.layers(x, condition) + self.shortcut(x, condition)


class GlobalSumPool(nn.Module):
    """The sum of each channel."""

    def forward(self, x):
        return x.sum(dim=(2, 3))


class ReshapeLast(nn.Module):
    """The numbers of an image, or of features, in the order row, column, channel under another shape."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        last = x.permute(0, 2, 3, 1) if x.dim() == 4 else x
        return last.reshape(len(x), *self.shape).permute(0, 3, 1, 2)


class MaxPoolSame(nn.Module):
    """TensorFlow's padding: as many windows as the stride has steps, what is missing on the right and below first."""

    def __init__(self, kernel):
        super().__init__()
        self.kernel = kernel

    def forward(self, x):
        missing = [-size % self.kernel for size in (x.shape[3], x.shape[2])]
        sides = [side for total in missing for side in (total // 2, total - total // 2)]
        return F.max_pool2d(F.pad(x, sides, value=-torch.inf), self.kernel)


class ShiftedBatchNorm(nn.Module):
    """Batch norm with a bias and no weight."""

    def __init__(self, channels, epsilon, momentum):
        super().__init__()
        self.epsilon, self.momentum = epsilon, momentum
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        return F.batch_norm(
            x, self.running_mean, self.running_var, None, self.bias, self.training, self.momentum, self.epsilon
        )


class Network(nn.Sequential):
    """The layers of a config, numbered as there. Shapes lack the batch: (features,) or (channels, rows, columns)."""

    def __init__(self, layers, shape, classes):
        modules = []
        for layer in layers:
            layer = {"type": layer} if isinstance(layer, str) else layer
            modules.append(module(layer, shape, classes))
            condition = torch.eye(classes)[:2] if classes else None
            # Batch norm needs two samples.
            shape = tuple(self.through(modules[-1:], torch.zeros(2, *shape), condition).shape[1:])
        super().__init__(*modules)

    @staticmethod
    def through(modules, x, condition):
        for layer in modules:
            reads = isinstance(layer, (Condition, ConditionalBatchNorm, Projection, Residual))
            x = layer(x, condition) if reads else layer(x)
        return x

    def forward(self, x, condition=None):
        return self.through(self, x, condition)

    def variables(self):
        """All but the counts of batches and what follows from spectral norm's `weight_u`."""
        state = self.state_dict()
        follows = {name for name in state if name.endswith("weight_v") and name[:-1] + "u" in state}
        return {name: value for name, value in state.items() if "num_batches" not in name and name not in follows}


def module(layer, shape, classes):
    """The module of one layer on inputs of a shape."""
    stride, padding = layer.get("stride", 1), layer.get("padding", 0)
    settings = {"kernel_size": layer.get("kernel"), "stride": stride, "padding": padding}
    bias = layer.get("bias", True)
    match layer["type"]:
        case "linear" if layer.get("norm") == {"type": "weight", "gain": 1} and layer["frozen"] and bias:
            return NormalisedLinear(shape[0], layer["features"])
        case "condition":
            return Condition(layer["method"], shape[0], classes)
        case "linear":
            return normalised(nn.Linear(shape[0], layer["features"], bias), layer.get("norm"))
        case "conv" if layer.get("norm") == {"type": "weight", "gain": 1} and layer["frozen"] and not bias:
            return NormalisedConvolution(shape[0], layer["channels"], **settings)
        case "conv":
            plain = nn.Conv2d(shape[0], layer["channels"], **settings, groups=layer.get("groups", 1), bias=bias)
            return normalised(plain, layer.get("norm"))
        case "convTranspose":
            return nn.ConvTranspose2d(shape[0], layer["channels"], **settings, bias=bias)
        case "dropout":
            return Dropout(layer["rate"])
        case "concat":
            return Concat(layer["branches"], shape)
        case "residual":
            return Residual(layer["layers"], layer.get("shortcut", []), shape, classes)
        case "inception" if layer["reads"] == "input" and "depthwise" not in layer:
            half = layer["channels"] // 2
            same = {"type": "conv", "channels": half, "kernel": 3, "padding": "same"}
            return Concat([[{"type": "conv", "channels": half, "kernel": 1}], [same]], shape)
        case "conditionalBatchNorm":
            return ConditionalBatchNorm(shape[0], classes)
        case "projection":
            return Projection(shape[0], classes, layer.get("norm"))
        case "selfAttention":
            return SelfAttention(shape[0])
        case "batchNorm" if layer.get("scale") is False:
            return ShiftedBatchNorm(shape[0], layer.get("epsilon", 1e-5), layer.get("momentum", 0.1))
        case "batchNorm":
            kind = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
            return kind(shape[0], eps=layer.get("epsilon", 1e-5), momentum=layer.get("momentum", 0.1))
        case "layerNorm":
            return nn.LayerNorm(shape, layer.get("epsilon", 1e-5), layer.get("affine", True))
        case "reshape" if layer.get("order") == "channelsLast":
            return ReshapeLast(layer["shape"])
        case "reshape":
            rows, columns, channels = layer["shape"]
            return nn.Unflatten(1, (channels, rows, columns))
        case "flatten":
            return nn.Flatten()
        case "upsample":
            return nn.Upsample(scale_factor=layer["scale"], mode="nearest")
        case "depthToSpace":
            return nn.PixelShuffle(layer["scale"])
        case "maxPool" if padding == "same":
            return MaxPoolSame(layer["kernel"])
        case "maxPool":
            return nn.MaxPool2d(layer["kernel"])
        case "averagePool":
            return nn.AvgPool2d(layer.get("kernel", 2))
        case "globalSumPool":
            return GlobalSumPool()
        case "leakyReLU":
            return nn.LeakyReLU(layer["slope"])
        case "relu":
            return nn.ReLU()
        case "tanh":
            return nn.Tanh()
        case "sigmoid":
            return nn.Sigmoid()
    raise ValueError(f"no module for {layer}")


class TensorFlowRMSProp:
    """TensorFlow 1's RMSProp: `s = alpha s + (1 - alpha) g^2; w -= rate * g / sqrt(s + epsilon)`."""

    def __init__(self, settings, parameters):
        self.settings, self.parameters = settings, parameters
        self.squares = [torch.full_like(parameter, settings["initialMeanSquare"]) for parameter in parameters]

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self):
        alpha, rate = self.settings["alpha"], self.settings["learningRate"]
        for parameter, square in zip(self.parameters, self.squares):
            square.mul_(alpha).add_((1 - alpha) * parameter.grad**2)
            parameter.sub_(rate * parameter.grad / torch.sqrt(square + self.settings["epsilon"]))


def optimizer(settings, parameters):
    """The optimizer for the section `optimizer` of a config, with its schedule."""
    result = constant_optimizer(settings, parameters)
    if schedule := settings.get("schedule"):
        if schedule.keys() != {"type", "end"} or schedule["type"] != "linear":
            raise ValueError(f"no schedule for {schedule}")
        rate = torch.optim.lr_scheduler.LambdaLR(result, lambda updates: max(0, 1 - updates / schedule["end"]))
        result.register_step_post_hook(lambda *_: rate.step())
    return result


def constant_optimizer(settings, parameters):
    """PyTorch's optimizer at the settings' learning rate."""
    if settings["type"] == "sgd":
        return torch.optim.SGD(parameters, lr=settings["learningRate"])
    if settings.get("epsilonInsideRoot"):
        return TensorFlowRMSProp(settings, parameters)
    common = {"lr": settings["learningRate"], "eps": settings.get("epsilon", 1e-8)}
    if settings["type"] == "rmsprop":
        return torch.optim.RMSprop(parameters, alpha=settings.get("alpha", 0.99), **common)
    return torch.optim.Adam(parameters, betas=(float(settings["beta1"]), float(settings["beta2"])), **common)

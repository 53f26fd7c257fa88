"""The networks and optimizers that a config describes, made of PyTorch's modules."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Condition(nn.Module):
    """A class given to the generator: its embedding times the latent, or its one-hot vector beside the latent."""

    def __init__(self, method, features, classes):
        super().__init__()
        self.embedding = nn.Embedding(classes, features) if method == "multiply" else None

    def forward(self, x, condition):
        if self.embedding is None:
            return torch.cat([x, condition], dim=1)
        return x * self.embedding(condition.argmax(dim=1))


class NormalisedConvolution(nn.Conv2d):
    """A convolution with weights `v / ||v||`, the norm taken per output; never trained."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, bias=False, **settings)
        self.weight_v = nn.Parameter(self.weight.detach(), requires_grad=False)
        del self.weight

    def forward(self, x):
        lengths = self.weight_v.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)
        return F.conv2d(x, self.weight_v / lengths, None, self.stride, self.padding)


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
            x = layer(x, condition) if isinstance(layer, Condition) else layer(x)
        return x

    def forward(self, x, condition=None):
        return self.through(self, x, condition)

    def variables(self):
        return {name: value for name, value in self.state_dict().items() if "num_batches" not in name}


def module(layer, shape, classes):
    """The module of one layer on inputs of a shape."""
    stride, padding = layer.get("stride", 1), layer.get("padding", 0)
    settings = {"kernel_size": layer.get("kernel"), "stride": stride, "padding": padding}
    bias = layer.get("bias", True)
    match layer["type"]:
        case "condition":
            return Condition(layer["method"], shape[0], classes)
        case "linear":
            return nn.Linear(shape[0], layer["features"], bias)
        case "conv" if layer.get("norm") == {"type": "weight", "gain": 1} and layer["frozen"] and not bias:
            return NormalisedConvolution(shape[0], layer["channels"], **settings)
        case "conv" if "norm" not in layer:
            return nn.Conv2d(shape[0], layer["channels"], **settings, bias=bias)
        case "convTranspose":
            return nn.ConvTranspose2d(shape[0], layer["channels"], **settings, bias=bias)
        case "batchNorm":
            kind = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
            return kind(shape[0], eps=layer.get("epsilon", 1e-5), momentum=layer.get("momentum", 0.1))
        case "layerNorm":
            return nn.LayerNorm(shape, layer.get("epsilon", 1e-5), layer.get("affine", True))
        case "reshape":
            rows, columns, channels = layer["shape"]
            return nn.Unflatten(1, (channels, rows, columns))
        case "flatten":
            return nn.Flatten()
        case "upsample":
            return nn.Upsample(scale_factor=layer["scale"], mode="nearest")
        case "depthToSpace":
            return nn.PixelShuffle(layer["scale"])
        case "maxPool":
            return nn.MaxPool2d(layer["kernel"])
        case "leakyReLU":
            return nn.LeakyReLU(layer["slope"])
        case "relu":
            return nn.ReLU()
        case "tanh":
            return nn.Tanh()
        case "sigmoid":
            return nn.Sigmoid()
    raise ValueError(f"no module for {layer}")


def optimizer(settings, parameters):
    """PyTorch's optimizer for the section `optimizer` of a config."""
    common = {"lr": settings["learningRate"], "eps": settings.get("epsilon", 1e-8)}
    if settings["type"] == "rmsprop":
        return torch.optim.RMSprop(parameters, alpha=settings.get("alpha", 0.99), **common)
    return torch.optim.Adam(parameters, betas=(float(settings["beta1"]), float(settings["beta2"])), **common)

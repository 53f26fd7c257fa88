"""A training in progress: its networks, its optimizers, and the numbers that go in and come out."""
import copy
import zlib

import numpy as np
import torch

from augmentation import augmented
from networks import Dropout, Network, optimizer


class Tape:
    """The inputs of each run of a phase, drawn in the first training and read again in later ones; and its outputs."""

    def __init__(self, case):
        self.random = np.random.default_rng([0, case.seed, zlib.crc32(case.name.encode())])
        self.images = case.images
        self.is_unit = case.config["dataset"].get("range") == "unit"
        self.inputs = {}
        self.rewind(torch.float64)

    def rewind(self, dtype):
        self.dtype, self.runs, self.outputs = dtype, {}, {}

    def start(self, phase):
        """Begins a run: an input has one value in it, however often it is read."""
        self.phase = phase
        self.runs[phase] = self.runs.get(phase, 0) + 1

    def input(self, name, *shape, draw=None):
        values = self.inputs.setdefault(f"{self.phase}.{name}", [])
        run = self.runs[self.phase] - 1
        if run == len(values):
            drawn = draw(self.random) if draw else self.draw(name.split(".")[0], shape)
            values.append(drawn.astype(np.float32))
        return torch.from_numpy(values[run]).to(self.dtype)

    def draw(self, kind, shape):
        match kind:
            case "real":
                # Brighter towards one corner, so that no two pixels are alike.
                slope = np.linspace(-0.6, 0.6, int(np.prod(self.images))).reshape(self.images)
                images = np.tanh(self.random.normal(size=shape) * 0.7 + slope)
                return (images + 1) / 2 if self.is_unit else images
            case "latent":
                return self.random.normal(size=shape)
            case "interpolation" | "perturbation" | "replay" | "augmentation":
                return self.random.uniform(size=shape)
            case "condition":
                return np.eye(shape[1])[self.random.integers(shape[1], size=shape[0])]
        raise ValueError(f"no input {kind}")

    def output(self, name, value):
        self.outputs.setdefault(f"{self.phase}.{name}", []).append(value.item())


class Game:
    """The networks of a config with their optimizers, and the tape of their training."""

    def __init__(self, config, tape):
        self.config, self.tape = config, tape
        self.count = config["batchSize"]
        self.latent = config["latent"]["size"]
        self.classes = config.get("task", {}).get("labels", 0)
        self.tricks = config.get("tricks", {})
        # An auxiliary classifier is not told the class that it is to name.
        self.judged_classes = 0 if "auxiliaryClassifier" in self.tricks else self.classes
        ensemble = config.get("ensemble", {"copies": 1, "combination": {"type": "sum"}})
        self.combination = ensemble["combination"]
        self.generator = Network(config["generator"]["layers"], (self.latent,), self.classes)
        self.discriminators = [
            Network(config["discriminator"]["layers"], tape.images, self.judged_classes) for _ in range(ensemble["copies"])
        ]
        self.average = copy.deepcopy(self.generator) if "averaging" in self.tricks else None
        self.previous = torch.zeros(self.count, *tape.images, dtype=tape.dtype)
        self.attach_masks()
        # Updates of the discriminators so far, for penalties that are due in some.
        self.updates = 0
        # Batches that replay remembers.
        self.memory = []
        # loss-delta's estimates of what each discriminator teaches.
        self.values = torch.zeros(len(self.discriminators), dtype=tape.dtype)

    def attach_masks(self):
        """Lets dropout layers draw what they keep from the tape, under the layer's name and that of the use of D."""
        self.call = None
        for network, networks in self.networks().items():
            for name, layer in networks.named_modules():
                if isinstance(layer, Dropout):
                    layer.mask = lambda rate, shape, name=f"{network}.{name}": self.mask(name, rate, shape)

    def mask(self, name, rate, shape):
        def draw(random):
            return (random.uniform(size=shape) < 1 - rate) / (1 - rate)

        return self.tape.input(f"{name}/{self.call}", *shape, draw=draw)

    def judge(self, discriminator, images, call):
        """A discriminator's output; `call` names this use of it in the step."""
        self.call = call
        return discriminator(augmented(self, images, call), self.condition() if self.judged_classes else None)

    def networks(self):
        judges = self.discriminators
        several = {f"discriminators.{k}": judge for k, judge in enumerate(judges)}
        named = {"generator": self.generator} | ({"discriminator": judges[0]} if len(judges) == 1 else several)
        return named | ({"average": self.average} if self.average else {})

    def variables(self):
        return {
            f"{network}.{name}": value
            for network, networks in self.networks().items()
            for name, value in networks.variables().items()
        }

    def load(self, weights):
        for network in self.networks().values():
            network.to(self.tape.dtype).train()
        for name, value in self.variables().items():
            value.copy_(torch.from_numpy(weights[name]))

    def attach_optimizers(self):
        of_both = self.config.get("optimizer")
        settings = self.config.get("optimizers", {"generator": of_both, "discriminator": of_both})
        generator = list(self.generator.parameters())
        trained = [[p for p in judge.parameters() if p.requires_grad] for judge in self.discriminators]
        self.joint_optimizer = optimizer(settings["generator"], generator + trained[0])
        self.generator_optimizer = optimizer(settings["generator"], generator)
        self.discriminator_optimizers = [optimizer(settings["discriminator"], parameters) for parameters in trained]

    def real(self):
        return self.tape.input("real", self.count, *self.tape.images)

    def condition(self):
        return self.tape.input("condition", self.count, self.classes) if self.classes else None

    def generated(self, stream):
        return self.generator(self.tape.input(stream, self.count, self.latent), self.condition())

    def shares(self, name, *shape):
        """Uniform numbers per sample, to multiply images with."""
        return self.tape.input(name, self.count, *shape).reshape(self.count, *(shape or (1, 1, 1)))

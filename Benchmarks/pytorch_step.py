#!/usr/bin/env python3
"""How fast PyTorch trains a config: the networks and the step of `agon benchmark CONFIG`.

    python3 Benchmarks/pytorch_step.py gan/dcgan --threads 2 --seconds 5

On the CPU, in the mode that `--mode` names: eager, channels-last, compiled by torch.compile, and
the latter two with autocast to bfloat16. Everything is read from the config, and a config with a
key that this program does not know is refused. PyTorch is given what speeds it up without changing
what is computed: images that lie in memory as bytes, fused Adam, gradients of the moved network
only, and one pass of the discriminator over several batches where it has no batch norm.
`--allocator keep` also changes the C library's settings, which few users do.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import ctypes
import gzip
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import numpy
import torch
from torch import Tensor, nn
from torch.nn import functional

import experiment_config
import pytorch_network
from experiment_config import ConfigError, Section

ROOT = Path(__file__).resolve().parent.parent

@dataclass
class Mode:
    """How PyTorch runs a step."""

    memory_format: torch.memory_format
    compiles: bool
    is_half: bool

    def precision(self) -> Any:
        """Products in bfloat16 where it is asked for; the weights stay in float32."""
        if self.is_half:
            return torch.autocast("cpu", dtype=torch.bfloat16)
        return contextlib.nullcontext()


MODES = {
    "eager": Mode(torch.contiguous_format, False, False),
    "channels-last": Mode(torch.channels_last, False, False),
    "compiled": Mode(torch.channels_last, True, False),
    "bfloat16": Mode(torch.channels_last, False, True),
    "bfloat16-compiled": Mode(torch.channels_last, True, True),
}

# One iteration of training: every update of every network.
Step = Callable[[], None]
# Updates of discriminator and generator in an iteration; the objective's own where there are none.
Updates = tuple[int, int] | None


class Setting:
    """The networks, the data and the optimizers' settings of a config, and how PyTorch runs them."""

    def __init__(self, config: Section, mode: Mode) -> None:
        self.mode = mode
        self.name: str = config.take("name")
        config.ignore("description", "system", "seed", "steps", "samples", "checkpoints", "log", "alarms", "evaluate")
        self.batch_size: int = config.take("batchSize", 64)
        latent = config.section("latent", {})
        self.latent_size: int = latent.take("size", 100)
        self.draws = latent.choice("distribution", {"normal": torch.randn, "uniform": uniform}, "normal")
        latent.finish()

        task = config.section("task", "generation")
        self.translates = task.choice("type", {"generation": False, "translation": True})
        self.classes: int = task.take("labels", 0)
        self.reconstruction = float(task.take("reconstruction", 100 if self.translates else 0))
        task.finish()
        ensemble = config.section("ensemble", {})
        copies = ensemble.take("copies", 1)
        # Measured once an epoch: no part of a step.
        ensemble.ignore("steepestDirection")
        combination = ensemble.section("combination", "sum")
        self.combine = combination.choice("type", COMBINATIONS)(combination)
        combination.finish()
        ensemble.finish()
        tricks = config.section("tricks", {})
        classifier = tricks.section("auxiliaryClassifier", {})
        self.class_weight = float(classifier.take("weight", 0.0))
        classifier.finish()
        tricks.finish()
        self.penalty = None
        if "penalty" in config:
            penalty = config.section("penalty")
            self.penalty = penalty.choice("type", PENALTIES)(penalty)
            penalty.finish()

        images, self.data = load_images(config.section("dataset"))
        self.real_images = images.contiguous(memory_format=mode.memory_format)
        image = (*images.shape[2:], images.shape[1])
        reads = image if self.translates else (self.latent_size,)
        self.generator, made = pytorch_network.build(
            config.section("generator"), reads, mode.memory_format, self.classes, image[2]
        )
        judged = (*image[:2], 2 * image[2]) if self.translates else image
        sections = [config.take("discriminator") for _ in range(1)]
        self.discriminators: list[nn.Module] = []
        for _ in range(copies):
            again = Section(copy.deepcopy(sections[0]), f"{config.path}.discriminator")
            network, score = pytorch_network.build(
                again, judged, mode.memory_format, self.classes, image[2]
            )
            self.discriminators.append(network)
        if made != image or (score[-1] != 1 and not self.class_weight):
            raise ConfigError(f"images are {image}; G makes {made}, D ends in {score}")
        self.parameters = {
            "generator": pytorch_network.parameter_count(self.generator),
            "discriminator": sum(pytorch_network.parameter_count(d) for d in self.discriminators),
        }
        self.generator_parameters = trained(self.generator)
        self.discriminator_parameters = [value for d in self.discriminators for value in trained(d)]
        self.joins_batches = not pytorch_network.mixes_samples(self.discriminators[0])
        if mode.compiles:
            self.generator = torch.compile(self.generator)
            self.discriminators = [torch.compile(network) for network in self.discriminators]

        optimizer = config.section("optimizer")
        self.optimizer = optimizer.choice("type", {"adam": adam, "rmsprop": rmsprop})(optimizer)
        optimizer.finish()

    @property
    def discriminator(self) -> nn.Module:
        require(len(self.discriminators) == 1, "this objective is compared with one discriminator")
        return self.discriminators[0]

    def latents(self) -> Tensor:
        return self.draws(self.batch_size, self.latent_size)

    def labels(self) -> Tensor | None:
        if not self.classes:
            return None
        index = torch.randint(self.classes, (self.batch_size,))
        return functional.one_hot(index, self.classes).float()

    def real_batch(self) -> Tensor:
        index = torch.randint(len(self.real_images), (self.batch_size,))
        return self.real_images.index_select(0, index).float().div_(127.5).sub_(1)

    def generate(self, condition: Tensor | None) -> Tensor:
        """Samples, from the condition image or from new latents."""
        if self.translates:
            return self.generator(condition)
        return self.generator(self.latents(), condition)

    def condition(self) -> Tensor | None:
        return self.real_batch() if self.translates else self.labels()

    def outputs(
        self, discriminator: nn.Module, condition: Tensor | None, *batches: Tensor
    ) -> tuple[Tensor, ...]:
        """What a discriminator makes of some batches, each a batch of its own to batch norm.

        Without batch norm one pass over all of them is the same function: 5 % of gan/mlp's step.
        """
        if self.translates:
            batches = tuple(torch.cat([batch, condition], 1) for batch in batches)
        if self.joins_batches:
            return discriminator(torch.cat(batches)).split(self.batch_size)
        return tuple(discriminator(batch) for batch in batches)

    def scores(self, *batches: Tensor) -> tuple[Tensor, ...]:
        return self.outputs(self.discriminator, None, *batches)


def trained(network: nn.Module) -> list[nn.Parameter]:
    return [value for value in network.parameters() if value.requires_grad]


def uniform(*shape: int) -> Tensor:
    return torch.rand(*shape).mul_(2).sub_(1)


def adam(section: Section) -> Callable[[list[nn.Parameter]], torch.optim.Optimizer]:
    settings: dict[str, Any] = {
        "lr": float(section.take("learningRate", 1e-3)),
        "betas": (float(section.take("beta1", 0.9)), float(section.take("beta2", 0.999))),
        "eps": float(section.take("epsilon", 1e-8)),
    }
    return lambda parameters: torch.optim.Adam(parameters, fused=True, **settings)


def rmsprop(section: Section) -> Callable[[list[nn.Parameter]], torch.optim.Optimizer]:
    settings: dict[str, Any] = {
        "lr": float(section.take("learningRate", 1e-2)),
        "alpha": float(section.take("alpha", 0.99)),
        "eps": float(section.take("epsilon", 1e-8)),
    }
    # Where the square root's epsilon stands and what the mean square starts at cost nothing.
    section.ignore("epsilonInsideRoot", "initialMeanSquare", "epsilonPlacement")
    return lambda parameters: torch.optim.RMSprop(parameters, foreach=True, **settings)


# How a generator answers several discriminators

def hypervolume(section: Section) -> Callable[[list[Tensor]], Tensor]:
    slack = float(section.take("slack", 1.1))

    def combine(losses: list[Tensor]) -> Tensor:
        if len(losses) == 1:
            return losses[0]
        stacked = torch.stack(losses)
        nadir = slack * stacked.detach().max()
        return -torch.log(nadir - stacked).sum()

    return combine


def total(section: Section) -> Callable[[list[Tensor]], Tensor]:
    return lambda losses: torch.stack(losses).sum()


COMBINATIONS = {"sum": total, "hypervolume": hypervolume}


# Penalties on a discriminator's slope

def r1(section: Section) -> Callable[[Setting, nn.Module, Tensor], Tensor]:
    gamma = float(section.take("gamma", 10))

    def penalty(setting: Setting, discriminator: nn.Module, real: Tensor) -> Tensor:
        points = real.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
        return 0.5 * gamma * gradient.flatten(1).square().sum(1).mean()

    return penalty


PENALTIES = {"r1": r1}


# Objectives: from a setting and the config's section to the step, and the real batches it takes.

def selfgan(setting: Setting, objective: Section, updates: Updates) -> tuple[Step, int]:
    """One loss, one backward pass and one optimizer for both networks, in the form `gpu-paper`."""
    objective.choice("form", {"gpu-paper": None}, "gpu-paper")
    require(updates in (None, (1, 1)), "selfgan: updates must be 1:1")
    optimizer = setting.optimizer(setting.generator_parameters + setting.discriminator_parameters)
    previous = torch.zeros_like(setting.real_batch())

    def step() -> None:
        nonlocal previous
        with setting.mode.precision():
            images = setting.generator(setting.latents())
            generated, real, former = setting.scores(images, setting.real_batch(), previous)
            generated_loss = cross_entropy(generated, 1)
            former_loss = cross_entropy(former, 0)
            weighted = 0.1 * generated_loss.square() + 0.9 * former_loss.square()
            loss = 0.5 * (cross_entropy(real, 1) + weighted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        previous = images.detach().float()

    return step, 1


def gan(setting: Setting, objective: Section, updates: Updates) -> tuple[Step, int]:
    """The original GAN with the non-saturating loss."""
    objective.choice("generatorLoss", {"non-saturating": None}, "non-saturating")
    scale = objective.choice("discriminatorLoss", {"mean": 0.5, "sum": 1.0}, "mean")
    return alternating(
        setting, objective, updates,
        generator_loss=lambda scores: cross_entropy(scores, 1),
        discriminator_loss=lambda real, generated: scale
        * (cross_entropy(real, 1) + cross_entropy(generated, 0)),
    )


def lsgan(setting: Setting, objective: Section, updates: Updates) -> tuple[Step, int]:
    """Least squares, with targets 0 and 1."""
    reduce = objective.choice("reduction", {"mean": torch.mean, "sum": torch.sum}, "mean")
    return alternating(
        setting, objective, updates,
        generator_loss=lambda scores: 0.5 * reduce((scores - 1).square()),
        discriminator_loss=lambda real, generated: 0.5
        * (reduce((real - 1).square()) + reduce(generated.square())),
    )


def hinge(setting: Setting, objective: Section, updates: Updates) -> tuple[Step, int]:
    """The hinge of scores at 1 and -1."""
    return alternating(
        setting, objective, updates,
        generator_loss=lambda scores: -scores.mean(),
        discriminator_loss=lambda real, generated: functional.relu(1 - real).mean()
        + functional.relu(1 + generated).mean(),
    )


def alternating(
    setting: Setting, objective: Section, updates: Updates,
    generator_loss: Callable[[Tensor], Tensor],
    discriminator_loss: Callable[[Tensor, Tensor], Tensor],
) -> tuple[Step, int]:
    """Updates of the discriminators and of the generator in turns."""
    first = objective.choice(
        "order", {"generator-first": True, "discriminator-first": False}, "generator-first"
    )
    latents = objective.choice("latents", {name: name for name in ("shared", "fresh", "per-iteration")}, "shared")
    shares, reports = latents == "shared", latents == "per-iteration"
    discriminator_updates, generator_updates = updates or (1, 1)
    if (discriminator_updates, generator_updates) != (1, 1):
        shares = False
    generator_optimizer = setting.optimizer(setting.generator_parameters)
    discriminator_optimizer = setting.optimizer(setting.discriminator_parameters)

    def judged(output: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The score, and the loss of the classes that come with it."""
        if not setting.class_weight:
            return output, None
        loss = functional.cross_entropy(output[:, 1:].float(), labels)
        return output[:, :1], setting.class_weight * loss

    def update_discriminators(images: Tensor | None, condition: Tensor | None) -> None:
        with setting.mode.precision():
            if images is None:
                condition = setting.condition()
                with torch.no_grad():
                    images = setting.generate(condition)
            real_images = setting.real_batch()
            losses = []
            for discriminator in setting.discriminators:
                outputs = setting.outputs(discriminator, condition, real_images, images.detach())
                (real, real_classes), (fake, fake_classes) = (judged(o, condition) for o in outputs)
                loss = discriminator_loss(real, fake)
                if real_classes is not None:
                    loss = loss + 0.5 * (real_classes + fake_classes)
                if setting.penalty is not None:
                    loss = loss + setting.penalty(setting, discriminator, real_images)
                losses.append(loss)
            loss = torch.stack(losses).sum()
        discriminator_optimizer.zero_grad(set_to_none=True)
        loss.backward(inputs=setting.discriminator_parameters)
        discriminator_optimizer.step()

    def update_generator() -> tuple[Tensor, Tensor | None]:
        with setting.mode.precision():
            condition = setting.condition()
            images = setting.generate(condition)
            losses = []
            for discriminator in setting.discriminators:
                (output,) = setting.outputs(discriminator, condition, images)
                score, classes = judged(output, condition)
                loss = generator_loss(score)
                losses.append(loss if classes is None else loss + classes)
            loss = setting.combine(losses)
            if setting.reconstruction:
                loss = loss + setting.reconstruction * (images - setting.real_batch()).abs().mean()
        generator_optimizer.zero_grad(set_to_none=True)
        # The discriminator is passed through, but its weights need no gradients here.
        loss.backward(inputs=setting.generator_parameters)
        generator_optimizer.step()
        return images.detach(), condition

    def report_losses() -> None:
        """The losses after all updates."""
        with torch.no_grad(), setting.mode.precision():
            condition, real_images = setting.condition(), setting.real_batch()
            images = setting.generate(condition)
            for discriminator in setting.discriminators:
                outputs = setting.outputs(discriminator, condition, real_images, images)
                (real, _), (fake, _) = (judged(o, condition) for o in outputs)
                discriminator_loss(real, fake), generator_loss(fake)

    def step() -> None:
        made: tuple[Tensor | None, Tensor | None] = (None, None)
        if first:
            for _ in range(generator_updates):
                made = update_generator()
        for _ in range(discriminator_updates):
            update_discriminators(*(made if shares else (None, None)))
        if not first:
            for _ in range(generator_updates):
                update_generator()
        if reports:
            report_losses()

    batches = discriminator_updates
    if setting.translates or setting.class_weight:
        # The generator's updates take a batch too, unless they share it.
        batches += 0 if shares else generator_updates
    return step, batches


def wgan_gp(setting: Setting, objective: Section, updates: Updates) -> tuple[Step, int]:
    """Updates of the critic with its penalty, then the generator's, each on fresh images."""
    weight = float(objective.take("gradientPenalty", 10))
    critic_updates, generator_updates = updates or (5, 1)
    critic = setting.discriminator
    require(setting.joins_batches, "wgan-gp: batch norm in the critic")
    generator_optimizer = setting.optimizer(setting.generator_parameters)
    critic_optimizer = setting.optimizer(setting.discriminator_parameters)

    def update_critic() -> None:
        with setting.mode.precision():
            real = setting.real_batch()
            with torch.no_grad():
                generated = setting.generator(setting.latents()).float()
            share = torch.rand(setting.batch_size, 1, 1, 1)
            between = generated.lerp(real, share).requires_grad_()
            scores = critic(between).sum()
            (gradient,) = torch.autograd.grad(scores, between, create_graph=True)
            norms = (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()
            real_scores, generated_scores = setting.scores(real, generated)
            distance = real_scores.mean() - generated_scores.mean()
            loss = weight * (norms - 1).square().mean() - distance
        critic_optimizer.zero_grad(set_to_none=True)
        # Without `inputs` the images between would have gradients computed too, for nobody.
        loss.backward(inputs=setting.discriminator_parameters)
        critic_optimizer.step()

    def update_generator() -> None:
        with setting.mode.precision():
            loss = -critic(setting.generator(setting.latents())).mean()
        generator_optimizer.zero_grad(set_to_none=True)
        loss.backward(inputs=setting.generator_parameters)
        generator_optimizer.step()

    def step() -> None:
        for _ in range(critic_updates):
            update_critic()
        for _ in range(generator_updates):
            update_generator()

    return step, critic_updates


OBJECTIVES = {"selfgan": selfgan, "gan": gan, "lsgan": lsgan, "hinge": hinge, "wgan-gp": wgan_gp}


def make_step(setting: Setting, config: Section) -> tuple[Step, int]:
    """The step of the config's objective, and the real batches it takes."""
    updates = None
    if "updates" in config:
        ratio = config.section("updates")
        updates = (ratio.take("discriminator", 1), ratio.take("generator", 1))
        ratio.finish()
    objective = config.section("objective")
    made = objective.choice("type", OBJECTIVES)(setting, objective, updates)
    objective.finish()
    config.finish()
    return made


def cross_entropy(logits: Tensor, label: int) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ConfigError(otherwise)


# Data

# Enough that a batch is not in a cache, and little beside what a step takes.
IMAGES = 4096

# Height and channels of datasets whose images are not read here; random ones take as long to train on.
SHAPES = {"mnist": (28, 1), "fashion-mnist": (28, 1), "cifar10": (32, 3), "facades": (256, 3)}


def load_images(dataset: Section) -> tuple[Tensor, str]:
    """Some training images, `[N, C, H, W]` in bytes and as large as the config has them.

    Also the data's name: that of the dataset, or `random` where its file is nowhere or is not read
    here, which takes as long to train on.
    """
    name = dataset.take("name")
    size, channels = SHAPES.get(name, (64, 3))
    for transform in dataset.sections("transforms", []):
        kind = transform.take("type")
        if kind in ("resize", "random-crop", "center-crop"):
            size = transform.take("size")
        elif kind == "rgb":
            channels = 3
        elif kind != "mirror":
            raise ConfigError(f"{transform.path}: '{kind}' cannot be compared")
    dataset.ignore("transforms", "classes", "limit", "split", "holdout", "unpaired", "order", "range")
    dataset.finish()

    folders = [ROOT / "Datasets", Path("/usr/local/share/datasets"), Path("/usr/share/datasets")]
    if os.environ.get("AGON_DATA"):
        folders.insert(0, Path(os.environ["AGON_DATA"]))
    files = (folder / name / "train-images-idx3-ubyte.gz" for folder in folders)
    path = next((file for file in files if file.is_file()), None)
    if path is None or channels != 1:
        shape = (IMAGES, channels, size, size)
        pixels = numpy.random.default_rng(0).integers(0, 256, shape, numpy.uint8)
        return torch.from_numpy(pixels), "random"
    images = torch.from_numpy(read_idx_images(path)[:IMAGES]).unsqueeze(1)
    if size != images.shape[-1]:
        images = functional.interpolate(images.float(), (size, size), mode="bilinear").byte()
    return images, name


def read_idx_images(path: Path) -> numpy.ndarray:
    """`[N, H, W]`, bytes, from a gzipped IDX file."""
    with gzip.open(path) as file:
        content = file.read()
    magic, *shape = (int(number) for number in numpy.frombuffer(content, ">u4", 4))
    if magic != 0x0803:
        raise ConfigError(f"{path}: not an IDX file of images")
    return numpy.frombuffer(content, numpy.uint8, offset=16).reshape(shape).copy()


# Measuring

def keep_memory() -> bool:
    """Has the allocator keep freed memory; whether it could be told so.

    By default glibc gives every activation of a megabyte or more back to the system and
    allocates it again, page fault by page fault.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    trim_threshold, mmap_max = -1, -4
    return mallopt(trim_threshold, 2**31 - 1) == 1 and mallopt(mmap_max, 0) == 1


def durations(step: Step, seconds: float) -> list[float]:
    """Seconds of each of the steps made in the given time, at least one."""
    taken: list[float] = []
    total = 0.0
    while total < seconds or not taken:
        start = time.perf_counter()
        step()
        taken.append(time.perf_counter() - start)
        total += taken[-1]
    return taken


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast PyTorch trains a config, as JSON.")
    parser.add_argument("config", help="a config's file, or its short name such as gan/dcgan")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads that compute")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to measure")
    parser.add_argument("--warmup", type=float, help="seconds before; a tenth if not given")
    parser.add_argument("--mode", choices=list(MODES), default="channels-last")
    parser.add_argument("--copies", type=int, help="discriminators, instead of the config's number")
    parser.add_argument(
        "--allocator", choices=["plain", "keep"], default="plain",
        help="whether memory is kept for the next step or given back to the system",
    )
    return parser.parse_args()


def main() -> None:
    options = arguments()
    keeps = options.allocator == "keep" and keep_memory()
    torch.set_num_threads(options.threads)
    try:
        path = experiment_config.find(options.config)
        values = experiment_config.load(path)
        if options.copies:
            values.setdefault("ensemble", {})["copies"] = options.copies
            if options.copies == 1:
                values["ensemble"]["combination"] = "sum"
        config = Section(values, str(path))
        setting = Setting(config, MODES[options.mode])
        step, batches = make_step(setting, config)
    except ConfigError as error:
        sys.exit(f"pytorch_step: {error}")

    # The first steps of compiled networks compile them.
    for _ in range(2):
        step()
    durations(step, options.seconds / 10 if options.warmup is None else options.warmup)
    taken = durations(step, options.seconds)
    # The median of single steps, as `agon benchmark` reports it.
    rate = 1 / statistics.median_high(taken)
    print(json.dumps({
        "config": setting.name,
        "threads": torch.get_num_threads(),
        "steps": len(taken),
        "stepsPerSecond": round(rate, 4),
        "imagesPerSecond": round(rate * batches * setting.batch_size, 2),
        "parameters": sum(setting.parameters.values()),
        "parametersOf": setting.parameters,
        "data": setting.data,
        "mode": options.mode,
        "allocator": "keep" if keeps else "plain",
        "torch": torch.__version__,
    }))


if __name__ == "__main__":
    main()

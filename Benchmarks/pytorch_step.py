#!/usr/bin/env python3
"""How fast PyTorch trains a config: the networks and the step of `agon benchmark CONFIG`.

    python3 Benchmarks/pytorch_step.py gan/dcgan --threads 2 --seconds 5

Eager mode, float32, on the CPU. Everything is read from the config, and a config with a key that
this program does not know is refused. PyTorch is given what speeds it up without changing what is
computed: images that lie in memory as floats, fused Adam, channels-last (see `--help` to switch
them off), gradients of the moved network only, and one pass of the discriminator over several
batches where it has no batch norm. `--allocator keep` also changes the C library's settings, which
few users do.
"""

from __future__ import annotations

import argparse
import ctypes
import gzip
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any, Callable

import numpy
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

import experiment_config
import pytorch_network
from experiment_config import ConfigError, Section

ROOT = Path(__file__).resolve().parent.parent

# One iteration of training: every update of every network.
Step = Callable[[], None]
# Updates of discriminator and generator in an iteration; the objective's own where there are none.
Updates = tuple[int, int] | None


class Setting:
    """The networks, the data and the optimizers' settings of a config."""

    def __init__(self, config: Section, memory_format: torch.memory_format, adam: str) -> None:
        self.name: str = config.take("name")
        config.ignore("description", "system", "seed", "steps", "samples", "checkpoints", "log")
        self.batch_size: int = config.take("batchSize", 64)
        latent = config.section("latent", {})
        self.latent_size: int = latent.take("size", 100)
        latent.choice("distribution", {"normal": None}, "normal")
        latent.finish()

        images, self.data = load_images(config.section("dataset"))
        self.real_images = images.contiguous(memory_format=memory_format)
        image_shape = (*images.shape[2:], images.shape[1])
        self.generator, made = pytorch_network.build(
            config.section("generator"), (self.latent_size,), memory_format
        )
        self.discriminator, score = pytorch_network.build(
            config.section("discriminator"), image_shape, memory_format
        )
        if made != image_shape or score != (1,):
            raise ConfigError(f"images are {image_shape}; G makes {made}, D ends in {score}")
        self.generator_parameters = list(self.generator.parameters())
        self.discriminator_parameters = list(self.discriminator.parameters())
        self.joins_batches = not pytorch_network.mixes_samples(self.discriminator)

        optimizer = config.section("optimizer")
        optimizer.choice("type", {"adam": None})
        self.adam_settings: dict[str, Any] = {
            "lr": float(optimizer.take("learningRate", 1e-3)),
            "betas": (float(optimizer.take("beta1", 0.9)), float(optimizer.take("beta2", 0.999))),
            "eps": float(optimizer.take("epsilon", 1e-8)),
            "fused": adam == "fused",
            "foreach": adam == "foreach",
        }
        optimizer.finish()

    def adam(self, parameters: list[nn.Parameter]) -> torch.optim.Adam:
        return torch.optim.Adam(parameters, **self.adam_settings)

    def latents(self) -> Tensor:
        return torch.randn(self.batch_size, self.latent_size)

    def real_batch(self) -> Tensor:
        index = torch.randint(len(self.real_images), (self.batch_size,))
        return self.real_images.index_select(0, index)

    def scores(self, *batches: Tensor) -> tuple[Tensor, ...]:
        """The discriminator's scores of some batches, each a batch of its own to batch norm.

        Without batch norm one pass over all of them is the same function: 5 % of gan/mlp's step.
        """
        if self.joins_batches:
            return self.discriminator(torch.cat(batches)).split(self.batch_size)
        return tuple(self.discriminator(batch) for batch in batches)


# Objectives: from a setting and the config's section to the step, and the real batches it takes.

def selfgan(setting: Setting, objective: Section, updates: Updates) -> tuple[Step, int]:
    """One loss, one backward pass and one optimizer for both networks, in the form `gpu-paper`."""
    objective.choice("form", {"gpu-paper": None}, "gpu-paper")
    require(updates in (None, (1, 1)), "selfgan: updates must be 1:1")
    optimizer = setting.adam(setting.generator_parameters + setting.discriminator_parameters)
    previous = torch.zeros_like(setting.real_batch())

    def step() -> None:
        nonlocal previous
        images = setting.generator(setting.latents())
        generated, real, former = setting.scores(images, setting.real_batch(), previous)
        generated_loss = cross_entropy(generated, 1)
        former_loss = cross_entropy(former, 0)
        weighted = 0.1 * generated_loss.square() + 0.9 * former_loss.square()
        loss = 0.5 * (cross_entropy(real, 1) + weighted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        previous = images.detach()

    return step, 1


def gan(setting: Setting, objective: Section, updates: Updates) -> tuple[Step, int]:
    """The original game with the non-saturating loss."""
    objective.choice("generatorLoss", {"non-saturating": None}, "non-saturating")
    scale = objective.choice("discriminatorLoss", {"mean": 0.5, "sum": 1.0}, "mean")
    return generator_first(
        setting, objective, updates,
        generator_loss=lambda scores: cross_entropy(scores, 1),
        discriminator_loss=lambda real, generated: scale
        * (cross_entropy(real, 1) + cross_entropy(generated, 0)),
    )


def lsgan(setting: Setting, objective: Section, updates: Updates) -> tuple[Step, int]:
    """Least squares, with targets 0 and 1."""
    objective.choice("reduction", {"mean": None}, "mean")
    return generator_first(
        setting, objective, updates,
        generator_loss=lambda scores: 0.5 * (scores - 1).square().mean(),
        discriminator_loss=lambda real, generated: 0.5
        * ((real - 1).square().mean() + generated.square().mean()),
    )


def generator_first(
    setting: Setting, objective: Section, updates: Updates,
    generator_loss: Callable[[Tensor], Tensor],
    discriminator_loss: Callable[[Tensor, Tensor], Tensor],
) -> tuple[Step, int]:
    """The generator's update, then the discriminator's on the same generated images."""
    objective.choice("order", {"generator-first": None}, "generator-first")
    objective.choice("latents", {"shared": None}, "shared")
    require(updates in (None, (1, 1)), "only updates of 1:1 can be compared for this objective")
    generator_optimizer = setting.adam(setting.generator_parameters)
    discriminator_optimizer = setting.adam(setting.discriminator_parameters)

    def step() -> None:
        images = setting.generator(setting.latents())
        loss = generator_loss(setting.discriminator(images))
        generator_optimizer.zero_grad(set_to_none=True)
        # The discriminator is passed through, but its weights need no gradients here.
        loss.backward(inputs=setting.generator_parameters)
        generator_optimizer.step()

        loss = discriminator_loss(*setting.scores(setting.real_batch(), images.detach()))
        discriminator_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        discriminator_optimizer.step()

    return step, 1


def wgan_gp(setting: Setting, objective: Section, updates: Updates) -> tuple[Step, int]:
    """Updates of the critic with its penalty, then the generator's, each on fresh images."""
    weight = float(objective.take("gradientPenalty", 10))
    critic_updates, generator_updates = updates or (5, 1)
    critic = setting.discriminator
    require(setting.joins_batches, "wgan-gp: batch norm in the critic")
    generator_optimizer = setting.adam(setting.generator_parameters)
    critic_optimizer = setting.adam(setting.discriminator_parameters)

    def update_critic() -> None:
        real = setting.real_batch()
        with torch.no_grad():
            generated = setting.generator(setting.latents())
        between = generated.lerp(real, torch.rand(setting.batch_size, 1, 1, 1)).requires_grad_()
        (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        norms = (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()
        real_scores, generated_scores = setting.scores(real, generated)
        distance = real_scores.mean() - generated_scores.mean()
        loss = weight * (norms - 1).square().mean() - distance
        critic_optimizer.zero_grad(set_to_none=True)
        # Without `inputs` the images between would have gradients computed too, for nobody.
        loss.backward(inputs=setting.discriminator_parameters)
        critic_optimizer.step()

    def update_generator() -> None:
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


OBJECTIVES = {"selfgan": selfgan, "gan": gan, "lsgan": lsgan, "wgan-gp": wgan_gp}


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
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ConfigError(otherwise)


# Data

def load_images(dataset: Section) -> tuple[Tensor, str]:
    """The training images, `[N, 1, H, W]` in [-1, 1] and as large as the config has them.

    Also the data's name: that of the dataset, or `random` where its file is nowhere, which takes as
    long to train on.
    """
    name = dataset.take("name")
    sizes = []
    for transform in dataset.sections("transforms", []):
        transform.choice("type", {"resize": None})
        sizes.append(transform.take("size"))
        transform.finish()
    dataset.finish()

    folders = [ROOT / "Datasets", Path("/usr/local/share/datasets"), Path("/usr/share/datasets")]
    if os.environ.get("AGON_DATA"):
        folders.insert(0, Path(os.environ["AGON_DATA"]))
    files = (folder / name / "train-images-idx3-ubyte.gz" for folder in folders)
    path = next((file for file in files if file.is_file()), None)
    if path is None:
        print(f"{name}: not found, random images instead", file=sys.stderr)
        pixels = numpy.random.default_rng(0).integers(0, 256, (60000, 28, 28), numpy.uint8)
    else:
        pixels = read_idx_images(path)
    images = torch.from_numpy(pixels).unsqueeze(1).float()
    for size in sizes:
        # In parts, as resizing all at once takes gigabytes.
        parts = [interpolate(part, (size, size), mode="bilinear") for part in images.split(1000)]
        images = torch.cat(parts)
    return images.div_(127.5).sub_(1), name if path else "random"


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

    By default glibc gives every activation of a megabyte or more back to the system and takes it
    anew, page fault by page fault.
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
    # The defaults but the allocator are the fastest on 2 cores of an AMD EPYC (Zen 4) with PyTorch 2.13; medians of
    # three runs, steps/s:
    #   gan/dcgan      channels-last 4.12, contiguous 3.31
    #   wgan-gp/dcgan  channels-last 1.39, contiguous 1.05
    #   gan/dcgan      allocator keep 4.12, plain 3.54
    #   gan/mlp        fused Adam 90, foreach 78, single 75
    # Fully connected networks are the same in both memory formats.
    parser = argparse.ArgumentParser(description="How fast PyTorch trains a config, as JSON.")
    parser.add_argument("config", help="a config's file, or its short name such as gan/dcgan")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads that compute")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to measure")
    parser.add_argument("--warmup", type=float, help="seconds before; a tenth if not given")
    parser.add_argument(
        "--memory-format", choices=["channels-last", "contiguous"], default="channels-last"
    )
    parser.add_argument("--adam", choices=["fused", "foreach", "single"], default="fused")
    parser.add_argument(
        "--allocator", choices=["plain", "keep"], default="plain",
        help="whether memory is kept for the next step or given back to the system",
    )
    return parser.parse_args()


def main() -> None:
    options = arguments()
    keeps = options.allocator == "keep" and keep_memory()
    torch.set_num_threads(options.threads)
    last = options.memory_format == "channels-last"
    memory_format = torch.channels_last if last else torch.contiguous_format
    try:
        path = experiment_config.find(options.config, ROOT)
        config = Section(experiment_config.load(path), str(path))
        setting = Setting(config, memory_format, options.adam)
        step, batches = make_step(setting, config)
    except ConfigError as error:
        sys.exit(f"pytorch_step: {error}")

    durations(step, options.seconds / 10 if options.warmup is None else options.warmup)
    taken = durations(step, options.seconds)
    # The median of single steps, as `agon benchmark` reports it.
    rate = 1 / statistics.median_high(taken)
    networks = {"generator": setting.generator, "discriminator": setting.discriminator}
    counts = {name: pytorch_network.parameter_count(network) for name, network in networks.items()}
    print(json.dumps({
        "config": setting.name,
        "threads": torch.get_num_threads(),
        "steps": len(taken),
        "stepsPerSecond": round(rate, 4),
        "imagesPerSecond": round(rate * batches * setting.batch_size, 2),
        "parameters": sum(counts.values()),
        "parametersOf": counts,
        "data": setting.data,
        "memoryFormat": options.memory_format,
        "adam": options.adam,
        "allocator": "keep" if keeps else "plain",
        "torch": torch.__version__,
    }))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Record short trainings by PyTorch, for checking another implementation step for step.

usage: record.py [--out FOLDER] [NAME ...]      (needs: pip install torch numpy safetensors)

Every case is three files:
  NAME.json                     the experiment, as a config of Agon
  NAME.weights.safetensors      the initial variables, in PyTorch's names and layouts
  NAME.trajectory.safetensors   input.PHASE.INPUT [runs, N, ...], expected.PHASE.OUTPUT [runs], final.VARIABLE

All numbers that a training draws are inputs, so that it can be replayed. Trainings run in float64 on float32 inputs and
weights; what they give is rounded to float32. Each is then repeated in float32, from these weights and from some that
are a few roundings away, and under a config that differs a little (its rival). The first must end near the recorded
numbers, the second far from them; otherwise nothing is written.
"""
import argparse
import json
import os
import sys
import zlib

import numpy as np
import torch
from safetensors.numpy import save

from cases import cases
from game import Game, Tape
from methods import train

# The largest relative error, max|a - b| / max|b| of a tensor, of float32 trainings; and the least of a rival.
ROUNDING_BOUND, RIVAL_BOUND = 5e-6, 1e-3
PERTURBED_TRAININGS = 8


def initial_weights(case):
    """Normal numbers of the layers' usual sizes, as float32. An averaged generator starts as the generator's copy."""
    random = np.random.default_rng([1, case.seed, zlib.crc32(case.name.encode())])
    weights = {}
    for name, value in Game(case.config, Tape(case)).variables().items():
        kind = name.split(".")[-1]
        numbers = random.normal(size=value.shape)
        if name.startswith("average."):
            numbers = weights[name.replace("average", "generator", 1)]
        elif kind == "weight_u":
            numbers /= np.linalg.norm(numbers)
        elif kind in ("bias", "running_mean"):
            numbers *= 0.1
        elif "embedding" in name or kind == "running_var" or value.dim() in (1, 3):
            numbers = 1 + 0.2 * np.tanh(numbers)
        else:
            numbers *= 1.2 / np.sqrt(np.prod(value.shape[1:]))
        weights[name] = numbers.astype(np.float32)
    return weights


def worst(found, expected):
    """The largest relative error of a tensor, and whose it is."""
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    errors = {name: np.abs(found[name] - value).max() / np.abs(value).max() for name, value in expected.items()}
    return max((error if np.isfinite(error) else np.inf, name) for name, error in errors.items())


def rounding_error(case, weights, tape, expected):
    """The worst of float32 trainings: from the initial weights, and from some that are a few roundings away."""
    random = np.random.default_rng(2)
    errors = [worst(train(case.config, weights, tape, torch.float32), expected)]
    for _ in range(PERTURBED_TRAININGS):
        moved = {name: value * (1 + 3e-7 * random.normal(size=value.shape)) for name, value in weights.items()}
        errors.append(worst(train(case.config, moved, tape, torch.float32), expected))
    return max(errors)


def record(case, folder):
    """Writes the files of a case and returns its line of the report; nothing is written when a bound is broken."""
    weights, tape = initial_weights(case), Tape(case)
    expected = train(case.config, weights, tape, torch.float64)
    rounding = rounding_error(case, weights, tape, expected)
    rival = worst(train(case.rival, weights, tape, torch.float64), expected)
    line = f"{case.name:20}{rounding[0]:9.1e}  {rounding[1]:48}{rival[0]:9.1e}  {rival[1]}"
    if rounding[0] > ROUNDING_BOUND or rival[0] < RIVAL_BOUND:
        return False, line
    inputs = {f"input.{name}": np.stack(values) for name, values in tape.inputs.items()}
    trajectory = {name: np.ascontiguousarray(value, np.float32) for name, value in (inputs | expected).items()}
    files = {
        "json": config_text(case.config).encode(),
        "weights.safetensors": save(weights),
        "trajectory.safetensors": save(trajectory, metadata={"steps": str(case.config["steps"])}),
    }
    for ending, contents in files.items():
        with open(os.path.join(folder, f"{case.name}.{ending}"), "wb") as file:
            file.write(contents)
    return True, line


def config_text(config):
    """JSON with a line for each section and each layer."""
    sections = []
    for key, value in config.items():
        text = json.dumps(value)
        if key in ("generator", "discriminator"):
            layers = ",\n".join("      " + json.dumps(layer) for layer in value["layers"])
            text = '{\n    "layers": [\n' + layers + "\n    ]\n  }"
        sections.append(f'  "{key}": {text}')
    return "{\n" + ",\n".join(sections) + "\n}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="cases to record; all unless given")
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)), help="the folder to write to")
    arguments = parser.parse_args()
    known = {case.name: case for case in cases()}
    if unknown := set(arguments.names) - set(known):
        parser.error(f"no cases {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    os.makedirs(arguments.out, exist_ok=True)
    torch.set_num_threads(1)
    print(f"{'case':20}{'float32':>9}  {'of':48}{'rival':>9}  of    (torch {torch.__version__})")
    fine = True
    for name in arguments.names or known:
        written, line = record(known[name], arguments.out)
        print(line if written else line + "  NOT WRITTEN")
        fine &= written
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()

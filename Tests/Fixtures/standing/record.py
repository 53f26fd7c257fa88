#!/usr/bin/env python3
"""Record standing statistics of a generator's batch norms by PyTorch.

usage: record.py        (needs: pip install torch numpy safetensors)

The means, over batches of latents with their classes, of the mean and the unbiased variance of each norm's input in
training mode, as PyTorch's batch norm accumulates with `momentum=None`; and the images of the first batch in evaluation
mode, with these statistics. In float64, rounded to float32.
"""
import json
import os
import sys

import numpy as np
import torch
from safetensors.numpy import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "trajectories"))
from networks import ConditionalBatchNorm, Network  # noqa: E402

BATCHES, SIZE, LATENT, CLASSES = 4, 5, 6, 3
LAYERS = [
    {"type": "linear", "features": 32}, {"type": "reshape", "shape": [2, 2, 8]}, "conditionalBatchNorm", "relu",
    {"type": "upsample", "scale": 2}, {"type": "conv", "channels": 6, "kernel": 3, "padding": 1},
    {"type": "batchNorm", "epsilon": 0.8, "momentum": 0.3}, {"type": "leakyReLU", "slope": 0.2},
    {"type": "conv", "channels": 1, "kernel": 3, "padding": 1}, "tanh",
]  # fmt: skip


def main():
    random = np.random.default_rng(7)
    network = Network(LAYERS, (LATENT,), CLASSES)
    weights = {}
    for name, value in network.variables().items():
        numbers = random.normal(size=value.shape) * 0.4 + ("running_var" in name or "embedding" in name)
        weights[name] = (np.abs(numbers) if "running_var" in name else numbers).astype(np.float32)
    network.double()
    for name, value in network.variables().items():
        value.copy_(torch.from_numpy(weights[name]))
    latents = random.normal(size=(BATCHES, SIZE, LATENT)).astype(np.float32)
    conditions = np.eye(CLASSES, dtype=np.float32)[random.integers(CLASSES, size=(BATCHES, SIZE))]
    norms = [layer for layer in network if isinstance(layer, (ConditionalBatchNorm, torch.nn.BatchNorm2d))]
    moments = [[] for _ in norms]
    for norm, seen in zip(norms, moments):
        norm.register_forward_pre_hook(
            lambda _, inputs, seen=seen: seen.append(torch.var_mean(inputs[0], dim=(0, 2, 3), correction=1))
        )
    # What PyTorch accumulates itself, where a layer is PyTorch's.
    norms[1].momentum = None
    norms[1].reset_running_stats()
    z, c = torch.from_numpy(latents).double(), torch.from_numpy(conditions).double()
    with torch.no_grad():
        network.train()
        for batch in range(BATCHES):
            network(z[batch], c[batch])
        for norm, seen in zip(norms, moments):
            variance, mean = (torch.stack(values).mean(dim=0) for values in zip(*seen))
            if norm is norms[1]:
                torch.testing.assert_close(norm.running_mean, mean)
                torch.testing.assert_close(norm.running_var, variance)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
        images = network.eval()(z[0], c[0])
    tensors = {"latents": latents, "conditions": conditions, "images": images.numpy().astype(np.float32)}
    tensors |= {f"initial.generator.{name}": value for name, value in weights.items()}
    tensors |= {
        f"standing.generator.{name}": value.numpy().astype(np.float32)
        for name, value in network.variables().items()
        if "running" in name
    }
    tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    save_file(tensors, os.path.join(HERE, "statistics.safetensors"), metadata={"layers": json.dumps(LAYERS)})


if __name__ == "__main__":
    with torch.no_grad():
        main()

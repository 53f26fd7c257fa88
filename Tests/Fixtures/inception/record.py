#!/usr/bin/env python3
"""Record features of InceptionV3 by PyTorch, with weights and images that a formula gives.

usage: record.py [--out FOLDER] [--weights FILE]      (needs: pip install torch numpy safetensors)

Writes features.safetensors and names.txt (README.md says what they hold) beside itself; with --weights also a file of
the weights for 1000 classes. What is expected is computed in float64 and rounded to float32.

The network is that of Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", arXiv:1512.00567,
with the sizes and names of torchvision's inception_v3, without AuxLogits.
"""
import argparse
import os

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.nn import functional

HEIGHT, WIDTH, IMAGES = 139, 107, 2


# MARK: Numbers


def mixed(name, count):
    """Numbers of 32 bits that follow from a name and an index."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 % 2**32
    h = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x85EBCA6B)
    return h ^ (h >> np.uint32(13))


def uniform(name, shape):
    """Numbers in [-0.5, 0.5)."""
    return (mixed(name, int(np.prod(shape))).astype(np.float64) / 2**32 - 0.5).reshape(shape)


def weight(name, shape):
    """Of sizes that keep those of activations, as float32."""
    u = uniform(name, shape)
    if name.endswith("bn.weight"):
        u = 1 + 0.5 * u
    elif name.endswith("running_var"):
        u = 1 + u
    elif len(shape) > 1:
        u = u * np.sqrt(24 / np.prod(shape[1:]))
    else:
        u = 0.2 * u
    return u.astype(np.float32)


def images():
    """[N, H, W, 3], 8 bits: slopes with noise."""
    n, y, x, c = np.ogrid[:IMAGES, :HEIGHT, :WIDTH, :3]
    noise = mixed("images", IMAGES * HEIGHT * WIDTH * 3).reshape(IMAGES, HEIGHT, WIDTH, 3) >> np.uint32(26)
    return ((90 * n + 3 * (c + 1) * y + 2 * x) % 192 + noise).astype(np.uint8)


# MARK: The network


class Inception:
    """Applied to images [N, 3, H, W] in [-1, 1]; notes the shapes of the weights that it asks for."""

    def __init__(self, classes, published, dtype):
        self.classes, self.published, self.dtype = classes, published, dtype
        self.weights = {}

    def weight(self, name, *shape):
        self.weights[name] = weight(name, shape)
        return torch.from_numpy(self.weights[name]).to(self.dtype)

    def conv(self, x, name, channels, kernel=(1, 1), stride=1, padded=False):
        kernel = self.weight(name + ".conv.weight", channels, x.shape[1], *kernel)
        padding = tuple(extent // 2 for extent in kernel.shape[2:]) if padded else 0
        x = functional.conv2d(x, kernel, stride=stride, padding=padding)
        scale, offset, mean, variance = (
            self.weight(f"{name}.bn.{part}", channels) for part in ("weight", "bias", "running_mean", "running_var"))
        return functional.relu(functional.batch_norm(x, mean, variance, scale, offset, eps=1e-3))

    def chain(self, x, prefix, *steps):
        for name, *settings in steps:
            x = self.conv(x, f"{prefix}.{name}", *settings)
        return x

    def average(self, x):
        return functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=not self.published)

    def narrow(self, x, name, pooled):
        return torch.cat([
            self.chain(x, name, ("branch1x1", 64)),
            self.chain(x, name, ("branch5x5_1", 48), ("branch5x5_2", 64, (5, 5), 1, True)),
            self.chain(x, name, ("branch3x3dbl_1", 64), ("branch3x3dbl_2", 96, (3, 3), 1, True),
                       ("branch3x3dbl_3", 96, (3, 3), 1, True)),
            self.chain(self.average(x), name, ("branch_pool", pooled)),
        ], 1)

    def narrow_reduction(self, x, name):
        return torch.cat([
            self.chain(x, name, ("branch3x3", 384, (3, 3), 2)),
            self.chain(x, name, ("branch3x3dbl_1", 64), ("branch3x3dbl_2", 96, (3, 3), 1, True),
                       ("branch3x3dbl_3", 96, (3, 3), 2)),
            functional.max_pool2d(x, 3, stride=2),
        ], 1)

    def tall(self, x, name, inner):
        row, column = ((1, 7), 1, True), ((7, 1), 1, True)
        return torch.cat([
            self.chain(x, name, ("branch1x1", 192)),
            self.chain(x, name, ("branch7x7_1", inner), ("branch7x7_2", inner, *row), ("branch7x7_3", 192, *column)),
            self.chain(x, name, ("branch7x7dbl_1", inner), ("branch7x7dbl_2", inner, *column),
                       ("branch7x7dbl_3", inner, *row), ("branch7x7dbl_4", inner, *column),
                       ("branch7x7dbl_5", 192, *row)),
            self.chain(self.average(x), name, ("branch_pool", 192)),
        ], 1)

    def tall_reduction(self, x, name):
        return torch.cat([
            self.chain(x, name, ("branch3x3_1", 192), ("branch3x3_2", 320, (3, 3), 2)),
            self.chain(x, name, ("branch7x7x3_1", 192), ("branch7x7x3_2", 192, (1, 7), 1, True),
                       ("branch7x7x3_3", 192, (7, 1), 1, True), ("branch7x7x3_4", 192, (3, 3), 2)),
            functional.max_pool2d(x, 3, stride=2),
        ], 1)

    def wide(self, x, name, last):
        def parted(x, stem):
            return torch.cat([self.conv(x, f"{name}.{stem}a", 384, (1, 3), padded=True),
                              self.conv(x, f"{name}.{stem}b", 384, (3, 1), padded=True)], 1)

        pooled = functional.max_pool2d(x, 3, stride=1, padding=1) if last and self.published else self.average(x)
        return torch.cat([
            self.chain(x, name, ("branch1x1", 320)),
            parted(self.chain(x, name, ("branch3x3_1", 384)), "branch3x3_2"),
            parted(self.chain(x, name, ("branch3x3dbl_1", 448), ("branch3x3dbl_2", 384, (3, 3), 1, True)),
                   "branch3x3dbl_3"),
            self.chain(pooled, name, ("branch_pool", 192)),
        ], 1)

    def __call__(self, x):
        """Features and log probabilities."""
        x = self.conv(x, "Conv2d_1a_3x3", 32, (3, 3), 2)
        x = self.conv(x, "Conv2d_2a_3x3", 32, (3, 3))
        x = self.conv(x, "Conv2d_2b_3x3", 64, (3, 3), padded=True)
        x = functional.max_pool2d(x, 3, stride=2)
        x = self.conv(x, "Conv2d_3b_1x1", 80)
        x = self.conv(x, "Conv2d_4a_3x3", 192, (3, 3))
        x = functional.max_pool2d(x, 3, stride=2)
        for name, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
            x = self.narrow(x, name, pooled)
        x = self.narrow_reduction(x, "Mixed_6a")
        for name, inner in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
            x = self.tall(x, name, inner)
        x = self.tall_reduction(x, "Mixed_7a")
        x = self.wide(x, "Mixed_7b", last=False)
        x = self.wide(x, "Mixed_7c", last=True)
        features = x.mean((2, 3))
        logits = functional.linear(
            features, self.weight("fc.weight", self.classes, 2048), self.weight("fc.bias", self.classes))
        return features, functional.log_softmax(logits, 1)


# MARK: Recording


def checks(features, log_probabilities):
    """Of each image every 32nd feature, the norm of all, their product with random numbers, and 32 of the classes."""
    signs = uniform("features", (2048,))
    return {
        "features": features[:, ::32], "norm": np.linalg.norm(features, axis=1), "product": features @ signs,
        "logProbabilities": log_probabilities[:, ::32],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    pixels = images()
    found = {}
    with torch.no_grad():
        for variant, classes in (("torchvision", 1000), ("published", 1008)):
            for dtype in (torch.float64, torch.float32):
                network = Inception(classes, variant == "published", dtype)
                x = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()).to(dtype) / 127.5 - 1
                outputs = [value.double().numpy() for value in network(x)]
                for name, value in checks(*outputs).items():
                    found[variant, dtype, name] = value
            if variant == "torchvision":
                shapes = [f"{name} {' '.join(map(str, value.shape))}\n" for name, value in network.weights.items()]
                if options.weights:
                    save_file(network.weights, options.weights)
    expected = {}
    for (variant, dtype, name), value in found.items():
        if dtype == torch.float64:
            single, other = found[variant, torch.float32, name], found[
                "published" if variant == "torchvision" else "torchvision", dtype, name]
            print(f"{variant}.{name}: largest {np.abs(value).max():.4g}, float32 differs by "
                  f"{np.abs(single - value).max() / np.abs(value).max():.1e}, the other variant by "
                  f"{np.abs(other - value).max() / np.abs(value).max():.1e}")
            expected[f"{variant}.{name}"] = value.astype(np.float32)
    save_file(expected, os.path.join(options.out, "features.safetensors"))
    with open(os.path.join(options.out, "names.txt"), "w") as file:
        file.writelines(sorted(shapes))


main()

"""The trainings that are recorded: configs of Agon with small networks."""
from dataclasses import dataclass

STEPS = 10

LEAKY = {"type": "leakyReLU", "slope": 0.2}
UPSAMPLE = {"type": "upsample", "scale": 2}
HALF = {"kernel": 3, "stride": 2, "padding": 1}
SAME = {"kernel": 3, "padding": 1}
POINT = {"kernel": 1}
SCORE = ["flatten", {"type": "linear", "features": 1}]
# A bias before a batch norm has no gradient, and an optimizer that divides by the gradient's size would move it by the
# rounding error.
NORMED_GENERATOR = [
    {"type": "linear", "features": 32, "bias": False},
    {"type": "reshape", "shape": [2, 2, 8]}, "batchNorm",
    UPSAMPLE, {"type": "conv", "channels": 8, **SAME, "bias": False}, {"type": "batchNorm", "epsilon": 0.8}, LEAKY,
    UPSAMPLE, {"type": "conv", "channels": 6, **SAME}, LEAKY,
    {"type": "conv", "channels": 1, **SAME}, "tanh",
]  # fmt: skip
PLAIN_GENERATOR = [
    {"type": "linear", "features": 32}, LEAKY, {"type": "reshape", "shape": [2, 2, 8]},
    UPSAMPLE, {"type": "conv", "channels": 6, **SAME}, LEAKY,
    {"type": "convTranspose", "channels": 1, "kernel": 4, "stride": 2, "padding": 1}, "tanh",
]  # fmt: skip
NORMED_DISCRIMINATOR = [
    {"type": "conv", "channels": 6, **HALF}, LEAKY,
    {"type": "conv", "channels": 8, **HALF}, LEAKY, {"type": "batchNorm", "epsilon": 0.8}, *SCORE,
]  # fmt: skip
PLAIN_DISCRIMINATOR = [
    {"type": "conv", "channels": 6, **HALF}, LEAKY, {"type": "conv", "channels": 8, **HALF}, LEAKY, *SCORE,
]  # fmt: skip
# The score's bias cancels out of differences of scores.
UNBIASED_DISCRIMINATOR = [*PLAIN_DISCRIMINATOR[:-1], {"type": "linear", "features": 1, "bias": False}]
# The score's bias cancels out of the distance and of the slope.
CRITIC = [
    {"type": "conv", "channels": 6, **HALF}, LEAKY,
    {"type": "conv", "channels": 8, **HALF}, {"type": "layerNorm", "affine": False}, LEAKY,
    "flatten", {"type": "linear", "features": 1, "bias": False},
]  # fmt: skip
# SelfGAN's discriminators for TPUs: norms before activations, with Keras's momentum and epsilon.
KERAS_NORM = {"type": "batchNorm", "momentum": 0.2, "epsilon": 1e-3}
KERAS_GENERATOR = [
    {"type": "linear", "features": 32}, "relu", {"type": "reshape", "shape": [2, 2, 8]},
    UPSAMPLE, {"type": "conv", "channels": 8, **SAME, "bias": False}, KERAS_NORM, "relu",
    UPSAMPLE, {"type": "conv", "channels": 6, **SAME}, "relu", {"type": "conv", "channels": 1, **SAME}, "tanh",
]  # fmt: skip
KERAS_DISCRIMINATOR = [
    {"type": "conv", "channels": 6, **HALF}, LEAKY,
    {"type": "conv", "channels": 8, **HALF, "bias": False}, KERAS_NORM, LEAKY, *SCORE,
]  # fmt: skip
# The slope of layers that bend changes with the point, be it ever so little.
SMOOTH_DISCRIMINATOR = [
    {"type": "conv", "channels": 6, **HALF}, "tanh", {"type": "conv", "channels": 8, **HALF}, "tanh", *SCORE,
]  # fmt: skip
PROJECTING_DISCRIMINATOR = [
    {"type": "conv", "channels": 2, "kernel": 4, "stride": 2, "padding": 1, "bias": False, "frozen": True,
     "norm": {"type": "weight", "gain": 1}},
    {"type": "conv", "channels": 8, **HALF}, LEAKY, *SCORE,
]  # fmt: skip
# Fully connected, as arXiv:1901.08680 has them for MNIST: a frozen projection, and dropout after each hidden layer.
MLP_GENERATOR = [
    {"type": "linear", "features": 12}, LEAKY, {"type": "linear", "features": 64}, "tanh",
    {"type": "reshape", "shape": [8, 8, 1]},
]  # fmt: skip


def mlp_discriminator(dropout):
    dropped = [{"type": "dropout", "rate": 0.3}] if dropout else []
    return [
        "flatten", {"type": "linear", "features": 24, "norm": {"type": "weight", "gain": 1}, "frozen": True},
        {"type": "linear", "features": 20}, LEAKY, *dropped, {"type": "linear", "features": 16}, LEAKY, *dropped,
        {"type": "linear", "features": 12}, LEAKY, *dropped, {"type": "linear", "features": 1},
    ]  # fmt: skip


# DCGAN-tensorflow's, with batch norm in both networks.
NORMED_DCGAN_DISCRIMINATOR = [
    {"type": "conv", "channels": 6, **HALF}, LEAKY,
    {"type": "conv", "channels": 8, **HALF, "bias": False}, "batchNorm", LEAKY, *SCORE,
]  # fmt: skip
CLASSIFYING_DISCRIMINATOR = [*PLAIN_DISCRIMINATOR[:-1], {"type": "linear", "features": 5}]
# After the networks of SunnerLi's GAS: depth to space, max pooling, scores between 0 and 1.
POOLED_GENERATOR = [
    {"type": "linear", "features": 48, "bias": False}, {"type": "reshape", "shape": [2, 3, 8]}, "batchNorm", "relu",
    {"type": "conv", "channels": 8, "kernel": 5, "padding": 2, "bias": False}, "batchNorm", "relu",
    {"type": "depthToSpace", "scale": 2}, {"type": "conv", "channels": 3, "kernel": 5, "padding": 2}, "tanh",
]  # fmt: skip
POOLED_DISCRIMINATOR = [
    {"type": "conv", "channels": 6, **SAME}, "relu", {"type": "maxPool", "kernel": 2},
    {"type": "conv", "channels": 8, **SAME, "bias": False}, "batchNorm", "relu", *SCORE, "sigmoid",
]  # fmt: skip

# SunnerLi's GAS as it was run: see Configs/base/gas-as-run.json.
SHIFTED_NORM = {"type": "batchNorm", "scale": False, "epsilon": 1e-3}
AS_RUN_GENERATOR = [
    {"type": "linear", "features": 32}, SHIFTED_NORM, "relu",
    {"type": "reshape", "shape": [2, 2, 8], "order": "channelsLast"},
    {"type": "conv", "channels": 16, "kernel": 5, "padding": "same"}, SHIFTED_NORM, "relu",
    {"type": "reshape", "shape": [4, 4, 4], "order": "channelsLast"},
    {"type": "conv", "channels": 8, "kernel": 5, "padding": "same"}, SHIFTED_NORM, "relu",
    {"type": "reshape", "shape": [8, 8, 2], "order": "channelsLast"},
    {"type": "conv", "channels": 1, "kernel": 5, "padding": "same"}, "tanh",
]  # fmt: skip
POOL = {"type": "maxPool", "kernel": 2, "padding": "same"}
SLIM_NORM = {**SHIFTED_NORM, "momentum": 0.001}


def slim_block(channels, multiplier):
    """A 1x1 convolution beside a depthwise separable one with its activations and norms."""
    half = channels // 2
    return {"type": "concat", "branches": [
        [{"type": "conv", "channels": half, "kernel": 1}],
        [{"type": "conv", "channels": half, "kernel": 1},
         {"type": "conv", "channels": half, "kernel": 3, "padding": "same", "groups": half}, "relu", SLIM_NORM,
         {"type": "conv", "channels": multiplier * half, "kernel": 1}, "relu", SLIM_NORM],
    ]}  # fmt: skip


def inception(channels):
    return {"type": "inception", "channels": channels, "reads": "input"}


def stages(block):
    """Four stages of rising width, each with a pool of 2."""
    return [layer for width in (4, 8, 8, 8) for layer in (block(width), "relu", POOL)] + [*SCORE, "sigmoid"]


def gas(name, description, discriminator, seed=0, rate=1e-3):
    """Sums of squares on a sigmoid; one update of D, then four of G; TensorFlow's RMSProp; images in [0, 1]."""
    rmsprop = {"type": "rmsprop", "learningRate": rate, "alpha": 0.9, "epsilon": 1e-10, "initialMeanSquare": 1,
               "epsilonInsideRoot": True}  # fmt: skip
    return case(
        name, description, {"optimizer": {**rmsprop, "initialMeanSquare": 0}}, AS_RUN_GENERATOR, discriminator,
        seed=seed, dataset={**GREY, "range": "unit", "order": "file"},
        objective={"type": "lsgan", "reduction": "sum", **ORDERED}, updates={"discriminator": 1, "generator": 4},
        optimizer=rmsprop,
    )  # fmt: skip


ADAM = {"type": "adam", "learningRate": 1e-3, "beta1": 0.5, "beta2": 0.999}
WASSERSTEIN_ADAM = {"type": "adam", "learningRate": 1e-3, "beta1": 0, "beta2": 0.9}
GREY = {"name": "mnist", "transforms": [{"type": "resize", "size": 8}]}
FOUR_CLASSES = {"name": "mnist", "classes": [0, 1, 2, 3], "transforms": [{"type": "resize", "size": 8}]}
COLOUR = {"name": "cifar10", "transforms": [{"type": "resize", "size": [4, 6]}]}
TINY_COLOUR = {"name": "cifar10", "transforms": [{"type": "resize", "size": 8}]}
ORDERED = {"order": "discriminator-first", "latents": "fresh"}
JOINED = {"order": "generator-first", "latents": "shared"}


@dataclass
class Case:
    """A training, the changes to its config that make its rival, and the seed of its weights and inputs."""

    name: str
    config: dict
    rival: dict
    # Channels, rows and columns.
    images: tuple = (1, 8, 8)
    seed: int = 0


def case(name, description, rival, generator, discriminator, images=(1, 8, 8), seed=0, **sections):
    """A case whose config has these sections; usual ones are filled in."""
    usual = {"dataset": GREY, "batchSize": 8, "latent": {"size": 6}}
    if "optimizers" not in sections:
        usual["optimizer"] = ADAM
    config = {
        "$schema": "../../../Configs/schema.json", "name": name, "description": description, "steps": STEPS,
        **usual, **sections, "generator": {"layers": generator}, "discriminator": {"layers": discriminator},
    }  # fmt: skip
    return Case(name, config, {**config, **rival}, images, seed)


def selfgan(form, rival, name=None, seed=0, **objective):
    """SelfGAN: one loss and one step for both networks."""
    return case(
        name or f"selfgan-{form}", f"One loss and one Adam for both networks: the form {form}.",
        {"objective": {"type": "selfgan", **rival}}, NORMED_GENERATOR, NORMED_DISCRIMINATOR, seed=seed,
        objective={"type": "selfgan", "form": form, **objective},
    )  # fmt: skip


def ensemble(combination, rival, generator=NORMED_GENERATOR, discriminator=PLAIN_DISCRIMINATOR, name=None, seed=0,
             objective=None, optimizer=ADAM):  # fmt: skip
    """Three discriminators whose losses are combined for the generator."""
    objective = objective or {"type": "gan", "discriminatorLoss": "sum", **ORDERED}
    even = {"updates": {"discriminator": 1, "generator": 1}} if objective["type"] == "wgan-gp" else {}
    return case(
        name or combination["type"], f"Three discriminators, combined by {combination['type']}.",
        {"ensemble": {"copies": 3, "combination": rival}}, generator, discriminator, seed=seed, objective=objective,
        optimizer=optimizer, **even, ensemble={"copies": 3, "combination": combination},
    )  # fmt: skip


def conditional(method, name):
    """Class-conditional images, judged by an auxiliary classifier too."""
    return case(
        name, f"An auxiliary classifier; latent and label are given to the generator by the method {method}.",
        {"tricks": {"auxiliaryClassifier": {"weight": 0.9}}},
        [{"type": "condition", "method": method}, *NORMED_GENERATOR], CLASSIFYING_DISCRIMINATOR, dataset=FOUR_CLASSES,
        task={"type": "generation", "labels": 4}, objective={"type": "gan", **ORDERED},
        tricks={"auxiliaryClassifier": {"weight": 1}},
    )  # fmt: skip


def sngan(name, description, norm="batchNorm", score=SCORE[-1], seed=0, **sections):
    """The ResNets of Configs/sngan with few channels: the shortcuts, pools and norms of their blocks, on 8x8 images."""

    def conv(channels, area=SAME, **settings):
        return {"type": "conv", "channels": channels, **area, **settings}

    def networks(spectral):
        # The norm at the end removes a constant added to a channel, also one that takes the shortcuts: no bias in blocks.
        def up(channels):
            return {
                "type": "residual",
                "layers": [norm, "relu", UPSAMPLE, conv(channels, bias=False), norm, "relu", conv(channels, bias=False)],
                "shortcut": [UPSAMPLE, conv(channels, POINT, bias=False)],
            }

        def judging(channels, area=SAME):
            return conv(channels, area, norm=spectral)

        generator = [
            {"type": "linear", "features": 32}, {"type": "reshape", "shape": [2, 2, 8]}, up(8), up(6), "batchNorm",
            "relu", conv(3), "tanh",
        ]  # fmt: skip
        discriminator = [
            {"type": "residual", "layers": [judging(6), "relu", judging(6), "averagePool"],
             "shortcut": ["averagePool", judging(6, POINT)]},
            {"type": "residual", "layers": ["relu", judging(8), "relu", judging(8), "averagePool"],
             "shortcut": [judging(8, POINT), "averagePool"]},
            {"type": "residual", "layers": ["relu", judging(8), "relu", judging(8)]},
            "relu", "globalSumPool",
            {**score, "norm": spectral},
        ]  # fmt: skip
        return generator, discriminator

    def adam(end):
        return {**WASSERSTEIN_ADAM, "schedule": {"type": "linear", "end": end}}

    return case(
        name, description, {"discriminator": {"layers": networks({"type": "spectral", "iterations": 2})[1]}},
        *networks("spectral"), images=(3, 8, 8), seed=seed, batchSize=4, objective={"type": "hinge", **ORDERED},
        updates={"discriminator": 5, "generator": 1},
        optimizers={"generator": adam(2 * STEPS), "discriminator": adam(10 * STEPS)},
        **{"dataset": TINY_COLOUR, **sections},
    )  # fmt: skip


def cases():
    return [
        selfgan("gpu-paper", {"form": "gpu-code"}),
        selfgan("gpu-code", {"form": "gpu-paper"}),
        selfgan("tpu-paper", {"form": "tpu-code"}),
        selfgan("tpu-code", {"form": "tpu-paper"}),
        selfgan("tpu-code", {"form": "tpu-code", "shards": 2}, name="selfgan-sharded", seed=4, shards=4),
        case(
            "selfgan-tpu-keras", "As it ran on TPUs: linear losses of probabilities, in eight shards.",
            {"objective": {"type": "selfgan", "form": "tpu-code", "shards": 8}}, KERAS_GENERATOR, KERAS_DISCRIMINATOR,
            batchSize=16, objective={"type": "selfgan", "form": "tpu-keras", "shards": 8},
        ),
        case(
            "selfgan-replay", "One loss for both networks; images of earlier steps out of a memory.",
            {"tricks": {"replay": {"batches": 3, "share": 0.5, "swap": True}}}, PLAIN_GENERATOR, PLAIN_DISCRIMINATOR,
            objective={"type": "selfgan", "form": "gpu-code"},
            tricks={"replay": {"batches": 2, "share": 0.5, "swap": True}},
        ),
        case(
            "lsgan-1-4", "Least squares summed over the batch; four updates of the generator to one.",
            {"objective": {"type": "lsgan", "reduction": "sum", "order": "generator-first"}},
            POOLED_GENERATOR, POOLED_DISCRIMINATOR, images=(3, 4, 6), dataset=COLOUR,
            objective={"type": "lsgan", "reduction": "sum", "order": "discriminator-first"},
            updates={"discriminator": 1, "generator": 4}, optimizer={"type": "rmsprop", "learningRate": 1e-3},
        ),
        case(
            "wgan-gp", "A critic with a gradient penalty, updated twice as often.",
            {"objective": {"type": "wgan-gp", "gradientPenalty": 9.5}},
            NORMED_GENERATOR, CRITIC, objective={"type": "wgan-gp", "gradientPenalty": 10},
            updates={"discriminator": 2, "generator": 1}, optimizer=WASSERSTEIN_ADAM, seed=3,
            batchSize=6,
        ),
        ensemble({"type": "hypervolume", "slack": 1.1}, {"type": "hypervolume", "slack": 1.2},
                 discriminator=PROJECTING_DISCRIMINATOR),
        ensemble({"type": "gman", "alpha": 0.8}, {"type": "gman", "alpha": 0.5}, seed=4),
        ensemble({"type": "gman-grad", "alpha": 0.8}, {"type": "gman-grad", "alpha": 0.5}, seed=2),
        ensemble({"type": "hypervolume", "slack": 1.5}, {"type": "hypervolume", "slack": 1.1}, MLP_GENERATOR,
                 mlp_discriminator(dropout=False), name="hypervolume-mlp"),
        ensemble({"type": "hypervolume", "slack": 1.5}, {"type": "hypervolume", "slack": 1.1}, MLP_GENERATOR,
                 mlp_discriminator(dropout=True), name="hypervolume-dropout"),
        ensemble({"type": "mgd", "gradients": "raw", "direction": "normalised"}, {"type": "mgd"},
                 name="mgd-raw", optimizer={"type": "sgd", "learningRate": 0.01}),
        # In some steps the shortest combination leaves a discriminator out.
        ensemble({"type": "mgd"}, {"type": "gman", "alpha": 0}, seed=107),
        ensemble({"type": "sum"}, {"type": "mean"}),
        ensemble({"type": "loss-delta", "alpha": 0.8}, {"type": "loss-delta", "alpha": 0.4},
                 seed=3, optimizer={**ADAM, "learningRate": 5e-3}),
        case(
            "per-iteration", "Two updates of the generator; one batch of latents an iteration, losses after it.",
            {"updates": {"discriminator": 1, "generator": 3}}, NORMED_GENERATOR, NORMED_DCGAN_DISCRIMINATOR,
            objective={"type": "gan", "discriminatorLoss": "sum", "order": "discriminator-first",
                       "latents": "per-iteration"},
            updates={"discriminator": 1, "generator": 2}, seed=1,
        ),
        gas("gas-original", "GAS as run, case 1: plain convolutions.",
            stages(lambda width: {"type": "conv", "channels": width, **SAME})),
        # At the published rate its norms make roundings grow to a tenth within ten steps.
        gas("gas-depthwise-inception", "GAS as run, case 2: depthwise separable convolutions with slim's defaults.",
            stages(lambda width: slim_block(width, 4)), seed=11, rate=1e-5),
        gas("gas-inception", "GAS as run, case 3: 1x1 and 3x3 convolutions of the same input.", stages(inception)),
        gas("gas-depthwise-inception-dense", "GAS as run, case 4: a depthwise stem, then dense blocks without norms.",
            [slim_block(4, 1)]
            + [layer for _ in range(2) for layer in [
                *[{"type": "concat", "branches": [[], ["relu", inception(4)]]} for _ in range(2)],
                "relu", inception(4), {"type": "averagePool", "kernel": 2}]]
            + [*SCORE, "sigmoid"], seed=2),
        ensemble({"type": "hypervolume", "slack": 1.1}, {"type": "hypervolume", "slack": 1.2},
                 name="hypervolume-lsgan", seed=3, objective={"type": "lsgan", "reduction": "mean", **ORDERED}),
        # The nadir point is above all losses only while the largest is positive, which is so with these weights.
        ensemble({"type": "hypervolume", "slack": 1.1}, {"type": "hypervolume", "slack": 1.2}, discriminator=CRITIC,
                 name="hypervolume-wgan-gp", seed=3, objective={"type": "wgan-gp", "gradientPenalty": 10},
                 optimizer=WASSERSTEIN_ADAM),
        conditional("multiply", "acgan"),
        conditional("concatenate", "acgan-concat"),
        case(
            "r1", "A penalty on the slope at real images.", {"penalty": {"type": "r1", "gamma": 0.9}},
            NORMED_GENERATOR, PLAIN_DISCRIMINATOR, objective={"type": "gan", **JOINED},
            penalty={"type": "r1", "gamma": 1},
        ),
        case(
            "r1-lazy", "A penalty on the slope at real images in every third step.",
            {"penalty": {"type": "r1", "gamma": 1, "every": 2}}, NORMED_GENERATOR, PLAIN_DISCRIMINATOR,
            objective={"type": "gan", **JOINED}, penalty={"type": "r1", "gamma": 1, "every": 3},
        ),
        case(
            "r1-lazy-2-1", "The same in every third of two updates of the discriminator a step.",
            {"penalty": {"type": "r1", "gamma": 1, "every": 4}}, NORMED_GENERATOR, PLAIN_DISCRIMINATOR,
            objective={"type": "hinge", **ORDERED}, updates={"discriminator": 2, "generator": 1},
            penalty={"type": "r1", "gamma": 1, "every": 3}, seed=1,
        ),
        # With two images the biased deviation of the batch is far enough from the unbiased one.
        case(
            "dragan", "A penalty on slopes other than 1 around real images.",
            {"penalty": {"type": "dragan", "weight": 9.5}}, NORMED_GENERATOR, SMOOTH_DISCRIMINATOR,
            objective={"type": "gan", "order": "discriminator-first", "latents": "shared"},
            penalty={"type": "dragan", "weight": 10}, batchSize=2, seed=2,
        ),
        case(
            "hinge", "Scores beyond a margin.", {"objective": {"type": "hinge", **JOINED}},
            NORMED_GENERATOR, PLAIN_DISCRIMINATOR, objective={"type": "hinge", **ORDERED},
        ),
        case(
            "relativistic", "Scores against the mean score of the other kind, by cross-entropy.",
            {"objective": {"type": "relativistic", "loss": "hinge", **ORDERED}},
            NORMED_GENERATOR, UNBIASED_DISCRIMINATOR, objective={"type": "relativistic", **ORDERED},
        ),
        case(
            "relativistic-hinge", "Scores against the mean score of the other kind, by a hinge.",
            {"objective": {"type": "relativistic", "loss": "hinge", "reduction": "mean", **ORDERED}},
            NORMED_GENERATOR, UNBIASED_DISCRIMINATOR, seed=1,
            objective={"type": "relativistic", "loss": "hinge", "reduction": "sum", **ORDERED},
        ),
        case(
            "projection", "Conditional batch norm and attention; a discriminator that projects on the class.",
            {"objective": {"type": "hinge", **ORDERED}},
            [{"type": "linear", "features": 32, "bias": False}, {"type": "reshape", "shape": [2, 2, 8]},
             "conditionalBatchNorm", LEAKY, UPSAMPLE, {"type": "conv", "channels": 8, **SAME}, LEAKY, "selfAttention",
             UPSAMPLE, {"type": "conv", "channels": 1, **SAME}, "tanh"],
            [{"type": "conv", "channels": 8, **HALF}, LEAKY, "selfAttention", {"type": "conv", "channels": 8, **HALF},
             LEAKY, "flatten", {"type": "projection"}],
            dataset=FOUR_CLASSES, task={"type": "generation", "labels": 4}, objective={"type": "gan", **ORDERED},
        ),
        case(
            "augmentation", "Discriminators see images of other colours, moved and cut, with probability 0.9.",
            {"tricks": {"augmentation": {"changes": ["color", "translation"], "probability": 0.9}}},
            [{"type": "linear", "features": 48, "bias": False}, {"type": "reshape", "shape": [2, 3, 8]}, "batchNorm",
             LEAKY, {"type": "depthToSpace", "scale": 2}, {"type": "conv", "channels": 3, **SAME}, "tanh"],
            PLAIN_DISCRIMINATOR, images=(3, 4, 6), dataset=COLOUR, objective={"type": "gan", **ORDERED},
            tricks={"augmentation": {"changes": ["color", "translation", "cutout"], "probability": 0.9}},
        ),
        case(
            "consistency", "Scores of images and of copies in other places, or with a square cut out, pulled together.",
            {"tricks": {"consistency": {"changes": ["translation", "cutout"], "real": 10, "generated": 9}}},
            [{"type": "linear", "features": 48, "bias": False}, {"type": "reshape", "shape": [2, 3, 8]}, "batchNorm",
             LEAKY, {"type": "depthToSpace", "scale": 2}, {"type": "conv", "channels": 3, **SAME}, "tanh"],
            PLAIN_DISCRIMINATOR, images=(3, 4, 6), dataset=COLOUR, objective={"type": "gan", **JOINED},
            tricks={"consistency": {"changes": ["translation", "cutout"], "real": 10, "generated": 10}},
        ),
        case(
            "ema", "A moving average of the generator's weights.", {"tricks": {"averaging": {"decay": 0.89, "warmup": False}}},
            PLAIN_GENERATOR, NORMED_DISCRIMINATOR, objective={"type": "gan", **JOINED},
            tricks={"averaging": {"decay": 0.9, "warmup": False}},
        ),
        sngan("sngan", "ResNets with spectral norm in the discriminator; five updates of it to each of the generator.", seed=7),
        sngan(
            "sngan-projection", "SNGAN's ResNets with classes: conditional batch norm, and a projection as the score.",
            "conditionalBatchNorm", {"type": "projection"}, seed=1, task={"type": "generation", "labels": 4},
            dataset={**TINY_COLOUR, "classes": [0, 1, 2, 3]},
        ),
    ]  # fmt: skip

"""The steps of each method of training, as its paper or its published code has them."""
import itertools

import numpy as np
import torch
import torch.nn.functional as F

from game import Game


def label(scores, value):
    """Binary cross-entropy of logits against a label."""
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, value))


# ---- SelfGAN: one loss and one step for both networks ----------------------------------------------------------------


def selfgan_terms(generated, real, previous):
    """The cross-entropies `lg`, `lr` and `lf`."""
    return label(generated, 1.0), label(real, 1.0), label(previous, 0.0)


def selfgan_loss(form, generated, real, previous):
    """Hecong Wu, "SelfGAN - Not A GAN But Punch Itself", 2019, viXra:1902.0445: the four forms of its loss."""
    lg, lr, lf = selfgan_terms(generated, real, previous)
    vg, vr, vf = 1 - generated.sigmoid().mean(), 1 - real.sigmoid().mean(), previous.sigmoid().mean()
    match form:
        case "gpu-paper":
            return (lr + 0.1 * lg * lg + 0.9 * lf * lf) / 2
        case "gpu-code":
            return (lr + 0.1 * vg * lg + 0.9 * vf * lf) / 2
        case "tpu-paper":
            total = lr + lg + lf
            return lr * lr / total + lg * lg / total + lf * lf / total
        case "tpu-code":
            return (vr * lr + vg * lg + vf * lf) / (vr + vg + vf)


def selfgan_step(game):
    """D is applied to generated, real and previous images in this order, shard after shard."""
    objective = game.config["objective"]
    game.tape.start("step")
    latents, real = game.tape.input("latent", game.count, game.latent), game.real()
    size = game.count // objective.get("shards", 1)
    discriminator, loss, images, terms = game.discriminators[0], 0, [], []
    for z, x, previous in zip(latents.split(size), real.split(size), game.previous.split(size)):
        images.append(game.generator(z))
        scores = discriminator(images[-1]), discriminator(x), discriminator(previous)
        loss = loss + selfgan_loss(objective["form"], *scores)
        terms.append(torch.stack(selfgan_terms(*scores)))
    lg, lr, lf = torch.stack(terms).mean(dim=0)
    game.tape.output("loss", loss)
    game.tape.output("loss.generator", lg)
    game.tape.output("loss.discriminator", (lr + lf) / 2)
    game.joint_optimizer.zero_grad()
    loss.backward()
    game.joint_optimizer.step()
    game.previous = torch.cat(images).detach()


# ---- objectives in which the networks take turns: the losses of D from its scores, and of G from D's -----------------


def gan(objective):
    """Goodfellow et al., 2014, arXiv:1406.2661, with the non-saturating loss of G."""
    share = 1 if objective.get("discriminatorLoss") == "sum" else 0.5
    return (
        lambda real, generated: share * (label(real, 1.0) + label(generated, 0.0)),
        lambda generated: label(generated, 1.0),
    )


def lsgan(objective):
    """Mao et al., 2017, arXiv:1611.04076, eq. 9; means or sums over the batch."""
    reduce = torch.sum if objective.get("reduction") == "sum" else torch.mean
    return (
        lambda real, generated: reduce((real - 1) ** 2) / 2 + reduce(generated**2) / 2,
        lambda generated: reduce((generated - 1) ** 2) / 2,
    )


def wgan_gp(objective):
    """Gulrajani et al., 2017, arXiv:1704.00028, algorithm 1; the penalty is added below."""
    return lambda real, generated: generated.mean() - real.mean(), lambda generated: -generated.mean()


OBJECTIVES = {"gan": gan, "lsgan": lsgan, "wgan-gp": wgan_gp}

# ---- penalties on the slope of a discriminator -----------------------------------------------------------------------


def slopes(discriminator, points):
    """The norm of the gradient of each sample's score by the sample, `[N]`, differentiable."""
    points = points.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
    return gradient.flatten(1).norm(dim=1)


def gradient_penalty(game, discriminator, suffix, real, generated):
    """Gulrajani et al., 2017, arXiv:1704.00028, eq. 3: between real and generated images."""
    alpha = game.shares("interpolation" + suffix)
    points = alpha * real + (1 - alpha) * generated
    return game.config["objective"]["gradientPenalty"] * ((slopes(discriminator, points) - 1) ** 2).mean()


def r1(game, discriminator, suffix, real, generated):
    """Mescheder, Geiger and Nowozin, 2018, arXiv:1801.04406, eq. 9: at real images, of logits."""
    return game.config["penalty"]["gamma"] / 2 * (slopes(discriminator, real) ** 2).mean()


def dragan(game, discriminator, suffix, real, generated):
    """Kodali et al., 2017, arXiv:1705.07215, as its code has it: between real images and perturbed ones."""
    alpha = game.shares("interpolation" + suffix)
    perturbed = real + 0.5 * real.std(correction=0) * game.shares("perturbation" + suffix, *game.tape.images)
    points = real + alpha * (perturbed - real)
    return game.config["penalty"]["weight"] * ((slopes(discriminator, points) - 1) ** 2).mean()


def penalty(game, *arguments):
    """The penalty that the config asks for, or none."""
    if game.config["objective"]["type"] == "wgan-gp":
        return gradient_penalty(game, *arguments)
    kinds = {"r1": r1, "dragan": dragan}
    return kinds[game.config["penalty"]["type"]](game, *arguments) if "penalty" in game.config else 0


# ---- combinations: one loss of G from those under several discriminators, `[K]` --------------------------------------


def gradients(game, losses):
    """The gradient of each loss by all of G's parameters, `[K, parameters]`."""
    parameters = list(game.generator.parameters())
    rows = [torch.autograd.grad(loss, parameters, retain_graph=True) for loss in losses]
    return torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])


def average(game, losses):
    """The sum, which is published under this name."""
    return losses.sum()


def gman(game, losses):
    """Durugkar, Gemp and Mahadevan, 2017, arXiv:1611.01673: larger losses weigh more."""
    return (F.softmax(game.combination["alpha"] * losses.detach(), dim=0) * losses).sum()


def gman_grad(game, losses):
    """The same by the norms of the gradients."""
    norms = gradients(game, losses).norm(dim=1)
    return (F.softmax(game.combination["alpha"] * norms, dim=0) * losses).sum()


def mgd(game, losses):
    """Desideri, 2012: the shortest convex combination of the gradients, each divided by its norm."""
    rows = gradients(game, losses)
    rows = (rows / rows.norm(dim=1, keepdim=True)).double()
    return (minimum_norm_weights(rows @ rows.T).to(losses.dtype) * losses).sum()


def minimum_norm_weights(products):
    """`argmin w'Pw` over weights that are not negative and sum to 1: the best over all sets of positive weights.

    On a set S the minimum with sum 1 is where `P_SS w` is the same for all.
    """
    best = None
    for size in range(1, len(products) + 1):
        for active in map(list, itertools.combinations(range(len(products)), size)):
            ones = torch.ones(size, dtype=products.dtype)
            solution = torch.linalg.solve(products[active][:, active], ones)
            weights = torch.zeros(len(products), dtype=products.dtype)
            weights[active] = solution / solution.sum()
            square = weights @ products @ weights
            if weights.min() >= 0 and (best is None or square < best[0]):
                best = square, weights
    return best[1]


def hypervolume(game, losses):
    """Albuquerque et al., 2019, arXiv:1901.08680, eq. 9 and 11; the nadir point is constant."""
    nadir = game.combination["slack"] * losses.detach().max() + 1e-8
    return -torch.log(nadir - losses).sum()


def loss_delta(game, losses):
    """Weights by what the discriminators taught so far."""
    return (F.softmax(15 * game.values, dim=0) * losses).sum()


COMBINATIONS = {
    "average": average, "gman": gman, "gman-grad": gman_grad, "mgd": mgd, "hypervolume": hypervolume,
    "loss-delta": loss_delta,
}  # fmt: skip


def probe(game):
    """Each discriminator's mean probability of the images from loss-delta's own latents, `[K]`."""
    with torch.no_grad():
        images = game.generated("latent.probe")
        return torch.stack([judge(images).sigmoid().mean() for judge in game.discriminators])


# ---- the turns -------------------------------------------------------------------------------------------------------


def judgement(game, discriminator, images):
    """The scores of images and, from an auxiliary classifier, the logits of their classes."""
    output = discriminator(images)
    return (output[:, :1], output[:, 1:]) if "auxiliaryClassifier" in game.tricks else (output, None)


def classification(game, *logits):
    """Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary Classifier GANs", 2017, arXiv:1610.09585: the
    mean over batches of the cross-entropy of their classes, or nothing."""
    if "auxiliaryClassifier" not in game.tricks:
        return 0
    classes = game.condition().argmax(dim=1)
    costs = [F.cross_entropy(batch, classes) for batch in logits]
    return game.tricks["auxiliaryClassifier"]["weight"] * sum(costs) / len(costs)


def update_discriminators(game, images):
    """Each on the same images; D is applied to real images, generated ones and those of the penalty in this order."""
    real, generated = game.real(), images.detach()
    of_scores, _ = OBJECTIVES[game.config["objective"]["type"]](game.config["objective"])
    losses = []
    for k, (discriminator, steps) in enumerate(zip(game.discriminators, game.discriminator_optimizers)):
        several = f".{k}" if len(game.discriminators) > 1 else ""
        (real_scores, real_classes), (scores, classes) = (judgement(game, discriminator, x) for x in (real, generated))
        loss = of_scores(real_scores, scores) + penalty(game, discriminator, several, real, generated)
        losses.append(loss + classification(game, real_classes, classes))
        steps.zero_grad()
        losses[-1].backward()
        steps.step()
        if several:
            game.tape.output(f"loss.discriminator.{k}", losses[-1])
    game.tape.output("loss.discriminator", sum(losses) / len(losses))


def update_generator(game, images):
    """Against the discriminators as they are now."""
    _, of_scores = OBJECTIVES[game.config["objective"]["type"]](game.config["objective"])
    judged = [judgement(game, discriminator, images) for discriminator in game.discriminators]
    losses = torch.stack([of_scores(scores) for scores, _ in judged])
    loss = COMBINATIONS[game.combination["type"]](game, losses) + sum(
        classification(game, classes) / len(judged) for _, classes in judged
    )
    game.tape.output("loss.generator", loss)
    learns = game.combination["type"] == "loss-delta"
    before = probe(game) if learns else None
    game.generator_optimizer.zero_grad()
    loss.backward()
    game.generator_optimizer.step()
    if learns:
        share = game.combination["alpha"]
        game.values = share * (probe(game) - before) + (1 - share) * game.values
    if game.average:
        decay = game.tricks["averaging"]["decay"]
        with torch.no_grad():
            for mean, parameter in zip(game.average.parameters(), game.generator.parameters()):
                mean.copy_(decay * mean + (1 - decay) * parameter)


def alternating_step(game):
    """Updates of both networks: in one phase when there is one of each, else in a phase for each network."""
    updates = game.config.get("updates", {"discriminator": 1, "generator": 1})
    # WGAN-GP has no choice; other objectives state theirs.
    objective = {"order": "discriminator-first", "latents": "fresh"} | game.config["objective"]
    turns = [("discriminator", update_discriminators), ("generator", update_generator)]
    if objective["order"] == "generator-first":
        turns.reverse()
    if updates == {"discriminator": 1, "generator": 1}:
        game.tape.start("step")
        fresh = objective["latents"] == "fresh"
        shared = None if fresh else game.generated("latent")
        for name, update in turns:
            update(game, game.generated(f"latent.{name}") if fresh else shared)
        return
    for name, update in turns:
        for _ in range(updates[name]):
            game.tape.start(name)
            update(game, game.generated(f"latent.{name}"))


def train(config, weights, tape, dtype):
    """The outputs of all runs and the variables after the last step."""
    tape.rewind(dtype)
    game = Game(config, tape)
    game.load(weights)
    game.attach_optimizers()
    for _ in range(config["steps"]):
        (selfgan_step if config["objective"]["type"] == "selfgan" else alternating_step)(game)
    outputs = {f"expected.{name}": np.array(values) for name, values in tape.outputs.items()}
    return outputs | {f"final.{name}": value.double().numpy().copy() for name, value in game.variables().items()}

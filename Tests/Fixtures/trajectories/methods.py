"""The steps of each method of training, as its paper or its published code has them."""
import itertools

import numpy as np
import torch
import torch.nn.functional as F

from augmentation import changed
from game import Game


def label(scores, value):
    """Binary cross-entropy of logits against a label."""
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, value))


# ---- SelfGAN: one loss and one step for both networks ----------------------------------------------------------------


def keras_cross_entropy(scores, target):
    """Keras's binary_crossentropy(y_true, y_pred) with its arguments exchanged: the probability is the truth, and the
    target, clipped to [1e-7, 1 - 1e-7] in float32, the prediction."""
    prediction = np.clip(np.float32(target), np.float32(1e-7), np.float32(1) - np.float32(1e-7)).astype(np.float64)
    truth = scores.sigmoid()
    return -(truth * np.log(prediction) + (1 - truth) * np.log(1 - prediction)).mean()


def selfgan_terms(form, generated, real, previous):
    """The losses `lg`, `lr` and `lf`, and the weights of their terms."""
    cost = keras_cross_entropy if form == "tpu-keras" else label
    losses = lg, lr, lf = cost(generated, 1.0), cost(real, 1.0), cost(previous, 0.0)
    if form.endswith("paper"):
        return losses, losses
    return losses, (1 - generated.sigmoid().mean(), 1 - real.sigmoid().mean(), previous.sigmoid().mean())


def selfgan_loss(form, losses, weights):
    """Hecong Wu, "SelfGAN - Not A GAN But Punch Itself", 2019, viXra:1902.0445: the five forms of its loss."""
    (lg, lr, lf), (vg, vr, vf) = losses, weights
    if form.startswith("gpu"):
        return (lr + 0.1 * vg * lg + 0.9 * vf * lf) / 2
    return (vr * lr + vg * lg + vf * lf) / (vr + vg + vf)


def selfgan_step(game):
    """D is applied to generated, real and previous images in this order, shard after shard."""
    objective = game.config["objective"]
    game.tape.start("step")
    latents, real = game.tape.input("latent", game.count, game.latent), game.real()
    size = game.count // objective.get("shards", 1)
    remembered = replayed(game, game.previous) if "replay" in game.tricks else game.previous
    discriminator, loss, images, terms = game.discriminators[0], 0, [], []
    for z, x, previous in zip(latents.split(size), real.split(size), remembered.split(size)):
        images.append(game.generator(z))
        scores = discriminator(images[-1]), discriminator(x), discriminator(previous)
        losses, weights = selfgan_terms(objective["form"], *scores)
        loss = loss + selfgan_loss(objective["form"], losses, weights)
        terms.append(torch.stack(losses + weights))
    lg, lr, lf, vg, vr, vf = torch.stack(terms).mean(dim=0)
    game.tape.output("loss", loss)
    game.tape.output("loss.generator", lg)
    game.tape.output("loss.discriminator", (lr + lf) / 2)
    game.tape.output("weight.generated", vg)
    game.tape.output("weight.previous", vf)
    if objective["form"].startswith("tpu"):
        game.tape.output("weight.real", vr)
    game.joint_optimizer.zero_grad()
    loss.backward()
    game.joint_optimizer.step()
    game.previous = torch.cat(images).detach()


def replayed(game, images):
    """The images that D sees: until the memory is full, new ones, which it keeps; then new ones, or with probability
    `share` remembered ones, whose places new ones take. One memory for each place in the batch.

    Shrivastava et al., 2017, arXiv:1612.07828, in the form of CycleGAN's code (Zhu et al., 2017, arXiv:1703.10593).
    """
    settings = game.tricks["replay"]
    shown, drawn = (game.tape.input(f"replay.{name}", game.count) for name in ("shown", "drawn"))
    if len(game.memory) < settings["batches"]:
        game.memory.append(images.clone())
        return images
    result = images.clone()
    for place in range(game.count):
        if shown[place] < settings["share"]:
            memory = game.memory[int(drawn[place] * settings["batches"])]
            result[place] = memory[place]
            memory[place] = images[place]
    return result


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


def hinge(objective):
    """Lim and Ye, 2017, arXiv:1705.02894, eq. 14."""
    return (
        lambda real, generated: F.relu(1 - real).mean() + F.relu(1 + generated).mean(),
        lambda generated: -generated.mean(),
    )


def relativistic(objective):
    """Jolicoeur-Martineau, 2019, arXiv:1807.00734: RaSGAN and RaHingeGAN; the generator's loss reads real scores too."""

    def loss(real, generated):
        above, below = real - generated.mean(), generated - real.mean()
        if objective.get("loss") == "hinge":
            terms = F.relu(1 - above).mean() + F.relu(1 + below).mean()
        else:
            terms = label(above, 1.0) + label(below, 0.0)
        return terms if objective.get("reduction") == "sum" else terms / 2

    return loss, lambda generated, real: loss(generated, real)


OBJECTIVES = {"gan": gan, "lsgan": lsgan, "wgan-gp": wgan_gp, "hinge": hinge, "relativistic": relativistic}

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
    """The penalty that the config asks for, or none; a lazy one in every k-th update, k times (Karras et al., 2020,
    arXiv:1912.04958, appendix B). And what the reported loss has of it: nothing of a lazy one."""
    if game.config["objective"]["type"] == "wgan-gp":
        value = gradient_penalty(game, *arguments)
        return value, value
    if "penalty" not in game.config:
        return 0, 0
    kinds = {"r1": r1, "dragan": dragan}
    settings = game.config["penalty"]
    every = settings.get("every", 1)
    if game.updates % every:
        return 0, 0
    game.last_penalty = kinds[settings["type"]](game, *arguments)
    return every * game.last_penalty, game.last_penalty if every == 1 else 0


def consistency(game, discriminator, *judged):
    """Zhao et al., 2020, arXiv:2002.04724, algorithm 1, from images with their scores; or nothing."""
    settings = game.tricks.get("consistency")
    if settings is None:
        return 0
    total = 0
    for kind, images, scores in judged:
        copy = changed(game, images, settings["changes"], f"{kind}-copy")
        copies, _ = judgement(game, discriminator, copy, f"{kind}-copy")
        cost = ((scores - copies) ** 2).mean()
        game.tape.output(f"loss.consistency.{kind}", cost)
        total = total + settings[kind] * cost
    return total


# ---- combinations: one loss of G from those under several discriminators, `[K]` --------------------------------------


def gradients(game, losses):
    """The gradient of each loss by all of G's parameters, `[K, parameters]`."""
    parameters = list(game.generator.parameters())
    rows = [torch.autograd.grad(loss, parameters, retain_graph=True) for loss in losses]
    return torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])


def total(game, losses):
    """The sum, which is published as the average."""
    return losses.sum()


def mean(game, losses):
    return losses.mean()


def gman(game, losses):
    """Durugkar, Gemp and Mahadevan, 2017, arXiv:1611.01673: larger losses weigh more."""
    return (F.softmax(game.combination["alpha"] * losses.detach(), dim=0) * losses).sum()


def gman_grad(game, losses):
    """The same by the norms of the gradients."""
    norms = gradients(game, losses).norm(dim=1)
    return (F.softmax(game.combination["alpha"] * norms, dim=0) * losses).sum()


def mgd(game, losses):
    """Desideri, 2012: the shortest convex combination of the gradients, each divided by its norm or as it is; the step
    along their sum, or along its direction."""
    rows = gradients(game, losses)
    is_raw = game.combination.get("gradients") == "raw"
    compared = (rows if is_raw else rows / rows.norm(dim=1, keepdim=True)).double()
    weights = minimum_norm_weights(compared @ compared.T).to(losses.dtype)
    loss = (weights * losses).sum()
    return loss / (weights @ rows).norm() if game.combination.get("direction") == "normalised" else loss


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
    "sum": total, "mean": mean, "gman": gman, "gman-grad": gman_grad, "mgd": mgd, "hypervolume": hypervolume,
    "loss-delta": loss_delta,
}  # fmt: skip


def probabilities(game, images):
    """Each discriminator's mean probability of images, `[K]`."""
    with torch.no_grad():
        return torch.stack([judge(images).sigmoid().mean() for judge in game.discriminators])


# ---- the turns -------------------------------------------------------------------------------------------------------


def judgement(game, discriminator, images, call):
    """The scores of images and, from an auxiliary classifier, the logits of their classes."""
    output = game.judge(discriminator, images, call)
    return (output[:, :1], output[:, 1:]) if "auxiliaryClassifier" in game.tricks else (output, None)


def classification(game, *logits):
    """Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary Classifier GANs", 2017, arXiv:1610.09585: the
    mean over batches of the cross-entropy of their classes, or nothing."""
    if "auxiliaryClassifier" not in game.tricks:
        return 0
    classes = game.condition().argmax(dim=1)
    costs = [F.cross_entropy(batch, classes) for batch in logits]
    return game.tricks["auxiliaryClassifier"]["weight"] * sum(costs) / len(costs)


def update_discriminators(game, images, stream, real=None, moves=True):
    """Each on the same images; D is applied to real images, generated ones and those of the penalty in this order."""
    real, generated = game.real() if real is None else real, images.detach()
    of_scores, _ = OBJECTIVES[game.config["objective"]["type"]](game.config["objective"])
    reported = []
    for k, (discriminator, steps) in enumerate(zip(game.discriminators, game.discriminator_optimizers)):
        several = f".{k}" if len(game.discriminators) > 1 else ""
        (real_scores, real_classes), (scores, classes) = (
            judgement(game, discriminator, x, call) for x, call in ((real, "real"), (generated, "generated"))
        )
        loss = of_scores(real_scores, scores)
        slope, shown = penalty(game, discriminator, several, real, generated)
        terms = classification(game, real_classes, classes) + consistency(
            game, discriminator, ("real", real, real_scores), ("generated", generated, scores)
        )
        if moves:
            steps.zero_grad()
            (loss + slope + terms).backward()
            steps.step()
        reported.append(loss + shown + terms)
        if several:
            game.tape.output(f"loss.discriminator.{k}", reported[-1])
    game.tape.output("loss.discriminator", sum(reported) / len(reported))
    if game.config.get("penalty", {}).get("every", 1) > 1:
        game.tape.output("loss.penalty", game.last_penalty)
    game.updates += moves


def update_generator(game, images, stream, moves=True):
    """Against the discriminators as they are now."""
    _, of_scores = OBJECTIVES[game.config["objective"]["type"]](game.config["objective"])
    judged = [judgement(game, discriminator, images, "generator") for discriminator in game.discriminators]
    if game.config["objective"]["type"] == "relativistic":
        real = [judgement(game, discriminator, game.real(), "generator.real")[0] for discriminator in game.discriminators]
        losses = torch.stack([of_scores(scores, others) for (scores, _), others in zip(judged, real)])
    else:
        losses = torch.stack([of_scores(scores) for scores, _ in judged])
    loss = COMBINATIONS[game.combination["type"]](game, losses) + sum(
        classification(game, classes) / len(judged) for _, classes in judged
    )
    game.tape.output("loss.generator", loss)
    if not moves:
        return
    game.generator_optimizer.zero_grad()
    loss.backward()
    game.generator_optimizer.step()
    if game.combination["type"] == "loss-delta":
        # On the very latents that the loss was taken on.
        share, before = game.combination["alpha"], torch.stack([scores.sigmoid().mean() for scores, _ in judged])
        gain = probabilities(game, game.generated(stream)) - before.detach()
        game.values = share * gain + (1 - share) * game.values
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
            stream = f"latent.{name}" if fresh else "latent"
            update(game, game.generated(stream) if fresh else shared, stream)
        return
    for name, update in turns:
        for _ in range(updates[name]):
            game.tape.start(name)
            update(game, game.generated(f"latent.{name}"), f"latent.{name}")


def per_iteration_step(game):
    """All updates of an iteration on one batch of latents and one of real images, on which losses are reported after
    them: DCGAN-tensorflow (Kim, 2016), and with more updates of G Weaver's "Robot vs Robot"."""
    game.tape.start("batch")
    latents, real = game.tape.input("latent", game.count, game.latent), game.real()
    for _ in range(game.config["updates"]["discriminator"]):
        game.tape.start("discriminator")
        update_discriminators(game, game.generator(latents), None, real)
    for _ in range(game.config["updates"]["generator"]):
        game.tape.start("generator")
        update_generator(game, game.generator(latents), None)
    kept = {name: value.clone() for name, value in game.variables().items() if "running" in name}
    for phase in ("discriminator", "generator"):
        game.tape.outputs = {name: values for name, values in game.tape.outputs.items() if not name.startswith(phase)}
    game.tape.start("report")
    images = game.generator(latents)
    update_discriminators(game, images, None, real, moves=False)
    update_generator(game, images, None, moves=False)
    for name, value in kept.items():
        game.variables()[name].copy_(value)


def train(config, weights, tape, dtype):
    """The outputs of all runs and the variables after the last step."""
    tape.rewind(dtype)
    game = Game(config, tape)
    game.load(weights)
    game.attach_optimizers()
    step = alternating_step
    if config["objective"]["type"] == "selfgan":
        step = selfgan_step
    elif config["objective"].get("latents") == "per-iteration":
        step = per_iteration_step
    for _ in range(config["steps"]):
        step(game)
    outputs = {f"expected.{name}": np.array(values) for name, values in tape.outputs.items()}
    return outputs | {f"final.{name}": value.double().numpy().copy() for name, value in game.variables().items()}

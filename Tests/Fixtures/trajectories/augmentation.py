"""Random changes of what discriminators see: Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training",
2020, arXiv:2006.10738, with an index for each pixel as in the authors' code."""
import torch


def colored(x, uniform):
    x = x + (uniform("brightness") - 0.5)
    grey = x.mean(dim=1, keepdim=True)
    x = (x - grey) * (uniform("saturation") * 2) + grey
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - mean) * (uniform("contrast") + 0.5) + mean


def whole(uniform, count):
    """A whole number below `count` for each image."""
    return (uniform.flatten() * count).floor().long()


def translated(x, uniform):
    count, _, height, width = x.shape
    moved = torch.zeros_like(x)
    reach = [int(size * 0.125 + 0.5) for size in (height, width)]
    down, right = (whole(uniform(name), 2 * r + 1) - r for name, r in zip(("down", "right"), reach))
    padded = torch.nn.functional.pad(x, (reach[1], reach[1], reach[0], reach[0]))
    for n in range(count):
        top, left = reach[0] + int(down[n]), reach[1] + int(right[n])
        moved[n] = padded[n, :, top : top + height, left : left + width]
    return moved


def cut(x, uniform):
    count, _, height, width = x.shape
    size = [int(side * 0.5 + 0.5) for side in (height, width)]
    middles = [
        whole(uniform(name), side + 1 - hole % 2) for name, side, hole in zip(("row", "column"), (height, width), size)
    ]
    mask = torch.ones(count, 1, height, width, dtype=x.dtype)
    for n in range(count):
        starts = [int(middle[n]) - hole // 2 for middle, hole in zip(middles, size)]
        rows, columns = (slice(max(start, 0), max(start + hole, 0)) for start, hole in zip(starts, size))
        mask[n, :, rows, columns] = 0
    return x * mask


CHANGES = {"color": colored, "translation": translated, "cutout": cut}


def uniforms(game, call):
    """A function that gives a number for each image by the name of its use."""
    return lambda name: game.tape.input(f"augmentation.{name}/{call}", game.count).reshape(-1, 1, 1, 1)


def changed(game, images, changes, call):
    for name, change in CHANGES.items():
        if name in changes:
            images = change(images, uniforms(game, call))
    return images


def augmented(game, images, call):
    """Images as a discriminator sees them in a use of it."""
    settings = game.tricks.get("augmentation")
    if settings is None:
        return images
    others = changed(game, images, settings["changes"], call)
    if settings.get("probability", 1) == 1:
        return others
    return torch.where(uniforms(game, call)("probability") < settings["probability"], others, images)

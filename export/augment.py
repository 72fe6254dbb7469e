"""Vary training pictures as microscopes, slides and stains vary.

Parameters come from a NumPy generator, so that a seed fixes them; pixels are moved by `keras.ops`,
so that this runs on whatever backend trains.
"""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from export.recipe import Augment
from runtime.preprocess import Batch

Floats = npt.NDArray[np.float32]


def augment(
    frames: Batch,
    shares: Floats,
    size_px: int,
    settings: Augment,
    rng: np.random.Generator,
    styles: Floats | None = None,
) -> Batch:
    """Cut a random window out of each frame, turn it, blur it, and stain it anew.

    Args:
        frames: (n, side, side, 3) uint8 RGB, side at least `size_px`.
        shares: (n,) sides of the windows that serving would cut, as shares of the frame's.
        size_px: side of the network's input.
        settings: how far to vary.
        rng: source of all chance.
        styles: (m, 2, 3) as from `styles_of`, of pictures whose colors some take on.

    Returns:
        (n, size_px, size_px, 3) uint8 RGB.
    """
    side = frames.shape[1]
    moved = keras.ops.image.affine_transform(
        keras.ops.cast(frames, "float32"),
        _transforms(shares, side, size_px, settings, rng),
        interpolation="bilinear",
        fill_mode="reflect",
    )
    start = (side - size_px) // 2
    cut = moved[:, start : start + size_px, start : start + size_px]
    return recolor(cut, settings, rng, styles)


def recolor(
    pictures: Any,
    settings: Augment,
    rng: np.random.Generator,
    styles: Floats | None = None,
) -> Batch:
    """Blur pictures and stain them anew.

    Args:
        pictures: (n, height, width, 3) float32, 0 to 255.
        settings: how far to vary.
        rng: source of all chance.
        styles: as in `augment`.

    Returns:
        (n, height, width, 3) uint8 RGB.
    """
    density = _density(_blur(pictures, settings, rng))
    if styles is not None:
        density = _restyle(density, styles, settings, rng)
    stained = _stain(density, settings, rng)
    rounded = keras.ops.cast(keras.ops.clip(stained + 0.5, 0, 255), "uint8")
    return np.asarray(keras.ops.convert_to_numpy(rounded))


def _transforms(
    shares: Floats,
    side: int,
    size_px: int,
    settings: Augment,
    rng: np.random.Generator,
) -> Floats:
    """Rows (a0, a1, a2, b0, b1, b2, 0, 0) that map output to frame pixels: turn, mirror, window."""
    count = len(shares)
    window_px = np.minimum(1.0, shares * rng.uniform(*settings.window, count)) * side
    zoom = window_px / size_px
    angle = rng.uniform(0, 2 * np.pi, count)
    mirror = rng.choice([-1.0, 1.0], count)
    shift = rng.uniform(-settings.shift, settings.shift, (2, count)) * window_px
    a0, a1 = zoom * np.cos(angle) * mirror, -zoom * np.sin(angle)
    b0, b1 = zoom * np.sin(angle) * mirror, zoom * np.cos(angle)
    center = (side - 1) / 2
    a2 = center - (a0 + a1) * center + shift[0]
    b2 = center - (b0 + b1) * center + shift[1]
    zero = np.zeros(count)
    return np.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1).astype(np.float32)


def _blur(pictures: Any, settings: Augment, rng: np.random.Generator) -> Any:
    """Blur a share of the pictures, the first ones: a batch is in random order already.

    (1, 2, 1) / 4 along both axes has the variance 1/2 px^2, variances add over passes, and a
    blend of weight w has w times the variance of its blur; so one blur serves all strengths.
    """
    low, high = settings.blur_px
    count = rng.binomial(len(pictures), settings.blur_share)
    passes = int(np.ceil(2 * high**2))
    if not count or not passes:
        return pictures
    soft = pictures[:count]
    for _ in range(passes):
        rows = keras.ops.pad(soft, [[0, 0], [1, 1], [0, 0], [0, 0]], "reflect")
        soft = rows[:, :-2] + 2 * soft + rows[:, 2:]
        columns = keras.ops.pad(soft, [[0, 0], [0, 0], [1, 1], [0, 0]], "reflect")
        soft = (columns[:, :, :-2] + 2 * soft + columns[:, :, 2:]) / 16
    weight = rng.uniform(low, high, (count, 1, 1, 1)) ** 2 * 2 / passes
    blurred = pictures[:count] + weight.astype(np.float32) * (soft - pictures[:count])
    return keras.ops.concatenate([blurred, pictures[count:]])


def styles_of(pictures: Batch) -> Floats:
    """Return mean and standard deviation of each channel's optical density.

    Args:
        pictures: (n, height, width, 3) uint8 RGB.

    Returns:
        (n, 2, 3) float32.
    """
    density = -np.log((pictures.astype(np.float32) + 1) / 256)
    return np.stack([density.mean(axis=(1, 2)), density.std(axis=(1, 2))], axis=1)


def _density(pictures: Any) -> Any:
    return -keras.ops.log((keras.ops.clip(pictures, 0, 255) + 1) / 256)


def _restyle(density: Any, styles: Floats, settings: Augment, rng: np.random.Generator) -> Any:
    """Bring a share of the pictures, part of the way each, to the colors of others.

    Mean and standard deviation of each channel are moved (Reinhard et al. 2001,
    doi 10.1109/38.946629), here of optical densities.
    """
    count = len(density)
    way = rng.uniform(0, 1, count) * (rng.random(count) < settings.style_share)
    way = way[:, None, None, None].astype(np.float32)
    mean, spread = np.split(styles[rng.integers(len(styles), size=count)][:, :, None, None], 2, 1)
    own = keras.ops.mean(density, axis=(1, 2), keepdims=True)
    scale = (spread[:, 0] + 1e-3) / (keras.ops.std(density, axis=(1, 2), keepdims=True) + 1e-3)
    scale = scale**way  # half of the way to twice the contrast is the root of two
    return (density - own) * scale + own + way * (mean[:, 0] - own)


def _stain(density: Any, settings: Augment, rng: np.random.Generator) -> Any:
    """Mix and scale the optical densities of R, G and B, then tint the glass.

    Stains absorb by the Beer-Lambert law, so they mix linearly in optical density
    -ln((level + 1) / 256) (Tellez et al. 2018, doi 10.1109/TMI.2018.2820199, use a like model).
    """
    count = len(density)
    strength = rng.uniform(*settings.stain_strength, (count, 1, 1))
    mix = np.eye(3) + strength * rng.normal(0, settings.stain_mix, (count, 3, 3))
    mix *= np.exp(strength * rng.normal(0, settings.stain_gain, (count, 3, 1)))
    glass = np.exp(rng.normal(0, settings.glass_gain, (count, 1, 1, 3)))
    mixed = keras.ops.einsum("nij,nhwj->nhwi", mix.astype(np.float32), density)
    return (256 * keras.ops.exp(-mixed) - 1) * glass.astype(np.float32)

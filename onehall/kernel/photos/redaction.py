"""Hiding parts of a photo (faces, plates, house interiors) so that they cannot be brought back."""

import secrets
from collections.abc import Iterable
from io import BytesIO
from math import ceil, floor
from typing import Final

from PIL import Image, ImageFilter

from onehall.kernel.photos.picture import to_jpeg

type Box = tuple[float, float, float, float]

_BLOCKS: Final = 4
_STEP: Final = 32
_GROW: Final = 0.03


def redact(jpeg: bytes, boxes: Iterable[Box]) -> bytes:
    """The JPEG with each box (x, y, width, height as fractions of the picture) made unreadable.

    A box, slightly grown, keeps at most 4 by 4 average colors, in coarse steps with random dither, then blurred: far too
    little to match against guesses of a face or a plate. ValueError for a box outside the picture or without area.
    """
    with Image.open(BytesIO(jpeg), formats=["JPEG"]) as opened:
        picture = opened.convert("RGB")
    for box in boxes:
        area = _pixels(box, picture.size)
        picture.paste(_unreadable(picture.crop(area)), area)
    return to_jpeg(picture)


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    x, y, width, height = box
    if not (0 <= x <= 1 and 0 <= y <= 1 and 0 < width <= 1 and 0 < height <= 1):
        raise ValueError("A box to hide needs x, y, width and height between 0 and 1.")
    if x >= 1 or y >= 1:
        raise ValueError("A box to hide must lie inside the picture.")
    dx, dy = width * _GROW, height * _GROW
    return (
        max(0, floor((x - dx) * size[0])),
        max(0, floor((y - dy) * size[1])),
        min(size[0], ceil((x + width + dx) * size[0])),
        min(size[1], ceil((y + height + dy) * size[1])),
    )


def _unreadable(part: Image.Image) -> Image.Image:
    blocks = min(_BLOCKS, part.width), min(_BLOCKS, part.height)
    few = part.resize(blocks, Image.Resampling.BOX)
    few.putdata([_coarse(color) for color in few.get_flattened_data()])
    large = few.resize(part.size, Image.Resampling.NEAREST)
    return large.filter(ImageFilter.GaussianBlur(max(part.size) / _BLOCKS / 2))


def _coarse(color: object) -> tuple[int, ...]:
    """The color in steps of 32, moved up or down at random by up to one step."""
    channels = color if isinstance(color, tuple) else (color, color, color)
    return tuple(
        min(
            255,
            max(
                0, (int(c) + secrets.randbelow(2 * _STEP + 1) - _STEP) // _STEP * _STEP + _STEP // 2
            ),
        )
        for c in channels
    )

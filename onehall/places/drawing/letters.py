"""Letters for the map from the font that Pillow carries, so that no font needs to be installed.

That font has no accented letters, so marks are drawn over the plain letter. Scripts it lacks need a font file
(setting `ONEHALL_MAP_FONT`); without one such names are left out of the picture, never shown as boxes.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.conf import settings
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

# Strokes of each combining mark, in units of the letter size: x from the letter's middle, y above its top.
_MARKS: Final[dict[str, tuple[tuple[tuple[float, float], ...], ...]]] = {
    "\u0300": (((-0.12, 0.22), (0.06, 0.08)),),
    "\u0301": (((0.12, 0.22), (-0.06, 0.08)),),
    "\u0302": (((-0.14, 0.08), (0.0, 0.21), (0.14, 0.08)),),
    "\u0303": (((-0.16, 0.10), (-0.08, 0.18), (0.06, 0.11), (0.16, 0.19)),),
    "\u0304": (((-0.15, 0.14), (0.15, 0.14)),),
    "\u0306": (((-0.14, 0.21), (-0.06, 0.12), (0.06, 0.12), (0.14, 0.21)),),
    "\u0307": (((-0.01, 0.14), (0.01, 0.14)),),
    "\u0308": (((-0.13, 0.14), (-0.11, 0.14)), ((0.11, 0.14), (0.13, 0.14))),
    "\u030a": (((-0.08, 0.16), (0.0, 0.24), (0.08, 0.16), (0.0, 0.08), (-0.08, 0.16)),),
    "\u030b": (((0.02, 0.22), (-0.12, 0.08)), ((0.18, 0.22), (0.04, 0.08))),
    "\u030c": (((-0.14, 0.21), (0.0, 0.08), (0.14, 0.21)),),
}
_BELOW: Final[dict[str, tuple[tuple[float, float], ...]]] = {
    "\u0323": ((-0.01, -0.14), (0.01, -0.14)),
    "\u0327": ((0.0, 0.0), (0.06, -0.10), (-0.06, -0.18)),
    "\u0328": ((0.06, 0.0), (0.0, -0.10), (0.12, -0.16)),
}
# Thickening and spacing, in letter sizes: the font comes in one weight only.
_WEIGHT: Final = 0.024
_TRACKING: Final = 0.022
_REPLACED: Final = str.maketrans(
    {
        "\u2019": "'", "\u2018": "'", "\u02bb": "'", "\u02bc": "'", "\u2013": "-", "\u2014": "-",
        "\u00df": "ss", "\u00e6": "ae", "\u00c6": "AE", "\u00f8": "o", "\u00d8": "O",
        "\u0142": "l", "\u0141": "L", "\u0111": "d", "\u0110": "D", "\u0131": "i", "\u00a0": " ",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Lettering:
    """A line of text as two masks of one size: the letters, and the letters with their halo."""

    ink: Image.Image
    halo: Image.Image


def _own_font() -> str:
    return str(getattr(settings, "ONEHALL_MAP_FONT", "") or "")


@lru_cache(maxsize=64)
def _font(size: float, path: str) -> ImageFont.FreeTypeFont:
    if path:
        return ImageFont.truetype(path, size)
    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType, which the map's letters need.")
    return found


@lru_cache(maxsize=4096)
def _has(letter: str, path: str) -> bool:
    """Whether the font has the letter: the picture of a missing one is the same for all."""
    font = _font(20, path)
    return letter == " " or bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))


@lru_cache(maxsize=8192)
def _parts(text: str, path: str) -> tuple[str, tuple[tuple[int, str], ...]] | None:
    """The plain letters, and (position of a letter, mark) for what is drawn over or under them."""
    if path:
        return (text, ()) if all(_has(letter, path) for letter in text) else None
    plain, marks = "", []
    for letter in unicodedata.normalize("NFD", text.translate(_REPLACED)):
        if letter in _MARKS or letter in _BELOW:
            marks.append((len(plain) - 1, letter))
        elif unicodedata.combining(letter):
            continue
        elif not _has(letter, path):
            return None
        else:
            plain += letter
    return (plain, tuple(marks)) if plain.strip() else None


@lru_cache(maxsize=8192)
def width(text: str, size: float) -> float | None:
    """The length of a text in pixels at a letter size, or None when it cannot be written."""
    path = _own_font()
    parts = _parts(text, path)
    return None if parts is None else _length(parts[0], _font(size, path))


def _length(plain: str, font: ImageFont.FreeTypeFont) -> float:
    return font.getlength(plain) + _TRACKING * font.size * max(0, len(plain) - 1)


@lru_cache(maxsize=600)
def lettering(text: str, size: float, *, halo: float, weight: float = _WEIGHT) -> Lettering | None:
    """A text drawn at a letter size in pixels, or None when it cannot be written.

    `weight` thickens the letters (in letter sizes), `halo` is the halo's width in pixels. The baseline is such
    that small letters sit in the middle of the masks.
    """
    path = _own_font()
    parts = _parts(text, path)
    if parts is None:
        return None
    plain, marks = parts
    font = _font(size, path)
    pad = int(halo + size * 0.35) + 2
    box = (int(_length(plain, font)) + 2 * pad, int(size * 1.1) + 2 * pad)
    baseline = box[1] / 2 + size * 0.26
    stroke = size * weight
    ink = Image.new("L", box)
    draw = ImageDraw.Draw(ink)
    _write(draw, plain, (pad, baseline), font, stroke)
    for position, mark in marks:
        _draw_mark(draw, plain, position, mark, font, (pad, baseline), size)
    wide = Image.new("L", box)
    _write(ImageDraw.Draw(wide), plain, (pad, baseline), font, halo + stroke)
    if marks:
        grown = ink.filter(ImageFilter.MaxFilter(2 * max(1, round(halo)) + 1))
        wide = ImageChops.lighter(wide, grown)
    return Lettering(ink, wide)


def _write(
    draw: ImageDraw.ImageDraw,
    plain: str,
    origin: tuple[float, float],
    font: ImageFont.FreeTypeFont,
    stroke: float,
) -> None:
    """Letter by letter, a little apart, so that thickened letters do not run together."""
    x, y = origin
    for place, letter in enumerate(plain):
        if letter != " ":
            draw.text((x, y), letter, fill=255, font=font, anchor="ls", stroke_width=stroke)
        pair = plain[place : place + 2]
        x += font.getlength(pair) - (font.getlength(pair[1:]) if len(pair) == 2 else 0.0)
        x += _TRACKING * font.size


def _draw_mark(
    draw: ImageDraw.ImageDraw,
    plain: str,
    position: int,
    mark: str,
    font: ImageFont.FreeTypeFont,
    origin: tuple[float, float],
    size: float,
) -> None:
    """One accent over or under the letter at a position; the dot of an i gives way to it."""
    if position < 0:
        return
    letter = plain[position]
    left = origin[0] + font.getlength(plain[:position]) + _TRACKING * size * position
    middle = left + font.getlength(letter) / 2
    top = origin[1] - _height(letter, font)
    if letter in "ij" and mark in _MARKS:
        top = origin[1] - _height("x", font)
        draw.rectangle(
            (left, top - size * 0.34, left + font.getlength(letter), top - size * 0.04), fill=0
        )
    thick = max(1, round(size * 0.095))
    strokes = _MARKS.get(mark) or (_BELOW[mark],)
    base = top if mark in _MARKS else origin[1]
    for stroke in strokes:
        points = [(middle + x * size, base - y * size) for x, y in stroke]
        draw.line(points, fill=255, width=thick, joint="curve")
        for x, y in (points[0], points[-1]):
            r = thick / 2
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)


@lru_cache(maxsize=2048)
def _height(letter: str, font: ImageFont.FreeTypeFont) -> float:
    return -float(font.getbbox(letter, anchor="ls")[1])

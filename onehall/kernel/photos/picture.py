"""Pixels in, clean JPEGs out: every picture ends as upright 8-bit sRGB without any metadata."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageCms

LARGE: Final = 1600
SMALL: Final = 480
THUMB: Final = 320
_QUALITY: Final = {LARGE: 82, SMALL: 78, THUMB: 75}
_MAX_PROFILE: Final = 1_000_000
_SRGB: Final = ImageCms.createProfile("sRGB")
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Variants:
    """One picture as JPEGs whose longer side is at most 1600, 480 and 320 pixels; width and height of the largest."""

    jpeg: bytes
    small: bytes
    thumb: bytes
    width: int
    height: int


def variants(jpeg: bytes) -> Variants:
    """The sizes of a JPEG that we made before (after `redact`); not for uploads."""
    with Image.open(BytesIO(jpeg), formats=["JPEG"]) as picture:
        return encode(picture.convert("RGB"))


def encode(picture: Image.Image) -> Variants:
    """The sizes of a clean picture; each is made from the one before, so that none is larger than it."""
    files: dict[int, bytes] = {}
    size = picture.size
    for side, quality in _QUALITY.items():
        if max(picture.size) > side:
            picture = picture.resize(
                fitted(picture.size, side), Image.Resampling.LANCZOS, reducing_gap=2.0
            )
        if side == LARGE:
            size = picture.size
        files[side] = to_jpeg(picture, quality)
    return Variants(files[LARGE], files[SMALL], files[THUMB], *size)


def to_jpeg(picture: Image.Image, quality: int = _QUALITY[LARGE]) -> bytes:
    """JPEG bytes without metadata."""
    # Pillow copies comments and profiles from `info` into the file.
    picture.info.clear()
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return file.getvalue()


def fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size with its longer side cut to `side`, in proportion; unchanged when it already fits."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def clean(picture: Image.Image, orientation: int) -> Image.Image:
    """An opened picture decoded, at most 1600 pixels, in sRGB on white, upright. OSError and friends when broken."""
    profile = picture.info.get("icc_profile")
    # Lets the JPEG decoder skip detail that would be thrown away; other formats ignore it.
    picture.draft(None, fitted(picture.size, LARGE))
    picture.load()
    shrinkable = _eight_bits(picture)
    if max(shrinkable.size) > LARGE:
        wanted = fitted(shrinkable.size, LARGE)
        shrinkable = shrinkable.resize(wanted, Image.Resampling.LANCZOS, reducing_gap=2.0)
    flat = _on_white(_in_srgb(shrinkable, profile))
    turn = _TURNS.get(orientation)
    return flat if turn is None else flat.transpose(turn)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A picture with 8 bits per channel that can be resized smoothly."""
    if picture.mode.startswith("I"):
        values = np.asarray(picture).astype(np.int64)
        deep = picture.mode != "I" or values.max(initial=0) > 255
        return Image.fromarray(np.clip(values >> (8 if deep else 0), 0, 255).astype(np.uint8))
    if picture.mode == "F":
        return Image.fromarray(np.nan_to_num(np.asarray(picture)).clip(0, 255).astype(np.uint8))
    if picture.mode in {"P", "PA"} or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture.convert("L") if picture.mode == "1" else picture


def _in_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """The colors as sRGB. A profile that is missing, too large, broken or for other channels is ignored."""
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _MAX_PROFILE:
        return picture
    alpha = picture.getchannel("A") if picture.mode in {"LA", "RGBA"} else None
    colors = picture.convert(picture.mode[:-1]) if alpha else picture
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        changed = ImageCms.profileToProfile(colors, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    if changed is None:
        return picture
    if alpha:
        changed.putalpha(alpha)
    return changed


def _on_white(picture: Image.Image) -> Image.Image:
    """RGB, with white behind what is transparent."""
    if picture.mode in {"LA", "RGBA", "La", "RGBa"}:
        solid = picture.convert("RGBA")
        white = Image.new("RGBA", solid.size, "white")
        return Image.alpha_composite(white, solid).convert("RGB")
    return picture.convert("RGB")

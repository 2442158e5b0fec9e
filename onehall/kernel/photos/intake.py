"""Taking a photo from outside: sniff, bound, decode, re-encode.

Decoding runs in this process, at most two photos at once: what a file can cost is bounded beforehand by its bytes, its
pixels (checked before decoding) and, for JPEG, its number of scans, which bounds memory and time without a second process
to start, feed and watch. Whatever rode along (metadata, profiles, archives or scripts behind the picture) is left behind,
because only pixels are written. Of an animated picture the first frame is kept.
"""

import hashlib
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from io import BytesIO
from typing import BinaryIO, Final

import pillow_heif
from PIL import Image

from onehall.kernel.photos.facts import CameraFacts, camera_facts
from onehall.kernel.photos.picture import Variants, clean, encode
from onehall.kernel.photos.refusals import PhotoRefused
from onehall.kernel.photos.sniffing import jpeg_scans, sniff

MAX_BYTES: Final = 15_000_000
MAX_PIXELS: Final = 60_000_000
MIN_SIDE: Final = 16
_MAX_SCANS: Final = 100
_WAIT_SECONDS: Final = 20
_AT_ONCE: Final = threading.BoundedSemaphore(2)
_BROKEN: Final = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError,
    RuntimeError, MemoryError, AttributeError, struct.error, zlib.error, UserWarning,
)  # fmt: skip

pillow_heif.register_heif_opener()


@dataclass(frozen=True)
class AcceptedPhoto:
    """A photo that is safe to show, and what to keep of the one that was sent.

    `jpeg`, `small` and `thumb` are at most 1600, 480 and 320 pixels; `width` and `height` belong to `jpeg`, `sha256` (hex)
    too. `original` is the upload as it came, `original_format` one of JPEG, PNG, WEBP, HEIF. `taken_at` (UTC), `lon` and
    `lat` come from the camera: facts for the city, not to be published.
    """

    jpeg: bytes
    small: bytes
    thumb: bytes
    width: int
    height: int
    sha256: str
    taken_at: datetime | None
    lon: float | None
    lat: float | None
    original: bytes
    original_format: str


def accept(
    upload: BinaryIO | bytes, *, max_bytes: int = MAX_BYTES, zone: tzinfo | None = None
) -> AcceptedPhoto:
    """Check and re-encode an upload. PhotoRefused, with words for the sender, when it is not a usable photo.

    `zone` is the city's: a camera's wall time is read in it. Takes about half a second for 12 megapixels.
    """
    data = upload if isinstance(upload, bytes) else upload.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise PhotoRefused("too_big")
    kind = sniff(data[:1100])
    if kind == "JPEG" and jpeg_scans(data, stop=_MAX_SCANS) == _MAX_SCANS:
        raise PhotoRefused("broken")
    with _turn():
        facts, files = _decoded(data, kind, zone)
    return AcceptedPhoto(
        jpeg=files.jpeg,
        small=files.small,
        thumb=files.thumb,
        width=files.width,
        height=files.height,
        sha256=hashlib.sha256(files.jpeg).hexdigest(),
        taken_at=facts.taken_at,
        lon=facts.lon,
        lat=facts.lat,
        original=data,
        original_format=kind,
    )


def _decoded(data: bytes, kind: str, zone: tzinfo | None) -> tuple[CameraFacts, Variants]:
    try:
        with Image.open(BytesIO(data), formats=[kind]) as picture:
            _bounded(picture.size)
            facts = camera_facts(picture, zone)
            return facts, encode(clean(picture, facts.orientation))
    except PhotoRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoRefused("too_many_pixels") from error
    except _BROKEN as error:
        raise PhotoRefused("broken") from error


def _bounded(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise PhotoRefused("too_many_pixels")
    if min(size) < MIN_SIDE:
        raise PhotoRefused("too_small")


@contextmanager
def _turn() -> Iterator[None]:
    """One of the two places to decode in; refuses after a wait rather than piling up threads."""
    if not _AT_ONCE.acquire(timeout=_WAIT_SECONDS):
        raise PhotoRefused("busy")
    try:
        yield
    finally:
        _AT_ONCE.release()

"""What a file is, from its first bytes; names and content types that senders give are not believed."""

import re
from typing import Final

from onehall.kernel.photos.refusals import PhotoRefused

_HEIF_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_REFUSED: Final = (
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"(?:II\*\x00|MM\x00\*|II\+\x00|MM\x00\+)"), "tiff"),
    (re.compile(rb".{0,1000}%PDF-", re.DOTALL), "pdf"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<"), "drawing"),
    (re.compile(rb"\x1aE\xdf\xa3|RIFF....AVI ", re.DOTALL), "video"),
)

# A marker inside or behind coded data; FF00 and FFD0 to FFD7 belong to the data.
_MARKER: Final = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
_START_OF_SCAN: Final = 0xDA
_END: Final = 0xD9


def jpeg_scans(data: bytes, *, stop: int) -> int:
    """How many scans a JPEG has, counted up to `stop`. Each costs a pass over the picture; cameras write one to ten.

    Walks the segments, so that thumbnails before and videos behind the picture are not taken for scans.
    """
    count, place = 0, 2
    while count < stop and (found := _MARKER.search(data, place)):
        marker, place = found[1][0], found.end()
        if marker == _END:
            break
        count += marker == _START_OF_SCAN
        place += int.from_bytes(data[place : place + 2])
    return count


def sniff(head: bytes) -> str:
    """Pillow's name of the format (JPEG, PNG, WEBP, HEIF), or PhotoRefused. Wants the first 1,100 bytes."""
    if not head:
        raise PhotoRefused("empty")
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    for pattern, reason in _REFUSED:
        if pattern.match(head):
            raise PhotoRefused(reason)
    raise PhotoRefused("not_a_photo")


def _iso_media(head: bytes) -> str:
    """HEIF and the formats that share its container, told apart by the main brand and then by the compatible ones."""
    size = min(int.from_bytes(head[:4]), len(head))
    brands = [head[8:12]] + [head[place : place + 4] for place in range(16, size - 3, 4)]
    if b"avif" in brands or b"avis" in brands:
        raise PhotoRefused("avif")
    if _HEIF_BRANDS.isdisjoint(brands):
        raise PhotoRefused("video")
    return "HEIF"

"""Photos as a browser sends them."""

from typing import Final

from django.core.files.uploadedfile import UploadedFile

from onehall.kernel.photos import PhotoRefused

MAX_UPLOAD: Final = 15_000_000
"""Bytes of one photo, as it comes."""


def read_upload(upload: "UploadedFile[bytes]") -> bytes:
    """The bytes of an upload; PhotoRefused, without reading it, when it is too large."""
    if (upload.size or 0) > MAX_UPLOAD:
        raise PhotoRefused("too_big")
    data: bytes = upload.read()
    return data

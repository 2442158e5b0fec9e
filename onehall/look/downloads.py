"""Handing out a file that came from outside: saved, never opened inside our pages."""

from typing import Final

from django.http import HttpResponse
from django.utils.http import content_disposition_header

TYPES: Final = {"pdf": "application/pdf", "photo": "image/jpeg"}
"""Content types we vouch for, for we wrote these files anew ourselves."""


def download(data: bytes, *, title: str, kind: str) -> HttpResponse:
    """A file to save. Should a browser open it all the same, it may do nothing there."""
    response = HttpResponse(data, content_type=TYPES.get(kind, "application/octet-stream"))
    response.headers["Content-Disposition"] = (
        content_disposition_header(True, title) or "attachment"  # noqa: FBT003  (Django's signature)
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response

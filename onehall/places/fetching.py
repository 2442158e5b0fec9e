"""Fetching something small from a service that a city named: a short wait, a bounded answer, one reason when it fails."""

import http.client
from typing import Final
from urllib.parse import urlsplit

AGENT: Final = "onehall"


class Silent(OSError):
    """The service gave no answer that can be used."""


def fetch(url: str, *, seconds: float, most: int) -> bytes:
    """The body of an answer with status 200, at most `most` bytes of it. Raises `Silent`."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=seconds)
        try:
            connection.request("GET", path, headers={"User-Agent": AGENT})
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise Silent(f"status {answer.status}")
            return answer.read(most)
        finally:
            connection.close()
    except Silent:
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Silent(str(error) or type(error).__name__) from None

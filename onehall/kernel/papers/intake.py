"""Taking a file from outside: sniff, bound, clean. Photos go through `kernel.photos`, not through here.

A PDF is read by a program of its own, at most two at once, with bounded memory and time: a hostile
file costs that program, not the page that took it in.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onehall.kernel.papers.refusals import REASONS, PaperRefused
from onehall.kernel.papers.sniffing import kind_of, office_suffix

MAX_BYTES: Final = 10_000_000
MAX_CLEAN: Final = 20_000_000
"""What a PDF may have grown to by being written anew."""

MAX_DRAWN: Final = 400_000
"""Bytes of the picture of a first page."""

_DRAWER: Final = Path(__file__).with_name("drawer.py")
_DRAW_SECONDS: Final = 8
_CLEANER: Final = Path(__file__).with_name("cleaner.py")
_SECONDS: Final = 30
_WAIT_SECONDS: Final = 20
_AT_ONCE: Final = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class AcceptedPaper:
    """A file that is safe to hand on. `pages` is 0 where nobody counts them."""

    data: bytes
    kind: str
    suffix: str
    pages: int = 0


def accept(data: bytes, *, office: bool) -> AcceptedPaper:
    """Check and clean a PDF, or check an office document where these are taken; else PaperRefused."""
    if len(data) > MAX_BYTES:
        raise PaperRefused("too_big")
    kind = kind_of(data)
    if kind == "office":
        if not office:
            raise PaperRefused("office")
        return AcceptedPaper(data, "office", office_suffix(data))
    if kind != "pdf":
        raise PaperRefused("other")
    clean, pages = _cleaned(data)
    return AcceptedPaper(clean, "pdf", "pdf", pages)


def first_page(clean: bytes) -> bytes | None:
    """The first page of a PDF that `accept` wrote, as a small JPEG; None where it could not be drawn in time.

    A picture is a courtesy: whatever goes wrong with it, the file is taken all the same.
    """
    try:
        with _turn():
            done = subprocess.run(
                [sys.executable, "-I", str(_DRAWER)],
                input=clean,
                capture_output=True,
                timeout=_DRAW_SECONDS,
                check=False,
            )
    except (subprocess.TimeoutExpired, PaperRefused, OSError):
        return None
    drawn = done.stdout
    fits = not done.returncode and drawn.startswith(b"\xff\xd8\xff") and len(drawn) <= MAX_DRAWN
    return drawn if fits else None


def _cleaned(data: bytes) -> tuple[bytes, int]:
    with _turn():
        try:
            done = subprocess.run(
                [sys.executable, "-I", str(_CLEANER)],
                input=data,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as slow:
            raise PaperRefused("broken") from slow
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode or not said.isdecimal():
        raise PaperRefused(said if said in REASONS else "broken")
    if len(done.stdout) > MAX_CLEAN:
        raise PaperRefused("too_big")
    return done.stdout, int(said)


@contextmanager
def _turn() -> Iterator[None]:
    """One of the two places to read a PDF in; refuses after a wait rather than piling up programs."""
    if not _AT_ONCE.acquire(timeout=_WAIT_SECONDS):
        raise PaperRefused("busy")
    try:
        yield
    finally:
        _AT_ONCE.release()

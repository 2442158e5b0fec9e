"""Draws the first page of a PDF small: a program of its own, run with a bounded share of the machine.

Run as a script, not imported: `drawer.py < in > out`. The document is one that `cleaner.py` wrote. Gives a JPEG
of at most `WIDE` by `HIGH` pixels, whatever size the page says it has; ends with 3 where nothing can be drawn.
"""

import resource
import sys
from io import BytesIO

import pypdfium2

MEMORY = 1_000_000_000
SECONDS = 6
WIDE, HIGH = 360, 480
QUALITY = 80


def draw(data: bytes) -> bytes:
    """The first page as a JPEG."""
    page = pypdfium2.PdfDocument(data)[0]
    width, height = page.get_size()
    scale = min(WIDE / width, HIGH / height)
    bitmap = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True)
    picture = bitmap.to_pil().convert("RGB")
    out = BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def main() -> int:
    """Draw what comes in."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        drawn = draw(sys.stdin.buffer.read())
    except Exception:  # noqa: BLE001  (whatever a hostile file provokes)
        return 3
    sys.stdout.buffer.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())

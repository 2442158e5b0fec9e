"""Writes a PDF anew without what can act: a program of its own, run with a bounded share of the machine.

Run as a script, not imported: `cleaner.py < in > out`. Only what pages show is copied into a fresh
document; scripts, forms' actions, embedded files, sounds and films stay behind, and so does whatever
else hung on the old document. Says the number of pages on stderr; else one reason, and ends with 3.
"""

import logging
import resource
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

MEMORY = 1_500_000_000
SECONDS = 20
MAX_PAGES = 300
MAX_OBJECTS = 400_000
ACTIONS = frozenset(
    f"/{name}"
    for name in (
        "JavaScript", "Launch", "SubmitForm", "ImportData", "GoToR", "GoToE", "GoTo3DView", "Hide",
        "Movie", "Named", "Rendition", "ResetForm", "RichMediaExecute", "SetOCGState", "Sound",
        "Thread", "Trans",
    )
)  # fmt: skip
"""Kinds of action that do more than lead to a page of the document or of the web."""
MARKS = frozenset(
    f"/{name}" for name in ("FileAttachment", "Movie", "RichMedia", "Screen", "Sound", "3D")
)
"""Kinds of annotation that hold something to play or to open."""
NEVER = ("/JavaScript", "/EmbeddedFile", "/Launch", "/RichMedia", "/OpenAction", "/XFA")
SAFE_LINKS = ("http://", "https://", "mailto:", "tel:")


class Refused(Exception):
    """The document is not taken; the text is the reason's key."""


def clean(data: bytes) -> tuple[bytes, int]:
    """The document anew, and how many pages it has."""
    reader = PdfReader(BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise Refused("locked")
    pages = len(reader.pages)
    if not pages:
        raise Refused("broken")
    if pages > MAX_PAGES:
        raise Refused("too_many_pages")
    writer = _copied(reader)
    _disarm(writer)
    # Once more: what the first copy let go of is not reached from any page, so it is not copied.
    again = _copied(PdfReader(BytesIO(_written(writer)), strict=False))
    _prove(again)
    return _written(again), pages


def _copied(reader: PdfReader) -> PdfWriter:
    writer = PdfWriter()
    for page in reader.pages:
        writer.add_page(page)
    return writer


def _written(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _everything(writer: PdfWriter) -> Iterator[Any]:
    """Every dictionary and list that is reached from the document, each once."""
    todo: list[Any] = [writer.root_object]
    known: set[int] = set()
    count = 0
    while todo:
        item = todo.pop()
        if isinstance(item, IndirectObject):
            item = item.get_object()
        if not isinstance(item, (DictionaryObject, ArrayObject)) or id(item) in known:
            continue
        known.add(id(item))
        count += 1
        if count > MAX_OBJECTS:
            raise Refused("broken")
        yield item
        todo.extend(item.values() if isinstance(item, DictionaryObject) else item)


def _disarm(writer: PdfWriter) -> None:
    for item in _everything(writer):
        if isinstance(item, ArrayObject):
            kept = [part for part in item if not _is_mark(part)]
            if len(kept) != len(item):
                item.clear()
                item.extend(kept)
            continue
        for key in list(item):
            if key in ("/AA", "/OpenAction", "/EF", "/AF", "/XFA", "/JS", "/JavaScript"):
                if _acts_here(item, key):
                    del item[key]
            elif key in ("/A", "/PA", "/Next") and _acts(item[key]):
                del item[key]


def _acts_here(item: DictionaryObject, key: str) -> bool:
    """Whether the key is what it says: fonts and pictures of a page may bear any name."""
    value = item[key]
    if key in ("/AA", "/AF", "/EF"):
        kind = value.get("/Type") if isinstance(value, DictionaryObject) else None
        return kind not in ("/Font", "/XObject", "/ExtGState", "/Pattern")
    return True


def _acts(action: Any) -> bool:
    action = action.get_object() if isinstance(action, IndirectObject) else action
    if isinstance(action, ArrayObject):
        return any(_acts(part) for part in action)
    if not isinstance(action, DictionaryObject):
        return False
    kind = action.get("/S")
    if kind == "/URI":
        return not str(action.get("/URI", "")).strip().lower().startswith(SAFE_LINKS)
    return kind in ACTIONS or "/JS" in action


def _is_mark(part: Any) -> bool:
    part = part.get_object() if isinstance(part, IndirectObject) else part
    return isinstance(part, DictionaryObject) and part.get("/Subtype") in MARKS


def _prove(writer: PdfWriter) -> None:
    """Refuse rather than hand on what the steps above did not know."""
    for item in _everything(writer):
        if not isinstance(item, DictionaryObject):
            continue
        named = {item.get("/S"), item.get("/Type"), item.get("/Subtype")}
        if named & set(NEVER) or any(key in item for key in ("/JS", "/EF", "/XFA", "/OpenAction")):
            raise Refused("unsafe")


def main() -> int:
    """Read, clean, write; 0 when it went well."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    # What a broken file makes the library say is of no use to anybody.
    logging.disable(logging.CRITICAL)
    try:
        data, pages = clean(sys.stdin.buffer.read())
    except Refused as no:
        sys.stderr.write(str(no))
        return 3
    except (Exception, RecursionError):  # noqa: BLE001  (whatever a hostile file provokes)
        sys.stderr.write("broken")
        return 3
    sys.stderr.write(str(pages))
    sys.stdout.buffer.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How histories lie in a file of the archive: lines of JSON, gzipped in pieces, so that one is read without the others.

The first piece is one line that says whose file it is and which cases are in it:

    {"onehall": "archive", "format": 1, "id": "…", "city": 1, "made_at": "…", "cases": [[case, "number", entries, "<head>"], …]}

where the id is made up, so that no two files ever have the same name, and the head is the hash of the last entry of the case in hex digits. Each further piece holds the lines of up to
`PER_BLOCK` cases, in the order of the first line, one line a case:

    {"case" : 7, "number" : "…", "archived_at" : "…", "entries" : [{…}], "timers" : [{…}], "pauses" : [{…}]}

Members of the lists are rows as PostgreSQL writes them as JSON, without `case_id` and `city_id`. Several gzipped pieces
one after the other are one gzipped file: `zcat` reads it. It is named by the SHA-256 of its bytes (`kernel.storage`).
"""

import gzip
import json
import uuid
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any, Final

FORMAT: Final = 1
SUFFIX: Final = "gz"
PER_BLOCK: Final = 64
"""Cases that are compressed together: more make the file smaller, and one of them slower to read."""
_LEVEL: Final = 6

type Block = list[int]
"""The first case of a piece, its offset and its length, in bytes of the file."""


class Unreadable(Exception):
    """A file of the archive is missing, is not what was written, or lacks a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The history of one case as it goes into a file; `lock` and `head` are those of the case."""

    case_id: int
    number: str
    lock: int
    head: str
    line: bytes


def build(city_id: int, made_at: datetime, held: Sequence[Held]) -> tuple[bytes, list[Block]]:
    """The bytes of a file, and where its pieces begin."""
    ordered = sorted(held, key=lambda one: one.case_id)
    first = {
        "onehall": "archive",
        "format": FORMAT,
        "id": uuid.uuid4().hex,
        "city": city_id,
        "made_at": made_at.isoformat(),
        "cases": [[one.case_id, one.number, one.lock, one.head] for one in ordered],
    }
    pieces = [_packed([json.dumps(first, ensure_ascii=False, separators=(",", ":")).encode()])]
    blocks: list[Block] = []
    offset = len(pieces[0])
    for some in batched(ordered, PER_BLOCK):
        piece = _packed([one.line for one in some])
        blocks.append([some[0].case_id, offset, len(piece)])
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces), blocks


def _packed(lines: Sequence[bytes]) -> bytes:
    return gzip.compress(b"\n".join(lines) + b"\n", _LEVEL, mtime=0)


def block_of(blocks: Sequence[Block], case_id: int) -> Block:
    """The piece in which a case is, if it is in the file. Unreadable where none can have it."""
    at = bisect_right(blocks, case_id, key=lambda block: block[0]) - 1
    if at < 0:
        raise Unreadable(f"case {case_id} is not in the file")
    return blocks[at]


def unpacked(piece: bytes) -> list[bytes]:
    """The lines of a piece, or of all pieces of a file. Unreadable for what is none."""
    try:
        return gzip.decompress(piece).splitlines()
    except (OSError, EOFError, ValueError) as problem:
        raise Unreadable("it is no gzipped file") from problem


def line_of(lines: Sequence[bytes], case_id: int) -> bytes:
    """The line of a case among those of a piece. Unreadable where it is not."""
    for line in lines:
        if line.startswith(_beginning(case_id)):
            return line
    raise Unreadable(f"case {case_id} is not in the file")


def _beginning(case_id: int) -> bytes:
    return b'{"case" : %d,' % case_id


def taken_apart(data: bytes) -> Iterator[Held]:
    """What is in a file, case by case. Unreadable for another format, or where its first line says otherwise."""
    lines = unpacked(data)
    told = parsed(lines[0]) if lines else {}
    if told.get("onehall") != "archive" or told.get("format") != FORMAT:
        raise Unreadable("its first line is none that this version reads")
    cases = told["cases"]
    if len(cases) != len(lines) - 1:
        raise Unreadable("it has not as many lines as its first line says")
    for (case_id, number, lock, head), line in zip(cases, lines[1:], strict=True):
        if not line.startswith(_beginning(case_id)):
            raise Unreadable(f"the line of case {case_id} is another one")
        yield Held(case_id=case_id, number=number, lock=lock, head=head, line=line)


def parsed(line: bytes) -> dict[str, Any]:
    """A line as a document. Unreadable for what is none."""
    try:
        found = json.loads(line)
    except ValueError as problem:
        raise Unreadable("a line of it is no JSON") from problem
    if not isinstance(found, dict):
        raise Unreadable("a line of it is no object")
    return found

"""The demo provider's memory, with an append-only file beside it that brings it back after a restart."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from onehall.billing.gateways.demo.provider.records import KINDS, Record, Session

MOST: Final = 20_000
"""Records kept of each kind; the oldest are forgotten."""
SPARE_LINES: Final = 5_000
"""Lines that may be out of date before the file is written anew, beside as many as there are records."""


class Book:
    """Records by kind and name. Not safe for several threads: the engine holds a lock.

    One process alone may have a file: another gets BlockingIOError.
    """

    def __init__(
        self, file: Path | None = None, *, now: Callable[[], int], most: int = MOST
    ) -> None:
        self._now, self._most, self._file = now, most, file
        self._rows: dict[type[Record], dict[str, Record]] = {kind: {} for kind in KINDS.values()}
        self._seq = self._lines = 0
        self._journal: IO[str] | None = None
        self._lock: IO[str] | None = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._lock = file.with_suffix(".lock").open("a")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._lock.close()
                raise
            self._read(file)
            self._rewrite()

    def put[R: Record](self, record: R) -> R:
        """Remember a record as it is now."""
        rows = self._rows[type(record)]
        record.changed = self._now()
        if record.ref not in rows:
            self._seq += 1
            record.seq, record.created = self._seq, record.changed
            rows[record.ref] = record
            while len(rows) > self._most:
                del rows[next(iter(rows))]
        self._append(record)
        return record

    def get[R: Record](self, kind: type[R], ref: str) -> R | None:
        """A record by its name."""
        found = self._rows[kind].get(ref)
        return found if isinstance(found, kind) else None

    def all[R: Record](self, kind: type[R]) -> Iterator[R]:
        """Every record of a kind, oldest first."""
        for row in list(self._rows[kind].values()):
            if isinstance(row, kind):
                yield row

    def close(self) -> None:
        """Let go of the file."""
        for each in (self._journal, self._lock):
            if each is not None:
                each.close()
        self._journal = self._lock = None

    def _append(self, record: Record) -> None:
        if self._journal is None:
            return
        self._journal.write(_line(record))
        self._journal.flush()
        self._lines += 1
        if self._lines > 2 * sum(map(len, self._rows.values())) + SPARE_LINES:
            self._rewrite()

    def _read(self, file: Path) -> None:
        if not file.exists():
            return
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                record = _record(line)
                if record is not None:
                    self._rows[type(record)][record.ref] = record
                    self._seq = max(self._seq, record.seq)

    def _rewrite(self) -> None:
        """A file of what is known now takes the place of the old one."""
        if self._file is None:
            return
        if self._journal is not None:
            self._journal.close()
        fresh = self._file.with_suffix(".new")
        rows = sorted(
            (r for rows in self._rows.values() for r in rows.values()), key=lambda r: r.seq
        )
        # Payers may have given their addresses: it is for its owner alone.
        fresh.touch(mode=0o600)
        with fresh.open("w", encoding="utf-8") as lines:
            lines.writelines(map(_line, rows))
            lines.flush()
            os.fsync(lines.fileno())
        fresh.replace(self._file)
        self._lines = len(rows)
        self._journal = self._file.open("a", encoding="utf-8")


def _line(record: Record) -> str:
    known = {"kind": type(record).__name__.lower(), **asdict(record)}
    return json.dumps(known, separators=(",", ":")) + "\n"


def _record(line: str) -> Record | None:
    """What a line holds; None for one that was cut off, or written by another version."""
    try:
        known: dict[str, Any] = json.loads(line)
        record = KINDS[known.pop("kind")](**known)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if isinstance(record, Session):
        record.lines = [(words, amount) for words, amount in record.lines]
    return record

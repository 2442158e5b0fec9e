"""The file of rejected rows. It is cut back to what was committed when an import goes on."""

import csv
import io
import os
from pathlib import Path
from typing import Final, Self

from onehall.service_requests.importing.reader import Record

_HEAD: Final = ("line", "reason")


class Rejects:
    """Writes line number, reason and the row as it stood. Every `flush` is on the disk when it returns."""

    def __init__(self, path: Path, header: list[str], *, keep: int = 0) -> None:
        self.path = path
        usable = keep > 0 and path.is_file() and path.stat().st_size >= keep
        self.starts_over = keep > 0 and not usable
        self._file = path.open("r+b" if usable else "wb")
        if usable:
            self._file.truncate(keep)
            self._file.seek(keep)
        else:
            self._write([*_HEAD, *header])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, record: Record, reason: str) -> None:
        """Note one rejected row."""
        self._write([str(record.line), reason, *record.fields])

    def flush(self) -> int:
        """Bring everything to the disk; the length of the file in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def _write(self, cells: list[str]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerow(cells)
        self._file.write(text.getvalue().encode("utf-8", "replace"))

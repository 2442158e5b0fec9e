"""The file of refused rows: where, why, and the row as it stood, to be put right and imported again."""

import csv
import os
from pathlib import Path
from typing import Final, Self

from onehall.billing.importing.rows import Record, RowRefused

HEAD: Final = ("line", "column", "why")


class Rejects:
    """Writes line number, column, words and the row. A context manager."""

    def __init__(self, path: Path, header: list[str]) -> None:
        self.path = path
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow([*HEAD, *header])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, record: Record, no: RowRefused) -> None:
        """Note one refused row."""
        self._rows.writerow([record.line, no.column, str(no), *record.fields])

    def flush(self) -> None:
        """Bring everything to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

"""CSV files of any length, read row by row, packed with gzip or not, with the place in the file kept."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Literal, Self

from onehall.kernel.spelling import nearest

_GZIP: Final = b"\x1f\x8b"
_FIRST: Final = 1 << 20


class FileBroken(Exception):
    """The file ends early or is damaged; the text is for the operator."""


class ColumnsMissing(Exception):
    """The file lacks columns; the text says which, a line each, with what is written alike."""


@dataclass(slots=True)
class Record:
    """One row. `line` is where it starts, from 1. `problem` says why it can not be read, in words with `detail`."""

    line: int
    fields: list[str]
    problem: Literal["", "unreadable", "columns"] = ""
    detail: str = ""


def fingerprint(path: Path) -> str:
    """Tells files apart by size and first megabyte: 64 hex digits."""
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(_FIRST))
    digest.update(str(path.stat().st_size).encode())
    return digest.hexdigest()


class Reader:
    """The rows of one file that has some columns. A context manager; `position` of `size` bytes have been read.

    `longest` is the longest field in characters: an unclosed quote must not swallow the whole file. `ColumnsMissing`
    and `FileBroken` when it can not be begun.
    """

    def __init__(
        self, path: Path, *, encoding: str, delimiter: str, columns: Collection[str], longest: int
    ) -> None:
        self.size = path.stat().st_size
        self._raw: BinaryIO = path.open("rb")
        packed = self._raw.read(2) == _GZIP
        self._raw.seek(0)
        stream: BinaryIO = gzip.GzipFile(fileobj=self._raw) if packed else self._raw  # type: ignore[assignment]
        known = "utf-8-sig" if encoding == "utf-8" else encoding
        self._text = io.TextIOWrapper(stream, known, errors="replace", newline="")
        csv.field_size_limit(longest)
        self._rows = csv.reader(self._text, delimiter=delimiter)
        try:
            self.header = self._header(columns)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._text.close()
        self._raw.close()

    @property
    def position(self) -> int:
        """Bytes of the file as it lies on the disk that were read so far."""
        return 0 if self._raw.closed else self._raw.tell()

    def _header(self, columns: Collection[str]) -> list[str]:
        try:
            header = [name.strip() for name in next(self._rows)]
        except StopIteration:
            raise FileBroken("The file is empty.") from None
        except (csv.Error, EOFError, OSError, zlib.error) as error:
            raise FileBroken(f"The file cannot be read: {error}") from error
        if missing := sorted(set(columns) - set(header)):
            raise ColumnsMissing(
                "\n".join(f"The file has no column {_hint(name, header)}" for name in missing)
            )
        return header

    def records(self) -> Iterator[Record]:
        """Every row after the header; blank lines are passed over. `FileBroken` when it ends early."""
        width = len(self.header)
        while True:
            line = self._rows.line_num + 1
            try:
                fields = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Record(line, [], "unreadable", str(error))
                continue
            except (EOFError, OSError, zlib.error) as error:
                raise FileBroken(f"The file is damaged near line {line}: {error}") from error
            if not fields:
                continue
            if len(fields) == width:
                yield Record(line, fields)
            else:
                yield Record(line, fields, "columns", f"{len(fields)}, not {width}")


def _hint(name: str, header: Sequence[str]) -> str:
    close = nearest(name, header)
    return f'"{name}" (did you mean "{close}"?)' if close else f'"{name}".'

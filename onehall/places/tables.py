"""Columns of numbers and texts, together in one file that every process maps instead of reading. Pure: no ORM."""

import json
import mmap
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, overload, override

import numpy as np
from numpy.typing import NDArray

type Column = NDArray[Any]
type Columns = dict[str, Column]

_MAGIC: Final = b"onehall columns\n"
_STEP: Final = 64


class _Lazy[T](Sequence[T]):
    """Rows that are made when asked for; `_one` makes the one at a position."""

    _one: Callable[[int], T]

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> list[T]: ...
    @override
    def __getitem__(self, number: int | slice) -> T | list[T]:
        if isinstance(number, slice):
            return [self._one(position) for position in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._one(int(number))


class Texts(_Lazy[str]):
    """Many texts in two columns; each is decoded when asked for. A text may hold anything but a line break."""

    def __init__(self, columns: Mapping[str, Column], name: str) -> None:
        self._bytes = columns[f"{name}.bytes"]
        self._ends = columns[f"{name}.ends"]

    @override
    def __len__(self) -> int:
        return len(self._ends)

    @override
    def _one(self, number: int) -> str:
        start = int(self._ends[number - 1]) + 1 if number else 0
        return self._bytes[start : int(self._ends[number])].tobytes().decode()

    def all(self) -> list[str]:
        """All of them at once, much quicker than one by one."""
        return self._bytes.tobytes().decode().split("\n")[:-1]


def text_columns(name: str, texts: Iterable[str]) -> Columns:
    """The two columns that `Texts` reads; a line break becomes a space."""
    parts = [text.replace("\n", " ").encode() + b"\n" for text in texts]
    ends = np.fromiter(accumulate(map(len, parts)), dtype=np.int64, count=len(parts)) - 1
    data = np.frombuffer(b"".join(parts), dtype=np.uint8)
    return {f"{name}.bytes": data, f"{name}.ends": ends}


class Coded(_Lazy[str]):
    """A column of texts that come again and again: each row holds the number of its text."""

    def __init__(self, columns: Mapping[str, Column], name: str) -> None:
        self._codes = columns[f"{name}.codes"]
        self._texts = Texts(columns, f"{name}.texts")

    @override
    def __len__(self) -> int:
        return len(self._codes)

    @override
    def _one(self, number: int) -> str:
        return self._texts[int(self._codes[number])]


def coded_columns(name: str, codes: Column, texts: Iterable[str]) -> Columns:
    """The columns that `Coded` reads."""
    return {f"{name}.codes": codes} | text_columns(f"{name}.texts", texts)


class Rows[T](_Lazy[T]):
    """Rows that are put together from their columns when asked for."""

    def __init__(self, count: int, make: Callable[[int], T]) -> None:
        self._count = count
        self._one = make

    @override
    def __len__(self) -> int:
        return self._count


def ends_of(counts: Iterable[int]) -> NDArray[np.int64]:
    """Where each of several lists laid end to end stops; part n lies between ends n and n + 1."""
    return np.array(list(accumulate(counts, initial=0)), dtype=np.int64)


def put(path: Path, columns: Mapping[str, Column]) -> None:
    """Write columns to a file in one step: whoever opens it sees all of it or nothing. OSError on a full disk."""
    places: dict[str, tuple[str, list[int], int]] = {}
    offset = 0
    for name, column in columns.items():
        places[name] = (column.dtype.str, list(column.shape), offset)
        offset += -(-column.nbytes // _STEP) * _STEP
    head = json.dumps({"size": offset, "columns": places}).encode()
    start = -(-(len(_MAGIC) + 8 + len(head)) // _STEP) * _STEP
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(number, "wb") as file:
            file.write((_MAGIC + len(head).to_bytes(8, "little") + head).ljust(start, b"\0"))
            for column in columns.values():
                file.write(column.tobytes().ljust(-(-column.nbytes // _STEP) * _STEP, b"\0"))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def mapped(path: Path) -> Columns | None:
    """The columns of a file, mapped into memory and read only; None when there is no such file or it is not whole."""
    with suppress(OSError, ValueError, KeyError), path.open("rb") as file:
        held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if held[: len(_MAGIC)] != _MAGIC:
            return None
        at = len(_MAGIC) + 8
        length = int.from_bytes(held[len(_MAGIC) : at], "little")
        head = json.loads(held[at : at + length])
        start = -(-(at + length) // _STEP) * _STEP
        if len(held) != start + head["size"]:
            return None
        return {
            name: np.frombuffer(
                held, dtype=kind, count=int(np.prod(shape, dtype=np.int64)), offset=start + offset
            ).reshape(shape)
            for name, (kind, shape, offset) in head["columns"].items()
        }
    return None

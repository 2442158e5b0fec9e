"""What the readers of GIS files have in common: a layer, its records, and why one can not be used."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry


class Refused(ValueError):
    """The file or the layer can not be used; `advice` says what to do. `record` counts from 1; 0 for the whole."""

    def __init__(self, message: str, advice: str, *, record: int = 0) -> None:
        super().__init__(message)
        self.advice = advice
        self.record = record


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a layer: its number from 1, the columns that were asked for, and its shape, if it has one.

    `fault` says why the shape can not be used; a `deleted` record has nothing else.
    """

    number: int
    values: Mapping[str, Any]
    shape: BaseGeometry | None = None
    fault: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """An open layer. `crs` is what the file says of its coordinates, "" for nothing; `records` reads them one by one.

    `records` takes the columns that are wanted, as they are asked for, with their names in the file.
    """

    name: str
    columns: tuple[str, ...]
    crs: str
    records: Callable[[Mapping[str, str]], Iterator[Record]]


def chosen(names: list[str], asked: str, what: str) -> str:
    """The layer that is asked for, or the only one; `what` is how layers are called in this kind of file."""
    listed = ", ".join(f'"{name}"' for name in sorted(names)[:12])
    if not names:
        raise Refused(f"There is no {what} in it.", "Export the layer again.")
    if asked and asked not in names:
        raise Refused(
            f'There is no {what} "{asked}" in it.', f'Write "layer:" as one of: {listed}.'
        )
    if not asked and len(names) > 1:
        raise Refused(f"It has {len(names)} layers.", f'Name one under "layer:": {listed}.')
    return asked or names[0]

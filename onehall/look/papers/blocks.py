"""The parts that a sheet of paper is made of. A page to print and a PDF are both drawn from these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Title:
    """The number, what it is, and the address that the square leads to."""

    kind: ClassVar[str] = "title"
    number: str
    text: str
    note: str
    url: str
    square: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The name of what follows."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words; `quoted` are somebody's own."""

    kind: ClassVar[str] = "text"
    text: str
    note: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values."""

    kind: ClassVar[str] = "facts"
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Checks:
    """Boxes to tick; done ones are ticked already."""

    kind: ClassVar[str] = "checks"
    items: Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo: its stored file, its address and what it shows."""

    name: str
    url: str
    words: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """Photos side by side."""

    kind: ClassVar[str] = "pictures"
    shots: Sequence[Shot]


@dataclass(frozen=True, slots=True)
class Map:
    """Where it is."""

    kind: ClassVar[str] = "map"
    number: str
    lon: float
    lat: float
    words: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; `blank` more rows to write in by hand.

    `shares` are the widths of the columns, which sum to 1; without them all are alike. Columns in `ends` are amounts.
    """

    kind: ClassVar[str] = "table"
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    blank: int = 0
    shares: Sequence[float] = ()
    ends: frozenset[int] = frozenset()

    @property
    def empty(self) -> range:
        """One for each blank row."""
        return range(self.blank)


@dataclass(frozen=True, slots=True)
class Sign:
    """Lines to write on: name, day, signature."""

    kind: ClassVar[str] = "sign"
    labels: Sequence[str]


type Block = Title | Heading | Text | Facts | Checks | Pictures | Map | Table | Sign
type Sheet = Sequence[Block]
"""What begins on a new page."""

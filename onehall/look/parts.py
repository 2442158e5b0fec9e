"""What the larger parts are made of: plain values that a page hands to a tag."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A stop on the progress line. `at` is when it was reached, if it was."""

    label: str
    at: datetime | date | None = None
    status: Literal["past", "now", "next"] = "next"
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A photo with its words. `width` and `height` are in pixels and keep the page from jumping."""

    src: str
    alt: str
    title: str = ""
    at: datetime | None = None
    width: int = 400
    height: int = 300
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language that the page can be read in, named in itself."""

    code: str
    name: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A large figure that leads to what it counts. `note` compares it; `tone` colours it beside its words."""

    value: int
    words: str
    href: str = ""
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a plot. `stroke` tells it from others without colour; each has marks of its own."""

    name: str
    values: Sequence[int]
    stroke: Literal["solid", "dashed"] = "solid"

"""What the demo tells its visitor, kept beside its data so that a restart can tell it again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "demo.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """One person of the made-up city."""

    name: str
    role: str
    email: str
    password: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page worth opening; `path` starts with a slash."""

    name: str
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoFacts:
    """The city's name, the people who can sign in, pages to start with, and bills that can be found."""

    city: str = ""
    sign_ins: list[SignIn] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    look_ups: list[str] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Writes the facts; only the owner may read them."""
        path = folder / FILE
        path.touch(0o600)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", "utf-8")


def load(folder: Path) -> DemoFacts | None:
    """The facts of an earlier start; None when the city was never prepared."""
    try:
        raw = json.loads((folder / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return DemoFacts(
        city=raw["city"],
        sign_ins=[SignIn(**row) for row in raw["sign_ins"]],
        pages=[Page(**row) for row in raw["pages"]],
        look_ups=raw.get("look_ups", []),
    )

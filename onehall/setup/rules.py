"""Which files of a pack are changed in the console, and how two texts differ. Plain values only."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

MAX_TEXT: Final = 1_000_000
MAX_AREA_TEXT: Final = 8_000_000
MAX_FILES: Final = 500
"""Files that one draft changes at most."""
MAX_DIFFERENCE: Final = 2_000
"""Lines of a difference that are shown at most."""

_NAME: Final = r"[a-z0-9][a-z0-9_-]{0,79}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of editable file. Those with `needed` are always there."""

    key: str
    pattern: re.Pattern[str]
    needed: bool = False
    most: int = MAX_TEXT


KINDS: Final = (
    Kind("city", re.compile(r"city\.yaml"), needed=True),
    Kind("calendar", re.compile(r"calendar\.yaml")),
    Kind("departments", re.compile(r"departments\.yaml"), needed=True),
    Kind("bodies", re.compile(r"bodies\.yaml")),
    Kind("groups", re.compile(r"services/_groups\.yaml"), needed=True),
    Kind("service", re.compile(rf"services/{_NAME}\.yaml")),
    Kind("flow", re.compile(rf"flows/{_NAME}\.yaml")),
    Kind("reply", re.compile(rf"templates/{_NAME}\.yaml")),
    Kind("billing", re.compile(r"billing\.yaml")),
    Kind("fees", re.compile(rf"fees/{_NAME}\.yaml")),
    Kind("area", re.compile(rf"areas/{_NAME}\.geojson"), most=MAX_AREA_TEXT),
)
"""Every kind of file that the console changes, in the order they are listed."""


def kind_of(path: str) -> Kind | None:
    """The kind of a file by its path in the pack; None for what the console does not change."""
    return next((kind for kind in KINDS if kind.pattern.fullmatch(path)), None)


def in_order(paths: Iterator[str] | Sequence[str]) -> list[str]:
    """Paths by kind, then by name."""
    rank = {kind.key: number for number, kind in enumerate(KINDS)}

    def place(path: str) -> tuple[int, str]:
        kind = kind_of(path)
        return (rank[kind.key] if kind else len(rank), path)

    return sorted(paths, key=place)


def clean(text: str) -> str:
    """A text as files have it: line feeds only, and one at the end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return text if text.endswith("\n") or not text else text + "\n"


type Mark = Literal["same", "gone", "new", "skip"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference, with its number before and after; "skip" stands for lines left out."""

    mark: Mark
    text: str
    before: int | None = None
    after: int | None = None


def difference(before: str, after: str, *, around: int = 3) -> list[Line]:
    """The lines that differ with a few around them; a very long difference is cut."""
    old, new = before.splitlines(), after.splitlines()
    found: list[Line] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) > 5_000)
    for number, group in enumerate(matcher.get_grouped_opcodes(around)):
        if number or group[0][1]:
            found.append(Line("skip", ""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [Line("same", old[i], i + 1, j1 + i - i1 + 1) for i in range(i1, i2)]
                continue
            found += [Line("gone", old[i], i + 1) for i in range(i1, i2)]
            found += [Line("new", new[j], None, j + 1) for j in range(j1, j2)]
        if len(found) > MAX_DIFFERENCE:
            return [*found[:MAX_DIFFERENCE], Line("skip", "")]
    return found


def counted(before: str, after: str) -> tuple[int, int]:
    """How many lines came and how many went."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return sum(c[4] - c[3] for c in changed), sum(c[2] - c[1] for c in changed)


def laid_over(city: Mapping[str, str], draft: Mapping[str, str | None]) -> dict[str, str]:
    """The files of a city with those of a draft put over them; None takes one away."""
    found = {**city, **{path: text for path, text in draft.items() if text is not None}}
    return {p: text for p, text in found.items() if not (p in draft and draft[p] is None)}

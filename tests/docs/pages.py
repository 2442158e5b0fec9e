"""The documents of the repository as text: pages, links, code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conftest import ROOT

DOCS: Final = ROOT / "docs"
_FENCE: Final = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"`([^`\n]+)`")
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the words after it, its text."""

    language: str
    title: str
    text: str


def pages() -> list[Path]:
    """README.md and every page below docs/."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def name_of(page: Path) -> str:
    """A page as tests name it."""
    return page.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    """The text of a page, by its path in the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page."""
    found = []
    for indent, info, body in _FENCE.findall(text):
        language, _, title = info.strip().partition(" ")
        lines = [line.removeprefix(indent) for line in body.splitlines()]
        found.append(Block(language, title, "\n".join(lines) + "\n"))
    return found


def without_blocks(text: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", text)


def code_words(text: str) -> set[str]:
    """Everything in single backticks."""
    return set(_CODE.findall(without_blocks(text)))


def links(text: str) -> list[str]:
    """The targets of links and pictures."""
    return _LINK.findall(without_blocks(text))


def anchors(text: str) -> set[str]:
    """The anchors that headings make."""
    plain = (heading.replace("`", "").lower() for heading in _HEADING.findall(without_blocks(text)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def rows(text: str) -> Iterator[list[str]]:
    """The cells of table rows, without the lines under headings."""
    for line in text.splitlines():
        if line.startswith("|") and not set(line) <= set("|-: "):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def first_cells(text: str) -> set[str]:
    """What stands in backticks in the first column of tables."""
    return {word for cells in rows(text) for word in _CODE.findall(cells[0])}

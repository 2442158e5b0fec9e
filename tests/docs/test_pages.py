"""Pages hang together: links lead somewhere, decisions have their parts, nothing points outside."""

import re
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from tests.conftest import ROOT
from tests.docs.pages import (
    DOCS,
    anchors,
    blocks,
    code_words,
    links,
    name_of,
    pages,
    text_of,
)

PARTS = ["Context", "Options", "Choice", "Consequences"]
PICTURE = re.compile(r"docs/screenshots/[a-z]+-(phone|desk)-(light|dark)\.png")
# Where files lie on a server that follows the install guide.
SERVER_PATHS = ("/etc/", "/opt/", "/srv/", "/var/", "/usr/", "/dev/")
STANDING_FOR = {
    "<token>": "4mZ0VdVtqMB1yR0h3bZ5xw",
    "<number>": "2026-04817",
    "<key>": "pothole",
}
ADDRESS = re.compile(r"/[a-z][^\s]*")
OUTSIDE = re.compile(r"(?<![\w.:/<`$])/(?!/)[a-z]+/[\w./-]*")


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page.read_text(encoding="utf-8")):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        if target.parent == DOCS / "screenshots":
            assert PICTURE.fullmatch(name_of(target)), link
            continue
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_every_page_can_be_reached() -> None:
    reached: set[Path] = set()
    todo = [ROOT / "README.md", DOCS / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        found = (link.partition("#")[0] for link in links(page.read_text(encoding="utf-8")))
        todo += [(page.parent / name).resolve() for name in found if name and ":" not in name]
    lost = {name_of(page) for page in pages()} - {name_of(page) for page in reached}
    # Measurements and reports of a release stand for themselves.
    assert not {name for name in lost if not name.startswith("docs/benchmarks")}


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_addresses_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for word in code_words(text):
        if not ADDRESS.fullmatch(word) or word.startswith(SERVER_PATHS):
            continue
        path = word.partition("?")[0]
        for sign, value in STANDING_FOR.items():
            path = path.replace(sign, value)
        try:
            resolve(f"{path}x" if path.endswith("/") else path)
        except Resolver404:
            pytest.fail(f"{word} is no address of the pages")


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_no_paths_of_one_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "\n".join([*(block.text for block in blocks(text)), *code_words(text)])
    found = {path for path in OUTSIDE.findall(code) if not path.startswith(SERVER_PATHS)}
    ours = {"/r/", "/api/", "/live/", "/demo/", "/desk/", "/city/", "/tiles/", "/map/"}
    assert not {path for path in found if not path.startswith(tuple(ours))}


def decisions() -> list[Path]:
    return sorted((DOCS / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("page", decisions(), ids=name_of)
def test_a_decision_has_its_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    title = text.splitlines()[0]
    assert title.startswith(f"# {page.name[:4]} ")
    assert f"| [{page.name[:4]}]({page.name}) | {title[7:]} |" in text_of(
        "docs/decisions/README.md"
    )


def test_decisions_are_numbered_without_gaps() -> None:
    assert [page.name[:4] for page in decisions()] == [
        f"{number:04d}" for number in range(1, len(decisions()) + 1)
    ]

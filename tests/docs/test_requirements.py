"""The page of requirements: every line is answered, and every answer names a test that is there."""

import re

import pytest

from tests.conftest import ROOT
from tests.docs.pages import text_of
from tests.shared_data import folder

PAGE = "docs/requirements.md"
PARTS = ("Report", "Handle", "Manage")


def rows() -> list[list[str]]:
    """The cells of every answer."""
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text_of(PAGE).splitlines()
        if line.startswith("|") and not line.startswith(("| Asked", "|---"))
    ]


def test_it_has_the_three_parts() -> None:
    assert tuple(re.findall(r"^## (.+)$", text_of(PAGE), re.MULTILINE)) == PARTS


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_line_says_yes_or_no_where_or_why_and_by_which_test(row: list[str]) -> None:
    _asked, answer, words, shown = row
    assert answer in ("yes", "no")
    assert len(words) > (60 if answer == "no" else 20)
    # An answer is about what is there, never about what may come.
    assert not re.search(
        r"\b(will|planned|soon|later version|roadmap|todo)\b", words, re.IGNORECASE
    )
    path, _mark, name = shown.strip("`").partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^\s*(?:def|class|async def) {re.escape(name)}\b", text, re.MULTILINE), shown


def test_no_line_of_the_list_is_left_out() -> None:
    """The list as the design notes have it, where they lie beside the checkout."""
    notes = folder().parent / "design" / "peers.md"
    if not notes.exists():
        pytest.skip("the notes are not here")
    part = notes.read_text(encoding="utf-8").partition("## 5. ")[2].partition("\n## ")[0]
    asked = {
        name: re.split(r";\s", re.search(rf"\*\*{name}\*\*: (.+)", part)[1])  # type: ignore[index]
        for name in PARTS
    }
    answered = {
        name: sum(
            line.startswith("|") and not line.startswith(("| Asked", "|---"))
            for line in body.splitlines()
        )
        for name, body in zip(
            PARTS, re.split(r"^## .+$", text_of(PAGE), flags=re.MULTILINE)[1:], strict=True
        )
    }
    assert {n: len(a) for n, a in asked.items()} == answered

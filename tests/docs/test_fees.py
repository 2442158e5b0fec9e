"""The page on fees names every field and choice that the readers know, and its example is sound."""

import re
from pathlib import Path

import pytest

from onehall.billing import pack
from onehall.billing.fees import documents, read_fees
from onehall.kernel.money import Mode
from tests.conftest import ROOT
from tests.docs.pages import blocks, code_words, text_of
from tests.docs.test_packs import fields_of

PAGE = "docs/packs/fees.md"
FEES = ROOT / "onehall" / "billing" / "fees"
NUMBERS = re.compile(r'\b(?:decimal|units|_amount)\(\s*\w+, "(\w+)"')


def documented() -> set[str]:
    found: set[str] = set()
    for word in code_words(text_of(PAGE)):
        found |= {word, *re.sub("[{}:]", " ", word).split()}
    return found


def known_to(reader: str) -> set[str]:
    source = (FEES / reader).read_text(encoding="utf-8")
    return {*fields_of(source), *NUMBERS.findall(source)}


@pytest.mark.parametrize(
    ("reader", "some"),
    [
        ("reading.py", "versions"), ("read_fees.py", "increment"), ("read_tables.py", "multiplier"),
        ("read_examples.py", "refused"), ("around.py", "parts"),
    ],
)  # fmt: skip
def test_every_field_is_on_the_page(reader: str, some: str) -> None:
    known = known_to(reader)
    assert some in known
    assert known <= documented()


@pytest.mark.parametrize(
    "known",
    [
        documents.BASES, documents.INPUT_KINDS, documents.METHODS, documents.EDGES, documents.PARTS,
        tuple(mode.value for mode in Mode), tuple(read_fees.KINDS),
    ],
    ids=lambda group: " ".join(group),
)  # fmt: skip
def test_every_choice_is_on_the_page(known: tuple[str, ...]) -> None:
    assert set(known) <= documented()


def test_the_example_is_sound(tmp_path: Path) -> None:
    (example,) = (block for block in blocks(text_of(PAGE)) if block.title)
    path = tmp_path / example.title
    path.parent.mkdir()
    path.write_text(example.text, encoding="utf-8")
    schedules, problems = pack.read_alone(tmp_path)
    assert problems == []
    assert list(schedules) == ["sign"]

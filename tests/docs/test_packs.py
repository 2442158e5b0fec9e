"""The pack reference names every field that the readers know, and its examples are a correct pack."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from onehall.catalog import registry
from onehall.catalog.facts import CASE_FIELDS
from onehall.catalog.flowparts import JOIN_RULES, RERUNS
from onehall.catalog.flows import GROUPS
from onehall.catalog.lint import SPECIAL_TARGETS
from onehall.catalog.pack import documents
from onehall.catalog.pack.read_flow_parts import UNITS
from onehall.catalog.pack.read_scenarios import ACTS
from onehall.catalog.replies import VARIABLES, WHERE
from onehall.cli import city as city_cli
from onehall.kernel.expressions import OPERATORS
from onehall.kernel.work_calendar import WEEKDAYS
from onehall.people.actor import ROLES
from onehall.places.brand import NAMES as BRAND
from onehall.places.pack.gis.mapping import ENDINGS, GIVES
from onehall.places.rows import DRAWN_KINDS, NUMBER_FIELDS, STREET_KINDS
from tests.conftest import ROOT
from tests.docs.pages import Block, blocks, code_words, text_of

REFERENCE: Final = "docs/packs/reference.md"
FEES: Final = "docs/packs/fees.md"
READERS: Final = (
    "onehall/places/pack/documents.py",
    "onehall/places/pack/read.py",
    "onehall/places/pack/gis/mapping.py",
    "onehall/people/pack.py",
    "onehall/catalog/pack/read_services.py",
    "onehall/catalog/pack/read_questions.py",
    "onehall/catalog/pack/read_flows.py",
    "onehall/catalog/pack/read_replies.py",
    "onehall/catalog/pack/read_sheets.py",
    "onehall/catalog/pack/read_flow_parts.py",
    "onehall/catalog/pack/read_scenarios.py",
)
ASKS: Final = frozenset(
    {
        "child", "choice", "flag", "has", "key", "listing", "localized", "mapping", "number", "text",
        "texts", "whole", "words", "_texts", "_words",
    }
)  # fmt: skip
"""Methods of a node or a feature, and helpers, that ask for fields by name."""


def fields_of(source: str) -> Iterator[str]:
    """The names of fields that a reader asks for."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if name in ASKS:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
                elif isinstance(argument, ast.Constant):
                    break


def calendar_fields() -> Iterator[str]:
    """The names in the sets of known fields of the calendar."""
    text = (ROOT / "onehall/kernel/work_calendar.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_known", "_items"}:
            for argument in node.args:
                if isinstance(argument, ast.Set):
                    yield from (e.value for e in argument.elts if isinstance(e, ast.Constant))  # type: ignore[misc]


def documented() -> set[str]:
    """Every name that the reference shows in code."""
    found: set[str] = set()
    for word in code_words(text_of(REFERENCE)):
        found |= {word, *re.sub("[{}:]", " ", word).split()}
    return found


@pytest.mark.parametrize("reader", READERS)
def test_every_field_is_in_the_reference(reader: str) -> None:
    known = set(fields_of((ROOT / reader).read_text(encoding="utf-8")))
    assert len(known) > 3
    assert known <= documented()


def test_every_field_of_the_calendar_is_in_the_reference() -> None:
    known = set(calendar_fields())
    assert {"hours", "country", "date"} <= known <= documented()


@pytest.mark.parametrize(
    "known",
    [
        documents.QUESTION_TYPES, documents.PLACES, documents.PHOTOS, documents.PRECISION,
        documents.PRIORITIES, documents.CLOSING_NEEDS, STREET_KINDS, DRAWN_KINDS, NUMBER_FIELDS, GIVES, ENDINGS,
        BRAND, VARIABLES, WHERE, ROLES, OPERATORS, WEEKDAYS, SPECIAL_TARGETS, tuple(registry.EFFECTS),
        tuple(registry.PREDICATES), registry.TEMPLATES, registry.AUDIENCES, registry.WHO,
        registry.PHOTOS, registry.PRIORITY_KEYS, JOIN_RULES, RERUNS, UNITS, ACTS,
        tuple(f"@{group}" for group in GROUPS), tuple(CASE_FIELDS),
    ],
    ids=lambda group: " ".join(sorted(group)),
)  # fmt: skip
def test_every_choice_is_in_the_reference(known: tuple[str, ...]) -> None:
    assert set(known) <= documented()


def test_every_parameter_of_the_registry_is_in_the_reference() -> None:
    kinds = [*registry.EFFECTS.values(), *registry.PREDICATES.values()]
    assert {p.name for kind in kinds for p in kind.params} <= documented()


def examples() -> list[Block]:
    return [block for block in blocks(text_of(REFERENCE)) if block.title]


def test_the_examples_are_a_correct_pack(tmp_path: Path) -> None:
    for block in examples():
        path = tmp_path / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    assert [str(problem) for problem in city_cli.check(tmp_path)] == []


def test_every_file_of_the_demo_city_has_an_example() -> None:
    titles = [b.title for page in (REFERENCE, FEES) for b in blocks(text_of(page)) if b.title]
    shown = {Path(title).parent / Path(title).suffix for title in titles}
    pack = ROOT / "cities" / "port-alder"
    files = (path.relative_to(pack) for path in pack.rglob("*") if path.is_file())
    assert {path.parent / path.suffix for path in files if path.suffix != ".md"} <= shown

"""`onehall fees` from the outside, and fees as a part of a city folder."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from onehall.cli.main import main
from onehall.kernel import yamlfile
from onehall.setup import packs
from tests.conftest import ROOT
from tests.packs import TESTFORD

PORT_ALDER = ROOT / "cities" / "port-alder"
BUILDING = "fees/building.yaml"


@pytest.fixture
def alder(tmp_path: Path) -> Path:
    """The demo city's fees with its languages, to be spoiled."""
    for name in ("city.yaml", BUILDING):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PORT_ALDER / name, tmp_path / name)
    return tmp_path


def quote(folder: Path, *given: str) -> tuple[int, str]:
    answer = CliRunner().invoke(main, ["fees", "quote", str(folder), *given])
    return answer.exit_code, answer.output


def test_a_quote_names_each_line_and_the_total(alder: Path) -> None:
    code, said = quote(
        alder,
        "building",
        "--on",
        "2026-11-27",
        "--set",
        "valuation=250000.00",
        "--set",
        "area=1800",
    )
    assert code == 0, said
    assert said.splitlines() == [
        "Building permit, version of 2026-07-01",
        "$2,095.75  Permit (permit) [101-3221]: $1,135.75 for the first $100,000.00, then 150 × $6.40",
        "$1,362.24  Plan review (plan-review) [101-3222]: 65% of $2,095.75 (Permit); rounded to $1,362.24",
        "  $110.50  Stormwater (stormwater) [640-3440]: the first 500 sq ft free, then 1,300 × $0.085",
        "  $138.31  State building surcharge (state) [801-2290]: 4% of $2,095.75 + $1,362.24 (Permit + Plan review), handed on to Building Codes Agency; rounded to $138.31",
        "$3,706.80  Total",
    ]  # fmt: skip


def test_the_day_decides(alder: Path) -> None:
    assert (
        "version of 2025-01-01"
        in quote(alder, "building", "--on", "2026-06-30", "--set", "valuation=2000")[1]
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["bilding", "--on", "2026-11-27"], "Did you mean 'building'?"),
        (["building", "--on", "tomorrow"], "not a day like"),
        (["building", "--on", "2026-11-27", "--set", "valuation"], "is not input=value"),
        (["building", "--on", "2026-11-27", "--set", "area=1", "--set", "area=2"], "set twice"),
        (["building", "--on", "2024-01-01", "--set", "valuation=1"], "no version in force on 2024-01-01"),
        (["building", "--on", "2026-11-27"], "needs “Value of the work” (valuation)"),
    ],
)  # fmt: skip
def test_a_quote_is_refused_in_words(alder: Path, given: list[str], words: str) -> None:
    code, said = quote(alder, *given)
    assert code == 1
    assert words in said


def test_check_names_file_and_line(alder: Path) -> None:
    path = alder / BUILDING
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('permit: "162.00"', 'permit: "162.01"'), encoding="utf-8")
    answer = CliRunner().invoke(main, ["fees", "check", str(alder)])
    assert answer.exit_code == 1
    assert f'{path}:95: error: "permit" comes to 162.00, not 162.01.' in answer.output
    assert "1 mistake." in answer.output


def test_check_counts_what_is_sound(alder: Path) -> None:
    answer = CliRunner().invoke(main, ["fees", "check", str(alder)])
    assert "1 schedule, 2 versions; every example comes out." in answer.output


def test_a_folder_without_fees_is_said_to_have_none(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["fees", "check", str(tmp_path)])
    assert answer.exit_code == 1
    assert "no fee schedules" in answer.output


def test_the_file_is_called_by_its_key(alder: Path) -> None:
    (alder / BUILDING).rename(alder / "fees" / "other.yaml")
    answer = CliRunner().invoke(main, ["fees", "check", str(alder)])
    assert 'other.yaml:2: error: The key "building" is not the name of the file.' in answer.output


def test_checking_a_city_checks_its_fees(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    shutil.copytree(TESTFORD, folder)
    assert packs.check(folder) == []
    languages = yamlfile.load(folder / "city.yaml", folder).texts("languages")
    words = "{" + ", ".join(f"{code}: Copies" for code in languages) + "}"
    path = folder / "fees" / "copies.yaml"
    path.parent.mkdir()
    text = f"""key: copies
name: {words}
currency: USD
basis: current
rounding: {{mode: half_up}}
inputs:
  pages: {{kind: count, name: {words}}}
versions:
  - from: 2026-01-01
    fees:
      - {{code: copies, name: {words}, type: per_count, items: [{{of: pages, amount: "0.15"}}]}}
    examples:
      - {{given: {{pages: 10}}, total: "1.50"}}
"""
    path.write_text(text, encoding="utf-8")
    pack, problems = packs.read(folder)
    assert problems == []
    assert list(pack.billing.fees) == ["copies"]
    assert pack.billing.texts == {"fees/copies.yaml": text}
    assert pack != packs.read(TESTFORD)[0]
    path.write_text(text.replace('"1.50"', '"1.05"'), encoding="utf-8")
    assert [str(p) for p in packs.check(folder)] == [
        "fees/copies.yaml:13: The total comes to 1.50, not 1.05. copies: 10 × $0.15 (Copies)"
    ]

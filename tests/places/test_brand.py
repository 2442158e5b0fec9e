"""A city's colours are accepted only when everyone can read them; the check says where, what and how much."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from onehall.cli import city
from onehall.places import brand
from tests.packs import WrongPack

CITY = "city.yaml"


def refused(folder: Path, colours: str) -> tuple[WrongPack, list[str]]:
    pack = WrongPack(folder).replace(CITY, "brand: {}\n", f"brand:\n{colours}")
    return pack, [str(problem) for problem in pack.problems()]


def test_the_own_colours_of_the_house_pass() -> None:
    assert brand.check(brand.DEFAULTS) == []
    assert brand.check({}) == []


def test_the_check_names_file_line_pair_ratio_and_need(tmp_path: Path) -> None:
    pack, found = refused(tmp_path, '  light:\n    brand-strong: "#07404f"\n    brand: "#ffcc00"\n')
    line = pack.line(CITY, "#ffcc00")
    assert (
        f"city.yaml:{line}: In the light scheme, brand (#ffcc00) on paper (#ffffff) has a contrast"
        " of 1.51 to 1, needs 4.5 to 1. Choose a darker brand."
    ) in found
    assert all(words.startswith(f"city.yaml:{line}: ") for words in found)
    assert any("brand-ink (#ffffff) on brand (#ffcc00)" in words for words in found)


def test_both_schemes_are_looked_at(tmp_path: Path) -> None:
    pack, found = refused(tmp_path, '  dark: {brand: "#123456"}\n')
    assert found[0].startswith(f"city.yaml:{pack.line(CITY, '#123456')}: In the dark scheme")
    assert "Choose a lighter brand." in found[0]


@pytest.mark.parametrize(
    ("colours", "blamed", "advice"),
    [
        ({"brand-tint": "#555555"}, "brand-tint", "Choose a lighter brand-tint."),
        ({"brand-deep": "#dddddd"}, "brand-deep", "Choose a darker brand-deep."),
        ({"brand-deep-ink": "#333333"}, "brand-deep-ink", "Choose a darker brand-deep-ink."),
    ],
)
def test_the_colour_that_the_city_chose_is_to_blame(
    colours: dict[str, str], blamed: str, advice: str
) -> None:
    problems = brand.check({"light": colours})
    assert {p.name for p in problems} == {blamed}
    assert advice in {p.advice for p in problems}


def test_a_ratio_that_just_misses_is_not_rounded_up(tmp_path: Path) -> None:
    (first, *_others) = brand.check({"light": {"brand": "#777777", "brand-ink": "#ffffff"}})
    assert "4.47 to 1, needs 4.5 to 1" in first.what


def test_a_color_that_is_none_is_said_once_and_not_measured(tmp_path: Path) -> None:
    _pack, found = refused(tmp_path, '  light: {brand: "blue"}\n')
    assert len(found) == 1
    assert 'Write a color like "#0b5a70".' in found[0]


def test_a_readable_set_passes(tmp_path: Path) -> None:
    colours = '  light: {brand: "#1b5e20", brand-strong: "#0f3d13", brand-tint: "#e3f1e4", brand-deep: "#12381a"}\n'
    assert refused(tmp_path, colours)[1] == []


def test_the_command_fails_and_says_why(tmp_path: Path) -> None:
    pack, _found = refused(tmp_path, '  light: {brand: "#ffcc00"}\n')
    answer = CliRunner().invoke(city.command, ["check", str(pack.folder)])
    assert answer.exit_code != 0
    assert "brand (#ffcc00) on paper (#ffffff)" in " ".join(answer.output.split())

"""How typed places are compared and taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.places import rules
from onehall.places.names import Names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mill Lane", "mill ln"),
        ("Saint John's Avenue", "St. Johns Ave"),
        ("North Main Street", "N Main St."),
        ("Calle José Martí", "calle jose marti"),
        ("Avenida de la Luna", "Av Luna"),
        ("Fourth Street", "4TH ST"),
        ("Ocean Park Boulevard", "ocean park blvd"),
    ],
)
def test_two_spellings_of_a_street_are_one(one: str, other: str) -> None:
    assert rules.street_norm(one) == rules.street_norm(other)


@pytest.mark.parametrize(
    ("text", "number", "street", "unit"),
    [
        ("14 mill ln", "14", "mill ln", ""),
        ("14 Mill Lane Apt 3", "14", "mill lane", "3"),
        ("#3 14 Mill Lane", "14", "mill lane", "3"),
        ("14 Mill Lane #3, Millbrook, CA 90401", "14", "mill lane", "3"),
        ("Calle Luna 14", "14", "calle luna", ""),
        ("91-33 97 STREET", "91-33", "97 street", ""),
        ("14b Mill Ln", "14b", "mill ln", ""),
        ("100 block of Main", "100", "main", ""),
        ("1 SEA COLONY DR (1-43 SEA COLONY DR)", "1", "sea colony dr", ""),
        ("201 OCEAN AVE (BLDG 1)", "201", "ocean ave", "1"),
        ("4th st", "", "", ""),
        ("14Mill Lane", "14", "mill lane", ""),
        ("22½ Mill Lane", "22 1/2", "mill lane", ""),
        ("1309-1/2 Mill Lane", "1309-1/2", "mill lane", ""),
        ("4 bis rue Basse", "4bis", "rue basse", ""),
        ("266 - 270 Mill Lane", "266-270", "mill lane", ""),
        ("Pier 3 The Quay", "pier3", "the quay", ""),
    ],
)
def test_an_address_is_taken_apart(text: str, number: str, street: str, unit: str) -> None:
    typed = rules.take_apart(text, city_names=("Millbrook",))
    assert (typed.number, typed.street, typed.unit) == (number, street, unit)


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("14", [14]),
        ("12-16", [1216, 12, 14, 16]),
        ("1 - 3", [13, 1, 3]),
        ("91-33", [9133]),
        ("22 1/2", [22]),
        ("22-1/2", [22]),
        ("605½", [605]),
        ("100-900", [100900]),
        ("Pier 3", [0]),
    ],
)
def test_a_written_number_stands_for_one_or_several(written: str, numbers: list[int]) -> None:
    assert [house.number for house in rules.houses(written)] == numbers


@pytest.mark.parametrize(
    ("norm", "mended"),
    [
        ("polk streat", "polk st"),
        ("polk treet", "polk st"),
        ("market avenoe", "market ave"),
        ("ocean boulevrad", "ocean blvd"),
        ("polk st", "polk st"),
        ("mill brook", "mill brook"),
    ],
)
def test_slips_in_common_words_are_put_right(norm: str, mended: str) -> None:
    assert rules.mended(norm) == mended


@pytest.mark.parametrize(
    "text",
    [
        "4th and Main", "4th & Main", "4th/Main", "4th at Main", "4th @ main", "4th y Main",
        "corner of 4th and Main", "esquina de 4th con Main", "Intersection of 4th & Main",
    ],
)  # fmt: skip
def test_two_crossing_streets_are_taken_apart(text: str) -> None:
    assert rules.take_apart(text).corner == ("4th", "main")


@given(st.text(max_size=300))
def test_any_text_can_be_taken_apart(text: str) -> None:
    typed = rules.take_apart(text, city_names=("Millbrook",))
    assert typed.text == " ".join(typed.text.split())
    rules.house(text)


@given(st.text(max_size=60))
def test_a_normalized_name_stays_as_it_is(name: str) -> None:
    norm = rules.street_norm(name)
    assert rules.plain(norm) == norm.strip()
    assert norm == "" or rules.core(norm)


def test_names_that_differ_in_a_figure_are_not_taken_for_each_other() -> None:
    names = Names.of([("14th Street", 1), ("4th Street", 2), ("24th Street", 3)])
    assert names.match("4th street")[0] == (2, 100.0)
    assert [owner for owner, score in names.match("4th street") if score > 60] == [2]
    assert names.match("4 st")[0] == (2, 100.0)
    assert names.match("4")[0][0] == 2


@given(st.text(max_size=80))
def test_any_text_can_be_matched(text: str) -> None:
    found = Names.of([("Mill Lane", 1), ("Cooper Green", 2)]).match(text)
    assert all(0 < score <= 100 for _, score in found)

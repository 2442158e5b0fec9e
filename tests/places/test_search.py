"""From typed text to places, and from a point to words."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onehall.kernel import geo
from onehall.places import pack, queries
from onehall.places.models import City
from onehall.places.queries import find_place, reverse
from tests.places.conftest import LAT, LON, STEP


def best(city: City, text: str, language: str = "en") -> tuple[str, str]:
    """Words and kind of the first place found."""
    found = find_place(city, text, language=language)
    return (found[0].words, found[0].kind) if found else ("", "")


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("14 mill ln", "14 Mill Lane", "address"),
        ("14 Mill Lane Apt 3", "14 Mill Lane", "address"),
        ("14 mil lane", "14 Mill Lane", "address"),
        ("Mill Lane 14", "14 Mill Lane", "address"),
        ("14 Mill Lane, Millbrook, CA 90401", "14 Mill Lane", "address"),
        ("7 jose marti apt 3", "7 Calle José Martí", "address"),
        ("14b gull st", "14B Gull Street", "address"),
        ("4th and Mill", "Corner of 4th Street and Mill Lane", "corner"),
        ("Mill Ln & 14th", "Corner of Mill Lane and 14th Street", "corner"),
        ("4 / gull", "Corner of 4th Street and Gull Street", "corner"),
        ("corner of 4th / Mill", "Corner of 4th Street and Mill Lane", "corner"),
        ("Mill at 4th", "Corner of 4th Street and Mill Lane", "corner"),
        ("Mill Ln & Fourth", "Corner of 4th Street and Mill Lane", "corner"),
        ("esquina de mill con la cuarta", "Corner of 4th Street and Mill Lane", "corner"),
        ("mill between 4th", "Corner of 4th Street and Mill Lane", "corner"),
        ("mill between 4th and 14th", "On Mill Lane, between 4th Street and 14th Street", "street"),
        ("mill entre 4th y main", "On Mill Lane, between 4th Street and Main Street", "street"),
        ("calle 14", "14th Street", "street"),
        ("calle gull", "Gull Street", "street"),
        ("fuorth street", "4th Street", "street"),
        ("15 Gull Streat", "15 Gull Street", "address"),
        ("14MillLane", "14 Mill Lane", "address"),
        ("cooper green park", "Cooper Green", "landmark"),
        ("parque cooper", "Cooper Green", "landmark"),
        ("mil lan", "Mill Lane", "street"),
        ("Gul", "Gull Street", "street"),
        ("calle martí", "Calle José Martí", "street"),
        ("cooper gren", "Cooper Green", "landmark"),
        ("book house", "Town Library", "landmark"),
        ("light 1042", "Street light SL-1042, Mill Lane", "asset"),
        ("sl 1043", "Street light SL-1043, Mill Lane", "asset"),
        ("40.0, -120.0", "Corner of Main Street and Mill Lane", "point"),
    ],
)
def test_what_a_person_types_is_found(town: City, text: str, words: str, kind: str) -> None:
    found = best(town, text)
    corner = found[0].removeprefix("Corner of ").split(" and ")
    wanted = words.removeprefix("Corner of ").split(" and ")
    assert (sorted(corner), found[1]) == (sorted(wanted), kind)


def test_words_are_in_the_language_asked_for(town: City) -> None:
    assert best(town, "biblioteca", "es") == ("Biblioteca", "landmark")
    assert find_place(town, "14 mill", language="es")[0].district == "Lado este"


def test_a_house_between_two_known_ones_is_placed_between_them(town: City) -> None:
    found = find_place(town, "16 Mill Lane", language="en")[0]
    assert found.words == "About where 16 Mill Lane would be"
    assert not found.exact
    assert geo.distance(found.lon, found.lat, LON + 0.0016, LAT + 0.0001) < 2


def test_a_house_on_a_street_with_number_ranges_is_placed_along_it(town: City) -> None:
    found = find_place(town, "51 Numbers Way", language="en")[0]
    assert found.words == "About where 51 Numbers Way would be"
    assert found.lon == pytest.approx(LON - 0.004 + 0.002 * 50 / 98, abs=1e-6)
    # The line runs east: odd numbers are on its left, in the north, even ones on its right.
    assert geo.distance(found.lon, found.lat, found.lon, LAT - 0.004) == pytest.approx(8, abs=0.1)
    even = find_place(town, "52 Numbers Way", language="en")[0]
    assert found.lat > LAT - 0.004 > even.lat


def test_a_street_is_found_by_what_else_it_is_called(
    town: City, town_folder: Path, now: datetime
) -> None:
    path = town_folder / "streets.geojson"
    text = path.read_text().replace(
        '"Mill Lane", ', '"Mill Lane", "aliases": ["Army Road", "Gull Street"], ', 1
    )
    path.write_text(text)
    found, problems = pack.read(town_folder)
    assert problems == []
    city = pack.apply(found, by="tests", now=now)
    assert best(city, "14 army rd") == ("14 Mill Lane", "address")
    assert best(city, "army road & main")[0] in (
        "Corner of Main Street and Mill Lane",
        "Corner of Mill Lane and Main Street",
    )
    # The street that bears the name now comes first.
    assert best(city, "Gull Street") == ("Gull Street", "street")


def test_a_house_far_from_every_known_one_is_told_as_such(town: City) -> None:
    found = find_place(town, "900 Mill Lane", language="en")[0]
    assert found.words == "900 Mill Lane (the pin is at 40 Mill Lane)"
    assert found.address == "900 Mill Lane"
    assert found.score < 90


def test_a_street_without_numbers_is_told_as_such(town: City) -> None:
    found = find_place(town, "12 14th Street", language="en")[0]
    assert found.words == "12 14th Street (the pin shows the street, not the house)"
    assert found.address == "12 14th Street"


def test_a_pin_may_be_an_address_while_it_is_on_its_street(town: City) -> None:
    found = find_place(town, "12 14th Street", language="en")[0]
    assert queries.may_be(town, found.address, found.lon, found.lat)
    assert queries.may_be(town, found.address, found.lon + 0.0002, found.lat)
    assert not queries.may_be(town, found.address, found.lon + 0.0007, found.lat)
    assert not queries.may_be(town, "12 Nowhere Street", found.lon, found.lat)


@pytest.mark.parametrize("text", ["", " ", "zzqqxx", "&", "####", "0"])
def test_nothing_like_it_finds_nothing(town: City, text: str) -> None:
    assert find_place(town, text, language="en") == []


def test_streets_that_never_meet_are_offered_each(town: City) -> None:
    assert {p.words for p in find_place(town, "Mill Lane and Gull Street", language="en")} == {
        "Mill Lane",
        "Gull Street",
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=220), st.integers(0, 8))
def test_any_text_may_be_typed(town: City, text: str, limit: int) -> None:
    found = find_place(town, text, limit=limit, language="es")
    assert len(found) <= limit
    assert all(0 <= place.score <= 100 and place.words for place in found)


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (LON + 0.0014, LAT + 0.00005, "In front of 14 Mill Lane"),
        (LON + STEP, LAT + 0.00001, "Corner of 4th Street and Mill Lane"),
        (LON - 0.0055, LAT + 0.006, "In Cooper Green"),
        (LON - 0.005, LAT - 0.0062, "Near Town Library"),
        (LON - 0.003, LAT - 0.004, "On Numbers Way"),
        (LON + 0.008, LAT + 0.008, "A point on the map"),
    ],
)
def test_a_point_is_told_in_words(town: City, lon: float, lat: float, words: str) -> None:
    found = reverse(town, lon, lat, "en")
    assert found is not None
    assert found.words == words


def test_a_point_far_outside_has_no_words(town: City) -> None:
    assert reverse(town, LON + 1, LAT, "en") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_any_point_may_be_asked(town: City, lon: float, lat: float, dx: float, dy: float) -> None:
    reverse(town, lon, lat, "en")
    inside = reverse(town, LON + dx, LAT + dy, "es")
    assert inside is not None
    assert inside.words


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (LON + STEP, LAT + 0.00001, "Corner of 4th Street and Mill Lane"),
        (LON + STEP + 0.0008, LAT + 0.0001, "On Mill Lane, near 4th Street"),
        (LON - 0.003, LAT - 0.004, "On Numbers Way"),
        (LON + 0.0008, LAT - 0.001, "Near Main Street"),
        (LON - 0.009, LAT - 0.009, ""),
    ],
)
def test_a_pin_is_named_after_its_street(town: City, lon: float, lat: float, words: str) -> None:
    told = queries.StreetNames(town).words(lon, lat)
    wanted = words.removeprefix("Corner of ").split(" and ")
    assert sorted(told.removeprefix("Corner of ").split(" and ")) == sorted(wanted)


def test_assets_near_a_point_come_nearest_first(town: City) -> None:
    found = queries.assets_near(town, LON + 0.0011, LAT, "street-light", 100)
    assert [asset.code for asset in found] == ["SL-1042", "SL-1043"]
    assert found[0].metres == pytest.approx(8.5, abs=0.5)
    assert queries.assets_near(town, LON + 0.0011, LAT, "bench", 100) == []
    assert [a.code for a in queries.assets_near(town, LON + 0.0011, LAT, "", 20)] == ["SL-1042"]


def test_an_asset_is_found_by_its_painted_number(town: City) -> None:
    found = queries.asset_by_code(town, "street-light", "sl 1042")
    assert found is not None
    assert found.code == "SL-1042"
    assert queries.asset_by_code(town, "street-light", "9") is None


def test_a_new_revision_is_searched_anew(town: City) -> None:
    assert best(town, "Town Library")[1] == "landmark"
    town.revision += 1
    assert best(town, "Town Library")[1] == "landmark"

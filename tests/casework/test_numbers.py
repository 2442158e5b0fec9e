"""Numbers as people see them: of the city's year, as wide as the city says."""

import datetime as dt
from pathlib import Path

import pytest

from onehall.casework.numbers import next_number, reserve_case
from tests.cast import START, Cast, build
from tests.packs import changed

pytestmark = pytest.mark.django_db


def test_a_pack_says_how_wide_numbers_are(tmp_path: Path) -> None:
    cast = build()
    first = cast.report()
    follower = cast.follow(first.case)
    assert (first.number, follower.number) == ("2026-00001", "2026-00002")
    cast.city = changed(tmp_path, "city.yaml", "numbering: {width: 5}", "numbering: {width: 7}")
    wide = cast.report()
    assert (wide.number, cast.follow(wide.case).number) == ("2026-0000003", "2026-0000004")
    first.refresh_from_db()
    assert first.number == "2026-00001"


def test_without_a_word_of_the_pack_there_are_five_digits(tmp_path: Path) -> None:
    city = changed(tmp_path, "city.yaml", "numbering: {width: 5}\n", "")
    assert next_number(city, START) == "2026-00001"


def test_the_year_is_the_citys_own(cast: Cast) -> None:
    """In Los Angeles it is still the old year when London has the new one."""
    new_year = dt.datetime(2027, 1, 1, 3, tzinfo=dt.UTC)
    assert reserve_case(cast.city, new_year)[0] == "2026-00001"
    assert reserve_case(cast.city, new_year + dt.timedelta(hours=9))[0] == "2027-00001"

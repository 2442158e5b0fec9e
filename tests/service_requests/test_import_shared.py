"""Real files of four cities: nothing is lost, and known facts about them come out right."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from onehall.casework.models import Case
from onehall.places.models import Area, City
from onehall.service_requests.importing import loader, profile
from onehall.service_requests.models import ImportRun, ServiceRequest
from tests.service_requests.import_city import build_city
from tests.shared_data import shared

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(now: datetime) -> City:
    """A city without a limit, so that every real place is inside."""
    city = build_city(now)
    Area.objects.filter(city=city).delete()
    return city


def bring_in(city: City, name: str, file: str, folder: Path, now: datetime) -> ImportRun:
    run = loader.import_requests(
        city=city,
        profile=profile.load(name),
        path=shared(f"311/{file}"),
        rejects=folder / "rejects.csv",
        now=now,
    )
    assert run.rows_done == run.imported + run.already + run.rejected
    assert ServiceRequest.objects.filter(city=city, source=profile.load(name).source).count() >= (
        run.imported
    )
    return run


def test_santa_monica(city: City, tmp_path: Path, now: datetime) -> None:
    file = "santa-monica-gorequest-2005-2015.csv.gz"
    run = bring_in(city, "santa-monica-gorequest", file, tmp_path, now)
    assert (run.rows_done, run.imported, run.rejected) == (49_033, 49_033, 0)
    assert run.repairs["place_missing"] == 49_033 - 23_524
    assert run.repairs["department_blank"] == 695 + 221
    assert run.repairs["closed_unknown"] == 2
    assert Case.objects.filter(category="closed", is_open=False).count() == 49_033
    # The dates of the file are the city's own days again.
    case = ServiceRequest.objects.get(source_id="589296").case
    zone = ZoneInfo("America/Los_Angeles")
    assert case.opened_at.astimezone(zone).strftime("%m/%d/%Y %H:%M") == "02/09/2011 08:00"
    assert case.closed_at is not None
    assert case.closed_at.astimezone(zone).strftime("%m/%d/%Y %H:%M") == "02/10/2011 17:00"
    again = bring_in(city, "santa-monica-gorequest", file, tmp_path, now)
    assert (again.imported, again.already) == (0, 49_033)
    assert Case.objects.count() == 49_033


def test_boston(city: City, tmp_path: Path, now: datetime) -> None:
    run = bring_in(city, "boston-311", "boston-311-2011-h2.csv.gz", tmp_path, now)
    assert (run.rows_done, run.imported, run.rejected) == (58_251, 58_251, 0)
    assert run.repairs["place_default"] == 4_775
    assert run.repairs["due_early"] == 3
    assert Case.objects.filter(is_open=True).count() == 3_681
    late = Case.objects.filter(due_at__isnull=False)
    assert not [
        case.number
        for case in late.only("number", "opened_at", "due_at").order_by("id").iterator()
        if case.due_at and case.due_at - case.opened_at > timedelta(days=5 * 366)
    ]
    assert ServiceRequest.objects.filter(channel="phone").count() == 28_136


@pytest.mark.parametrize(
    ("name", "file", "rows", "closed"),
    [
        ("nyc-311", "nyc-311-2014-2019-sample.csv", 1_000, 969),
        ("nyc-311", "nyc-311-2022-05-01-sample.csv", 924, 480),
        ("nyc-311-api", "nyc-311-2024-04-api-sample.csv", 1_000, 293),
        ("la-myla311", "la-myla311-2016-sample.csv", 100, 100),
    ],
)
def test_samples(
    city: City, tmp_path: Path, now: datetime, name: str, file: str, rows: int, closed: int
) -> None:
    run = bring_in(city, name, file, tmp_path, now)
    assert (run.rows_done, run.imported, run.rejected) == (rows, rows, 0)
    assert Case.objects.filter(is_open=False, closed_at__isnull=False).count() == closed


def test_line_breaks_in_a_field_of_the_new_york_api(
    city: City, tmp_path: Path, now: datetime
) -> None:
    bring_in(city, "nyc-311-api", "nyc-311-2024-04-api-sample.csv", tmp_path, now)
    case = ServiceRequest.objects.get(source_id="60879417").case
    assert (case.lon, case.lat) == (-73.7379342313789, 40.67679280229251)
    assert case.opened_at.isoformat() == "2024-04-16T07:03:15+00:00"
    assert case.place_words == "133 AVENUE and 231 STREET, QUEENS"


def test_two_date_formats_in_a_row_of_los_angeles(
    city: City, tmp_path: Path, now: datetime
) -> None:
    bring_in(city, "la-myla311", "la-myla311-2016-sample.csv", tmp_path, now)
    case = ServiceRequest.objects.get(source_id="1-307415761").case
    assert case.opened_at.isoformat() == "2016-09-13T19:00:43+00:00"
    assert case.closed_at is not None
    assert case.closed_at.isoformat() == "2016-09-15T22:19:09+00:00"

"""Testford with its staff and one open case."""

import shutil
from pathlib import Path

import pytest
from django.core.cache import caches

from onehall.casework.models import Case
from onehall.catalog import queries as catalog
from onehall.cli import city as city_cli
from onehall.people import queries as people
from onehall.places import queries as places
from onehall.places.models import City
from onehall.setup import files as setup_files
from tests.console.people import Person, hire, report
from tests.kept_rows import KeptRows
from tests.packs import TESTFORD, testford


@pytest.fixture
def city(db: None, settings: pytest.FixtureRequest, tmp_path: Path) -> City:
    """Testford; nothing of another test is held in memory."""
    settings.ALLOWED_HOSTS = ["*"]  # type: ignore[attr-defined]
    _forget()
    _KEPT.put()
    return City.objects.get(slug="testford")


def _with_two_more() -> None:
    made = testford()
    hire(made, "rick@testford.example", "crew", "clerk")
    hire(made, "stella@testford.example", "supervisor", "clerk")


_KEPT = KeptRows(_with_two_more)


def _forget() -> None:
    catalog.forget()
    people.forget()
    places.forget()
    setup_files.forget()
    caches["local"].clear()


@pytest.fixture
def other_city(city: City, tmp_path: Path) -> City:
    """A second city in the same house, with an agent of its own."""
    folder = tmp_path / "pack"
    shutil.copytree(TESTFORD, folder)
    for file in (folder / "city.yaml", folder / "departments.yaml"):
        text = file.read_text(encoding="utf-8")
        text = text.replace("testford.example", "elsewhere.example")
        text = text.replace("slug: testford", "slug: elsewhere").replace(
            "name: Testford", "name: Elsewhere"
        )
        file.write_text(text, encoding="utf-8")
    return city_cli.apply(folder, with_staff=True, by="tests")


@pytest.fixture
def ana(city: City) -> Person:
    """The agent: sees and does everything in the city."""
    return Person(city, "ana@testford.example")


@pytest.fixture
def carl(city: City) -> Person:
    """The crew of Public Works."""
    return Person(city, "carl@testford.example")


@pytest.fixture
def sue(city: City) -> Person:
    """The supervisor of Public Works."""
    return Person(city, "sue@testford.example")


@pytest.fixture
def case(city: City) -> Case:
    """An open pothole with a photo."""
    return Case.objects.get(number=report(city, photo=True).number)

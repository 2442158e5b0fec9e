"""Which city a host name stands for."""

import pytest
from django.db import IntegrityError, transaction

from onehall.places import queries
from onehall.places.models import City

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_cities() -> tuple[City, City]:
    """Two cities, one with a host of its own."""
    alder = City.objects.create(slug="alder", name="Alder", hosts=["alder.example"])
    birch = City.objects.create(slug="birch", name="Birch", languages=["es"])
    return alder, birch


@pytest.mark.parametrize(
    ("host", "slug"),
    [
        ("alder.example", "alder"),
        ("ALDER.example.:8000", "alder"),
        ("birch.localhost:8000", "birch"),
        ("alder.localhost", "alder"),
    ],
)
def test_a_host_stands_for_a_city(two_cities: tuple[City, City], host: str, slug: str) -> None:
    assert queries.city_for_host(host).slug == slug


@pytest.mark.parametrize(
    "host", ["other.example", "alder.example.evil.test", "birch.example", "", "[::1]:80"]
)
def test_an_unknown_host_stands_for_no_city(two_cities: tuple[City, City], host: str) -> None:
    with pytest.raises(queries.UnknownCity):
        queries.city_for_host(host)


def test_the_only_city_answers_to_every_host(two_cities: tuple[City, City]) -> None:
    two_cities[1].delete()
    assert queries.city_for_host("192.0.2.1:8000").slug == "alder"
    assert queries.city_for_host("[::1]:8000").slug == "alder"


def test_no_city_at_all() -> None:
    with pytest.raises(queries.UnknownCity):
        queries.city_for_host("alder.example")


def test_a_city_is_found_by_its_slug(two_cities: tuple[City, City]) -> None:
    assert queries.city_by_slug("birch").language == "es"
    with pytest.raises(queries.UnknownCity):
        queries.city_by_slug("cedar")


def test_two_cities_cannot_share_a_slug_or_go_without_a_name(two_cities: tuple[City, City]) -> None:
    for values in ({"slug": "alder", "name": "Again"}, {"slug": "cedar", "name": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            City.objects.create(**values)


def test_half_a_box_is_not_bounds(two_cities: tuple[City, City]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        City.objects.filter(slug="alder").update(west=-120.0)

"""A test that commits leaves an empty database, and what Django made stays as Django made it."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

from onehall.places.models import City
from tests import emptied
from tests.packs import testford

pytestmark = pytest.mark.django_db(transaction=True)


def end() -> None:
    """What happens at the end of a test that commits."""
    TransactionTestCase("__init__")._fixture_teardown()


def made() -> set[tuple[str, str, str]]:
    """Django's own rows, but for their numbers."""
    return set(Permission.objects.values_list("content_type__model", "codename", "name"))


def held() -> set[str]:
    """The tables with rows, of those that Django empties."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{t}' WHERE EXISTS (SELECT FROM \"{t}\")" for t in tables)
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture
def _as_made() -> None:
    end()


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch, _as_made: None) -> list[bool]:
    """One entry for an end by deleting, two for one that Django itself saw to."""
    ends: list[bool] = []
    plain = emptied._made_rows

    def asked() -> str:
        ends.append(True)
        return plain()

    monkeypatch.setattr(emptied, "_made_rows", asked)
    return ends


def test_nothing_stays_of_what_was_committed(flushed: list[bool]) -> None:
    before, numbers = made(), set(ContentType.objects.values_list("id", flat=True))
    testford()
    assert City.objects.exists()
    assert held() > set(emptied.MADE_BY_DJANGO)
    end()
    assert held() == set(emptied.MADE_BY_DJANGO)
    assert made() == before
    assert set(ContentType.objects.values_list("id", flat=True)) == numbers
    assert len(flushed) == 1


def test_what_django_made_is_made_again_after_a_test_changed_it(flushed: list[bool]) -> None:
    before = made()
    Permission.objects.all()[0].delete()
    Permission.objects.order_by("-pk")[:1].get().content_type.delete()
    Permission.objects.filter(pk=Permission.objects.order_by("pk")[0].pk).update(name="other")
    assert made() != before
    end()
    assert made() == before
    assert len(flushed) == 2

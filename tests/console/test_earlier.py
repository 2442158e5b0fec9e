"""What the staff see of a numbered thing beside one of its cases: earlier cases, how many, whether it comes back."""

import datetime as dt

import pytest
from django.db import connection

from onehall.casework import things
from onehall.casework.models import Case
from onehall.kernel.clock import now
from onehall.people.models import Queue
from onehall.places.models import Asset
from tests.console.people import Person
from tests.console.test_around import near
from tests.console.test_permissions import STAFF
from tests.console.test_queries import asked

TITLE = "Earlier at this very thing"


@pytest.fixture
def light(case: Case) -> Asset:
    """The light that the case is about."""
    light = Asset.objects.filter(city_id=case.city_id).order_by("code")[0]
    Case.objects.filter(pk=case.pk).update(asset=light)
    return light


def at_light(ana: Person, light: Asset, **changes: object) -> Case:
    """Another case about the light."""
    other = near(ana, metres=3_000)
    Case.objects.filter(pk=other.pk).update(asset=light, **changes)
    return other


def test_earlier_cases_are_listed_with_the_count_of_a_year(
    ana: Person, case: Case, light: Asset
) -> None:
    path = f"/cases/{case.number}"
    assert TITLE not in ana.get(path).content.decode()
    hidden = at_light(ana, light, is_public=False)
    old = at_light(ana, light, opened_at=now() - dt.timedelta(days=500))
    html = ana.get(path).content.decode()
    assert TITLE in html
    assert hidden.number in html
    assert old.number in html
    assert "2 cases in 12 months" in html
    assert "It keeps coming back." not in html
    at_light(ana, light)
    assert "It keeps coming back." in ana.get(path).content.decode()


def test_cases_that_somebody_may_not_see_are_not_named(
    ana: Person, case: Case, light: Asset
) -> None:
    theirs = at_light(ana, light, queue=Queue.objects.get(city=ana.city, key="questions"))
    sue = Person(ana.city, STAFF["supervisor"])
    assert theirs.number not in sue.get(f"/cases/{case.number}").content.decode()


def test_many_cost_no_more_questions_than_one(ana: Person, case: Case, light: Asset) -> None:
    at_light(ana, light)
    few = len(asked(lambda: ana.get(f"/cases/{case.number}")))
    for _ in range(4):
        at_light(ana, light)
    assert len(asked(lambda: ana.get(f"/cases/{case.number}"))) == few


def test_the_search_finds_by_the_painted_number(ana: Person, case: Case, light: Asset) -> None:
    Case.objects.filter(pk=case.pk).update(place_words=f"Street light {light.code}")
    assert case.number in ana.get("/search", q=light.code).content.decode()


def test_the_index_of_things_serves_the_history(case: Case, light: Asset) -> None:
    rows = things._public(case.city, light.pk, [case.service_id])
    with connection.cursor() as cursor:
        # A small table is read whole unless that is forbidden: what is asked is whether the index fits.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("ANALYZE casework_case")
    plan = rows.filter(is_open=False, id__lt=10**9).order_by("-id")[:20].explain()
    assert "case_of_asset" in plan, plan
    assert "Sort" not in plan

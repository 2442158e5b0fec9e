"""A legal hold: who may put it on a case and lift it, and what the case's page says."""

from typing import Any

import pytest

from onehall.casework.models import Case, Hold, TimelineEntry
from onehall.people.permissions import ROLES, allowed, works
from onehall.places.models import City
from tests.access.test_roles import client
from tests.access.test_urls import World, world  # noqa: F401  # a fixture
from tests.console.people import Person

pytestmark = pytest.mark.django_db


def page(ana: Person, case: Case) -> str:
    html: str = ana.get(f"/cases/{case.number}").content.decode()
    return html


@pytest.mark.parametrize("role", ROLES)
def test_by_every_role(world: World, role: str) -> None:  # noqa: F811
    browser: Any = client(world, role)
    seen = Case.objects.get(pk=world.case.pk).lock
    given = {"what": "hold", "reason": "Claim 17", "seen": seen}
    code = browser.post(world.url("console:change"), given).status_code
    may = allowed([role], "hold")
    if not works(frozenset({role})):
        assert code == 403
    else:
        assert code == (302 if may else 422)
    assert Hold.objects.filter(case=world.case, lifted_at=None).exists() == may
    shown = "Put a legal hold on it" in browser.get(world.url("console:case")).content.decode()
    assert not shown or may


def test_is_shown_with_its_reason_and_can_be_lifted(city: City, ana: Person, case: Case) -> None:
    sue = Person(city, "sue@testford.example")
    assert sue.act(case, "change", what="hold", reason=" ").status_code == 422
    assert sue.act(case, "change", what="hold", reason="Claim <17>").status_code == 302
    html = page(sue, case)
    assert "Lift the hold" not in page(ana, case)
    assert "Held: nothing of this case may be erased." in html
    assert "Claim &lt;17&gt;" in html
    assert sue.act(case, "change", what="release").status_code == 302
    assert "Lift the hold" not in page(sue, case)
    kinds = TimelineEntry.objects.filter(case=case).values_list("kind", "public")
    assert ("held", False) in kinds
    assert ("released", False) in kinds
    assert sue.act(case, "change", what="release").status_code == 422


def test_what_is_erased_is_said(ana: Person, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(erased=3)
    html = page(ana, case)
    assert "Erased under the city" in html

"""The city's own staff ask for things: in a catalogue of their own, on the same engine, seen by nobody else."""

import dataclasses
import uuid
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from onehall.casework.errors import CaseworkRefused
from onehall.catalog import queries as catalog
from onehall.catalog.models import Service
from onehall.kernel.clock import now
from onehall.people.actor import resident
from onehall.service_requests import actions as requests
from onehall.service_requests import queries
from onehall.service_requests.actions import NewRequest
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person

KEY = "00000000-0000-4000-8000-0000000000bb"
FORM = "/report/question"


@pytest.fixture(autouse=True)
def internal(ana: Person) -> None:
    """The city's question service is for its staff."""
    row = Service.objects.get(city=ana.city, key="question")
    row.doc = row.doc | {"audience": "staff", "privacy": {"public": False}, "common": False}
    row.save()
    catalog.forget()


def ask(person: Person, **more: Any) -> Any:
    data = {"key": KEY, "words": "A bigger screen, please.", "do": "send", "email": "x@example.org"}
    return person.client.post(FORM, data | more)


def stranger(person: Person) -> Client:
    return Client(headers={"host": person.city.hosts[0]})


class TestTheCatalogue:
    def test_keeps_it_from_residents(self, ana: Person) -> None:
        listed = catalog.catalogue(ana.city)
        assert "question" not in {s.key for s in listed.services}
        assert "question" not in {s.key for g in listed.groups for s in g.services}
        assert {s.key for s in listed.internal.services} == {"question"}
        name = str(listed.service("question").name["en"])  # type: ignore[index]
        assert name not in stranger(ana).get("/report").content.decode()
        assert FORM not in stranger(ana).get("/report", {"q": name}).content.decode()

    def test_has_no_form_for_strangers(self, ana: Person) -> None:
        assert stranger(ana).get(FORM).status_code == 404
        assert stranger(ana).get(f"{FORM}/near").status_code == 404
        data = {"key": KEY, "words": "Let me in.", "do": "send"}
        assert stranger(ana).post(FORM, data).status_code == 404
        assert not ServiceRequest.objects.exists()

    def test_is_refused_by_the_action_too(self, ana: Person) -> None:
        new = NewRequest(key=uuid.uuid4(), service_key="question", words="Let me in.")
        by = resident(ana.city.pk)
        with pytest.raises(CaseworkRefused):
            requests.submit(city=ana.city, new=new, by=by, now=now())
        reads = dataclasses.replace(ana.actor, roles=frozenset({"auditor"}))
        with pytest.raises(CaseworkRefused):
            requests.submit(city=ana.city, new=new, by=reads, now=now())

    def test_is_named_in_the_rail_where_there_is_one(self, ana: Person) -> None:
        assert 'href="/desk/ask"' in ana.get().content.decode()
        Service.objects.filter(key="question").update(active=False)
        catalog.forget()
        assert 'href="/desk/ask"' not in ana.get().content.decode()

    def test_is_found_by_staff_in_their_words(self, ana: Person) -> None:
        page = ana.client.get("/desk/ask").content.decode()
        assert FORM in page
        assert "You have asked for nothing yet." in page
        found = ana.client.get("/desk/ask", {"q": "question"}).content.decode()
        assert found.count(FORM) == 2
        assert "Nothing fits" in ana.client.get("/desk/ask", {"q": "zzz"}).content.decode()


class TestARequest:
    def test_goes_by_the_askers_own_name_and_address(self, ana: Person) -> None:
        page = ana.client.get(FORM).content.decode()
        assert ana.user.email in page
        assert 'name="email"' not in page
        assert ask(ana).status_code == 302
        sent = ServiceRequest.objects.select_related("person", "case").get(key=KEY)
        assert sent.channel == "staff"
        assert sent.person is not None
        assert (sent.person.name, sent.person.email) == (ana.user.name, ana.user.email)
        assert not sent.case.is_public

    def test_stands_among_my_requests(self, ana: Person, carl: Person) -> None:
        ask(ana)
        sent = ServiceRequest.objects.get(key=KEY)
        assert sent.number in ana.client.get("/desk/ask").content.decode()
        assert sent.number not in carl.client.get("/desk/ask").content.decode()

    def test_opens_to_staff_alone_even_with_its_link(self, ana: Person) -> None:
        ask(ana)
        sent = ServiceRequest.objects.get(key=KEY)
        assert ana.client.get(f"/r/{sent.token}").status_code == 200
        outside = stranger(ana).get(f"/r/{sent.token}")
        assert outside.status_code == 302
        assert outside.headers["Location"].startswith("/accounts/login/")
        assert stranger(ana).get(f"/r/{sent.token}.json").status_code == 403
        for what in ("write", "verdict", "rate", "news"):
            answer = stranger(ana).post(f"/r/{sent.token}/{what}", {"words": "x", "answer": "yes"})
            assert answer.status_code == 403, what

    def test_is_no_part_of_the_citys_public_figures(self, ana: Person) -> None:
        caches["local"].clear()
        before = queries.figures(ana.city, now=now()).received
        ask(ana)
        caches["local"].clear()
        assert queries.figures(ana.city, now=now()).received == before

    def test_is_worked_on_like_any_other(self, ana: Person) -> None:
        ask(ana)
        sent = ServiceRequest.objects.select_related("case").get(key=KEY)
        page = ana.client.get(f"/desk/cases/{sent.case.number}").content.decode()
        assert "A bigger screen, please." in page

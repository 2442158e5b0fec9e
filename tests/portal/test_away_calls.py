"""A call that an agent takes while the database is away is kept as theirs, recorded once, or shown to the staff with the reason."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from onehall.casework.models import Case, TimelineEntry
from onehall.people.models import Membership, User
from onehall.places.models import City
from onehall.portal import agents
from onehall.service_requests import waiting
from onehall.service_requests.models import ServiceRequest
from tests.portal import test_away
from tests.portal.conftest import filled, photo, upload
from tests.portal.test_away import settled

lost = test_away.lost
ANA = "ana@testford.example"
CALLER = {"name": "Rosa", "phone": "555 0100", "call": "1", "priority": "1"}


def signed_in(email: str) -> Client:
    browser = Client(SERVER_NAME="testford.example", raise_request_exception=False)
    browser.force_login(User.objects.get(email=email))
    return browser


@pytest.fixture
def ana(city: City, settings: Any, tmp_path: Path) -> Client:
    """The browser of an agent who takes calls."""
    settings.WAITING_DIR = tmp_path / "waiting"
    return signed_in(ANA)


def form_of(browser: Client, path: str = "/report/pothole?call=1") -> str:
    """The signed text in a form that was drawn before the database went."""
    found = re.search(r'name="agent" value="([^"]+)"', browser.get(path).content.decode())
    assert found
    return found[1]


def call(browser: Client, lost: Any, agent: str, **changes: Any) -> Any:
    fields = filled(**CALLER | {"agent": agent} | changes)
    with lost():
        return browser.post("/report/pothole", fields), fields["key"]


class TestACall:
    def test_is_recorded_once_as_that_of_the_agent(self, ana: Client, lost: Any) -> None:
        answer, key = call(ana, lost, form_of(ana), photos=upload(photo()))
        assert answer["Location"] == f"/waiting/{key}"
        with lost():
            assert ana.get(f"/waiting/{key}").status_code == 202
        settled()
        settled()
        recorded = ServiceRequest.objects.select_related("case", "person").get()
        assert recorded.channel == "phone"
        assert recorded.person is not None
        assert recorded.person.phone.endswith("0100")
        entry = TimelineEntry.objects.get(case=recorded.case, seq=1)
        assert entry.data["channel"] == "phone"
        assert entry.actor_id == User.objects.get(email=ANA).pk
        assert recorded.case.priority == 1
        # The agent goes on to the case, as when a call is recorded at once.
        assert ana.get(f"/waiting/{key}")["Location"] == f"/desk/cases/{recorded.case.number}"

    def test_sent_twice_is_one(self, ana: Client, lost: Any) -> None:
        agent, key = form_of(ana), str(uuid.uuid4())
        for _ in range(2):
            call(ana, lost, agent, key=key)
        assert len(waiting.keys()) == 1
        settled()
        assert Case.objects.count() == 1

    def test_is_not_taken_for_another_browser(self, ana: Client, lost: Any) -> None:
        agent = form_of(ana)
        for other in (signed_in("ada@testford.example"), Client(SERVER_NAME="testford.example")):
            other.raise_request_exception = False
            assert call(other, lost, agent)[0].status_code == 503
        assert waiting.keys() == []

    def test_is_not_taken_from_an_earlier_shift(
        self, ana: Client, lost: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        agent = form_of(ana)
        later = signing.time.time() + (agents.HOURS + 1) * 3600  # type: ignore[attr-defined]
        monkeypatch.setattr(signing.time, "time", lambda: later)  # type: ignore[attr-defined]
        assert call(ana, lost, agent)[0].status_code == 503
        assert waiting.keys() == []

    def test_a_resident_is_given_no_such_text(self, city: City) -> None:
        page = Client(SERVER_NAME="testford.example").get("/report/pothole?call=1")
        assert 'name="agent"' not in page.content.decode()

    def test_nothing_of_the_text_lies_on_the_disk(self, ana: Client, lost: Any) -> None:
        agent = form_of(ana)
        call(ana, lost, agent)
        (told,) = (waiting.home() / waiting.NEW).glob("*/report.json")
        assert agent not in told.read_text()

    def test_one_agent_does_not_fill_the_disk(
        self, ana: Client, lost: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.LIMIT_CONNECTIONS = True
        agent = form_of(ana)
        codes = [call(ana, lost, agent)[0].status_code for _ in range(61)]
        assert codes == [302] * 60 + [503]


class TestOneThatIsRefused:
    def test_stands_on_the_desk_and_is_put_right(self, ana: Client, lost: Any) -> None:
        _answer, key = call(ana, lost, form_of(ana), where="")
        assert "1 more waits" in ana.get("/desk/calls").content.decode()
        settled()
        assert not ServiceRequest.objects.exists()
        assert "1 kept call" in ana.get("/desk").content.decode()
        listed = ana.get("/desk/calls").content.decode()
        assert "the place (missing)" in listed
        assert "Deep enough" not in listed
        form = ana.get(f"/waiting/{key}").content.decode()
        assert "Taking a call" in form
        assert "Deep enough" in form
        assert ana.post("/report/pothole", filled(**CALLER | {"key": key})).status_code == 302
        assert ServiceRequest.objects.get().channel == "phone"
        assert "Every call is recorded." in ana.get("/desk/calls").content.decode()

    def test_of_somebody_who_left_meanwhile(self, ana: Client, lost: Any) -> None:
        call(ana, lost, form_of(ana))
        Membership.objects.filter(user__email=ANA).update(active=False)
        settled()
        assert not ServiceRequest.objects.exists()
        other = signed_in("ada@testford.example").get("/desk/calls").content.decode()
        assert "who filled it in may not do so any more" in other

    def test_of_somebody_who_takes_no_calls_any_more(self, ana: Client, lost: Any) -> None:
        call(ana, lost, form_of(ana))
        Membership.objects.filter(user__email=ANA).update(roles=["auditor"])
        settled()
        assert not ServiceRequest.objects.exists()
        assert len(waiting.keys(waiting.REFUSED)) == 1

    def test_is_shown_to_the_staff_alone(self, ana: Client, lost: Any) -> None:
        _answer, key = call(ana, lost, form_of(ana), where="")
        settled()
        stranger = Client(SERVER_NAME="testford.example")
        assert stranger.get(f"/waiting/{key}").status_code == 404
        assert stranger.get("/desk/calls").status_code == 302

    def test_is_not_in_the_list_of_another_city(self, ana: Client, lost: Any) -> None:
        call(ana, lost, form_of(ana), where="")
        settled()
        assert waiting.of_staff(City.objects.get().pk + 1) == []
        assert waiting.of_staff(City.objects.get().pk)

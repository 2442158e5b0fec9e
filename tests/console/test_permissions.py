"""Who may do what to whose cases: role by act by own department, another department, another city."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.people.models import User
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.console.people import BACKEND, Person, report, upload

STAFF = {
    "agent": "ana@testford.example",
    "crew": "carl@testford.example",
    "supervisor": "sue@testford.example",
    "crew elsewhere": "rick@testford.example",
    "supervisor elsewhere": "stella@testford.example",
    "auditor": "otto@testford.example",
    "admin": "ada@testford.example",
}
"""One of each kind. The case is in Public Works; "elsewhere" is of the City Clerk."""

WRITERS = {"agent", "crew", "supervisor", "admin"}
ELSEWHERE = {"crew elsewhere", "supervisor elsewhere"}

type Send = Callable[[Person, Case, Case], Any]


def act(path: str, **data: str) -> Send:
    return lambda person, case, _twin: person.act(case, path, **data)


ACTS: dict[str, Send] = {
    "check": act("move", move="check"),
    "hold": act("move", move="hold", asked="1", reason="The part is missing."),
    "close": act("move", move="close", asked="1", outcome="nothing_found", words="Nothing."),
    "reply": act("say", words="Hello", **{"as": "reply"}),
    "note": act("say", words="Hello", **{"as": "note"}),
    "take": act("change", what="take"),
    "assign": act("change", what="assign", user=""),
    "priority": act("change", what="priority", priority="1"),
    "queue": lambda person, case, _twin: person.act(
        case, "change", what="queue", queue=str(other_queue(case)), reason="North of Main Street."
    ),
    "join": lambda person, case, twin: person.act(case, "change", what="join", into=twin.number),
    "unjoin": lambda person, case, _twin: person.act(case, "change", what="unjoin"),
    "add photos": lambda person, case, _twin: person.act(
        case, "photos", kind="after", photos=upload()
    ),
    "effort": act("efforts", do="time", minutes="30"),
    "split": act("split", part="the fallen branch"),
    "keep photos": act("photos/kept", draft="6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    "show photo": lambda person, case, _twin: person.act(
        case, f"photos/{photo_of(case)}", public="yes"
    ),
    "blur photo": lambda person, case, _twin: person.act(
        case, f"photos/{photo_of(case)}", boxes="[[0.1, 0.1, 0.2, 0.2]]"
    ),
}
"""Every write of the desk."""

NOT_BY_ROLE = {("check", "admin"), ("hold", "admin"), ("close", "admin")}
"""Moves that the flow of Testford leaves to others."""

READS = ("/cases/{n}", "/cases/{n}?part=live", "/work/{n}", "/cases/{n}/map-light.webp")


def other_queue(case: Case) -> int:
    from onehall.people.models import Queue

    return Queue.objects.get(city_id=case.city_id, key="roads-north").pk


def photo_of(case: Case) -> int:
    found = Photo.objects.filter(case=case).values_list("pk", flat=True).first()
    return found or 0


def entries(*cases: Case) -> int:
    return TimelineEntry.objects.filter(case__in=cases).count()


@pytest.fixture
def twin(city: City) -> Case:
    return Case.objects.get(number=report(city).number)


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", ACTS)
def test_writes(city: City, case: Case, twin: Case, name: str) -> None:
    for role in STAFF:
        with undone():
            check_write(city, case, twin, role=role, name=name)


def check_write(city: City, case: Case, twin: Case, *, role: str, name: str) -> None:
    before = entries(case, twin)
    answer = ACTS[name](Person(city, STAFF[role]), case, twin)
    after = entries(case, twin)
    if role in ELSEWHERE:
        assert (answer.status_code, after) == (404, before)
    elif role not in WRITERS:
        assert (answer.status_code, after) == (403, before)
    elif (name, role) in NOT_BY_ROLE or name == "unjoin":
        assert (answer.status_code, after) == (422, before)
    elif name in ("assign", "keep photos"):
        assert (answer.status_code, after) == (302, before)
    else:
        assert (answer.status_code, after > before) == (302, True)


def test_reads(city: City, case: Case) -> None:
    for role in STAFF:
        for path in READS:
            answer = Person(city, STAFF[role]).get(path.format(n=case.number))
            assert answer.status_code == (404 if role in ELSEWHERE else 200), (role, path)


@pytest.mark.parametrize("role", STAFF)
def test_lists_and_search_show_only_what_one_may_see(city: City, case: Case, role: str) -> None:
    person = Person(city, STAFF[role])
    seen = role not in ELSEWHERE
    for path in ("", "?show=all", "/search?q=Main"):
        assert (case.number in person.get(path).content.decode()) == seen, path
    found = person.get(f"/search?q={case.number}")
    assert found.status_code == (302 if seen else 200)
    assert person.get("/queues/roads").status_code == (200 if seen else 404)
    assert ("Roads north" in person.get("/queues").content.decode()) == seen


def test_residents_and_strangers_write_nothing(city: City, case: Case, twin: Case) -> None:
    before = entries(case, twin)
    resident = Person(city)
    user = User.objects.create(email="rosa@example.com")
    resident.client.force_login(user, backend=BACKEND)
    for name, send in ACTS.items():
        assert send(resident, case, twin).status_code == 403, name
        stranger = send(Person(city), case, twin)
        assert stranger.status_code == 302, name
        assert stranger.url.startswith("/accounts/login/"), name
    assert entries(case, twin) == before


def test_residents_and_strangers_read_nothing(city: City, case: Case) -> None:
    resident = Person(city)
    resident.client.force_login(User.objects.create(email="rosa@example.com"), backend=BACKEND)
    for path in ("", "/queues", "/search", "/work", "/components", *READS):
        address = path.format(n=case.number)
        assert resident.get(address).status_code == 403, path
        stranger = Person(city).get(address)
        assert stranger.status_code == 302, path
        assert stranger.url.startswith("/accounts/login/"), path


def test_another_city_s_cases_are_not_there(case: Case, twin: Case, other_city: City) -> None:
    """Its agent at home, and the same agent at our door: neither reaches our case."""
    before = entries(case, twin)
    agent = Person(other_city, "ana@elsewhere.example")
    at_our_door = Person(City.objects.get(slug="testford"), "ana@elsewhere.example")
    for name, send in ACTS.items():
        assert send(agent, case, twin).status_code == 404, name
        assert send(at_our_door, case, twin).status_code == 403, name
    for path in READS:
        assert agent.get(path.format(n=case.number)).status_code == 404, path
    assert entries(case, twin) == before


def test_auditors_read_everything_and_are_offered_nothing(
    city: City, case: Case, ana: Person
) -> None:
    ana.act(case, "say", words="Internal", **{"as": "note"})
    otto = Person(city, STAFF["auditor"])
    page = otto.get(f"/cases/{case.number}").content.decode()
    assert "Internal" in page
    assert "You can read everything here." in page
    for offer in (
        "Send reply",
        "Close with an answer",
        'value="take"',
        "data-redact=",
        "Add photos",
    ):
        assert offer not in page
    assert 'value="take"' not in otto.get().content.decode()
    assert "Take a call" not in otto.get().content.decode()
    stop = otto.get(f"/work/{case.number}").content.decode()
    assert "Done</button>" not in stop


def test_opening_a_case_as_an_auditor_leaves_the_reply_unread(city: City, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(unread_reply=True)
    Person(city, STAFF["auditor"]).get(f"/cases/{case.number}")
    case.refresh_from_db()
    assert case.unread_reply


def test_who_left_comes_in_no_more(city: City, case: Case, ana: Person) -> None:
    from onehall.people.models import Membership

    Membership.objects.filter(user=ana.user).update(active=False)
    assert ana.get().status_code == 403


def test_an_auditor_or_a_stranger_can_not_be_given_a_case(
    city: City, case: Case, ana: Person
) -> None:
    for email in (STAFF["auditor"], STAFF["crew elsewhere"]):
        user = User.objects.get(email=email)
        answer = ana.act(case, "change", what="assign", user=str(user.pk))
        assert answer.status_code == 422
        assert (
            f'<option value="{user.pk}">' not in ana.get(f"/cases/{case.number}").content.decode()
        )
    assert ana.act(case, "change", what="assign", user="x").status_code == 422
    carl = User.objects.get(email=STAFF["crew"])
    assert ana.act(case, "change", what="assign", user=str(carl.pk)).status_code == 302
    case.refresh_from_db()
    assert case.assignee_id == carl.pk


def test_near_and_joined_cases_of_others_are_not_named(city: City, case: Case, ana: Person) -> None:
    from onehall.people.models import Queue

    theirs = Case.objects.get(number=report(city).number)
    clerk = Queue.objects.get(city=city, key="questions")
    ana.act(theirs, "change", what="queue", queue=str(clerk.pk), reason="A question.")
    sue = Person(city, STAFF["supervisor"])
    assert theirs.number not in sue.get(f"/cases/{case.number}").content.decode()
    assert theirs.number in ana.get(f"/cases/{case.number}").content.decode()
    refused = sue.act(case, "change", what="join", into=theirs.number)
    assert refused.status_code == 422
    assert ServiceRequest.objects.get(number=case.number).case_id == case.pk


@pytest.mark.parametrize(("role", "status"), [
    ("agent", 403), ("crew", 403), ("supervisor", 200), ("supervisor elsewhere", 404),
    ("auditor", 403), ("admin", 200),
])  # fmt: skip
def test_originals(city: City, case: Case, ana: Person, role: str, status: int) -> None:
    photo = Photo.objects.get(case=case)
    path = f"/cases/{case.number}/photos/{photo.pk}/original"
    assert Person(city, STAFF["admin"]).get(path).status_code == 404
    ana.act(case, f"photos/{photo.pk}", boxes="[[0.1, 0.1, 0.2, 0.2]]")
    before = entries(case)
    answer = Person(city, STAFF[role]).get(path)
    assert answer.status_code == status
    assert entries(case) == before + (status == 200)
    assert (
        "See the original"
        in Person(city, STAFF[role]).get(f"/cases/{case.number}").content.decode()
    ) == (status == 200)

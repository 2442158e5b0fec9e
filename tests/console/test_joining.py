"""Cases joined and taken apart again: nobody is silenced, nothing is lost, every number leads on."""

import uuid

import pytest

from onehall.casework.models import Case, Photo
from onehall.kernel.clock import now
from onehall.people.actor import resident
from onehall.service_requests import actions as requests
from onehall.service_requests import joining, queries
from onehall.service_requests.actions import Contact
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, report
from tests.console.test_replies import tell_everybody

KEPT = (
    "state", "category", "is_open", "queue_id", "assignee_id", "due_at", "promised_at", "paused_at",
    "closed_at", "people_count", "merged_into_id", "unread_reply", "priority", "outcome",
)  # fmt: skip


def as_it_is(case: Case) -> dict[str, object]:
    case.refresh_from_db()
    facts = {name: getattr(case, name) for name in KEPT}
    facts["reports"] = sorted(
        ServiceRequest.objects.filter(case=case).values_list("number", "home_case_id")
    )
    facts["photos"] = sorted(Photo.objects.filter(case=case).values_list("pk", flat=True))
    return facts


def made(person: Person, **more: object) -> Case:
    return Case.objects.get(number=report(person.city, **more).number)


def join(person: Person, case: Case, into: Case):
    return person.act(case, "change", what="join", into=into.number)


def test_joined_and_undone_exactly(ana: Person, case: Case) -> None:
    twin = made(ana, words="Same hole", email="joe@example.com", photo=True)
    Case.objects.filter(pk=twin.pk).update(unread_reply=True)
    before = as_it_is(case), as_it_is(twin)
    assert join(ana, twin, case).status_code == 302
    assert as_it_is(case)["people_count"] == 2
    assert as_it_is(twin)["merged_into_id"] == case.pk
    assert len(as_it_is(case)["photos"]) == 2
    assert Case.objects.get(pk=case.pk).unread_reply
    page = ana.get(f"/cases/{case.number}").content.decode()
    assert "Same hole" in page
    assert "joe@example.com" in page
    Case.objects.filter(pk=case.pk).update(unread_reply=False)
    undone = ana.act(case, "change", what="unjoin", case=str(twin.pk))
    assert undone.status_code == 302
    after = as_it_is(case), as_it_is(twin)
    assert after[0] == before[0]
    assert {k: v for k, v in after[1].items() if k != "unread_reply"} == {
        k: v for k, v in before[1].items() if k != "unread_reply"
    }


def test_undone_from_its_own_page(ana: Person, case: Case) -> None:
    twin = made(ana)
    join(ana, twin, case)
    page = ana.get(f"/cases/{twin.number}").content.decode()
    assert "Undo the join" in page
    assert "Send reply" not in page
    assert ana.act(twin, "change", what="unjoin").status_code == 302
    twin.refresh_from_db()
    assert twin.is_open


def test_a_tree_is_taken_apart_in_any_order(ana: Person, case: Case) -> None:
    middle, leaf = made(ana, email="m@example.com"), made(ana, email="l@example.com", photo=True)
    start = {c.pk: as_it_is(c) for c in (case, middle, leaf)}
    join(ana, leaf, middle)
    half = {c.pk: as_it_is(c) for c in (middle, leaf)}
    join(ana, middle, case)
    assert as_it_is(case)["people_count"] == 3
    joining.unjoin(city=ana.city, case_id=middle.pk, by=ana.actor, now=now())
    assert {c.pk: as_it_is(c) for c in (middle, leaf)} == half
    join(ana, middle, case)
    joining.unjoin(city=ana.city, case_id=leaf.pk, by=ana.actor, now=now())
    assert as_it_is(leaf) == start[leaf.pk]
    joining.unjoin(city=ana.city, case_id=middle.pk, by=ana.actor, now=now())
    assert {c.pk: as_it_is(c) for c in (case, middle, leaf)} == start


def test_everybody_keeps_hearing_and_keeps_their_number(ana: Person, case: Case) -> None:
    twin = made(ana, email="joe@example.com")
    join(ana, twin, case)
    ana.act(case, "say", words="The crew comes on Friday.", **{"as": "reply"})
    mails = [m for m in tell_everybody(case) if "The crew comes on Friday." in m.body_text]
    assert sorted(m.to_address for m in mails) == ["joe@example.com", "rosa@example.com"]
    joe = next(m for m in mails if m.to_address == "joe@example.com")
    assert twin.number in joe.subject
    assert case.number not in joe.subject + joe.body_text
    sent = ServiceRequest.objects.get(number=twin.number)
    page = Person(ana.city).client.get(f"/r/{sent.token}").content.decode()
    assert "The crew comes on Friday." in page


def test_what_was_said_just_before_a_join_still_arrives(ana: Person, case: Case) -> None:
    twin = made(ana, email="joe@example.com")
    ana.act(twin, "say", words="We look into it.", **{"as": "reply"})
    join(ana, twin, case)
    mails = [m for m in tell_everybody(case) if "We look into it." in m.body_text]
    assert [m.to_address for m in mails] == ["joe@example.com"]


def test_who_came_since_stays_with_the_surviving_case(ana: Person, case: Case) -> None:
    twin = made(ana)
    join(ana, twin, case)
    late = requests.follow(
        city=ana.city,
        case_id=case.pk,
        key=uuid.uuid4(),
        words="",
        contact=Contact(email="late@example.com"),
        language="en",
        by=resident(ana.city.id),
        now=now(),
    )
    joining.unjoin(city=ana.city, case_id=twin.pk, by=ana.actor, now=now())
    late.refresh_from_db()
    assert (late.case_id, late.home_case_id) == (case.pk, None)


def test_a_joined_case_can_not_be_worked_on(ana: Person, case: Case) -> None:
    twin = made(ana)
    join(ana, twin, case)
    for path, data in (
        ("move", {"move": "check"}),
        ("move", {"move": "close", "asked": "1", "outcome": "nothing_found", "words": "x"}),
        ("say", {"words": "Hello", "as": "reply"}),
        ("say", {"words": "Hello", "as": "note"}),
        ("change", {"what": "take"}),
        ("change", {"what": "priority", "priority": "2"}),
        ("change", {"what": "queue", "queue": str(case.queue_id), "reason": "x"}),
        ("change", {"what": "join", "into": case.number}),
    ):
        answer = ana.act(twin, path, **data)
        assert answer.status_code == 422, (path, data)
    twin.refresh_from_db()
    assert (twin.state, twin.assignee_id) == ("received", None)


@pytest.mark.parametrize("into", ["", "2026-99999", "x", "own", "ended"])
def test_what_can_not_be_joined_is_said_at_the_field(ana: Person, case: Case, into: str) -> None:
    ended = made(ana)
    ana.act(ended, "move", move="close", asked="1", outcome="nothing_found", words="Nothing.")
    number = {"own": case.number, "ended": ended.number}.get(into, into)
    answer = ana.act(case, "change", what="join", into=number)
    assert answer.status_code == 422
    assert 'id="intoerr"' in answer.content.decode()
    case.refresh_from_db()
    assert case.merged_into_id is None


def test_every_number_leads_to_the_case_that_lives_on(ana: Person, case: Case) -> None:
    twin = made(ana)
    join(ana, twin, case)
    late = requests.follow(
        city=ana.city,
        case_id=case.pk,
        key=uuid.uuid4(),
        words="",
        contact=Contact(),
        language="en",
        by=resident(ana.city.id),
        now=now(),
    )
    for number in (case.number, twin.number, late.number):
        assert ana.get("/search", q=number).url == f"/desk/cases/{case.number}"
        assert queries.case_of_number(ana.actor, number) == case.number
    assert ana.get(f"/cases/{late.number}").url == f"/desk/cases/{case.number}"
    assert ana.get(f"/cases/{twin.number}").status_code == 200


def test_a_twin_s_number_may_be_typed_too(ana: Person, case: Case) -> None:
    twin, third = made(ana), made(ana)
    join(ana, twin, case)
    assert join(ana, third, twin).status_code == 302
    third.refresh_from_db()
    assert third.merged_into_id == case.pk


def test_only_what_was_joined_here_can_be_undone_here(ana: Person, case: Case) -> None:
    twin, stranger = made(ana), made(ana)
    join(ana, twin, case)
    answer = ana.act(stranger, "change", what="unjoin", case=str(twin.pk))
    assert answer.status_code == 422
    twin.refresh_from_db()
    assert twin.merged_into_id == case.pk

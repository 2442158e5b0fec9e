"""A case split over departments: one page for the resident, the parts told in plain words, an end that waits."""

import pytest

from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.casework.timeline import KINDS
from onehall.catalog.facts import Snapshot
from onehall.catalog.registry import PREDICATES
from onehall.messaging import worker
from onehall.messaging.models import Message
from onehall.people.models import Queue
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, report, upload
from tests.console.test_permissions import STAFF


def split(person: Person, case: Case, *, part: str = "the fallen branch", **more: object) -> Case:
    clerk = Queue.objects.get(city=person.city, key="neighbors")
    given = {"to_queue": str(clerk.pk), "note": "Look at the tree", "takes": ["words", "answers"]}
    answer = person.act(case, "split", part=part, **(given | more))
    assert answer.status_code == 302, answer.content.decode()
    return Case.objects.filter(parent__isnull=False).latest("pk")


def page_of(case: Case, person: Person) -> str:
    token = ServiceRequest.objects.filter(case=case).earliest("id").token
    return str(Person(person.city).client.get(f"/r/{token}").content.decode())


def close(person: Person, case: Case, **more: str) -> object:
    given = {"move": "close", "asked": "1", "outcome": "fixed", "words": "All good now"}
    return person.act(
        case,
        "move",
        photos=upload(),
        draft="6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        **(given | more),
    )


def mails() -> list[Message]:
    before = set(Message.objects.values_list("pk", flat=True))
    worker.run(once=True)
    return list(Message.objects.exclude(pk__in=before).order_by("id"))


def test_the_part_has_its_own_number_queue_and_promise(ana: Person, case: Case) -> None:
    part = split(ana, case, photo=[str(p.pk) for p in case.photos.all()])
    assert part.number != case.number
    assert part.parent == case
    assert part.queue.key == "neighbors"
    assert (part.place_words, part.cell) == (case.place_words, case.cell)
    assert not part.is_public
    assert part.due_at is not None
    (copy,) = Photo.objects.filter(case=part)
    original = case.photos.get()
    assert copy.key != original.key
    assert (copy.name, copy.is_public, copy.request_id) == (original.name, False, None)


def test_the_resident_reads_one_page(ana: Person, case: Case) -> None:
    part = split(ana, case)
    html = page_of(case, ana)
    assert "City Clerk still has: the fallen branch" in html
    assert part.number not in html
    ana.act(part, "say", words="The branch goes on Monday", **{"as": "reply"})
    told = [m for m in mails() if "The branch goes on Monday" in m.body_text]
    assert [m.to_address for m in told] == ["rosa@example.com"]
    assert case.number in told[0].subject
    html = page_of(case, ana)
    assert "The branch goes on Monday" in html
    assert "City Clerk, about: the fallen branch" in html
    assert part.number not in html


def test_its_end_reaches_the_resident_and_its_photo_too(ana: Person, case: Case) -> None:
    part = split(ana, case)
    assert close(ana, part).status_code == 302  # type: ignore[attr-defined]
    html = page_of(case, ana)
    assert "City Clerk finished: the fallen branch" in html
    photo = Photo.objects.get(case=part, kind="after")
    assert f"/photos/{photo.key}/" in html
    token = ServiceRequest.objects.get(case=case).token
    fetched = Person(ana.city).client.get(f"/r/{token}/photos/{photo.key}/large.jpg")
    assert fetched.status_code == 200
    assert any("All good now" in m.body_text for m in mails())


def test_the_whole_does_not_end_well_before_its_part(ana: Person, case: Case) -> None:
    split(ana, case)
    answer = close(ana, case)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    html = answer.content.decode()  # type: ignore[attr-defined]
    assert "A part of this case is still open" in html
    assert 'name="reason"' in html
    assert close(ana, case, reason="The branch is private").status_code == 302  # type: ignore[attr-defined]
    entry = TimelineEntry.objects.filter(case=case, kind="moved").latest("seq")
    assert entry.data["forced"] == "The branch is private"
    assert "The branch is private" not in page_of(case, ana)


def test_it_may_end_otherwise_or_when_the_parts_have_ended(ana: Person, case: Case) -> None:
    part = split(ana, case)
    assert close(ana, part).status_code == 302  # type: ignore[attr-defined]
    assert close(ana, case).status_code == 302  # type: ignore[attr-defined]
    other = Case.objects.get(number=report(ana.city).number)
    split(ana, other)
    assert close(ana, other, outcome="nothing_found").status_code == 302  # type: ignore[attr-defined]


def test_flows_may_ask_for_it() -> None:
    holds = PREDICATES["children_done"].holds
    assert holds(Snapshot(state="x"), {})
    assert not holds(Snapshot(state="x", open_children=1), {})


def test_people_of_the_part_see_what_was_chosen_and_no_contacts(ana: Person, case: Case) -> None:
    part = split(ana, case)
    rick = Person(ana.city, STAFF["crew elsewhere"])
    html = rick.get(f"/cases/{part.number}").content.decode()
    assert "A deep hole" in html
    assert "Small" in html
    assert "Look at the tree" in html
    assert "rosa@example.com" not in html
    assert "555-0101" not in html
    assert f"/desk/cases/{case.number}" not in html
    assert rick.get(f"/cases/{case.number}").status_code == 404
    bare = split(ana, case, part="the light", takes=[])
    html = rick.get(f"/cases/{bare.number}").content.decode()
    assert "A deep hole" not in html


def test_a_part_of_a_part_hangs_on_the_same_whole(ana: Person, case: Case) -> None:
    part = split(ana, case)
    again = split(ana, part, part="the cable in it")
    assert again.parent_id == case.pk


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"part": " "}, "in a few plain words"),
        ({"part": "x" * 121}, "in a few plain words"),
        ({"part": "x", "service": "no-such"}, "one of the listed services"),
        ({"part": "x", "to_queue": "999999"}, "one of the listed queues"),
    ],
)
def test_bad_input_is_refused_and_kept(
    ana: Person, case: Case, more: dict[str, str], words: str
) -> None:
    answer = ana.act(case, "split", note="Keep my note", **more)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "Keep my note" in answer.content.decode()
    assert not Case.objects.filter(parent__isnull=False).exists()


def test_without_a_queue_the_service_decides(ana: Person, case: Case) -> None:
    part = split(ana, case, to_queue="", service="noise")
    assert part.queue.key == "neighbors"


def test_parts_are_not_joined(ana: Person, case: Case) -> None:
    twin = Case.objects.get(number=report(ana.city).number)
    part = split(ana, case)
    for which, into in ((part, twin), (case, twin), (twin, part)):
        assert ana.act(which, "change", what="join", into=into.number).status_code == 422


def test_an_ended_case_is_not_split(ana: Person, case: Case) -> None:
    close(ana, case)
    assert ana.act(case, "split", part="x").status_code == 422


def test_the_preview_of_a_part_names_the_readers_of_the_whole(ana: Person, case: Case) -> None:
    part = split(ana, case)
    answer = ana.act(part, "say", words="On Monday", **{"as": "preview"})
    assert "rosa@example.com" in answer.content.decode()


def test_the_public_count_is_one(ana: Person, case: Case) -> None:
    from django.core.cache import caches

    from onehall.kernel.clock import now
    from onehall.service_requests.queries import figures

    split(ana, case)
    caches["local"].clear()
    assert figures(ana.city, now=now()).received == 1
    assert {"split", "part", "part_of"} <= KINDS

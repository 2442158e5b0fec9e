"""A case split over departments: one page for the resident, the parts told in plain words, an end that waits."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from onehall.casework import splitting, tasks
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, ForYou, Photo, TimelineEntry
from onehall.casework.progress import Progress
from onehall.casework.timeline import KINDS
from onehall.catalog.facts import Snapshot
from onehall.catalog.registry import PREDICATES
from onehall.kernel.clock import now
from onehall.messaging import worker
from onehall.messaging.models import Message
from onehall.people.actor import resident
from onehall.people.models import Queue
from onehall.places.models import City
from onehall.service_requests import actions
from onehall.service_requests.actions import Contact
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, picture, report, upload
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

    from onehall.service_requests.queries import figures

    split(ana, case)
    caches["local"].clear()
    assert figures(ana.city, now=now()).received == 1
    assert {"split", "part", "part_of"} <= KINDS


def write(case: Case, words: str = "It got bigger", **more: object) -> None:
    """The resident writes on the page of the whole case."""
    token = ServiceRequest.objects.filter(case=case).earliest("id").token
    answer = Person(case.city).client.post(f"/r/{token}/write", {"words": words} | more)
    assert answer.status_code == 302


class TestWhatResidentsWrite:
    def test_reaches_the_people_of_the_part_as_a_reply_does(
        self, ana: Person, city: City, case: Case
    ) -> None:
        part = split(ana, case)
        rick = Person(city, STAFF["crew elsewhere"])
        rick.post(f"/cases/{part.number}/follow", following="yes")
        write(case, photos=upload(picture("blue")))
        part.refresh_from_db()
        assert part.unread_reply
        (line,) = ForYou.objects.filter(user=rick.user)
        assert line.case_id == part.pk
        page = rick.get(f"/cases/{part.number}").content.decode()
        assert "A resident wrote about the whole case" in page
        assert "It got bigger" in page
        (copied,) = Photo.objects.filter(case=part)
        original = Photo.objects.get(case=case, kind="message")
        assert (copied.name, copied.is_public, copied.request_id) == (original.name, False, None)
        assert copied.key != original.key
        assert f"/photos/{copied.key}/" in page
        assert "rosa@example.com" not in page
        ForYou.objects.update(read_at=None)
        before = set(Message.objects.values_list("pk", flat=True))
        tasks.mail_for_you(now() + dt.timedelta(minutes=2))
        (mail,) = Message.objects.exclude(pk__in=before).filter(to_address=rick.user.email)
        assert "It got bigger" in mail.body_text

    def test_is_kept_from_those_who_may_not_read_it_and_still_told(
        self, ana: Person, city: City, case: Case
    ) -> None:
        part = split(ana, case, takes=["answers"])
        write(case, photos=upload(picture("blue")))
        rick = Person(city, STAFF["crew elsewhere"])
        page = rick.get(f"/cases/{part.number}").content.decode()
        assert "A resident wrote about the whole case" in page
        assert "Only the people of the whole case read the words" in page
        assert "It got bigger" not in page
        assert not Photo.objects.filter(case=part).exists()

    def test_comes_to_every_part_once_and_to_no_other_case(self, ana: Person, case: Case) -> None:
        first, second = split(ana, case), split(ana, case, part="the light")
        other = Case.objects.get(number=report(ana.city).number)
        picture_sent = picture("blue")
        write(case, photos=upload(picture_sent))
        write(case, "And again", photos=upload(picture_sent))
        for part in (first, second):
            assert TimelineEntry.objects.filter(case=part, kind="wrote").count() == 2
            assert Photo.objects.filter(case=part).count() == 1
        assert not TimelineEntry.objects.filter(case=other, kind="wrote").exists()

    def test_what_belongs_to_the_part_alone_is_not_passed_on(self, ana: Person, case: Case) -> None:
        part = split(ana, case)
        ana.act(part, "say", words="For the crew", **{"as": "note"})
        assert not TimelineEntry.objects.filter(case=case, kind="wrote").exists()
        assert page_of(case, ana).count("A resident wrote") == 0

    def test_reaches_a_part_that_has_ended(self, ana: Person, case: Case) -> None:
        part = split(ana, case)
        close(ana, part)
        write(case, "The branch still lies there")
        part.refresh_from_db()
        assert (part.is_open, part.unread_reply) == (False, True)

    def test_lets_a_part_go_on_that_waited_for_it(self, ana: Person, case: Case) -> None:
        part = split(ana, case)
        ana.act(part, "move", move="ask", asked="1", words="Which branch?")
        part.refresh_from_db()
        assert part.category == "waiting_applicant"
        write(case, "The left one")
        part.refresh_from_db()
        assert part.category != "waiting_applicant"
        assert part.paused_at is None

    def test_is_not_lost_where_the_flow_of_a_part_refuses(
        self, ana: Person, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        part = split(ana, case)
        ana.act(part, "move", move="ask", asked="1", words="Which branch?")

        def refuse(*_args: object, **_more: object) -> None:
            raise MoveRefused("Not yet.")

        monkeypatch.setattr(Progress, "require_guard", refuse)
        write(case, "The left one")
        part.refresh_from_db()
        assert (part.category, part.unread_reply) == ("waiting_applicant", True)

    def test_of_those_who_follow_and_of_not_fixed_comes_too(
        self, ana: Person, city: City, case: Case
    ) -> None:
        part = split(ana, case)
        by = resident(city.pk)
        actions.follow(
            city=city, case_id=case.pk, key=uuid.uuid4(), words="Here as well",
            contact=Contact(), language="en", by=by, now=now(),
        )  # fmt: skip
        close(ana, part)
        close(ana, case)
        sent = ServiceRequest.objects.filter(case=case).earliest("id")
        actions.judge(
            city=city, request=sent, fixed=False, reason="The hole is back", by=by, now=now()
        )
        told = TimelineEntry.objects.filter(case=part, kind="wrote").order_by("seq")
        assert [e.data["words"] for e in told] == ["Here as well", "The hole is back"]

    def test_costs_a_case_without_parts_nothing_more(
        self, city: City, case: Case, django_assert_max_num_queries: Any
    ) -> None:
        sent = ServiceRequest.objects.get(case=case)
        write(case)
        with django_assert_max_num_queries(9):
            actions.write(city=city, request=sent, words="More", by=resident(city.pk), now=now())


def test_the_parts_of_a_case_are_found_by_their_index(case: Case) -> None:
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as found:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with transaction.atomic():
            splitting.lock_whole(case.pk)
        statement = next(q["sql"] for q in found if "FOR UPDATE" in q["sql"])
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "case_parts" in plan

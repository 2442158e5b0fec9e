"""What residents wrote stands under "Replies to read" until somebody reads it: on ended cases too."""

import re

import pytest
from django.core.cache import caches
from django.db import connection

from onehall.casework import queries as casework
from onehall.casework.models import Case
from onehall.kernel.clock import now
from onehall.people import queries as people
from onehall.people.actor import resident
from onehall.people.models import Queue
from onehall.service_requests import actions as requests
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, report
from tests.console.test_queries import asked, fill


def write(case: Case, words: str = "It is dark again.") -> None:
    """The person who reported it writes."""
    sent = ServiceRequest.objects.filter(case=case).order_by("pk").first()
    assert sent is not None
    requests.write(city=case.city, request=sent, words=words, by=resident(case.city_id), now=now())


@pytest.fixture
def ended(ana: Person, case: Case) -> Case:
    """A case that was closed, and on which the resident wrote afterwards."""
    fields = {"move": "close", "asked": "1", "outcome": "nothing_found", "words": "Nobody there."}
    assert ana.act(case, "move", **fields).status_code == 302
    write(case)
    case.refresh_from_db()
    assert not case.is_open
    return case


def figures(person: Person, path: str = "") -> tuple[list[str], int, int, int]:
    """The numbers listed under the saved question, its chip's count, the rail's, and the open ones."""
    caches["local"].clear()
    answer = person.get(path, show="replies")
    page = answer.content.decode()
    chip = next(c for c in answer.context["chips"] if "show=replies" in c["href"])
    rail = re.search(r'href="/desk\?show=replies".*?</a>', page, re.DOTALL)
    assert rail is not None
    shown = re.search(r">(\d+)<", rail.group())
    listed = [r["case"].number for r in answer.context["rows"]]
    opened = answer.context["desk"].counts.open
    return listed, chip["count"], int(shown.group(1)) if shown else 0, opened


def test_a_message_on_an_ended_case_is_listed_and_counted(ana: Person, ended: Case) -> None:
    assert figures(ana) == ([ended.number], 1, 1, 0)


def test_open_and_ended_ones_stand_together(ana: Person, ended: Case) -> None:
    other = Case.objects.get(number=report(ana.city).number)
    report(ana.city)
    write(other)
    listed, chip, rail, opened = figures(ana)
    assert set(listed) == {ended.number, other.number}
    assert (chip, rail, opened) == (2, 2, 2)


def test_reading_it_takes_it_away(ana: Person, ended: Case) -> None:
    assert "New reply" in ana.get(show="replies").content.decode()
    ana.get(f"/cases/{ended.number}")
    assert figures(ana) == ([], 0, 0, 0)
    ended.refresh_from_db()
    assert not ended.unread_reply


def test_whoever_may_only_read_leaves_it_for_others(ended: Case, ana: Person) -> None:
    Person(ana.city, "otto@testford.example").get(f"/cases/{ended.number}")
    assert figures(ana)[:2] == ([ended.number], 1)


def test_another_department_neither_sees_nor_counts_it(ended: Case, ana: Person) -> None:
    assert figures(Person(ana.city, "rick@testford.example")) == ([], 0, 0, 0)
    assert figures(Person(ana.city, "sue@testford.example"))[:3] == ([ended.number], 1, 1)


def test_the_page_of_a_queue_counts_its_own(ended: Case, ana: Person) -> None:
    assert figures(ana, "/queues/roads")[:2] == ([ended.number], 1)
    assert figures(ana, "/queues/questions")[:2] == ([], 0)


def test_a_queue_that_is_no_longer_used_hides_nothing(ended: Case, ana: Person) -> None:
    Queue.objects.filter(pk=ended.queue_id).update(active=False)
    people.forget()
    assert figures(ana)[:3] == ([ended.number], 1, 1)


def test_counting_them_is_no_question_more(ana: Person, ended: Case) -> None:
    fill(ana, 20)
    assert len(asked(lambda: ana.get(show="replies"))) <= 8


def test_they_are_found_by_their_own_small_index(ana: Person, ended: Case) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"EXPLAIN {casework.COUNTS_SQL}", {"now": now(), "end": now(), "city": ana.city.pk}
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "case_unread" in plan

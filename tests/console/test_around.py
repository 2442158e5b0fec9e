"""Who told of a case, side by side; what lies around it; relating cases, and a look before a join."""

import datetime as dt

import pytest

from onehall.casework.models import Case, CaseLink, TimelineEntry
from onehall.casework.opening import CasePlace
from onehall.kernel.clock import now
from onehall.messaging import worker
from onehall.people.models import Queue
from onehall.places.models import City
from tests.console.people import SPOT, Person, report
from tests.console.test_joining import join
from tests.console.test_permissions import STAFF
from tests.console.test_queries import asked


def near(person: Person, *, metres: float = 30, days: float = 0, **more: str) -> Case:
    """Another report some way to the east, some days ago."""
    assert SPOT.lon is not None
    place = CasePlace(words="9 Main Street", lon=SPOT.lon + metres / 85_300, lat=SPOT.lat, areas={})
    sent = report(person.city, place=place, at=now() - dt.timedelta(days=days), **more)
    return Case.objects.get(pk=sent.case_id)


def test_people_side_by_side(ana: Person, case: Case) -> None:
    twin = near(ana, words="I fell into it", email="joe@example.com")
    join(ana, twin, case)
    worker.run(once=True)
    html = ana.get(f"/cases/{case.number}/people").content.decode()
    for words in ("A deep hole", "I fell into it", "joe@example.com", "rosa@example.com", "Small"):
        assert words in html, words
    assert "Undo the join" in html
    assert html.count("your report") >= 2
    answer = ana.act(case, "change", what="unjoin", case=str(twin.pk))
    assert answer.status_code == 302
    assert "I fell into it" not in ana.get(f"/cases/{case.number}/people").content.decode()


def test_the_people_of_a_case_cost_a_fixed_number_of_questions(ana: Person, case: Case) -> None:
    few = len(asked(lambda: ana.get(f"/cases/{case.number}/people")))
    for n in range(4):
        join(ana, near(ana, email=f"p{n}@example.com"), case)
    assert len(asked(lambda: ana.get(f"/cases/{case.number}/people"))) == few


def test_open_and_lately_closed_ones_with_their_distance(ana: Person, case: Case) -> None:
    close_by = near(ana, metres=40)
    far = near(ana, metres=400)
    closed = near(ana, metres=20, days=3)
    ana.act(closed, "move", move="close", asked="1", outcome="nothing_found", words="Nothing.")
    html = ana.get(f"/cases/{case.number}/near").content.decode()
    assert close_by.number in html
    assert closed.number in html
    assert far.number not in html
    assert far.number in ana.get(f"/cases/{case.number}/near", metres="500").content.decode()
    Case.objects.filter(pk=closed.pk).update(closed_at=now() - dt.timedelta(days=20))
    assert closed.number not in ana.get(f"/cases/{case.number}/near", days="7").content.decode()
    picture = ana.get(f"/cases/{case.number}/near-light.webp", metres="500")
    assert picture.headers["Content-Type"] == "image/webp"


def test_of_other_departments_nothing_is_named(ana: Person, case: Case) -> None:
    theirs = near(ana)
    clerk = Queue.objects.get(city=ana.city, key="questions")
    ana.act(theirs, "change", what="queue", queue=str(clerk.pk), reason="A question.")
    sue = Person(ana.city, STAFF["supervisor"])
    assert theirs.number not in sue.get(f"/cases/{case.number}/near").content.decode()


def test_related_and_not_related(ana: Person, case: Case) -> None:
    other = near(ana)
    for _ in range(2):
        assert ana.act(case, "relate", other=other.number).status_code == 302
    assert CaseLink.objects.count() == 1
    assert other.number in ana.get(f"/cases/{case.number}").content.decode()
    assert case.number in ana.get(f"/cases/{other.number}").content.decode()
    entries = TimelineEntry.objects.filter(kind="related")
    assert [e.public for e in entries.order_by("case_id")] == [False, False]
    assert ana.act(other, "relate", other=case.number, undo="yes").status_code == 302
    assert not CaseLink.objects.exists()
    assert ana.act(other, "relate", other=case.number, undo="yes").status_code == 422
    assert ana.act(case, "relate", other=case.number).status_code == 422
    assert ana.act(case, "relate", other="2000-99999").status_code == 422


@pytest.mark.parametrize("role", STAFF)
def test_who_may(city: City, case: Case, role: str) -> None:
    other = near(Person(city, STAFF["agent"]))
    person = Person(city, STAFF[role])
    code = person.act(case, "relate", other=other.number).status_code
    reads = {
        person.get(f"/cases/{case.number}/{page}").status_code
        for page in ("people", "near", "near-dark.webp")
    }
    if "elsewhere" in role:
        assert (code, reads) == (404, {404})
    else:
        assert (code, reads) == (403 if role == "auditor" else 302, {200})


def test_a_look_before_a_join_shows_every_mail_and_sends_none(ana: Person, case: Case) -> None:
    twin = near(ana, email="joe@example.com")
    before = TimelineEntry.objects.count()
    html = ana.get(f"/cases/{twin.number}/join", into=case.number).content.decode()
    assert "1 mail goes out" in html
    assert "joe@example.com" in html
    assert f'value="{case.number}"' in html
    assert TimelineEntry.objects.count() == before
    assert ana.get(f"/cases/{twin.number}/join", into="nothing").status_code == 404
    otto = Person(ana.city, STAFF["auditor"])
    assert otto.get(f"/cases/{twin.number}/join", into=case.number).status_code == 403

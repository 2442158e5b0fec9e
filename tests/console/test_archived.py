"""The pages of an archived case say what they said before; whatever is added there brings its history back."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from onehall.casework import actions as casework
from onehall.casework import archiving, photos
from onehall.casework.models import Archive, Case, TimelineEntry, Timer
from onehall.casework.rules import Given
from onehall.kernel import storage
from onehall.kernel.clock import now
from onehall.people.actor import system
from onehall.people.permissions import ROLES, works
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.access.test_roles import client
from tests.access.test_urls import World, world  # noqa: F401  # a fixture
from tests.console.people import Person, report, upload
from tests.console.test_queries import asked

pytestmark = pytest.mark.django_db
LATER = dt.timedelta(days=400)


def ended(ana: Person, *, words: str = "A deep hole") -> Case:
    """A case with a note and a reply, closed, of which nothing waits for a time."""
    sent = report(ana.city, words=words)
    given: dict[str, Any] = {"city": ana.city, "case_id": sent.case_id, "by": ana.actor}
    casework.note(words="Cones are out there.", now=now(), **given)
    photo = photos.add_to_case(upload=upload(), kind="after", words="", now=now(), **given)
    close = Given(words="Filled.", outcome="fixed", photo_ids=(photo.pk,))
    casework.make_move(move="close", given=close, now=now(), **given)
    machine = given | {"by": system(ana.city.pk)}
    casework.make_move(move="settle", now=now() + dt.timedelta(days=8), **machine)
    Timer.objects.filter(case_id=sent.case_id).update(fired_at=now())
    return Case.objects.get(pk=sent.case_id)


def archive(city: City) -> None:
    """Everything that has ended, as after a year."""
    City.objects.filter(pk=city.pk).update(retention={"archive_after": "90 days"})
    assert archiving.carry_out(City.objects.get(pk=city.pk), now=now() + LATER)
    caches["local"].clear()


def told(html: str) -> list[str]:
    """The history on a page of the staff."""
    return re.findall(r'<ol class="time">.*?</ol>', html, re.DOTALL)


class TestStaff:
    def test_read_what_they_read_before(self, ana: Person) -> None:
        case = ended(ana)
        path = f"/cases/{case.number}"
        pages = (path, f"{path}?see=public", f"{path}?see=staff")
        before = [told(ana.get(page).content.decode()) for page in pages]
        assert "Cones are out there." in before[0][0]
        archive(ana.city)
        html = ana.get(path).content.decode()
        assert [told(ana.get(page).content.decode()) for page in pages] == before
        assert "what happened is read from a file" in html
        assert Case.objects.get(pk=case.pk).archive is not None
        assert ana.get(f"{path}/record").status_code == 200
        assert "Cones are out there." in ana.get(f"/orders?case={case.number}").content.decode()

    def test_ask_as_many_questions(self, ana: Person) -> None:
        case = ended(ana)
        before = len(asked(lambda: ana.get(f"/cases/{case.number}")))
        archive(ana.city)
        assert len(asked(lambda: ana.get(f"/cases/{case.number}"))) == before

    def test_find_it_in_lists_with_every_column(self, ana: Person) -> None:
        case = ended(ana)
        cols = {"cols": "number,last,channel,notes", "show": "all", "state": "closed"}
        before = ana.get("", **cols).content.decode()
        archive(ana.city)
        after = ana.get("", **cols).content.decode()
        row = rf"<tr[^>]*>(?:(?!</tr>).)*{case.number}.*?</tr>"
        first = re.findall(row, before, re.DOTALL)
        assert first
        assert "Cones are out there." in first[0]
        assert re.findall(row, after, re.DOTALL) == first

    def test_bring_it_back_by_writing(self, ana: Person) -> None:
        case = ended(ana)
        archive(ana.city)
        answer = ana.act(case, "say", words="Somebody asked about it.")
        assert answer.status_code == 302
        html = ana.get(f"/cases/{case.number}").content.decode()
        assert "Somebody asked about it." in html
        assert "Cones are out there." in html
        assert "read from a file" not in html
        assert Case.objects.get(pk=case.pk).archive is None

    def test_are_told_when_the_file_is_gone(self, ana: Person) -> None:
        case = ended(ana)
        archive(ana.city)
        Path(storage.default_storage.path(Archive.objects.get().name)).unlink()
        html = ana.get(f"/cases/{case.number}").content.decode()
        assert "Archived, and cannot be read just now." in html
        answer = ana.act(case, "say", words="Somebody asked about it.")
        assert answer.status_code == 422
        assert "cannot be read now" in answer.content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_by_every_role(world: World, role: str) -> None:  # noqa: F811
    browser: Any = client(world, role)
    before = browser.get(world.url("console:case")).status_code
    case = Case.objects.get(pk=world.case.pk)
    Timer.objects.filter(case=case).update(fired_at=now())
    Case.objects.filter(pk=case.pk).update(
        is_open=False, closed_at=case.opened_at, updated_at=case.opened_at
    )
    archive(world.cast.city)
    assert browser.get(world.url("console:case")).status_code == before
    given = {"as": "note", "words": "Again.", "seen": case.lock}
    code = browser.post(world.url("console:say"), given).status_code
    wrote = TimelineEntry.objects.filter(case=case, kind="noted").exists()
    # Whoever may not write does not bring it back.
    assert wrote == (code == 302)
    assert (Case.objects.get(pk=case.pk).archive is None) == wrote
    assert not wrote or works(frozenset({role}))


class TestResidents:
    def test_read_what_they_read_before(self, ana: Person) -> None:
        case = ended(ana)
        token = ServiceRequest.objects.get(case=case).token
        phone = Client(HTTP_HOST=ana.city.hosts[0], headers={"accept-language": "en"})
        pages = (f"/r/{token}", f"/r/{token}.json", f"/city/{case.number}")
        before = [_plain(phone.get(page)) for page in pages]
        archive(ana.city)
        assert [_plain(phone.get(page)) for page in pages] == before
        assert "Cones are out there." not in before[0][1]
        assert "Filled." in before[0][1]
        assert Case.objects.get(pk=case.pk).archive is not None

    def test_bring_it_back_by_writing(self, ana: Person) -> None:
        case = ended(ana)
        token = ServiceRequest.objects.get(case=case).token
        archive(ana.city)
        phone = Client(HTTP_HOST=ana.city.hosts[0], headers={"accept-language": "en"})
        answer = phone.post(f"/r/{token}/write", {"words": "It is open again."})
        assert answer.status_code == 302
        assert TimelineEntry.objects.filter(case=case, kind="wrote").exists()
        assert TimelineEntry.objects.filter(case=case).count() == Case.objects.get(pk=case.pk).lock

    def test_are_told_when_the_file_is_gone(self, ana: Person) -> None:
        case = ended(ana)
        archive(ana.city)
        Path(storage.default_storage.path(Archive.objects.get().name)).unlink()
        token = ServiceRequest.objects.get(case=case).token
        phone = Client(HTTP_HOST=ana.city.hosts[0], headers={"accept-language": "en"})
        answer = phone.get(f"/r/{token}")
        assert answer.status_code == 200
        assert "What happened cannot be read just now" in answer.content.decode()


def _plain(answer: Any) -> tuple[int, str]:
    """An answer without what is made up anew each time."""
    html = answer.content.decode()
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", html)
    html = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", html)
    return answer.status_code, re.sub(r'(nonce|data-stream|data-live)="[^"]*"', "", html)

"""While the database is away a report is taken, waits on disk, and is recorded once; everything else says when to come back."""

import datetime as dt
import json
import os
import re
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.test import Client

from onehall.casework.models import Case, Photo
from onehall.kernel.clock import now
from onehall.kernel.database.lost import is_lost
from onehall.look import kept
from onehall.messaging import handlers
from onehall.places.models import City
from onehall.portal import recording
from onehall.portal.views import away
from onehall.service_requests import notices, waiting
from onehall.service_requests.models import ServiceRequest
from tests.portal.conftest import filled, photo, send, staff, upload


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """`with lost():` the database answers nothing."""

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    @contextmanager
    def gone() -> Iterator[None]:
        with monkeypatch.context() as patched:
            for name in ("execute", "executemany"):
                patched.setattr(CursorWrapper, name, refuse)
            yield

    return gone


@pytest.fixture
def phone(phone: Client, settings: Any, tmp_path: Path) -> Client:
    """A browser that sees what the city answers when something broke."""
    settings.WAITING_DIR = tmp_path / "waiting"
    phone.raise_request_exception = False
    return phone


def sent(phone: Client, lost: Callable[[], Any], **fields: Any) -> str:
    """A report that came in a bad moment; its page."""
    with lost():
        answer = phone.post("/report/pothole", filled(**fields))
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer["Location"])


def settled(moment: dt.datetime | None = None) -> None:
    """The worker looks."""
    recording.record_waiting(now=moment or now())


class TestAReport:
    def test_waits_and_is_recorded_once(self, phone: Client, lost: Callable[[], Any]) -> None:
        fields = filled(email="rosa@example.com", photos=upload(photo()))
        page = sent(phone, lost, **fields)
        assert page == f"/waiting/{fields['key']}"
        assert not ServiceRequest.objects.exists()
        with lost():
            shown = phone.get(page)
        assert shown.status_code == 202
        assert "We have your report." in shown.content.decode()
        assert phone.get(page).status_code == 202
        settled()
        settled()
        recorded = ServiceRequest.objects.select_related("case", "person").get()
        assert recorded.person is not None
        assert recorded.person.email == "rosa@example.com"
        assert recorded.case.place_words == "124 Elm Street"
        assert Photo.objects.get().request_id == recorded.pk
        assert phone.get(page)["Location"] == f"/r/{recorded.token}?sent=1"
        assert not list(waiting.home().glob("*/*/*"))

    def test_keeps_its_photo_when_the_database_goes_after_it_was_read(
        self, phone: Client, lost: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def gone(**_: Any) -> None:
            raise OperationalError("server closed the connection unexpectedly")

        with monkeypatch.context() as patched:
            patched.setattr(recording.actions, "submit", gone)
            patched.setattr("onehall.portal.views.report.actions.submit", gone)
            answer = phone.post("/report/pothole", filled(photos=upload(photo())))
        assert answer.status_code == 302
        (key,) = waiting.keys()
        kept_report = waiting.read(key)
        assert kept_report is not None
        assert kept_report.files[0][2] == photo()
        settled()
        assert Photo.objects.get().request_id == ServiceRequest.objects.get().pk

    def test_is_dated_when_it_came(
        self, phone: Client, lost: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        came = now() - dt.timedelta(hours=3)
        monkeypatch.setattr(away, "read_clock", lambda: came)
        sent(phone, lost)
        settled()
        assert Case.objects.get().opened_at == came

    def test_sent_twice_is_one(self, phone: Client, lost: Callable[[], Any]) -> None:
        fields = filled()
        assert sent(phone, lost, **fields) == sent(phone, lost, **fields)
        assert len(waiting.keys()) == 1
        settled()
        assert send(phone, **fields) == ServiceRequest.objects.get()

    def test_that_was_recorded_already_is_not_recorded_again(
        self, phone: Client, lost: Callable[[], Any]
    ) -> None:
        fields = filled()
        first = send(phone, **fields)
        page = sent(phone, lost, **fields)
        settled()
        assert ServiceRequest.objects.get() == first
        assert phone.get(page)["Location"] == f"/r/{first.token}?sent=1"

    def test_survives_a_crash_between_the_record_and_the_disk(
        self, phone: Client, lost: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent(phone, lost, photos=upload(photo()))
        with monkeypatch.context() as patched:
            patched.setattr(waiting, "forget", lambda *_: None)
            settled()
        assert len(waiting.keys()) == 1
        settled()
        assert waiting.keys() == []
        assert ServiceRequest.objects.count() == Photo.objects.count() == 1

    def test_waits_on_while_the_database_is_away(
        self, phone: Client, lost: Callable[[], Any]
    ) -> None:
        sent(phone, lost)
        with lost(), pytest.raises(OperationalError):
            settled()
        assert len(waiting.keys()) == 1
        settled()
        assert ServiceRequest.objects.count() == 1

    def test_in_spanish_stays_in_spanish(self, phone: Client, lost: Callable[[], Any]) -> None:
        phone.cookies["django_language"] = "es"
        page = sent(phone, lost)
        with lost():
            assert "Tenemos su reporte" in phone.get(page).content.decode()
        settled()
        assert ServiceRequest.objects.get().language == "es"

    def test_follows_what_was_chosen(self, phone: Client, lost: Callable[[], Any]) -> None:
        first = send(phone)
        sent(phone, lost, do=f"follow:{first.number}")
        settled()
        assert Case.objects.get().pk == first.case_id
        assert ServiceRequest.objects.count() == 2

    def test_about_a_case_that_ended_meanwhile_is_one_of_its_own(
        self, phone: Client, lost: Callable[[], Any]
    ) -> None:
        sent(phone, lost, do="follow:2026-99999")
        settled()
        assert Case.objects.count() == 1

    def test_with_a_broken_photo_is_recorded_without_it(
        self, phone: Client, lost: Callable[[], Any]
    ) -> None:
        sent(phone, lost, photos=upload(b"no picture"))
        settled()
        assert ServiceRequest.objects.count() == 1
        assert not Photo.objects.exists()

    def test_at_a_place_that_means_several_keeps_its_words(
        self, phone: Client, lost: Callable[[], Any]
    ) -> None:
        sent(phone, lost, where="behind the old mill")
        settled()
        assert Case.objects.get().place_words == "behind the old mill"


class TestOneThatLacksSomething:
    def test_comes_back_in_its_form_with_what_is_missing(
        self, phone: Client, lost: Callable[[], Any]
    ) -> None:
        fields = filled(where="", email="rosa@example.com", photos=upload(photo()))
        page = sent(phone, lost, **fields)
        settled()
        assert not ServiceRequest.objects.exists()
        assert waiting.keys(waiting.REFUSED) == [uuid.UUID(fields["key"])]
        answer = phone.get(page)
        html = answer.content.decode()
        assert answer.status_code == 422
        assert "Say where it is" in html
        assert fields["words"] in html
        assert 'action="/report/pothole"' in html
        assert re.findall(r'name="key" value="([^"]+)"', html) == [fields["key"]]
        again = {k: v for k, v in fields.items() if k != "photos"} | {"where": "124 Elm Street"}
        assert phone.post("/report/pothole", again).status_code == 302
        assert Photo.objects.get().request_id == ServiceRequest.objects.get().pk
        assert phone.get(page).status_code == 302

    def test_is_refused_while_the_city_takes_none(
        self, phone: Client, lost: Callable[[], Any], city: City
    ) -> None:
        sent(phone, lost)
        told = notices.Told(title={"en": "Storm"}, paused={"pothole": {"en": "Stay inside"}})
        notices.tell(city=city, new=told, seen=0, by=staff(city, "admin"), now=now())
        settled()
        assert not ServiceRequest.objects.exists()
        assert len(waiting.keys(waiting.REFUSED)) == 1

    def test_holds_up_no_other(self, phone: Client, lost: Callable[[], Any]) -> None:
        sent(phone, lost, where="")
        sent(phone, lost)
        settled()
        assert ServiceRequest.objects.count() == 1
        assert waiting.keys() == []

    def test_that_the_database_refuses_for_the_moment_is_tried_again(
        self, phone: Client, lost: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def deadlock(**_: Any) -> None:
            raise OperationalError("deadlock detected") from psycopg.errors.DeadlockDetected("no")

        sent(phone, lost)
        with monkeypatch.context() as patched:
            patched.setattr(recording.actions, "submit", deadlock)
            settled()
            assert len(waiting.keys()) == 1
            for _ in range(recording.MOST_TRIES - 2):
                settled()
            assert len(waiting.keys()) == 1
            settled()
        assert len(waiting.keys(waiting.REFUSED)) == 1

    def test_that_breaks_is_put_aside_and_said(
        self,
        phone: Client,
        lost: Callable[[], Any],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        sent(phone, lost)
        with monkeypatch.context() as patched:
            patched.setattr(recording.actions, "submit", lambda **_: 1 / 0)
            settled()
        assert len(waiting.keys(waiting.REFUSED)) == 1
        assert "event=waiting.failed kind=ZeroDivisionError" in caplog.text
        said = [r for r in caplog.records if r.name == recording.__name__]
        assert all(r.exc_info is None for r in said)

    def test_is_forgotten_after_a_month(self, phone: Client, lost: Callable[[], Any]) -> None:
        sent(phone, lost, where="")
        settled()
        (folder,) = (waiting.home() / waiting.REFUSED).iterdir()
        old = now().timestamp()
        os.utime(folder, (old, old))
        settled(now() + dt.timedelta(days=29))
        assert waiting.keys(waiting.REFUSED)
        settled(now() + dt.timedelta(days=31))
        assert not waiting.keys(waiting.REFUSED)


class TestOnDisk:
    def test_only_the_owner_reads_it(self, phone: Client, lost: Callable[[], Any]) -> None:
        sent(phone, lost, photos=upload(photo()))
        files = [p for p in waiting.home().rglob("*") if p.is_file()]
        assert {p.name for p in files} == {"report.json", "0"}
        assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}
        assert stat.S_IMODE(waiting.home().stat().st_mode) == 0o700

    def test_so_many_wait_and_no_more(
        self, phone: Client, lost: Callable[[], Any], settings: Any
    ) -> None:
        settings.WAITING_MOST = 2
        for _ in range(2):
            sent(phone, lost)
        with lost():
            answer = phone.post("/report/pothole", filled())
        assert (answer.status_code, answer["Retry-After"]) == (503, "20")
        assert "your words are still there" in unescape(answer.content.decode())

    def test_a_full_disk_takes_none(
        self, phone: Client, lost: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting, "LEAST_FREE", 2**62)
        with lost():
            assert phone.post("/report/pothole", filled()).status_code == 503
        assert waiting.keys() == []

    def test_one_connection_does_not_fill_it(
        self, phone: Client, lost: Callable[[], Any], settings: Any
    ) -> None:
        settings.LIMIT_CONNECTIONS = True
        with lost():
            codes = [phone.post("/report/pothole", filled()).status_code for _ in range(21)]
        assert codes == [302] * 20 + [503]

    def test_what_was_never_written_to_its_end_is_not_there(
        self, phone: Client, lost: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: Any) -> None:
            raise OSError("no space left on device")

        monkeypatch.setattr(waiting, "_sync", broken)
        with lost():
            assert phone.post("/report/pothole", filled()).status_code == 503
        assert not list(waiting.home().glob("new/*"))
        assert not list(waiting.home().glob("new/.*"))

    def test_two_workers_do_not_do_the_same(self, phone: Client, lost: Callable[[], Any]) -> None:
        sent(phone, lost)
        with waiting.alone() as mine:
            assert mine
            settled()
        assert len(waiting.keys()) == 1

    def test_the_worker_looks(self) -> None:
        assert handlers.recurring["portal.waiting"].run is recording.record_waiting


class TestEverythingElse:
    @pytest.mark.parametrize("path", ["/", "/city", "/report/pothole", "/r/abcdefghijkl", "/desk"])
    def test_says_when_to_come_back(
        self, phone: Client, lost: Callable[[], Any], path: str
    ) -> None:
        with lost():
            answer = phone.get(path, headers={"Accept-Language": "es"})
        assert (answer.status_code, answer["Retry-After"]) == (503, "20")
        assert "Volvemos en un momento" in answer.content.decode()

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/open311/v2/services.xml", "xml"),
            ("/open311/v2/services.json", "json"),
            ("/r/abcdefghijkl.json", "json"),
        ],
    )
    def test_says_so_to_programs(
        self, phone: Client, lost: Callable[[], Any], path: str, kind: str
    ) -> None:
        with lost():
            answer = phone.get(path)
        assert answer.status_code == 503
        assert kind in answer["Content-Type"]
        assert "can not be reached" in answer.content.decode()
        if kind == "json":
            json.loads(answer.content)

    def test_photos_that_a_script_sends_are_sent_again_by_it(
        self, phone: Client, lost: Callable[[], Any]
    ) -> None:
        with lost():
            answer = phone.post(f"/drafts/{uuid.uuid4()}/photos", {"photo": upload(photo())})
        assert answer.status_code == 503
        assert answer.json()["away"] is True

    @pytest.mark.parametrize(
        "changes",
        [
            {"do": "look"},
            {"call": "1"},
            {"call": "1", "agent": "x"},
            {"key": "none"},
            {"website": "http://x"},
        ],
    )
    def test_other_buttons_and_calls_of_nobody_wait(
        self, phone: Client, lost: Callable[[], Any], changes: dict[str, str]
    ) -> None:
        with lost():
            assert phone.post("/report/pothole", filled(**changes)).status_code == 503
        assert waiting.keys() == []

    def test_a_form_of_another_site_is_not_taken(
        self, city: City, lost: Callable[[], Any], phone: Client
    ) -> None:
        strict = Client(SERVER_NAME="testford.example", enforce_csrf_checks=True)
        strict.raise_request_exception = False
        with lost():
            assert strict.post("/report/pothole", filled()).status_code == 403
        assert waiting.keys() == []

    def test_a_mistake_of_ours_is_still_called_one(
        self, phone: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(recording.actions, "submit", lambda **_: 1 / 0)
        assert phone.post("/report/pothole", filled()).status_code == 500
        assert waiting.keys() == []

    def test_a_page_that_nobody_waits_for_is_not_there(self, phone: Client) -> None:
        assert phone.get(f"/waiting/{uuid.uuid4()}").status_code == 404

    def test_another_citys_report_is_not_shown(self, phone: Client, report: ServiceRequest) -> None:
        City.objects.create(
            slug="elsewhere", name="Elsewhere", hosts=["elsewhere.example"], languages=["en"],
            time_zone="UTC", revision=1,
        )  # fmt: skip
        other = Client(SERVER_NAME="elsewhere.example")
        assert other.get(f"/waiting/{report.key}").status_code == 404
        assert kept.FRESH_SECONDS


class TestWhatIsLost:
    @pytest.mark.parametrize(
        ("error", "away"),
        [
            (psycopg.errors.AdminShutdown, True),
            (psycopg.errors.CannotConnectNow, True),
            (psycopg.errors.TooManyConnections, True),
            (psycopg.errors.ConnectionFailure, True),
            (psycopg.errors.DeadlockDetected, False),
            (psycopg.errors.LockNotAvailable, False),
            (psycopg.errors.QueryCanceled, False),
            (psycopg.errors.DiskFull, False),
        ],
    )
    def test_by_what_the_server_says(self, error: type[Exception], *, away: bool) -> None:
        wrapped = OperationalError("no")
        wrapped.__cause__ = error("no")
        assert is_lost(wrapped) is away

    def test_a_server_that_is_not_there(self, db: None) -> None:
        with pytest.raises(psycopg.OperationalError) as no:
            psycopg.connect("host=127.0.0.1 port=1 dbname=none", connect_timeout=2)
        wrapped = OperationalError("no")
        wrapped.__cause__ = no.value
        assert is_lost(wrapped)
        assert connection.vendor == "postgresql"

    def test_nothing_else(self) -> None:
        assert not is_lost(None)
        assert not is_lost(ValueError("no"))

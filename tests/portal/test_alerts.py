"""News of a selection by mail: nothing before it is confirmed, each report once, nothing after it is stopped."""

import datetime as dt
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.db import IntegrityError, transaction
from django.test import Client

from onehall.casework.models import Case
from onehall.casework.selection import Circle
from onehall.kernel import geo
from onehall.kernel.clock import now
from onehall.messaging.carriers.email import compose
from onehall.messaging.models import Message
from onehall.places.models import City
from onehall.service_requests import alerts, news, publicly
from onehall.service_requests.alert_models import Alert
from onehall.service_requests.models import ServiceRequest
from tests.cast import elsewhere
from tests.portal.conftest import HERE, send

ROSA = "rosa@example.com"


def ask(phone: Client, **changes: str) -> Any:
    sent = {"email": ROSA, "often": "now", "service": "pothole"} | changes
    return phone.post("/city/alerts/new", {k: v for k, v in sent.items() if v})


def confirmed(phone: Client, **changes: str) -> Alert:
    assert ask(phone, **changes).status_code == 200
    alert = Alert.objects.latest("pk")
    assert phone.post(f"/alerts/{alert.token}/confirm").status_code == 302
    alert.refresh_from_db()
    return alert


def written() -> list[Message]:
    """What was written about new reports, oldest first."""
    found = Message.objects.filter(key__startswith="alert:").order_by("pk")
    return [m for m in found if not m.key.endswith(":asked")]


def told(moment: dt.datetime) -> list[Message]:
    """What is written when the worker looks."""
    before = {m.pk for m in written()}
    alerts.tell(now=moment)
    return [m for m in written() if m.pk not in before]


def soon(seconds: int = 60) -> dt.datetime:
    return now() + dt.timedelta(seconds=seconds)


class TestAsking:
    def test_sends_a_link_and_nothing_else_before_it_is_confirmed(
        self, phone: Client, city: City
    ) -> None:
        answer = ask(phone)
        assert answer.status_code == 200
        assert "Look into your mail" in answer.content.decode()
        alert = Alert.objects.get()
        (asked,) = Message.objects.filter(key__startswith="alert:")
        assert (asked.to_address, asked.language) == (ROSA, "en")
        assert f"/alerts/{alert.token}" in asked.body_text
        assert "Pothole" in asked.body_text
        send(phone)
        assert told(soon()) == []

    def test_in_spanish_is_written_in_spanish(self, phone: Client, city: City) -> None:
        phone.post(
            "/city/alerts/new?lang=es", {"email": ROSA, "often": "day", "service": "pothole"}
        )
        assert Alert.objects.get().language == "es"
        asked = Message.objects.latest("pk")
        assert asked.subject.startswith("¿")

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"email": "rosa"}, "Type an address like name@example.com."),
            ({"email": ""}, "Type an address like name@example.com."),
            ({"often": "hourly"}, "Choose how often you want news."),
            ({"at": "xyzzy 99999"}, "We do not know this place."),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, phone: Client, city: City, wrong: dict[str, str], words: str
    ) -> None:
        answer = ask(phone, **wrong)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert words in page
        assert 'name="service" value="pothole"' in page
        assert not Alert.objects.exists()
        assert not Message.objects.exists()

    def test_what_does_not_exist_is_not_found(self, phone: Client, city: City) -> None:
        assert ask(phone, service="dragon").status_code == 404
        assert ask(phone, within="7").status_code == 404

    def test_nobodys_mailbox_is_filled_and_nothing_is_betrayed(
        self, phone: Client, city: City
    ) -> None:
        pages = {
            re.sub(r'nonce="[^"]+"', "", ask(phone).content.decode().partition("<main")[2])
            for _ in range(6)
        }
        assert len(pages) == 1
        assert Alert.objects.count() == Message.objects.count() == alerts.MOST_ASKED

    def test_what_nobody_confirms_is_forgotten(self, phone: Client, city: City) -> None:
        kept = confirmed(phone)
        ask(phone, service="")
        assert alerts.purge(now=now() + dt.timedelta(days=2)) == 0
        assert alerts.purge(now=now() + dt.timedelta(days=4)) == 1
        assert list(Alert.objects.all()) == [kept]

    def test_one_address_has_so_many(
        self, phone: Client, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(alerts, "MOST", 1)
        confirmed(phone)
        ask(phone, service="")
        answer = phone.post(f"/alerts/{Alert.objects.latest('pk').token}/confirm")
        assert answer.status_code == 422
        assert "Stop one by the link in its mail first." in answer.content.decode()


class TestTelling:
    def test_each_new_report_once(self, phone: Client, city: City) -> None:
        Case.objects.filter(pk=send(phone).case_id).update(opened_at=soon(-1))
        confirmed(phone)
        assert told(soon()) == []
        first = send(phone)
        Case.objects.filter(pk=first.case_id).update(opened_at=soon(30))
        assert told(soon(40)) == []
        (message,) = told(soon(60))
        assert f"/city/{first.number}" in message.body_text
        assert message.subject == "Pothole, 124 Elm Street"
        assert told(soon(90)) == []

    def test_only_what_fits(self, phone: Client, city: City) -> None:
        confirmed(phone, q="Main Street")
        Case.objects.filter(pk=send(phone).case_id).update(opened_at=soon(30))
        assert told(soon(60)) == []

    def test_nothing_that_is_not_public(self, phone: Client, city: City) -> None:
        confirmed(phone)
        Case.objects.filter(pk=send(phone).case_id).update(opened_at=soon(30), is_public=False)
        assert told(soon(60)) == []

    def test_says_nothing_of_who_told(self, phone: Client, city: City) -> None:
        confirmed(phone)
        report = send(phone, words="My name is Bo Secret", email="bo@example.com")
        Case.objects.filter(pk=report.case_id).update(opened_at=soon(30))
        (message,) = told(soon(60))
        for secret in ("Bo Secret", "bo@example.com", report.token or "?"):
            assert secret not in message.body_text + message.body_html + message.subject

    def test_also_what_is_done_by_then(self, phone: Client, city: City) -> None:
        alert = confirmed(phone, often="day", state="closed")
        assert alert.due_at is not None
        report = send(phone)
        Case.objects.filter(pk=report.case_id).update(
            opened_at=soon(20), is_open=False, closed_at=soon(30)
        )
        (message,) = told(alert.due_at + dt.timedelta(minutes=1))
        assert report.number in message.body_text

    def test_near_home_and_no_farther(self, phone: Client, city: City) -> None:
        confirmed(phone, at="124 Elm Street", within="250")
        near, far = send(phone), send(phone)
        Case.objects.filter(pk=near.case_id).update(opened_at=soon(30))
        Case.objects.filter(pk=far.case_id).update(opened_at=soon(31), lat=HERE[1] + 0.01)
        (message,) = told(soon(60))
        assert near.number in message.body_text
        assert far.number not in message.body_text

    def test_a_place_keeps_its_point_when_its_name_goes(self, phone: Client, city: City) -> None:
        alert = confirmed(phone, at="124 Elm Street", within="250")
        Alert.objects.filter(pk=alert.pk).update(said=alert.said | {"at": "Nowhere Row"})
        Case.objects.filter(pk=send(phone).case_id).update(opened_at=soon(30))
        assert len(told(soon(60))) == 1

    def test_many_are_named_in_part_and_counted(
        self, phone: Client, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(alerts, "LISTED", 2)
        confirmed(phone)
        for second in range(5):
            Case.objects.filter(pk=send(phone).case_id).update(opened_at=soon(20 + second))
        (message,) = told(soon(60))
        assert message.subject == "5 new reports: Pothole"
        assert "And 3 more:" in message.body_text
        assert message.body_text.count("/city/2") == 2

    def test_once_a_day_in_the_morning(self, phone: Client, city: City) -> None:
        alert = confirmed(phone, often="day")
        assert alert.due_at is not None
        assert alert.due_at.astimezone(dt.UTC) - now() < dt.timedelta(days=1)
        for second in (20, 21):
            Case.objects.filter(pk=send(phone).case_id).update(opened_at=soon(second))
        assert told(soon(60)) == []
        (message,) = told(alert.due_at + dt.timedelta(minutes=1))
        assert message.subject == "2 new reports: Pothole"
        alert.refresh_from_db()
        assert told(alert.due_at + dt.timedelta(minutes=1)) == []

    def test_what_the_city_no_longer_offers_ends_with_a_word(
        self, phone: Client, city: City
    ) -> None:
        alert = confirmed(phone)
        Alert.objects.filter(pk=alert.pk).update(said={"service": "gone"})
        Case.objects.filter(pk=send(phone).case_id).update(opened_at=soon(30))
        (message,) = told(soon(60))
        assert message.subject.startswith("No more news of this")
        assert "https://testford.example/city\n" in message.body_text
        assert not Alert.objects.exists()

    def test_goes_on_at_once_while_more_wait(
        self, phone: Client, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(alerts, "AT_ONCE", 2)
        for number in range(3):
            confirmed(phone, email=f"p{number}@example.com")
        Case.objects.filter(pk=send(phone).case_id).update(opened_at=soon(30))
        moment = soon(60)
        assert alerts.tell(now=moment) is True
        assert alerts.tell(now=moment) is False
        assert len({m.to_address for m in written()}) == 3

    def test_asks_few_questions_however_many_wait_for_nothing(
        self, phone: Client, city: City, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(3):
            confirmed(phone, email=f"p{number}@example.com")
        alerts.tell(now=soon())
        with django_assert_max_num_queries(8):
            alerts.tell(now=soon(90))


class TestStopping:
    def test_a_look_stops_and_begins_nothing(self, phone: Client, city: City) -> None:
        ask(phone)
        alert = Alert.objects.get()
        page = phone.get(f"/alerts/{alert.token}")
        assert page.headers["Cache-Control"] == "private, no-store"
        assert ROSA not in page.content.decode()
        assert phone.get(f"/alerts/{alert.token}/stop").status_code == 405
        alert.refresh_from_db()
        assert alert.confirmed_at is None

    def test_one_click_of_a_mail_program_forgets_the_address(self, city: City) -> None:
        phone = Client(SERVER_NAME="testford.example", enforce_csrf_checks=True)
        plain = Client(SERVER_NAME="testford.example")
        alert = confirmed(plain)
        letter = compose(Message.objects.latest("pk"))
        headers = letter.message()
        assert (
            headers["List-Unsubscribe"] == f"<https://testford.example/alerts/{alert.token}/stop>"
        )
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        answer = phone.post(f"/alerts/{alert.token}/stop", {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert not Alert.objects.exists()
        again = phone.post(f"/alerts/{alert.token}/stop")
        assert "It is stopped" in again.content.decode()

    def test_a_link_of_another_city_does_nothing(
        self, phone: Client, city: City, tmp_path: Path
    ) -> None:
        alert = confirmed(phone)
        elsewhere(tmp_path / "other")
        there = Client(SERVER_NAME="elsewhere.example")
        there.post(f"/alerts/{alert.token}/stop")
        assert there.post(f"/alerts/{alert.token}/confirm").status_code == 404
        assert "It is stopped" in there.get(f"/alerts/{alert.token}").content.decode()
        assert Alert.objects.filter(pk=alert.pk).exists()

    def test_no_other_mail_says_it_can_be_stopped_so(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        news.send_link({"request": report.pk}, city_id=report.city_id, key="k", now=now())
        assert "List-Unsubscribe" not in compose(Message.objects.get()).message()


class TestTheList:
    def test_is_narrowed_to_a_circle(self, phone: Client, report: ServiceRequest) -> None:
        def numbers(query: str) -> list[str]:
            caches["local"].clear()
            page = phone.get(f"/city?{query}").content.decode()
            return re.findall(r'<li><a href="/city/([^"/]+)"', page.split('id="map"')[0])

        assert numbers("at=124+Elm+Street") == [report.case.number]
        lon, lat = HERE[0], HERE[1] + 0.01
        assert numbers(f"at={lon},{lat}&within=250") == []
        assert numbers(f"at={lon},{lat}&within=2000") == [report.case.number]

    def test_opens_its_map_on_the_circle(self, phone: Client, report: ServiceRequest) -> None:
        def zoom(query: str) -> int:
            found = re.search(r'data-z="(\d+)"', phone.get(f"/city?{query}").content.decode())
            assert found
            return int(found[1])

        assert zoom("at=124+Elm+Street&within=250") > zoom("at=124+Elm+Street&within=2000")
        assert zoom("at=124+Elm+Street&lon=-121&lat=40&z=11") == 11

    def test_says_that_a_place_is_unknown_and_shows_nothing(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        page = phone.get("/city?at=xyzzy+99999").content.decode()
        assert "We do not know this place." in page
        assert f"/city/{report.case.number}" not in page
        assert 'value="xyzzy 99999"' in page

    def test_offers_the_mail_about_what_it_shows(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        shown = phone.get("/city?service=pothole&at=124+Elm+Street&within=250&state=all")
        (link,) = re.findall(r'href="(/city/alerts/new[^"]*)"', shown.content.decode())
        page = phone.get(unescape(link)).content.decode()
        assert "Pothole, within 250 m of 124 Elm Street" in page
        for name, value in (("service", "pothole"), ("at", "124 Elm Street"), ("within", "250")):
            assert f'<input type="hidden" name="{name}" value="{value}">' in page


@pytest.mark.parametrize("lat", [0.0, 40.0, -60.0])
@pytest.mark.parametrize("metres", [250, 2_000])
def test_a_circle_is_round(db: None, lat: float, metres: int) -> None:
    circle = Circle(12.0, lat, metres)
    box = circle.box
    for lon, at in ((box.east, lat), (box.west, lat), (12.0, box.north), (12.0, box.south)):
        assert geo.distance(12.0, lat, lon, at) == pytest.approx(metres, rel=0.002)


def test_a_daily_one_has_its_time(city: City) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(
            city=city, token="t" * 20, email=ROSA, language="en", often="day",
            created_at=now(), looked_at=now(),
        )  # fmt: skip


def test_words_of_an_address_say_all_of_it(city: City) -> None:
    said = {"service": "pothole", "q": "elm", "area": "district:north", "box": "1,1,2,2"}
    found = publicly.in_words(city, said, "en")
    assert found.startswith("Pothole, “elm”, ")
    assert found.endswith("on one part of the map")

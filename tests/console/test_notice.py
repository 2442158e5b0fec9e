"""What the staff tell all residents at once, and services that rest meanwhile."""

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from onehall.casework.errors import CaseworkRefused
from onehall.cli import city as city_cli
from onehall.kernel.clock import now
from onehall.people.actor import resident
from onehall.places.models import City
from onehall.service_requests import actions, notices
from onehall.service_requests.actions import NewRequest
from onehall.service_requests.models import Notice, ServiceRequest
from onehall.service_requests.notices import NoticeRefused, Told
from tests.console.people import SPOT, Person
from tests.packs import TESTFORD

HOUR = dt.timedelta(hours=1)
STORM: dict[str, str] = {
    "title.en": "Storm tonight",
    "title.es": "Tormenta esta noche",
    "words.en": "Stay inside.\nCall 911 in danger.",
    "link": "https://county.example/storm",
    "urgent": "yes",
    "pause.pothole": "yes",
    "instead.pothole.en": "Stay away from water on the road.",
}


@pytest.fixture
def phone(city: City) -> Client:
    return Client(HTTP_HOST=city.hosts[0], headers={"accept-language": "en"})


def send(person: Person, **more: str) -> Any:
    """The form as the page would send it, with the notice that is the latest."""
    last = Notice.objects.order_by("-id").first()
    return person.post(
        "/notice", **{"seen": str(last.pk if last else 0), "do": "on"} | STORM | more
    )


def told(city: City) -> Told | None:
    return notices.told(City.objects.get(pk=city.pk), now())


class TestTelling:
    def test_every_page_says_it_in_the_readers_language(
        self, city: City, sue: Person, phone: Client
    ) -> None:
        assert send(sue).status_code == 302
        for path in ("/", "/report", "/city", "/report/question", "/about/privacy"):
            html = phone.get(path).content.decode()
            assert html.count("Storm tonight") == 1, path
            assert "Stay inside.<br>Call 911 in danger." in html
            assert 'href="https://county.example/storm"' in html
        html = phone.get("/?lang=es").content.decode()
        assert "Tormenta esta noche" in html
        # What a language lacks is read in the first one.
        assert "Stay inside." in html

    def test_asks_the_database_nothing_more(
        self, city: City, sue: Person, phone: Client, django_assert_max_num_queries: Any
    ) -> None:
        phone.get("/report/question")
        with CaptureQueriesContext(connection) as before:
            phone.get("/report/question")
        asked = len(before)
        assert asked > 0
        send(sue)
        phone.get("/report/question")
        with django_assert_max_num_queries(asked):
            assert b"Storm tonight" in phone.get("/report/question").content

    def test_is_looked_at_before_it_is_told(self, city: City, sue: Person, phone: Client) -> None:
        seen = send(sue, do="look")
        assert seen.status_code == 200
        html = seen.content.decode()
        assert html.index("This is how they will see it") < html.index("Tell all residents now")
        assert "Paused: Pothole" in html
        assert told(city) is None
        assert not Notice.objects.exists()
        assert b"Storm tonight" not in phone.get("/").content

    def test_ends_by_itself_at_its_time_in_the_citys_zone(
        self, city: City, sue: Person, phone: Client
    ) -> None:
        send(sue, until="2026-03-04T18:00")
        found = told(city)
        assert found is not None
        assert found.until == dt.datetime(2026, 3, 5, 2, 0, tzinfo=dt.UTC)
        for hours, there in ((7, True), (8, False), (9, False)):
            with time_machine.travel(now() + hours * HOUR, tick=False):
                assert (b"Storm tonight" in phone.get("/").content) is there
                assert phone.get("/report/pothole").content.count(b"Stay away from water") == there

    def test_is_taken_back_at_once(self, city: City, sue: Person, phone: Client) -> None:
        send(sue)
        assert send(sue, do="off").status_code == 302
        assert told(city) is None
        assert b"Storm tonight" not in phone.get("/").content
        assert phone.get("/report/pothole").status_code == 200

    def test_the_form_holds_what_is_told_now(self, city: City, sue: Person) -> None:
        send(sue, until="2026-03-04T18:00")
        html = sue.get("/notice").content.decode()
        assert 'value="2026-03-04T18:00"' in html
        assert 'name="pause.pothole" value="yes" checked' in html
        assert "Stay away from water on the road.</textarea>" in html

    def test_a_new_revision_of_the_city_keeps_it(self, city: City, sue: Person) -> None:
        send(sue)
        city_cli.apply(TESTFORD, with_staff=False, by="tests")
        assert told(city) is not None


class TestRefusals:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"title.en": ""}, "Give it a title"),
            ({"title.en": "x" * 121}, "120 letters at most"),
            ({"words.es": "x" * 1001}, "1000 letters at most"),
            ({"link": "javascript:alert(1)"}, "no web address"),
            ({"link": "county"}, "no web address"),
            ({"until": "soon"}, "This is no time"),
            ({"until": "2026-03-04T09:00"}, "This time is over"),
            ({"instead.pothole.en": ""}, "Say what to do instead"),
        ],
    )
    def test_says_what_is_wrong_and_loses_nothing(
        self, city: City, sue: Person, given: dict[str, str], words: str
    ) -> None:
        for do in ("look", "on"):
            answer = send(sue, **given | {"do": do})
            html = answer.content.decode()
            assert answer.status_code == 422
            assert words in html
            assert "Tormenta esta noche" in html
        assert told(city) is None

    def test_whoever_is_second_is_told_so_and_keeps_their_words(
        self, city: City, sue: Person
    ) -> None:
        send(sue)
        answer = send(sue, seen="0", **{"title.en": "Flood"})
        assert answer.status_code == 409
        html = answer.content.decode()
        assert "Somebody else changed the notice meanwhile" in html
        assert "Storm tonight" in html
        assert 'value="Flood"' in html
        assert Notice.objects.count() == 1
        assert send(sue, do="off", seen="0").status_code == 409

    def test_only_those_who_may(self, city: City, carl: Person, ana: Person) -> None:
        for person in (carl, ana):
            assert person.get("/notice").status_code == 403
            assert send(person).status_code == 403
            with pytest.raises(CaseworkRefused):
                notices.tell(
                    city=city, new=Told(title={"en": "x"}), seen=0, by=person.actor, now=now()
                )
        assert not Notice.objects.exists()

    def test_an_unknown_service_can_not_be_paused(self, city: City, sue: Person) -> None:
        new = Told(title={"en": "x"}, paused={"gone": {"en": "y"}})
        with pytest.raises(NoticeRefused, match="not offered any more"):
            notices.tell(city=city, new=new, seen=0, by=sue.actor, now=now())

    def test_it_is_of_one_city(
        self, city: City, other_city: City, sue: Person, phone: Client
    ) -> None:
        send(sue)
        away = Client(HTTP_HOST=other_city.hosts[0])
        assert b"Storm tonight" not in away.get("/").content
        assert b"Storm tonight" in phone.get("/").content


class TestPaused:
    def test_is_found_and_says_what_to_do(self, city: City, sue: Person, phone: Client) -> None:
        send(sue)
        assert b"Paused now" in phone.get("/report").content
        assert b"Paused now" in phone.get("/report?q=pothole").content
        answer = phone.get("/report/pothole")
        html = answer.content.decode()
        assert answer.status_code == 200
        assert "Stay away from water on the road." in html
        assert "<form" not in html.split("<main")[1].split("</main>")[0]

    def test_a_report_is_not_taken_and_its_words_stay(
        self, city: City, sue: Person, phone: Client
    ) -> None:
        send(sue)
        given = {
            "key": str(uuid.uuid4()), "where": "124 Elm Street", "words": "Deep <hole>", "do": "send",
            "q_size": "small",
        }  # fmt: skip
        answer = phone.post("/report/pothole", given)
        assert answer.status_code == 409
        html = answer.content.decode()
        assert "It was not sent." in html
        assert "Deep &lt;hole&gt;" in html
        assert "124 Elm Street" in html
        assert not ServiceRequest.objects.exists()

    def test_the_one_place_that_records_refuses_it_too(self, city: City, sue: Person) -> None:
        send(sue)
        fresh = City.objects.get(pk=city.pk)
        new = NewRequest(
            key=uuid.uuid4(), service_key="pothole", answers={"size": "small"}, place=SPOT
        )
        with pytest.raises(CaseworkRefused, match="no reports about this"):
            actions.submit(city=fresh, new=new, by=resident(city.id), now=now())

    def test_the_staff_still_take_calls(
        self, city: City, sue: Person, ana: Person, phone: Client
    ) -> None:
        send(sue)
        html = ana.client.get("/report/pothole?call=1").content.decode()
        assert "Paused for residents" in html
        assert "Stay away from water on the road." in html
        given = {
            "key": str(uuid.uuid4()), "where": "124 Elm Street", "words": "A hole", "do": "send",
            "q_size": "small", "call": "1", "name": "Rosa",
        }  # fmt: skip
        assert ana.client.post("/report/pothole", given).status_code == 302
        assert ServiceRequest.objects.count() == 1


class TestRecord:
    def test_says_who_and_when_and_never_changes(self, city: City, sue: Person) -> None:
        send(sue)
        send(sue, do="off")
        first, last = Notice.objects.order_by("id")
        assert (first.by_name, first.by_id, first.at) == (
            sue.actor.name, sue.actor.user_id, now(),
        )  # fmt: skip
        assert first.doc["paused"] == {"pothole": {"en": "Stay away from water on the road."}}
        assert last.doc == {}
        html = sue.get("/notice").content.decode()
        assert "What was said before" in html
        assert "taken back" in html
        for change in (lambda: first.delete(), lambda: first.save()):
            with pytest.raises(ProgrammingError), transaction.atomic():
                change()


def test_a_language_of_the_form_is_named_in_itself(city: City, sue: Person) -> None:
    assert "Español" in sue.get("/notice").content.decode()

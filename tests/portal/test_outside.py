"""The page of an outside body: what it shows, what it hides, its answers, and links that are over."""

import datetime as dt
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from PIL import Image

from onehall.casework import handing
from onehall.casework.models import HandOver, Photo, TimelineEntry
from onehall.catalog.models import Service
from onehall.people.bodies import body_of_key
from onehall.places.models import City
from tests.cast import START, Cast, entries

DAY = dt.timedelta(days=1)


@pytest.fixture
def page(client: Client, settings: Any) -> Client:
    settings.ALLOWED_HOSTS = ["*"]
    caches["local"].clear()
    client.defaults["HTTP_HOST"] = "testford.example"
    return client


def give(cast: Cast, **more: Any) -> HandOver:
    case = cast.case(words="Dark since Monday", answers={"size": "large"}, **more)
    body = body_of_key(cast.city, "power")
    assert body is not None
    return handing.hand_over(
        city=cast.city, case_id=case.pk, body=body, words="Please look.", by=cast.dana, now=START
    )


def jpeg() -> BytesIO:
    found = BytesIO()
    Image.new("RGB", (80, 60), "teal").save(found, "JPEG")
    found.seek(0)
    found.name = "work.jpg"
    return found


class TestShows:
    def test_place_words_answers_and_what_is_asked_and_nobodys_contact(
        self, cast: Cast, page: Client
    ) -> None:
        text = page.get(f"/outside/{give(cast).token}").content.decode()
        for said in ("300 Elm Street", "Dark since Monday", "Larger than a plate", "Please look."):
            assert said in text
        for hidden in ("Rosa", "rosa@example.org", "555-0111"):
            assert hidden not in text
        assert "noindex" in text

    def test_the_contact_where_the_service_shares_it(self, cast: Cast, page: Client) -> None:
        given = give(cast)
        HandOver.objects.update(shares_contact=True)
        text = page.get(f"/outside/{given.token}").content.decode()
        assert "555-0111" in text
        assert "rosa@example.org" not in text

    def test_a_service_decides_that_when_it_is_handed_over(self, cast: Cast) -> None:
        row = Service.objects.get(city=cast.city, key="pothole")
        row.doc["hand_over"] = {"contact": True, "days": 5}
        row.save()
        City.objects.filter(pk=cast.city.pk).update(revision=cast.city.revision + 1)
        cast.city.refresh_from_db()
        given = give(cast)
        assert given.shares_contact
        assert given.expires_at == START + 5 * DAY

    def test_no_photo_that_is_its_senders_alone(self, cast: Cast, page: Client) -> None:
        given = give(cast)
        shared = {"city_id": cast.city.pk, "case_id": given.case_id, "width": 4, "height": 3}
        import uuid

        seen, hidden = uuid.uuid4(), uuid.uuid4()
        for key, private in ((seen, False), (hidden, True)):
            Photo.objects.create(key=key, is_private=private, created_at=START, **shared)
        text = page.get(f"/outside/{given.token}").content.decode()
        assert str(seen) in text
        assert str(hidden) not in text


class TestAnswers:
    def test_with_a_photo_and_without_a_script(self, cast: Cast, page: Client) -> None:
        given = give(cast)
        sent = {"do": "done", "words": "New lamp.", "photos": [jpeg()]}
        assert page.post(f"/outside/{given.token}", sent).status_code == 302
        photo = Photo.objects.get(case_id=given.case_id)
        assert (photo.kind, photo.is_public) == ("after", False)
        wrote = [e for e in entries(given.case) if e.data.get("what") == "wrote"]
        assert wrote[0].data == {
            "body": "power", "name": wrote[0].data["name"], "what": "wrote",
            "words": "New lamp.", "photos": [photo.pk],
        }  # fmt: skip
        assert "You have answered" in page.get(f"/outside/{given.token}").content.decode()

    def test_a_refusal_says_why_and_keeps_what_was_typed(self, cast: Cast, page: Client) -> None:
        given = give(cast)
        answer = page.post(f"/outside/{given.token}", {"do": "done", "words": " "})
        assert answer.status_code == 422
        assert "Say in a line" in answer.content.decode()
        long = page.post(f"/outside/{given.token}", {"do": "words", "words": "x" * 4001})
        assert long.status_code == 422
        assert "x" * 4000 in long.content.decode()

    def test_no_picture_is_refused_in_words(self, cast: Cast, page: Client) -> None:
        given = give(cast)
        fake = BytesIO(b"not a picture")
        fake.name = "fake.jpg"
        answer = page.post(
            f"/outside/{given.token}", {"do": "accepted", "words": "Yes", "photos": [fake]}
        )
        assert answer.status_code == 422
        assert "fake.jpg" in answer.content.decode()
        assert HandOver.objects.get().state == "sent"

    def test_looking_is_audited_once(self, cast: Cast, page: Client) -> None:
        given = give(cast)
        for _ in range(2):
            page.get(f"/outside/{given.token}")
        looked = TimelineEntry.objects.filter(case_id=given.case_id, data__what="opened")
        assert looked.count() == 1
        assert HandOver.objects.get().opened_at is not None


class TestOver:
    def test_a_link_that_was_taken_back_shows_nothing(self, cast: Cast, page: Client) -> None:
        given = give(cast)
        handing.take_back(
            city=cast.city, case_id=given.case_id, hand_over_id=given.pk, by=cast.dana, now=START
        )
        answer = page.get(f"/outside/{given.token}")
        assert answer.status_code == 404
        assert "300 Elm Street" not in answer.content.decode()
        assert page.post(f"/outside/{given.token}", {"do": "accepted"}).status_code == 404
        assert page.get(f"/outside/{given.token}/map/light.webp").status_code == 404

    def test_one_that_never_was(self, cast: Cast, page: Client) -> None:
        assert page.get("/outside/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404

    def test_is_limited(self, cast: Cast, page: Client, settings: Any) -> None:
        settings.LIMIT_CONNECTIONS = True
        given = give(cast)
        codes = [page.get(f"/outside/{given.token}").status_code for _ in range(121)]
        assert codes[-1] == 429
        assert codes[0] == 200


def test_the_resident_reads_who_has_it(cast: Cast, page: Client) -> None:
    given = give(cast)
    request = given.case.requests.get()
    text = page.get(f"/r/{request.token}").content.decode()
    assert "Testford Power looks after it" in text
    assert "Please look." not in text
    handing.answer(
        city=cast.city, token=given.token, what="not_ours", words="No.", pictures=(), now=START
    )
    text = page.get(f"/r/{request.token}").content.decode()
    assert "Testford Power looks after it" not in text
    assert "Testford Power says it is not theirs" in text

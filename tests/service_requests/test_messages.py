"""What a resident writes and sends afterwards: words, photos or both, in one transaction."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.casework import photos
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Photo
from onehall.messaging.models import Outbox
from onehall.service_requests import actions
from onehall.service_requests.models import ServiceRequest
from tests.cast import START, Cast, entries, kinds, picture, sound


def taken(cast: Cast, *seeds: int) -> list[Photo]:
    """Pictures as they came in with a message, not yet on a case."""
    return [
        photos.take_in(
            picture(seed), city_id=cast.city.id, kind=Photo.Kind.MESSAGE, by=cast.sam, now=START
        )
        for seed in seeds
    ]


def send(cast: Cast, request: ServiceRequest, *seeds: int, words: str = "") -> Case:
    pictures = taken(cast, *seeds)
    return actions.write(
        city=cast.city, request=request, words=words, pictures=pictures, by=cast.sam, now=START
    )


@pytest.fixture
def waiting(cast: Cast) -> ServiceRequest:
    """A report whose case waits for its resident."""
    request = cast.report()
    cast.move(request.case, "start")
    cast.move(request.case, "ask", words="What does it look like?")
    assert sound(request.case).paused_at == START
    return request


@pytest.mark.django_db
class TestPhotosAlone:
    def test_put_the_work_back_in_motion(self, cast: Cast, waiting: ServiceRequest) -> None:
        send(cast, waiting, 1, 2)
        stored = sound(waiting.case)
        assert (stored.state, stored.paused_at, stored.unread_reply) == ("working", None, True)
        assert kinds(stored)[-2:] == ["wrote", "moved"]
        said, moved = entries(stored)[-2:]
        ids = list(Photo.objects.order_by("id").values_list("id", flat=True))
        assert said.data == {"number": waiting.number, "photos": ids}
        assert (moved.data["purpose"], moved.data["number"]) == ("answer", waiting.number)

    def test_are_for_staff_before_somebody_shows_them(
        self, cast: Cast, waiting: ServiceRequest
    ) -> None:
        send(cast, waiting, 1)
        photo = Photo.objects.get()
        assert (photo.case_id, photo.request_id) == (waiting.case_id, waiting.pk)
        assert (photo.is_public, photo.kind) == (False, "message")

    def test_twice_are_one_answer(self, cast: Cast, waiting: ServiceRequest) -> None:
        send(cast, waiting, 1)
        lock = sound(waiting.case).lock
        send(cast, waiting, 1)
        assert sound(waiting.case).lock == lock
        assert Photo.objects.count() == 1

    def test_sent_before_the_question_answer_it_when_sent_again(self, cast: Cast) -> None:
        request = cast.report()
        send(cast, request, 1)
        cast.move(request.case, "ask", words="What does it look like?")
        send(cast, request, 1)
        assert sound(request.case).state == "received"
        assert Photo.objects.count() == 1

    def test_else_are_only_heard(self, cast: Cast) -> None:
        request = cast.report()
        send(cast, request, 1)
        assert (sound(request.case).state, kinds(request.case)[-1]) == ("received", "wrote")

    def test_of_two_people_are_two(self, cast: Cast) -> None:
        request = cast.report()
        other = cast.follow(request.case)
        send(cast, request, 1)
        send(cast, other, 1)
        owners = Photo.objects.order_by("id").values_list("request_id", flat=True)
        assert list(owners) == [request.pk, other.pk]


@pytest.mark.django_db
class TestWordsAndPhotos:
    def test_are_one_entry(self, cast: Cast, waiting: ServiceRequest) -> None:
        send(cast, waiting, 1, words="Like this.")
        assert kinds(sound(waiting.case))[-2:] == ["wrote", "moved"]
        said = entries(waiting.case)[-2]
        assert (said.data["words"], len(said.data["photos"])) == ("Like this.", 1)

    def test_too_many_words_keep_no_photo_and_move_nothing(
        self, cast: Cast, waiting: ServiceRequest
    ) -> None:
        with pytest.raises(MoveRefused):
            send(cast, waiting, 1, words="x" * 4001)
        assert sound(waiting.case).state == "waiting"
        assert not Photo.objects.exists()

    def test_all_of_it_or_nothing(
        self, cast: Cast, waiting: ServiceRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The step that goes on with the work fails: no photo, no entry, no news is left."""
        pictures = taken(cast, 1)
        Outbox.objects.all().delete()
        lock = sound(waiting.case).lock

        def refuse(**_given: object) -> Case:
            raise MoveRefused("No.")

        monkeypatch.setattr("onehall.service_requests.actions.casework.make_move", refuse)
        with pytest.raises(MoveRefused):
            actions.write(
                city=cast.city,
                request=waiting,
                words="Like this.",
                pictures=pictures,
                by=cast.sam,
                now=START,
            )
        assert (sound(waiting.case).lock, Photo.objects.count()) == (lock, 0)
        assert not Outbox.objects.exists()

    def test_pictures_are_cleaned_before_the_case_is_held(
        self, cast: Cast, waiting: ServiceRequest
    ) -> None:
        with CaptureQueriesContext(connection) as found:
            taken(cast, 1, 2)
        assert not found.captured_queries

"""Photos: kept as drafts, hung onto their report, made unreadable, forgotten."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection

from onehall.casework import attachments, photos, tasks
from onehall.casework.errors import CaseChanged, CaseworkRefused, MoveRefused
from onehall.casework.models import Photo
from onehall.casework.photos import Box, TooManyPhotos
from onehall.kernel import storage
from onehall.kernel.photos import PhotoRefused
from tests.cast import START, Cast, build, elsewhere, entries, kinds, picture, sound

KEY = uuid.UUID("00000000-0000-4000-8000-000000000001")
DAY = dt.timedelta(days=1)
HALF = [Box(0.1, 0.1, 0.5, 0.5)]


def draft(cast: Cast, seed: int = 1, *, key: uuid.UUID = KEY, now: dt.datetime = START) -> Photo:
    return photos.add_draft(
        city=cast.city, draft_key=key, upload=picture(seed), by=cast.sam, now=now
    )


@pytest.fixture(autouse=True)
def own_files(settings: object, tmp_path: object) -> None:
    """Files of one test are not found by another."""
    storages = {**settings.STORAGES}  # type: ignore[attr-defined]
    storages["default"] = {
        **storages["default"],
        "OPTIONS": {"location": tmp_path, "base_url": None},
    }
    settings.STORAGES = storages  # type: ignore[attr-defined]


@pytest.mark.django_db
class TestDrafts:
    def test_are_kept_in_order_and_hang_onto_the_report_when_it_is_sent(self, cast: Cast) -> None:
        first, second = draft(cast, 1), draft(cast, 2)
        assert [p.pk for p in photos.drafts(cast.city, KEY)] == [first.pk, second.pk]
        request = cast.report(key=KEY)
        found = list(Photo.objects.order_by("position"))
        assert [p.pk for p in found] == [first.pk, second.pk]
        assert {(p.case_id, p.request_id, p.draft_key) for p in found} == {
            (request.case_id, request.pk, None)
        }
        assert not any(p.is_public for p in found)
        assert photos.drafts(cast.city, KEY) == []

    def test_the_same_picture_twice_is_kept_once(self, cast: Cast) -> None:
        assert draft(cast).pk == draft(cast).pk
        assert Photo.objects.count() == 1

    def test_six_and_no_more(self, cast: Cast) -> None:
        for seed in range(6):
            draft(cast, seed)
        with pytest.raises(TooManyPhotos, match="up to 6 photos"):
            draft(cast, 7)
        draft(cast, 3)
        photos.remove_draft(
            city=cast.city, draft_key=KEY, key=photos.drafts(cast.city, KEY)[0].key, now=START
        )
        draft(cast, 7)
        assert len(photos.drafts(cast.city, KEY)) == 6

    def test_a_removed_one_does_not_go_along(self, cast: Cast) -> None:
        gone = draft(cast, 1)
        kept = draft(cast, 2)
        photos.remove_draft(city=cast.city, draft_key=KEY, key=gone.key, now=START)
        request = cast.report(key=KEY)
        assert [p.pk for p in Photo.objects.filter(case_id=request.case_id)] == [kept.pk]

    def test_what_is_no_photo_is_refused_in_words_and_leaves_nothing(self, cast: Cast) -> None:
        with pytest.raises(PhotoRefused):
            photos.add_draft(
                city=cast.city, draft_key=KEY, upload=b"GIF89a nonsense", by=cast.sam, now=START
            )
        assert not Photo.objects.exists()

    def test_another_city_finds_none_of_them(self, cast: Cast, tmp_path: object) -> None:
        other, _ida = elsewhere(tmp_path)  # type: ignore[arg-type]
        mine = draft(cast)
        assert photos.drafts(other, KEY) == []
        photos.remove_draft(city=other, draft_key=KEY, key=mine.key, now=START)
        with pytest.raises(Photo.DoesNotExist):
            photos.blur_draft(city=other, draft_key=KEY, key=mine.key, boxes=HALF, now=START)
        assert len(photos.drafts(cast.city, KEY)) == 1


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_uploads_of_one_report_wait_for_each_other(self) -> None:
        cast = build()
        start = threading.Barrier(9)
        refused: list[str] = []

        def upload(seed: int) -> None:
            try:
                start.wait(20)
                draft(cast, seed)
            except TooManyPhotos as no:
                refused.append(str(no))
            finally:
                connection.close()

        threads = [threading.Thread(target=upload, args=(n % 8,)) for n in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        kept = photos.drafts(cast.city, KEY)
        assert len(kept) == 6
        assert sorted(p.position for p in kept) == list(range(6))
        assert len({p.name for p in kept}) == 6

    def test_blurring_while_the_report_is_sent_loses_no_photo(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cast = build()
        mine = draft(cast)
        plain = photos._redacted

        def slow(photo: Photo, boxes: list[Box]) -> object:
            drawn = plain(photo, boxes)
            cast.report(key=KEY)
            return drawn

        monkeypatch.setattr(photos, "_redacted", slow)
        with pytest.raises(Photo.DoesNotExist):
            photos.blur_draft(city=cast.city, draft_key=KEY, key=mine.key, boxes=HALF, now=START)
        stored = Photo.objects.get()
        assert stored.case_id is not None
        assert stored.draft_key is None
        assert storage.exists(stored.name)

    def test_a_blurred_draft_lets_go_of_the_clear_one(self) -> None:
        cast = build()
        mine = draft(cast)
        other = draft(cast, 9)
        blurred = photos.blur_draft(
            city=cast.city, draft_key=KEY, key=mine.key, boxes=HALF, now=START
        )
        assert blurred.pk == mine.pk
        assert blurred.key != mine.key
        assert blurred.name == blurred.original_name != mine.name
        assert not blurred.redacted
        assert storage.exists(blurred.name)
        assert not any(storage.exists(n) for n in (mine.name, mine.small_name, mine.thumb_name))
        assert storage.exists(other.name)
        assert len(photos.drafts(cast.city, KEY)) == 2

    def test_forgotten_drafts_go_with_their_files_unless_another_photo_needs_them(self) -> None:
        cast = build()
        shared, alone = draft(cast, 1), draft(cast, 2)
        twin_key = uuid.uuid4()
        twin = draft(cast, 1, key=twin_key)
        assert twin.name == shared.name
        sent = cast.report(key=twin_key)
        fresh = draft(cast, 3, key=uuid.uuid4(), now=START + 2 * DAY)
        assert tasks.purge_drafts(START + 2 * DAY + dt.timedelta(minutes=1)) == 2
        assert set(Photo.objects.values_list("pk", flat=True)) == {twin.pk, fresh.pk}
        assert Photo.objects.get(pk=twin.pk).case_id == sent.case_id
        assert storage.exists(twin.name)
        assert storage.exists(fresh.name)
        assert not storage.exists(alone.name)
        assert tasks.purge_drafts(START + 2 * DAY + dt.timedelta(minutes=1)) == 0

    def test_a_file_of_a_case_with_the_same_bytes_stays(self) -> None:
        cast = build()
        alone = draft(cast, 1)
        file = attachments.take_in(picture(1), city=cast.city, title="wall.jpg")
        assert file.name == alone.name
        attachments.add(
            city=cast.city, case_id=cast.case().pk, files=[file], by=cast.dana, now=START
        )
        assert tasks.purge_drafts(START + 3 * DAY) == 1
        assert storage.exists(file.name)
        assert not storage.exists(alone.small_name)


@pytest.mark.django_db
class TestBlur:
    def test_takes_one_to_twenty_places_inside_the_picture(self, cast: Cast) -> None:
        mine = draft(cast)
        for boxes in ([], HALF * 21):
            with pytest.raises(CaseworkRefused, match="one to twenty places"):
                photos.blur_draft(
                    city=cast.city, draft_key=KEY, key=mine.key, boxes=boxes, now=START
                )
        with pytest.raises(ValueError):
            photos.blur_draft(
                city=cast.city, draft_key=KEY, key=mine.key, boxes=[Box(2, 0, 1, 1)], now=START
            )
        mine.refresh_from_db()
        assert photos.drafts(cast.city, KEY)[0].key == mine.key


@pytest.mark.django_db
class TestOnACase:
    def add(self, cast: Cast, who: str, kind: str = Photo.Kind.AFTER, seed: int = 5) -> Photo:
        case = cast.case()
        return photos.add_to_case(
            city=cast.city,
            case_id=case.pk,
            upload=picture(seed),
            kind=kind,
            words="",
            by=cast.named(who),
            now=START,
        )

    def test_a_picture_of_the_work_is_shown_and_one_of_the_spot_is_not(self, cast: Cast) -> None:
        work = self.add(cast, "ben")
        assert work.is_public
        assert work.case is not None
        assert entries(sound(work.case))[-1].public
        spot = self.add(cast, "ben", Photo.Kind.BEFORE)
        assert not spot.is_public
        assert spot.case is not None
        assert not entries(sound(spot.case))[-1].public

    def test_a_residents_picture_comes_with_a_message_and_no_other_way(self, cast: Cast) -> None:
        with pytest.raises(MoveRefused):
            self.add(cast, "sam", Photo.Kind.MESSAGE)
        assert not Photo.objects.exists()

    def test_the_same_picture_twice_is_one(self, cast: Cast) -> None:
        first = self.add(cast, "ben")
        assert first.case is not None
        again = photos.add_to_case(
            city=cast.city,
            case_id=first.case.pk,
            upload=picture(5),
            kind=Photo.Kind.AFTER,
            words="",
            by=cast.ben,
            now=START,
        )
        assert again.pk == first.pk
        assert kinds(first.case).count("photo") == 1

    @pytest.mark.parametrize("who", ["owen", "kim"])
    def test_staff_who_only_read_add_none_hide_none_and_blur_none(
        self, cast: Cast, who: str
    ) -> None:
        with pytest.raises(MoveRefused):
            self.add(cast, who)
        assert not Photo.objects.exists()
        photo = self.add(cast, "ben")
        assert photo.case_id is not None
        common = {
            "city": cast.city,
            "case_id": photo.case_id,
            "photo_id": photo.pk,
            "by": cast.named(who),
            "now": START,
        }
        with pytest.raises(MoveRefused):
            photos.redact(**common, boxes=HALF)
        with pytest.raises(MoveRefused):
            photos.set_public(**common, is_public=False)

    def test_redaction_keeps_the_original_apart_and_the_old_address_dies(self, cast: Cast) -> None:
        photo = self.add(cast, "ben")
        assert photo.case is not None
        clean = photos.redact(
            city=cast.city,
            case_id=photo.case.pk,
            photo_id=photo.pk,
            boxes=HALF,
            by=cast.mo,
            now=START,
        )
        assert clean.redacted
        assert clean.key != photo.key
        assert clean.name == clean.clean_name != photo.name
        assert clean.original_name == photo.name
        assert storage.read(clean.name) != storage.read(clean.original_name)
        assert not Photo.objects.filter(key=photo.key).exists()
        last = entries(sound(photo.case))[-1]
        assert (last.kind, last.public) == ("redacted", False)
        again = photos.redact(
            city=cast.city,
            case_id=photo.case.pk,
            photo_id=photo.pk,
            boxes=HALF,
            by=cast.mo,
            now=START,
        )
        assert again.original_name == photo.name
        assert again.key != clean.key

    def test_only_supervisors_look_at_the_original_and_every_look_is_written_down(
        self, cast: Cast
    ) -> None:
        photo = self.add(cast, "ben")
        assert photo.case is not None
        common = {"city": cast.city, "case_id": photo.case.pk, "photo_id": photo.pk, "now": START}
        photos.redact(**common, boxes=HALF, by=cast.ben)
        for who in ("ben", "dana", "owen", "kim", "sam"):
            with pytest.raises(MoveRefused):
                photos.look_at_original(**common, by=cast.named(who))
        assert photos.look_at_original(**common, by=cast.mo) == storage.read(photo.name)
        last = entries(sound(photo.case))[-1]
        assert (last.kind, last.public, last.actor_name) == ("looked", False, "Mo Supervisor")

    def test_hiding_and_showing_is_written_down(self, cast: Cast) -> None:
        photo = self.add(cast, "ben")
        assert photo.case is not None
        common = {
            "city": cast.city,
            "case_id": photo.case.pk,
            "photo_id": photo.pk,
            "by": cast.mo,
            "now": START,
        }
        for shown in (False, True):
            assert photos.set_public(**common, is_public=shown).is_public is shown
            assert entries(sound(photo.case))[-1].data == {"photo": photo.pk, "public": shown}

    def test_who_works_from_an_old_page_is_told(self, cast: Cast) -> None:
        photo = self.add(cast, "ben")
        assert photo.case is not None
        with pytest.raises(CaseChanged):
            photos.set_public(
                city=cast.city,
                case_id=photo.case.pk,
                photo_id=photo.pk,
                is_public=False,
                by=cast.mo,
                now=START,
                seen=2,
            )

"""A photo made unreadable: the old address is dead, the original is kept apart, every look is written down."""

import itertools
from pathlib import Path

import pytest
from PIL import Image

from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.kernel import storage
from onehall.places.models import City
from tests.console.people import Person, report, upload
from tests.packs import changed


def address(photo: Photo, size: str = "large") -> str:
    return f"/photos/{photo.key}/{size}.jpg"


def test_the_old_address_is_dead_and_the_original_is_kept(
    ana: Person, sue: Person, case: Case
) -> None:
    photo = Photo.objects.get(case=case)
    ana.act(case, f"photos/{photo.pk}", public="yes")
    photo.refresh_from_db()
    stranger = Person(ana.city)
    old = [address(photo, size) for size in ("large", "small", "thumb")]
    assert all(stranger.client.get(a).status_code == 200 for a in old)
    before = storage.read(photo.name)
    answer = ana.act(case, f"photos/{photo.pk}", boxes="[[0, 0, 0.5, 0.5], [0.6, 0.6, 0.2, 0.2]]")
    assert answer.status_code == 302
    assert all(stranger.client.get(a).status_code == 404 for a in old)
    photo.refresh_from_db()
    fresh = stranger.client.get(address(photo))
    assert fresh.status_code == 200
    assert fresh.content != before
    assert storage.read(photo.original_name) == before
    seen = sue.get(f"/cases/{case.number}/photos/{photo.pk}/original")
    assert seen.content == before
    assert "no-store" in seen.headers["Cache-Control"]
    looked = TimelineEntry.objects.get(case=case, kind="looked")
    assert (looked.public, looked.actor_id, looked.data) == (
        False,
        sue.user.pk,
        {"photo": photo.pk},
    )
    page = ana.get(f"/cases/{case.number}", see="staff").content.decode()
    assert "Original photo looked at" in page
    assert "Sue Supervisor" in page


def test_blurred_twice_the_first_original_stays(ana: Person, case: Case) -> None:
    photo = Photo.objects.get(case=case)
    first = photo.original_name
    for box in ("[[0, 0, 0.2, 0.2]]", "[[0.5, 0.5, 0.2, 0.2]]"):
        ana.act(case, f"photos/{photo.pk}", boxes=box)
    photo.refresh_from_db()
    assert photo.original_name == first
    assert photo.name != first


@pytest.mark.parametrize(
    "boxes",
    ["[]", "x", "[1]", '{"a": 1}', "[[0,0,0,0]]", "[[2,0,1,1]]", "[[0,0,1]]", '[["a",0,1,1]]', "[[0,0,NaN,1]]",
     "[[0,0,1,1]]" [:-1] + ",[0,0,1,1]" * 20 + "]", "[" * 20000],
)  # fmt: skip
def test_wrong_boxes_are_refused_and_change_nothing(ana: Person, case: Case, boxes: str) -> None:
    photo = Photo.objects.get(case=case)
    answer = ana.act(case, f"photos/{photo.pk}", boxes=boxes)
    assert answer.status_code == 422
    assert "Mark one to twenty places" in answer.content.decode()
    same = Photo.objects.get(case=case)
    assert (same.key, same.redacted) == (photo.key, False)


def test_a_photo_of_another_case_is_not_there(ana: Person, case: Case) -> None:
    from tests.console.people import report

    other = Case.objects.get(number=report(ana.city, photo=True).number)
    foreign = Photo.objects.get(case=other)
    for data in ({"public": "yes"}, {"boxes": "[[0,0,0.5,0.5]]"}):
        assert ana.act(case, f"photos/{foreign.pk}", **data).status_code == 404
    assert ana.act(case, "photos/999999", public="yes").status_code == 404


def test_the_places_can_not_be_read(ana: Person, case: Case) -> None:
    """A sharp edge in the marked place is gone, one outside is still there."""
    from io import BytesIO

    from onehall.casework import photos
    from onehall.kernel.clock import now

    picture = Image.new("L", (400, 400), 255)
    picture.paste(0, (100, 0, 110, 400))
    picture.paste(0, (300, 0, 310, 400))
    out = BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=95)
    photo = photos.add_to_case(
        city=ana.city,
        case_id=case.id,
        upload=out.getvalue(),
        kind="before",
        words="",
        by=ana.actor,
        now=now(),
    )
    ana.act(case, f"photos/{photo.pk}", boxes="[[0, 0, 0.5, 1]]")
    photo.refresh_from_db()
    shown = Image.open(BytesIO(storage.read(photo.name))).convert("L")
    left = [shown.getpixel((x, 200)) for x in range(180)]
    right = [shown.getpixel((x, 200)) for x in range(260, 380)]
    assert max(abs(a - b) for a, b in itertools.pairwise(left)) < 40
    assert min(right) < 40


class TestPrivatePhotos:
    """A service that keeps residents' photos private offers no way to show them."""

    @pytest.fixture
    def hidden(self, city: City, tmp_path: Path) -> Case:
        changed(tmp_path, "services/pothole.yaml", "public: after_review", "public: private")
        return Case.objects.get(number=report(city, photo=True).number)

    def test_there_is_no_button_but_words(self, ana: Person, hidden: Case) -> None:
        page = ana.get(f"/cases/{hidden.number}").content.decode()
        assert "Show to followers" not in page
        assert "nobody else ever sees them" in page
        assert "Blur faces or plates" in page

    def test_a_made_up_press_is_refused_in_words(self, ana: Person, hidden: Case) -> None:
        photo = Photo.objects.get(case=hidden)
        answer = ana.act(hidden, f"photos/{photo.pk}", public="yes")
        assert answer.status_code == 422
        assert "Photos of this service are private." in answer.content.decode()
        photo.refresh_from_db()
        assert not photo.is_public

    def test_what_was_shown_before_can_be_hidden(
        self, ana: Person, case: Case, tmp_path: Path
    ) -> None:
        photo = Photo.objects.get(case=case)
        ana.act(case, f"photos/{photo.pk}", public="yes")
        changed(tmp_path, "services/pothole.yaml", "public: after_review", "public: private")
        assert "Hide from followers" in ana.get(f"/cases/{case.number}").content.decode()
        assert ana.act(case, f"photos/{photo.pk}", public="no").status_code == 302
        photo.refresh_from_db()
        assert not photo.is_public

    def test_a_staff_picture_of_the_spot_can_still_be_shown(
        self, ana: Person, hidden: Case
    ) -> None:
        ana.act(hidden, "photos", photos=upload(), kind="before")
        spot = Photo.objects.get(case=hidden, request_id=None)
        assert ana.act(hidden, f"photos/{spot.pk}", public="yes").status_code == 302
        spot.refresh_from_db()
        assert spot.is_public

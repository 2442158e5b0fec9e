"""Photos of a service that keeps them private: the sender's page and the desk show them, nothing else can."""

import pytest
from django.db import IntegrityError, transaction

from onehall.casework import photos
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Photo
from onehall.service_requests import joining
from onehall.service_requests.models import ServiceRequest
from tests.packs import changed
from tests.portal.conftest import filled, photo, send, staff, upload

POTHOLE = "services/pothole.yaml"


@pytest.fixture
def hidden(city, tmp_path):
    """Testford, where photos of potholes are private."""
    return changed(tmp_path, POTHOLE, "public: after_review", "public: private")


def text(phone, report):
    return phone.get(f"/r/{report.token}").content.decode()


def show(city, report, pk, now):
    by = staff(city, "agent")
    photos.set_public(
        city=city, case_id=report.case_id, photo_id=pk, is_public=True, by=by, now=now
    )


def follow(phone, report, **more):
    answer = phone.post("/report/pothole", filled(do=f"follow:{report.case.number}", **more))
    token = answer["Location"].removeprefix("/r/").partition("?")[0]
    return ServiceRequest.objects.get(token=token)


def test_nobody_can_show_them_to_others(phone, hidden, now):
    report = send(phone, photos=[upload(photo())])
    one = Photo.objects.get()
    assert (one.is_private, one.is_public) == (True, False)
    with pytest.raises(MoveRefused, match="are private"):
        show(hidden, report, one.pk, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Photo.objects.update(is_public=True)


def test_the_senders_own_page_shows_them_and_no_other(phone, hidden):
    report = send(phone, photos=[upload(photo("red"))])
    other = follow(phone, report, photos=[upload(photo("blue"))])
    phone.post(f"/r/{report.token}/write", {"words": "", "photos": [upload(photo("green"))]})
    red, blue, green = Photo.objects.order_by("id")
    assert {p.is_private for p in (red, blue, green)} == {True}
    mine, theirs = text(phone, report), text(phone, other)
    for one, where, not_where in ((red, mine, theirs), (green, mine, theirs), (blue, theirs, mine)):
        assert f"/photos/{one.key}/" in where
        assert f"/photos/{one.key}/" not in not_where


def test_they_stay_private_on_a_case_of_another_service(phone, hidden, now):
    """What was sent for one service keeps its promise when it is joined with another's case."""
    agent = staff(hidden, "agent")
    other = send_question(phone)
    report = send(phone, photos=[upload(photo("red"))])
    joining.join(city=hidden, case_id=report.case_id, into_number=other.number, by=agent, now=now)
    report.refresh_from_db()
    assert report.case_id == other.case_id
    with pytest.raises(MoveRefused, match="are private"):
        show(hidden, report, Photo.objects.get().pk, now)
    phone.post(f"/r/{report.token}/write", {"words": "", "photos": [upload(photo("green"))]})
    assert set(Photo.objects.values_list("is_private", flat=True)) == {True}


def send_question(phone):
    """A report whose service lets staff show photos after a look."""
    answer = phone.post("/report/question", filled(q_size=None, where=None))
    assert answer.status_code == 302, answer.content.decode()
    token = answer["Location"].removeprefix("/r/").partition("?")[0]
    return ServiceRequest.objects.select_related("case").get(token=token)


def test_a_service_that_becomes_private_takes_its_photos_along(phone, city, now, tmp_path):
    """Those that were shown before disappear from the others' pages, without another step."""
    report = send(phone, photos=[upload(photo())])
    other = follow(phone, report)
    one = Photo.objects.get()
    show(city, report, one.pk, now)
    assert f"/photos/{one.key}/" in text(phone, other)
    changed(tmp_path, POTHOLE, "public: after_review", "public: private")
    assert f"/photos/{one.key}/" not in text(phone, other)
    assert f"/photos/{one.key}/" in text(phone, report)
    with pytest.raises(MoveRefused, match="are private"):
        show(city, report, one.pk, now)


def test_a_picture_of_the_work_is_for_everybody_all_the_same(phone, hidden, now):
    report = send(phone)
    other = follow(phone, report)
    after = photos.add_to_case(
        city=hidden,
        case_id=report.case_id,
        upload=photo("black"),
        kind="after",
        words="",
        by=staff(hidden, "agent"),
        now=now,
    )
    assert f"/photos/{after.key}/" in text(phone, other)


def test_after_a_review_stays_what_it_was(phone, city, now):
    report = send(phone, photos=[upload(photo())])
    one = Photo.objects.get()
    assert not one.is_private
    show(city, report, one.pk, now)
    assert Photo.objects.get().is_public

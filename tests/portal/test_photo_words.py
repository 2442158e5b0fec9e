"""Every photo of a report can say in words what it shows: kept with the draft, read where the photo is."""

import uuid

from onehall.casework.models import Photo
from tests.console.people import Person
from tests.portal.conftest import case_of, filled, photo, send, upload


def with_photo(phone, **more):
    """A form that came back with one photo in its tray: its key, and the photo."""
    fields = filled(do="photos", photos=[upload(photo())], **more)
    answer = phone.post("/report/pothole", fields)
    assert answer.status_code == 200
    return fields["key"], Photo.objects.get(), answer.content.decode()


def said(one):
    return f"alt_{one.key}"


def test_without_a_script_the_words_are_asked_for_after_a_round_trip(phone):
    _key, one, page = with_photo(phone)
    assert f'name="{said(one)}"' in page
    assert "What it shows" in page
    assert "for people who can not see it" in page
    assert "Add these photos and describe them" in page


def test_they_are_kept_with_the_draft_whatever_is_pressed(phone):
    key, one, _page = with_photo(phone)
    for do in ("find", "photos", "send"):
        words = f"A hole, seen from the curb ({do})"
        fields = filled(do=do, key=key, q_size=None, **{said(one): words})
        page = phone.post("/report/pothole", fields).content.decode()
        assert f">{words}</textarea>" in page
        assert Photo.objects.get().words == words


def test_they_can_be_taken_back(phone):
    key, one, _page = with_photo(phone)
    phone.post("/report/pothole", filled(do="find", key=key, **{said(one): "A hole"}))
    phone.post("/report/pothole", filled(do="find", key=key, **{said(one): " "}))
    assert Photo.objects.get().words == ""


def test_sent_they_are_read_on_the_page_and_at_the_desk(phone, city):
    key, one, _page = with_photo(phone)
    report = send(phone, key=key, **{said(one): 'A hole as wide as a "pizza"'})
    words = "A hole as wide as a &quot;pizza&quot;"
    assert f'alt="{words}"' in phone.get(f"/r/{report.token}").content.decode()
    desk = Person(city, "ana@testford.example")
    page = desk.get(f"/cases/{case_of(report).number}").content.decode()
    assert f'alt="{words}"' in page
    assert f"<bdi>{words}</bdi>" in page
    assert f'alt="{words}"' in desk.get(f"/work/{case_of(report).number}").content.decode()


def test_followers_bring_theirs_along(phone):
    first = send(phone)
    key, one, _page = with_photo(phone)
    fields = filled(key=key, do=f"follow:{first.case.number}", **{said(one): "From the other side"})
    assert phone.post("/report/pothole", fields).status_code == 302
    stored = Photo.objects.get()
    assert (stored.words, stored.case_id) == ("From the other side", first.case_id)


def test_a_photo_without_words_has_plain_ones(phone):
    report = send(phone, photos=[upload(photo())])
    assert 'alt="Photo from the report"' in phone.get(f"/r/{report.token}").content.decode()


def test_too_many_and_odd_signs_are_cut_not_refused(phone):
    key, one, _page = with_photo(phone)
    odd = "A\x00 hole\r\n  in the road " + "x" * 300
    phone.post("/report/pothole", filled(do="find", key=key, **{said(one): odd}))
    words = Photo.objects.get().words
    assert words.startswith("A hole in the road xxx")
    assert len(words) == 200


def test_nobody_writes_below_the_photo_of_somebody_else(phone):
    _key, one, _page = with_photo(phone)
    other = filled(
        do="find", **{said(one): "Mine now", "alt_nonsense": "x", f"alt_{uuid.uuid4()}": "y"}
    )
    assert phone.post("/report/pothole", other).status_code == 200
    assert Photo.objects.get().words == ""


def test_after_it_was_sent_the_words_stay_as_they_are(phone):
    key, one, _page = with_photo(phone)
    send(phone, key=key, **{said(one): "A hole"})
    phone.post("/report/pothole", filled(key=key, **{said(one): "Something else"}))
    assert Photo.objects.get().words == "A hole"


def test_blurring_keeps_the_words(phone):
    key, one, _page = with_photo(phone)
    phone.post("/report/pothole", filled(do="find", key=key, **{said(one): "A car in a hole"}))
    address = f"/drafts/{key}/photos/{one.key}/blur"
    answer = phone.post(address, "[[0, 0, 0.5, 0.5]]", content_type="application/json")
    assert answer.status_code == 200
    assert Photo.objects.get().words == "A car in a hole"

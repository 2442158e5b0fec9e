"""Two people act at once: one wins, the other reads what changed and loses nothing."""

import uuid

import pytest

from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.people.actor import resident
from onehall.service_requests import actions as requests
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, picture, report, upload

CLOSE = {"move": "close", "asked": "1", "outcome": "fixed", "words": "Filled with hot asphalt."}


def body(answer) -> str:
    return answer.content.decode()


def entries(case: Case) -> list[str]:
    return list(
        TimelineEntry.objects.filter(case=case).order_by("seq").values_list("kind", flat=True)
    )


ACTS = [
    ("move", {"move": "check"}),
    ("move", {"move": "hold", "asked": "1", "reason": "The part is not here."}),
    ("move", CLOSE),
    ("say", {"as": "reply", "words": "We are on the way."}),
    ("say", {"as": "note", "words": "Ask Ruth first."}),
    ("change", {"what": "take"}),
    ("change", {"what": "assign", "user": ""}),
    ("change", {"what": "priority", "priority": "1"}),
    ("change", {"what": "queue", "queue": "1", "reason": "Theirs, not ours."}),
    ("change", {"what": "join", "into": "2026-00099"}),
]


@pytest.mark.parametrize(("path", "data"), ACTS)
def test_the_slower_one_gets_409_with_what_changed_and_keeps_the_text(
    ana: Person, sue: Person, case: Case, path: str, data: dict[str, str]
) -> None:
    seen = str(case.lock)
    assert (
        sue.post(
            f"/cases/{case.number}/say", seen=seen, words="I was first.", **{"as": "note"}
        ).status_code
        == 302
    )
    before = entries(case)
    answer = ana.post(f"/cases/{case.number}/{path}", seen=seen, **data)
    assert answer.status_code == 409
    assert entries(case) == before
    page = body(answer)
    assert "I was first." in page
    assert "Sue Supervisor" in page
    for name in ("words", "reason", "into"):
        assert data.get(name, "") in page
    case.refresh_from_db()
    assert f'name="seen" value="{case.lock}"' in page
    again = ana.post(f"/cases/{case.number}/{path}", seen=str(case.lock), **data)
    assert again.status_code in (302, 422)


def test_a_form_without_its_lock_counts_as_outdated(ana: Person, case: Case) -> None:
    for path, data in ACTS:
        for seen in ({}, {"seen": "abc"}, {"seen": "-1"}, {"seen": "99999"}, {"seen": "9" * 30}):
            answer = ana.post(f"/cases/{case.number}/{path}", **seen, **data)
            assert answer.status_code == 409, (path, data, seen)


def test_words_stay_in_sight_when_their_form_is_gone(ana: Person, sue: Person, case: Case) -> None:
    seen = str(case.lock)
    draft = str(uuid.uuid4())
    sue.act(case, "move", **CLOSE | {"outcome": "nothing_found", "words": "Nothing there."})
    answer = ana.post(
        f"/cases/{case.number}/move",
        seen=seen,
        draft=draft,
        photos=upload(),
        **CLOSE | {"words": "My own long line."},
    )
    assert answer.status_code == 409
    page = body(answer)
    assert "My own long line." in page
    assert "Nothing there." in page
    assert "Put these photos on the case" in page
    case.refresh_from_db()
    kept = ana.act(case, "photos/kept", draft=draft)
    assert kept.status_code == 302
    photo = Photo.objects.get(case=case, kind="after")
    assert (photo.is_public, photo.draft_key) == (True, None)


def test_a_photo_is_kept_through_a_conflict_and_taken_along_by_the_next_try(
    carl: Person, sue: Person, case: Case
) -> None:
    seen, draft = str(case.lock), str(uuid.uuid4())
    sue.act(case, "say", words="Gas main there.", **{"as": "note"})
    first = carl.post(
        f"/cases/{case.number}/move",
        seen=seen,
        draft=draft,
        photos=upload(),
        **CLOSE | {"from": "work"},
    )
    assert first.status_code == 409
    page = body(first)
    assert f'name="draft" value="{draft}"' in page
    assert "Kept from your last try" in page
    assert "Filled with hot asphalt." in page
    assert not Photo.objects.filter(case=case, kind="after").exists()
    case.refresh_from_db()
    assert case.state == "received"
    again = carl.act(case, "move", draft=draft, **CLOSE)
    assert again.status_code == 302
    case.refresh_from_db()
    photo = Photo.objects.get(case=case, kind="after")
    assert (case.state, photo.is_public) == ("done", True)
    moved = TimelineEntry.objects.get(case=case, kind="moved")
    assert moved.data["photos"] == [photo.pk]
    assert entries(case).count("photo") == 0


def test_closing_with_a_photo_is_one_step(carl: Person, case: Case) -> None:
    lock = case.lock
    answer = carl.act(
        case, "move", draft=str(uuid.uuid4()), photos=[upload(), upload(picture("red"))], **CLOSE
    )
    assert answer.status_code == 302
    case.refresh_from_db()
    assert case.lock == lock + 1
    assert Photo.objects.filter(case=case, kind="after").count() == 2


def test_nobody_takes_along_photos_that_somebody_else_kept(
    carl: Person, sue: Person, case: Case
) -> None:
    draft = str(uuid.uuid4())
    carl.act(case, "move", draft=draft, photos=upload(), **CLOSE | {"words": ""})
    assert Photo.objects.filter(draft_key=draft).count() == 1
    answer = sue.act(case, "move", draft=draft, **CLOSE)
    assert answer.status_code == 422
    assert "Add a photo of the finished work." in body(answer)


def test_a_look_at_an_original_does_not_count_as_news(ana: Person, sue: Person, case: Case) -> None:
    photo = Photo.objects.get(case=case)
    ana.act(case, f"photos/{photo.pk}", boxes="[[0.1,0.1,0.3,0.3]]")
    case.refresh_from_db()
    seen = case.lock
    assert sue.get(f"/cases/{case.number}/photos/{photo.pk}/original").status_code == 200
    case.refresh_from_db()
    assert case.lock == seen + 1
    assert ana.post(f"/cases/{case.number}/move", seen=str(seen), move="check").status_code == 302


def test_a_resident_who_writes_meanwhile_is_news(ana: Person, case: Case) -> None:
    sent = ServiceRequest.objects.get(case=case)
    seen = str(case.lock)
    requests.write(
        city=ana.city,
        request=sent,
        words="It got bigger!",
        by=resident(ana.city.id, request_id=sent.id),
        now=case.opened_at,
    )
    answer = ana.post(f"/cases/{case.number}/say", seen=seen, words="Any news?", **{"as": "reply"})
    assert answer.status_code == 409
    assert "It got bigger!" in body(answer)


def test_sent_to_another_department_meanwhile(carl: Person, ana: Person, case: Case) -> None:
    from onehall.people.models import Queue

    seen = str(case.lock)
    queue = Queue.objects.get(city=ana.city, key="questions")
    ana.act(case, "change", what="queue", queue=str(queue.pk), reason="A question after all.")
    answer = carl.post(f"/cases/{case.number}/say", seen=seen, words="Hello", **{"as": "note"})
    assert answer.status_code == 404


def test_sending_ones_own_case_away_says_so(sue: Person, case: Case) -> None:
    from onehall.people.models import Queue

    queue = Queue.objects.get(city=sue.city, key="questions")
    answer = sue.act(case, "change", what="queue", queue=str(queue.pk), reason="Not a road.")
    assert answer.url == "/desk"
    assert "another department" in sue.client.get(answer.url).content.decode()


def test_two_photos_of_one_press_are_added_without_a_conflict(ana: Person, case: Case) -> None:
    answer = ana.act(case, "photos", kind="after", photos=[upload(), upload(picture("red"))])
    assert answer.status_code == 302
    assert report(ana.city).number != case.number

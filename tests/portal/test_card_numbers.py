"""The number of a payment card is refused wherever words are typed: in words, with nothing lost."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from onehall.billing import invoicing
from onehall.billing.errors import BillingRefused
from onehall.billing.invoicing import Change
from onehall.billing.models import AdjustmentKind
from onehall.casework import actions as casework
from onehall.casework import attachments, holds, task_actions
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Photo
from onehall.kernel import clock
from onehall.people.actor import resident
from onehall.places.models import City
from onehall.service_requests import actions
from onehall.service_requests.actions import Contact
from onehall.service_requests.models import ServiceRequest
from tests.billing.money import bill, billing_city, finance
from tests.portal.conftest import case_of, filled, photo, staff

CARD = "4242 4242 4242 4242"
REFUSED = "This looks like the number of a payment card."


@pytest.mark.parametrize("field", ["words", "name", "phone", "where"])
def test_in_a_report(phone: Client, city: City, field: str) -> None:
    answer = phone.post("/report/pothole", filled(**{field: f"Pay with {CARD}"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert REFUSED in page
    # What was typed stands there still, to take it out.
    assert f"Pay with {CARD}" in page
    assert not ServiceRequest.objects.exists()


@pytest.mark.parametrize(
    "words", ["House 1240, call +1 510 555 0140", "Parcel 9400 1118 9922 3857"]
)
def test_other_numbers_are_fine(phone: Client, city: City, words: str) -> None:
    assert phone.post("/report/pothole", filled(words=words)).status_code == 302


def test_in_a_message_and_a_reason(phone: Client, report: ServiceRequest) -> None:
    for path, name, more in (
        ("write", "words", {}),
        ("verdict", "reason", {"answer": "no"}),
    ):
        answer = phone.post(f"/r/{report.token}/{path}", {name: f"My card: {CARD}", **more})
        assert answer.status_code == 422, path
        assert REFUSED in answer.content.decode(), path


def _by_staff(city: City, report: ServiceRequest) -> list[Callable[[], Any]]:
    by, now, case = staff(city, "supervisor"), clock.now(), case_of(report)
    facts: dict[str, Any] = {"city": city, "case_id": case.pk, "by": by, "now": now}
    return [
        lambda: casework.note(words=CARD, **facts),
        lambda: casework.reply(words=CARD, **facts),
        lambda: casework.reply(words="Hello", words_in={"es": CARD}, **facts),
        lambda: task_actions.add_task(title=CARD, queue_id=case.queue_id, **facts),
        lambda: holds.put(reason=CARD, **{**facts, "by": staff(city, "admin")}),
        lambda: attachments.take_in(photo(), city=city, title=f"card {CARD}.jpg"),
    ]


@pytest.mark.parametrize("number", range(6))
def test_in_what_staff_write(city: City, report: ServiceRequest, number: int) -> None:
    with pytest.raises(CaseworkRefused, match="number of a payment card"):
        _by_staff(city, report)[number]()


def test_by_the_actions_themselves(city: City, report: ServiceRequest) -> None:
    by, now = resident(city.pk, request_id=report.pk), clock.now()
    with pytest.raises(CaseworkRefused):
        actions.set_contact(city=city, request=report, contact=Contact(name=CARD), now=now)
    with pytest.raises(CaseworkRefused):
        actions.rate(city=city, request=report, rating=3, comment=CARD, by=by, now=now)
    with pytest.raises(CaseworkRefused):
        actions.follow(
            city=city, case_id=report.case_id, key=uuid.uuid4(), words=CARD, contact=Contact(),
            language="en", by=by, now=now,
        )  # fmt: skip


def test_in_words_of_a_photo_it_is_left_out(phone: Client, city: City) -> None:
    key = str(uuid.uuid4())
    sent = phone.post(f"/drafts/{key}/photos", {"photo": _file()})
    assert sent.status_code in (200, 201)
    shot = Photo.objects.get()
    phone.post("/report/pothole", filled(key=key, **{f"alt_{shot.key}": f"My card {CARD}"}))
    shot.refresh_from_db()
    assert shot.words == "My card [card]"


def _file() -> Any:
    from tests.portal.conftest import upload

    return upload(photo())


def test_in_a_reason_of_finance(city: City) -> None:
    billing_city()
    mine = bill(city, 1_000)
    change = Change(
        charge_id=mine.charges.get().pk, amount=-1, kind=AdjustmentKind.WAIVER, reason=CARD
    )
    with pytest.raises(BillingRefused, match="number of a payment card"):
        invoicing.adjust(city=city, change=change, by=finance(city), now=clock.now())

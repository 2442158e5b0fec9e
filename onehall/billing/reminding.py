"""Mail about bills that come due: seven days before, one day before, and once when they are overdue."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import translation
from django.utils.formats import date_format

from onehall.billing import linking, mailing, posting, queries
from onehall.billing.models import Invoice
from onehall.billing.penalties import NOT_CONTESTED
from onehall.kernel import money
from onehall.kernel.localized import pick
from onehall.messaging.models import Message
from onehall.places.models import City

MOST: Final = 2_000
"""Mails of one round."""
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """One kind of mail: for bills due from so many to so many days from today. `fresh` also those that just came."""

    key: str
    first: int
    last: int


NOTICES: Final = (Notice("week", 2, 7), Notice("day", 0, 1), Notice("overdue", -14, -1))
"""The windows catch up after a machine was off; what is older than two weeks is not written about any more."""


def remind(*, city: City, now: datetime, most: int = MOST) -> int:
    """Write every mail that is due and was not written; how many."""
    if queries.billing_of(city).setup is None:
        return 0
    today, done = posting.local_day(city, now), 0
    for notice in NOTICES:
        for invoice in _waiting(city, notice, today, most - done):
            _write(city, notice, invoice, now)
            done += 1
    return done


def _waiting(city: City, notice: Notice, today: date, most: int) -> Iterator[Invoice]:
    rows = Invoice.objects.filter(
        NOT_CONTESTED,
        Q(email__gt="") | Q(account__email__gt=""),
        city=city,
        owed__gt=0,
        voided_at=None,
        # Who pays in parts is told of each part, by `keeping_plans`.
        plan=None,
        due_on__range=(
            today + timedelta(days=notice.first),
            today + timedelta(days=notice.last),
        ),
        # Whoever just got a bill, or is paying it, needs no reminder of it.
        issued_on__lt=today,
    ).exclude(parts__open=True)
    last, found = 0, 0
    while found < most:
        batch = list(rows.filter(pk__gt=last).select_related("account").order_by("pk")[:_BATCH])
        if not batch:
            return
        last = batch[-1].pk
        keys = {key_of(notice, bill): bill for bill in batch}
        sent = Message.objects.filter(city=city, key__in=list(keys)).values_list("key", flat=True)
        for done in sent:
            del keys[done]
        for bill in list(keys.values())[: most - found]:
            found += 1
            yield bill


def key_of(notice: Notice, bill: Invoice) -> str:
    """What makes each mail go once."""
    return f"bill-{notice.key}:{bill.pk}"


def _write(city: City, notice: Notice, bill: Invoice, now: datetime) -> None:
    language = city.language_for(bill.language)
    kind = queries.kind_of(queries.setup(city), bill.kind)
    with translation.override(language):
        words = {
            "notice": notice.key,
            "kind": pick(kind.name, language, city.languages[0]),
            "number": bill.number,
            "amount": money.say(bill.owed, bill.currency),
            "day": date_format(bill.due_on, "DATE_FORMAT"),
            "url": linking.address(city, bill),
        }
    mailing.send(
        city=city,
        template="reminder",
        key=key_of(notice, bill),
        to=bill.address,
        language=language,
        words=words,
        now=now,
    )

"""The one way into the journal: entries that sum to nought, and `owed` and `credit` kept in step with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection

from onehall.billing.documents import Setup
from onehall.billing.ledger_models import EntryKind, JournalEntry, JournalLine
from onehall.billing.rules import sums_by
from onehall.kernel.rows import Together, next_id_sql
from onehall.people.actor import Actor
from onehall.places.models import City

RECEIVABLE: Final = "receivable"
CREDIT: Final = "credit"
REVENUE: Final = "revenue"


@dataclass(frozen=True, slots=True)
class NewLine:
    """One side: debits positive, credits negative. `gl` "" takes the code of the book."""

    book: str
    amount: int
    gl: str = ""
    charge: int | None = None
    payment: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """What happened, and the key that makes it happen once."""

    kind: EntryKind
    key: str
    lines: Sequence[NewLine]
    memo: str = ""


def local_day(city: City, now: datetime) -> date:
    """The day that a moment falls on where the city is."""
    return now.astimezone(ZoneInfo(city.time_zone)).date()


def business_day(city: City, now: datetime) -> date:
    """The day that entries are of now: today, or the one after the last closed day where that is later.

    Holds off a close of the day until the caller's transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT closed_through FROM billing_billingsetup WHERE city_id = %s FOR SHARE",
            [city.pk],
        )
        row = cursor.fetchone()
    return day_of(city, now, row[0] if row else None)


def day_of(city: City, now: datetime, closed_through: date | None) -> date:
    """The day that entries are of now where a day is the last closed one."""
    today = local_day(city, now)
    return today if closed_through is None else max(today, closed_through + timedelta(days=1))


def post(
    *,
    city: City,
    setup: Setup,
    entry: NewEntry,
    on: date,
    by: Actor,
    now: datetime,
    along: Together | None = None,
    number: int | None = None,
) -> JournalEntry:
    """Write an entry with its lines, inside the caller's transaction; what is owed moves with it.

    With `along` it travels with the caller's other writes, when it sends them; `number` is the entry's key, where the
    caller took it already.

    ValueError for one that does not sum to nought: the database would refuse it at the commit. IntegrityError when the
    key is taken.
    """
    lines = [line for line in entry.lines if line.amount]
    if sum(line.amount for line in lines):
        raise ValueError(f"The entry {entry.key} does not sum to nought.")
    if number is None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {next_id_sql(JournalEntry)}")
            (number,) = cursor.fetchone()
    row = JournalEntry(
        id=number,
        city_id=city.pk,
        kind=entry.kind,
        key=entry.key,
        on=on,
        at=now,
        currency=setup.currency,
        memo=entry.memo,
        by_id=by.user_id,
        by_name=by.name,
    )
    together = along or Together()
    together.insert([row], with_pk=True)
    together.insert(
        [
            JournalLine(
                city_id=city.pk,
                entry_id=number,
                account=line.book,
                gl=line.gl or setup.books[line.book],
                amount=line.amount,
                charge_id=line.charge,
                payment_id=line.payment,
            )
            for line in lines
        ]
    )
    _keep_in_step(together, city, lines)
    if along is None:
        together.send()
    return row


def _keep_in_step(together: Together, city: City, lines: Sequence[NewLine]) -> None:
    owed = sums_by((str(n.charge), n.amount) for n in lines if n.book == RECEIVABLE)
    if moved := {int(charge): amount for charge, amount in owed.items() if amount}:
        together.add(_OWED, [list(moved), list(moved.values()), city.pk])
    credit = sums_by((str(n.payment), -n.amount) for n in lines if n.book == CREDIT)
    if kept := {int(payment): amount for payment, amount in credit.items() if amount}:
        together.add(_CREDIT, [list(kept), list(kept.values()), city.pk])


_OWED: Final = """
WITH moved AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS m (charge, amount)),
lines AS (
    UPDATE billing_charge c SET owed = c.owed + m.amount FROM moved m
    WHERE c.id = m.charge AND c.city_id = %s RETURNING c.invoice_id, m.amount
)
UPDATE billing_invoice i SET owed = i.owed + l.amount
FROM (SELECT invoice_id, sum(amount) AS amount FROM lines GROUP BY invoice_id) l WHERE i.id = l.invoice_id
"""
_CREDIT: Final = """
UPDATE billing_payment p SET credit = p.credit + m.amount
FROM unnest(%s::bigint[], %s::bigint[]) AS m (payment, amount) WHERE p.id = m.payment AND p.city_id = %s
"""

"""Many payments of the past at once: the rows that `taking` writes one by one, by COPY."""

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from onehall.billing import attempts, numbering, posting, queries, rules, taking
from onehall.billing.gateways.protocol import Method
from onehall.billing.models import Invoice
from onehall.casework import bulk
from onehall.kernel import ids
from onehall.places.models import City

_PAYMENT: Final = (
    "id", "city_id", "key", "token", "receipt", "method", "amount", "fee", "credit", "currency", "provider",
    "provider_ref", "reference", "brand", "last4", "name", "email", "language", "received_at", "on", "by_name",
)  # fmt: skip
_ENTRY: Final = ("id", "city_id", "kind", "key", "on", "at", "currency", "memo", "by_name")
_LINE: Final = ("city_id", "entry_id", "account", "gl", "amount", "charge_id", "payment_id")
_ALLOCATION: Final = ("city_id", "payment_id", "charge_id", "entry_id", "amount")
_OWED: Final = """
WITH paid AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS m (charge, amount)),
lines AS (
    UPDATE billing_charge c SET owed = c.owed - p.amount FROM paid p WHERE c.id = p.charge
    RETURNING c.invoice_id, p.amount
)
UPDATE billing_invoice i SET owed = i.owed - l.amount
FROM (SELECT invoice_id, sum(amount) AS amount FROM lines GROUP BY invoice_id) l WHERE i.id = l.invoice_id
"""


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid of a bill, how and when."""

    bill: Invoice
    amount: int
    method: str
    at: datetime


@transaction.atomic
def pay_all(city: City, payments: Iterable[Paid], *, seed: int) -> int:
    """Write payments in the order of their time, each shared out over one bill; how many. Nobody is mailed."""
    wanted = sorted(payments, key=lambda p: (p.at, p.bill.pk))
    writer = _Writer(city, random.Random(seed), [p.bill for p in wanted])  # noqa: S311  (made-up data)
    with connection.cursor() as cursor:
        payment_ids = bulk.allocate_ids(cursor, "billing_payment", len(wanted))
        entry_ids = bulk.allocate_ids(cursor, "billing_journalentry", len(wanted))
        receipts = writer.receipts(wanted)
        for paid, payment_id, entry_id, receipt in zip(
            wanted, payment_ids, entry_ids, receipts, strict=True
        ):
            writer.pay(paid, payment_id, entry_id, receipt)
        bulk.copy_rows(cursor, "billing_payment", _PAYMENT, writer.payments)
        bulk.copy_rows(cursor, "billing_journalentry", _ENTRY, writer.entries)
        bulk.copy_rows(cursor, "billing_journalline", _LINE, writer.lines)
        bulk.copy_rows(cursor, "billing_allocation", _ALLOCATION, writer.allocations)
        cursor.execute(_OWED, [list(writer.taken), list(writer.taken.values())])
    return len(wanted)


class _Writer:
    """Makes the rows."""

    def __init__(self, city: City, rng: random.Random, bills: list[Invoice]) -> None:
        self.city, self.rng = city, rng
        self.zone = ZoneInfo(city.time_zone)
        self.setup = queries.setup(city)
        held = {bill.pk: bill for bill in bills}
        self.dues = queries.dues(held, queries.owed_lines(held))
        self.payments: list[tuple[object, ...]] = []
        self.entries: list[tuple[object, ...]] = []
        self.lines: list[tuple[object, ...]] = []
        self.allocations: list[tuple[object, ...]] = []
        self.taken: dict[int, int] = {}

    def receipts(self, wanted: list[Paid]) -> list[str]:
        """Numbers without gaps, year by year."""
        found: list[str] = []
        years = [p.at.astimezone(self.zone).year for p in wanted]
        for year in sorted(set(years)):
            found += numbering.receipts(self.city, year, how_many=years.count(year))
        return found

    def pay(self, paid: Paid, payment_id: int, entry_id: int, receipt: str) -> None:
        """One payment with its entry and what it was shared out to."""
        city, bill, books = self.city.pk, paid.bill, self.setup.books
        online = paid.method in ("card", "ach")
        method: Method = "ach" if paid.method == "ach" else "card"
        amounts = {bill.pk: paid.amount}
        fee = attempts.fee_for(self.setup, [bill], amounts, method) if online else 0
        order = queries.kind_of(self.setup, bill.kind).order
        shares, _left = rules.share_out(paid.amount, self.dues[bill.pk], order)
        key = uuid.UUID(int=self.rng.getrandbits(128), version=4)
        day = paid.at.astimezone(self.zone).date()
        card = ("visa", f"{self.rng.randrange(10_000):04d}") if paid.method == "card" else ("", "")
        ref = f"pay_demo_{key.hex[:16]}" if online else ""
        self.payments.append((
            payment_id, city, key, ids.secret_token(), receipt, paid.method, paid.amount + fee, fee, 0,
            self.setup.currency, "demo" if online else "", ref, "" if online else "Lockbox", *card, bill.name, "",
            bill.language, paid.at, day, "",
        ))  # fmt: skip
        self.entries.append(
            (entry_id, city, "paid", f"paid:{key}", day, paid.at, self.setup.currency, receipt, "")
        )
        book = taking.BOOK_OF[paid.method]
        self.lines.append((city, entry_id, book, books[book], paid.amount + fee, None, payment_id))
        if fee:
            self.lines.append(
                (city, entry_id, "convenience", books["convenience"], -fee, None, payment_id)
            )
        for share in shares:
            self.lines.append((
                city, entry_id, posting.RECEIVABLE, books[posting.RECEIVABLE], -share.amount, share.charge, payment_id,
            ))  # fmt: skip
            self.allocations.append((city, payment_id, share.charge, entry_id, share.amount))
            self.taken[share.charge] = self.taken.get(share.charge, 0) + share.amount

"""Proves a city's journal: every entry sums to nought, what is kept beside it is what it says, receipts have no gaps.

Read in one snapshot of the database, so that money which moves meanwhile is not taken for a fault.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from onehall.billing import closed_days, queries
from onehall.billing.models import LedgerProof
from onehall.kernel import money
from onehall.places.models import City

log: Final = logging.getLogger("onehall.billing")

NAMED: Final = 20
"""How many of one kind of fault are named; the rest is counted."""
MEMORY: Final = "256MB"
"""What one sum may take of the server's memory before it goes to the disk."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What was looked at, and what is off, in sentences."""

    entries: int
    lines: int
    faults: Sequence[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Check:
    """One question: rows that are off, with the amount by which, and the sentence for each."""

    sql: str
    words: str


_CHECKS: Final = (
    _Check(
        "SELECT e.key, coalesce(s.off, 0) FROM billing_journalentry e LEFT JOIN"
        " (SELECT entry_id, sum(amount) AS off FROM billing_journalline WHERE city_id = %(city)s GROUP BY 1) s"
        " ON s.entry_id = e.id WHERE e.city_id = %(city)s AND (s.off IS NULL OR s.off <> 0) ORDER BY e.id",
        "The entry {0} does not sum to nought, or has no lines: it is off by {1}.",
    ),
    _Check(
        "SELECT i.number || ' (' || c.code || ')', coalesce(s.said, 0) - c.owed FROM billing_charge c"
        " JOIN billing_invoice i ON i.id = c.invoice_id LEFT JOIN"
        " (SELECT charge_id, sum(amount) AS said FROM billing_journalline"
        "  WHERE city_id = %(city)s AND account = 'receivable' GROUP BY 1) s ON s.charge_id = c.id"
        " WHERE c.city_id = %(city)s AND c.owed <> coalesce(s.said, 0) ORDER BY c.id",
        "The line {0} says another amount owed than the journal: it is off by {1}.",
    ),
    _Check(
        "SELECT i.number, coalesce(s.owed, 0) - i.owed FROM billing_invoice i LEFT JOIN"
        " (SELECT invoice_id, sum(owed) AS owed FROM billing_charge WHERE city_id = %(city)s GROUP BY 1) s"
        " ON s.invoice_id = i.id WHERE i.city_id = %(city)s AND i.owed <> coalesce(s.owed, 0) ORDER BY i.id",
        "The bill {0} says another amount owed than its lines: it is off by {1}.",
    ),
    _Check(
        "SELECT i.number, coalesce(s.billed, 0) + coalesce(a.changed, 0) - i.billed FROM billing_invoice i LEFT JOIN"
        " (SELECT invoice_id, sum(amount) AS billed FROM billing_charge WHERE city_id = %(city)s GROUP BY 1) s"
        " ON s.invoice_id = i.id LEFT JOIN"
        " (SELECT c.invoice_id, sum(j.amount) AS changed FROM billing_adjustment j"
        "  JOIN billing_charge c ON c.id = j.charge_id WHERE j.city_id = %(city)s GROUP BY 1) a"
        " ON a.invoice_id = i.id"
        " WHERE i.city_id = %(city)s AND i.billed <> coalesce(s.billed, 0) + coalesce(a.changed, 0) ORDER BY i.id",
        "The bill {0} says another amount than its lines and adjustments: it is off by {1}.",
    ),
    _Check(
        "SELECT p.receipt, coalesce(s.credit, 0) - p.credit FROM billing_payment p LEFT JOIN"
        " (SELECT payment_id, -sum(amount) AS credit FROM billing_journalline"
        "  WHERE city_id = %(city)s AND account = 'credit' GROUP BY 1) s ON s.payment_id = p.id"
        " WHERE p.city_id = %(city)s AND p.credit <> coalesce(s.credit, 0) ORDER BY p.id",
        "The payment {0} keeps another credit than the journal says: it is off by {1}.",
    ),
    _Check(
        "SELECT p.receipt, coalesce(s.money, 0) - p.amount FROM billing_payment p LEFT JOIN"
        " (SELECT l.payment_id, sum(l.amount) AS money FROM billing_journalline l"
        "  JOIN billing_journalentry e ON e.id = l.entry_id"
        "  WHERE e.city_id = %(city)s AND e.kind = 'paid' AND l.amount > 0 GROUP BY 1) s ON s.payment_id = p.id"
        " WHERE p.city_id = %(city)s AND p.amount <> coalesce(s.money, 0) ORDER BY p.id",
        "The payment {0} is of another amount than its entry: it is off by {1}.",
    ),
    _Check(
        "SELECT p.receipt, sum(off.amount) FROM ("
        " SELECT payment_id, charge_id, sum(amount) AS amount FROM ("
        "  SELECT payment_id, charge_id, amount FROM billing_journalline"
        "  WHERE city_id = %(city)s AND charge_id IS NOT NULL AND payment_id IS NOT NULL"
        "  UNION ALL SELECT payment_id, charge_id, amount FROM billing_allocation WHERE city_id = %(city)s) both_said"
        " GROUP BY 1, 2 HAVING sum(amount) <> 0) off JOIN billing_payment p ON p.id = off.payment_id"
        " GROUP BY p.id, p.receipt ORDER BY p.id",
        "What the payment {0} was shared out to differs from the journal: it is off by {1}.",
    ),
    _Check(
        "SELECT i.number, coalesce(s.parts, 0) - p.amount FROM billing_paymentplan p"
        " JOIN billing_invoice i ON i.id = p.invoice_id LEFT JOIN"
        " (SELECT plan_id, sum(amount) AS parts FROM billing_instalment WHERE city_id = %(city)s GROUP BY 1) s"
        " ON s.plan_id = p.id WHERE p.city_id = %(city)s AND p.amount <> coalesce(s.parts, 0) ORDER BY p.id",
        "The instalments of a plan of the bill {0} do not sum to the plan: they are off by {1}.",
    ),
    _Check(
        "SELECT i.number, i.owed FROM billing_invoice i LEFT JOIN billing_paymentplan p"
        " ON p.invoice_id = i.id AND p.ended_at IS NULL"
        " WHERE i.city_id = %(city)s AND i.plan_id IS DISTINCT FROM p.id ORDER BY i.id",
        "The bill {0} names another plan than the one that runs: {1} is owed.",
    ),
)

_GAPS: Final = """
SELECT kind || '-' || year, there, last, given FROM (
  SELECT split_part(receipt, '-', 1) AS kind, split_part(receipt, '-', 2) AS year, count(*) AS there,
    max(split_part(receipt, '-', 3)::bigint) AS last
  FROM (SELECT receipt FROM billing_payment WHERE city_id = %(city)s
        UNION ALL SELECT receipt FROM billing_refund WHERE city_id = %(city)s AND receipt <> '') r GROUP BY 1, 2) n
FULL JOIN (
  SELECT CASE WHEN key LIKE 'receipt-%%' THEN 'R' ELSE 'F' END AS s_kind, right(key, 4) AS s_year, next - 1 AS given
  FROM billing_series WHERE city_id = %(city)s AND (key LIKE 'receipt-%%' OR key LIKE 'refund-%%')) s
ON s_kind = kind AND s_year = year
WHERE there IS DISTINCT FROM last OR last IS DISTINCT FROM given ORDER BY 1
"""


def prove(
    *, city: City, now: datetime, told: Callable[[int, int], None] = lambda _done, _of: None
) -> Proven:
    """Look at everything and keep what was found. `told` hears how many checks are done, and of how many."""
    begin = time.perf_counter()
    setup = queries.billing_of(city).setup
    currency = setup.currency if setup else ""
    outermost = not connection.in_atomic_block
    faults: list[str] = []
    steps = len(_CHECKS) + 2
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT set_config('work_mem', %s, true)", [MEMORY])
        facts = {"city": city.pk}
        entries, lines = _counted(cursor, facts)
        for number, check in enumerate(_CHECKS):
            cursor.execute(check.sql, facts)
            faults += _said(check, cursor, currency)
            told(number + 1, steps)
        cursor.execute(_GAPS, facts)
        faults += [_gap(*found) for found in cursor.fetchall()]
        told(steps - 1, steps)
        faults += closed_days.changed(city=city)
        told(steps, steps)
    found = Proven(entries, lines, tuple(faults), round(time.perf_counter() - begin, 2))
    keep(city=city, found=found, now=now)
    return found


def keep(*, city: City, found: Proven, now: datetime) -> None:
    """Note what was found, for whoever looks after this installation; in the log too, where something is off."""
    LedgerProof.objects.update_or_create(
        city=city,
        defaults={
            "at": now,
            "seconds": found.seconds,
            "entries": found.entries,
            "lines": found.lines,
            "faults": list(found.faults),
        },
    )
    if found.faults:
        log.error("event=ledger.wrong city=%s faults=%s", city.slug, len(found.faults))


def _counted(cursor: Any, facts: Mapping[str, Any]) -> tuple[int, int]:
    cursor.execute(
        "SELECT (SELECT count(*) FROM billing_journalentry WHERE city_id = %(city)s),"
        " (SELECT count(*) FROM billing_journalline WHERE city_id = %(city)s)",
        facts,
    )
    entries, lines = cursor.fetchone()
    return int(entries), int(lines)


def _said(check: _Check, cursor: Any, currency: str) -> list[str]:
    rows = cursor.fetchmany(NAMED)
    faults = [check.words.format(name, money.say(int(off), currency)) for name, off in rows]
    more = 0
    while rest := cursor.fetchmany(10_000):
        more += len(rest)
    if more:
        faults.append(f"And {more:,} more like the last one.")
    return faults


def _gap(series: str, there: int | None, last: int | None, given: int | None) -> str:
    return (
        f"The receipts of {series or 'a series'} have a gap: {there or 0} are there, the last is number {last or 0},"
        f" and {given or 0} were given."
    )

"""Journal entries as a file for the city's general ledger: the columns are data, and the same days give the same bits."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.billing import queries
from onehall.billing.documents import DATES, Column, Export
from onehall.billing.errors import BillingRefused
from onehall.billing.models import DayClose, JournalLine
from onehall.billing.read_export import again
from onehall.kernel import money
from onehall.places.models import City

CHUNK: Final = 5_000
MOST_DAYS: Final = 400
"""Days in one file."""
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run; amounts are written by us and are not looked at."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A file of closed days. `id` and `sha256` are the same each time it is made."""

    id: str
    text: str
    sha256: str
    rows: int

    @property
    def name(self) -> str:
        """The name of the file, with the batch in it."""
        return f"{self.id}.csv"


def batch_of(*, city: City, first: date, last: date) -> Batch:
    """The file of a closed day or of several; BillingRefused while one of them with entries is open."""
    closes = list(DayClose.objects.filter(city=city, on__range=(first, last)).order_by("on"))
    if first > last or (last - first).days >= MOST_DAYS:
        raise BillingRefused(_("Choose a day, or days in order, at most %(n)s.") % {"n": MOST_DAYS})
    if not closes:
        raise BillingRefused(
            _("None of these days is closed. A day is exported once it is closed.")
        )
    open_days = set(days_with_entries(city, first, last)) - {close.on for close in closes}
    if open_days:
        facts = {"day": min(open_days).isoformat()}
        raise BillingRefused(_("The day %(day)s is not closed yet. Close it first.") % facts)
    # All of a file is written in one way: as the last of its days was closed.
    return made(city, first, last, again(closes[-1].export))


def days_with_entries(city: City, first: date, last: date) -> list[date]:
    """Days that something was booked on."""
    lines = JournalLine.objects.filter(city=city, entry__on__range=(first, last))
    return list(lines.order_by().values_list("entry__on", flat=True).distinct())


def made(city: City, first: date, last: date, export: Export) -> Batch:
    """The file of days, closed or not, in columns that are given."""
    name = f"gl-{city.slug}-{first:%Y%m%d}"
    batch = name if first == last else f"{name}-{last:%Y%m%d}"
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in export.columns])
    count = 0
    currency = queries.setup(city).currency
    for facts in _facts(city, first, last, export):
        shown = {**facts, "batch": batch, "currency": currency}
        writer.writerow([_cell(column, shown, export, currency) for column in export.columns])
        count += 1
    text = out.getvalue()
    return Batch(batch, text, hashlib.sha256(text.encode()).hexdigest(), count)


def _facts(city: City, first: date, last: date, export: Export) -> Iterator[Mapping[str, Any]]:
    rows = _lines(city, first, last)
    return iter(rows) if export.rows == "lines" else iter(_summed(rows))


def _lines(city: City, first: date, last: date) -> Iterator[Mapping[str, Any]]:
    found = JournalLine.objects.filter(city=city, entry__on__range=(first, last))
    for line in (
        found.order_by("entry__on", "entry_id", "pk")
        .values_list(
            "entry__on", "gl", "account", "amount", "entry_id", "entry__kind", "entry__memo",
            "entry__by_name",
        )
        .iterator(CHUNK)
    ):  # fmt: skip
        on, gl, book, amount, entry, kind, memo, by = line
        yield {
            "date": on, "gl": gl, "book": book, "amount": amount, "debit": max(amount, 0),
            "credit": max(-amount, 0), "entry": entry, "kind": kind, "memo": memo, "by": by,
            "entries": 1,
        }  # fmt: skip


def _summed(lines: Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """A row for each day, account and book: debits and credits side by side, as they were booked."""
    found: dict[tuple[date, str, str], dict[str, Any]] = {}
    for line in lines:
        key = (line["date"], line["gl"], line["book"])
        held = found.setdefault(
            key,
            {
                "date": key[0], "gl": key[1], "book": key[2], "amount": 0, "debit": 0, "credit": 0,
                "entries": 0,
            },
        )  # fmt: skip
        for name in ("amount", "debit", "credit", "entries"):
            held[name] += line[name]
    return [found[key] for key in sorted(found)]


def _cell(column: Column, facts: Mapping[str, Any], export: Export, currency: str) -> str:
    if not column.field:
        return column.text
    value = facts[column.field]
    match column.field:
        case "date":
            return format(value, DATES[export.dates])
        case "debit" | "credit":
            return money.plain(value, currency) if value else ""
        case "amount":
            return money.plain(value, currency)
        case "gl":
            return _safe(_part(value, column.part, export.separator))
    return _safe(str(value))


def _part(code: str, part: int, separator: str) -> str:
    if not part:
        return code
    parts = code.split(separator)
    return parts[part - 1] if part <= len(parts) else ""


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_RISKY) else text

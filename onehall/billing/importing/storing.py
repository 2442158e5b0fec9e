"""Writes of an import: bills by COPY with one journal entry each, and corrections of bills that are there.

The same rows that `invoicing` and `posting` write one by one, thousands at a time: `owed` and `billed` are written with
the entries that say so, and the proof compares them like any other.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection

from onehall.billing import invoicing, posting
from onehall.billing.documents import Setup
from onehall.billing.importing.profile import Line, Profile
from onehall.billing.importing.rows import Statement
from onehall.casework.bulk import allocate_ids, copy_lines
from onehall.kernel import ids
from onehall.kernel.copylines import NULL, known, text
from onehall.kernel.copylines import json as json_line
from onehall.people.actor import Actor
from onehall.places.models import City

SOURCE: Final = "import"
PLANNED: Final = "Without what is paid in parts by a plan."
INVOICES: Final = "billing_invoice"
CHARGES: Final = "billing_charge"
ENTRIES: Final = "billing_journalentry"
LINES: Final = "billing_journalline"
ADJUSTMENTS: Final = "billing_adjustment"
_INVOICE: Final = (
    "id", "city_id", "kind", "number", "token", "access_code", "account_id", "source", "source_ref", "name", "email",
    "language", "plate", "words", "issued_on", "due_on", "period_from", "period_to", "currency", "minimum", "billed",
    "owed", "penalized", "created_at",
)  # fmt: skip
_CHARGE: Final = (
    "id", "city_id", "invoice_id", "position", "kind", "code", "words", "explained", "amount", "gl", "schedule",
    "refundable", "owed",
)  # fmt: skip
_ENTRY: Final = ("id", "city_id", "kind", "key", "on", "at", "currency", "memo", "by_name")
_LINE: Final = ("city_id", "entry_id", "account", "gl", "amount", "charge_id")
_ADJUSTMENT: Final = (
    "city_id", "charge_id", "entry_id", "kind", "amount", "reason", "by_name", "by_roles", "at",
)  # fmt: skip
_ACCOUNTS: Final = """
INSERT INTO billing_account AS a (city_id, kind, number, name, postcode, address, email)
SELECT %s, %s, n.number, n.name, n.postcode, n.address, n.email
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[]) AS n(number, name, postcode, address, email)
ORDER BY n.number
ON CONFLICT (city_id, kind, number) DO UPDATE SET
  name = coalesce(nullif(excluded.name, ''), a.name), postcode = coalesce(nullif(excluded.postcode, ''), a.postcode),
  address = coalesce(nullif(excluded.address, ''), a.address), email = coalesce(nullif(excluded.email, ''), a.email)
WHERE (a.name, a.postcode, a.address, a.email) IS DISTINCT FROM (
  coalesce(nullif(excluded.name, ''), a.name), coalesce(nullif(excluded.postcode, ''), a.postcode),
  coalesce(nullif(excluded.address, ''), a.address), coalesce(nullif(excluded.email, ''), a.email))
"""
_MOVED: Final = """
WITH moved AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS m (charge, amount)),
lines AS (
    UPDATE billing_charge c SET owed = c.owed + m.amount FROM moved m WHERE c.id = m.charge
    RETURNING c.invoice_id, m.amount
)
UPDATE billing_invoice i SET owed = i.owed + l.amount, billed = i.billed + l.amount
FROM (SELECT invoice_id, sum(amount) AS amount FROM lines GROUP BY invoice_id) l WHERE i.id = l.invoice_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What every row of a batch has in common."""

    city: City
    setup: Setup
    profile: Profile
    on: date
    now: datetime
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A statement that becomes a bill; `balance` is what of the balance before is billed with it.

    `planned` says that it was billed without what is paid in parts by a plan.
    """

    statement: Statement
    number: str
    account_id: int | None
    balance: int
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What one line of a bill that is there becomes by. Those with the same `key` are one entry."""

    key: str
    charge_id: int
    gl: str
    amount: int
    reason: str
    memo: str


@dataclass(slots=True)
class _Pieces:
    """Lines of COPY, by table."""

    invoices: list[str] = field(default_factory=list)
    charges: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def keep_accounts(where: Where, accounts: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """Accounts by their numbers, made or brought up to date; what a file leaves blank stays. Their keys by number."""
    if not accounts:
        return {}
    numbers = list(accounts)
    columns = [
        [accounts[n].get(name, "") for n in numbers]
        for name in ("name", "postcode", "address", "email")
    ]
    kind = where.profile.kind
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, [where.city.pk, kind, numbers, *columns])
        cursor.execute(
            "SELECT number, id FROM billing_account WHERE city_id = %s AND kind = %s AND number = ANY(%s)",
            [where.city.pk, kind, numbers],
        )
        return dict(cursor.fetchall())


def write(where: Where, new: Sequence[New]) -> None:
    """Bills with their lines and entries, inside the caller's transaction."""
    if not new:
        return
    counts = [len(bill.statement.amounts) + bool(bill.balance) for bill in new]
    pieces = _Pieces()
    with connection.cursor() as cursor:
        invoices = allocate_ids(cursor, INVOICES, len(new))
        charges = iter(allocate_ids(cursor, CHARGES, sum(counts)))
        entries = allocate_ids(cursor, ENTRIES, len(new))
        make = _Maker(where)
        for bill, invoice_id, entry_id in zip(new, invoices, entries, strict=True):
            make.bill(pieces, bill, invoice_id, entry_id, charges)
        copy_lines(cursor, INVOICES, _INVOICE, pieces.invoices)
        copy_lines(cursor, CHARGES, _CHARGE, pieces.charges)
        copy_lines(cursor, ENTRIES, _ENTRY, pieces.entries)
        copy_lines(cursor, LINES, _LINE, pieces.lines)


class _Maker:
    """Makes the lines of COPY; what is the same for every row is made once."""

    def __init__(self, where: Where) -> None:
        profile, setup = where.profile, where.setup
        self.where = where
        self.kind = setup.kinds[profile.kind]
        self.receivable = text(setup.books[posting.RECEIVABLE])
        self.at = where.now.isoformat()
        self.words = {line.code: _json(line.name) for line in profile.all_lines()}
        self.gl = {line.code: text(line.gl or self.kind.gl) for line in profile.all_lines()}
        self.currency, self.city = setup.currency, where.city.pk
        self.by = text(where.by.name)

    def bill(
        self, to: _Pieces, bill: New, invoice_id: int, entry_id: int, charges: Iterable[int]
    ) -> None:
        """One bill with everything that belongs to it."""
        city, profile = self.city, self.where.profile
        said = ((line, _of(line, bill, profile)) for line in profile.all_lines())
        lines = [(line, amount) for line, amount in said if amount]
        total = sum(amount for _line, amount in lines)
        to.invoices.append(self._invoice(bill, invoice_id, total))
        number = text(bill.number)
        to.entries.append(
            f"{entry_id}\t{city}\tbilled\tbilled:{invoice_id}:0\t{self.where.on}\t{self.at}\t{self.currency}"
            f"\t{number}\t{self.by}"
        )
        ids_of = iter(charges)
        for position, (line, amount) in enumerate(lines):
            charge_id, gl = next(ids_of), self.gl[line.code]
            explained = PLANNED if bill.planned and line is profile.balance else ""
            to.charges.append(
                f"{charge_id}\t{city}\t{invoice_id}\t{position}\t{line.kind}\t{line.code}\t{self.words[line.code]}"
                f"\t{explained}\t{amount}\t{gl}\t\tt\t{amount}"
            )
            to.lines.append(
                f"{city}\t{entry_id}\t{posting.RECEIVABLE}\t{self.receivable}\t{amount}\t{charge_id}"
            )
            to.lines.append(f"{city}\t{entry_id}\t{posting.REVENUE}\t{gl}\t{-amount}\t{charge_id}")

    def _invoice(self, bill: New, invoice_id: int, total: int) -> str:
        said = bill.statement
        issued = said.issued_on or self.where.on
        due = said.due_on or issued + timedelta(days=self.kind.due_days)
        start, end = said.period or (NULL, NULL)
        facts = said.facts
        name = facts.get("name") or said.account.get("name", "")
        mail = facts.get("email") or said.account.get("email", "")
        language = facts.get("language", "")
        code = facts.get("access_code") or invoicing.new_access_code()
        return (
            f"{invoice_id}\t{self.city}\t{self.kind.key}\t{text(bill.number)}\t{ids.secret_token()}\t{text(code)}"
            f"\t{known(bill.account_id)}\t{SOURCE}\t{text(said.ref)}\t{text(name)}\t{text(mail)}"
            f"\t{text(language if language in self.where.city.languages else self.where.city.languages[0])}"
            f"\t{text(said.plate)}\t{{}}\t{issued}\t{due}\t{start}\t{end}\t{self.currency}\t{said.minimum}\t{total}"
            f"\t{total}\t0\t{self.at}"
        )


def _of(line: Line, bill: New, profile: Profile) -> int:
    return bill.balance if line is profile.balance else bill.statement.amounts.get(line.code, 0)


def _json(name: Mapping[str, str]) -> str:
    return json_line(json.dumps(dict(name), ensure_ascii=False))


def correct(where: Where, corrections: Sequence[Correction]) -> None:
    """Adjustments of lines that are there, with their entries; the caller holds the bills. Lines are never edited."""
    if not corrections:
        return
    keys = {c.key: c for c in corrections}
    maker = _Maker(where)
    with connection.cursor() as cursor:
        entries = dict(zip(keys, allocate_ids(cursor, ENTRIES, len(keys)), strict=True))
        copy_lines(
            cursor,
            ENTRIES,
            _ENTRY,
            [
                f"{entries[key]}\t{maker.city}\tadjusted\t{text(key)}\t{where.on}\t{maker.at}\t{maker.currency}"
                f"\t{text(c.memo)}\t{maker.by}"
                for key, c in keys.items()
            ],
        )
        lines: list[str] = []
        for c in corrections:
            head = f"{maker.city}\t{entries[c.key]}"
            lines.append(
                f"{head}\t{posting.RECEIVABLE}\t{maker.receivable}\t{c.amount}\t{c.charge_id}"
            )
            lines.append(f"{head}\t{posting.REVENUE}\t{text(c.gl)}\t{-c.amount}\t{c.charge_id}")
        copy_lines(cursor, LINES, _LINE, lines)
        copy_lines(
            cursor,
            ADJUSTMENTS,
            _ADJUSTMENT,
            [
                f"{maker.city}\t{c.charge_id}\t{entries[c.key]}\tcorrection\t{c.amount}\t{text(c.reason)}\t{maker.by}"
                f"\t{' '.join(sorted(where.by.roles))}\t{maker.at}"
                for c in corrections
            ],
        )
        moved: dict[int, int] = {}
        for c in corrections:
            moved[c.charge_id] = moved.get(c.charge_id, 0) + c.amount
        cursor.execute(_MOVED, [list(moved), list(moved.values())])


def new_terms(where: Where, bills: Sequence[tuple[int, Statement]]) -> None:
    """Another due day or minimum of bills that are there."""
    with connection.cursor() as cursor:
        for pk, said in bills:
            cursor.execute(
                "UPDATE billing_invoice SET due_on = coalesce(%s, due_on), minimum = %s WHERE id = %s AND city_id = %s",
                [said.due_on, said.minimum, pk, where.city.pk],
            )


def facts(sql: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of a question."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())

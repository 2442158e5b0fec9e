"""Decides what becomes of each statement of a batch: a new bill, as it was, corrected, or refused; then writes all of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Protocol

from onehall.billing import exceptions, invoicing, numbering
from onehall.billing.importing import storing
from onehall.billing.importing.rows import Record, RowRefused, Statement
from onehall.billing.importing.storing import Correction, New, Where
from onehall.billing.invoicing import NewCharge
from onehall.billing.models import ChargeKind

RESTATED: Final = "restated:"
CARRIED: Final = "carried:"

_KNOWN: Final = """
SELECT id, source_ref, number, account_id, issued_on, due_on, minimum, voided_at IS NOT NULL, owed,
  plan_id IS NOT NULL
FROM billing_invoice WHERE id IN (
  SELECT id FROM billing_invoice WHERE city_id = %(city)s AND source = 'import' AND source_ref = ANY(%(refs)s)
  UNION SELECT id FROM billing_invoice
  WHERE account_id = ANY(%(accounts)s) AND source = 'import' AND owed > 0 AND voided_at IS NULL)
ORDER BY id FOR UPDATE
"""
_CHARGES: Final = """
SELECT c.id, c.invoice_id, c.code, c.gl, c.owed,
  c.amount + coalesce(sum(a.amount) FILTER (WHERE e.key LIKE 'restated:%%'), 0),
  coalesce(bool_or(e.key LIKE 'carried:%%'), false), c.explained <> ''
FROM billing_charge c LEFT JOIN billing_adjustment a ON a.charge_id = c.id
LEFT JOIN billing_journalentry e ON e.id = a.entry_id
WHERE c.invoice_id = ANY(%s) GROUP BY c.id ORDER BY c.id
"""


@dataclass(slots=True)
class Counts:
    """What became of the rows: rows = new + known + corrected + nothing + refused."""

    rows: int = 0
    new: int = 0
    known: int = 0
    corrected: int = 0
    nothing: int = 0
    refused: int = 0
    carried: int = 0
    billed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Held:
    """A bill that is there, under the lock of the batch."""

    pk: int
    ref: str
    number: str
    account_id: int | None
    issued_on: date
    due_on: date
    minimum: int
    void: bool
    owed: int
    planned: bool
    charges: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def carried(self) -> bool:
        """Whether what was owed on it went over to a later statement."""
        return any(c[6] for c in self.charges)


def held_bills(
    where: Where, some: Sequence[Statement], accounts: Mapping[str, int]
) -> dict[int, Held]:
    """Bills that are there and that the batch may change: locked in the order that every writer takes."""
    replaces = where.profile.balance is not None and where.profile.carry == "replace"
    rows = storing.facts(
        _KNOWN,
        {
            "city": where.city.pk,
            "refs": [s.ref for s in some],
            "accounts": list(accounts.values()) if replaces else [],
        },
    )
    held = {row[0]: Held(*row) for row in rows}
    if held:
        for charge in storing.facts(_CHARGES, [list(held)]):
            held[charge[1]].charges.append(charge)
    return held


class Run(Protocol):
    """The file on its way in, as a batch knows it."""

    counts: Counts

    def refuse(self, record: Record, no: RowRefused) -> None:
        """Note a row that is not taken in."""
        ...


class Batch:
    """Decides what becomes of each statement of a batch, then writes all of it."""

    def __init__(
        self, run: Run, where: Where, accounts: Mapping[str, int], held: Mapping[int, Held]
    ) -> None:
        self.run, self.where, self.accounts = run, where, accounts
        self.held = held
        self.by_ref = {bill.ref: bill for bill in held.values()}
        self.older: dict[int, list[Held]] = {}
        for bill in held.values():
            if bill.account_id is not None and bill.owed > 0 and not bill.void:
                self.older.setdefault(bill.account_id, []).append(bill)
        self.paying = self._paying()
        self.new: list[New] = []
        self.corrections: list[Correction] = []
        self.terms: list[tuple[int, Statement]] = []

    def _paying(self) -> set[int]:
        rows = storing.facts(
            "SELECT invoice_id FROM billing_attemptpart WHERE open AND invoice_id = ANY(%s)",
            [list(self.held)],
        )
        return {row[0] for row in rows}

    def sort(self, some: Sequence[Statement]) -> None:
        """Each statement by itself; one that is refused keeps no other from its bill."""
        unknown = [s for s in some if s.ref not in self.by_ref]
        self.taken = self._taken(unknown)
        self.billed = self._billed()
        for said in some:
            try:
                if bill := self.by_ref.get(said.ref):
                    self._again(bill, said)
                else:
                    self._first(said)
            except RowRefused as no:
                self.run.refuse(said.record, no)

    def _taken(self, unknown: Sequence[Statement]) -> set[str]:
        numbers = [n for s in unknown if (n := s.facts.get("number"))]
        rows = storing.facts(
            "SELECT number FROM billing_invoice WHERE city_id = %s AND number = ANY(%s)",
            [self.where.city.pk, numbers],
        )
        return {row[0] for row in rows}

    def _billed(self) -> set[int]:
        """Accounts that have a bill here: their balance before is on it."""
        if self.where.profile.balance is None or self.where.profile.carry == "replace":
            return set()
        rows = storing.facts(
            "SELECT DISTINCT account_id FROM billing_invoice WHERE account_id = ANY(%s)",
            [list(self.accounts.values())],
        )
        return {row[0] for row in rows}

    def _first(self, said: Statement) -> None:
        number = said.facts.get("number", "")
        if number in self.taken:
            raise RowRefused(
                f"There is a bill {number} already.", self.where.profile.facts["number"]
            )
        account_id = self.accounts[said.account["number"]] if said.account else None
        balance = 0 if account_id in self.billed else said.balance
        older = self._older(said, account_id) if self._replaces else []
        balance = self._without_plans(said, balance, [b for b in older if b.planned])
        older = [b for b in older if not b.planned]
        if not said.amounts and not balance:
            self.run.counts.nothing += 1
            return
        if number:
            self.taken.add(number)
        self.run.counts.new += 1
        self.run.counts.billed += sum(said.amounts.values()) + balance
        bill = New(
            statement=said,
            number=number,
            account_id=account_id,
            balance=balance,
            planned=bool(balance) and balance < said.balance,
        )
        self.new.append(bill)
        for held in older:
            self._carry(held, said)

    @property
    def _replaces(self) -> bool:
        return self.where.profile.balance is not None and self.where.profile.carry == "replace"

    def _older(self, said: Statement, account_id: int | None) -> list[Held]:
        issued = said.issued_on or self.where.on
        found = [b for b in self.older.get(account_id or 0, []) if b.issued_on <= issued]
        if busy := [b.number for b in found if b.pk in self.paying]:
            words = f"Somebody is paying the bill {busy[0]} at this moment; import the row again."
            raise RowRefused(words)
        return found

    def _without_plans(self, said: Statement, balance: int, planned: Sequence[Held]) -> int:
        """The balance before, less what is paid in parts: that stays on the bill with the plan."""
        on_plans = sum(bill.owed for bill in planned)
        if planned and balance < on_plans:
            exceptions.note(
                city=self.where.city,
                kind="statement_lower",
                ref=f"{planned[0].number}:plan:{said.ref}"[:120],
                amount=balance - on_plans,
                words=f"A statement says less is owed before it than on {planned[0].number}, which is paid in parts.",
                now=self.where.now,
            )
        return max(balance - on_plans, 0)

    def _carry(self, held: Held, said: Statement) -> None:
        """What is still owed on an older bill is on the new one by now."""
        name = said.facts.get("number") or said.ref
        for charge_id, invoice_id, _code, gl, owed, *_rest in held.charges:
            if owed:
                self.corrections.append(
                    Correction(
                        key=f"{CARRIED}{invoice_id}:{said.ref}"[:120],
                        charge_id=charge_id,
                        gl=gl,
                        amount=-owed,
                        reason=f"Carried over to the statement {name}.",
                        memo=held.number,
                    )
                )
        self.older[held.account_id or 0].remove(held)
        self.run.counts.carried += 1

    # Statements that are there

    def _again(self, bill: Held, said: Statement) -> None:
        wanted = self._wanted(bill, said)
        there = {code: total for _i, _b, code, _g, _o, total, *_rest in bill.charges}
        lines = {code: wanted[code] - there.get(code, 0) for code in wanted}
        changed = {code: off for code, off in lines.items() if off}
        terms = bill.minimum != said.minimum or (said.due_on or bill.due_on) != bill.due_on
        if not changed and not terms:
            self.run.counts.known += 1
            return
        self._may_change(bill)
        if terms:
            self.terms.append((bill.pk, said))
        moved = [self._line(bill, code, off) for code, off in changed.items()]
        if terms or any(moved):
            self.run.counts.corrected += 1
        else:
            self.run.counts.known += 1

    def _may_change(self, bill: Held) -> None:
        if bill.void:
            raise RowRefused(f"The bill {bill.number} is void.")
        if bill.carried:
            raise RowRefused(
                f"What was owed on the bill {bill.number} is on a later statement: correct that one."
            )
        if bill.pk in self.paying:
            words = (
                f"Somebody is paying the bill {bill.number} at this moment; import the row again."
            )
            raise RowRefused(words)

    def _wanted(self, bill: Held, said: Statement) -> dict[str, int]:
        """What each line should come to. A balance before is compared only where it was billed, and all of it."""
        profile = self.where.profile
        wanted = {line.code: said.amounts.get(line.code, 0) for line in profile.lines}
        # One that is explained was billed without what is paid in parts.
        codes = {charge[2] for charge in bill.charges if not charge[7]}
        if profile.balance and profile.balance.code in codes:
            wanted[profile.balance.code] = said.balance
        return wanted

    def _line(self, bill: Held, code: str, off: int) -> bool:
        """One line of a correction; False where nothing could be changed any more, which finance is told of."""
        charge = next((c for c in bill.charges if c[2] == code), None)
        if charge is None:
            self._add(bill, code, off)
            return True
        charge_id, _invoice, _code, gl, owed, *_rest = charge
        amount = max(off, -owed)
        if amount > off:
            exceptions.note(
                city=self.where.city,
                kind="statement_lower",
                ref=f"{bill.number}:{code}:{charge[5] + off}"[:120],
                amount=off - amount,
                words=f"A corrected statement asks for less on {bill.number} than was paid: give that back.",
                now=self.where.now,
            )
        if amount:
            self.corrections.append(
                Correction(
                    key=f"{RESTATED}{bill.pk}:{charge_id}:{charge[5]}:{charge[5] + amount}:{self._turn(charge_id)}",
                    charge_id=charge_id,
                    gl=gl,
                    amount=amount,
                    reason="Corrected by the system that sent the statement.",
                    memo=bill.number,
                )
            )
        return bool(amount)

    def _turn(self, charge_id: int) -> int:
        rows = storing.facts(
            "SELECT count(*) FROM billing_adjustment WHERE charge_id = %s", [charge_id]
        )
        return int(rows[0][0])

    def _add(self, bill: Held, code: str, amount: int) -> None:
        line = next(n for n in self.where.profile.all_lines() if n.code == code)
        charge = NewCharge(
            code=code,
            words=line.name,
            amount=amount,
            gl=line.gl,
            kind=ChargeKind(line.kind),
        )
        invoicing.add_charges(
            city=self.where.city,
            invoice_id=bill.pk,
            charges=[charge],
            by=self.where.by,
            now=self.where.now,
        )

    def write(self) -> None:
        """Bills, corrections and terms."""
        self._number()
        storing.write(self.where, self.new)
        storing.correct(self.where, self.corrections)
        storing.new_terms(self.where, self.terms)

    def _number(self) -> None:
        """Numbers of the city's own for statements that have none."""
        without = [n for n, bill in enumerate(self.new) if not bill.number]
        prefix = self.where.setup.kinds[self.where.profile.kind].prefix
        numbers = numbering.invoices(
            self.where.city, prefix, self.where.on.year, how_many=len(without)
        )
        for place, number in zip(without, numbers, strict=True):
            bill = self.new[place]
            self.new[place] = replace(bill, number=number)

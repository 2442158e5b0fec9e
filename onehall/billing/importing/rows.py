"""Rows of a file of statements: read one by one, and each understood, or refused with its column and why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from onehall.billing.importing.profile import Amounts, Profile, ProfileError
from onehall.billing.rules import MAIL, card_number_in
from onehall.kernel import csvfile, money
from onehall.kernel.csvfile import ColumnsMissing
from onehall.kernel.csvfile import FileBroken as FileBroken
from onehall.kernel.csvfile import Record as Record

MAX_FIELD: Final = 1 << 16
"""Longest field in characters."""
MOST: Final = 10**11
"""Smallest units that one line of a statement may come to."""
_DATES_HELD: Final = 20_000
_LONGEST: Final[Mapping[str, int]] = {
    "number": 40, "name": 200, "email": 254, "language": 12, "access_code": 12,
}  # fmt: skip
_LONGEST_ACCOUNT: Final[Mapping[str, int]] = {
    "number": 40, "name": 200, "postcode": 12, "address": 200, "email": 254,
}  # fmt: skip


class RowRefused(Exception):
    """A row that can not be taken; `column` is where, "" for the row as a whole, `str()` why."""

    def __init__(self, words: str, column: str = "") -> None:
        super().__init__(words)
        self.column = column


@dataclass(slots=True, kw_only=True)
class Statement:
    """What a row says. `amounts` by the code of a line, without those that are nought; `balance` what was owed before."""

    record: Record
    ref: str
    account: Mapping[str, str]
    facts: Mapping[str, str]
    plate: str
    issued_on: date | None
    due_on: date | None
    period: tuple[date, date] | None
    minimum: int
    amounts: Mapping[str, int]
    balance: int


class Reader(csvfile.Reader):
    """The rows of one file; ProfileError where it lacks columns that the profile reads."""

    def __init__(self, path: Path, profile: Profile) -> None:
        try:
            super().__init__(
                path,
                encoding=profile.encoding,
                delimiter=profile.delimiter,
                columns=profile.columns(),
                longest=MAX_FIELD,
            )
        except ColumnsMissing as no:
            raise ProfileError(str(no)) from None


class Understanding:
    """Makes statements of rows, by one profile, one header and one currency."""

    def __init__(self, profile: Profile, header: list[str], currency: str) -> None:
        self.profile, self.currency = profile, currency
        self.width = len(header)
        self.at = {name: number for number, name in enumerate(header)}
        self._dates: dict[str, date] = {}

    def statement(self, record: Record) -> Statement:
        """What a row says; RowRefused with its column otherwise."""
        if record.problem == "unreadable":
            raise RowRefused(f"The row is no CSV: {record.detail}.")
        if record.problem:
            there = len(record.fields)
            raise RowRefused(f"The row has {there} columns, the header {self.width}.")
        p = self.profile
        ref = self._text(record, p.ref, 80)
        if not ref:
            raise RowRefused("The reference is missing.", p.ref)
        account = {
            name: self._text(record, column, _LONGEST_ACCOUNT[name])
            for name, column in p.account.items()
        }
        if p.account and not account["number"]:
            raise RowRefused("The number of the account is missing.", p.account["number"])
        facts = {
            name: self._text(record, p.facts[name], longest)
            for name, longest in _LONGEST.items()
            if name in p.facts
        }
        self._mails(account, facts)
        amounts = {line.code: self._amount(record, line.column) for line in p.lines}
        balance = self._amount(record, p.balance.column) if p.balance else 0
        issued, due = self._day(record, "issued"), self._day(record, "due")
        if issued and due and due < issued:
            raise RowRefused("It is due before it was issued.", p.facts["due"])
        minimum = self._amount(record, p.facts["minimum"]) if "minimum" in p.facts else 0
        self._check(record, amounts, balance, minimum)
        return Statement(
            record=record,
            ref=f"{p.source}:{ref}",
            account=account,
            facts=facts,
            plate=self._plate(record),
            issued_on=issued,
            due_on=due,
            period=self._period(record),
            minimum=minimum,
            amounts={code: amount for code, amount in amounts.items() if amount},
            balance=balance,
        )

    def _check(
        self, record: Record, amounts: Mapping[str, int], balance: int, minimum: int
    ) -> None:
        p = self.profile
        for line in p.all_lines():
            if (balance if line is p.balance else amounts[line.code]) < 0:
                said = "It is less than nothing; credits are not taken in with a statement."
                raise RowRefused(said, line.column)
        if minimum < 0:
            raise RowRefused("It is less than nothing.", p.facts["minimum"])
        if "total" in p.facts:
            total, said_total = (
                sum(amounts.values()) + balance,
                self._amount(record, p.facts["total"]),
            )
            if total != said_total:
                said = f"The lines come to {money.plain(total, self.currency)}."
                raise RowRefused(said, p.facts["total"])

    def _mails(self, account: Mapping[str, str], facts: Mapping[str, str]) -> None:
        for said, columns in ((account, self.profile.account), (facts, self.profile.facts)):
            if (mail := said.get("email")) and not MAIL.fullmatch(mail):
                raise RowRefused("It is no e-mail address.", columns["email"])

    def _text(self, record: Record, column: str, longest: int) -> str:
        text = " ".join(record.fields[self.at[column]].split())
        if len(text) > longest:
            raise RowRefused(f"It is longer than {longest} letters.", column)
        if "\x00" in text:
            raise RowRefused("It holds a letter that no text has.", column)
        if len(text) >= 13 and card_number_in(text):
            raise RowRefused("It looks like the number of a card.", column)
        return text

    def _plate(self, record: Record) -> str:
        columns = self.profile.facts
        if "plate" not in columns:
            return ""
        plate = re.sub(r"[^0-9A-Z]", "", self._text(record, columns["plate"], 14).upper())
        state = re.sub(r"[^0-9A-Z]", "", self._text(record, columns["state"], 5).upper())
        if plate and not state:
            raise RowRefused("The state of the plate is missing.", columns["state"])
        return f"{state} {plate}" if plate else ""

    def _amount(self, record: Record, column: str) -> int:
        text = record.fields[self.at[column]].strip()
        if not text:
            return 0
        try:
            found = money.parse(_plain(text, self.profile.amounts), self._unit())
        except money.MoneyMistake as no:
            raise RowRefused(str(no), column) from None
        if abs(found) > MOST:
            raise RowRefused("It is more than one bill can hold.", column)
        return found

    def _unit(self) -> str:
        # An amount in cents is read like one of a currency that has nothing smaller.
        return "JPY" if self.profile.amounts.cents else self.currency

    def _day(self, record: Record, name: str) -> date | None:
        column = self.profile.facts.get(name)
        text = record.fields[self.at[column]].strip() if column else ""
        if not text:
            return None
        found = self._dates.get(text)
        if found is None:
            found = _day(text, self.profile, column or "")
            if len(self._dates) < _DATES_HELD:
                self._dates[text] = found
        return found

    def _period(self, record: Record) -> tuple[date, date] | None:
        start, end = self._day(record, "period_from"), self._day(record, "period_to")
        if start is None or end is None:
            return None
        if end < start:
            raise RowRefused("It ends before it begins.", self.profile.facts["period_to"])
        return start, end


def _day(text: str, profile: Profile, column: str) -> date:
    for form in profile.dates:
        try:
            found = date.fromisoformat(text) if form == "iso" else _parsed(text, form)
        except ValueError:
            continue
        if not 1990 <= found.year <= 2100:
            raise RowRefused(f"The year {found.year} can not be.", column)
        return found
    raise RowRefused(f'"{text[:30]}" is no day as the profile writes them.', column)


def _parsed(text: str, form: str) -> date:
    return datetime.strptime(text, form).date()  # noqa: DTZ007  (a day has no zone)


def _plain(text: str, how: Amounts) -> str:
    """An amount as the program writes it: currency signs and groups dropped, the sign in front."""
    text = text.replace(how.groups, "").strip("$€£ \u00a0")
    if how.negative == "trailing" and text.endswith("-"):
        text = f"-{text[:-1].strip()}"
    if how.negative == "parentheses" and text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1].strip('$€£ ')}"
    if text.startswith("-"):
        text = f"-{text[1:].lstrip('$€£ ')}"
    text = text.replace(how.point, ".") if how.point != "." else text
    return f"0{text}" if text.startswith(".") else text

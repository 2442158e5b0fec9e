"""Payouts from a file that a provider or a bank gives: JSON as the gateways tell them, or CSV with a row for each item.

JSON is a list of `{ref, currency, arrives_on, net, items: [{kind, ref, payment_ref, gross, fee, net}]}`; amounts are
integers of the smallest unit there, and written like "12.34" in CSV, whose columns are payout, arrives_on, currency,
kind, ref, payment_ref, gross, fee and, where it is known, payout_net.
"""

import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, cast, get_args

from onehall.billing.gateways.protocol import PayoutItem, PayoutItemKind, PayoutReport
from onehall.kernel import money

KINDS: Final = get_args(PayoutItemKind.__value__)
COLUMNS: Final = (
    "payout", "arrives_on", "currency", "kind", "ref", "payment_ref", "gross", "fee",
)  # fmt: skip
_MOST: Final = 10**15


class PayoutFileWrong(Exception):
    """The file can not be read; the text says where and why."""


def read(text: str, *, name: str) -> list[PayoutReport]:
    """The payouts of a file, oldest first. `name` tells JSON from CSV. PayoutFileWrong in words."""
    found = _of_json(text) if name.casefold().endswith(".json") else _of_csv(text)
    refs = [report.ref for report in found]
    if len(set(refs)) != len(refs):
        raise PayoutFileWrong("A payout is named twice; each has its own reference.")
    return sorted(found, key=lambda report: (report.arrives_on, report.ref))


def _of_json(text: str) -> list[PayoutReport]:
    try:
        rows = json.loads(text)
    except ValueError as no:
        raise PayoutFileWrong(f"The file is not JSON: {no}.") from None
    if not isinstance(rows, list):
        raise PayoutFileWrong("The file holds no list of payouts.")
    return [_report(row, f"payout {number}") for number, row in enumerate(rows, 1)]


def _report(row: Any, where: str) -> PayoutReport:
    if not isinstance(row, dict) or not isinstance(row.get("items", []), list):
        raise PayoutFileWrong(f"In {where}: write an object with a list of items.")
    items = [
        _item(item, f"{where}, item {number}")
        for number, item in enumerate(row.get("items", []), 1)
    ]
    return PayoutReport(
        ref=_text(row, "ref", where, required=True),
        currency=_currency(_text(row, "currency", where, required=True), where),
        arrives_on=_day(_text(row, "arrives_on", where, required=True), where),
        net=_whole(row, "net", where),
        items=tuple(items),
    )


def _item(row: Any, where: str) -> PayoutItem:
    if not isinstance(row, dict):
        raise PayoutFileWrong(f"In {where}: write an object.")
    return PayoutItem(
        kind=_kind(_text(row, "kind", where, required=True), where),
        ref=_text(row, "ref", where, required=True),
        payment_ref=_text(row, "payment_ref", where),
        gross=_whole(row, "gross", where),
        fee=_whole(row, "fee", where),
        net=_whole(row, "net", where),
    )


def _of_csv(text: str) -> list[PayoutReport]:
    rows = csv.DictReader(io.StringIO(text), strict=True)
    if missing := sorted(set(COLUMNS) - set(rows.fieldnames or ())):
        raise PayoutFileWrong(f"The file has no column {', '.join(missing)}.")
    heads: dict[str, tuple[date, str, int | None]] = {}
    items: dict[str, list[PayoutItem]] = {}
    try:
        for row in rows:
            where = f"line {rows.line_num}"
            ref = _text(row, "payout", where, required=True)
            head = _head(row, where)
            if heads.setdefault(ref, head) != head:
                raise PayoutFileWrong(f"In {where}: the payout {ref} is told otherwise above.")
            items.setdefault(ref, []).append(_csv_item(row, head[1], where))
    except csv.Error as no:
        raise PayoutFileWrong(f"In line {rows.line_num}: {no}.") from None
    return [
        PayoutReport(
            ref=ref,
            currency=currency,
            arrives_on=day,
            net=sum(item.net for item in items[ref]) if net is None else net,
            items=tuple(items[ref]),
        )
        for ref, (day, currency, net) in heads.items()
    ]


def _head(row: Mapping[str, Any], where: str) -> tuple[date, str, int | None]:
    currency = _currency(_text(row, "currency", where, required=True), where)
    day = _day(_text(row, "arrives_on", where, required=True), where)
    net = _text(row, "payout_net", where)
    return day, currency, _amount(net, currency, where) if net else None


def _csv_item(row: Mapping[str, Any], currency: str, where: str) -> PayoutItem:
    gross = _amount(_text(row, "gross", where, required=True), currency, where)
    fee = _amount(_text(row, "fee", where) or "0", currency, where)
    return PayoutItem(
        kind=_kind(_text(row, "kind", where, required=True), where),
        ref=_text(row, "ref", where, required=True),
        payment_ref=_text(row, "payment_ref", where),
        gross=gross,
        fee=fee,
        net=gross - fee,
    )


def _text(row: Mapping[str, Any], key: str, where: str, *, required: bool = False) -> str:
    value = row.get(key) or ""
    if not isinstance(value, str) or len(value) > 100 or (required and not value.strip()):
        raise PayoutFileWrong(f'In {where}: "{key}" is missing, or no text of up to 100 letters.')
    return value.strip()


def _whole(row: Mapping[str, Any], key: str, where: str) -> int:
    value = row.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MOST:
        raise PayoutFileWrong(f'In {where}: "{key}" is no whole number of the smallest unit.')
    return value


def _amount(text: str, currency: str, where: str) -> int:
    try:
        return money.parse(text, currency)
    except money.MoneyMistake as no:
        raise PayoutFileWrong(f"In {where}: {no}") from None


def _currency(text: str, where: str) -> str:
    if len(text) != 3 or not text.isascii() or not text.isupper():
        raise PayoutFileWrong(f'In {where}: "{text}" is no currency like USD.')
    return text


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PayoutFileWrong(f'In {where}: "{text}" is no day like 2026-11-27.') from None


def _kind(text: str, where: str) -> PayoutItemKind:
    if text not in KINDS:
        raise PayoutFileWrong(f'In {where}: "{text}" is none of {", ".join(KINDS)}.')
    return cast("PayoutItemKind", text)

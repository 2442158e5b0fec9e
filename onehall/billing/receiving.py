"""Bills that other systems of the city send: read with every mistake named, written once, the same answer when sent twice."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from django.db import IntegrityError, transaction

from onehall.billing import invoicing, queries
from onehall.billing.api_keys import BY_KEY, BY_REF
from onehall.billing.documents import ORDER, Setup
from onehall.billing.invoicing import NewCharge, NewInvoice
from onehall.billing.models import Account, ApiCall, ApiKey, ChargeKind, Invoice
from onehall.billing.rules import MAIL, card_number_in
from onehall.kernel import money
from onehall.people.actor import system
from onehall.places.models import City

SOURCE: Final = "api"
MOST_LINES: Final = 100
MOST_BYTES: Final = 64 * 1024
MOST_LISTED: Final = 100
KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_REF: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./:_-]{0,54}")
_CODE: Final = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_GL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-/ ]{0,39}")
_PLATE: Final = re.compile(r"[A-Z]{2,5} [A-Z0-9]{1,14}")
_FIELDS: Final = frozenset(
    {
        "ref", "kind", "number", "account", "name", "email", "language", "plate", "words", "currency", "issued_on",
        "due_on", "period_from", "period_to", "minimum", "lines",
    }
)  # fmt: skip
_LINE: Final = frozenset({"code", "name", "amount", "kind", "gl"})
_ACCOUNT: Final = {"number": 40, "name": 200, "postcode": 12, "address": 200, "email": 254}


class Wrong(Exception):
    """What was sent is no bill; `field` is where, `str()` says why."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class Conflict(Exception):
    """The reference or the idempotency key was used before with another content."""


@dataclass(frozen=True, slots=True)
class Received:
    """The bill, and whether it was made now."""

    invoice: Invoice
    new: bool


def receive(*, city: City, api_key: ApiKey, raw: bytes, key: str, now: datetime) -> Received:
    """Write a bill of a request's body. The same content again gives the bill that is there.

    `Wrong` and `BillingRefused` in words; `Conflict` when the reference, or the idempotency key `key` ("" for none),
    came with another content before.
    """
    content = _content(raw)
    digest = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    new, account = _bill(queries.setup(city), city, api_key, content)
    names = [f"{BY_REF}{content['ref']}", *([f"{BY_KEY}{key}"] if key else [])]
    if held := _known(api_key, names, digest):
        return Received(held, new=False)
    try:
        with transaction.atomic():
            made = _write(city, new, account, now)
            ApiCall.objects.bulk_create(
                ApiCall(city=city, api_key=api_key, key=name, sha256=digest, invoice=made, at=now)
                for name in names
            )
    except IntegrityError:
        # Sent twice at once: the other one was quicker, and its bill is the answer.
        if held := _known(api_key, names, digest):
            return Received(held, new=False)
        raise
    return Received(made, new=True)


def _known(api_key: ApiKey, names: list[str], digest: str) -> Invoice | None:
    calls = list(
        ApiCall.objects.filter(api_key=api_key, key__in=names)
        .select_related("invoice")
        .order_by("pk")
    )
    if any(call.sha256 != digest for call in calls):
        raise Conflict
    return calls[0].invoice if calls else None


def _write(city: City, new: NewInvoice, account: Mapping[str, str], now: datetime) -> Invoice:
    if account:
        row, made = Account.objects.get_or_create(
            city=city,
            kind=new.kind,
            number=account["number"],
            defaults={name: account.get(name, "") for name in _ACCOUNT if name != "number"},
        )
        changed = {name: value for name, value in account.items() if value != getattr(row, name)}
        if changed and not made:
            Account.objects.filter(pk=row.pk).update(**changed)
        new = replace(new, account=row)
    return invoicing.issue(city=city, new=new, by=system(city.pk), now=now)


# What the other systems ask


def found(*, city: City, api_key: ApiKey, number: str) -> Invoice | None:
    """A bill that came by this key; None for any other."""
    rows = Invoice.objects.filter(city=city, number=number, calls__api_key=api_key)
    return rows.order_by("pk").first()


def listed(*, api_key: ApiKey, ref: str, after: int, most: int) -> list[tuple[int, Invoice]]:
    """Bills that came by this key in the order they came, with the place of each; of one reference where it is given."""
    calls = ApiCall.objects.filter(api_key=api_key, key__startswith=BY_REF, pk__gt=after)
    if ref:
        calls = calls.filter(key=f"{BY_REF}{ref}")
    return [(c.pk, c.invoice) for c in calls.select_related("invoice").order_by("pk")[:most]]


# Reading


def _content(raw: bytes) -> dict[str, Any]:
    if len(raw) > MOST_BYTES:
        raise Wrong("A bill is at most 64 KB.")
    try:
        content = json.loads(raw, parse_float=_no_float)
    except (ValueError, RecursionError):
        raise Wrong('The body is no JSON. Amounts are texts like "12.50".') from None
    if not isinstance(content, dict):
        raise Wrong("The body is no JSON object.")
    _known_fields(content, _FIELDS, "")
    return content


def _no_float(text: str) -> float:
    raise ValueError(text)


def _known_fields(content: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    if strange := sorted(set(content) - known):
        raise Wrong(
            f"There is no such field. Known are: {', '.join(sorted(known))}.",
            where + strange[0][:60],
        )


def _text(
    content: Mapping[str, Any],
    key: str,
    longest: int,
    *,
    where: str = "",
    required: bool = False,
    shape: re.Pattern[str] | None = None,
    like: str = "",
) -> str:
    value = content.get(key, "")
    field = where + key
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise Wrong(f"Write a text of at most {longest} letters.", field)
    value = " ".join(value.split())
    if required and not value:
        raise Wrong("It is missing.", field)
    if value and shape and not shape.fullmatch(value):
        raise Wrong(f"Write it {like}.", field)
    if card_number_in(value):
        raise Wrong("It looks like the number of a card. Those are never sent here.", field)
    return value


def _day(content: Mapping[str, Any], key: str) -> date | None:
    text = _text(content, key, 10)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Wrong("Write a day like 2026-11-27.", key) from None
    if not 1990 <= day.year <= 2100:
        raise Wrong("That year can not be.", key)
    return day


def _amount(content: Mapping[str, Any], key: str, currency: str, where: str = "") -> int:
    text = _text(content, key, 24, where=where)
    try:
        amount = money.parse(text, currency) if text else 0
    except money.MoneyMistake as no:
        raise Wrong(str(no), where + key) from None
    if amount < 0:
        raise Wrong("It is less than nothing.", where + key)
    return amount


def _names(content: Mapping[str, Any], key: str, city: City, where: str = "") -> dict[str, str]:
    value = content.get(key, {})
    if isinstance(value, str):
        return {city.languages[0]: _text(content, key, 200, where=where)} if value else {}
    if not isinstance(value, dict) or len(value) > 20:
        raise Wrong('Write a text, or one for each language: {"en": "Fine"}.', where + key)
    strange = sorted(set(value) - set(city.languages))
    if strange:
        raise Wrong(
            f"The city speaks {', '.join(city.languages)}.", f"{where}{key}.{strange[0][:20]}"
        )
    return {lang: _text(value, lang, 200, where=f"{where}{key}.") for lang in value}


def _bill(
    setup: Setup, city: City, api_key: ApiKey, content: Mapping[str, Any]
) -> tuple[NewInvoice, dict[str, str]]:
    ref = _text(
        content, "ref", 55, required=True, shape=_REF, like="with letters, digits and ./:_-"
    )
    if _text(content, "currency", 3) not in ("", setup.currency):
        raise Wrong(f"The city counts in {setup.currency}.", "currency")
    kind = _text(content, "kind", 60, required=True)
    if kind not in setup.kinds:
        raise Wrong(f"There are: {', '.join(setup.kinds)}.", "kind")
    language = _text(content, "language", 12)
    if language and language not in city.languages:
        raise Wrong(f"The city speaks {', '.join(city.languages)}.", "language")
    account = _account(content)
    issued, due = _day(content, "issued_on"), _day(content, "due_on")
    if issued and due and due < issued:
        raise Wrong("It is due before it is issued.", "due_on")
    mail = _text(content, "email", 254, shape=MAIL, like="like name@example.org")
    return (
        NewInvoice(
            kind=kind,
            charges=_lines(setup, city, content),
            number=_text(content, "number", 40),
            source=SOURCE,
            # Under the key's own number: two systems may both have a bill 1.
            source_ref=f"{api_key.pk}:{ref}",
            name=_text(content, "name", 200) or account.get("name", ""),
            email=mail or account.get("email", ""),
            language=language or city.languages[0],
            plate=_text(content, "plate", 20, shape=_PLATE, like="as state and plate: CA 7ABC123"),
            words=_names(content, "words", city),
            issued_on=issued,
            due_on=due,
            period=_period(content),
            minimum=_amount(content, "minimum", setup.currency),
        ),
        account,
    )


def _period(content: Mapping[str, Any]) -> tuple[date, date] | None:
    start, end = _day(content, "period_from"), _day(content, "period_to")
    if (start is None) != (end is None):
        raise Wrong("A period has a beginning and an end.", "period_to" if start else "period_from")
    if start and end and end < start:
        raise Wrong("It ends before it begins.", "period_to")
    return (start, end) if start and end else None


def _account(content: Mapping[str, Any]) -> dict[str, str]:
    said = content.get("account")
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise Wrong('Write an object: {"number": "881"}.', "account")
    _known_fields(said, frozenset(_ACCOUNT), "account.")
    found = {
        name: text
        for name, longest in _ACCOUNT.items()
        if (text := _text(said, name, longest, where="account."))
    }
    if "number" not in found:
        raise Wrong("It is missing.", "account.number")
    if "email" in found and not MAIL.fullmatch(found["email"]):
        raise Wrong("Write it like name@example.org.", "account.email")
    return found


def _lines(setup: Setup, city: City, content: Mapping[str, Any]) -> list[NewCharge]:
    said = content.get("lines")
    if not isinstance(said, list) or not 1 <= len(said) <= MOST_LINES:
        raise Wrong(f"Write a list of 1 to {MOST_LINES} lines.", "lines")
    return [_line(setup, city, item, f"lines[{n}]") for n, item in enumerate(said)]


def _line(setup: Setup, city: City, item: Any, where: str) -> NewCharge:
    if not isinstance(item, dict):
        raise Wrong("Write an object.", where)
    where = f"{where}."
    _known_fields(item, _LINE, where)
    kind = _text(item, "kind", 12, where=where) or "principal"
    if kind not in ORDER:
        raise Wrong(f"There are: {', '.join(ORDER)}.", f"{where}kind")
    code = _text(
        item, "code", 60, where=where, required=True, shape=_CODE, like="in small letters: water"
    )
    amount = _amount(item, "amount", setup.currency, where)
    if not amount:
        raise Wrong('Write an amount above nought, like "12.50".', f"{where}amount")
    return NewCharge(
        code=code,
        words=_names(item, "name", city, where) or {city.languages[0]: code},
        amount=amount,
        gl=_text(item, "gl", 40, where=where, shape=_GL, like="like 100-4100"),
        kind=ChargeKind(kind),
    )

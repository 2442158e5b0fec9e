"""Time and materials as pages show them, and what was typed as values."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from onehall.casework.efforts import MOST_MINUTES, NewEffort, totals
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Effort
from onehall.catalog.sheets import Stock
from onehall.console.trouble import Trouble
from onehall.kernel import money
from onehall.kernel.localized import pick
from onehall.places.models import City

QUICK = (15, 30, 60, 120)
"""Minutes that one tap writes down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortLine:
    """One entry. `back` says that a counter-entry took it off, or that it is one."""

    id: int
    kind: str
    label: str
    amount: str
    cost: str
    day: date
    who: str
    note: str
    back: bool
    may_take_back: bool


TYPED = ("do", "what", "minutes", "day", "note", "quantity", "label", "unit", "unit_cost")
"""Fields of both forms."""


def typed(trouble: Trouble) -> dict[str, str]:
    """What somebody typed who was refused, so that it stands there again."""
    mine = trouble.where == "effort"
    return {name: trouble.typed.get(name, "") if mine else "" for name in TYPED}


def lines(rows: Sequence[Effort], stock: Stock) -> list[EffortLine]:
    """Entries in their order."""
    taken = {r.corrects_id for r in rows if r.corrects_id is not None}
    return [
        EffortLine(
            id=row.pk,
            kind=row.kind,
            label=row.label,
            amount=amount(row),
            cost=money.say(row.cost, stock.currency) if row.cost else "",
            day=row.day,
            who=row.by_name,
            note=row.note,
            back=row.pk in taken or row.corrects_id is not None,
            may_take_back=row.pk not in taken and row.corrects_id is None,
        )
        for row in rows
    ]


def amount(row: Effort) -> str:
    """How much it was."""
    if row.kind == Effort.Kind.TIME:
        return duration(row.minutes)
    return f"{row.quantity.normalize():f} {row.unit}".strip()


def duration(minutes: int) -> str:
    """Minutes as people say them: "1 h 30 min"."""
    hours, rest = divmod(abs(minutes), 60)
    parts = [_("%(n)s h") % {"n": hours}] if hours else []
    parts += [_("%(n)s min") % {"n": rest}] if rest or not hours else []
    return ("−" if minutes < 0 else "") + " ".join(parts)


def context(rows: Sequence[Effort], stock: Stock, language: str, default: str) -> dict[str, Any]:
    """What the card of time and materials names."""
    sums = totals(rows)
    return {
        "lines": lines(rows, stock),
        "time": duration(sums.minutes) if sums.minutes else "",
        "cost": money.say(sums.cost, stock.currency) if sums.cost else "",
        "kinds": [(k.key, pick(k.name, language, default)) for k in stock.time],
        "materials": [
            (m.key, f"{pick(m.name, language, default)} ({pick(m.unit, language, default)})")
            for m in stock.materials
        ],
        "quick": [(n, duration(n)) for n in QUICK],
        "currency": stock.currency,
        "key": str(uuid.uuid4()),
    }


def typed_time(
    posted: Mapping[str, str], city: City, stock: Stock, language: str, now: datetime
) -> NewEffort:
    """Time as it was typed or tapped."""
    default = city.languages[0]
    kind = next((k for k in stock.time if k.key == posted.get("what")), None)
    kind = kind or (stock.time[0] if stock.time else None)
    return NewEffort(
        key=_key(posted),
        kind=Effort.Kind.TIME,
        what=kind.key if kind else "",
        label=pick(kind.name, language, default) if kind else _("Work"),
        day=_day(posted, city, now),
        minutes=_minutes(posted.get("minutes", "")),
        unit_cost=kind.hour_cost if kind else 0,
        note=posted.get("note", ""),
    )


def typed_material(
    posted: Mapping[str, str], city: City, stock: Stock, language: str, now: datetime
) -> NewEffort:
    """Material of the list, or another one in one's own words."""
    default = city.languages[0]
    known = next((m for m in stock.materials if m.key == posted.get("what")), None)
    own = posted.get("label", "").strip()
    if known is not None and not own:
        label, unit, cost = (
            pick(known.name, language, default),
            pick(known.unit, language, default),
            known.unit_cost,
        )
    else:
        label, unit, cost = own, posted.get("unit", ""), _cost(posted, stock)
    return NewEffort(
        key=_key(posted),
        kind=Effort.Kind.MATERIAL,
        what=known.key if known is not None and not own else "",
        label=label,
        day=_day(posted, city, now),
        quantity=_decimal(posted.get("quantity", ""), "quantity"),
        unit=unit,
        unit_cost=cost,
        note=posted.get("note", ""),
    )


def _key(posted: Mapping[str, str]) -> uuid.UUID:
    try:
        return uuid.UUID(posted.get("key", ""))
    except ValueError:
        return uuid.uuid4()


def _minutes(text: str) -> int:
    """90, 1:30 or 1.5 h as minutes; 0 for what is none."""
    plain = text.strip().lower().replace(",", ".")
    hours, colon, rest = plain.partition(":")
    if colon and hours.isdecimal() and rest.isdecimal() and len(plain) < 8:
        return min(int(hours) * 60 + int(rest), MOST_MINUTES + 1)
    if plain.endswith("h"):
        try:
            return min(round(float(plain[:-1]) * 60), MOST_MINUTES + 1)
        except (ValueError, OverflowError):
            return 0
    return int(plain) if plain.isdecimal() and len(plain) < 6 else 0


def _decimal(text: str, name: str) -> Decimal:
    try:
        found = Decimal(text.strip().replace(",", ".") or "0")
    except InvalidOperation:
        found = Decimal(0)
    if not found.is_finite() or abs(found) >= Decimal(10) ** 9:
        raise MoveRefused(_("Write a quantity above 0, such as 2.5."), missing=(name,))
    return found.quantize(Decimal("0.01"))


def _cost(posted: Mapping[str, str], stock: Stock) -> int:
    places = money.PLACES.get(stock.currency, 2)
    return money.rounded(_decimal(posted.get("unit_cost", ""), "unit_cost").scaleb(places))


def _day(posted: Mapping[str, str], city: City, now: datetime) -> date:
    today = now.astimezone(ZoneInfo(city.time_zone)).date()
    text = posted.get("day", "")
    try:
        return date.fromisoformat(text) if text else today
    except ValueError as wrong:
        raise MoveRefused(
            _("Choose a day up to today, within the last year."), missing=("day",)
        ) from wrong

"""Time and materials of a case: written down once, corrected by a counter-entry, never changed."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.utils.translation import gettext as _

from onehall.casework import rules, steps
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Effort
from onehall.casework.timeline import NewEntry
from onehall.kernel.money import rounded
from onehall.people.actor import Actor
from onehall.places.models import City

MOST: Final = 300
"""Entries of one case."""

MOST_MINUTES: Final = 24 * 60
MOST_QUANTITY: Final = Decimal(100_000)
MOST_COST: Final = 100_000_000
BACK: Final = timedelta(days=366)
"""How long ago work may have been that is written down today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEffort:
    """What somebody wrote down. `unit_cost` is of an hour or of a unit, in the smallest unit of money."""

    key: uuid.UUID
    kind: str
    what: str
    label: str
    day: date
    minutes: int = 0
    quantity: Decimal = Decimal(0)
    unit: str = ""
    unit_cost: int = 0
    note: str = ""


def cost_of(new: NewEffort) -> int:
    """What it costs, rounded to the smallest unit of money."""
    if new.kind == Effort.Kind.TIME:
        return rounded(Decimal(new.minutes) * new.unit_cost / 60)
    return rounded(new.quantity * new.unit_cost)


@transaction.atomic
def write_down(*, city: City, case_id: int, new: NewEffort, by: Actor, now: datetime) -> Effort:
    """One more entry. The same key again gives the first one: a double tap counts once."""
    case = steps.locked(city=city, case_id=case_id)
    steps.may_work(case, by, "write_effort")
    known = Effort.objects.filter(key=new.key, case_id=case.pk).first()
    if known is not None:
        return known
    _check(city, case, new, now)
    rules.no_card(new.note, new.label, missing=("note",))
    row = Effort(
        city_id=city.id,
        case=case,
        key=new.key,
        kind=new.kind,
        what=new.what,
        label=new.label.strip()[:120],
        day=new.day,
        minutes=new.minutes if new.kind == Effort.Kind.TIME else 0,
        quantity=new.quantity if new.kind == Effort.Kind.MATERIAL else Decimal(0),
        unit=new.unit.strip()[:40],
        unit_cost=new.unit_cost,
        cost=cost_of(new),
        note=" ".join(new.note.split())[:300],
        by_id=by.user_id,
        by_name=by.name,
        created_at=now,
    )
    row.save(force_insert=True)
    steps.finish(case, [NewEntry(kind="effort", data=_said(row))], by=by, now=now)
    return row


@transaction.atomic
def take_back(
    *, city: City, case_id: int, effort_id: int, reason: str, by: Actor, now: datetime
) -> Effort:
    """A counter-entry with the negative figures, and why; what was wrong stays readable."""
    reason = " ".join(reason.split())[:300]
    case = steps.locked(city=city, case_id=case_id)
    steps.may_work(case, by, "write_effort")
    if not reason:
        raise MoveRefused(_("Say why it is taken back."), missing=("reason",))
    rules.no_card(reason, missing=("reason",))
    wrong = case.efforts.filter(pk=effort_id).first()
    if wrong is None or wrong.corrects_id is not None:
        raise MoveRefused(_("There is no such entry to take back."))
    if Effort.objects.filter(corrects=wrong).exists():
        raise MoveRefused(_("This entry is taken back already."))
    row = Effort(
        city_id=city.id,
        case=case,
        corrects=wrong,
        key=uuid.uuid4(),
        kind=wrong.kind,
        what=wrong.what,
        label=wrong.label,
        day=wrong.day,
        minutes=-wrong.minutes,
        quantity=-wrong.quantity,
        unit=wrong.unit,
        unit_cost=wrong.unit_cost,
        cost=-wrong.cost,
        note=reason,
        by_id=by.user_id,
        by_name=by.name,
        created_at=now,
    )
    row.save(force_insert=True)
    data = _said(row) | {"corrects": wrong.pk, "reason": reason}
    steps.finish(case, [NewEntry(kind="effort", data=data)], by=by, now=now)
    return row


def _said(row: Effort) -> dict[str, Any]:
    data: dict[str, Any] = {"effort": row.pk, "kind": row.kind, "label": row.label}
    if row.kind == Effort.Kind.TIME:
        data["minutes"] = row.minutes
    else:
        data |= {"quantity": f"{row.quantity.normalize():f}", "unit": row.unit}
    return data


def _check(city: City, case: Case, new: NewEffort, now: datetime) -> None:
    today = now.astimezone(ZoneInfo(city.time_zone)).date()
    if new.kind not in Effort.Kind.values or not new.label.strip():
        raise MoveRefused(_("Say what it was."), missing=("label",))
    if new.kind == Effort.Kind.TIME and not 0 < new.minutes <= MOST_MINUTES:
        raise MoveRefused(_("Write 1 to 1,440 minutes."), missing=("minutes",))
    if new.kind == Effort.Kind.MATERIAL and not 0 < new.quantity < MOST_QUANTITY:
        raise MoveRefused(_("Write a quantity above 0, such as 2.5."), missing=("quantity",))
    if not 0 <= new.unit_cost <= MOST_COST:
        raise MoveRefused(_("Write what a unit costs, such as 12.50."), missing=("unit_cost",))
    if not today - BACK <= new.day <= today:
        raise MoveRefused(_("Choose a day up to today, within the last year."), missing=("day",))
    if case.efforts.count() >= MOST:
        raise MoveRefused(_("A case can have %(n)s entries.") % {"n": MOST})


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of entries."""

    minutes: int
    time_cost: int
    material_cost: int

    @property
    def cost(self) -> int:
        """All of it."""
        return self.time_cost + self.material_cost


def totals(rows: Iterable[Effort]) -> Totals:
    """What entries come to, counter-entries taken off."""
    minutes = time = material = 0
    for row in rows:
        minutes += row.minutes
        if row.kind == Effort.Kind.TIME:
            time += row.cost
        else:
            material += row.cost
    return Totals(minutes, time, material)


def by_service(actor: Actor, *, first: date, last: date) -> list[tuple[int, int, Totals]]:
    """Service, number of cases and sums of what was written down in days, for cases one may see."""
    seen = Case.objects.visible_to(actor)
    rows = (
        Effort.objects.filter(city_id=actor.city_id, day__gte=first, day__lte=last)
        .filter(case__in=seen.values("pk"))
        .order_by()
        .values_list("case__service_id")
        .annotate(
            cases=models.Count("case", distinct=True),
            minutes=models.Sum("minutes"),
            time=models.Sum("cost", filter=models.Q(kind="time"), default=0),
            material=models.Sum("cost", filter=models.Q(kind="material"), default=0),
        )
    )
    found = [(s, n, Totals(m or 0, t or 0, x or 0)) for s, n, m, t, x in rows]
    return sorted(found, key=lambda row: (-row[2].cost, -row[2].minutes, row[0]))

"""The cases about one thing with a painted number: a street light, a bin, a tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import models

from onehall.casework.models import Case
from onehall.casework.public import LINE, PublicLine
from onehall.casework.queries import CaseLine, as_lines
from onehall.casework.selection import Span
from onehall.people.actor import Actor
from onehall.places.models import City

YEAR: Final = timedelta(days=365)
OFTEN: Final = 3
"""So many cases about one thing in a year are worth a second look."""
COUNTED: Final = 100
"""Up to so many cases of a year are counted."""


def _public(city: City, asset_id: int, exact_ids: Sequence[int]) -> models.QuerySet[Case]:
    """What everybody may see of a thing; `exact_ids` are public services that show where their cases are."""
    return _shown(city, exact_ids).filter(asset_id=asset_id)


def _shown(city: City, exact_ids: Sequence[int]) -> models.QuerySet[Case]:
    return Case.objects.of_city(city.id).filter(
        service_id__in=exact_ids, is_public=True, merged_into=None, parent=None
    )


def open_on(city: City, asset_id: int, exact_ids: Sequence[int], *, limit: int) -> list[Case]:
    """Open cases about a thing that everybody may see, the newest first."""
    rows = _public(city, asset_id, exact_ids).filter(is_open=True)
    return list(rows.defer("head", "areas", "route_reason").order_by("-id")[:limit])


def told_on(city: City, asset_ids: Sequence[int], exact_ids: Sequence[int]) -> dict[int, datetime]:
    """When the newest open case that everybody may see came in, for each of some things that has one."""
    rows = _shown(city, exact_ids).filter(asset_id__in=asset_ids, is_open=True)
    return dict(rows.order_by("asset_id").values_list("asset_id").annotate(models.Max("opened_at")))


def history(
    city: City, asset_id: int, exact_ids: Sequence[int], *, before: int = 0, size: int
) -> list[PublicLine]:
    """Ended public cases about a thing, the newest first, from below the id `before` on; one more than `size` says that there are more."""
    rows = _public(city, asset_id, exact_ids).filter(is_open=False)
    if before:
        rows = rows.filter(id__lt=before)
    return [PublicLine(*row) for row in rows.order_by("-id").values_list(*LINE)[: size + 1]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What the staff see of a thing beside one of its cases. `year` counts the cases of a year, that one among them."""

    cases: list[Case]
    year: int

    @property
    def often(self) -> bool:
        """Whether it comes back so often that mending it once more may not be enough."""
        return self.year >= OFTEN


def earlier(case: Case, actor: Actor, *, now: datetime, limit: int) -> Earlier:
    """Other cases about the thing of a case that somebody may see, the newest first; nothing where it has none."""
    if case.asset_id is None:
        return Earlier(cases=[], year=0)
    rows = _seen(actor, case.asset_id).filter(parent=None)
    cases = rows.exclude(pk=case.pk).defer("head", "route_reason").order_by("-id")[:limit]
    return Earlier(cases=list(cases), year=_of_a_year(rows, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class OnThing:
    """What the staff see of a thing, parts of split cases too, which do not count. `ended` is one more than a page where there are others; `year` as in `Earlier`."""

    open: list[CaseLine]
    ended: list[CaseLine]
    year: int

    @property
    def often(self) -> bool:
        """Whether it comes back often."""
        return self.year >= OFTEN


def on_thing(
    asset_id: int, actor: Actor, *, now: datetime, before: int = 0, most_open: int, size: int
) -> OnThing:
    """The cases about a thing that somebody may see, the newest first; of a later page the ended ones below the id `before` alone."""
    rows = _seen(actor, asset_id)
    ended = rows.filter(is_open=False)
    if before:
        ended = ended.filter(id__lt=before)
    return OnThing(
        open=[] if before else as_lines(rows.filter(is_open=True).order_by("-id")[:most_open]),
        ended=as_lines(ended.order_by("-id")[: size + 1]),
        year=_of_a_year(rows.filter(parent=None), now),
    )


def found_by(asset_ids: Sequence[int], actor: Actor, *, opened: Span, limit: int) -> list[CaseLine]:
    """Cases about some things that somebody may see: open ones first, then the newest. `opened` is when they came in."""
    rows = Case.objects.visible_to(actor).filter(
        opened.over("opened_at"), asset_id__in=asset_ids, merged_into=None
    )
    return as_lines(rows.order_by("-is_open", "-id")[:limit])


def _seen(actor: Actor, asset_id: int) -> models.QuerySet[Case]:
    return Case.objects.visible_to(actor).filter(asset_id=asset_id, merged_into=None)


def _of_a_year(rows: models.QuerySet[Case], now: datetime) -> int:
    return rows.filter(opened_at__gte=now - YEAR).order_by()[:COUNTED].count()

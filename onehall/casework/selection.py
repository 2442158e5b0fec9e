"""Which cases a list shows beyond its saved question: by service, area, period, promise, and what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import models
from django.db.models.fields.json import KeyTextTransform

from onehall.casework.models import Case, Photo

WAITS: Final = ("waiting_applicant", "waiting_payment", "on_hold")
"""Categories in which the clock stands still: for whom a case waits."""


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment up to, and without, another; None leaves that side open."""

    start: datetime | None = None
    end: datetime | None = None

    def over(self, column: str) -> models.Q:
        """The condition that a column lies in the span."""
        found = models.Q()
        if self.start is not None:
            found &= models.Q(**{f"{column}__gte": self.start})
        if self.end is not None:
            found &= models.Q(**{f"{column}__lt": self.end})
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What narrows a list. Joined cases are left out by everything that counts: their work is another's.

    `area` is a layer and a code, "" for cases outside of every area. `risk` asks for open
    cases at risk. `kept` asks for cases closed in or out of time. `bare` maps a good
    end to the services that want a photo of the finished work for it.
    """

    service_id: int | None = None
    area: tuple[str, str] | None = None
    opened: Span | None = None
    closed: Span | None = None
    risk: bool = False
    kept: bool | None = None
    waits: str = ""
    reopened: bool = False
    bare: Mapping[str, tuple[int, ...]] | None = field(default=None, hash=False)

    @property
    def narrows(self) -> bool:
        """Whether anything is left out at all."""
        return self != EVERYTHING

    def within(self, rows: models.QuerySet[Case], *, now: datetime) -> models.QuerySet[Case]:
        """The cases of `rows` that are meant."""
        if not self.narrows:
            return rows
        rows = rows.filter(self._where(), merged_into=None)
        if self.area is not None:
            layer, code = self.area
            rows = rows.alias(area=KeyTextTransform(layer, "areas"))
            rows = rows.filter(area=code) if code else rows.filter(area__isnull=True)
        if self.risk:
            rows = rows & Case.objects.at_risk(now)
        if self.kept is not None:
            in_time = models.Q(closed_at__lte=models.F("promised_at"))
            rows = rows.filter(
                in_time if self.kept else ~in_time,
                closed_at__isnull=False,
                promised_at__isnull=False,
            )
        return rows if self.bare is None else _without_photo(rows, self.bare)

    def _where(self) -> models.Q:
        found = models.Q()
        if self.service_id is not None:
            found &= models.Q(service_id=self.service_id)
        if self.opened is not None:
            found &= self.opened.over("opened_at")
        if self.closed is not None:
            found &= self.closed.over("closed_at") & models.Q(closed_at__isnull=False)
        if self.waits:
            found &= models.Q(is_open=True, category=self.waits)
        if self.reopened:
            found &= models.Q(reopened__gt=0)
        return found


EVERYTHING: Final = Selection()


def _without_photo(
    rows: models.QuerySet[Case], bare: Mapping[str, tuple[int, ...]]
) -> models.QuerySet[Case]:
    ended = models.Q(pk__in=[])
    for outcome, service_ids in bare.items():
        ended |= models.Q(outcome=outcome, service_id__in=service_ids)
    shown = Photo.objects.filter(
        case_id=models.OuterRef("pk"), kind=Photo.Kind.AFTER, removed_at=None
    )
    return rows.filter(ended, ~models.Exists(shown), closed_at__isnull=False)

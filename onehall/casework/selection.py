"""Which cases a list shows beyond its saved question: by where, what, who, when, promise, and what is missing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThanOrEqual

from onehall.casework.models import Case, CaseTarget, Photo, TimelineEntry
from onehall.kernel import cells, geo

WAITS: Final = ("waiting_applicant", "waiting_payment", "on_hold")
"""Categories in which the clock stands still: for whom a case waits."""

type Ids = tuple[int, ...]


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


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the map in degrees."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def of(cls, text: str) -> "Box | None":
        """Read the text of a box; None when it is not one."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            return None
        fits = -180 <= west < east <= 180 and -86 <= south < north <= 86
        return cls(west, south, east, north) if fits else None

    @property
    def text(self) -> str:
        """The box as an address has it."""
        sides = (self.west, self.south, self.east, self.north)
        return ",".join(f"{side:.5f}" for side in sides)

    def condition(self) -> models.Q:
        """The cases in it: ranges of the map cell, which an index serves, then the true sides."""
        found = models.Q()
        for low, high in cells.ranges(self.west, self.south, self.east, self.north):
            found |= models.Q(cell__gte=low, cell__lte=high)
        return found & models.Q(
            lon__gte=self.west, lon__lte=self.east, lat__gte=self.south, lat__lte=self.north
        )


@dataclass(frozen=True, slots=True)
class Circle:
    """Everything within some metres of a point."""

    lon: float
    lat: float
    metres: int

    @property
    def box(self) -> Box:
        """The smallest box around it."""
        return Box(*geo.box_around(self.lon, self.lat, self.metres))

    def condition(self) -> models.Q:
        """The cases in it: those of the box, then the true distance on a flat patch, good to a few centimetres a kilometre."""
        east = (models.F("lon") - self.lon) * math.cos(math.radians(self.lat))
        north = models.F("lat") - self.lat
        far = models.ExpressionWrapper(east * east + north * north, models.FloatField())
        within = LessThanOrEqual(far, models.Value((self.metres / geo.METRES_PER_DEGREE) ** 2))
        return self.box.condition() & models.Q(within)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What narrows a list. Joined cases are left out by everything that counts: their work is another's.

    None asks nothing of a column; no ids at all fit nothing. Several values of one column are
    alternatives. `asset_ids` are things with a number, `asset_kinds` their kinds. `areas` are layer and code, "" for cases outside of every area. `holders` are users,
    None among them for nobody. `risk` asks for open cases at risk, `kept`
    for cases closed in or out of time, `targets` for lesser targets that were held (True) or not. `bare` maps a good end to the services that want a photo of
    the finished work for it. `worded` is what a text asks for.
    """

    queue_ids: Ids | None = None
    service_ids: Ids | None = None
    asset_ids: Ids | None = None
    asset_kinds: tuple[str, ...] = ()
    areas: tuple[tuple[str, str], ...] = ()
    categories: tuple[str, ...] = ()
    priorities: Ids = ()
    holders: tuple[int | None, ...] = ()
    channels: tuple[str, ...] = ()
    opened: Span | None = None
    closed: Span | None = None
    due: Span | None = None
    risk: bool = False
    late: bool = False
    kept: bool | None = None
    targets: tuple[tuple[str, bool], ...] = ()
    waits: str = ""
    paused: bool | None = None
    reopened: bool = False
    unread: bool = False
    placed: bool | None = None
    box: Box | None = None
    near: Circle | None = None
    bare: Mapping[str, Ids] | None = field(default=None, hash=False)
    worded: models.Q | None = field(default=None, hash=False)

    @property
    def narrows(self) -> bool:
        """Whether anything is left out at all."""
        return self != EVERYTHING

    def within(self, rows: models.QuerySet[Case], *, now: datetime) -> models.QuerySet[Case]:
        """The cases of `rows` that are meant."""
        if not self.narrows:
            return rows
        rows = rows & Case.objects.at_risk(now) if self.risk else rows
        rows = rows.filter(
            self._what(),
            self._where(),
            self._who(),
            self._when(),
            self._clock(now),
            merged_into=None,
        )
        rows = _in_areas(rows, self.areas) if self.areas else rows
        for kind, kept in self.targets:
            rows = rows.filter(_on_target(kind, now, kept=kept))
        return rows if self.bare is None else _without_photo(rows, self.bare)

    def _what(self) -> models.Q:
        found = models.Q()
        if self.queue_ids is not None:
            found &= models.Q(queue_id__in=self.queue_ids)
        if self.service_ids is not None:
            found &= models.Q(service_id__in=self.service_ids)
        if self.categories:
            found &= models.Q(category__in=self.categories)
        if self.priorities:
            found &= models.Q(priority__in=self.priorities)
        if self.reopened:
            found &= models.Q(reopened__gt=0)
        return found if self.worded is None else found & self.worded

    def _where(self) -> models.Q:
        found = models.Q()
        if self.placed is not None:
            found &= models.Q(cell__isnull=not self.placed)
        if self.asset_ids is not None:
            found &= models.Q(asset_id__in=self.asset_ids)
        if self.asset_kinds:
            found &= models.Q(asset__kind__in=self.asset_kinds)
        if self.box is not None:
            found &= self.box.condition()
        if self.near is not None:
            found &= self.near.condition()
        return found

    def _who(self) -> models.Q:
        found = models.Q()
        if self.holders:
            somebody = models.Q(assignee_id__in=[h for h in self.holders if h is not None])
            found &= somebody | models.Q(assignee=None) if None in self.holders else somebody
        if self.unread:
            found &= models.Q(unread_reply=True)
        if self.channels:
            first = TimelineEntry.objects.filter(
                case_id=models.OuterRef("pk"), seq=1, data__channel__in=self.channels
            )
            archived = models.Q(archived_channel__in=self.channels)
            found &= models.Q(models.Exists(first)) | archived
        return found

    def _when(self) -> models.Q:
        found = models.Q()
        if self.opened is not None:
            found &= self.opened.over("opened_at")
        if self.closed is not None:
            found &= self.closed.over("closed_at") & models.Q(closed_at__isnull=False)
        if self.due is not None:
            found &= self.due.over("due_order") & models.Q(due_at__isnull=False)
        return found

    def _clock(self, now: datetime) -> models.Q:
        found = models.Q()
        if self.late:
            found &= models.Q(is_open=True, paused_at=None, due_order__lt=now)
        if self.paused is not None:
            found &= models.Q(is_open=True, paused_at__isnull=not self.paused)
        if self.waits:
            found &= models.Q(is_open=True, category=self.waits)
        if self.kept is not None:
            in_time = models.Q(closed_at__lte=models.F("promised_at"))
            ended = models.Q(closed_at__isnull=False, promised_at__isnull=False)
            found &= ended & (in_time if self.kept else ~in_time)
        return found


EVERYTHING: Final = Selection()


def _in_areas(
    rows: models.QuerySet[Case], areas: tuple[tuple[str, str], ...]
) -> models.QuerySet[Case]:
    """Alternatives within a layer; of several layers all must fit."""
    for number, layer in enumerate(dict.fromkeys(layer for layer, _code in areas)):
        codes = [code for named, code in areas if named == layer]
        name = f"area_{number}"
        rows = rows.alias(**{name: KeyTextTransform(layer, "areas")})
        inside = models.Q(**{f"{name}__in": [code for code in codes if code]})
        outside = models.Q(**{f"{name}__isnull": True})
        rows = rows.filter(inside | outside if "" in codes else inside)
    return rows


def _on_target(kind: str, now: datetime, *, kept: bool) -> models.Q:
    """Cases that held a lesser target, or did not: it was met late, or its time passed without."""
    row = CaseTarget.objects.filter(case_id=models.OuterRef("pk"), kind=kind)
    if kept:
        return models.Q(models.Exists(row.filter(met_at__lte=models.F("due_at"))))
    until = Coalesce("met_at", "ended_at", "case__closed_at", "case__paused_at", models.Value(now))
    return models.Q(models.Exists(row.alias(until=until).filter(until__gt=models.F("due_at"))))


def _without_photo(rows: models.QuerySet[Case], bare: Mapping[str, Ids]) -> models.QuerySet[Case]:
    ended = models.Q(pk__in=[])
    for outcome, service_ids in bare.items():
        ended |= models.Q(outcome=outcome, service_id__in=service_ids)
    shown = Photo.objects.filter(
        case_id=models.OuterRef("pk"), kind=Photo.Kind.AFTER, removed_at=None
    )
    return rows.filter(ended, ~models.Exists(shown), closed_at__isnull=False)

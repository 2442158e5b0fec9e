"""Named reads of reports: by secret link, a person's own, what a case's reporters said."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import caches
from django.db import connection, models
from django.db.models.functions import Lower

from onehall.casework import archived, joining
from onehall.casework.models import Attachment, Case, Photo, TimelineEntry
from onehall.catalog.queries import catalogue
from onehall.kernel.rows import select_together
from onehall.people.actor import Actor
from onehall.people.models import Person
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest

LATELY_DAYS = 90
"""For how long something counts as news on the front page."""

MINE = "FROM service_requests_servicerequest r WHERE r.token = %s AND r.city_id = %s"


PART = f"parent_id = (SELECT r.case_id {MINE})"
"""Cases that staff split off the one of the report."""


@dataclass(frozen=True, slots=True)
class Told:
    """A report with its case and person, and what its page shows: public entries (newest first), photos, files, parts."""

    request: ServiceRequest
    entries: list[TimelineEntry]
    photos: list[Photo]
    files: list[Attachment]
    parts: list[Case]


def told(city: City, token: str) -> Told | None:
    """What the page behind a secret link shows, in one question to the database."""
    key = [token, city.id]
    entries = f"WHERE case_id = (SELECT r.case_id {MINE}) AND public ORDER BY seq DESC LIMIT 500"
    # Arrays, not OR: an index finds the rows of a list of cases, and none those of two questions.
    photos = (
        f"WHERE case_id = ANY(ARRAY(SELECT unnest(ARRAY[r.case_id, r.home_case_id]) {MINE}"  # noqa: S608
        f" UNION ALL SELECT id FROM casework_case WHERE {PART}))"
        f" AND (kind = 'after' OR case_id IN (SELECT unnest(ARRAY[r.case_id, r.home_case_id]) {MINE}))"
        " AND removed_at IS NULL ORDER BY position, id LIMIT 200"
    )
    files = (
        f"WHERE case_id = ANY(ARRAY(SELECT r.case_id {MINE}"  # noqa: S608
        f" UNION ALL SELECT id FROM casework_case WHERE {PART}))"
        " AND shared AND removed_at IS NULL ORDER BY created_at, id LIMIT 100"
    )
    reports, cases, people, *more = select_together(
        (ServiceRequest, "WHERE token = %s AND city_id = %s", key),
        (Case, f"WHERE id = (SELECT r.case_id {MINE})", key),
        (Person, f"WHERE id = (SELECT r.person_id {MINE})", key),
        (TimelineEntry, entries, key),
        (Photo, photos, [*key, *key, *key]),
        (Attachment, files, [*key, *key]),
        (Case, f"WHERE {PART} ORDER BY id LIMIT 20", key),
    )
    if not reports:
        return None
    report: ServiceRequest = reports[0]
    report.case = cases[0]
    if people:
        report.person = people[0]
    found = Told(report, *more)
    if report.case.archive_id is not None and not found.entries:
        past = [e for e in reversed(archived.timeline(report.case)) if e.public]
        found.entries.extend(past[:500])
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a report stands, as few columns as a program that polls needs."""

    number: str
    case_id: int
    service_id: int
    flow_version_id: int
    state: str
    is_open: bool
    due_at: datetime | None
    updated_at: datetime
    lock: int


STANDING_SQL = """
SELECT r.number, c.id, c.service_id, c.flow_version_id, c.state, c.is_open, c.due_at, c.updated_at, c.lock
FROM service_requests_servicerequest r JOIN casework_case c ON c.id = r.case_id
WHERE r.token = %s AND r.city_id = %s
"""


def standing(city: City, token: str) -> Standing | None:
    """Where the report behind a secret link stands: one query, not through the ORM, for it is asked often."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING_SQL, [token, city.id])
        row = cursor.fetchone()
    return Standing(*row) if row else None


def by_key(city: City, key: uuid.UUID) -> ServiceRequest | None:
    """The report that a form's key already made."""
    return ServiceRequest.objects.filter(city_id=city.id, key=key).first()


def recorded(city: City, keys: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of some keys under which a report is recorded."""
    found = ServiceRequest.objects.filter(city_id=city.pk, key__in=keys)
    return {key for key in found.order_by("id").values_list("key", flat=True) if key is not None}


def case_of_number(actor: Actor, text: str) -> str | None:
    """The number of the case that a typed number leads to; None when this person sees no such case.

    Any report's number will do, also one that was joined: the case that lives on for it is meant.
    """
    wanted = text.strip().lstrip("#").upper().replace(" ", "-")
    if not any(c.isdigit() for c in wanted):
        return None
    visible = Case.objects.visible_to(actor)
    through = ServiceRequest.objects.filter(city_id=actor.city_id, number=wanted)
    found = visible.filter(pk__in=through.values("case_id")).values_list("number", flat=True)
    return found.first() or visible.filter(number=wanted).values_list("number", flat=True).first()


def reports_of(case: Case) -> list[ServiceRequest]:
    """Everybody who told the city about this case, first one first, at most 100."""
    return list(
        ServiceRequest.objects.filter(case_id=case.id)
        .select_related("person", "home_case")
        .order_by("created_at", "id")[:100]
    )


def joined_cases(case: Case) -> list[Case]:
    """Cases that were joined into this one."""
    return list(Case.objects.filter(merged_into_id=case.id).order_by("opened_at", "id")[:100])


def mine(
    city: City, email: str, *, before: tuple[datetime, int] | None = None
) -> list[ServiceRequest]:
    """Reports made with a proven e-mail address, newest first, 51 at most."""
    rows = (
        ServiceRequest.objects.annotate(address=Lower("person__email"))
        .filter(city_id=city.id, address=email.strip().lower())
        .select_related("case")
    )
    if before is not None:
        at, pk = before
        rows = rows.filter(models.Q(created_at__lt=at) | models.Q(created_at=at, pk__lt=pk))
    return list(rows.order_by("-created_at", "-id")[:51])


def followers(case_id: int) -> list[ServiceRequest]:
    """Reports whose person wants news of a case, with how to reach them.

    Those of a joined case are found at the case that lives on: they hear of both.
    """
    root = joining.root_id(case_id)
    mine = ServiceRequest.objects.filter(case_id=root)
    if root != case_id:
        mine = mine.filter(home_case_id__in=joining.tree(case_id))
    return list(
        mine.filter(wants_news=True, person__isnull=False)
        .select_related("person")
        .order_by("id")[:1000]
    )


@dataclass(frozen=True, slots=True)
class CityFigures:
    """Last 30 days in numbers, those that do not flatter beside those that do."""

    received: int
    closed: int
    on_time_percent: int | None
    said_not_fixed: int
    open_late: int

    @property
    def tell(self) -> bool:
        """Whether there is anything to tell: a city that begins, or only brought its past, has nothing."""
        return bool(self.received or self.open_late)


def figures(city: City, *, now: datetime) -> CityFigures:
    """The month's figures, at most half a minute old."""
    key = f"figures:{city.id}"
    known: CityFigures | None = caches["local"].get(key)
    if known is None:
        known = _figures(city, now=now)
        caches["local"].set(key, known, 30)
    return known


def _figures(city: City, *, now: datetime) -> CityFigures:
    since = now - timedelta(days=30)
    # What the city's own staff ask for is no part of what it says to its residents.
    inside = [s.id for s in catalogue(city).every if s.is_internal]
    # A part that was split off is no request of its own.
    cases = Case.objects.of_city(city.id).filter(parent=None).exclude(service_id__in=inside)
    recent = cases.filter(opened_at__gte=since).aggregate(
        received=models.Count("id"),
        closed=models.Count("id", filter=models.Q(closed_at__isnull=False)),
        kept=models.Count(
            "id", filter=models.Q(closed_at__isnull=False, closed_at__lte=models.F("promised_at"))
        ),
        with_promise=models.Count(
            "id", filter=models.Q(closed_at__isnull=False, promised_at__isnull=False)
        ),
        disputed=models.Count("id", filter=models.Q(reopened__gt=0)),
    )
    late = cases.open().filter(due_order__lt=now, paused_at=None).count()
    percent = (
        round(100 * recent["kept"] / recent["with_promise"]) if recent["with_promise"] else None
    )
    return CityFigures(recent["received"], recent["closed"], percent, recent["disputed"], late)


def lately(city: City, *, now: datetime, limit: int = 4) -> list[TimelineEntry]:
    """Public cases that were finished or started last, in `LATELY_DAYS`, for the front page."""
    newest = (
        Case.objects.of_city(city.id)
        .filter(is_public=True)
        .order_by("-opened_at")
        .values("id")[:400]
    )
    return list(
        TimelineEntry.objects.filter(case_id__in=newest, kind="moved", public=True)
        .filter(at__gte=now - timedelta(days=LATELY_DAYS))
        .select_related("case")
        .order_by("-at")[:limit]
    )


def recent_numbers(numbers: Sequence[str], city: City) -> dict[str, Case]:
    """Cases by number, for links in the timeline."""
    return {
        c.number: c for c in Case.objects.of_city(city.id).filter(number__in=list(numbers)[:50])
    }


def answers_of(case_id: int) -> dict[str, Any]:
    """The first answer to each question among the reports of a case, the oldest report first."""
    found: dict[str, Any] = {}
    reports = ServiceRequest.objects.filter(case_id=case_id).exclude(answers={})
    for answers in reports.order_by("created_at", "id").values_list("answers", flat=True):
        found = {k: v for k, v in answers.items() if v not in (None, "", [])} | found
    return found

"""Stores a made-up history: one run for each city, profile and seed, in parts that are written whole or not at all."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Q

from onehall.casework import bulk
from onehall.casework.models import Case
from onehall.places.models import City
from onehall.service_requests.generating import plan as plans
from onehall.service_requests.generating.making import Maker
from onehall.service_requests.generating.parts import Bases, Part
from onehall.service_requests.generating.plan import Plan
from onehall.service_requests.generating.pools import Pools
from onehall.service_requests.generating.profile import Profile, ProfileError
from onehall.service_requests.importing.rows import REQUESTS, copy_requests
from onehall.service_requests.models import HistoryRun, ServiceRequest

PART: Final = 4_000
"""Cases written in one transaction."""
_COPIED: Final = {
    "people_person": ("id", "city_id", "name", "email", "phone", "language", "created_at"),
    "casework_timer": ("city_id", "case_id", "entered", "move", "position", "at"),
    "casework_casetarget": (
        "city_id", "case_id", "kind", "due_at", "risk_at", "met_at", "ended_at",
    ),
    "messaging_message": (
        "id", "city_id", "key", "case_number", "request_id", "about", "channel", "to_address",
        "language", "subject", "body_text", "state", "created_at", "sent_at",
    ),
    "messaging_outbox": (
        "city_id", "topic", "key", "payload", "created_at", "due_at", "done_at",
    ),
}  # fmt: skip

_IS_NEXT: Final = (
    "SELECT done -> %s::int = %s::jsonb FROM service_requests_historyrun WHERE id = %s"
)
_COUNT: Final = (
    "UPDATE service_requests_historyrun SET done = jsonb_set(done, %s::text[], %s::jsonb)"
    " WHERE id = %s"
)


class HistoryRefused(Exception):
    """This history cannot be made; the text is for the operator."""


def found(*, city: City, profile: Profile, seed: int, cases: int, years: int) -> HistoryRun | None:
    """The run that was begun before, or None. `HistoryRefused` when it was begun otherwise."""
    run = HistoryRun.objects.filter(city_id=city.pk, profile=profile.key, seed=seed).first()
    if run is None:
        return None
    if (run.cases, run.years) != (cases, years):
        raise HistoryRefused(
            f"There is a history of {run.cases:,} cases in {run.years} years with the seed {seed} already"
            f" ({run.written:,} are written). Ask for the same again to go on with it, or take another seed"
            " to add to it."
        )
    if run.profile_digest != profile.digest and run.finished_at is None:
        raise HistoryRefused(
            "The profile has changed since this history was broken off. Take another seed."
        )
    return run


@transaction.atomic
def begin(
    *,
    city: City,
    profile: Profile,
    seed: int,
    cases: int,
    years: int,
    until: datetime,
    lanes: int,
    now: datetime,
    part_size: int | None = None,
) -> HistoryRun:
    """A new run, with its keys and numbers kept for it. The catalogue is looked at first."""
    run = HistoryRun(
        city=city, profile=profile.key, profile_digest=profile.digest, seed=seed, years=years,
        cases=cases, part_size=part_size or PART, until=until, done=[0] * lanes, started_at=now,
    )  # fmt: skip
    plan = plan_of(run, profile)
    pools_of(run, profile)
    run.requests = plan.requests
    with connection.cursor() as cursor:
        run.first_ids = {
            "case": bulk.reserve_ids(cursor, bulk.CASES, cases),
            "request": bulk.reserve_ids(cursor, REQUESTS, plan.requests),
            "person": bulk.reserve_ids(cursor, "people_person", plan.requests),
            "message": bulk.reserve_ids(cursor, "messaging_message", 2 * plan.requests),
        }
        firsts = plan.years()
        ends = [case for _, case in firsts[1:]] + [cases]
        for (year, first), end in zip(firsts, ends, strict=True):
            count = plan.requests_before(end) - plan.requests_before(first)
            run.numbers[str(year)] = bulk.reserve_numbers(cursor, city, year, count)
    run.save()
    return run


def plan_of(run: HistoryRun, profile: Profile) -> Plan:
    """Which case of a run comes when."""
    zone = ZoneInfo(run.city.time_zone)
    return plans.make(
        profile, seed=run.seed, zone=zone, until=run.until, cases=run.cases, years=run.years
    )


def pools_of(run: HistoryRun, profile: Profile) -> Pools:
    """What the parts of a run are picked from. `HistoryRefused` for a city without a usable catalogue."""
    rng = plans.chance(run.seed, profile.key, run.city.slug, "places")
    try:
        return Pools(run.city, profile, rng)
    except ProfileError as error:
        raise HistoryRefused(str(error)) from error


def maker_of(run: HistoryRun, profile: Profile) -> Maker:
    """Makes the parts of a run."""
    ids = run.first_ids
    bases = Bases(
        case=ids["case"],
        request=ids["request"],
        person=ids["person"],
        message=ids["message"],
        numbers={int(year): first for year, first in run.numbers.items()},
    )
    return Maker(plan_of(run, profile), pools_of(run, profile), bases)


def write_lane(run: HistoryRun, profile: Profile, lane: int) -> Iterator[int]:
    """Write the parts of one process that are not there yet; yields the cases of each when it is committed."""
    maker = maker_of(run, profile)
    lanes = len(run.done)
    for part in range(lane + run.done[lane] * lanes, run.parts, lanes):
        first = part * run.part_size
        last = min(first + run.part_size, run.cases)
        _write(run, lane, part // lanes, maker.part(first, last))
        yield last - first


@transaction.atomic
def _write(run: HistoryRun, lane: int, done: int, part: Part) -> None:
    """Write one part. `HistoryRefused` when another process has written it."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_NEXT, [lane, str(done), run.pk])
        if not cursor.fetchone()[0]:
            raise HistoryRefused("Another process is writing the same history.")
        # The count of parts is what makes them stand; a crash takes rows and count alike.
        cursor.execute("SET LOCAL synchronous_commit TO off")
        bulk.copy_cases(cursor, part.cases)
        _copy(cursor, "people_person", part.people)
        copy_requests(cursor, part.requests)
        _copy(cursor, "casework_timer", part.timers)
        _copy(cursor, "casework_casetarget", part.targets)
        _copy(cursor, "messaging_message", part.messages)
        _copy(cursor, "messaging_outbox", part.outbox)
        # Last, because the others wait for this row until the commit.
        cursor.execute(_COUNT, [[str(lane)], str(done + 1), run.pk])


def _copy(cursor: CursorWrapper, table: str, lines: list[str]) -> None:
    if lines:
        bulk.copy_lines(cursor, table, _COPIED[table], lines)


def real_reports(city: City) -> bool:
    """Whether a city has reports that no run has made up."""
    ours = Q()
    for run in HistoryRun.objects.filter(city_id=city.pk).order_by("id"):
        first = run.first_ids["request"]
        ours |= Q(id__gte=first, id__lt=first + run.requests)
    reports = ServiceRequest.objects.filter(city_id=city.pk)
    return (reports.exclude(ours) if ours else reports).exists()


def count_cases(run: HistoryRun) -> int:
    """How many cases of a run the database holds."""
    first = run.first_ids["case"]
    return Case.objects.filter(city_id=run.city_id, id__gte=first, id__lt=first + run.cases).count()

"""What the city's rules of retention are about now, and their carrying out: in batches, each of which is done or not.

What is due is found by an index on the cases (`casework.to_erase`), so a run that was stopped is taken up
by the next one, and several workers share a run out among them.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import Error, connection, transaction

from onehall.casework import erasing, holds, restoring
from onehall.casework.erasing import Erasure
from onehall.casework.models import Case
from onehall.casework.to_erase import ALL, BITS
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.rows import select
from onehall.messaging import actions as messaging
from onehall.people import actions as people
from onehall.places import retention
from onehall.places.models import City
from onehall.places.retention import Kind, Term
from onehall.service_requests.models import ServiceRequest

log = logging.getLogger(__name__)

BATCH: Final = 200
"""Cases that are erased in one transaction."""
AT_ONCE: Final = 1_000
"""Cases after which a worker looks at its other work."""

type Terms = Mapping[Kind, Term]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What of one service is due: cases, how many of them are held, and when the oldest one ended."""

    service: ServiceDefinition
    kind: Kind
    term: Term
    cases: int
    held: int
    oldest: datetime | None


DUE: Final = f"""
 city_id = %s AND service_id = %s AND erased = ANY(%s) AND closed_at < %s
 AND closed_at IS NOT NULL AND merged_into_id IS NULL AND erased < {ALL}
"""

COUNT: Final = f"""
SELECT count(*) FILTER (WHERE id <> ALL(%s)), count(*) FILTER (WHERE id = ANY(%s)),
       min(closed_at) FILTER (WHERE id <> ALL(%s))
FROM casework_case WHERE {DUE}
"""  # noqa: S608  (constants of this file)

TAKE: Final = f"WHERE {DUE} AND id <> ALL(%s) LIMIT %s FOR UPDATE SKIP LOCKED"


def terms_of(city: City, service: ServiceDefinition) -> Terms:
    """How long each kind is kept for a service; what is kept for ever is left out."""
    return retention.terms(city.retention, service.retention)


def ruled(city: City) -> list[tuple[ServiceDefinition, Terms]]:
    """The services of a city that have rules, those no longer offered too."""
    found = [(service, terms_of(city, service)) for service in catalogue(city).every]
    return [(service, terms) for service, terms in found if terms]


def plan(city: City, *, now: datetime) -> list[Line]:
    """What the rules would erase now. Nothing is changed."""
    held = sorted(holds.covered(city.pk))
    lines: list[Line] = []
    for service, terms in ruled(city):
        for kind, term in terms.items():
            with connection.cursor() as cursor:
                cursor.execute(COUNT, [held, held, held, *_due(city, service, kind, term, now)])
                cases, kept, oldest = cursor.fetchone()
            lines.append(
                Line(service=service, kind=kind, term=term, cases=cases, held=kept, oldest=oldest)
            )
    return lines


def expected(city: City, *, now: datetime) -> int:
    """How many cases are due, each counted once, for a progress display."""
    held = sorted(holds.covered(city.pk))
    total = 0
    for service, terms in ruled(city):
        parts: list[str] = []
        values: list[Any] = []
        for kind, term in terms.items():
            parts.append(f"({DUE})")
            values += _due(city, service, kind, term, now)
        sql = f"SELECT count(*) FROM casework_case WHERE ({' OR '.join(parts)}) AND id <> ALL(%s)"  # noqa: S608  (constants of this file)
        with connection.cursor() as cursor:
            cursor.execute(sql, [*values, held])
            total += int(cursor.fetchone()[0])
    return total


def _due(
    city: City, service: ServiceDefinition, kind: Kind, term: Term, now: datetime
) -> list[Any]:
    without = [bits for bits in range(ALL) if not bits & BITS[kind]]
    return [city.pk, service.id, without, term.before(now)]


def carry_out(
    city: City,
    *,
    now: datetime,
    most: int | None = None,
    failed: set[int] | None = None,
    seen: Callable[[int], None] = lambda _count: None,
) -> int:
    """Erase what is due in a city, at most `most` cases; how many were.

    A case that fails is logged, added to `failed` and passed over; the next run tries it again.
    """
    failed = set() if failed is None else failed
    done = 0
    for service, terms, kinds in _waiting(city, now):
        for kind in kinds:
            while most is None or done < most:
                size = BATCH if most is None else min(BATCH, most - done)
                count, taken = _batch(city, service, terms, kind, now=now, size=size, failed=failed)
                done += count
                seen(count)
                if taken < size:
                    break
    return done


def _waiting(city: City, now: datetime) -> list[tuple[ServiceDefinition, Terms, list[Kind]]]:
    """The services of which something is due, found in one question: most nights most of them wait for nothing."""
    asked = [(s, terms, kind) for s, terms in ruled(city) for kind in terms]
    if not asked:
        return []
    parts = [f"SELECT %s WHERE EXISTS (SELECT FROM casework_case WHERE {DUE})"] * len(asked)  # noqa: S608  (constants of this file)
    values: list[Any] = []
    for n, (service, terms, kind) in enumerate(asked):
        values += [n, *_due(city, service, kind, terms[kind], now)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        due = {row[0] for row in cursor.fetchall()}
    found: dict[int, tuple[ServiceDefinition, Terms, list[Kind]]] = {}
    for n, (service, terms, kind) in enumerate(asked):
        if n in due:
            found.setdefault(service.id, (service, terms, []))[2].append(kind)
    return list(found.values())


def _batch(
    city: City,
    service: ServiceDefinition,
    terms: Terms,
    kind: Kind,
    *,
    now: datetime,
    size: int,
    failed: set[int],
) -> tuple[int, int]:
    """One batch: cases erased, and cases taken in hand. One that fails is tried case by case."""
    given = (city, service, terms, kind)
    try:
        return _take(*given, now=now, size=size, passed=failed)
    except Exception:
        if not _database_answers():
            raise
        if size > 1:
            log.warning("event=retention.slowly service=%s", service.key)
    done = 0
    for taken in range(size):
        try:
            count, found = _take(*given, now=now, size=1, passed=failed)
        except _Failed as problem:
            failed.add(problem.case_id)
            log.exception("event=retention.failed case=%d", problem.case_id)
            continue
        if not found:
            return done, taken
        done += count
    return done, size


class _Failed(Exception):
    """The one case of a batch could not be erased."""

    def __init__(self, case_id: int) -> None:
        super().__init__(case_id)
        self.case_id = case_id


def _database_answers() -> bool:
    try:
        return connection.is_usable()
    except Error:
        return False


@transaction.atomic
def _take(
    city: City,
    service: ServiceDefinition,
    terms: Terms,
    kind: Kind,
    *,
    now: datetime,
    size: int,
    passed: Collection[int],
) -> tuple[int, int]:
    """Lock up to `size` due cases and erase them: how many were erased, and how many were locked."""
    left_out = sorted(holds.covered(city.pk) | set(passed))
    due = _due(city, service, kind, terms[kind], now)
    roots = select(Case, TAKE, [*due, left_out, size])
    if not roots:
        return 0, 0
    try:
        # What was put on hold before the rows were ours, we see now.
        held = holds.covered(city.pk)
        wholes = _with_joined([case for case in roots if case.pk not in held])
        restoring.bring_back([case for whole in wholes for case in whole])
        _erase(city, wholes, terms, now=now)
    except Exception as problem:
        if size == 1 and _database_answers():
            raise _Failed(roots[0].pk) from problem
        raise
    return len(wholes), len(roots)


def _with_joined(roots: Sequence[Case]) -> list[list[Case]]:
    """Locked cases, each with all that were joined into it, locked too; without those of which somebody has one."""
    found = {root.pk: [root] for root in roots}
    owner = {root.pk: root.pk for root in roots}
    layer = set(owner)
    while layer:
        below = Case.objects.filter(merged_into_id__in=layer).order_by("pk")
        into: dict[int, int | None] = dict(below.values_list("pk", "merged_into_id"))
        rows = list(below.select_for_update(skip_locked=True, of=("self",))) if into else []
        owner |= {pk: owner[above] for pk, above in into.items() if above is not None}
        for row in rows:
            found[owner[row.pk]].append(row)
        layer = {row.pk for row in rows}
        for pk in into.keys() - layer:
            found[owner[pk]].clear()
    return [whole for whole in found.values() if whole]


def _erase(city: City, wholes: Sequence[Sequence[Case]], terms: Terms, *, now: datetime) -> None:
    kinds = {whole[0].pk: _kinds(whole[0], terms, now) for whole in wholes}
    reports = _reports([case for whole in wholes for case in whole])
    erasures = []
    for whole in wholes:
        mine = [r for case in whole for pk in _heard(case) for r in reports[pk]]
        known = erasing.pattern_of(
            (r.person.name, r.person.email, r.person.phone) for r in mine if r.person is not None
        )
        erasures += [Erasure(case=c, kinds=kinds[whole[0].pk], known=known) for c in whole]
    _erase_reports(erasures, reports)
    _erase_contacts(city, [e.case for e in erasures if "contact" in e.kinds], reports)
    erasing.erase(city_id=city.pk, erasures=erasures, now=now)


def _kinds(case: Case, terms: Terms, now: datetime) -> frozenset[Kind]:
    """Everything of a case that is due, so that it is gone through once."""
    closed = case.closed_at or now
    return frozenset(
        kind
        for kind, term in terms.items()
        if not case.erased & BITS[kind] and closed < term.before(now)
    )


def _heard(case: Case) -> list[int]:
    """The cases whose reporters may be named on this one: a part's are those of its whole."""
    return [case.pk] if case.parent_id is None else [case.pk, case.parent_id]


def _reports(cases: Sequence[Case]) -> dict[int, list[ServiceRequest]]:
    ids = {pk for case in cases for pk in _heard(case)}
    found: dict[int, list[ServiceRequest]] = defaultdict(list)
    rows = ServiceRequest.objects.filter(case_id__in=ids).select_related("person").order_by("pk")
    for report in rows:
        found[report.case_id].append(report)
    return found


def _erase_reports(
    erasures: Sequence[Erasure], reports: Mapping[int, Sequence[ServiceRequest]]
) -> None:
    """What residents wrote and answered; before that, how they are reached inside of what they wrote."""
    ended = [e.case.pk for e in erasures if "words" in e.kinds]
    mine = ServiceRequest.objects.filter(case_id__in=ended)
    mine.update(words="", comment="", answers={})
    for one in erasures:
        if "contact" in one.kinds and "words" not in one.kinds and one.known is not None:
            for report in reports[one.case.pk]:
                _blank(report, one.known)


def _blank(report: ServiceRequest, known: re.Pattern[str]) -> None:
    fields = ("words", "comment", "answers")
    left = {name: erasing.blanked(getattr(report, name), known) for name in fields}
    if any(left[name] != getattr(report, name) for name in fields):
        ServiceRequest.objects.filter(pk=report.pk).update(**left)


def _erase_contacts(
    city: City, cases: Sequence[Case], reports: Mapping[int, Sequence[ServiceRequest]]
) -> None:
    """The link to the people, the people where nobody else needs them, and the mail that went out."""
    if not cases:
        return
    ids = [case.pk for case in cases]
    people_ids = {r.person_id for pk in ids for r in reports[pk] if r.person_id is not None}
    ServiceRequest.objects.filter(case_id__in=ids).update(person=None, wants_news=False)
    needed = ServiceRequest.objects.filter(person_id__in=people_ids).order_by("person_id")
    people_ids -= set(needed.values_list("person_id", flat=True))
    people.forget(person_ids=people_ids)
    messaging.forget_about(city_id=city.pk, numbers=[case.number for case in cases])


_failed: set[int] = set()
"""Cases that failed in the run of this process; forgotten when it ends, so that the next night tries them again."""


def carry_out_some(*, now: datetime) -> bool:
    """Erase some of what is due in all cities, beside other workers; whether there may be more."""
    done = 0
    for city in City.objects.order_by("pk"):
        if done < AT_ONCE:
            done += carry_out(city, now=now, most=AT_ONCE - done, failed=_failed)
    if done < AT_ONCE:
        _failed.clear()
    return done >= AT_ONCE

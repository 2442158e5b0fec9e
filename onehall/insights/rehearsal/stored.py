"""Real cases as plain values, read as a stream: what opened them, and what people did to them since."""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q

from onehall.casework import archived
from onehall.casework.models import Case, CaseQuerySet, Photo, TimelineEntry
from onehall.casework.promises import PRIORITY_NAMES
from onehall.catalog.queries import catalogue
from onehall.people.models import Membership
from onehall.people.queries import queues
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest

BATCH: Final = 500
"""Cases held in memory at a time."""

MOST_ENTRIES: Final = 1_000
"""Entries of one case that are played; a case with more is told too long to rehearse."""

KINDS: Final = (
    "received", "imported", "moved", "replied", "assigned", "priority", "routed", "photo", "followed",
    "joined", "task_opened", "task_done", "task_skipped",
)  # fmt: skip
"""Kinds of entries that say what people did."""


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of a timeline that people or the system made. `roles` are those its actor has today."""

    at: datetime
    kind: str
    actor: str
    roles: frozenset[str]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A real case: the facts it was opened with, and its acts in order.

    `queues` names queues by id for the acts that name one. A case that was `taken_over` came from another
    system: the first `recorded` acts tell of its life there. It is `opening_only` where they do not say
    how it came to stand where it stands.
    """

    number: str
    service: str
    opened_at: datetime
    closed_at: datetime | None
    channel: str
    priority: str
    areas: Mapping[str, str]
    placed: bool
    answers: Mapping[str, Any]
    owner: str = ""
    photos: int = 0
    readers: int = 0
    taken_over: bool = False
    opening_only: bool = False
    recorded: int = 0
    acts: Sequence[Act] = ()
    too_long: bool = False
    queues: Mapping[int, str] = field(default_factory=dict)


@contextmanager
def read_only() -> Iterator[None]:
    """A transaction in which the database refuses every write, and that sees one moment where it can."""
    whole = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        level = "ISOLATION LEVEL REPEATABLE READ, " if whole else ""
        cursor.execute(f"SET TRANSACTION {level}READ ONLY")
        yield


def how_many(city: City, *, since: datetime, until: datetime) -> int:
    """How many cases `cases` will give."""
    return _opened(city, since, until).count()


def cases(city: City, *, since: datetime, until: datetime) -> Generator[Lived]:
    """The cases opened between two moments, by their keys; a batch at a time is in memory."""
    for batch in batches(city, since=since, until=until):
        yield from batch


def batches(city: City, *, since: datetime, until: datetime) -> Generator[list[Lived]]:
    """The same a batch at a time. Each is read in a transaction of its own, which can write nothing."""
    listed = catalogue(city)
    keys = {s.id: s.key for s in listed.every}
    starts = {s.id: listed.current_version(s.flow)[1].start for s in listed.every}
    roles, named = _roles(city), _queues(city)
    after = 0
    while True:
        with read_only():
            rows = _opened(city, since, until).filter(pk__gt=after).order_by("id")
            batch = list(rows.values(*COLUMNS)[:BATCH])
            if not batch:
                return
            after, ids = batch[-1]["id"], [row["id"] for row in batch]
            acts, answers = _acts(ids, roles), _answers(ids)
            acts |= _archived(
                {r["id"]: r["archive_id"] for r in batch if r["archive_id"]}, city, roles
            )
            photos, readers = _photos(ids), _readers(ids)
        yield [
            replace(
                _lived(row, keys, acts.get(row["id"], []), answers.get(row["id"], {})),
                photos=photos[row["id"]],
                **_elsewhere(
                    acts.get(row["id"], []), at_start=row["state"] == starts.get(row["service_id"])
                ),
                readers=readers[row["id"]],
                queues=named,
            )
            for row in batch
        ]


COLUMNS: Final = (
    "id", "number", "service_id", "opened_at", "closed_at", "priority", "areas", "lon", "asset__facts",
    "state", "archive_id",
)  # fmt: skip


def _opened(city: City, since: datetime, until: datetime) -> CaseQuerySet:
    return Case.objects.of_city(city.pk).filter(opened_at__gte=since, opened_at__lt=until)


def _lived(
    row: dict[str, Any],
    keys: Mapping[int, str],
    acts: list[Act],
    answers: Mapping[str, Any],
) -> Lived:
    first = acts[0] if acts else None
    urgency = next((a.data["from"] for a in acts if a.kind == "priority"), row["priority"])
    channel = str(first.data.get("channel", "")) if first else ""
    return Lived(
        number=row["number"],
        service=keys.get(row["service_id"], ""),
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        channel=channel,
        priority=PRIORITY_NAMES.get(urgency, PRIORITY_NAMES[0]),
        areas=row["areas"],
        placed=row["lon"] is not None,
        answers=answers,
        owner=str((row["asset__facts"] or {}).get("owner", "")),
        acts=acts,
        too_long=len(acts) >= MOST_ENTRIES,
    )


def _elsewhere(acts: Sequence[Act], *, at_start: bool) -> dict[str, Any]:
    """What is known of a case's life in another system, if it had one."""
    end = next((n for n, act in enumerate(acts, 1) if act.kind == "imported"), 0)
    first = acts[0] if acts else None
    told = first is not None and first.kind == "received"
    if told and not end and first is not None and first.data.get("channel") != "import":
        return {}
    # Without a word of when it was taken over, everything that is told happened elsewhere.
    recorded = end or len(acts)
    moves = any(act.kind == "moved" for act in acts[:recorded])
    return {
        "taken_over": True,
        "recorded": recorded,
        "opening_only": not (moves or at_start),
    }


def _acts(ids: list[int], roles: Mapping[int, frozenset[str]]) -> dict[int, list[Act]]:
    rows = (
        TimelineEntry.objects.filter(case_id__in=ids, kind__in=KINDS, seq__lte=MOST_ENTRIES)
        .order_by("case_id", "seq")
        .values_list("case_id", "at", "kind", "actor_kind", "actor_id", "data")
    )
    return {
        case_id: [
            Act(at, kind, actor, roles.get(actor_id or 0, frozenset()), data)
            for _, at, kind, actor, actor_id, data in mine
        ]
        for case_id, mine in groupby(rows.iterator(), key=itemgetter(0))
    }


def _archived(
    where: Mapping[int, int], city: City, roles: Mapping[int, frozenset[str]]
) -> dict[int, list[Act]]:
    """The same of cases whose history is archived."""
    return {
        case_id: [
            Act(e.at, e.kind, e.actor_kind, roles.get(e.actor_id or 0, frozenset()), e.data)
            for e in entries[:MOST_ENTRIES]
            if e.kind in KINDS
        ]
        for case_id, entries in archived.entries_of(where, city.pk).items()
    }


def _answers(ids: list[int]) -> dict[int, dict[str, Any]]:
    """The first answer to each question, of the reports that came in as each case."""
    rows = ServiceRequest.objects.filter(Q(case_id__in=ids) | Q(home_case_id__in=ids))
    found: dict[int, dict[str, Any]] = {}
    for case_id, home_id, answers in (
        rows.exclude(answers={})
        .order_by("created_at", "id")
        .values_list("case_id", "home_case_id", "answers")
    ):
        mine = found.setdefault(home_id or case_id, {})
        for key, answer in answers.items():
            if answer not in (None, "", []):
                mine.setdefault(key, answer)
    return found


def _photos(ids: list[int]) -> Counter[int]:
    """How many pictures came with each report."""
    rows = Photo.objects.filter(case_id__in=ids, kind=Photo.Kind.BEFORE, removed_at=None)
    return Counter(rows.values_list("case_id", flat=True))


def _readers(ids: list[int]) -> Counter[int]:
    """How many people with an address hear of each case."""
    rows = ServiceRequest.objects.filter(
        Q(case_id__in=ids) | Q(home_case_id__in=ids), wants_news=True, person__isnull=False
    ).exclude(person__email="")
    return Counter(home or case for case, home in rows.values_list("case_id", "home_case_id"))


def _roles(city: City) -> dict[int, frozenset[str]]:
    rows = Membership.objects.filter(city=city, active=True).values_list("user_id", "roles")
    return {user_id: frozenset(roles) for user_id, roles in rows}


def _queues(city: City) -> dict[int, str]:
    return {q.id: q.key for q in queues(city)}

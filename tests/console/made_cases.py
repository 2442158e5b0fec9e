"""Many different cases of Testford, made as rows: what figures count and lists select."""

import datetime as dt
import random
import uuid

from onehall.casework.clock import NEVER
from onehall.casework.models import Case, CaseTarget, Photo
from onehall.catalog import categories
from onehall.catalog.queries import catalogue
from onehall.kernel.clock import now
from onehall.people.queries import queues
from onehall.places.models import City

OPEN = ("submitted", "review", "working", "waiting_applicant", "on_hold")
SERVICES = {
    "pothole": ("roads", "roads-north"),
    "noise": ("neighbors",),
    "question": ("questions",),
}
AREAS: tuple[dict[str, str], ...] = ({"district": "north"}, {"district": "south"}, {})


def make_cases(city: City, rows: int = 160, *, seed: int = 1, days: int = 90) -> list[Case]:
    """Open and ended, late and in time, joined and reopened, with photos and without, over some days."""
    rng = random.Random(seed)
    by_key = {q.key: q.id for q in queues(city)}
    made = [_case(city, n, rng, by_key, days) for n in range(rows)]
    Case.objects.bulk_create(made)
    ended = [c for c in made if c.closed_at and c.merged_into_id is None]
    for case in rng.sample(ended, len(ended) // 6):
        into = rng.choice([c for c in made if c.is_open])
        case.merged_into_id, case.closed_at = into.pk, rng.choice([case.closed_at, None])
        case.save()
    _targets(made, random.Random(-seed))
    for case in ended[::2]:
        _photo(case, removed=rng.random() < 0.2, kind=rng.choice(["after", "after", "before"]))
    return made


def _case(city: City, n: int, rng: random.Random, by_key: dict[str, int], days: int) -> Case:
    key = rng.choice(["pothole", "pothole", "noise", "question"])
    service = catalogue(city).service(key)
    version, flow = catalogue(city).current_version(service.flow)
    opened = now() - dt.timedelta(hours=rng.uniform(0, days * 24))
    due = opened + dt.timedelta(days=rng.uniform(0.2, 9)) if rng.random() < 0.9 else None
    state = rng.choice(sorted(k for k, s in flow.states.items() if s.category != "draft"))
    category = flow.states[state].category
    is_open = categories.is_open(category)
    ended = min(now(), opened + dt.timedelta(days=rng.uniform(0, 12)))
    outcomes = service.outcomes or ("",)
    return Case(
        city=city,
        number=f"F-{n:05}",
        service_id=service.id,
        flow_version_id=version,
        queue_id=by_key[rng.choice(SERVICES[key])],
        state=state,
        category=category,
        is_open=is_open,
        opened_at=opened,
        updated_at=ended,
        closed_at=None if is_open or rng.random() < 0.03 else ended,
        due_at=due,
        due_order=due or NEVER,
        promised_at=due,
        risk_at=opened + (due - opened) * 0.8 if due else None,
        paused_at=ended if categories.is_paused(category) else None,
        reopened=rng.choice([0, 0, 0, 1]),
        outcome="" if is_open else rng.choice(outcomes),
        areas=rng.choice(AREAS),
        place_words=f"{n} Main Street",
    )


def _targets(cases: list[Case], rng: random.Random) -> None:
    """Lesser targets of ended cases: held, met late, missed, and not needed any more."""
    rows = []
    for case in (c for c in cases if not c.is_open and c.merged_into_id is None):
        for kind in ("first_response", "on_site"):
            if rng.random() < 0.4:
                continue
            ended = case.updated_at
            passed = ended - case.opened_at
            due = case.opened_at + passed * rng.choice([0.5, 1.5])
            met = rng.choice([None, case.opened_at + passed * rng.random()])
            row = CaseTarget(city_id=case.city_id, case=case, kind=kind, due_at=due, risk_at=due)
            row.met_at, row.ended_at = met, met or rng.choice([ended, None])
            rows.append(row)
    CaseTarget.objects.bulk_create(rows)


def _photo(case: Case, *, removed: bool, kind: str) -> None:
    Photo.objects.create(
        city_id=case.city_id,
        case=case,
        key=uuid.uuid4(),
        kind=kind,
        width=4,
        height=3,
        name="a",
        small_name="b",
        thumb_name="c",
        original_name="d",
        removed_at=now() if removed else None,
        created_at=now(),
    )

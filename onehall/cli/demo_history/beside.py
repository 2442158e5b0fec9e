"""What lies beside some of the demo's cases: files, parts, time and materials, named colleagues. Made by the real acts."""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from onehall.casework import actions, attachments, efforts, relating, splitting
from onehall.casework.efforts import NewEffort
from onehall.casework.models import Case, Effort
from onehall.catalog.queries import catalogue
from onehall.kernel.localized import pick
from onehall.look.papers import pdf
from onehall.look.papers.blocks import Block, Facts, Heading, Text
from onehall.people.actor import Actor
from onehall.people.models import Membership, User
from onehall.people.queries import queues, staff_actor
from onehall.places.models import City

WORKED: Final = 60
"""Open cases with time and materials on them."""

USUAL: Final = {
    "pothole": "cold-mix",
    "sidewalk-damage": "concrete",
    "street-light-out": "lamp",
    "road-marking": "paint",
    "sign-missing": "sign",
    "graffiti": "remover",
}
"""What the work of a service mostly uses up."""

SPLIT: Final = (
    ("sidewalk-damage", "trees", "the tree whose roots lift the slabs"),
    ("pothole", "drains", "the broken drain under the hole"),
    ("street-light-out", "trees", "the branches in front of the lamp"),
)


def add_beside(city: City, *, seed: int, now: datetime) -> None:
    """A little of everything on the newest open cases of the city."""
    rng = random.Random(seed)  # noqa: S311  (made-up data)
    agent = _actor(city, "agent")
    if agent is None:
        return
    cases = list(
        Case.objects.of_city(city.id)
        .filter(is_open=True, merged_into=None, paused_at=None, parent=None)
        .select_related("queue")
        .order_by("-opened_at", "-id")[:400]
    )
    _write_down(city, cases[:WORKED], rng, now)
    by_service: dict[str, list[Case]] = {}
    listed = catalogue(city)
    for case in cases:
        by_service.setdefault(listed.by_id(case.service_id).key, []).append(case)
    for number, (service, queue, part) in enumerate(SPLIT):
        found = by_service.get(service, [])
        if len(found) > number + 1:
            _split(city, found[number], queue, part, agent, now)
            relating.relate(
                city=city,
                case_id=found[number].pk,
                other_id=found[number + 1].pk,
                by=agent,
                now=now,
            )
    for case in cases[2:8]:
        _add_file(city, case, agent, shared=rng.random() < 0.5, now=now)
    for case in cases[1:5]:
        _name_somebody(city, case, agent, now)


def _actor(city: City, role: str, department: str = "") -> Actor | None:
    rows = Membership.objects.filter(city=city, active=True).select_related("user").order_by("id")
    if department:
        rows = rows.filter(department__key=department)
    user: User | None = next((m.user for m in rows if role in m.roles), None)
    return staff_actor(user, city) if user else None


def _write_down(city: City, cases: Sequence[Case], rng: random.Random, now: datetime) -> None:
    stock, listed, default = catalogue(city).stock, catalogue(city), city.languages[0]
    today = now.astimezone(ZoneInfo(city.time_zone)).date()
    for case in cases:
        department = next(q.department_key for q in queues(city) if q.id == case.queue_id)
        crew = _actor(city, "crew", department)
        if crew is None or not stock.time:
            continue
        day = today - timedelta(days=rng.randrange(0, 25))
        kind = stock.time[0]
        entries = [
            NewEffort(
                key=uuid.UUID(int=rng.getrandbits(128), version=4),
                kind=Effort.Kind.TIME,
                what=kind.key,
                label=pick(kind.name, default, default),
                day=day,
                minutes=rng.choice((15, 30, 30, 45, 60, 90, 120)),
                unit_cost=kind.hour_cost,
            )
        ]
        wanted = USUAL.get(listed.by_id(case.service_id).key)
        used = next((m for m in stock.materials if m.key == wanted), None)
        if used is not None:
            entries.append(
                NewEffort(
                    key=uuid.UUID(int=rng.getrandbits(128), version=4),
                    kind=Effort.Kind.MATERIAL,
                    what=used.key,
                    label=pick(used.name, default, default),
                    day=day,
                    quantity=Decimal(rng.choice((1, 1, 2, 3))),
                    unit=pick(used.unit, default, default),
                    unit_cost=used.unit_cost,
                )
            )
        for new in entries:
            efforts.write_down(city=city, case_id=case.pk, new=new, by=crew, now=now)


def _split(city: City, case: Case, queue: str, part: str, by: Actor, now: datetime) -> None:
    target = next((q for q in queues(city) if q.key == queue), None)
    if target is None:
        return
    splitting.split_off(
        city=city,
        case_id=case.pk,
        part=part,
        service_key="",
        queue_id=target.id,
        note="Please look at this first; the rest waits for you.",
        photo_ids=list(case.photos.values_list("pk", flat=True)[:2]),
        takes=splitting.TAKES,
        by=by,
        now=now,
    )


def _add_file(city: City, case: Case, by: Actor, *, shared: bool, now: datetime) -> None:
    service = catalogue(city).by_id(case.service_id)
    name = pick(service.name, city.languages[0], city.languages[0])
    sheet: list[Block] = [
        Heading(f"{city.name}: {name}"),
        Facts([("Case", case.number), ("Place", case.place_words)]),
        Text("Inspected on site. The work is planned; the street stays open on one side."),
    ]
    data = pdf.make(
        city, [sheet], title="Inspection", language="en", paper="letter", foot=city.name
    )
    file = attachments.take_in(data, city=city, title=f"inspection-{case.number}.pdf")
    (kept,) = attachments.add(city=city, case_id=case.pk, files=[file], by=by, now=now)
    if shared:
        attachments.share(
            city=city,
            case_id=case.pk,
            file_id=kept.pk,
            words="What we found when we looked.",
            by=by,
            now=now,
        )


def _name_somebody(city: City, case: Case, by: Actor, now: datetime) -> None:
    department = next(q.department_key for q in queues(city) if q.id == case.queue_id)
    lead = _actor(city, "supervisor", department)
    if lead is not None:
        words = f"@{lead.name} can your people look at this before the weekend?"
        actions.note(city=city, case_id=case.pk, words=words, by=by, now=now)

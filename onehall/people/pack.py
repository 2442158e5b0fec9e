"""Departments, queues and staff of a city pack: `departments.yaml` in and out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import Node, Problems
from onehall.people import bodies, queries
from onehall.people.actions import keep
from onehall.people.actor import system
from onehall.people.bodies import EMAIL
from onehall.people.differences import differences
from onehall.people.models import Body, Department, Membership, Queue, StaffChange, User
from onehall.people.permissions import ROLES
from onehall.people.serving import Working, check_staff, check_working, serving
from onehall.places.models import City
from onehall.places.rows import Change

type Doc = dict[str, Any]

FILE: Final = "departments.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePack:
    """Departments with their queues, and the people named in the pack (empty without a list)."""

    departments: tuple[Doc, ...] = ()
    staff: tuple[Doc, ...] = ()
    bodies: tuple[Doc, ...] = ()
    serving: Mapping[str, frozenset[str]] | None = None
    """The roles of those who serve each queue; None where nobody is known."""
    unserved_yet: tuple[str, ...] = ()
    """A sentence for each queue of a draft whose people come after it is published."""

    @property
    def queue_keys(self) -> frozenset[str]:
        """Every queue of the city."""
        return frozenset(q["key"] for d in self.departments for q in d["queues"])


def read(
    folder: Path,
    languages: Sequence[str],
    codes: Mapping[str, Collection[str]] | None = None,
    working: Working | None = None,
) -> tuple[PeoplePack, Problems]:
    """The people part of a pack and everything that is wrong with it.

    `codes` are the areas of the map by layer, for people whose work is limited to some; without them
    nobody checks that these exist. `working` are those of the city, for a draft, which holds no people.
    """
    problems = Problems()
    outside = bodies.read(folder, languages, problems)
    path = folder / FILE
    if not path.exists():
        problems.add(
            FILE, 1, "The file is missing.", "List the departments and their queues in it."
        )
        return PeoplePack(bodies=outside), problems
    top = yamlfile.load(path, folder, problems)
    nodes = top.listing("departments", required=True)
    departments = [_department(node, languages) for node in nodes]
    _unique("department", [(n, d["key"]) for n, d in zip(nodes, departments, strict=True)])
    queue_nodes = [q for node in nodes for q in node.listing("queues")]
    queue_docs = [q for d in departments for q in d["queues"]]
    _unique("queue", [(n, q["key"]) for n, q in zip(queue_nodes, queue_docs, strict=True)])
    people = top.listing("staff")
    staff = [_member(node, departments, languages, codes) for node in people]
    _unique("person", [(n, m["email"]) for n, m in zip(people, staff, strict=True)], key="email")
    top.finish()
    later: tuple[str, ...] = ()
    if staff:
        check_staff(queue_nodes, departments, staff)
        _headed(nodes, departments, staff)
    elif working is not None:
        later = check_working(queue_nodes, departments, working)
    found = PeoplePack(
        departments=tuple(departments),
        staff=tuple(staff),
        bodies=outside,
        serving=serving(departments, staff or (working.people if working else ())),
        unserved_yet=later,
    )
    return found, problems


def working_in(city: City) -> Working:
    """Who works in a city, and which queues and departments it has."""
    live = [q for q in queries.queues(city) if q.active]
    departments = Department.objects.filter(city=city, active=True)
    return Working(
        queries.working(city),
        frozenset(q.key for q in live),
        frozenset(departments.values_list("key", flat=True)),
    )


def _department(node: Node, languages: Sequence[str]) -> Doc:
    doc: Doc = {
        "key": node.key("key"),
        "name": node.localized("name", languages, required=True, complete=True),
        "queues": [_queue(item, languages) for item in node.listing("queues")],
    }
    if head := node.text("head", pattern=EMAIL, shape="an e-mail address").lower():
        doc["head"] = head
    node.finish()
    return doc


def _queue(node: Node, languages: Sequence[str]) -> Doc:
    doc: Doc = {
        "key": node.key("key"),
        "name": node.localized("name", languages, required=True, complete=True),
        "icon": node.text("icon", default="inbox"),
    }
    node.finish()
    return doc


def _member(
    node: Node,
    departments: list[Doc],
    languages: Sequence[str],
    codes: Mapping[str, Collection[str]] | None,
) -> Doc:
    queues = [q["key"] for d in departments for q in d["queues"]]
    doc: Doc = {
        "email": node.text(
            "email", required=True, pattern=EMAIL, shape="an e-mail address"
        ).lower(),
        "name": node.text("name", required=True, max_length=120),
        "language": node.choice("language", languages),
        "roles": node.texts("roles", required=True, options=ROLES),
        "department": node.choice("department", [d["key"] for d in departments]),
        "queues": node.texts("queues", options=queues),
        "areas": _areas(node, codes),
    }
    node.finish()
    return doc


def _areas(node: Node, known: Mapping[str, Collection[str]] | None) -> Doc:
    """The codes that somebody's work is limited to, by layer."""
    if not node.has("areas"):
        return {}
    item = node.mapping("areas")
    found: Doc = {}
    for layer in item.keys():  # noqa: SIM118  (a node is no dict)
        if known is not None and layer not in known:
            advice = f"Known: {', '.join(sorted(known)) or 'none'}."
            item.problem(f'The map has no layer "{layer}".', advice, key=layer)
        codes = item.texts(layer, required=True, options=(known or {}).get(layer))
        found |= {layer: codes} if codes else {}
    item.finish()
    return found


def _unique(what: str, found: Iterable[tuple[Node, str]], key: str = "key") -> None:
    seen: set[str] = set()
    for node, name in found:
        if name and name in seen:
            node.problem(f'The {what} "{name}" is listed twice.', "Keep one.", key=key)
        seen.add(name)


def _headed(nodes: list[Node], departments: list[Doc], staff: list[Doc]) -> None:
    """Report a head of a department who is not among the staff."""
    known = {member["email"] for member in staff}
    for node, doc in zip(nodes, departments, strict=True):
        if doc.get("head") and doc["head"] not in known:
            node.problem(
                f'The head of "{doc["key"]}" is not among the staff.',
                "Add them to staff, or name somebody who is there.",
                key="head",
            )


# Rows


def addresses_of(city: City) -> frozenset[str]:
    """The addresses of everybody who works for a city."""
    rows = Membership.objects.filter(city=city, active=True)
    return frozenset(email.lower() for email in rows.values_list("user__email", flat=True))


def stored(city: City | None) -> PeoplePack:
    """What the database holds, in the same form as a read pack; empty without a city."""
    if city is None:
        return PeoplePack()
    queues: dict[int, list[Doc]] = {}
    for q in Queue.objects.filter(city=city, active=True).order_by("position", "id"):
        doc = {"key": q.key, "name": q.name, "icon": q.icon}
        queues.setdefault(q.department_id, []).append(doc)
    departments = Department.objects.filter(city=city, active=True).order_by("position", "id")
    members = (
        Membership.objects.filter(city=city, active=True)
        .select_related("user", "department")
        .order_by("id")
    )
    return PeoplePack(
        departments=tuple(
            {"key": d.key, "name": d.name, "queues": queues.get(d.pk, [])}
            | ({"head": d.head_email} if d.head_email else {})
            for d in departments
        ),
        staff=tuple(
            {
                "email": m.user.email,
                "name": m.user.name,
                "language": m.user.language,
                "roles": m.roles,
                "department": m.department.key if m.department else "",
                "queues": m.queue_keys,
                "areas": m.areas,
            }
            for m in members
        ),
        bodies=bodies.stored(city),
    )


def plan(pack: PeoplePack, city: City | None, *, with_staff: bool = False) -> list[Change]:
    """What applying would change. People only with `with_staff`; nobody is ever taken away."""
    now = stored(city)
    gone = "kept, no longer used"
    changes = differences(
        "department", _flat(now.departments), _flat(pack.departments), removed=gone
    )
    changes += differences(
        "queue", _queues(now.departments), _queues(pack.departments), removed=gone
    )
    changes += differences(
        "body", _by_key(now.bodies), _by_key(pack.bodies), removed="kept, no longer used"
    )
    if with_staff:
        new = {m["email"]: m for m in sorted(pack.staff, key=lambda m: m["email"])}
        held = {m["email"]: m for m in now.staff}
        changes += differences(
            "person", {email: held[email] for email in new if email in held}, new, removed=""
        )
    return changes


def warnings(pack: PeoplePack) -> list[str]:
    """What could not be checked, as sentences."""
    if pack.staff:
        return []
    if pack.serving is not None:
        return list(pack.unserved_yet)
    return [f"{FILE} names no staff, so nobody checked that every queue is served."]


def _by_key(docs: Iterable[Doc]) -> dict[str, Doc]:
    return {doc["key"]: doc for doc in docs}


def _flat(departments: Iterable[Doc]) -> dict[str, Doc]:
    return {d["key"]: {"name": d["name"], "head": d.get("head", "")} for d in departments}


def _queues(departments: Iterable[Doc]) -> dict[str, Doc]:
    return {q["key"]: {**q, "department": d["key"]} for d in departments for q in d["queues"]}


@transaction.atomic
def apply(
    pack: PeoplePack, city: City, *, with_staff: bool = False, by: str = "", now: datetime
) -> None:
    """Make the rows match the pack. What the pack no longer names stays, inactive: cases refer to it."""
    departments: dict[str, Department] = {}
    for number, doc in enumerate(pack.departments):
        departments[doc["key"]], _ = Department.objects.update_or_create(
            city=city,
            key=doc["key"],
            defaults={
                "name": doc["name"],
                "head_email": doc.get("head", ""),
                "position": number,
                "active": True,
            },
        )
        for place, queue in enumerate(doc["queues"]):
            Queue.objects.update_or_create(
                city=city,
                key=queue["key"],
                defaults={
                    "department": departments[doc["key"]],
                    "name": queue["name"],
                    "icon": queue["icon"],
                    "position": place,
                    "active": True,
                },
            )
    _apply_bodies(pack, city)
    Queue.objects.filter(city=city).exclude(key__in=pack.queue_keys).update(active=False)
    Department.objects.filter(city=city).exclude(key__in=departments).update(active=False)
    if with_staff:
        for member in pack.staff:
            _apply_member(member, city, departments, by=by, now=now)


def _apply_bodies(pack: PeoplePack, city: City) -> None:
    for number, doc in enumerate(pack.bodies):
        Body.objects.update_or_create(
            city=city,
            key=doc["key"],
            defaults={
                "name": doc["name"],
                "email": doc["email"],
                "does": doc.get("does", {}),
                "phone": doc.get("phone", ""),
                "languages": doc.get("languages", []),
                "position": number,
                "active": True,
            },
        )
    gone = Body.objects.filter(city=city).exclude(key__in=[doc["key"] for doc in pack.bodies])
    gone.update(active=False)


def _apply_member(
    member: Doc, city: City, departments: Mapping[str, Department], *, by: str, now: datetime
) -> None:
    user = User.objects.filter(email__iexact=member["email"]).first()
    if user is None:
        user = User.objects.create_user(email=member["email"], name=member["name"])
    if (user.name, user.language) != (member["name"], member["language"]):
        user.name, user.language = member["name"], member["language"]
        user.save(update_fields=["name", "language"])
    held = Membership.objects.filter(user=user, city=city).select_related("department").first()
    old = held.facts() if held else {}
    membership, is_new = Membership.objects.update_or_create(
        user=user,
        city=city,
        defaults={
            "department": departments.get(member["department"]),
            "roles": member["roles"],
            "queue_keys": member["queues"],
            "areas": member["areas"],
            "active": True,
        },
    )
    kind = StaffChange.Kind.ADDED if is_new else StaffChange.Kind.CHANGED
    if old and not old["active"]:
        kind = StaffChange.Kind.RETURNED
    who, new = replace(system(city.pk), name=by), membership.facts()
    keep(city_id=city.pk, user_id=user.pk, kind=kind, old=old, new=new, by=who, now=now)


def write(city: City, folder: Path, *, with_staff: bool = False) -> None:
    """Write `departments.yaml`; people are left out unless asked for."""
    data = document(city, with_staff=with_staff)
    (folder / FILE).write_text(yamlfile.dump(data), encoding="utf-8")
    if outside := bodies_document(city):
        (folder / bodies.FILE).write_text(yamlfile.dump(outside), encoding="utf-8")


def bodies_document(city: City) -> Doc:
    """What `bodies.yaml` of a city says, as plain data; empty without any."""
    held = bodies.stored(city)
    return bodies.written(held, city.languages) if held else {}


def document(city: City, *, with_staff: bool = False) -> Doc:
    """What `departments.yaml` of a city says, as plain data."""
    held = stored(city)
    data: Doc = {"departments": [_written(d, city.languages) for d in held.departments]}
    if with_staff and held.staff:
        data["staff"] = [{k: v for k, v in m.items() if v} for m in held.staff]
    return data


def _written(doc: Doc, languages: Sequence[str]) -> Doc:
    """A department with its words in the city's order of languages, which jsonb does not keep."""
    ordered = {code: doc["name"][code] for code in languages if code in doc["name"]}
    written = {"key": doc["key"], "name": ordered}
    if doc.get("head"):
        written["head"] = doc["head"]
    if "queues" in doc:
        written["queues"] = [{**_written(q, languages), "icon": q["icon"]} for q in doc["queues"]]
    return written

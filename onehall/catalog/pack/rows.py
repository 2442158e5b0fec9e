"""Compares a catalogue with what is stored, and stores it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from onehall.catalog.models import Flow, FlowVersion, ReplyTemplate, Service, ServiceGroup, Sheet
from onehall.catalog.pack.documents import CatalogPack, Doc, sha256_of
from onehall.people.differences import differences
from onehall.places.models import City
from onehall.places.rows import Change


def latest_versions(city: City) -> dict[str, FlowVersion]:
    """The newest version of each flow that is in use, by flow key; one query."""
    rows = (
        FlowVersion.objects.filter(flow__city=city, flow__active=True)
        .select_related("flow")
        .order_by("flow_id", "-number")
        .distinct("flow_id")
    )
    return {row.flow.key: row for row in rows}


def stored(city: City | None) -> CatalogPack:
    """What the database holds, in the form of a read pack; empty without a city."""
    if city is None:
        return CatalogPack()
    groups = ServiceGroup.objects.filter(city=city, retired=False).order_by("position", "id")
    rows = Service.objects.filter(city=city).order_by("group__position", "position", "id")
    flows = {key: version.doc for key, version in latest_versions(city).items()}
    return CatalogPack(
        groups=tuple(
            {"key": g.key, "name": g.name, "icon": g.icon, "active": g.active} for g in groups
        ),
        services=tuple(s.doc for s in rows if s.active or s.doc.get("active") is False),
        flows=dict(sorted(flows.items())),
        replies=tuple(row.doc for row in reply_templates(city)),
        sheets=sheets_of(city),
    )


def reply_templates(city: City) -> list[ReplyTemplate]:
    """The reply templates of a city, in order; one query."""
    return list(ReplyTemplate.objects.filter(city=city).order_by("position", "id"))


def sheets_of(city: City) -> dict[str, Doc]:
    """The one-file parts of a city's pack by name; one query."""
    return {row.key: row.doc for row in Sheet.objects.filter(city=city).order_by("key")}


def plan(pack: CatalogPack, city: City | None) -> list[Change]:
    """What applying would change, in the order groups, flows, services, templates."""
    now = stored(city)
    gone = "no longer offered; its cases stay"
    changes = differences("group", _by_key(now.groups), _by_key(pack.groups), removed="not shown")
    changes += [
        replace(c, detail=f"new version for new cases ({c.detail})") if c.kind == "change" else c
        for c in differences(
            "flow", now.flows, dict(sorted(pack.flows.items())), removed="its cases stay on it"
        )
    ]
    changes += differences("service", _by_key(now.services), _by_key(pack.services), removed=gone)
    changes += differences(
        "reply template", _by_key(now.replies), _by_key(pack.replies), removed="not offered"
    )
    changes += differences(
        "list", now.sheets, dict(sorted(pack.sheets.items())), removed="not used"
    )
    return changes


def _by_key(docs: Iterable[Doc]) -> dict[str, Doc]:
    return {doc["key"]: doc for doc in docs}


@transaction.atomic
def apply(pack: CatalogPack, city: City, *, now: datetime) -> None:
    """Make the rows match the pack. Only templates and lists are deleted: cases refer to all the rest."""
    groups = _apply_groups(pack, city)
    flows = _apply_flows(pack, city, now)
    held = {s.key: s for s in Service.objects.filter(city=city)}
    for number, doc in enumerate(pack.services):
        row = held.pop(doc["key"], None) or Service(city=city, key=doc["key"])
        row.group, row.flow = groups[doc["group"]], flows[doc["flow"]]
        row.doc, row.position, row.active = doc, number, doc.get("active", True)
        row.save()
    for row in held.values():
        if row.active or row.doc.get("active") is False:
            row.active = False
            row.doc.pop("active", None)
            row.save(update_fields=["active", "doc"])
    _apply_replies(pack, city)
    for key, doc in pack.sheets.items():
        Sheet.objects.update_or_create(city=city, key=key, defaults={"doc": doc})
    Sheet.objects.filter(city=city).exclude(key__in=list(pack.sheets)).delete()


def _apply_replies(pack: CatalogPack, city: City) -> None:
    for number, doc in enumerate(pack.replies):
        ReplyTemplate.objects.update_or_create(
            city=city, key=doc["key"], defaults={"doc": doc, "position": number}
        )
    gone = ReplyTemplate.objects.filter(city=city)
    gone.exclude(key__in=[doc["key"] for doc in pack.replies]).delete()


def _apply_groups(pack: CatalogPack, city: City) -> dict[str, ServiceGroup]:
    found = {}
    for number, doc in enumerate(pack.groups):
        found[doc["key"]], _ = ServiceGroup.objects.update_or_create(
            city=city,
            key=doc["key"],
            defaults={
                "name": doc["name"],
                "icon": doc["icon"],
                "active": doc["active"],
                "position": number,
                "retired": False,
            },
        )
    gone = ServiceGroup.objects.filter(city=city).exclude(key__in=found)
    gone.update(active=False, retired=True)
    return found


def _apply_flows(pack: CatalogPack, city: City, now: datetime) -> dict[str, Flow]:
    """Flows by key; a changed document becomes a new version, an old one is never touched."""
    latest = latest_versions(city)
    found = {}
    for key, doc in pack.flows.items():
        flow, _ = Flow.objects.update_or_create(city=city, key=key, defaults={"active": True})
        found[key] = flow
        last = latest.get(key) or flow.versions.order_by("-number").first()
        sha256 = sha256_of(doc)
        if last is None or last.sha256 != sha256:
            FlowVersion.objects.create(
                flow=flow,
                number=last.number + 1 if last else 1,
                doc=doc,
                sha256=sha256,
                published_at=now,
            )
    Flow.objects.filter(city=city).exclude(key__in=found).update(active=False)
    return found

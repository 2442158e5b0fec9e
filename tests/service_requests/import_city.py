"""A small city, built row by row, that files of other cities can be imported into."""

from datetime import datetime
from typing import Any

from onehall.catalog.models import Flow, FlowVersion, Service, ServiceGroup
from onehall.people.models import Department, Queue
from onehall.places.models import LIMIT_LAYER, Area, City

FLOW: dict[str, Any] = {
    "key": "repair",
    "name": "Repair",
    "stages": [{"key": "received", "label": "Received"}, {"key": "done", "label": "Fixed"}],
    "start": "received",
    "states": {
        "received": {"category": "submitted", "stage": "received", "label": "Received"},
        "working": {"category": "working", "stage": "received", "label": "Working"},
        "done": {"category": "resolved", "stage": "done", "label": "Done"},
        "closed": {"category": "closed", "stage": "done", "label": "Closed"},
        "handed_over": {"category": "closed", "stage": "done", "label": "Handed over"},
        "declined": {"category": "denied", "stage": "done", "label": "Declined"},
    },
    "outcomes": {
        "fixed": {"label": "Fixed", "to": "done"},
        "declined": {"label": "Declined", "to": "declined"},
    },
    "moves": {
        "start": {"from": ["received"], "to": "working", "by": ["crew"], "purpose": "start"},
        "close": {"from": ["@open"], "to": "$outcome", "by": ["crew"], "purpose": "close"},
        "accept": {"from": ["done"], "to": "closed", "by": ["resident"], "purpose": "accept"},
    },
}


def service_doc(key: str, name: str, queue: str, **more: Any) -> dict[str, Any]:
    """A service document with the least that one needs."""
    return {
        "key": key,
        "group": "all",
        "name": {"en": name},
        "routing": [{"queue": queue, "because": f"All of {name}"}],
        "promise": {"days": 3},
        "flow": "repair",
        **more,
    }


SERVICES = (
    service_doc(
        "pothole",
        "Pothole",
        "roads",
        keywords={"en": ["Street Condition", "Pothole Repair (Internal)"]},
        routing=[
            {"when": {"eq": ["area.district", "east"]}, "queue": "lights", "because": "East side"},
            {"queue": "roads", "because": "All potholes"},
        ],
    ),
    service_doc("graffiti", "Graffiti Removal", "parks", privacy={"public": False}),
    service_doc("something-else", "Something else", "desk"),
)


def build_city(now: datetime, *, slug: str = "import-town") -> City:
    """The city with three departments, four queues, three services and a square limit at 0..10 degrees."""
    city = City.objects.create(
        slug=slug, name="Import Town", time_zone="America/Los_Angeles", languages=["en"], revision=1
    )
    for position, (key, name, queues) in enumerate(
        (
            ("public-works", "Public Works", ("roads", "lights")),
            ("parks", "Parks & Trees", ("parks",)),
            ("hall", "City Hall", ("desk",)),
        )
    ):
        department = Department.objects.create(
            city=city, key=key, name={"en": name}, position=position
        )
        for order, queue in enumerate(queues):
            Queue.objects.create(
                city=city, department=department, key=queue, name={"en": queue}, position=order
            )
    flow = Flow.objects.create(city=city, key="repair")
    FlowVersion.objects.create(flow=flow, number=1, doc=FLOW, sha256="0" * 64, published_at=now)
    group = ServiceGroup.objects.create(city=city, key="all", name={"en": "All"})
    for position, doc in enumerate(SERVICES):
        Service.objects.create(
            city=city, group=group, flow=flow, key=doc["key"], doc=doc, position=position
        )
    _area(city, LIMIT_LAYER, "limit", 0, 10)
    _area(city, "district", "west", 0, 5)
    _area(city, "district", "east", 5, 10)
    return city


def _area(city: City, layer: str, code: str, west: float, east: float) -> None:
    ring = [[west, 0.0], [east, 0.0], [east, 10.0], [west, 10.0], [west, 0.0]]
    Area.objects.create(
        city=city,
        layer=layer,
        code=code,
        name={"en": code},
        geometry={"type": "Polygon", "coordinates": [ring]},
    )

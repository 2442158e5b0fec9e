"""Whether and until when a resident can say that it is not fixed, and where to go after that."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from onehall.casework import rules
from onehall.casework.models import Case
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.services import ServiceDefinition
from onehall.portal import picked


def is_over(flow: FlowDefinition, case: Case, roles: Iterable[str], now: datetime) -> bool:
    """Whether it could be said that it is not fixed, and the time for that has passed."""
    dispute = flow.with_purpose("dispute", case.state, roles)
    return dispute is not None and rules.is_over(dispute, case.closed_at, now)


def parts(flow: FlowDefinition, case: Case, roles: Iterable[str], now: datetime) -> dict[str, Any]:
    """What the page of a report names of it."""
    accept = flow.with_purpose("accept", case.state, roles)
    dispute = flow.with_purpose("dispute", case.state, roles)
    over = is_over(flow, case, roles, now)
    return {
        "can_judge": accept is not None and not over,
        "can_dispute": dispute is not None and accept is None and not over,
        "dispute_until": rules.closes_at(dispute, case.closed_at) if dispute else None,
    }


NONE: Final = {"can_judge": False, "can_dispute": False, "dispute_until": None}
"""The same where nothing can be said any more."""


def again(service: ServiceDefinition, case: Case, district: str) -> str:
    """Where to report the same thing once more: the form with the place, or the choice of services."""
    if not service.active:
        return reverse("portal:choose")
    address = reverse("portal:report", args=[service.key])
    place = picked.of_case(case, district)
    carried = {"pick": picked.sign(place)} if place else {"where": case.place_words}
    if service.place == "none" or not any(carried.values()):
        return address
    return f"{address}?{urlencode(carried)}"

"""One person of the staff as a row of the list, and as the facts of their own page."""

from typing import Any, Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from onehall.casework import leaving
from onehall.catalog.queries import catalogue
from onehall.console.people_forms import area_words
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.people import permissions
from onehall.people.models import Membership, StaffChange
from onehall.people.queries import changes_of, queues

KEPT: Final = ("q", "role", "department", "show")
MARK: Final = "~"


def edge(text: str) -> tuple[str, int] | None:
    """A place in the list; None when the text is not one."""
    pk, mark, name = text.partition(MARK)
    return (name[:120], int(pk)) if mark and pk.isdecimal() and len(pk) < 18 else None


def next_page(request: CityRequest, page: list[Membership]) -> str:
    """Where the list goes on."""
    kept = {key: request.GET[key] for key in KEPT if request.GET.get(key)}
    last = page[-1]
    return "?" + urlencode(kept | {"after": f"{last.user_id}{MARK}{last.user.name}"})


def row(request: CityRequest, found: Membership, held: int) -> dict[str, Any]:
    """What the list names of somebody."""
    names = _queue_names(request)
    return {
        "pk": found.user_id,
        "name": found.user.name or found.user.email,
        "email": found.user.email,
        "roles": _roles(found.roles),
        "department": _department(request, found),
        "queues": ", ".join(names.get(k, k) for k in found.queue_keys),
        "areas": area_words(request, found.areas),
        "seen": found.user.last_login,
        "held": held,
    }


def detail(request: CityRequest, found: Membership) -> dict[str, Any]:
    """What the page of one person names: facts, open work, history."""
    work = leaving.open_work(request.city, found.user_id)
    listed = catalogue(request.city)
    default = request.city.language
    return {
        "found": found,
        "facts": row(request, found, work.cases),
        "work": work,
        "first": [
            {
                "case": c,
                "service": pick(listed.by_id(c.service_id).name, request.LANGUAGE_CODE, default),
            }
            for c in work.first
        ],
        "history": [_told(request, c) for c in changes_of(request.city, found.user_id)],
    }


def _told(request: CityRequest, change: StaffChange) -> dict[str, Any]:
    kinds = {
        "added": _("Came to the staff"),
        "changed": _("Changed"),
        "ended": _("No longer works here"),
        "returned": _("Works here again"),
        "handed": _("Open work was handed over"),
        "invited": _("Was invited by mail"),
        "password": _("Got a new password"),
    }
    return {
        "title": kinds.get(change.kind, change.kind),
        "at": change.at,
        "by": change.by_name or _("the system"),
        "lines": [
            (
                _field(name),
                _said(request, name, change.before.get(name)),
                _said(request, name, value),
            )
            for name, value in sorted(change.after.items(), key=lambda item: _place(item[0]))
            if name != "active"
        ],
    }


def _place(name: str) -> int:
    order = ("name", "roles", "department", "queues", "areas", "cases", "tasks", "to")
    return order.index(name) if name in order else len(order)


def _field(name: str) -> str:
    return {
        "name": _("Name"),
        "roles": _("Roles"),
        "department": _("Department"),
        "queues": _("Queues"),
        "areas": _("Areas"),
        "cases": _("Cases"),
        "tasks": _("Tasks"),
        "to": _("To"),
    }.get(name, name)


def _said(request: CityRequest, name: str, value: Any) -> str:
    if value is None:
        return ""
    match name:
        case "roles":
            return _roles(value)
        case "areas":
            return area_words(request, value) or _("the whole city")
        case "queues":
            names = _queue_names(request)
            return ", ".join(names.get(k, k) for k in value) or _("all of the department")
        case "department":
            return _department_names(request).get(value, value) or _("the whole city")
        case "to":
            return str(value) or _("their queues")
        case _:
            return str(value)


def _roles(keys: list[str]) -> str:
    return ", ".join(permissions.words_of(key) for key in keys)


def _queue_names(request: CityRequest) -> dict[str, str]:
    language, default = request.LANGUAGE_CODE, request.city.language
    return {q.key: pick(q.name, language, default) for q in queues(request.city)}


def _department_names(request: CityRequest) -> dict[str, str]:
    language, default = request.LANGUAGE_CODE, request.city.language
    return {
        q.department_key: pick(q.department_name, language, default) for q in queues(request.city)
    }


def _department(request: CityRequest, found: Membership) -> str:
    if found.department is None:
        return _("The whole city")
    return pick(found.department.name, request.LANGUAGE_CODE, request.city.language)

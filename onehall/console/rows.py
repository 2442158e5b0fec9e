"""Cases as lines of a list."""

from typing import Any

from onehall.casework import queries as casework
from onehall.casework.models import Case
from onehall.casework.queries import CaseLine
from onehall.catalog.queries import Catalogue, catalogue
from onehall.console import columns
from onehall.console.casepage import state_word
from onehall.console.clockface import face
from onehall.console.desk import Desk
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest


def row(request: CityRequest, desk: Desk, listed: Catalogue, case: CaseLine) -> dict[str, Any]:
    """What a list names of a case."""
    language, default = request.LANGUAGE_CODE, desk.city.languages[0]
    service = listed.by_id(case.service_id)
    state = listed.flow_version(case.flow_version_id).states[case.state]
    return {
        "case": case,
        "service": pick(service.name, language, default),
        "icon": service.icon,
        "queue": desk.queue_name(case.queue_id, language),
        "state": state_word(case.category, pick(state.label, language, default)),
        "category": case.category,
        "priority": Case.Priority(case.priority).label if case.priority else "",
        "clock": face(case, now=desk.now, calendar=casework.calendar_of(desk.city), zone=desk.zone),
    }


def lines_of(
    request: CityRequest,
    desk: Desk,
    cases: list[CaseLine],
    names: tuple[str, ...],
    *,
    order: str = "",
) -> dict[str, Any]:
    """A page's cases with the chosen columns: what the template of a list names."""
    listed, extra = catalogue(desk.city), columns.extras(desk, cases, names)
    words = columns.words()
    return {
        "rows": [row(request, desk, listed, c) | {"extra": extra.get(c.id)} for c in cases],
        "columns": names,
        "heads": [(name, words[name], ORDERED_BY.get(name) == order) for name in names],
    }


ORDERED_BY = {"due": "due", "age": "oldest", "priority": "priority"}
"""The column that shows what a list is ordered by, where it rises."""

"""What each effect of the catalogue's registry does to a case."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from onehall.casework import promises
from onehall.casework.models import Task
from onehall.casework.timeline import NewEntry
from onehall.catalog import flowparts
from onehall.catalog.flowparts import Effect
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.people.queries import queues
from onehall.places.models import City

if TYPE_CHECKING:
    from onehall.casework.progress import Progress

type Given = Mapping[str, Any]


def apply(to: "Progress", effect: Effect) -> None:
    """Do one effect. Its parameters were checked when the flow was published."""
    DOES[effect.name](to, effect.given)


def queue_id(city: City, key: str) -> int:
    """The row of a queue; one that is no longer used still takes what an old flow sends it."""
    return next(q.id for q in queues(city) if q.key == key)


def _say(to: "Progress", kind: str, data: dict[str, Any], *, public: bool | None = None) -> None:
    to.entries.append(NewEntry(kind=kind, data=data, public=public, by=to.machine))


def _said(given: Given) -> dict[str, Any]:
    return {"said": given["words"]} if given.get("words") else {}


def _notify(to: "Progress", given: Given) -> None:
    _say(to, "notified", {"template": given["template"]} | _said(given))


def _remind(to: "Progress", given: Given) -> None:
    audience = given["to"]
    _say(to, "reminded", {"to": audience} | _said(given), public=audience == "resident")


def _escalate(to: "Progress", given: Given) -> None:
    case = to.case
    data: dict[str, Any] = {k: given[k] for k in ("role",) if k in given} | _said(given)
    if "queue" in given and (queue := queue_id(to.city, given["queue"])) != case.queue_id:
        data |= {"from": case.queue_id, "queue": queue}
        case.queue_id, case.assignee_id = queue, None
    _say(to, "escalated", data)
    if "priority" in given:
        _raise(to, given)


def _raise(to: "Progress", given: Given) -> None:
    """An escalation never takes urgency away."""
    if PRIORITY_KEYS.index(given["priority"]) > to.case.priority:
        _set_priority(to, given)


def _note(to: "Progress", given: Given) -> None:
    _say(to, "noted", _said(given))


def _set_priority(to: "Progress", given: Given) -> None:
    priority = PRIORITY_KEYS.index(given["priority"])
    if priority != to.case.priority:
        to.entries += promises.set_priority(to.case, priority, city=to.city, now=to.now)


def _set_queue(to: "Progress", given: Given) -> None:
    case, queue = to.case, queue_id(to.city, given["queue"])
    if queue == case.queue_id:
        return
    before, case.queue_id, case.assignee_id = case.queue_id, queue, None
    because = to.flow.states[case.state].label
    case.route_reason = {"because": because}
    _say(to, "routed", {"from": before, "queue": queue, "because": because})


def _assign(to: "Progress", given: Given) -> None:
    case, mover = to.case, to.by
    if given["who"] == "nobody":
        person, name = None, ""
    elif mover.is_staff:
        person, name = mover.user_id, mover.name
    else:
        return
    if case.assignee_id != person:
        case.assignee_id = person
        _say(to, "assigned", {"to": person, "name": name})


def _add_task(to: "Progress", given: Given) -> None:
    key = str(given["key"])
    cycle = max((t.cycle for t in to.tasks if t.key == key), default=0) + 1
    task = Task(
        key=key,
        cycle=cycle,
        joins=False,
        label=given["label"],
        queue_id=queue_id(to.city, given["queue"]),
        due_at=to.due(flowparts.span_of(given.get("due", {}))),
    )
    if to.case.is_open:
        to.open_task(task)


def _clock(to: "Progress", *, running: bool) -> None:
    if to.case.is_open and (to.case.paused_at is None) is not running:
        label = to.flow.states[to.case.state].label
        promises.run(to.case, running=running, city=to.city, now=to.now, label=label)
        due = to.case.due_at.isoformat() if to.case.due_at else None
        _say(to, "clock", {"running": running, "due": due})


def _new_promise(to: "Progress", _given: Given) -> None:
    promises.renew(to.case, city=to.city, now=to.now)
    due = to.case.due_at.isoformat() if to.case.due_at else None
    _say(to, "promised", {"due": due})


DOES: Final[Mapping[str, Callable[["Progress", Given], None]]] = {
    "notify": _notify,
    "remind": _remind,
    "escalate": _escalate,
    "note": _note,
    "set_priority": _set_priority,
    "set_queue": _set_queue,
    "assign": _assign,
    "add_task": _add_task,
    "stop_clock": lambda to, _given: _clock(to, running=False),
    "start_clock": lambda to, _given: _clock(to, running=True),
    "new_promise": _new_promise,
}
"""Every effect of the registry, and no other."""

"""Effects and checklists as rows of a form: what each entry of the registry does, and its parameters as fields."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.catalog.registry import (
    AUDIENCES,
    EFFECTS,
    PHOTOS,
    PREDICATES,
    PRIORITY_KEYS,
    TEMPLATES,
    WHO,
    Param,
)
from onehall.people.permissions import ROLES, words_of
from onehall.setup import forms
from onehall.setup.registry_forms import IN_WORDS, UNITS, Kinds, params_of, split

type Choices = list[tuple[str, Any]]

EFFECT_WORDS: Final[Mapping[str, tuple[Any, Any]]] = {
    "notify": (
        gettext_lazy("Mail those who follow"),
        gettext_lazy("Mails everybody who follows the case, with words of your own if you like."),
    ),
    "remind": (
        gettext_lazy("Remind"),
        gettext_lazy(
            "Mails whoever has the case, else those who serve its queue; or those who follow it."
        ),
    ),
    "escalate": (
        gettext_lazy("Escalate"),
        gettext_lazy(
            "Sends it to another queue, tells those of a role in its department, raises the priority: at least one."
        ),
    ),
    "note": (gettext_lazy("Keep a note"), gettext_lazy("Keeps a note for the staff.")),
    "set_priority": (
        gettext_lazy("Set the priority"),
        gettext_lazy("Sets the priority, and the date that goes with it."),
    ),
    "set_queue": (
        gettext_lazy("Send it to a queue"),
        gettext_lazy("Sends it to a queue; whoever had it has it no more."),
    ),
    "assign": (
        gettext_lazy("Give it to somebody"),
        gettext_lazy("Gives it to whoever made the move, or to nobody."),
    ),
    "add_task": (
        gettext_lazy("Add a task"),
        gettext_lazy("Adds a task that stays until it is done or the case ends."),
    ),
    "stop_clock": (
        gettext_lazy("Stop the clock"),
        gettext_lazy("Lets the promise stand still until the case leaves the state."),
    ),
    "start_clock": (gettext_lazy("Start the clock"), gettext_lazy("Lets the promise go on.")),
    "new_promise": (
        gettext_lazy("Promise anew"),
        gettext_lazy("Counts the promise anew from now."),
    ),
}
"""What each effect is called, and what it does in a sentence."""

PREDICATE_WORDS: Final[Mapping[str, tuple[Any, Any]]] = {
    "answered": (
        gettext_lazy("A question is answered"),
        gettext_lazy("The resident has answered the question."),
    ),
    "photo": (gettext_lazy("There is a photo"), gettext_lazy("There is a photo of that kind.")),
    "placed": (
        gettext_lazy("The place is known"),
        gettext_lazy("The place is on the map."),
    ),
    "assigned": (gettext_lazy("Somebody has it"), gettext_lazy("The case is given to somebody.")),
    "replied": (
        gettext_lazy("We have answered"),
        gettext_lazy("The staff wrote to those who follow."),
    ),
    "children_done": (
        gettext_lazy("Its parts have ended"),
        gettext_lazy("Every part that was split off the case has ended."),
    ),
    "tasks_closed": (gettext_lazy("No task is open"), gettext_lazy("Every task is closed.")),
    "task_done": (
        gettext_lazy("A task is done"),
        gettext_lazy("The task was done; with a result chosen, if it came out so."),
    ),
}
"""What each line of a checklist is called, and when it holds."""

PARAM_WORDS: Final[Mapping[str, Any]] = {
    "template": gettext_lazy("Which mail"),
    "words": gettext_lazy("Words"),
    "to": gettext_lazy("Whom to remind"),
    "queue": gettext_lazy("Queue"),
    "role": gettext_lazy("Role"),
    "priority": gettext_lazy("Priority"),
    "who": gettext_lazy("To whom"),
    "key": gettext_lazy("Short name"),
    "label": gettext_lazy("Name"),
    "due": gettext_lazy("Due after"),
    "question": gettext_lazy("Question"),
    "kind": gettext_lazy("Which photo"),
    "task": gettext_lazy("Task"),
    "outcome": gettext_lazy("Result"),
}

VALUE_WORDS: Final[Mapping[str, Any]] = {
    "notice": gettext_lazy("a notice"),
    "under_way": gettext_lazy("work is under way"),
    "question": gettext_lazy("a question"),
    "done": gettext_lazy("the work is done"),
    "ended": gettext_lazy("the case has ended"),
    "resident": gettext_lazy("those who follow"),
    "team": gettext_lazy("the team"),
    "mover": gettext_lazy("whoever made the move"),
    "nobody": gettext_lazy("nobody"),
    "before": gettext_lazy("from the report"),
    "after": gettext_lazy("of the finished work"),
    "normal": gettext_lazy("normal"),
    "high": gettext_lazy("high"),
    "urgent": gettext_lazy("urgent"),
    "days": gettext_lazy("days"),
    "hours": gettext_lazy("hours"),
    "working_days": gettext_lazy("working days"),
    "working_hours": gettext_lazy("working hours"),
}


def _named(keys: tuple[str, ...]) -> Choices:
    return [(key, VALUE_WORDS.get(key, key)) for key in keys]


class Registry:
    """Rows of entries for a flow of a city. `own` are choices of its own: queues, tasks, results, questions."""

    def __init__(self, own: Mapping[str, Choices]) -> None:
        self.choices: dict[str, Choices] = {
            "priority": _named(PRIORITY_KEYS),
            "template": _named(TEMPLATES),
            "audience": _named(AUDIENCES),
            "role": [(role, words_of(role)) for role in ROLES],
            "who": _named(WHO),
            "photo": _named(PHOTOS),
            **own,
        }

    def effects(self, key: str, docs: Any) -> dict[str, Any]:
        """The effects of a move, or of entering a state."""
        return self._part(key, docs, EFFECTS, EFFECT_WORDS)

    def checks(self, docs: Any) -> dict[str, Any]:
        """The checklist of a state."""
        return self._part("requires", docs, PREDICATES, PREDICATE_WORDS)

    def _part(
        self, key: str, docs: Any, kinds: Kinds, words: Mapping[str, tuple[Any, Any]]
    ) -> dict[str, Any]:
        return {
            "name": key,
            "kinds": [(name, words[name][0]) for name in kinds],
            "rows": [
                self._row(f"{key}.{n}", doc, kinds, words)
                for n, doc in enumerate(forms.listed(docs))
            ],
        }

    def _row(
        self, name: str, doc: Any, kinds: Kinds, words: Mapping[str, tuple[Any, Any]]
    ) -> dict[str, Any]:
        kind_name, given = split(doc, kinds)
        kind = kinds.get(kind_name)
        params = params_of(kind) if kind is not None else ()
        return {
            "name": name,
            "was": doc.get(forms.WAS, "") if isinstance(doc, dict) else "",
            "kind": kind_name,
            "sentence": words[kind_name][1] if kind is not None else "",
            "fields": [self._field(name, p, given.get(p.name, ""), kinds) for p in params],
        }

    def _field(self, name: str, param: Param, value: Any, kinds: Kinds) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": f"{name}.given.{param.name}",
            "label": PARAM_WORDS[param.name],
            "value": value,
            "type": "select",
            "choices": self.choices.get(param.kind, []),
            "required": param.required,
        }
        if param.kind in IN_WORDS:
            own = kinds is PREDICATES
            return shown | {"type": "words"} | ({"label": _("Words of your own")} if own else {})
        if param.kind == "span":
            return shown | {"type": "span"} | _span(value)
        return shown | ({} if param.kind in self.choices else {"type": "text"})


def _span(doc: Any) -> dict[str, Any]:
    given = forms.mapped(doc)
    one = next(iter(given.items())) if len(given) == 1 else ("days", "")
    said = ", ".join(f"{amount} {VALUE_WORDS.get(unit, unit)}" for unit, amount in given.items())
    more = said if len(given) > 1 else ""
    return {"unit": one[0], "amount": one[1], "said": more, "units": _named(UNITS)}

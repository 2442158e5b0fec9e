"""What the conditions of a flow may say beside answers and areas: facts of a case, and what came of its tasks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from onehall.catalog.flowparts import PLAIN_DONE
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.console.setup.registry_page import VALUE_WORDS
from onehall.console.setup.terms import Group, Terms, about, as_json, is_number, is_one_of
from onehall.setup import forms

type Doc = Mapping[str, Any]


def of_case(terms: Terms, queues: Sequence[tuple[str, Any]]) -> list[Group]:
    """Facts that every case has."""
    checklist = [
        (as_json({"eq": ["requires.met", True]}), _("is complete")),
        (as_json({"eq": ["requires.met", False]}), _("is not complete")),
    ]
    held = [
        (as_json({"eq": ["case.assigned", True]}), _("has it")),
        (as_json({"eq": ["case.assigned", False]}), _("does not have it yet")),
    ]
    priorities = {key: str(VALUE_WORDS[key]) for key in PRIORITY_KEYS}
    return [
        about(_("The checklist"), checklist, "requires.met"),
        is_one_of(_("The priority"), "case.priority", priorities, nor=True),
        is_one_of(_("The queue"), "case.queue", {key: str(word) for key, word in queues}),
        about(_("Somebody"), held, "case.assigned"),
        is_number(_("How often it was opened again"), "case.reopened"),
        is_number(_("How many people reported it"), "case.people"),
        is_number(_("How many tasks are open"), "tasks.open"),
        is_number(_("The round of its tasks"), "tasks.cycle"),
        *terms.of_arrival(),
    ]


def of_tasks(terms: Terms, states: Iterable[Doc]) -> list[Group]:
    """What came of each task, the last time it was done."""
    found = []
    for state in states:
        ends = forms.mapped(forms.mapped(state.get("join")).get("outcomes"))
        values = {
            str(key): terms.say(forms.mapped(end).get("label")) or str(key)
            for key, end in ends.items()
        } or {PLAIN_DONE: _("done")}
        for task in forms.listed(state.get("tasks")):
            key = forms.mapped(task).get("key")
            if isinstance(key, str) and key:
                label = terms.say(task.get("label")) or key
                what = _("The result of “%(task)s”") % {"task": label}
                found.append(is_one_of(what, f"task.{key}.outcome", values, nor=True))
                found += terms.of_questions(forms.listed(task.get("questions")), f"task.{key}.")
    return found

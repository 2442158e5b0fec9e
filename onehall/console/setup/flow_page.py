"""What the pages of a flow show: its parts as tables, what may be chosen, versions, and the drawing."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.casework import migrating
from onehall.catalog import categories, diagram, flows
from onehall.catalog.diagram.svg import STYLE
from onehall.catalog.findings import BY, DECIDING
from onehall.catalog.flowparts import JOIN_RULES, RERUNS
from onehall.catalog.models import FlowVersion
from onehall.catalog.registry import AUDIENCES, EFFECTS, PRIORITY_KEYS
from onehall.catalog.scenarios import is_failure
from onehall.console.setup import flow_terms, service_form
from onehall.console.setup.flow_words import Choices, described, named, span, timer, word
from onehall.console.setup.registry_page import Registry
from onehall.console.setup.terms import Group, Terms
from onehall.people.permissions import ROLES, words_of
from onehall.places.models import City
from onehall.setup import flow_forms, forms
from onehall.setup.checking import Checked
from onehall.setup.registry_forms import split

STYLE_HASH: Final = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
"""What lets the browser use the style that stands in a drawing, and no other."""

ANSWERS: Final = 20
"""Questions that a new scenario may answer."""

STATE_FIELDS: Final = frozenset(
    [
        "category",
        "stage",
        "queue",
        "rerun",
        "label",
        "words",
        "timers",
        "tasks",
        "join",
        "enter",
        "requires",
    ]
)
MOVE_FIELDS: Final = frozenset(
    [
        "to",
        "purpose",
        "icon",
        "from",
        "by",
        "needs",
        "label",
        "hint",
        "within",
        "auto_when",
        "guard",
        "effects",
    ]
)
"""What the forms of a state and of a move show."""


def _beyond(doc: Mapping[str, Any], shown: frozenset[str]) -> list[str]:
    """The fields of a part that its form does not show."""
    return sorted(set(doc) - shown)


def anchors(doc: Mapping[str, Any]) -> set[str]:
    """The names of the rows and cards of a part that show mistakes."""
    found = {"guard", "effects", "auto_when", "enter", "requires"}
    for key in ("enter", "requires", "effects", "tasks"):
        found |= {f"{key}.{n}" for n in range(len(forms.listed(doc.get(key))))}
    for n, task in enumerate(forms.listed(doc.get("tasks"))):
        questions = forms.listed(forms.mapped(task).get("questions"))
        for m, question in enumerate(questions):
            name = f"tasks.{n}.questions.{m}"
            found |= {name, *(f"{name}.{key}" for key in service_form.OF_QUESTION)}
            options = forms.listed(forms.mapped(question).get("options"))
            found |= {f"{name}.options.{o}" for o in range(len(options))}
    return found


class FlowPage:
    """A flow's document with the words and choices of its city."""

    def __init__(self, doc: Mapping[str, Any], terms: Terms, checked: Checked) -> None:
        self.doc = doc
        self.terms = terms
        self.checked = checked

    def part(self, name: str) -> dict[str, dict[str, Any]]:
        """States, moves or outcomes by key, as far as they are mappings."""
        found = forms.mapped(self.doc.get(name))
        return {key: value for key, value in found.items() if isinstance(value, dict)}

    def choices(self, name: str) -> Choices:
        """States, moves or outcomes to choose from."""
        return [(k, self.terms.say(d.get("label")) or k) for k, d in self.part(name).items()]

    @property
    def queues(self) -> Choices:
        """The queues of the draft."""
        say = self.terms.say
        return [
            (q["key"], f"{say(d['name'])}: {say(q['name'])}")
            for d in self.checked.pack.people.departments
            for q in d["queues"]
        ]

    @property
    def stages(self) -> Choices:
        """The stations that residents see."""
        return [
            (s.get("key", ""), self.terms.say(s.get("label")) or s.get("key", ""))
            for s in forms.listed(self.doc.get("stages"))
            if isinstance(s, dict)
        ]

    def states(self) -> list[dict[str, Any]]:
        """The rows of the table of states."""
        stages, queues = dict(self.stages), dict(self.queues)
        return [
            {
                "key": key,
                "label": self.terms.say(d.get("label")) or key,
                "category": d.get("category", ""),
                "word": word(d.get("category", "")),
                "stage": stages.get(d.get("stage", ""), ""),
                "queue": queues.get(d.get("queue", ""), ""),
                "starts": self.doc.get("start") == key,
                "timers": [
                    described(t) for t in forms.listed(d.get("timers")) if isinstance(t, dict)
                ],
                "tasks": [
                    self.terms.say(t.get("label"))
                    for t in forms.listed(d.get("tasks"))
                    if isinstance(t, dict)
                ],
            }
            for key, d in self.part("states").items()
        ]

    def moves(self) -> list[dict[str, Any]]:
        """The rows of the table of moves."""
        names = dict(self.choices("states"))
        return [
            {
                "key": key,
                "label": self.terms.say(d.get("label")) or key,
                "from": [names.get(s, s) for s in forms.listed(d.get("from"))],
                "to": names.get(d.get("to", ""), word(d.get("to", ""))),
                "by": [word(b) for b in forms.listed(d.get("by"))],
                "needs": [word(n) for n in forms.listed(d.get("needs"))],
                "guard": bool(d.get("guard")),
                "auto": bool(d.get("auto_when")),
            }
            for key, d in self.part("moves").items()
        ]

    def outcomes(self) -> list[dict[str, Any]]:
        """The rows of the table of endings."""
        names = dict(self.choices("states"))
        return [
            {
                "key": key,
                "label": self.terms.say(d.get("label")) or key,
                "to": names.get(d.get("to", ""), d.get("to", "")),
                "needs": [word(n) for n in forms.listed(d.get("needs"))],
            }
            for key, d in self.part("outcomes").items()
        ]

    @property
    def questions(self) -> list[dict[str, Any]]:
        """What every service of the draft that uses the flow asks: a condition has to hold in all of them."""
        asked = [
            [q for q in forms.listed(service.get("questions")) if isinstance(q, dict)]
            for service in self.checked.pack.catalog.services
            if service.get("flow") == self.doc.get("key")
        ]
        shared = [{q.get("key") for q in questions} for questions in asked]
        return [q for q in asked[0] if all(q.get("key") in s for s in shared)] if asked else []

    def groups(self) -> list[Group]:
        """What conditions may say: answers to those questions, where it is, the case itself, its tasks."""
        return [
            *self.terms.of_questions(self.questions),
            *self.terms.of_areas(),
            *flow_terms.of_case(self.terms, self.queues),
            *flow_terms.of_tasks(self.terms, self.part("states").values()),
        ]

    def registry(self) -> Registry:
        """The rows of effects and checklists, with what this flow has to choose from."""
        added = [
            (str(given.get("key", "")), self.terms.say(given.get("label")))
            for name, given in self._effects()
            if name == "add_task"
        ]
        return Registry(
            {
                "queue": self.queues,
                "task": [*((k.partition(":")[2], w) for k, w in self._tasks()), *added],
                "outcome": [("done", _("done")), *self._task_ends()],
                "question": [
                    (q.get("key", ""), self.terms.say(q.get("label")) or q.get("key", ""))
                    for q in self.questions
                ],
            }
        )

    def _effects(self) -> list[tuple[str, Any]]:
        docs = [
            doc
            for part, key in (("states", "enter"), ("moves", "effects"))
            for item in self.part(part).values()
            for doc in forms.listed(item.get(key))
        ]
        return [split(doc, EFFECTS) for doc in docs]

    def _tasks(self) -> Choices:
        return [
            (f"task:{t.get('key')}", self.terms.say(t.get("label")))
            for d in self.part("states").values()
            for t in forms.listed(d.get("tasks"))
            if isinstance(t, dict)
        ]

    def _answerable(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """A question for the form of a scenario."""
        choices: Choices = [
            (o.get("key", ""), self.terms.say(o.get("label")))
            for o in forms.listed(question.get("options"))
        ]
        if question.get("type") == "yes_no":
            choices = [("yes", _("Yes")), ("no", _("No"))]
        key = question.get("key", "")
        label = self.terms.say(question.get("label")) or key
        return {"key": key, "type": question.get("type"), "label": label, "choices": choices}

    def state_form(self, doc: Mapping[str, Any]) -> dict[str, Any]:
        """What the form of a state needs."""
        join = forms.mapped(doc.get("join"))
        ends = [
            {
                "was": key,
                "key": key,
                "label": forms.mapped(d).get("label", ""),
                "fire": forms.mapped(d).get("fire", ""),
            }
            for key, d in forms.mapped(join.get("outcomes")).items()
        ]
        blank = {"was": "", "key": "", "label": "", "fire": ""}
        groups, registry = self.groups(), self.registry()
        return {
            "groups": groups,
            "types": service_form.question_types(),
            "deciding": [(role, words_of(role)) for role in DECIDING],
            "enter": registry.effects("enter", doc.get("enter")),
            "checks": registry.checks(doc.get("requires")),
            "categories": named(sorted(categories.ALL)),
            "stages": self.stages,
            "queues": self.queues,
            "moves": self.choices("moves"),
            "units": named(flow_forms.UNITS),
            "acts": named(("fire", "remind", "escalate")),
            "audiences": named(AUDIENCES),
            "roles": named(ROLES),
            "priorities": named(PRIORITY_KEYS),
            "rules": named(JOIN_RULES),
            "reruns": [(k, _("all tasks again") if k == "all" else word(k)) for k in RERUNS],
            "timers": [timer(t) for t in forms.listed(doc.get("timers")) if isinstance(t, dict)],
            "tasks": [
                {
                    "doc": {"key": "", "label": "", "words": "", "queue": "", "_was": ""} | t,
                    "name": f"tasks.{n}",
                    "due": span(t.get("due")),
                    "again": span(t.get("due_next_cycle")),
                    "by": forms.listed(t.get("by")),
                    "when": self.terms.shown(t.get("when"), groups),
                    "questions": service_form.question_rows(
                        [q for q in forms.listed(t.get("questions")) if isinstance(q, dict)],
                        self.terms,
                        f"tasks.{n}.",
                    ),
                }
                for n, t in enumerate(forms.listed(doc.get("tasks")))
                if isinstance(t, dict)
            ],
            "join": {
                "rule": join.get("rule", ""),
                "of": join.get("of", ""),
                "ends": [*ends, blank],
            },
            "more": _beyond(doc, STATE_FIELDS),
        }

    def move_form(self, doc: Mapping[str, Any]) -> dict[str, Any]:
        """What the form of a move needs."""
        groups, guard = self.groups(), doc.get("guard")
        held = {"when": guard} if isinstance(guard, str) else forms.mapped(guard)
        return {
            "states": self.choices("states"),
            "targets": [*self.choices("states"), *named(("$outcome", "$previous"))],
            "people": named(sorted(BY - {"auditor", "set-up"})),
            "purposes": named(sorted(categories.PURPOSES)),
            "needs": named(sorted(categories.NEEDS)),
            "units": named(flow_forms.UNITS[:2]),
            "within": span(doc.get("within")),
            "groups": groups,
            "auto": self.terms.shown(doc.get("auto_when"), groups),
            "guard": self.terms.shown(held.get("when"), groups),
            "guard_words": held.get("words", ""),
            "effects": self.registry().effects("effects", doc.get("effects")),
            "more": _beyond(doc, MOVE_FIELDS),
        }

    def outcome_form(self, _doc: Mapping[str, Any]) -> dict[str, Any]:
        """What the form of an ending needs."""
        return {
            "states": self.choices("states"),
            "needs": named(sorted(categories.NEEDS - {"outcome"})),
        }

    def scenario_form(self) -> dict[str, Any]:
        """What may be chosen for a step of a scenario."""
        return {
            "questions": [self._answerable(q) for q in self.questions[:ANSWERS]],
            "acts": [
                *((f"move:{k}", w) for k, w in self.choices("moves")),
                *self._tasks(),
                *((f"wait:{n}", _("wait %(n)s days") % {"n": n}) for n in (1, 3, 5, 10, 15, 30)),
            ],
            "people": named(sorted(BY - {"auditor", "set-up"})),
            "ends": [*self.choices("outcomes"), *self._task_ends()],
            "states": self.choices("states"),
        }

    def _task_ends(self) -> Choices:
        found: dict[str, str] = {}
        for d in self.part("states").values():
            for key, end in forms.mapped(forms.mapped(d.get("join")).get("outcomes")).items():
                found.setdefault(key, self.terms.say(forms.mapped(end).get("label")) or key)
        return list(found.items())

    def drawing(self, path: str) -> str:
        """The flow as SVG, "" for one that can not be read yet."""
        key = str(self.doc.get("key", ""))
        found = self.checked.pack.catalog.flows.get(key)
        wrong = [p for p in self.checked.of_file(path) if not is_failure(p.message)]
        if found is None or wrong:
            return ""
        return diagram.draw(flows.parse(found), self.terms.say(found["name"]), self.terms.say)


def versions(city: City, key: str, *, most: int = 20) -> list[dict[str, Any]]:
    """The published versions of a flow, the newest first, with the open cases on each."""
    live = dict(migrating.live_by_version(city).get(key, []))
    rows = FlowVersion.objects.filter(flow__city=city, flow__key=key).order_by("-number")
    return [
        {"number": number, "at": at, "open": live.get(number, 0), "newest": place == 0}
        for place, (number, at) in enumerate(rows.values_list("number", "published_at")[:most])
    ]

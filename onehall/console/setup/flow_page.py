"""What the pages of a flow show: its parts as tables, what may be chosen, versions, and the drawing."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.casework import migrating
from onehall.catalog import categories, diagram, flows
from onehall.catalog.diagram.svg import STYLE
from onehall.catalog.findings import BY
from onehall.catalog.flowparts import JOIN_RULES, RERUNS
from onehall.catalog.models import FlowVersion
from onehall.catalog.registry import AUDIENCES, PRIORITY_KEYS
from onehall.catalog.scenarios import is_failure
from onehall.console.setup.service_form import WORDS as SHARED
from onehall.console.setup.terms import Group, Terms
from onehall.people.actor import ROLES
from onehall.places.models import City
from onehall.setup import flow_forms, forms
from onehall.setup.checking import Checked

STYLE_HASH: Final = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
"""What lets the browser use the style that stands in a drawing, and no other."""

WORDS: Final[Mapping[str, Any]] = {
    **SHARED,
    "draft": gettext_lazy("draft"),
    "submitted": gettext_lazy("submitted"),
    "intake": gettext_lazy("intake"),
    "review": gettext_lazy("review"),
    "working": gettext_lazy("working"),
    "waiting_applicant": gettext_lazy("waiting for whoever asked"),
    "waiting_payment": gettext_lazy("waiting for a payment"),
    "decision": gettext_lazy("decision"),
    "approved": gettext_lazy("approved"),
    "issued": gettext_lazy("issued"),
    "inspection": gettext_lazy("inspection"),
    "resolved": gettext_lazy("resolved"),
    "closed": gettext_lazy("closed"),
    "denied": gettext_lazy("denied"),
    "withdrawn": gettext_lazy("withdrawn"),
    "expired": gettext_lazy("expired"),
    "revoked": gettext_lazy("revoked"),
    "on_hold": gettext_lazy("on hold"),
    "appeal": gettext_lazy("appeal"),
    "days": gettext_lazy("days"),
    "hours": gettext_lazy("hours"),
    "working_days": gettext_lazy("working days"),
    "working_hours": gettext_lazy("working hours"),
    "fire": gettext_lazy("make the move"),
    "remind": gettext_lazy("remind"),
    "escalate": gettext_lazy("escalate"),
    "resident": gettext_lazy("the resident"),
    "team": gettext_lazy("the team"),
    "system": gettext_lazy("by itself"),
    "agent": gettext_lazy("agent"),
    "crew": gettext_lazy("crew"),
    "supervisor": gettext_lazy("supervisor"),
    "auditor": gettext_lazy("auditor"),
    "admin": gettext_lazy("administrator"),
    "set-up": gettext_lazy("set-up"),
    "all": gettext_lazy("all must agree"),
    "any": gettext_lazy("one is enough"),
    "quorum": gettext_lazy("so many must agree"),
    "worst": gettext_lazy("the worst decides, when all are done"),
    "failed": gettext_lazy("only those that failed"),
    "normal": gettext_lazy("normal"),
    "high": gettext_lazy("high"),
    "urgent": gettext_lazy("urgent"),
    "message": gettext_lazy("A message to the resident"),
    "outcome": gettext_lazy("An outcome"),
    "$outcome": gettext_lazy("where the outcome leads"),
    "$previous": gettext_lazy("where it was before"),
    "ask": gettext_lazy("asks the resident something"),
    "answer": gettext_lazy("the resident's answer"),
    "close": gettext_lazy("finishes the work"),
    "accept": gettext_lazy("the resident accepts"),
    "dispute": gettext_lazy("the resident says it is not right"),
    "settle": gettext_lazy("settled without an answer"),
    "reopen": gettext_lazy("opens it again"),
    "start": gettext_lazy("starts the work"),
    "withdraw": gettext_lazy("the resident takes it back"),
}
"""The names of what is fixed in flows."""

ANSWERS: Final = 20
"""Questions that a new scenario may answer."""

type Choices = list[tuple[str, Any]]


def word(key: Any) -> Any:
    """The name of something fixed, else the key itself."""
    return WORDS.get(str(key), key)


def named(keys: Any) -> Choices:
    """Fixed keys with their names."""
    return [(key, word(key)) for key in keys]


def span(doc: Any) -> dict[str, Any]:
    """A length of time as amount and unit; two units at once are told in words only."""
    given = forms.mapped(doc)
    if len(given) != 1:
        told = ", ".join(f"{v} {word(k)}" for k, v in given.items())
        return {"amount": "", "unit": "days", "words": told}
    unit, amount = next(iter(given.items()))
    return {"amount": amount, "unit": unit, "words": f"{amount} {word(unit)}"}


def timer(doc: Mapping[str, Any]) -> dict[str, Any]:
    """A timer for its row of a form."""
    act = next((a for a in ("fire", "remind", "escalate") if a in doc), "remind")
    remind, escalate = doc.get("remind"), forms.mapped(doc.get("escalate"))
    return {
        "was": doc.get("_was", ""),
        "after": span(doc.get("after")),
        "act": act,
        "move": doc.get("fire", ""),
        "to": remind.get("to", "") if isinstance(remind, dict) else (remind or ""),
        "role": escalate.get("role", ""),
        "queue": escalate.get("queue", ""),
        "priority": escalate.get("priority", ""),
    }


def described(doc: Mapping[str, Any]) -> str:
    """A timer in words."""
    one = timer(doc)
    target = {
        "fire": one["move"],
        "remind": word(one["to"]),
        "escalate": ", ".join(str(word(one[k])) for k in ("role", "queue", "priority") if one[k]),
    }[one["act"]]
    said = {"after": one["after"]["words"], "what": word(one["act"]), "target": target}
    return _("after %(after)s: %(what)s %(target)s") % said


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
        """What conditions may say: answers to those questions, and where it is."""
        return [*self.terms.of_questions(self.questions), *self.terms.of_areas()]

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
        groups = self.groups()
        return {
            "groups": groups,
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
                    "due": span(t.get("due")),
                    "when": self.terms.shown(t.get("when"), groups),
                }
                for t in forms.listed(doc.get("tasks"))
                if isinstance(t, dict)
            ],
            "join": {
                "rule": join.get("rule", ""),
                "of": join.get("of", ""),
                "ends": [*ends, blank],
            },
            "more": sorted(set(doc) & {"enter", "requires"}),
        }

    def move_form(self, doc: Mapping[str, Any]) -> dict[str, Any]:
        """What the form of a move needs. A condition in its short form of one word stays text."""
        auto, groups = doc.get("auto_when"), self.groups()
        short = {"auto_when"} if isinstance(auto, str) else set()
        return {
            "states": self.choices("states"),
            "targets": [*self.choices("states"), *named(("$outcome", "$previous"))],
            "people": named(sorted(BY - {"auditor", "set-up"})),
            "purposes": named(sorted(categories.PURPOSES)),
            "needs": named(sorted(categories.NEEDS)),
            "units": named(flow_forms.UNITS[:2]),
            "within": span(doc.get("within")),
            "groups": groups,
            "auto": None if short else self.terms.shown(auto, groups),
            "more": sorted(set(doc) & ({"guard", "effects"} | short)),
        }

    def outcome_form(self, _doc: Mapping[str, Any]) -> dict[str, Any]:
        """What the form of an ending needs."""
        return {
            "states": self.choices("states"),
            "needs": named(sorted(categories.NEEDS - {"outcome"})),
        }

    def scenario_form(self) -> dict[str, Any]:
        """What may be chosen for a step of a scenario."""
        tasks = [
            (f"task:{t.get('key')}", self.terms.say(t.get("label")))
            for d in self.part("states").values()
            for t in forms.listed(d.get("tasks"))
            if isinstance(t, dict)
        ]
        return {
            "questions": [self._answerable(q) for q in self.questions[:ANSWERS]],
            "acts": [
                *((f"move:{k}", w) for k, w in self.choices("moves")),
                *tasks,
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

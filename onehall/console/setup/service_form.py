"""What the form of a service shows: its document, what may be chosen, and the mistakes at their fields."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.catalog.pack.documents import CLOSING_NEEDS, PHOTOS, PLACES, PRECISION, QUESTION_TYPES
from onehall.console.setup import kept, promise_page
from onehall.console.setup.terms import Terms
from onehall.kernel.yamlfile import PackProblem
from onehall.look.sprite import icons
from onehall.people.queries import members
from onehall.places import retention
from onehall.setup import forms
from onehall.setup.checking import Checked

WORDS: Final[Mapping[str, Any]] = {
    "choice": gettext_lazy("One of several answers"),
    "choices": gettext_lazy("Any of several answers"),
    "text": gettext_lazy("A few words"),
    "number": gettext_lazy("A number"),
    "yes_no": gettext_lazy("Yes or no"),
    "date": gettext_lazy("A day"),
    "required": gettext_lazy("Has to be said"),
    "optional": gettext_lazy("May be said"),
    "none": gettext_lazy("Is not asked"),
    "public": gettext_lazy("At once"),
    "after_review": gettext_lazy("After somebody looked at it"),
    "private": gettext_lazy("Never"),
    "exact": gettext_lazy("The exact place"),
    "block": gettext_lazy("Only the block"),
    "residents": gettext_lazy("Residents"),
    "staff": gettext_lazy("The city's own staff"),
    "words": gettext_lazy("Words for the resident"),
    "reason": gettext_lazy("A reason"),
    "after_photo": gettext_lazy("A photo of the finished work"),
    "handed_to": gettext_lazy("Where it was handed to"),
}
"""The names of fixed choices."""

TOP: Final = (
    "key", "group", "name", "summary", "icon", "keywords", "audience", "common", "place", "asset",
    "photos", "privacy", "languages", "position", "active", "routing", "promise", "flow", "closing",
    "similar", "retention", "questions", *(f"retention.{kind}" for kind in retention.FIELDS),
)  # fmt: skip
OF_QUESTION: Final = ("key", "type", "label", "hint", "required", "options", "when", "stop")
OF_ROUTE: Final = ("queue", "because", "when", "person", "body")


def _choices(keys: Iterable[str]) -> list[tuple[str, Any]]:
    return [(key, WORDS.get(key, key)) for key in keys]


def question_types() -> list[tuple[str, Any]]:
    """The kinds of answers."""
    return _choices(QUESTION_TYPES)


def anchors(doc: Mapping[str, Any]) -> set[str]:
    """The names of the fields that show mistakes."""
    found = set(TOP) | promise_page.anchors(forms.mapped(doc.get("promise")))
    for n, question in enumerate(forms.listed(doc.get("questions"))):
        found |= {f"questions.{n}", *(f"questions.{n}.{key}" for key in OF_QUESTION)}
        options = forms.listed(forms.mapped(question).get("options"))
        found |= {f"questions.{n}.options.{m}" for m in range(len(options))}
    for n in range(len(forms.listed(doc.get("routing")))):
        found |= {f"routing.{n}", *(f"routing.{n}.{key}" for key in OF_ROUTE)}
    return found


def errors(problems: Iterable[PackProblem], known: set[str]) -> dict[str, list[str]]:
    """Sentences by field: each mistake stands at the nearest field that is shown, else at ""."""
    found: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        name = forms.named(problem.where)
        while name and name not in known:
            name = name.rpartition(".")[0]
        found[name].append(f"{problem.message} {problem.advice}".strip())
    return dict(found)


def context(doc: Mapping[str, Any], terms: Terms, checked: Checked) -> dict[str, Any]:
    """Everything that the template of the form needs. `doc` may be half written."""
    languages = terms.city.languages
    people, catalog = checked.pack.people, checked.pack.catalog
    questions = [q for q in forms.listed(doc.get("questions")) if isinstance(q, dict)]
    flow = catalog.flows.get(str(doc.get("flow", "")))
    promise = forms.mapped(doc.get("promise"))
    return {
        "doc": doc,
        "languages": languages,
        "groups": [(g["key"], terms.say(g["name"])) for g in catalog.groups],
        "flows": [(key, terms.say(f["name"])) for key, f in catalog.flows.items()],
        "queues": [
            (q["key"], f"{terms.say(d['name'])}: {terms.say(q['name'])}")
            for d in people.departments
            for q in d["queues"]
        ],
        "icons": sorted(icons()),
        "assets": list(checked.pack.places.assets),
        "audiences": _choices(("residents", "staff")),
        "places": _choices(PLACES),
        "photos_shown": _choices(PHOTOS),
        "precisions": _choices(PRECISION),
        "types": question_types(),
        "units": [("days", _("working days")), ("hours", _("working hours"))],
        "needs": _choices(CLOSING_NEEDS),
        "outcomes": [(o["key"], terms.say(o["label"])) for o in flow["outcomes"]] if flow else [],
        "closing": forms.mapped(doc.get("closing")),
        "photos": {"ask": True, "public": "after_review"} | forms.mapped(doc.get("photos")),
        "privacy": {"public": True, "place": "exact"} | forms.mapped(doc.get("privacy")),
        "similar": forms.mapped(doc.get("similar")),
        "kept": kept.rows(doc, terms.city.retention),
        "keywords": _keywords(doc, languages),
        "spoken": forms.listed(doc.get("languages")) or languages,
        "hidden": doc.get("active") is False,
        "questions": question_rows(questions, terms),
        "rules": _rules(doc, questions, terms),
        "promise": promise_page.context(promise, terms, flow),
        "people": [
            (m.email, f"{m.name} · {m.email}") for m in members(terms.city) if m.may("take")
        ],
        "bodies": [(b["key"], terms.say(b["name"])) for b in people.bodies],
    }


def _keywords(doc: Mapping[str, Any], languages: list[str]) -> dict[str, str]:
    given = doc.get("keywords")
    by_language = {languages[0]: given} if isinstance(given, list) else forms.mapped(given)
    return {code: ", ".join(map(str, forms.listed(by_language.get(code)))) for code in languages}


def question_rows(questions: list[Any], terms: Terms, prefix: str = "") -> list[dict[str, Any]]:
    """Questions for their rows of a form. `prefix` stands before their names."""
    return [_question(n, q, questions[:n], terms, prefix) for n, q in enumerate(questions)]


def _question(
    n: int, q: Mapping[str, Any], above: list[Any], terms: Terms, prefix: str
) -> dict[str, Any]:
    stop = forms.mapped(q.get("stop"))
    groups = terms.of_questions(above)
    with_own = terms.of_questions([*above, q])
    return {
        "n": n,
        "id": f"q-{prefix}{n}",
        "name": f"{prefix}questions.{n}",
        # What a resident is asked may stop the form; what staff are asked may not.
        "may_stop": not prefix,
        "doc": {"key": "", "type": "text", "label": "", "hint": "", "required": False, "_was": ""}
        | dict(q),
        "title": terms.say(q.get("label")) or _("A new question"),
        "options": [
            {"key": "", "label": "", "_was": ""} | o
            for o in forms.listed(q.get("options"))
            if isinstance(o, dict)
        ],
        "has_options": q.get("type") in ("choice", "choices"),
        "groups": groups,
        "when": terms.shown(q.get("when"), groups),
        "stop": {"words": "", "call": ""} | stop,
        "stops": bool(stop),
        "stop_groups": with_own,
        "stop_when": terms.shown(stop.get("when"), with_own),
    }


def _rules(doc: Mapping[str, Any], questions: list[Any], terms: Terms) -> list[dict[str, Any]]:
    given = [r for r in forms.listed(doc.get("routing")) if isinstance(r, dict)]
    groups = [*terms.of_case(), *terms.of_questions(questions)]
    return [
        {
            "n": n,
            "name": f"routing.{n}",
            "doc": {"queue": "", "because": "", "person": "", "body": "", "_was": ""} | rule,
            "last": n == len(given) - 1,
            "groups": groups,
            "when": terms.shown(rule.get("when"), groups),
        }
        for n, rule in enumerate(given)
    ]

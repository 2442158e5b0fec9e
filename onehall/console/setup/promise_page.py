"""What the form of a service shows of its promise: spans by priority and area, further targets, risk, the ladder."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.catalog.targets import AFTER, FIRST_RESPONSE, KINDS, ON_SITE, REMINDS
from onehall.console.setup.terms import Terms
from onehall.setup import forms
from onehall.setup.promise_forms import PRIORITIES

type Doc = Mapping[str, Any]

WORDS: Final[Mapping[str, Any]] = {
    FIRST_RESPONSE: gettext_lazy("First response"),
    ON_SITE: gettext_lazy("On site"),
    "high": gettext_lazy("High priority"),
    "urgent": gettext_lazy("Urgent"),
    "risk": gettext_lazy("at risk"),
    "late": gettext_lazy("late"),
    "assignee": gettext_lazy("whoever has it"),
    "supervisor": gettext_lazy("the supervisors"),
    "head": gettext_lazy("the head of the department"),
}

HINTS: Final[Mapping[str, Any]] = {
    FIRST_RESPONSE: gettext_lazy(
        "For the staff alone. The first words to the resident meet it, and what is ticked below."
    ),
    ON_SITE: gettext_lazy(
        "For the staff alone. What is ticked below meets it; with nothing ticked, every move that starts the work."
    ),
}


def anchors(promise: Doc) -> set[str]:
    """The names of the fields that show mistakes."""
    found = {"promise", "promise.risk", "promise.ladder"}
    for name, term in (("promise", promise), *((f"promise.{k}", _of(promise, k)) for k in KINDS)):
        found |= {name, f"{name}.stages", f"{name}.moves"}
        found |= {f"{name}.areas.{n}" for n in range(len(forms.listed(term.get("areas"))))}
    return found | {f"promise.ladder.{n}" for n in range(len(forms.listed(promise.get("ladder"))))}


def _of(promise: Doc, kind: str) -> Doc:
    return forms.mapped(promise.get(kind))


def context(promise: Doc, terms: Terms, flow: Doc | None) -> dict[str, Any]:
    """A promise for the template. `flow` is the one that works the service, None where it is not known."""
    risk = forms.mapped(promise.get("risk"))
    ladder = [s for s in forms.listed(promise.get("ladder")) if isinstance(s, dict)]
    return {
        "term": _term("promise", _("Usually"), promise, terms),
        "targets": [_target(kind, _of(promise, kind), terms, flow) for kind in KINDS],
        "risk": {
            "amount": risk.get("hours", risk.get("share", "")),
            "unit": "hours" if "hours" in risk else "share",
        },
        "risk_units": [
            ("share", _("percent of the time")), ("hours", _("working hours before the end")),
        ],
        "ladder": [
            {"name": f"promise.ladder.{n}", "doc": {"after": "", "remind": "", "hours": ""} | step}
            for n, step in enumerate(ladder)
        ],
        "after": [(key, WORDS[key]) for key in AFTER],
        "reminds": [(key, WORDS[key]) for key in REMINDS],
    }  # fmt: skip


def _span(name: str, word: Any, span: Doc) -> dict[str, Any]:
    unit = "hours" if "hours" in span else "days"
    return {"name": name, "word": word, "unit": unit, "amount": span.get(unit, "")}


def _spans(name: str, usual: Any, term: Doc) -> list[dict[str, Any]]:
    """A span and those for higher priorities."""
    others = forms.mapped(term.get("priorities"))
    return [
        _span(name, usual, term),
        *(
            _span(f"{name}.priorities.{key}", WORDS[key], forms.mapped(others.get(key)))
            for key in PRIORITIES
        ),
    ]


def _term(name: str, usual: Any, term: Doc, terms: Terms) -> dict[str, Any]:
    areas = [a for a in forms.listed(term.get("areas")) if isinstance(a, dict)]
    return {
        "name": name,
        "spans": _spans(name, usual, term),
        "areas": [_area(f"{name}.areas.{n}", area, terms) for n, area in enumerate(areas)],
        "layers": terms.layers(),
        # A target is there once it has a time.
        "may_add": bool(terms.layers()) and (bool(term) or name == "promise"),
    }


def _area(name: str, area: Doc, terms: Terms) -> dict[str, Any]:
    layers = terms.layers()
    layer = str(area.get("layer") or (layers[0][0] if layers else ""))
    chosen = [str(code) for code in forms.listed(area.get("in"))]
    known = terms.codes_of(layer)
    gone = [(code, code) for code in chosen if code not in dict(known)]
    return {
        "name": name,
        "was": area.get("_was", ""),
        "layer": layer,
        "codes": [*known, *gone],
        "chosen": chosen,
        "spans": _spans(name, _("There"), area),
    }


def _target(kind: str, target: Doc, terms: Terms, flow: Doc | None) -> dict[str, Any]:
    return {
        "kind": kind,
        "word": WORDS[kind],
        "hint": HINTS[kind],
        "on": bool(target),
        "term": _term(f"promise.{kind}", _("Usually"), target, terms),
        "ticks": [
            {
                "name": f"promise.{kind}.{part}",
                "word": word,
                "chosen": forms.listed(target.get(part)),
                "choices": _parts(flow, part, terms, forms.listed(target.get(part))),
            }
            for part, word in (("stages", _("Stations that meet it")), ("moves", _("Moves that meet it")))
        ],
    }  # fmt: skip


def _parts(flow: Doc | None, part: str, terms: Terms, chosen: list[Any]) -> list[tuple[str, Any]]:
    """The stages or moves of a flow with their words; what is chosen and not there stays to be seen."""
    found = [
        (str(p["key"]), terms.say(p.get("label")) or str(p["key"]))
        for p in (flow or {}).get(part, ())
    ]
    return [*found, *((str(c), c) for c in chosen if str(c) not in dict(found))]

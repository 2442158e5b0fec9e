"""The names of what is fixed in flows, and spans and timers as their rows show them."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.console.setup.service_form import WORDS as SHARED
from onehall.setup import forms

type Choices = list[tuple[str, Any]]

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

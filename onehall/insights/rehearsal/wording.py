"""What a rehearsal found, in words: a sentence for each kind of difference."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from onehall.casework.rules import need_words
from onehall.insights.rehearsal.compare import Kind
from onehall.insights.rehearsal.report import Example


def kind_words(kind: Kind) -> str:
    """What a kind of difference is, as the head of a list."""
    words: Mapping[Kind, str] = {
        "service_gone": _("The service would no longer be offered"),
        "service_new": _("The service would be offered again"),
        "stop": _("The report would have been stopped by an answer"),
        "no_stop": _("The report would no longer be stopped"),
        "queue": _("Would go to another queue"),
        "because": _("The same queue for another reason"),
        "holder": _("Would be with somebody else from the start"),
        "priority": _("Would start with another priority"),
        "earlier": _("Would be promised earlier"),
        "later": _("Would be promised later"),
        "no_promise": _("Would have no promise"),
        "target": _("Another target would be at another time"),
        "must_answer": _("A question that must be answered was not asked"),
        "asked": _("A question would be asked as well"),
        "not_asked": _("A question would not be asked any more"),
        "refused": _("A step that was made would not be possible"),
        "allowed": _("A step would be possible that the flow of today refuses"),
        "itself": _("Would move on by itself"),
        "not_itself": _("Would not move on by itself any more"),
        "timer": _("A timer would have fired"),
        "no_timer": _("A timer would not have fired"),
        "task": _("A task would be opened"),
        "no_task": _("A task would not be opened"),
        "told": _("A message would be sent"),
        "not_told": _("A message would not be sent"),
        "reworded": _("A message would read otherwise"),
        "state": _("Would stand in another state now"),
        "trouble": _("Could not be played to its end"),
    }
    return words[kind]


def example_words(kind: Kind, example: Example, zone: ZoneInfo) -> str:
    """How one case would be otherwise."""
    if kind in ("earlier", "later", "no_promise", "target"):
        times = {"was": _moment(example.was, zone), "now": _moment(example.now, zone)}
        said = _("%(was)s → %(now)s") % times
        return f"{example.about}: {said}" if example.about else said
    if kind == "refused":
        return f"{example.about}: {why_words(example.now)}"
    if kind == "allowed":
        return f"{example.about}: {why_words(example.was)}"
    if example.was or example.now:
        pair = _("%(was)s → %(now)s") % {"was": example.was or "–", "now": example.now or "–"}
        return f"{example.about}: {pair}" if example.about else pair
    return example.about


def why_words(why: str) -> str:
    """Why a step is not possible."""
    name, _colon, rest = why.partition(":")
    if name == "needs":
        return " ".join(need_words(need) for need in rest.split(","))
    words = {
        "no_move": _("the flow has no such step"),
        "not_from": _("it does not leave the state “%(state)s”") % {"state": rest},
        "no_state": _("the flow has no state “%(state)s”") % {"state": rest},
        "role": _("the person's roles may not make it"),
        "guard": _("its condition does not hold"),
        "no_outcome": _("it can not end as “%(outcome)s”") % {"outcome": rest},
    }
    return words[name]


def _moment(text: str, zone: ZoneInfo) -> str:
    if not text:
        return _("no promise")
    local = datetime.fromisoformat(text).astimezone(zone)
    return str(formats.date_format(local, "SHORT_DATETIME_FORMAT"))

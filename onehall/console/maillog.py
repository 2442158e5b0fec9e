"""Words of the message log: states, kinds of letters, and what one message shows."""

from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.casework import timers
from onehall.casework.models import Timer
from onehall.catalog.queries import catalogue
from onehall.kernel.localized import pick
from onehall.messaging.log import LogRow, readable
from onehall.places.models import City

TIMERS: Final = 100
"""Timers that are shown at once; the others come when these are dealt with."""


def words_of_state(state: str) -> str:
    """Where a message is, as a filter says it."""
    return {
        "failed": _("Failed"),
        "bounced": _("Came back"),
        "queued": _("Waiting"),
        "skipped": _("Not sent"),
        "sent": _("Sent"),
    }.get(state, state)


def topic_words(topic: str) -> str:
    """What a letter of the outbox was to do."""
    return {
        "message": _("Deliver a message"),
        "case.news": _("Tell residents of news"),
        "case.staff": _("Tell staff of news"),
    }.get(topic, topic)


def given_up(city: City, language: str) -> list[dict[str, Any]]:
    """Timers of a city's cases that failed at their last attempt, the newest first: what each was to do."""
    rows = timers.parked().filter(city=city).select_related("case").order_by("-id")[:TIMERS]
    return [{"timer": t, "what": _timer_words(city, t, language)} for t in rows]


def _timer_words(city: City, timer: Timer, language: str) -> str:
    """What a timer was to do, as its flow says it."""
    if timer.kind == Timer.Kind.REMIND:
        return _("Remind somebody")
    if timer.kind == Timer.Kind.ESCALATE:
        return _("Escalate the case")
    move = catalogue(city).flow_version(timer.case.flow_version_id).moves.get(timer.move)
    name = pick(move.label, language, city.languages[0]) if move else timer.move
    return _("Make the move “%(name)s”") % {"name": name}


def detail_context(found: LogRow, *, may_fix: bool) -> dict[str, Any]:
    """What the page of one message names. What opens a sign-in is never shown, sent again or redirected."""
    message = found.message
    return {
        "found": found,
        "m": message,
        "state_word": words_of_state(message.state),
        "text": "" if found.is_secret else readable(message.body_text),
        "may_again": not found.is_secret,
        "may_fix": may_fix and not found.is_secret and message.request_id is not None,
    }
